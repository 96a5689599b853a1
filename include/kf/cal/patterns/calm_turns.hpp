// SPDX-License-Identifier: MIT
#pragma once
/// A line that turns an axis back faster than its motor can makes the machine pause with the pen on the paper: a blot.
/// Layers with such lines (words, zigzags) are drawn at the fastest speed that needs no pause.

#include <kf/cal/patterns/figure.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/reversal_watch.hpp>
#include <kf/machine/machine.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace kf::cal {

namespace detail {

inline bool turns_back(const polyline& line, mm_per_s feed, const machine::machine& m) {
    job::reversal_watch watch;
    for (std::size_t i = 1; i < line.size(); ++i) {
        const double dx = line[i].x - line[i - 1].x, dy = line[i].y - line[i - 1].y, length = std::hypot(dx, dy);
        if (!(length > 0)) continue;
        const machine::xy speed{feed * dx / length, feed * dy / length};
        if (watch.turns_back(speed, machine::reversal_limit(m), m.steppers.direction_reversal_pause_s)) return true;
        watch.moved(speed);
    }
    return false;
}

} // namespace detail

/// `tool` and `feed` are those of layers that name none. A feed that somebody asked for and does not get is told.
[[nodiscard]] inline figure with_calm_turns(figure f, const machine::machine& m, const std::string& tool,
                                            std::optional<mm_per_s> feed) {
    bool lowered = false;
    for (drawing::layer& l : f.layers) {
        const machine::tool* own = machine::find_tool(m, l.tool.empty() ? tool : l.tool);
        const mm_per_s at = l.feed.value_or(feed.value_or((own != nullptr ? *own : m.tools.front()).feed_mm_s));
        if (std::none_of(l.lines.begin(), l.lines.end(),
                         [&](const polyline& line) { return detail::turns_back(line, at, m); }))
            continue;
        lowered = lowered || l.feed || feed;
        l.feed = machine::reversal_limit(m);
    }
    if (lowered)
        f.notes.push_back({.text = fmt::format("lines that turn an axis back are drawn at {} mm/s: faster, the pen "
                                               "would wait on the paper at each turn",
                                               io::to_decimal(machine::reversal_limit(m), 1)),
                           .kind = drawing::note_kind::told});
    return f;
}

} // namespace kf::cal
