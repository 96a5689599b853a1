// SPDX-License-Identifier: MIT
#include "health.hpp"

#include "owed.hpp"

#include <kf/firmware/git_version.hpp>
#include <kf/firmware/inputs_hash.hpp>
#include <kf/flash/ledger.hpp>
#include <kf/flash/right_to.hpp>
#include <kf/host/guardian_unit.hpp>
#include <kf/host/klippy_survey.hpp>
#include <kf/host/print_guard.hpp>
#include <kf/host/service.hpp>
#include <kf/host/service_manager.hpp>
#include <kf/io/time_stamp.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace kf::kflash {
namespace {

health_check well(std::string name, std::string says) { return {std::move(name), true, std::move(says)}; }
health_check ill(std::string name, const error& e) {
    return {std::move(name), false, e.cause.empty() ? e.what : e.what + ": " + e.cause, e.steps};
}

health_check sources_check(const known_boards& b, runner_type& runner) {
    const auto tree = b.klipper_dir();
    std::error_code ec;
    for (const char* needed : {"Makefile", "src/Kconfig"})
        if (!fs::is_regular_file(tree / needed, ec))
            return {"sources",
                    false,
                    fmt::format("{} has no {}", tree.string(), needed),
                    {"say where Klipper's sources are: kflash settings --klipper-dir DIR"}};
    const auto version = firmware::describe_tree(runner, tree, b.at.build_as, b.registry.settings.git_timeout);
    if (!version) return ill("sources", version.error());
    return well("sources", fmt::format("{}{}{}", tree.string(), version->empty() ? "" : " is ", *version));
}

health_check compiler_check(const known_boards& b, const board::board& board, runner_type& runner) {
    const auto name = "compiler of " + board.key;
    const auto config = b.configs.load(board.key);
    if (!config) return ill(name, config.error());
    // A .config of a few lines does not say which folder its chip is in.
    if (!config->config.text("BOARD_DIRECTORY"))
        return well(name, "the configuration is not complete: the build will tell");
    const auto prefix = firmware::compiler_prefix(b.klipper_dir(), config->config);
    const auto version = firmware::compiler_version(runner, b.klipper_dir(), prefix, b.at.build_as, 10);
    if (version) return well(name, *version);
    auto sick = ill(name, version.error());
    if (prefix.find("arm-none-eabi") != prefix.npos)
        sick.steps = {"sudo apt install gcc-arm-none-eabi libnewlib-arm-none-eabi"};
    else if (prefix.find("avr") != prefix.npos)
        sick.steps = {"sudo apt install gcc-avr avr-libc binutils-avr"};
    else
        sick.steps = {"install the compiler with the prefix " + (prefix.empty() ? "gcc" : prefix)};
    return sick;
}

health_check port_check(const known_boards& b, const board::board& board, const board::scan_result& seen) {
    const auto name = "port of " + board.key;
    const auto device = board::locate(b.registry, board, seen.devices);
    if (!device) return ill(name, device.error());
    if (::access(device->resolved.c_str(), R_OK | W_OK) == 0) return well(name, device->file_name);
    return {name,
            false,
            fmt::format("you may not open {}", device->resolved.string()),
            {"sudo usermod -aG dialout $USER", "then log out and in"}};
}

/// Of the services: which there are, whether each klippy answers, and the right to stop and start them.
void look_at_services(std::vector<health_check>& all, const known_boards& b, runner_type& runner) {
    host::systemd manager(runner, b.at.systemctl, b.at.service_timeout);
    const auto units = manager.klippy_units();
    if (!units) {
        all.push_back(ill("services", units.error()));
        return;
    }
    std::vector<std::string> names, running;
    for (const auto& u : *units) {
        names.push_back(u.id);
        if (u.runs()) running.push_back(u.id);
    }
    if (names.empty())
        all.push_back({"services", false, "no service is set up to run klippy", {"is Klipper installed here?"}});
    else
        all.push_back(well("services", fmt::format("{}", fmt::join(names, ", "))));
    const auto klippys = host::survey_klippys(b.at.proc, *units);
    if (!klippys) {
        all.push_back(ill("klippy", klippys.error()));
    } else {
        if (klippys->empty()) all.push_back(well("klippy", "none runs: nothing would be stopped"));
        for (const auto& sight : host::look_at_printers(*klippys)) {
            const auto& k = sight.instance;
            if (k.socket.empty())
                all.push_back({"klippy",
                               false,
                               "it has no API socket, so nobody can ask it what it does",
                               {"start it with -a /tmp/klippy_uds"}});
            else if (!sight.activity)
                all.push_back(ill("klippy", sight.activity.error()));
            else
                all.push_back(well("klippy", fmt::format("{} on {}", sight.activity->state, k.socket)));
        }
    }
    if (b.at.moonraker) {
        const auto word = b.at.moonraker(std::chrono::seconds(5));
        // A host without one is as well as one with it; one that is there and does not answer is not.
        if (word && word->state.empty())
            all.push_back({"moonraker", false, "it does not say what klippy does", {"restart Moonraker"}});
        else if (word)
            all.push_back(well("moonraker", fmt::format("klippy is {}", word->state)));
        else if (word.error().code == errc::not_connected)
            all.push_back(well("moonraker", word.error().what));
        else
            all.push_back(ill("moonraker", word.error()));
    }
    if (names.empty() || b.at.own == flash::own_right::needless) return;
    const auto right = flash::right_to({names, running, host::read_owed(b.at.journal())}, b.at, runner);
    all.push_back(right ? well("right", fmt::format("{}{}", right->name,
                                                    right->guardian_unit.empty() ? "" : ", " + right->guardian_unit))
                        : ill("right", right.error()));
}

/// `mega_bytes`: a build of one board takes 7 to 48 of them, an image less than one.
health_check space_check(const char* name, fs::path folder, std::uintmax_t mega_bytes) {
    const std::uintmax_t least = mega_bytes << 20;
    std::error_code ec;
    while (!fs::exists(folder, ec) && folder.has_parent_path() && folder != folder.parent_path())
        folder = folder.parent_path();
    if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        const int number = errno;
        return {name,
                false,
                fmt::format("you may not write in {}: {}", folder.string(), std::strerror(number)),
                {"see whose it is, and how it is mounted: ls -ld, findmnt -T " + folder.string()}};
    }
    const auto space = fs::space(folder, ec);
    if (ec) return {name, false, fmt::format("cannot look at {}: {}", folder.string(), ec.message()), {}};
    const auto says = fmt::format("{} MB are free in {}", space.available >> 20, folder.string());
    if (space.available < least) return {name, false, says, {"make room: df -h " + folder.string()}};
    return well(name, says);
}

