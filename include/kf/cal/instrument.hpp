// SPDX-License-Identifier: MIT
#pragma once
/// What a person measures with: the step it is read to, how well it is laid to the middle of a pen's line, and how far
/// its own graduation may be off. The limits are those that its standard allows a new one; a worn one is worse. Lengths
/// that are compared with each other by one instrument (squareness) have its graduation's fault in common, a scale has
/// not.

#include <kf/cal/uncertainty.hpp>
#include <kf/units.hpp>

#include <array>
#include <limits>
#include <string_view>

namespace kf::cal {

struct instrument {
    std::string_view name;
    std::string_view purpose;
    mm resolution = 0; ///< one reading is to the nearest of these
    mm placing = 0;    ///< standard deviation of laying it to a line of 0.3 to 0.5 mm
    mm limit = 0;      ///< of the error of its graduation, over `longest`
    mm longest = 0;

    /// Of one length read with it, beside another one read with it.
    [[nodiscard]] doubt of_reading() const noexcept { return together(read_to(resolution), {placing}); }
    /// Relative, of every length alike: no number of marks makes it smaller.
    [[nodiscard]] doubt of_scale() const noexcept { return longest > 0 ? within(limit / longest) : doubt{}; }
};

inline constexpr std::array<instrument, 4> instruments{{
    {"caliper", "a pocket caliper, to 150 mm", 0.01, 0.03, 0.03, 150},
    {"ruler", "a steel ruler, read to half a millimetre", 0.5, 0.15, 0.13, 300},
    {"film", "a ruler printed on film, read with a loupe", 0.1, 0.05, 0.05, 300},
    {"vernier", "the vernier that was drawn", 0.05, 0.03, 0, 0},
}};

/// What is drawn to be read with it is no longer; endless where it has no end.
[[nodiscard]] constexpr mm longest_read(const instrument& i) noexcept {
    return i.longest > 0 ? i.longest : std::numeric_limits<mm>::infinity();
}

[[nodiscard]] constexpr const instrument* find_instrument(std::string_view name) noexcept {
    for (const instrument& i : instruments)
        if (i.name == name) return &i;
    return nullptr;
}

} // namespace kf::cal
