// SPDX-License-Identifier: MIT
#pragma once
/// The G-code commands that move a Klipper machine or change how it moves, as an interpreter on top of lookahead:
/// coordinates, offsets, F and M220, arcs, dwell, M400, velocity limits. An error is Klipper's own message, word for
/// word, because the simulated printer gives it to clients; estimate.hpp puts it into an error of ours. Cartesian; an
/// extruder when the limits have one. Observed on a live klippy.

#include <kf/planner/gcode_line.hpp>
#include <kf/planner/gcode_number.hpp>
#include <kf/planner/gcode_state.hpp>
#include <kf/planner/lookahead.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::planner {

enum class gcode_effect : std::uint8_t {
    none,    ///< nothing to run in the line
    state,   ///< it changed how later lines act, or does nothing by design
    move,    ///< a move was queued
    stop,    ///< a full stop: G4, M400
    unknown, ///< not one of ours: a macro, homing, another object's command
};

/// The checker of a machine without limits. A checker answers for a move from one place to another with nothing, or
/// with the reason against it ("Move out of range", "Must home axis first").
struct no_limits {
    constexpr std::string_view operator()(const xyz&, const xyz&) const noexcept { return {}; }
};

class gcode_motion {
  public:
    using answer = std::expected<gcode_effect, std::string>;

    explicit gcode_motion(const motion_limits& limits = {}, const xyz& start = {})
      : planner_(limits, start)
      , arc_resolution_(limits.arc_resolution) {
        forget_last();
    }

    /// Runs one line. Finished moves go to `emit` (see lookahead), moves queued by this line carry `tag`.
    template<class Emit, class Check = no_limits>
    answer run(const gcode_line& line, Emit&& emit, std::uint64_t tag = 0, Check&& check = {});

    [[nodiscard]] lookahead& planner() noexcept { return planner_; }
    [[nodiscard]] const lookahead& planner() const noexcept { return planner_; }
    [[nodiscard]] const gcode_state& state() const noexcept { return state_; }

    /// The machine now is at `p` without having moved there (SET_KINEMATIC_POSITION, the end of homing).
    template<class Emit>
    void set_position(const xyz& p, Emit&& emit) {
        planner_.stop(emit);
        planner_.set_position(p);
        forget_last();
    }
    /// A move of the host's own, which no G-code asked for (a Z hop): in machine coordinates, past what transforms do.
    template<class Emit>
    bool move_machine(const xyz& to, mm_per_s speed, Emit&& emit) {
        const bool moves = planner_.move_to(to, speed, emit);
        forget_last();
        return moves;
    }
    /// [skew_correction]: a move goes to X - Y * xy. What is known of the last place stays, as Klipper's does after
    /// SET_SKEW; forget_last() reads it anew.
    void set_skew(double xy) noexcept { skew_ = xy; }
    void forget_last() noexcept {
        const xyz& p = planner_.position();
        state_.last = {p.x + p.y * skew_, p.y, p.z, filament_};
    }
    /// Homing of an axis (0..2) also drops its G92 offset.
    void axis_homed(std::size_t axis) noexcept { state_.base[axis] = state_.homing[axis]; }

  private:
    using maybe = maybe_number;
    static std::string unreadable(const gcode_line& line) {
        return fmt::format("Unable to parse move '{}'", line.text());
    }
    /// The speed of this and the next moves from F; what is wrong with it.
    std::optional<std::string> take_feed(const gcode_line& line) {
        double f = 0;
        const word w = line.read('F', f);
        if (w == word::absent) return std::nullopt;
        if (w == word::unreadable) return unreadable(line);
        if (f <= 0) return fmt::format("Invalid speed in '{}'", line.text());
        state_.speed = f * state_.speed_factor;
        return std::nullopt;
    }
    template<class Emit, class Check>
    answer linear(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check);
    template<class Emit, class Check>
    answer arc(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check);
    template<class Emit, class Check>
    answer go(mm_per_s speed, Emit& emit, std::uint64_t tag, Check& check);
    template<class Emit, class Check>
    answer dispatch(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check);
    template<class Emit, class Check>
    answer extended(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check);
    template<class Emit, class Check>
    answer offset(const gcode_line& line, const named_words& words, Emit& emit, std::uint64_t tag, Check& check);
    template<class Emit, class Check>
    answer restore(const gcode_line& line, const named_words& words, Emit& emit, std::uint64_t tag, Check& check);
    answer acceleration(const gcode_line& line);
    answer velocity_limit(const gcode_line& line, const named_words& words);
    answer zero_here(const gcode_line& line);

