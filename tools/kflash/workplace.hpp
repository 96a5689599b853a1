// SPDX-License-Identifier: MIT
#pragma once
/// Where everything of a run is: this machine, or the simulated one that --sim starts. The commands see no difference.

#include "../cli/command.hpp"
#include "../cli/simulator.hpp"

#include <kf/board/match.hpp>
#include <kf/board/registry.hpp>
#include <kf/firmware/config_cache.hpp>
#include <kf/flash/place.hpp>
#include <kf/host/proc.hpp>
#include <kf/io/posix_process.hpp>
#include <kf/io/traced.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kf::kflash {

namespace fs = std::filesystem;

/// What the core has to know of it, and the simulation that lives as long.
struct workplace : flash::place {
    std::optional<cli::simulator> simulator = {};
};

/// The options behind every command of kflash: --sim and the hidden ones of the tests.
[[nodiscard]] const std::vector<cli::option_row>& workplace_options();
using flash::journal_name;

[[nodiscard]] result<workplace> open_workplace(cli::invocation& in);

/// What a person has registered: boards, settings, one configuration for each board.
struct known_boards {
    workplace at;
    board::registry registry;
    firmware::config_cache configs{fs::path{}};
    [[nodiscard]] fs::path klipper_dir() const { return at.klipper_dir(registry.settings); }
};
/// Runs programs for a command; each one and how it ended stands in the log.
using runner_type = io::traced_runner<io::posix_runner, cli::tool_sink>;
[[nodiscard]] inline runner_type make_runner(cli::invocation& in) { return {io::posix_runner{}, in.out}; }

[[nodiscard]] result<known_boards> open_boards(cli::invocation& in);

/// The Moonraker of the settings, unless they say that there is none to ask. On this machine it may have the right to
/// the services, too.
void ask_moonraker_too(const board::flash_settings& settings, flash::place& at);

/// The only registered board, or the one that the person says.
[[nodiscard]] result<board::board> ask_board(cli::invocation& in, const board::registry& registry);

/// The board that the operand names; without one as ask_board().
[[nodiscard]] result<board::board> pick_board(cli::invocation& in, const known_boards& b);

} // namespace kf::kflash