health_check ledger_check(const known_boards& b) {
    const auto all = flash::read_ledger(b.at.ledger());
    if (!all) return ill("ledger", all.error());
    if (all->torn.empty()) return well("ledger", fmt::format("{} flashes", all->entries.size()));
    return well("ledger", fmt::format("{} flashes, and {} lines that a cut tore: they are passed over",
                                      all->entries.size(), all->torn.size()));
}

/// A Pi without a clock of its own begins somewhere in the past: then times say nothing, make's among them.
health_check clock_check(const known_boards& b) {
    const auto now = io::time_stamp(std::chrono::system_clock::now());
    const auto all = flash::read_ledger(b.at.ledger());
    std::string last = "2026-01-01T00:00:00Z";
    if (all)
        for (const auto& e : all->entries) last = std::max(last, e.time);
    if (now >= last) return well("clock", now);
    return {"clock",
            false,
            fmt::format("it is {} here, and something was flashed on {}", now, last),
            {"set it: sudo timedatectl set-ntp true"}};
}

} // namespace

std::vector<health_check> look_at_health(cli::invocation& in, const known_boards& b) {
    auto runner = make_runner(in);
    std::vector<health_check> all{sources_check(b, runner)};
    const auto seen = board::scan(b.at.devices);
    if (!seen) all.push_back(ill("devices", seen.error()));
    if (b.registry.boards.empty())
        all.push_back({"boards", false, "no board is registered", {"plug one in and run: kflash add"}});
    for (const auto& board : b.registry.boards) {
        if (!board.flashable) continue;
        all.push_back(compiler_check(b, board, runner));
        if (seen) all.push_back(port_check(b, board, *seen));
    }
    look_at_services(all, b, runner);
    if (const auto owed = owed_now(in, b.at); owed.empty())
        all.push_back(well("starts owed", "none"));
    else
        all.push_back({"starts owed",
                       false,
                       fmt::format("{} was stopped by an earlier kflash that did not end well", fmt::join(owed, ", ")),
                       {"kflash doctor --fix", "or by hand: " + host::start_command(owed)}});
    all.push_back(space_check("space for builds", b.at.builds, 200));
    all.push_back(space_check("space for images", b.at.images(), 200));
    all.push_back(space_check("space for boards", b.at.registry_file.parent_path(), 1));
    all.push_back(ledger_check(b));
    all.push_back(clock_check(b));
    return all;
}

std::string health_text(const std::vector<health_check>& all) {
    std::size_t width = 0;
    for (const auto& c : all) width = std::max(width, c.name.size());
    std::string text;
    for (const auto& c : all) {
        text += fmt::format("{}{:<4}  {:<{}}  {}", text.empty() ? "" : "\n", c.well ? "ok" : "no", c.name, width,
                            scrubbed(c.says, " "));
        for (const auto& step : c.steps) text += fmt::format("\n{:{}}-> {}", "", width + 8, scrubbed(step, " "));
    }
    return text;
}

} // namespace kf::kflash
