// SPDX-License-Identifier: MIT
#pragma once
/// Which machine, which printer: machine.yaml and Klipper's socket, or the simulated printer that --sim starts. The
/// commands see no difference.

#include "../cli/number.hpp"
#include "../cli/simulator.hpp"

#include <kf/io/posix_process.hpp>
#include <kf/machine/machine_file.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::plotting {

namespace fs = std::filesystem;

/// The options behind every command of a tool that plots.
[[nodiscard]] const std::vector<cli::option_row>& site_options();

[[nodiscard]] fs::path default_machine_file(const cli::invocation& in);

struct chosen_machine {
    machine::machine value;
    std::string name; ///< the file, or where else it is from
};
/// --machine FILE, or with --sim the simulated machine, or the person's own file. Notes of the file are warnings.
[[nodiscard]] result<chosen_machine> open_machine(cli::invocation& in);
/// The same, and the machine of the template when the person has no file and names none: for what moves nothing.
[[nodiscard]] result<chosen_machine> any_machine(cli::invocation& in);

/// A machine and its printer.
struct plotter_site {
    machine::machine machine;
    std::string machine_name;
    std::string socket;
    fs::path records; ///< what outlives a run: the folder of the pen records
    bool simulated = false;
    std::optional<cli::simulator> simulator = {};

    /// Ends the simulated printer, so that its picture of the ink is there.
    void close();
};
[[nodiscard]] result<plotter_site> open_site(cli::invocation& in, chosen_machine chosen);
[[nodiscard]] result<plotter_site> open_site(cli::invocation& in);

/// Runs `work(site)` and closes the site whatever comes of it.
template<class Work>
[[nodiscard]] result<void> with_site(result<plotter_site> opened, Work&& work) {
    if (!opened) return kf::fail(std::move(opened).error());
    auto done = work(*opened);
    opened->close();
    // Whatever was asked for: there is one way back, and it begins with a look.
    if (!done && done.error().code == errc::connection_lost) {
        error e = std::move(done).error();
        e.steps = {"Look at the machine: is the pen up?", "kplot recover"};
        return kf::fail(std::move(e));
    }
    return done;
}

using cli::number_option;

} // namespace kf::plotting
