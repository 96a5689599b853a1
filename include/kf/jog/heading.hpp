// SPDX-License-Identifier: MIT
#pragma once
/// Where an arrow key points. X and Y are the machine's own axes; up and down are the tool's: towards the travel height
/// and towards the paper, on whichever side of the travel height that lies (machine/machine.hpp).

#include <kf/machine/machine.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace kf::jog {

enum class heading : std::uint8_t { left, right, nearer, farther, raise, lower };

inline constexpr std::array<heading, 6> headings{heading::left,    heading::right, heading::nearer,
                                                 heading::farther, heading::raise, heading::lower};

[[nodiscard]] constexpr const char* name(heading h) noexcept {
    switch (h) {
    case heading::left: return "left";
    case heading::right: return "right";
    case heading::nearer: return "nearer";
    case heading::farther: return "farther";
    case heading::raise: return "up";
    case heading::lower: return "down";
    }
    return "left";
}

[[nodiscard]] constexpr bool is_vertical(heading h) noexcept { return h == heading::raise || h == heading::lower; }

/// 0, 1, 2 for X, Y, Z.
[[nodiscard]] constexpr std::size_t axis_of(heading h) noexcept {
    return is_vertical(h) ? 2 : h == heading::left || h == heading::right ? 0 : 1;
}

/// The sign of the axis. Z grows or falls towards the paper as the tool has it.
[[nodiscard]] inline double sign_of(heading h, const machine::machine& m, const machine::tool& t) noexcept {
    const double towards_paper = t.work_mm >= m.z_states.travel_mm ? 1 : -1;
    switch (h) {
    case heading::left:
    case heading::nearer: return -1;
    case heading::right:
    case heading::farther: return 1;
    case heading::raise: return -towards_paper;
    case heading::lower: return towards_paper;
    }
    return 1;
}

} // namespace kf::jog
