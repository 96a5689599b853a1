// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's motion planner: straight moves go in, the same moves come out with the speed at their start, cruise and
/// end and the time spent in each part. Between the G-code interpreter and whoever needs time: the estimate, ETA,
/// motion deadlines, the simulated printer. Same results as Klipper v0.13.0-730 to the last bits of a double, the
/// moments at which it commits moves included (tests/planner/data holds measured figures).
///
/// The model. All speeds are kept as squares, because constant acceleration changes v^2 linearly along the way: a move
/// of d mm can change it by 2*a*d. A junction is limited by the corner (square corner velocity), by the circle that
/// must touch both moves no farther than at their middles, and by what the moves before can accelerate to. A second
/// bookkeeping with a reduced acceleration, a*(1 - minimum_cruise_ratio), caps the top speed of each hill of the speed
/// profile, so that short zigzags don't reach a speed which they would have to leave at once.

#include <kf/planner/motion_limits.hpp>
#include <kf/planner/planned_move.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>
#include <vector>

namespace kf::planner {

namespace detail {
/// By value and unrolled: an initializer_list would go through memory, in the hottest loop there is.
template<class... Others>
[[nodiscard]] inline double least(double a, double b, Others... others) noexcept {
    const double less = b < a ? b : a;
    if constexpr (sizeof...(others) == 0)
        return less;
    else
        return least(less, others...);
}
} // namespace detail

/// The queue of moves whose speeds still depend on what comes next. `emit(const planned_move&)` gets each move once,
/// in order, as soon as nothing that follows can change it; memory is bounded by `most_pending`.
class lookahead {
  public:
    explicit lookahead(const motion_limits& limits = {}, const xyz& start = {}) noexcept
      : limits_(limits)
      , position_(start)
      , z_velocity_(limits.max_z_velocity.value_or(limits.max_velocity))
      , z_accel_(limits.max_z_accel.value_or(limits.max_accel)) {
        if (const auto& e = limits.extruder) {
            e_velocity_ = e->max_extrude_only_velocity.value_or(limits.max_velocity * e->widest_ratio());
            e_accel_ = e->max_extrude_only_accel.value_or(limits.max_accel * e->widest_ratio());
            e_corner_ = e->instantaneous_corner_velocity;
        }
        set_limits(limits);
    }

    /// Queues a straight move at `speed` (clamped to the limits). False when it is too short to be a move (< 1 nm): the
    /// position stays, as in Klipper. `speed` is above 0 and finite. `filament` is how far the extruder goes meanwhile,
    /// or instead.
    template<class Emit>
    bool move_to(const xyz& end, mm_per_s speed, Emit&& emit, std::uint64_t tag = 0, mm filament = 0);

    /// Comes to rest after the last queued move and emits all that is queued. True when there was something to stop.
    template<class Emit>
    bool stop(Emit&& emit);

    /// Stops and stands still for `pause` seconds.
    template<class Emit>
    void dwell(seconds pause, Emit&& emit) {
        stop(emit);
        time_ += pause;
    }

    /// Forgets the queued moves: they will never run (emergency stop). The position stays the end of the last one
    /// queued, as Klipper's does.
    void drop() noexcept;

    /// For moves queued from now on; the Z limits stay those of the configuration.
    void set_limits(const motion_limits& limits) noexcept;
    [[nodiscard]] const motion_limits& limits() const noexcept { return limits_; }

    /// Where the last queued move ends.
    [[nodiscard]] const xyz& position() const noexcept { return position_; }
    /// Declares a place without a move; only when nothing is pending.
    void set_position(const xyz& p) noexcept { position_ = p; }

    /// The end of the last emitted move or dwell, and a jump of that clock (time spent on what is no move).
    [[nodiscard]] seconds time() const noexcept { return time_; }
    void set_time(seconds t) noexcept { time_ = t; }
    [[nodiscard]] std::size_t pending() const noexcept { return speeds_.size() - head_; }

    /// Klipper's queue has no bound. Ours commits its oldest quarter when this many moves are still open: only a path
    /// of more points than this inside one braking distance can notice, and it then plans on the safe side.
    static constexpr std::size_t most_pending = std::size_t{1} << 16;

  private:
    // Squared speeds of a pending move; one cache line, since each release walks over all of them.
    struct speeds {
        double entry_cap;  // the most that the junction before it allows
        double gain;       // the most that it can change v^2
        double cruise_cap; // its speed limit
        double smooth_cap; // entry_cap and gain under the reduced acceleration
        double smooth_gain;
        double entry; // the last three are of the latest walk
        double exit;
        double cruise; // undecided: takes the top of the move before it
    };
    struct path {
        xyz start;
        xyz end;
        xyz direction;
        mm distance;
        mm_per_s2 accel;
        double corner; // junction deviation, mm
        std::uint64_t tag;
        double filament; // mm of it for a mm of way
        bool of_head;
    };
    static constexpr double undecided = -1;
    // Klipper looks for moves to release when this much nominal time was queued since the last look.
    static constexpr seconds first_look = 1.0;
    static constexpr seconds next_look = 0.150;

