// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/bringup_routine.hpp>

#include <fmt/format.h>

namespace kf::kcal {

using namespace plotting;
namespace {

/// The sections that the motors of the axis need, for whoever pastes them into a printer.cfg that is there.
result<void> print_sections(cli::invocation& in, const machine::machine& m, const cal::bringup_options& o) {
    cal::printer_cfg_request request;
    KF_TRY(request.pins, pins_told(in, m, {&o.axis, 1}));
    const std::string text =
        o.pulses ? cal::pulse_sections(m, o.axis, request) : cal::manual_stepper_sections(m, o.axis, request);
    in.out.result({"bringup_sections", text, {{"axis", std::string(1, o.axis)}, {"text", text}}});
    return {};
}

result<void> run_bringup(cli::invocation& in) {
    cal::bringup_options o;
    o.axis = in.operands[0][0];
    o.pulses = in.has("pulses");
    if (in.has("sections")) {
        KF_TRY(const auto m, open_machine(in));
        return print_sections(in, m.value, o);
    }
    if (in.has("pin")) return kf::fail({errc::usage, "--pin belongs to --sections", {}, "--pin"});
    return guide(
        in, options_given(in, {"pulses"}),
        [o](const auto& notes, const auto& m) { return cal::next_of_bringup(notes, m, o); }, readiness::ready);
}

} // namespace

cli::command_row bringup_command() {
    return {"bringup",
            "x|y|z",
            1,
            1,
            "Brings up an axis motor by motor: on, buzz, turn, ramp, to and fro, its switch.",
            with_routine_options({{"pulses", "", "by pulses on the step pin alone: proves the wiring"},
                                  {"sections", "", "print what printer.cfg needs for it, and nothing else"},
                                  {"pin", "SECTION.OPTION=PIN", "--sections: a pin that machine.yaml does not know"}},
                                 "nobody is waited for before a motor turns"),
            {{"kcal bringup y --sections", "what printer.cfg needs"},
             {"kcal bringup y", "guided; goes on where it was"},
             {"kcal bringup y --answers seen.txt --json", "with answers from a file"}},
            run_bringup};
}

} // namespace kf::kcal
