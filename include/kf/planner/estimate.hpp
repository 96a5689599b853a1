// SPDX-License-Identifier: MIT
#pragma once
/// How long a G-code file takes on a Klipper machine: text in any chunks -> seconds and moves, in bounded memory, by
/// Klipper's own planner (lookahead.hpp). The machine starts at rest at 0,0,0, homed, absolute, 25 mm/s, and stops at
/// the end of the file. What it leaves out: the 0.25..0.35 s in which a live machine starts, about 0.3 s for every M400
/// (counted as `barriers`), homing (`homings`; it puts the axes at 0) and commands of others (`unknown`).
/// Its timeline maps bytes of the file to planned seconds, for the ETA of a running file.

#include <kf/error.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/planner/gcode_line.hpp>
#include <kf/planner/gcode_motion.hpp>
#include <kf/planner/lookahead.hpp>
#include <kf/planner/timeline.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::planner {

struct estimate {
    seconds total = 0; ///< moving + dwelling
    seconds moving = 0;
    seconds dwelling = 0;
    mm distance = 0;
    std::uint64_t moves = 0;
    std::uint64_t extruding = 0; ///< lines with a move of E
    std::uint64_t stops = 0;     ///< times at which the machine comes to rest because it is told to, the end included
    std::uint64_t barriers = 0;  ///< M400 among the commands
    std::uint64_t homings = 0;   ///< G28
    std::uint64_t lines = 0;     ///< lines with something to run
    std::uint64_t arcs_left_out = 0; ///< G2 and G3 without [gcode_arcs]: Klipper does not know them
    std::uint64_t unknown = 0;       ///< commands whose time is not known here, counted as 0 s
    std::string first_unknown;       ///< the first of them
    bool unfinished_line = false;    ///< the last line has no newline: Klipper never runs it, nor is it counted here
};

/// Eats a G-code file in chunks.
class gcode_estimator {
  public:
    explicit gcode_estimator(const motion_limits& limits = {})
      : motion_(limits) {}

    /// `each(const planned_move&)` sees every move; its tag is the offset of the byte behind its line. errc::malformed
    /// names the line at which Klipper would stop with an error.
    template<class Each>
    result<void> feed(std::string_view chunk, Each&& each);
    result<void> feed(std::string_view chunk) {
        return feed(chunk, [](const planned_move&) {});
    }
    /// The end of the file.
    template<class Each>
    result<estimate> finish(Each&& each);
    result<estimate> finish() {
        return finish([](const planned_move&) {});
    }
    /// Bytes to planned seconds, so far.
    [[nodiscard]] const timeline& plan() const noexcept { return plan_; }

  private:
    static constexpr std::size_t longest_line = std::size_t{1} << 16;

    template<class Each>
    result<void> run(std::string_view text, Each& each);
    template<class Each>
    void count(const planned_move& m, Each& each) {
        ++sum_.moves;
        if (m.is_of_head()) sum_.distance += m.distance;
        sum_.moving += m.duration();
        plan_.note(m.tag, m.at + m.duration());
        each(m);
    }
    template<class Emit>
    void home(const gcode_line& line, Emit& emit);
    [[nodiscard]] std::unexpected<error> bad_line(std::string_view klipper_says) const;

    gcode_motion motion_;
    estimate sum_;
    timeline plan_;
    std::string tail_; // of the chunk before, up to its end
    std::uint64_t offset_ = 0;
    std::uint64_t line_ = 0;
};

/// A whole file in memory, or behind a stream. errc::io when the stream breaks.
[[nodiscard]] inline result<estimate> estimate_gcode(std::string_view text, const motion_limits& limits = {}) {
    gcode_estimator e(limits);
    KF_CHECK(e.feed(text));
    return e.finish();
}
[[nodiscard]] inline result<estimate> estimate_gcode(std::istream& in, const motion_limits& limits = {}) {
    gcode_estimator e(limits);
    std::vector<char> block(std::size_t{1} << 16);
    while (in) {
        in.read(block.data(), static_cast<std::streamsize>(block.size()));
        KF_CHECK(e.feed({block.data(), static_cast<std::size_t>(in.gcount())}));
    }
    if (in.bad()) return fail(errc::io, "the G-code could not be read to its end");
    return e.finish();
}

template<class Each>
result<void> gcode_estimator::feed(std::string_view chunk, Each&& each) {
    while (!chunk.empty()) {
        const std::size_t newline = chunk.find('\n');
        const std::string_view part = chunk.substr(0, newline);
        if (tail_.size() + part.size() > longest_line) {
            ++line_;
            return bad_line("this is no G-code: the line is longer than 64 KiB");
        }
        if (newline == std::string_view::npos) {
            tail_ += part;
            offset_ += part.size();
            return {};
        }
        chunk.remove_prefix(newline + 1);
        offset_ += newline + 1;
        ++line_;
        if (tail_.empty()) {
            KF_CHECK(run(part, each));
        } else {
            tail_ += part;
            KF_CHECK(run(tail_, each));
            tail_.clear();
        }
    }
    return {};
}

