// SPDX-License-Identifier: MIT
#pragma once
/// What stands between the coordinates of G-code and the place of the machine: offsets, G92, a mesh, a skew, whatever a
/// module puts there. A name says little (a skew without a profile has none), so the places themselves are compared:
/// what G-code is at, what Klipper makes of it, where the toolhead is. Spec:
/// https://www.klipper3d.org/Status_Reference.html

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/klippy/status.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace kf::run {

namespace json = boost::json;

namespace detail {

inline std::string mm_text(double v) { return io::to_decimal(v, 4); }

/// Klipper's numbers and ours are the same place when they differ by no more; far below a step.
inline constexpr mm same_place = 1e-3;

/// The sections of printer.cfg that may put a transform between G-code and motion: those in its settings, and those of
/// which there is a status, for a section without options is in no settings. What else does shows in the place at which
/// the machine is, see prove_place().
inline std::vector<std::string> transform_sections(const json::object& status) {
    std::vector<std::string> out;
    const auto settings = klippy::settings::from_status(status);
    for (const char* known : {"bed_mesh", "bed_tilt", "skew_correction", "z_thermal_adjust"})
        if ((settings && settings->has_section(known)) || status.contains(known))
            out.push_back(fmt::format("[{}]", known));
    return out;
}

inline std::string named(const std::vector<std::string>& names, std::string_view otherwise) {
    return names.empty() ? std::string(otherwise) : fmt::format("{}", fmt::join(names, ", "));
}

inline std::string place_text(const klippy::xyz& p) {
    return fmt::format("X{} Y{} Z{}", mm_text(p[0]), mm_text(p[1]), mm_text(p[2]));
}

/// Whether no skew bends what is driven. Its name does not tell: Klipper goes on naming a profile after SET_SKEW
/// CLEAR=1, and one that could not be loaded. Away from Y0 and Z0 the places tell; what they hide there is less than a
/// step.
inline bool shows_no_skew(const klippy::printer_status& now) {
    if (!now.gcode_move || !now.toolhead || now.toolhead->homed_axes.size() < 3) return false;
    const klippy::xyz& at = now.toolhead->position;
    if (std::fabs(at[1]) < 20 || std::fabs(at[2]) < 1) return false;
    for (std::size_t i = 0; i < 3; ++i)
        if (std::fabs(now.gcode_move->position[i] - at[i]) > same_place) return false;
    return true;
}

/// Everything between the coordinates of G-code and the machine, from what it says and from the places themselves.
inline result<void> refuse_transforms(const json::object& status, const klippy::printer_status& now) {
    const auto away = [](mm v) { return std::fabs(v) > same_place; };
    if (const auto mesh = io::text_at(io::object_at(status, "bed_mesh"), "profile_name"); !mesh.empty())
        return kf::fail({errc::refused,
                         fmt::format("the bed mesh \"{}\" is active", mesh),
                         "it would move Z while the pen draws",
                         {},
                         {"Send BED_MESH_CLEAR"}});
    if (const auto skew = io::text_at(io::object_at(status, "skew_correction"), "current_profile_name");
        !skew.empty() && !shows_no_skew(now))
        return kf::fail({errc::refused,
                         fmt::format("the skew correction \"{}\" is active", skew),
                         "checked coordinates would not be the ones that are driven to",
                         {},
                         {"Send SET_SKEW CLEAR=1",
                          "Then home, and move to Y20 Z1 or beyond: Klipper goes on naming a skew that was ended, and "
                          "only away from 0 it shows that nothing is bent. RESTART ends the name, too."}});
    if (io::value_at<bool>(io::object_at(status, "z_thermal_adjust"), "enabled").value_or(false))
        return kf::fail({errc::refused,
                         "[z_thermal_adjust] is active",
                         "it would move Z while the pen draws",
                         {},
                         {"Send SET_Z_THERMAL_ADJUST ENABLE=0"}});
    if (now.gcode_move) {
        const auto& origin = now.gcode_move->homing_origin;
        if (std::any_of(origin.begin(), origin.end(), away))
            return kf::fail({errc::refused,
                             fmt::format("Klipper has a G-code offset: X {} Y {} Z {}", mm_text(origin[0]),
                                         mm_text(origin[1]), mm_text(origin[2])),
                             "everything would be drawn that much beside its place",
                             {},
                             {"Send SET_GCODE_OFFSET X=0 Y=0 Z=0"}});
        if (const auto base = now.gcode_move->base(); std::any_of(base.begin(), base.end(), away))
            return kf::fail({errc::refused,
                             fmt::format("Klipper's coordinates are shifted by G92: X {} Y {} Z {}", mm_text(base[0]),
                                         mm_text(base[1]), mm_text(base[2])),
                             "everything would be drawn that much beside its place",
                             {},
                             {"Home the shifted axes with G28, or send RESTART: both end a G92."}});
        if (!now.toolhead || now.toolhead->homed_axes.size() < 3) return {};
        for (std::size_t i = 0; i < 3; ++i)
            if (away(now.gcode_move->position[i] - now.toolhead->position[i]))
                return kf::fail({errc::refused,
                                 fmt::format("a transform is active: G-code is at {}, the machine at {}",
                                             place_text(now.gcode_move->position), place_text(now.toolhead->position)),
                                 fmt::format("it comes from {}",
                                             named(transform_sections(status), "something that kplot does not know")),
                                 {},
                                 {"Switch it off, or send RESTART."}});
    }
    return {};
}

} // namespace detail

} // namespace kf::run
