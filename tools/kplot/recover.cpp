// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "commands.hpp"
#include "printer.hpp"

#include <fmt/format.h>

namespace kf::kplot {
namespace {

/// Back to ready; the firmware is restarted when Klipper has stopped.
result<void> restart(cli::invocation& in, printer& k, const workplace& w, run::pen_record& record) {
    const auto contact = connect(k, w, klippy::need::contact, record);
    if (contact && k.status().webhooks.state == klippy::printer_state::ready) return {};
    if (contact)
        in.out.step(phase::run, fmt::format("Klipper is in {}: {}", klippy::name(k.status().webhooks.state),
                                            klippy::first_line(k.status().webhooks.message)));
    else if (contact.error().code == errc::not_found || contact.error().code == errc::usage)
        return contact;
    KF_CHECK(k.recover());
    in.out.step(phase::run, "Klipper is ready again");
    return k.subscribe(klippy::state_objects());
}

result<void> recover_work(cli::invocation& in, const workplace& w) {
    KF_TRY(const auto lock, take_printer(in, w));
    run::pen_record record(w.records, w.socket);
    auto policy = policy_of(w.machine);
    policy.auto_reconnect = true; // it was asked for, by this very command
    printer k(klipper_socket{w.socket}, policy);
    KF_CHECK(restart(in, k, w, record));
    KF_TRY(auto facts, run::preflight(k.link(), w.machine, k.link().clock().now() + std::chrono::seconds(5)));
    KF_TRY(const auto way, run::way_of_z(w.machine, facts));
    if (!facts.homed("z") && way == run::z_way::touch_off && !w.simulated && in.interactive && !in.has("pen-is-up")) {
        KF_TRY(const bool yes,
               cli::confirm(in, "Lower the pen until it touches the paper. Does it touch now", false, "--pen-is-up"));
        if (yes) KF_CHECK(run::touch_off(k, w.machine, facts, record, run::touch_height(w.machine)));
    }
    KF_CHECK(run::home_xy(k, w.machine, facts, record, touch_off_by(w), pen_word(in), in.out));
    const auto& park = w.machine.park_mm;
    const mm_per_s speed = w.machine.tools.front().travel_feed_mm_s;
    KF_CHECK(k.send_gcode(fmt::format("G90\nG0 X{} Y{} F{}", io::to_decimal(park.x, 4), io::to_decimal(park.y, 4),
                                      io::to_decimal(f_word(speed), 3)),
                          klippy::barrier::motion_end,
                          run::detail::motion_deadline(k, run::detail::homing_time(w.machine))));
    KF_CHECK(record.set_pause_point(std::nullopt));
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
                return with_workplace(in, open_workplace(in), [&](const workplace& w) { return recover_work(in, w); });
            }};
}

} // namespace kf::kplot