template<class Each>
result<void> gcode_estimator::run(std::string_view text, Each& each) {
    const auto emit = [&](const planned_move& m) { count(m, each); };
    const gcode_line line(text);
    const bool pending = motion_.planner().pending() > 0; // a stop then is one
    const mm filament = motion_.state().last[3];
    const auto effect = motion_.run(line, emit, offset_);
    if (!effect) return bad_line(effect.error());
    if (*effect == gcode_effect::none) return {};
    ++sum_.lines;
    if (*effect == gcode_effect::move && motion_.state().last[3] != filament) ++sum_.extruding;
    if (*effect == gcode_effect::stop) {
        if (pending) ++sum_.stops;
        if (line.letter() == 'M') ++sum_.barriers;
        plan_.note(offset_, motion_.planner().time());
    } else if (*effect == gcode_effect::unknown) {
        const bool homing = line.letter() == 'G' && line.number() == 28;
        const bool motors_off = line.letter() == 'M' && (line.number() == 18 || line.number() == 84);
        if (homing || motors_off) {
            if (pending) ++sum_.stops;
            motion_.planner().stop(emit);
            if (homing) home(line, emit);
            return {};
        }
        if (line.letter() == 'G' && (line.number() == 2 || line.number() == 3)) {
            ++sum_.arcs_left_out;
            return {};
        }
        // Messages, questions and switches that take no time of the motion, and limits that Klipper does not know.
        constexpr std::array<std::string_view, 27> free{"M105",
                                                        "M107",
                                                        "M110",
                                                        "M114",
                                                        "M115",
                                                        "M17",
                                                        "M117",
                                                        "M118",
                                                        "M73",
                                                        "M104",
                                                        "M106",
                                                        "M140",
                                                        "M201",
                                                        "M203",
                                                        "M205",
                                                        "RESPOND",
                                                        "SET_PIN",
                                                        "ECHO",
                                                        "STATUS",
                                                        "CLEAR_PAUSE",
                                                        "SET_IDLE_TIMEOUT",
                                                        "SET_PRESSURE_ADVANCE",
                                                        "SET_PRINT_STATS_INFO",
                                                        "EXCLUDE_OBJECT",
                                                        "EXCLUDE_OBJECT_DEFINE",
                                                        "EXCLUDE_OBJECT_START",
                                                        "EXCLUDE_OBJECT_END"};
        const std::string_view name = line.command().substr(0, line.command().find(' '));
        const auto same = [&](std::string_view known) { return gcode_line(name).is(known); };
        if (std::any_of(free.begin(), free.end(), same)) return {};
        if (sum_.unknown++ == 0) sum_.first_unknown = line.upper_command();
    }
    return {};
}

template<class Emit>
void gcode_estimator::home(const gcode_line& line, Emit& emit) {
    ++sum_.homings;
    const bool all = !line.has('X') && !line.has('Y') && !line.has('Z');
    xyz p = motion_.planner().position();
    if (all || line.has('X')) p.x = 0, motion_.axis_homed(0);
    if (all || line.has('Y')) p.y = 0, motion_.axis_homed(1);
    if (all || line.has('Z')) p.z = 0, motion_.axis_homed(2);
    motion_.set_position(p, emit);
}

template<class Each>
result<estimate> gcode_estimator::finish(Each&& each) {
    sum_.unfinished_line = !gcode_line(tail_).command().empty();
    tail_.clear();
    const auto emit = [&](const planned_move& m) { count(m, each); };
    if (motion_.planner().stop(emit)) ++sum_.stops;
    sum_.total = motion_.planner().time();
    sum_.dwelling = std::max(0.0, sum_.total - sum_.moving);
    plan_.note(offset_, sum_.total);
    if (!std::isfinite(sum_.total))
        return fail({errc::out_of_bounds,
                     "the G-code has coordinates or speeds beyond all measure",
                     "its time comes out as no finite number",
                     {},
                     {"check the X, Y, Z and F words of the file"}});
    return sum_;
}

inline std::unexpected<error> gcode_estimator::bad_line(std::string_view klipper_says) const {
    std::string quote(klipper_says.substr(0, 70));
    if (klipper_says.size() > quote.size()) quote += "...";
    return fail({errc::malformed,
                 fmt::format("Klipper would stop with an error at line {} of the G-code", line_),
                 std::move(quote),
                 {},
                 {fmt::format("correct line {}", line_), "or slice the file again"}});
}

} // namespace kf::planner
