// SPDX-License-Identifier: MIT
#pragma once
/// Where everything of a run is: this machine, or the simulated one that --sim starts. The commands see no difference.

#include "../cli/command.hpp"
#include "../cli/simulator.hpp"

#include <kf/board/match.hpp>
#include <kf/board/registry.hpp>
#include <kf/firmware/config_cache.hpp>
#include <kf/host/proc.hpp>
#include <kf/io/posix_process.hpp>
#include <kf/io/traced.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kf::kflash {

namespace fs = std::filesystem;

struct workplace {
    board::device_folders devices = {};
    fs::path proc = "/proc";
    fs::path home;                                  ///< what ~ means in devices.json
    fs::path registry_file, configs, builds, state; ///< devices.json, configs/, OUT folders, journal and ledger
    std::vector<std::string> systemctl = {"systemctl"};
    bool simulated = false;
    seconds service_timeout = 30;
    std::optional<io::user_ids> build_as = {}; ///< under sudo: the calling user
    std::optional<cli::simulator> simulator = {};
};

/// The options behind every command of kflash: --sim and the hidden ones of the tests.
[[nodiscard]] const std::vector<cli::option_row>& workplace_options();
/// Below workplace::state while services are stopped: their names, one in a line.
inline constexpr const char* journal_name = "stopped-units";

[[nodiscard]] result<workplace> open_workplace(cli::invocation& in);

struct bench {
    workplace at;
    board::registry registry;
    firmware::config_cache configs{fs::path{}};
    [[nodiscard]] fs::path klipper_dir() const { return io::expand_home(registry.settings.klipper_dir, at.home); }
    [[nodiscard]] fs::path katapult_dir() const { return io::expand_home(registry.settings.katapult_dir, at.home); }
};
/// Runs programs for a command; each one and how it ended stands in the log.
using runner_type = io::traced_runner<io::posix_runner, cli::tool_sink>;
[[nodiscard]] inline runner_type make_runner(cli::invocation& in) { return {io::posix_runner{}, in.out}; }

[[nodiscard]] result<bench> open_bench(cli::invocation& in);

/// The board that the operand names; without one the only connected and registered board, or the person is asked.
[[nodiscard]] result<board::board> pick_board(cli::invocation& in, const bench& b);

} // namespace kf::kflash
