// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "printer.hpp"

#include <fmt/format.h>

namespace kf::kplot {
namespace {

result<void> home_work(cli::invocation& in, const workplace& w) {
    KF_TRY(const auto lock, take_printer(in, w));
    run::pen_record record(w.records, w.socket);
    printer k(klipper_socket{w.socket}, policy_of(w.machine));
    KF_TRY(auto facts, prepare(in, k, w, record));
    KF_CHECK(run::home_xy(k, w.machine, facts, record, touch_off_by(w), pen_word(in), in.out));
    KF_TRY(const auto now, run::look_at(k));
    const auto& [homed, at] = std::pair(now.toolhead->homed_axes, now.toolhead->position);
    in.out.result({"homed",
                   fmt::format("homed {}, at X{:.2f} Y{:.2f}", homed, at[0], at[1]),
                   {{"homed_axes", homed}, {"x", at[0]}, {"y", at[1]}}});
    if (!facts.homed("z") && !in.json) in.out.note("Z has no reference yet: kplot touch-off");
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
            return with_workplace(in, open_workplace(in), [&](const workplace& w) { return home_work(in, w); });
        }};
}

} // namespace kf::kplot
