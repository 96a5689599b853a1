// SPDX-License-Identifier: MIT
#include "workplace.hpp"

#include "../cli/fault.hpp"
#include "../cli/number.hpp"
#include "../cli/prompt.hpp"
#include "owed.hpp"

#include <kf/io/json_fields.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace kf::kflash {
namespace {

/// As the shell would find it.
bool is_installed(const char* program) {
    const char* path = std::getenv("PATH");
    for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
        const auto end = std::min(rest.find(':'), rest.size());
        if (end > 0 && ::access((fs::path(rest.substr(0, end)) / program).c_str(), X_OK) == 0) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

result<workplace> from_simulation(const std::string& text) {
    boost::system::error_code ec;
    const auto value = boost::json::parse(text, ec);
    if (ec || !value.is_object()) return kf::fail(errc::protocol, "ksim did not say where its world is: " + text);
    const auto& o = value.as_object();
    const auto at = [&](const char* name) { return io::text_at(o, name); };
    workplace w;
    w.simulated = true;
    const bool may = io::value_at<bool>(o, "right").value_or(true);
    w.own = may ? flash::own_right::needless : flash::own_right::none;
    w.devices.by_id = at("by_id");
    w.proc = at("proc");
    w.devices.sysfs = at("sysfs");
    w.home = at("home");
    w.registry_file = w.home / ".config/kflash/devices.json";
    w.configs = w.home / ".config/kflash/configs";
    w.state = w.home / ".local/state/kflash";
    w.builds = w.home / ".cache/kflash/build";
    w.systemctl.clear();
    for (const auto& word : io::array_at(o, "systemctl"))
        if (auto part = io::value_as<std::string>(word)) w.systemctl.push_back(*std::move(part));
    if (w.devices.by_id.empty() || w.home.empty() || w.systemctl.empty())
        return kf::fail(errc::protocol, "ksim did not say where its world is");
    return w;
}

} // namespace

const std::vector<cli::option_row>& workplace_options() {
    static const std::vector<cli::option_row> options{
        {"sim", "", "work on a simulated printer with two boards, no hardware"},
        {"sim-root", "DIR", "use the simulation that runs in DIR", true},
        {"sim-speed", "N", "how much faster than real the simulation runs (10)"},
        {"service-timeout", "S", "seconds that the service manager may take", true},
    };
    return options;
}

result<workplace> open_workplace(cli::invocation& in) {
    // What argv alone shows to be wrong is said before a simulation is started.
    if (in.has("device") && !in.operands.empty())
        return kf::fail(errc::usage,
                        fmt::format("two boards are named: {} and {}", in.operands[0], in.get("device").value_or("")));
    KF_TRY(const double speed, cli::number_option(in, "sim-speed", 10, 0.1, 1000));
    workplace w;
    KF_TRY(const seconds service_timeout, cli::number_option(in, "service-timeout", w.service_timeout, 0.1, 3600));
    w.home = in.paths.home;
    w.registry_file = in.paths.config / "kflash/devices.json";
    w.configs = in.paths.config / "kflash/configs";
    w.state = in.paths.state / "kflash";
    w.builds = in.paths.cache / "kflash/build";
    if (const auto root = in.get("sim-root")) {
        KF_TRY(const auto text, io::read_file(fs::path(*root) / "sim.json"));
        KF_TRY(w, from_simulation(text));
    } else if (in.has("sim")) {
        KF_TRY(auto started,
               cli::simulator::start(in, {"host", "--until-eof", "--spare", "--speed", io::to_decimal(speed)}));
        KF_TRY(w, from_simulation(boost::json::serialize(started.world())));
        w.simulator.emplace(std::move(started));
        in.out.step(phase::simulation, fmt::format("a simulated printer in {}", w.home.parent_path().string()));
    }
    w.service_timeout = service_timeout;
    if (is_installed("ccache")) w.compiler_cache = w.builds.parent_path() / "ccache";
    w.self = in.self;
    w.is_root = ::geteuid() == 0;
    if (const passwd* person = ::getpwuid(::geteuid())) w.user = person->pw_name;
    if (w.simulated)
        cli::install_fault_probe();
    else if (const char* uid = std::getenv("SUDO_UID"); uid != nullptr && ::geteuid() == 0)
        if (const char* gid = std::getenv("SUDO_GID"); gid != nullptr)
            w.build_as = io::user_ids{static_cast<unsigned>(std::strtoul(uid, nullptr, 10)),
                                      static_cast<unsigned>(std::strtoul(gid, nullptr, 10))};
    return w;
}

result<known_boards> open_boards(cli::invocation& in) {
    KF_TRY(auto at, open_workplace(in));
    KF_TRY(auto registry, board::read_registry(at.registry_file));
    // A simulated world has a Moonraker only where one was named: that of this machine is another printer's.
    if (!at.simulated || registry.settings.moonraker_url != board::flash_settings{}.moonraker_url)
        ask_moonraker_too(registry.settings, at);
    firmware::config_cache configs(at.configs);
    if (in.command != "flash" && in.command != "rollback") tell_owed(in, at); // which start it
    return known_boards{std::move(at), std::move(registry), std::move(configs)};
}

result<board::board> pick_board(cli::invocation& in, const known_boards& b) {
    if (auto name = in.get("device")) return board::find(b.registry, *name);
    if (!in.operands.empty()) return board::find(b.registry, in.operands[0]);
    return ask_board(in, b.registry);
}

result<board::board> ask_board(cli::invocation& in, const board::registry& registry) {
    if (registry.boards.empty()) return board::find(registry, "");
    std::vector<std::string> names;
    for (const auto& x : registry.boards) names.push_back(fmt::format("{} ({}, {})", x.name, x.key, x.mcu));
    KF_TRY(const auto index, cli::choose(in, "Which board", names, fmt::format("{} {} BOARD", in.tool, in.command)));
    return registry.boards[index];
}

} // namespace kf::kflash
