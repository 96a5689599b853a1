// SPDX-License-Identifier: MIT
#include "ask_http.hpp"

#include <kf/moonraker/beast_http.hpp>

// The one place where their functions are compiled; see BOOST_ASIO_SEPARATE_COMPILATION.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>

namespace kf::net {

result<moonraker::http_reply> ask_http(const moonraker::http_address& at, const moonraker::http_request& request,
                                       io::time_point until) {
    return moonraker::beast_http(at)(request, until);
}

} // namespace kf::net
