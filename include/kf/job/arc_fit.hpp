// SPDX-License-Identifier: MIT
#pragma once
/// Operations with the arcs that are in their lines: a draw_polyline becomes draw_arc and draw_polyline in turn, with
/// the number that it had. Of a drawing, a plot, text and a job file alike, as it stands behind all of them.

#include <kf/drawing/arcs.hpp>
#include <kf/error.hpp>
#include <kf/job/operation.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

namespace kf::job {

class arc_fit {
    drawing::arc_fit_options options_;
    std::optional<point> at_ = {}; // nothing after what ends somewhere that is not known here
    std::deque<step> ready_ = {};

    void fit(const step& s, const draw_polyline& op) {
        drawing::polyline line;
        if (at_) line.push_back(*at_);
        for (const point& p : op.points)
            if (line.empty() || line.back() != p) line.push_back(p);
        const auto parts = drawing::fit_arcs(line, options_);
        std::size_t arcs = 0;
        for (const drawing::line_part& part : parts) arcs += part.arc ? 1 : 0;
        if (arcs == 0) return ready_.push_back(s);
        // Without a known place before it, the line begins with its first point.
        if (!at_) ready_.push_back({s.number, draw_polyline{{line.front()}, op.feed}});
        for (const drawing::line_part& part : parts) {
            const point from = line[part.first], to = line[part.last];
            if (part.arc)
                ready_.push_back({s.number, draw_arc{to,
                                                     {part.center.x - from.x, part.center.y - from.y},
                                                     part.clockwise ? turn::clockwise : turn::counter_clockwise,
                                                     op.feed}});
            else
                ready_.push_back({s.number, draw_polyline{{line.begin() + static_cast<std::ptrdiff_t>(part.first) + 1,
                                                           line.begin() + static_cast<std::ptrdiff_t>(part.last) + 1},
                                                          op.feed}});
        }
    }
    void pass(const step& s) {
        if (const auto* line = std::get_if<draw_polyline>(&s.op))
            fit(s, *line);
        else
            ready_.push_back(s);
        at_ = end_of(s.op, at_);
    }

  public:
    explicit arc_fit(drawing::arc_fit_options options)
      : options_(options) {}

    /// The next operation of what `source` gives, a callable that returns result<std::optional<step>>.
    template<class Source>
    [[nodiscard]] result<std::optional<step>> next(Source&& source) {
        while (ready_.empty()) {
            KF_TRY(const auto taken, source());
            if (!taken) return std::nullopt;
            pass(*taken);
        }
        step out = std::move(ready_.front());
        ready_.pop_front();
        return out;
    }
};

} // namespace kf::job
