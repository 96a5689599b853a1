// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "../plotter/plotter.hpp"
#include "kplot_commands.hpp"

#include <kf/run/first_place.hpp>

#include <fmt/format.h>

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> recover_plotter(cli::invocation& in, const plotter_site& site) {
    KF_TRY(const auto p, open_plotter(in, site, {.klipper = readiness::recovered}));
    auto& k = p->session;
    auto& facts = p->facts;
    KF_TRY(const auto way, run::way_of_z(site.machine, facts));
    if (!facts.homed("z") && way == run::z_way::touch_off && !site.simulated && in.interactive &&
        !in.has("pen-is-up")) {
        KF_TRY(const bool yes,
               cli::confirm(in, "Lower the pen until it touches the paper. Does it touch now", false, "--pen-is-up"));
        if (yes) KF_CHECK(run::touch_off(k, site.machine, facts, p->record, run::touch_height(site.machine)));
    }
    KF_CHECK(run::home_xy(k, site.machine, facts, p->record, touch_off_by(site), pen_word(in), in.out));
    const auto& park = site.machine.park_mm;
    KF_CHECK(run::travel_to(k, site.machine, site.machine.tools.front(), facts.skew, park));
    KF_CHECK(p->record.set_pause_point(std::nullopt));
    in.out.result({"recovered",
                   fmt::format("ready, homed {}, parked at X{} Y{}", facts.homed_axes, io::to_decimal(park.x),
                               io::to_decimal(park.y)),
                   {{"homed_axes", facts.homed_axes}, {"x", park.x}, {"y", park.y}}});
    if (!facts.homed("z") && !in.json) in.out.note("the tool stays up until Z has its reference: kplot touch-off");
    return {};
}

} // namespace

cli::command_row recover_command() {
    return {"recover",
            "",
            0,
            0,
            "After a stop or a fault: restart as needed, Z reference, home, park.",
            {{"pen-is-up", "", "you have looked: the pen is clear of the paper"}},
            {{"kplot recover", "asks about the pen"}, {"kplot recover --pen-is-up", "when you have looked"}},
            [](cli::invocation& in) {
                return with_site(open_site(in), [&](const plotter_site& site) { return recover_plotter(in, site); });
            }};
}

} // namespace kf::kplot
