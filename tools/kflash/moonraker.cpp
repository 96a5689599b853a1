// SPDX-License-Identifier: MIT
#include "../net/http.hpp"
#include "workplace.hpp"

#include <kf/moonraker/moonraker_client.hpp>

namespace kf::kflash {

host::second_source moonraker_of(const board::flash_settings& settings) {
    if (settings.moonraker_url == "none") return {};
    return [url = settings.moonraker_url,
            key = settings.moonraker_api_key](io::duration patience) -> result<host::printer_activity> {
        KF_TRY(const auto at, moonraker::http_address_from(url));
        const auto until = io::steady_clock{}.now() + patience;
        moonraker::moonraker_client client(
            [&](const moonraker::http_request& request, io::time_point t) { return net::ask_http(at, request, t); },
            url, key);
        return host::read_activity([&](std::string_view method, const boost::json::object& params) {
            return client.call(method, params, until);
        });
    };
}

} // namespace kf::kflash