    lookahead planner_;
    mm arc_resolution_ = 0;
    double skew_ = 0; ///< tangent of the angle that the X axis is off by
    mm filament_ = 0; ///< where the extruder is
    int plane_ = 17;  ///< of arcs: G17, G18 or G19
    gcode_state state_;
    std::map<std::string, gcode_state, std::less<>> saved_;
};

template<class Emit, class Check>
gcode_motion::answer gcode_motion::run(const gcode_line& line, Emit&& emit, std::uint64_t tag, Check&& check) {
    if (line.command().empty()) return gcode_effect::none;
    answer a = line.letter() == 'G' && (line.number() == 1 || line.number() == 0) ? linear(line, emit, tag, check)
                                                                                  : dispatch(line, emit, tag, check);
    if (!a) forget_last(); // what a refused line had already changed of the target does not stay
    return a;
}

template<class Emit, class Check>
gcode_motion::answer gcode_motion::linear(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check) {
    constexpr std::string_view names = "XYZE";
    for (std::size_t axis = 0; axis < names.size(); ++axis) {
        double value = 0;
        const word w = line.read(names[axis], value);
        if (w == word::absent) continue;
        if (w == word::unreadable) return std::unexpected(unreadable(line));
        bool absolute = state_.absolute;
        if (axis == 3) {
            value *= state_.extrude_factor;
            absolute = absolute && state_.absolute_extrude;
        }
        state_.last[axis] = absolute ? value + state_.base[axis] : state_.last[axis] + value;
    }
    if (auto bad = take_feed(line)) return std::unexpected(*std::move(bad));
    return go(state_.speed, emit, tag, check);
}

/// G2 and G3 in the plane of G17, G18 or G19, about the center that two of I, J and K name: straight moves of at least
/// the resolution each, over which E is spread evenly.
template<class Emit, class Check>
gcode_motion::answer gcode_motion::arc(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check) {
    const auto refused = [](const char* why) { return std::unexpected(std::string(why)); };
    if (!state_.absolute) return refused("G2/G3 does not support relative move mode");
    double radius = 0;
    if (line.read('R', radius) != word::absent) return refused("G2/G3 does not support R moves");
    const std::size_t first = plane_ == 19 ? 1 : 0, second = plane_ == 17 ? 1 : 2, along = 3 - first - second;
    const std::array<double, 4> from = state_.last;
    std::array<double, 4> to = from;
    std::array<double, 3> center{};
    double extrude = 0;
    constexpr std::string_view names = "XYZIJKE";
    for (std::size_t i = 0; i < names.size(); ++i) {
        double value = 0;
        const word w = line.read(names[i], value);
        if (w == word::unreadable) return std::unexpected(unreadable(line));
        if (w == word::absent) continue;
        if (i < 3)
            to[i] = value + state_.base[i];
        else if (i < 6)
            center[i - 3] = value;
        else
            extrude = value * state_.extrude_factor + (state_.absolute_extrude ? state_.base[3] - from[3] : 0.0);
    }
    if (auto bad = take_feed(line)) return std::unexpected(*std::move(bad));
    if (center[first] == 0 && center[second] == 0) return refused("G2/G3 requires IJ, IK or JK parameters");
    // From the center: where the arc begins, where it ends.
    const double bx = -center[first], by = -center[second];
    const double ex = to[first] - from[first] - center[first], ey = to[second] - from[second] - center[second];
    double angle = std::atan2(bx * ey - by * ex, bx * ex + by * ey);
    if (angle < 0) angle += 2 * std::numbers::pi;
    if (line.number() == 2) angle -= 2 * std::numbers::pi;
    if (angle == 0 && from[first] == to[first] && from[second] == to[second]) angle = 2 * std::numbers::pi;
    const double length = std::hypot(std::hypot(bx, by) * angle, to[along] - from[along]);
    const double pieces = std::max(1.0, std::floor(length / arc_resolution_));
    if (!(pieces <= 1e6)) return std::unexpected(unreadable(line));
    answer last = gcode_effect::state;
    for (double i = 1; i <= pieces; ++i) {
        const double c = std::cos(angle * i / pieces), s = std::sin(angle * i / pieces);
        state_.last = to;
        if (i < pieces) {
            state_.last[first] = from[first] + center[first] + bx * c - by * s;
            state_.last[second] = from[second] + center[second] + bx * s + by * c;
            state_.last[along] = from[along] + (to[along] - from[along]) * i / pieces;
        }
        state_.last[3] = from[3] + extrude * i / pieces;
        last = go(state_.speed, emit, tag, check);
        if (!last) return last;
    }
    return last;
}

