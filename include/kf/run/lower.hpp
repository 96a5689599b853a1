// SPDX-License-Identifier: MIT
#pragma once
/// The tool down to one absolute height of the machine, whatever Klipper adds to coordinates. That it may be down is
/// noted before it moves.

#include <kf/job/motion_script.hpp>
#include <kf/klippy/client.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/macros.hpp>
#include <kf/run/pen_record.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace kf::run {

struct lowering {
    mm to = 0; ///< machine Z
    mm_per_s feed = 0;
    std::string unfinished; ///< why the pen may be down, until it was seen up
};

namespace detail {

/// `then` gets what Klipper adds to Z, and gives what follows in the same script; it takes `more` seconds.
template<class Session, class Then>
result<void> lower(Session& k, pen_record& record, const lowering& l, Then&& then, seconds more) {
    KF_TRY(const auto now, look_at(k));
    KF_CHECK(record.may_be_down(l.unfinished));
    const mm base = now.base()[2];
    const seconds way = std::fabs(now.toolhead->position[2] - l.to) / std::max(0.1, l.feed);
    return k.send_gcode(job::height_script(l.to - base, l.feed) + then(base), klippy::barrier::motion_end,
                        motion_deadline(k, way + more));
}

} // namespace detail

/// It stays there.
template<class Session>
[[nodiscard]] result<void> lower(Session& k, pen_record& record, const lowering& l) {
    return detail::lower(k, record, l, [](mm) { return ""; }, 0);
}

/// Down for a moment and up in one script, so that it is up again when this process ends in the middle; proven.
template<class Session>
[[nodiscard]] result<void> lower_and_lift(Session& k, const machine::machine& m, pen_record& record,
                                          const lowering& l) {
    constexpr int rest_ms = 200;
    const auto then = [&](mm base) { return fmt::format("\nG4 P{}\n{}", rest_ms, lift_script(m, base)); };
    KF_CHECK(detail::lower(k, record, l, then, detail::z_time(m) + 1));
    return prove_up(k, m, record);
}

} // namespace kf::run
