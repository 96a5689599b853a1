// SPDX-License-Identifier: MIT
#include "ksim_commands.hpp"

#include <kf/sim/ink_readings.hpp>

namespace kf::ksim {

namespace {

/// The names of the rows of a table; they are literals.
template<class Rows>
std::vector<const char*> words_of(const Rows& rows) {
    std::vector<const char*> words;
    for (const auto& row : rows) words.push_back(row.name.data());
    return words;
}

} // namespace

const cli::tool_row& tool() {
    static const cli::tool_row row{"ksim",
                                   "Simulates a printer's host: boards, Klipper, its service, a firmware tree.",
                                   {},
                                   {host_command(), printer_command(), measure_command(), press_command(),
                                    release_command(), look_command(), restart_command(), board_command(),
                                    moonraker_command()},
                                   {},
                                   "",
                                   checks(),
                                   {{"SHELL", {"bash", "zsh", "fish"}},
                                    {"LOOK", words_of(sim::looks())},
                                    {"INSTRUMENT", words_of(cal::instruments)},
                                    {"SWITCH", {"x", "x1", "y", "z"}}}};
    return row;
}

} // namespace kf::ksim