/// To state_.last.
template<class Emit, class Check>
gcode_motion::answer gcode_motion::go(mm_per_s speed, Emit& emit, std::uint64_t tag, Check& check) {
    const xyz target{state_.last[0] - state_.last[1] * skew_, state_.last[1], state_.last[2]};
    std::string_view refusal;
    if (target != planner_.position()) refusal = check(planner_.position(), target);
    const mm filament = state_.last[3] - filament_;
    if (refusal.empty() && filament != 0 && !planner_.limits().extruder) refusal = "Extrude when no extruder present";
    if (!refusal.empty())
        return std::unexpected(
            fmt::format("{}: {:.3f} {:.3f} {:.3f} [{:.3f}]", refusal, target.x, target.y, target.z, state_.last[3]));
    filament_ = state_.last[3];
    return planner_.move_to(target, speed, emit, tag, filament) ? gcode_effect::move : gcode_effect::state;
}

template<class Emit, class Check>
gcode_motion::answer gcode_motion::dispatch(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check) {
    const int number = line.number();
    if (number < 0) return extended(line, emit, tag, check);
    if (line.letter() == 'G') switch (number) {
        case 2:
        case 3: return arc_resolution_ > 0 ? arc(line, emit, tag, check) : answer(gcode_effect::unknown);
        case 17:
        case 18:
        case 19:
            if (arc_resolution_ <= 0) return gcode_effect::unknown;
            plane_ = number;
            return gcode_effect::state;
        case 4: { // S means nothing to Klipper
            const maybe p = letter_value(line, 'P', {.least = 0.0});
            if (!p) return std::unexpected(p.error());
            planner_.dwell(p->value_or(0) / 1000.0, emit);
            return gcode_effect::stop;
        }
        case 20: return std::unexpected(std::string("Machine does not support G20 (inches) command"));
        case 21: return gcode_effect::state;
        case 90:
        case 91: state_.absolute = number == 90; return gcode_effect::state;
        case 92: return zero_here(line);
        default: return gcode_effect::unknown;
        }
    if (line.letter() == 'M') switch (number) {
        case 82:
        case 83: state_.absolute_extrude = number == 82; return gcode_effect::state;
        case 204: return acceleration(line);
        case 220: {
            const maybe s = letter_value(line, 'S', {.above = 0.0});
            if (!s) return std::unexpected(s.error());
            const double factor = s->value_or(100) / (60.0 * 100.0);
            state_.speed = state_.speed / state_.speed_factor * factor;
            state_.speed_factor = factor;
            return gcode_effect::state;
        }
        case 221: {
            const maybe s = letter_value(line, 'S', {.above = 0.0});
            if (!s) return std::unexpected(s.error());
            const double factor = s->value_or(100) / 100.0;
            state_.base[3] = state_.last[3] - (state_.last[3] - state_.base[3]) / state_.extrude_factor * factor;
            state_.extrude_factor = factor;
            return gcode_effect::state;
        }
        case 400: planner_.stop(emit); return gcode_effect::stop;
        default: return gcode_effect::unknown;
        }
    return gcode_effect::unknown;
}

template<class Emit, class Check>
gcode_motion::answer gcode_motion::extended(const gcode_line& line, Emit& emit, std::uint64_t tag, Check& check) {
    constexpr std::array<std::string_view, 5> names{"SET_VELOCITY_LIMIT", "SET_GCODE_OFFSET", "SAVE_GCODE_STATE",
                                                    "RESTORE_GCODE_STATE", "SET_KINEMATIC_POSITION"};
    std::size_t which = 0;
    while (which < names.size() && !line.is(names[which])) ++which;
    if (which == names.size()) return gcode_effect::unknown;
    const auto words = line.extended();
    if (!words) return std::unexpected(fmt::format("Malformed command '{}'", line.text()));
    if (which == 0) return velocity_limit(line, *words);
    if (which == 1) return offset(line, *words, emit, tag, check);
    if (which == 2) {
        saved_.insert_or_assign(std::string(words->find("NAME").value_or("default")), state_);
        return gcode_effect::state;
    }
    if (which == 3) return restore(line, *words, emit, tag, check);
    planner_.stop(emit); // before it looks at its words: a bad one stops the machine too
    std::array<double, 3> to{planner_.position().x, planner_.position().y, planner_.position().z};
    constexpr std::string_view axes = "XYZ";
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
        const maybe v = named_value(line, *words, axes.substr(axis, 1));
        if (!v) return std::unexpected(v.error());
        to[axis] = v->value_or(to[axis]);
    }
    set_position({to[0], to[1], to[2]}, emit);
    return gcode_effect::stop;
}

