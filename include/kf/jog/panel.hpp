// SPDX-License-Identifier: MIT
#pragma once
/// What stands on the panel of the jog console: one value, made by the console, painted by a page. All that can be
/// unknown is optional, and unknown is painted as unknown.

#include <kf/error.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/units.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::jog {

/// How it stands with Klipper.
enum class contact : std::uint8_t {
    away,      ///< no connection; it is looked for
    starting,  ///< Klipper starts, it may wait for the micro-controller
    ready,     ///< the machine can be moved
    stopped,   ///< shutdown or error: `restart` is what helps
    recovering ///< a restart of ours is under way
};

/// What the console does now. During all but resting, stepping and holding, arrow keys do nothing.
enum class activity : std::uint8_t {
    resting,
    stepping,
    holding,
    homing,
    lifting,
    lowering,
    touching_off,
    travelling,
    drawing,
    console
};

[[nodiscard]] constexpr const char* name(contact c) noexcept {
    switch (c) {
    case contact::away: return "no Klipper";
    case contact::starting: return "starting";
    case contact::ready: return "ready";
    case contact::stopped: return "stopped";
    case contact::recovering: return "recovering";
    }
    return "no Klipper";
}
[[nodiscard]] constexpr const char* name(activity a) noexcept {
    switch (a) {
    case activity::resting: return "resting";
    case activity::stepping: return "stepping";
    case activity::holding: return "jogging";
    case activity::homing: return "homing";
    case activity::lifting: return "tool up";
    case activity::lowering: return "tool down";
    case activity::touching_off: return "touch-off";
    case activity::travelling: return "travelling";
    case activity::drawing: return "drawing";
    case activity::console: return "console";
    }
    return "resting";
}

enum class tool_place : std::uint8_t { unknown, up, down, between };

/// A change of machine.yaml that waits for a yes.
struct origin_proposal {
    mm offset_x = 0, offset_y = 0;
    std::vector<std::string> diff; ///< "-  offset_x_mm: 25.0", "+  offset_x_mm: 31.5"
    bool operator==(const origin_proposal&) const = default;
};

struct panel_message {
    enum class level : std::uint8_t { note, warning, fault };
    level kind = level::note;
    std::string text;
    std::vector<std::string> steps = {}; ///< what to press or to type next
    bool operator==(const panel_message&) const = default;
};

struct panel {
    contact klipper = contact::away;
    std::string reason; ///< of `stopped` or `away`: Klipper's own first line
    activity doing = activity::resting;

    std::optional<klippy::xyz> live;      ///< where the tool is, to a quarter of a second
    std::optional<klippy::xyz> commanded; ///< where it comes to rest
    bool xy_homed = false, z_referenced = false;
    std::string square; ///< how the gantry was set square, as long as its motors hold it (run/square_record.hpp)

    std::string tool;
    tool_place place = tool_place::unknown;
    mm step = 1;
    mm_per_s speed = 0;        ///< of jogging, the factor included
    double speed_factor = 1;   ///< our own; M220 is compensated, never sent
    mm bound = 0;              ///< how far it may run on when a held key is let go, or steps that were tapped
    bool unreferenced = false; ///< steps go by FORCE_MOVE: no reference, no limits
    std::string single_steps;  ///< why a held key makes no long move here; "" when it does
    klippy::xyz low{}, high{}; ///< what can be reached

    bool lowered = false;    ///< the tool, by this console, and it was not up since
    std::string pen_doubt;   ///< why the pen may be down, "" when nothing speaks for it: `home` asks
    std::string foreign;     ///< what somebody else does with the machine, "" when nobody does
    bool stop_armed = false; ///< the emergency stop has a connection of its own
    std::optional<origin_proposal> origin;
    std::size_t strokes_tried = 0, strokes_drawn = 0; ///< of a step job, since the console began
    std::deque<panel_message> messages;               ///< the last ones, newest last
    bool operator==(const panel&) const = default;
};

/// What is said again at once is said once.
inline void add_message(panel& p, panel_message m) {
    constexpr std::size_t kept = 50;
    if (!p.messages.empty() && p.messages.back() == m) return;
    p.messages.push_back(std::move(m));
    if (p.messages.size() > kept) p.messages.pop_front();
}

} // namespace kf::jog
