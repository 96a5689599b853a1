// SPDX-License-Identifier: MIT
#include "../net/ask_http.hpp"
#include "kflash_commands.hpp"
#include "workplace.hpp"

#include <kf/host/service_manager.hpp>
#include <kf/moonraker/moonraker_services.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string_view>

namespace kf::kflash {
namespace {

/// Carries the questions of a client by tools/net.
struct net_exchange {
    moonraker::http_address at;
    result<moonraker::http_reply> operator()(const moonraker::http_request& request, io::time_point until) const {
        return net::ask_http(at, request, until);
    }
};

result<moonraker::moonraker_client<net_exchange>> client_of(const board::flash_settings& settings) {
    KF_TRY(auto at, moonraker::http_address_from(settings.moonraker_url));
    return moonraker::moonraker_client(net_exchange{std::move(at)}, settings.moonraker_url, settings.moonraker_api_key);
}

/// What `read` makes of klippy's answers.
template<class Read>
auto asked(const board::flash_settings& settings, io::duration patience, Read read)
    -> decltype(read(std::function<result<boost::json::value>(std::string_view, const boost::json::object&)>())) {
    KF_TRY(auto client, client_of(settings));
    const auto until = io::steady_clock{}.now() + patience;
    return read(std::function<result<boost::json::value>(std::string_view, const boost::json::object&)>(
        [&](std::string_view method, const boost::json::object& params) {
            return client.call(method, params, until);
        }));
}

constexpr auto job_patience = std::chrono::seconds(5);

/// How our stand-in for systemctl is told where Moonraker is: devices.json may become anything while services are down.
/// The key is no word of its command, which everybody may read.
constexpr std::string_view url_option = "--moonraker=";
constexpr const char* key_variable = "KFLASH_MOONRAKER_KEY";

/// Asks for the job, and looks until it is done.
result<void> service_job(const std::string& verb, const std::string& unit, const board::flash_settings& settings,
                         const std::vector<std::string>& systemctl) {
    KF_TRY(auto client, client_of(settings));
    const io::steady_clock clock;
    KF_CHECK(moonraker::ask_service(client, verb, unit, clock.now() + job_patience));
    io::posix_runner runner;
    host::systemd manager(runner, systemctl);
    const auto until = clock.now() + to_nanoseconds(host::service_timeout);
    for (;;) {
        KF_TRY(const auto state, manager.show(unit));
        if (verb == "start" ? state.runs() : !state.is_up() && state.main_pid == 0) return {};
        if (clock.now() >= until)
            return kf::fail(errc::timeout, fmt::format("Moonraker said yes, but {} did not {}", unit, verb));
        clock.sleep_until(clock.now() + std::chrono::milliseconds(50));
    }
}

} // namespace

void ask_moonraker_too(const board::flash_settings& settings, flash::place& at) {
    if (settings.moonraker_url == "none") return;
    at.moonraker = [settings](io::duration patience) {
        auto activity = asked(settings, patience, [](auto&& call) { return host::read_activity(call); });
        if (activity) host::follow_ports(activity->mcus);
        return activity;
    };
    if (at.own == flash::own_right::needless) return;
    std::vector<std::string> stand_in{at.self, "via-moonraker", std::string(url_option) + settings.moonraker_url};
    for (const auto& word : at.systemctl) stand_in.push_back("--systemctl=" + word);
    at.other_right = [settings, stand_in](const host::service_question& asked) -> result<host::right> {
        KF_TRY(auto client, client_of(settings));
        KF_CHECK(moonraker::prove_services(client, asked, io::steady_clock{}.now() + job_patience));
        ::setenv(key_variable, settings.moonraker_api_key.c_str(), 1);
        return host::right{.name = "Moonraker", .prefix = {}, .systemctl = stand_in};
    };
}

int via_moonraker(int argc, char** argv) {
    constexpr std::string_view option = "--systemctl=";
    std::vector<std::string> words, systemctl;
    board::flash_settings settings;
    if (const char* key = std::getenv(key_variable)) settings.moonraker_api_key = key;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with(option))
            systemctl.emplace_back(word.substr(option.size()));
        else if (word.starts_with(url_option))
            settings.moonraker_url = word.substr(url_option.size());
        else if (word != "--no-ask-password")
            words.emplace_back(word);
    }
    if (systemctl.empty()) return 2;
    if (words.size() == 2 && (words[0] == "stop" || words[0] == "start") && host::is_unit_name(words[1])) {
        const auto done = service_job(words[0], words[1], settings, systemctl);
        if (!done) fmt::print(stderr, "{}\n", done.error().what);
        return done ? 0 : 1;
    }
    systemctl.insert(systemctl.end(), words.begin(), words.end()); // all else is only to be shown
    std::vector<char*> shown;
    for (auto& word : systemctl) shown.push_back(word.data());
    shown.push_back(nullptr);
    ::execvp(shown[0], shown.data());
    return 127;
}

} // namespace kf::kflash