template<class Emit, class Check>
gcode_motion::answer gcode_motion::offset(const gcode_line& line, const named_words& words, Emit& emit,
                                          std::uint64_t tag, Check& check) {
    constexpr std::string_view axes = "XYZE";
    std::array<double, 4> delta{};
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
        maybe v = named_value(line, words, axes.substr(axis, 1));
        if (v && !*v) {
            v = named_value(line, words, fmt::format("{}_ADJUST", axes[axis]));
            if (v && *v) **v += state_.homing[axis];
        }
        if (!v) return std::unexpected(v.error());
        if (!*v) continue;
        delta[axis] = **v - state_.homing[axis];
        state_.base[axis] += delta[axis];
        state_.homing[axis] = **v;
    }
    const maybe with_move = named_value(line, words, "MOVE");
    if (!with_move) return std::unexpected(with_move.error());
    if (with_move->value_or(0) == 0) return gcode_effect::state;
    const maybe speed = named_value(line, words, "MOVE_SPEED", {.above = 0.0});
    if (!speed) return std::unexpected(speed.error());
    for (std::size_t axis = 0; axis < axes.size(); ++axis) state_.last[axis] += delta[axis];
    return go(speed->value_or(state_.speed), emit, tag, check);
}

template<class Emit, class Check>
gcode_motion::answer gcode_motion::restore(const gcode_line& line, const named_words& words, Emit& emit,
                                           std::uint64_t tag, Check& check) {
    const std::string_view name = words.find("NAME").value_or("default");
    const auto found = saved_.find(name);
    if (found == saved_.end()) return std::unexpected(fmt::format("Unknown g-code state: {}", name));
    const gcode_state& before = found->second;
    const std::array<double, 4> last = state_.last;
    state_ = before;
    state_.last = last;
    state_.base[3] += last[3] - before.last[3];
    const maybe with_move = named_value(line, words, "MOVE");
    if (!with_move) return std::unexpected(with_move.error());
    if (with_move->value_or(0) == 0) return gcode_effect::state;
    const maybe speed = named_value(line, words, "MOVE_SPEED", {.above = 0.0});
    if (!speed) return std::unexpected(speed.error());
    for (std::size_t axis = 0; axis < 3; ++axis) state_.last[axis] = before.last[axis];
    return go(speed->value_or(state_.speed), emit, tag, check);
}

inline gcode_motion::answer gcode_motion::acceleration(const gcode_line& line) {
    const maybe s = letter_value(line, 'S', {.above = 0.0});
    if (!s) return std::unexpected(s.error());
    std::optional<double> accel = *s;
    if (!accel) {
        const maybe p = letter_value(line, 'P', {.above = 0.0});
        const maybe t = letter_value(line, 'T', {.above = 0.0});
        if (!p) return std::unexpected(p.error());
        if (!t) return std::unexpected(t.error());
        if (!*p || !*t) return gcode_effect::state; // Klipper says that it is invalid and goes on
        accel = std::min(**p, **t);
    }
    motion_limits limits = planner_.limits();
    limits.max_accel = *accel;
    planner_.set_limits(limits);
    return gcode_effect::state;
}

inline gcode_motion::answer gcode_motion::velocity_limit(const gcode_line& line, const named_words& words) {
    const maybe velocity = named_value(line, words, "VELOCITY", {.above = 0.0});
    if (!velocity) return std::unexpected(velocity.error());
    const maybe accel = named_value(line, words, "ACCEL", {.above = 0.0});
    if (!accel) return std::unexpected(accel.error());
    const maybe corner = named_value(line, words, "SQUARE_CORNER_VELOCITY", {.least = 0.0});
    if (!corner) return std::unexpected(corner.error());
    const maybe ratio = named_value(line, words, "MINIMUM_CRUISE_RATIO", {.least = 0.0, .below = 1.0});
    if (!ratio) return std::unexpected(ratio.error());
    motion_limits limits = planner_.limits();
    limits.max_velocity = velocity->value_or(limits.max_velocity);
    limits.max_accel = accel->value_or(limits.max_accel);
    limits.square_corner_velocity = corner->value_or(limits.square_corner_velocity);
    limits.minimum_cruise_ratio = ratio->value_or(limits.minimum_cruise_ratio);
    planner_.set_limits(limits);
    return gcode_effect::state;
}

/// G92.
inline gcode_motion::answer gcode_motion::zero_here(const gcode_line& line) {
    constexpr std::string_view names = "XYZE";
    std::array<std::optional<double>, 4> here;
    bool any = false;
    for (std::size_t axis = 0; axis < names.size(); ++axis) {
        const maybe v = letter_value(line, names[axis]);
        if (!v) return std::unexpected(v.error());
        here[axis] = *v;
        any = any || here[axis];
    }
    for (std::size_t axis = 0; axis < names.size(); ++axis) {
        if (any && !here[axis]) continue;
        const double factor = axis == 3 ? state_.extrude_factor : 1.0;
        state_.base[axis] = state_.last[axis] - here[axis].value_or(0) * factor;
    }
    return gcode_effect::state;
}

} // namespace kf::planner
