// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "../plotter/plotter.hpp"
#include "kplot_commands.hpp"

#include <fmt/format.h>

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> touch_paper(cli::invocation& in, const plotter_site& site) {
    KF_TRY(const double height, number_option(in, "z", run::touch_height(site.machine), site.machine.work_area_min_mm.z,
                                              site.machine.work_area_mm.z));
    KF_TRY(const auto p, open_plotter(in, site, {.klipper = readiness::preflighted}));
    KF_TRY(const auto way, run::way_of_z(site.machine, p->facts));
    if (way == run::z_way::endstop)
        return kf::fail({errc::refused,
                         "this printer finds Z by its endstop",
                         "a touch-off would contradict it",
                         {},
                         {"kplot home", "or set z_reference.method to touch_off in machine.yaml"}});
    if (!site.simulated && !in.has("touching")) {
        KF_TRY(const bool yes, cli::confirm(in, "Does the pen touch the paper now", false, "--touching"));
        if (!yes)
            return kf::fail({errc::refused,
                             "the pen has to touch the paper for a touch-off",
                             {},
                             {},
                             {"Lower the pen by hand until it touches the paper.", "kplot touch-off"}});
    }
    KF_CHECK(run::touch_off(p->session, site.machine, p->facts, p->record, height));
    in.out.result({"touch_off",
                   fmt::format("Z was {} where the pen touched; the tool is up at {}", io::to_decimal(height),
                               io::to_decimal(site.machine.z_states.travel_mm)),
                   {{"z", height}, {"travel", site.machine.z_states.travel_mm}}});
    return {};
}

} // namespace

cli::command_row touch_off_command() {
    return {"touch-off",
            "",
            0,
            0,
            "Tells the printer that the pen touches the paper now, and lifts it.",
            {{"touching", "", "you have looked: the pen touches the paper"},
             {"z", "MM", "Z at that moment (z_reference.touch_off_mm, or the pen's work height)"}},
            {{"kplot touch-off", "after power-up or a fault, with no Z endstop"}},
            [](cli::invocation& in) {
                return with_site(open_site(in), [&](const plotter_site& site) { return touch_paper(in, site); });
            }};
}

} // namespace kf::kplot
