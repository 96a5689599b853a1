// SPDX-License-Identifier: MIT
#pragma once
/// A profile of Klipper's [skew_correction] that is loaded: what it makes of places, and whether the machine of
/// machine.yaml still reaches its canvas behind it. The name in the status proves little: it stays after SET_SKEW
/// CLEAR=1, and LOAD leaves it there for a profile that does not exist. So the factor comes from printer.cfg, and where
/// the machine stands says whether it is in effect. Spec: https://www.klipper3d.org/Skew_Correction.html

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/job/transform.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/klippy/status.hpp>
#include <kf/machine/machine.hpp>
#include <kf/machine/skew_limits.hpp>
#include <kf/run/square_record.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::run {

namespace json = boost::json;

namespace detail {

/// Klipper's numbers and ours are the same place when they differ by no more; far below a step.
inline constexpr mm same_place = 1e-3;

/// Away from Y0 and Z0 the places tell whether anything is bent; what they hide there is less than a step.
inline bool shows_no_skew(const klippy::printer_status& now) {
    if (!now.gcode_move || !now.toolhead || now.toolhead->homed_axes.size() < 3) return false;
    const klippy::xyz& at = now.toolhead->position;
    if (std::fabs(at[1]) < 20 || std::fabs(at[2]) < 1) return false;
    for (std::size_t i = 0; i < 3; ++i)
        if (std::fabs(now.gcode_move->position[i] - at[i]) > same_place) return false;
    return true;
}

} // namespace detail

struct loaded_skew {
    std::string profile; ///< empty: none
    double tangent = 0;  ///< the motors go to X - Y * tangent

    [[nodiscard]] bool bends() const noexcept { return tangent != 0; }
    /// The place of G-code that the motors stand at.
    [[nodiscard]] klippy::xyz before(klippy::xyz at) const noexcept {
        at[0] = machine::before_skew({at[0], at[1]}, tangent).x;
        return at;
    }
};

/// The way out of a profile that cannot be worked with.
[[nodiscard]] inline std::vector<std::string> steps_out_of_skew() {
    return {"end it: SET_SKEW CLEAR=1, with Y at 20 or more and Z at 1 or more, where it shows that it ended",
            "or send RESTART: no profile is loaded after it"};
}

/// `status` has skew_correction and configfile, `now` the places. errc::refused: it does what nobody can reckon with.
[[nodiscard]] inline result<loaded_skew> read_loaded_skew(const json::object& status,
                                                          const klippy::printer_status& now) {
    const std::string name = io::text_at(io::object_at(status, "skew_correction"), "current_profile_name");
    if (name.empty() || detail::shows_no_skew(now)) return loaded_skew{};
    const auto refuse = [&](std::string cause) {
        return kf::fail({errc::refused,
                         fmt::format("the skew profile \"{}\" is loaded, and cannot be reckoned with", name),
                         std::move(cause), fmt::format("[skew_correction {}]", name), steps_out_of_skew()});
    };
    KF_TRY(const auto settings, klippy::settings::from_status(status));
    const std::string section = "skew_correction " + io::to_lower(name);
    const auto xy = settings.number(section, "xy_skew");
    if (!xy) return refuse("printer.cfg, as Klipper read it at its start, has no such profile");
    for (const char* other : {"xz_skew", "yz_skew"})
        if (settings.number(section, other).value_or(0) != 0)
            return refuse(fmt::format("its {} is not 0: it moves X or Y with the height of the pen", other));
    loaded_skew loaded{name, *xy};
    if (!now.gcode_move || !now.toolhead || now.toolhead->homed_axes.size() < 3) return loaded;
    const auto &wanted = now.gcode_move->position, &at = now.toolhead->position;
    const bool shows = std::fabs(at[1] * loaded.tangent) > 2 * detail::same_place;
    if (shows && std::fabs(wanted[0] - at[0]) <= detail::same_place) return loaded_skew{}; // it was cleared
    return loaded;
}

