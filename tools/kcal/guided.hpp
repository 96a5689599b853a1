// SPDX-License-Identifier: MIT
#pragma once
/// What all guided routines have in common: the options, the journal that lets them go on, who answers, the printer
/// that is opened when the first step moves, and what becomes of the conclusion: shown, written into machine.yaml when
/// a person agrees, kept in the history.

#include "../cli/number.hpp"
#include "../plotter/plotter.hpp"

#include <kf/cal/instrument.hpp>
#include <kf/cal/routine_run.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kf::kcal {

/// `own` and what every routine takes; `yes` is what --yes does in it.
[[nodiscard]] std::vector<cli::option_row> with_routine_options(std::vector<cli::option_row> own, const char* yes);
/// The same for a routine that lowers the pen and writes machine.yaml.
[[nodiscard]] std::vector<cli::option_row> with_guided_options(std::vector<cli::option_row> own);

/// The way from what is known to the next step, on a machine.
using guided_routine = std::function<result<cal::routine_step>(const cal::routine_notes&, const machine::machine&)>;

/// `options` are those that change what is drawn or asked, as a person types them: a run with others does not go on
/// with this one's work.
/// `klipper` is how far the printer has to be for the first deed: preflighted, unless the machine cannot draw yet.
[[nodiscard]] result<void> guide(cli::invocation& in, const std::string& options, const guided_routine& next,
                                 plotting::readiness klipper = plotting::readiness::preflighted);

/// " --length 200" for each of the named options that is given.
[[nodiscard]] std::string options_given(const cli::invocation& in, const std::vector<std::string>& names);

/// --with NAME: what lengths are read with.
[[nodiscard]] result<cal::instrument> instrument_given(const cli::invocation& in, const char* otherwise);
[[nodiscard]] cli::option_row instrument_option(const char* purpose);

/// Where journals, the history and the kept files are.
[[nodiscard]] std::filesystem::path calibration_folder(const cli::invocation& in);
/// The file of the machine; nothing when it is the simulation's own.
[[nodiscard]] std::optional<std::filesystem::path> machine_file(const cli::invocation& in);

} // namespace kf::kcal