    enum class until { rest, more_moves };

    void join(speeds& now, const path& now_path, const speeds& before, const path& before_path) const noexcept;
    [[nodiscard]] std::size_t walk_back(until what) noexcept;
    template<class Emit>
    double release(std::size_t count, Emit& emit);

    motion_limits limits_;
    xyz position_;
    mm_per_s z_velocity_;
    mm_per_s2 z_accel_;
    mm_per_s e_velocity_ = 0;
    mm_per_s2 e_accel_ = 0;
    mm_per_s e_corner_ = 0;
    double corner_ = 0;
    mm_per_s2 smooth_accel_ = 0;
    seconds time_ = 0;
    seconds until_look_ = first_look;
    double top_ = 0;       // cruise v^2 of the last released move, which an undecided one takes over
    std::size_t head_ = 0; // pending moves are [head_, size)
    std::vector<speeds> speeds_;
    std::vector<path> paths_;
};

inline void lookahead::set_limits(const motion_limits& limits) noexcept {
    limits_ = limits;
    // The deviation that makes a 90 degree corner come out at exactly the square corner velocity.
    const double scv2 = limits.square_corner_velocity * limits.square_corner_velocity;
    corner_ = scv2 * (std::sqrt(2.0) - 1.0) / limits.max_accel;
    smooth_accel_ = limits.max_accel * (1.0 - limits.minimum_cruise_ratio);
}

inline void lookahead::drop() noexcept {
    speeds_.clear();
    paths_.clear();
    head_ = 0;
    until_look_ = first_look;
}

template<class Emit>
bool lookahead::move_to(const xyz& to, mm_per_s speed, Emit&& emit, std::uint64_t tag, mm filament) {
    xyz d{to.x - position_.x, to.y - position_.y, to.z - position_.z};
    mm distance = std::sqrt(d.x * d.x + d.y * d.y + d.z * d.z);
    const bool of_head = distance >= 1e-9;
    const xyz end = of_head ? to : position_;
    mm_per_s velocity = std::min(speed, limits_.max_velocity);
    mm_per_s2 accel = limits_.max_accel;
    if (!of_head) {
        if (filament == 0) return false;
        d = {};
        distance = std::abs(filament);
        velocity = speed;
        accel = 99999999.9; // whatever the extruder stands
    }
    double smooth_gain = 2.0 * distance * smooth_accel_;
    const double ratio_of_filament = filament / distance;
    if (d.z != 0) { // the whole move is slowed down until its Z part keeps Z's limits
        const double ratio = distance / std::abs(d.z);
        velocity = std::min(velocity, z_velocity_ * ratio);
        accel = std::min(accel, z_accel_ * ratio);
        smooth_gain = std::min(smooth_gain, 2.0 * distance * accel);
    }
    if (filament < 0 || (filament > 0 && d.x == 0 && d.y == 0)) {
        const double per_mm = 1.0 / std::abs(ratio_of_filament);
        velocity = std::min(velocity, e_velocity_ * per_mm);
        accel = std::min(accel, e_accel_ * per_mm);
        smooth_gain = std::min(smooth_gain, 2.0 * distance * accel);
    }
    const double inverse = 1.0 / distance;
    const path p{
        position_,         end,    {d.x * inverse, d.y * inverse, d.z * inverse}, distance, accel, corner_, tag,
        ratio_of_filament, of_head};
    speeds s{0, 2.0 * distance * accel, velocity * velocity, 0, smooth_gain, 0, 0, undecided};
    const bool first = pending() == 0;
    if (!first) join(s, p, speeds_.back(), paths_.back());
    speeds_.push_back(s);
    paths_.push_back(p);
    position_ = end;
    if (first) return true;
    until_look_ -= distance / velocity;
    if (until_look_ <= 0) {
        until_look_ = next_look;
        release(walk_back(until::more_moves), emit);
    }
    if (pending() >= most_pending) {
        (void)walk_back(until::rest);
        const double left_with = release(most_pending / 4, emit);
        speeds& next = speeds_[head_];
        next.entry_cap = std::min(next.entry_cap, left_with);
        next.smooth_cap = std::min(next.smooth_cap, left_with);
    }
    return true;
}

template<class Emit>
bool lookahead::stop(Emit&& emit) {
    until_look_ = first_look;
    const std::size_t count = pending();
    if (count == 0) return false;
    release(walk_back(until::rest), emit);
    return true;
}

/// The most that can be entered with, from the corner between two moves and from the moves themselves.
inline void lookahead::join(speeds& now, const path& now_path, const speeds& before,
                            const path& before_path) const noexcept {
    if (!now_path.of_head || !before_path.of_head) return; // a stop
    double cap = detail::least(now.cruise_cap, before.cruise_cap, before.entry_cap + before.gain);
    if (const double change = now_path.filament - before_path.filament; change != 0) {
        const double v = e_corner_ / std::abs(change);
        cap = std::min(cap, v * v);
    }
    const xyz& u = now_path.direction;
    const xyz& v = before_path.direction;
    const double cosine = -(u.x * v.x + u.y * v.y + u.z * v.z); // of the angle inside the corner: -1 is straight on
    const double sin_half = std::sqrt(std::max(0.5 * (1.0 - cosine), 0.0));
    const double cos_half = std::sqrt(std::max(0.5 * (1.0 + cosine), 0.0));
    if (sin_half < 1.0 && cos_half > 0.0) {
        const double radius = sin_half / (1.0 - sin_half); // per mm of junction deviation
        const double middle = 0.25 * sin_half / cos_half;  // the circle through the middle of a move
        cap = detail::least(cap, radius * now_path.corner * now_path.accel,
                            radius * before_path.corner * before_path.accel, now.gain * middle, before.gain * middle);
    }
    now.entry_cap = cap;
    now.smooth_cap = std::min(cap, before.smooth_cap + before.smooth_gain);
}

/// From the last move to the first: how fast may each be entered so that the machine can rest after the last one? Gives
/// the number of moves that are final: all of them when it shall rest, otherwise those before the last two hilltops.
inline std::size_t lookahead::walk_back(until what) noexcept {
    speeds* const first = speeds_.data() + head_;
    const std::size_t count = pending();
    std::size_t final_count = what == until::rest ? count : 0;
    bool searching = what == until::more_moves;
    double exit = 0;
    double smooth_exit = 0;
    double hilltop = 0;         // the top of the hill which the walk is on; 0 until there is one
    std::size_t open_moves = 0; // behind this one with no cruise speed of their own yet
    for (std::size_t i = count; i-- > 0;) {
        speeds& m = first[i];
        const double reach = exit + m.gain;
        const double smooth_reach = smooth_exit + m.smooth_gain;
        m.exit = exit;
        m.entry = std::min(m.entry_cap, reach);
        m.cruise = undecided;
        const double smooth_entry = std::min(m.smooth_cap, smooth_reach);
        ++open_moves;
        if (smooth_entry < smooth_reach) {                                      // it does more than slow down
            if (open_moves > 1 || smooth_entry + m.smooth_gain > smooth_exit) { // speeds up, and somebody slows down
                if (searching && hilltop > 0) {
                    final_count = i + open_moves;
                    searching = false;
                }
                hilltop = (smooth_entry + smooth_reach) * 0.5;
            }
            m.cruise = detail::least((m.entry + reach) * 0.5, m.cruise_cap, hilltop);
            open_moves = 0;
        }
        exit = m.entry;
        smooth_exit = smooth_entry;
    }
    return final_count;
}

/// Emits the oldest `count` moves with the speeds of the latest walk; gives the v^2 with which the last one ends.
template<class Emit>
double lookahead::release(std::size_t count, Emit& emit) {
    double top = top_;
    double left_with = 0;
    for (const std::size_t end = head_ + count; head_ < end; ++head_) {
        const speeds& s = speeds_[head_];
        const path& p = paths_[head_];
        top = s.cruise == undecided ? std::min(top, s.entry) : s.cruise;
        const double entry = std::min(s.entry, top);
        const double exit = std::min(s.exit, top);
        planned_move m{p.start, p.end, p.direction, p.distance, p.accel};
        m.start_v = std::sqrt(entry);
        m.cruise_v = std::sqrt(top);
        m.end_v = std::sqrt(exit);
        m.wanted_v = std::sqrt(s.cruise_cap);
        const double per_v2 = 0.5 / p.accel;
        const mm speeding_up = (top - entry) * per_v2;
        const mm slowing_down = (top - exit) * per_v2;
        m.accel_t = speeding_up / ((m.start_v + m.cruise_v) * 0.5);
        m.cruise_t = (p.distance - speeding_up - slowing_down) / m.cruise_v;
        m.decel_t = slowing_down / ((m.end_v + m.cruise_v) * 0.5);
        m.at = time_;
        m.tag = p.tag;
        time_ = time_ + m.accel_t + m.cruise_t + m.decel_t;
        left_with = exit;
        emit(m);
    }
    top_ = top;
    if (head_ == speeds_.size()) {
        speeds_.clear();
        paths_.clear();
        head_ = 0;
    } else if (head_ > 256 && head_ > speeds_.size() / 2) {
        speeds_.erase(speeds_.begin(), speeds_.begin() + static_cast<std::ptrdiff_t>(head_));
        paths_.erase(paths_.begin(), paths_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
    return left_with;
}

} // namespace kf::planner