/// For what moves axes by themselves and not places of a drawing.
[[nodiscard]] inline result<void> refuse_skew(const loaded_skew& skew, std::string_view who) {
    if (!skew.bends()) return {};
    return kf::fail({errc::refused,
                     fmt::format("the skew profile \"{}\" is loaded", skew.profile),
                     fmt::format("{} moves single axes, and behind it a move of Y is one of X, too", who),
                     {},
                     steps_out_of_skew()});
}

/// errc::refused when what is drawn now would not lie as what was drawn `then`.
[[nodiscard]] inline result<void> refuse_other_skew(const loaded_skew& then, const loaded_skew& now) {
    if (std::fabs(then.tangent - now.tangent) < 1e-9) return {};
    const auto text = [](const loaded_skew& s) {
        return s.bends() ? fmt::format("the skew profile \"{}\" ({})", s.profile, io::to_decimal(s.tangent, 6))
                         : std::string("no skew profile");
    };
    std::vector<std::string> steps =
        then.bends() ? std::vector{"load it again: SKEW_PROFILE LOAD=" + then.profile} : steps_out_of_skew();
    if (!then.bends()) steps.pop_back(); // after a RESTART the sheet is a new one
    steps.emplace_back("then run the same command again; or, with a clean sheet, with --anew");
    return kf::fail({errc::refused,
                     "the skew has changed since the first drawing",
                     fmt::format("that was drawn with {}, and now there is {}", text(then), text(now)),
                     {},
                     std::move(steps)});
}

/// errc::refused when the gantry is racked, too.
[[nodiscard]] inline result<void> refuse_double_correction(const loaded_skew& skew, const square_record& square) {
    if (!skew.bends() || square.text().empty()) return {};
    return kf::fail(
        {errc::refused,
         fmt::format("the lean is corrected twice: by the skew profile \"{}\" and by racking", skew.profile),
         square.text(),
         {},
         {"keep the racking: send SET_SKEW CLEAR=1, with Y away from 0",
          "or keep the profile: send M84, then kplot status, home, and load it again"}});
}

/// errc::out_of_bounds when a place that the machine reaches without the skew is beyond the end of X behind it: the
/// corners of the canvas by each tool, the places for parking and for a pen's change.
[[nodiscard]] inline result<void> reaches_behind_skew(const machine::machine& m, const loaded_skew& skew) {
    if (!skew.bends()) return {};
    const machine::box area = m.work_area();
    const auto check = [&](const std::string& what, machine::xy place, std::string step) -> result<void> {
        constexpr mm rounding = 4e-5; // as coordinates are printed
        const machine::xy at = machine::behind_skew(place, skew.tangent);
        if (!area.contains(place, rounding) || area.contains(at, rounding)) return {};
        return kf::fail(
            {errc::out_of_bounds,
             fmt::format("behind the skew profile \"{}\" {} is out of reach", skew.profile, what),
             fmt::format("X {} would be driven to as {}; the axis goes from {} to {}", io::to_decimal(place.x, 3),
                         io::to_decimal(at.x, 3), io::to_decimal(area.min.x, 3), io::to_decimal(area.max.x, 3)),
             {},
             {std::move(step), "or draw without the correction: SET_SKEW CLEAR=1, with Y away from 0"}});
    };
    for (const machine::tool& t : m.tools)
        for (const mm x : {0.0, m.canvas.width_mm})
            for (const mm y : {0.0, m.canvas.height_mm})
                KF_CHECK(check(fmt::format("a corner of the canvas ({})", t.name), job::place(m, t).to_machine({x, y}),
                               "make the canvas narrower, or move it: canvas.offset_x_mm in machine.yaml"));
    KF_CHECK(check("the place for parking", m.park_mm, "park elsewhere: park_mm in machine.yaml"));
    if (!m.pen_change_mm) return {}; // it is the same
    return check("the place for a pen's change", *m.pen_change_mm,
                 "change pens elsewhere: pen_change_mm in machine.yaml");
}

} // namespace kf::run
