// SPDX-License-Identifier: MIT
#pragma once
/// A Moonraker in front of a simulated klippy: the same answers and the same ways of having none, as recorded of the
/// real one (tests/moonraker/replies). answer() is without I/O but for klippy's socket; serve_moonraker() carries it.

#include <kf/io/unix_socket.hpp>
#include <kf/klippy/client.hpp>
#include <kf/moonraker/http.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::sim {

struct moonraker_config {
    std::string socket;       ///< klippy's
    std::string api_key = {}; ///< empty: it trusts everybody
    /// systemctl for /machine/services: verb, unit; empty: services are not managed here.
    std::function<bool(std::string_view verb, const std::string& unit)> service = {};
    std::string unit = "klipper.service"; ///< the only one that it may manage
};

class moonraker_server {
  public:
    explicit moonraker_server(moonraker_config config)
      : config_(std::move(config)) {}

    [[nodiscard]] moonraker::http_reply answer(const moonraker::http_request& asked) {
        if (!config_.api_key.empty() &&
            std::ranges::find(asked.headers, std::pair<std::string, std::string>("X-Api-Key", config_.api_key)) ==
                asked.headers.end())
            return fault(401, "Unauthorized");
        const std::string_view target = asked.target;
        if (target.starts_with("/printer/")) return of_klippy(target.substr(9), asked.body);
        if (target == "/server/info") return server_info();
        if (target == "/machine/system_info") return system_info();
        if (target.starts_with("/machine/services/") && asked.method == "POST") return service(target.substr(18));
        return fault(404, "Not Found");
    }

  private:
    static moonraker::http_reply fault(unsigned status, std::string_view message) {
        return {status, boost::json::serialize(boost::json::object{
                            {"error",
                             boost::json::object{{"code", status}, {"message", message}, {"traceback", "(elided)"}}}})};
    }
    static moonraker::http_reply result_of(boost::json::value value) {
        return {200, boost::json::serialize(boost::json::object{{"result", std::move(value)}})};
    }

    result<boost::json::value> ask(std::string_view method, const boost::json::object& params) {
        const auto until = io::steady_clock{}.now() + std::chrono::seconds(5);
        KF_TRY(auto link, io::unix_socket::connect(config_.socket, until));
        klippy::client<io::unix_socket> client(std::move(link));
        return client.call(method, params, until);
    }

    moonraker::http_reply of_klippy(std::string_view method, const std::string& body) {
        if (method != "info" && method != "objects/list" && method != "objects/query") return fault(404, "Not Found");
        boost::system::error_code ec;
        const auto params = body.empty() ? boost::json::value(boost::json::object{}) : boost::json::parse(body, ec);
        if (ec || !params.is_object()) return fault(400, "Bad Request");
        auto got = ask(method, params.get_object());
        if (got) {
            was_there_ = true;
            return result_of(*std::move(got));
        }
        if (got.error().code == errc::failed) return fault(400, got.error().what);
        // It never met a klippy, or lost it: two answers of the real one.
        return was_there_ ? fault(503, "Klippy Host not connected") : fault(404, "Not Found");
    }

    moonraker::http_reply server_info() {
        const auto info = ask("info", {});
        was_there_ = was_there_ || info.has_value();
        return result_of(boost::json::object{
            {"klippy_connected", info.has_value()},
            {"klippy_state", info ? io::text_at(io::as_object(*info), "state") : std::string("disconnected")},
            {"moonraker_version", "v0.10.0-0-g0123456"},
            {"api_version_string", "1.5.0"}});
    }

    moonraker::http_reply system_info() const {
        boost::json::array available;
        if (config_.service) available.emplace_back(config_.unit.substr(0, config_.unit.find('.')));
        return result_of(boost::json::object{
            {"system_info", boost::json::object{{"available_services", std::move(available)},
                                                {"instance_ids", boost::json::object{{"moonraker", "moonraker"},
                                                                                     {"klipper", "klipper"}}}}}});
    }

    moonraker::http_reply service(std::string_view rest) {
        const auto query = rest.find("?service=");
        if (query == std::string_view::npos) return fault(400, "No data for argument: service");
        const auto verb = rest.substr(0, query);
        const auto unit = std::string(rest.substr(query + 9)) + ".service";
        if (!config_.service || unit != config_.unit)
            return fault(400, fmt::format("Service '{}' not allowed", rest.substr(query + 9)));
        if (!config_.service(verb, unit)) return fault(500, "Failed to run the job");
        return result_of("ok");
    }

    moonraker_config config_;
    bool was_there_ = false;
};

} // namespace kf::sim
