// SPDX-License-Identifier: MIT
#include "../plotter/plotter.hpp"
#include "kplot_commands.hpp"

#include <fmt/format.h>

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> home_plotter(cli::invocation& in, const plotter_site& site) {
    KF_TRY(const auto p, open_plotter(in, site, {.klipper = readiness::preflighted}));
    KF_CHECK(run::home_xy(p->session, site.machine, p->facts, p->record, touch_off_by(site), pen_word(in), in.out));
    KF_TRY(const auto now, run::look_at(p->session));
    const auto& [homed, at] = std::pair(now.toolhead->homed_axes, now.toolhead->position);
    in.out.result({"homed",
                   fmt::format("homed {}, at X{:.2f} Y{:.2f}", homed, at[0], at[1]),
                   {{"homed_axes", homed}, {"x", at[0]}, {"y", at[1]}}});
    if (!p->facts.homed("z") && !in.json) in.out.note("Z has no reference yet: kplot touch-off");
    return {};
}

} // namespace

cli::command_row home_command() {
    return {
        "home",
        "",
        0,
        0,
        "Homes X and Y with the tool up, and Z where it has an endstop.",
        {{"pen-is-up", "", "you have looked: the pen is clear of the paper"}},
        {{"kplot home", "before the first drawing"}, {"kplot home --pen-is-up", "after a fault, when the pen is up"}},
        [](cli::invocation& in) {
            return with_site(open_site(in), [&](const plotter_site& site) { return home_plotter(in, site); });
        }};
}

} // namespace kf::kplot
