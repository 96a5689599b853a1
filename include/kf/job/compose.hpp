// SPDX-License-Identifier: MIT
#pragma once
/// A drawing as a job: home, then layer by layer for each line travel, tool down, the line, tool up. A line
/// of very many points is several operations of one stroke; beyond what a stroke holds the tool is lifted in between.
/// The step between the filters of a drawing (kf/drawing) and job/stroke or a job file.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/job/grid.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/pen_changes.hpp>
#include <kf/job/stroke.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::job {

struct compose_options {
    bool home = true;                      ///< begin with home_xy
    std::string tool = "pen";              ///< for layers that are not in `tools` and name none; empty: select none
    std::map<int, std::string> tools = {}; ///< by the layer's number
    std::optional<mm_per_s> feed = {};     ///< for layers that have none; none: the tool's own
    std::vector<operation> first = {}, last = {}; ///< by themselves: behind home_xy, behind the last stroke
};

[[nodiscard]] inline job_header header_of(const drawing::drawing& d) {
    job_header header{.width = d.width, .height = d.height, .pens = d.pens};
    for (const drawing::layer& l : d.layers) header.layers.push_back({l.number, l.name, l.colour, l.pen});
    return header;
}

/// What one draw_polyline gets: well within what a line of a job file may hold.
inline constexpr std::size_t most_operation_points = 50'000;
static_assert(most_stroke_points % most_operation_points == 0);

/// A source of operations, as stroke_source and the job file's writer take them. The drawing has to outlive it.
class drawing_source {
    const drawing::drawing* drawing_;
    compose_options options_;
    std::size_t layer_ = 0, line_ = 0, number_ = 0;
    enum { travel, down, draw, up } part_ = travel; // of the line
    std::size_t drawn_ = 0;                         // points of the line that are in operations
    std::size_t begun_layer_ = 0;                   // its number in the header
    std::size_t first_ = 0, last_ = 0;              // given of options_.first and .last
    bool begun_ = false;
    std::string tool_;
    std::size_t entered_ = 0;       // layers whose pen is in the holder
    std::deque<operation> between_; // what comes before the next stroke
    pen_changes pens_;

    result<std::optional<step>> give(operation op) {
        if (const auto* select = std::get_if<select_tool>(&op)) tool_ = select->tool;
        return step{++number_, std::move(op)};
    }

    [[nodiscard]] const std::string& tool_of(const drawing::layer& l) const {
        const auto own = options_.tools.find(l.number);
        return own != options_.tools.end() ? own->second : l.tool.empty() ? options_.tool : l.tool;
    }
    draw_polyline next_piece(const drawing::polyline& points, std::optional<mm_per_s> feed) {
        const std::size_t end = std::min(points.size(), drawn_ + most_operation_points);
        draw_polyline piece{{}, feed ? std::optional(on_grid(*feed)) : pens_.feed(options_.feed)};
        piece.points.reserve(end - drawn_);
        for (; drawn_ < end; ++drawn_) piece.points.push_back(on_grid(points[drawn_]));
        if (drawn_ == points.size() || drawn_ % most_stroke_points == 0) part_ = up;
        return piece;
    }

  public:
    explicit drawing_source(const drawing::drawing& d, compose_options options = {})
      : drawing_(&d)
      , options_(std::move(options)) {
        if (options_.feed) options_.feed = on_grid(*options_.feed);
    }

    [[nodiscard]] result<std::optional<step>> operator()() {
        if (!std::exchange(begun_, true) && options_.home) return give(home_xy{});
        if (first_ < options_.first.size()) return give(options_.first[first_++]);
        for (; layer_ < drawing_->layers.size(); ++layer_, line_ = 0) {
            const drawing::layer& l = drawing_->layers[layer_];
            for (; line_ < l.lines.size(); ++line_) {
                const drawing::polyline& points = l.lines[line_];
                if (points.empty()) continue;
                if (begun_layer_ != layer_ + 1) {
                    begun_layer_ = layer_ + 1;
                    return give(begin_layer{begun_layer_});
                }
                if (const std::string& tool = tool_of(l); tool != tool_ && !tool.empty())
                    return give(select_tool{tool});
                if (entered_ != layer_ + 1) {
                    entered_ = layer_ + 1;
                    for (operation& op : pens_.enter(l, drawing_->pens)) between_.push_back(std::move(op));
                }
                if (!between_.empty()) {
                    operation op = std::move(between_.front());
                    between_.pop_front();
                    return give(std::move(op));
                }
                switch (part_) {
                case travel: part_ = down; return give(rapid_xy{on_grid(points[drawn_ == 0 ? 0 : drawn_ - 1])});
                case down: part_ = draw; return give(tool_down{});
                case draw: return give(next_piece(points, l.feed));
                case up:
                    part_ = travel;
                    if (drawn_ == points.size()) {
                        drawn_ = 0;
                        ++line_;
                    }
                    return give(tool_up{});
                }
            }
        }
        if (last_ < options_.last.size()) return give(options_.last[last_++]);
        return std::nullopt;
    }
};

/// A job in memory: a drawing and how it is drawn. Read from its beginning as often as wanted.
class composed_job {
    drawing::drawing drawing_;
    compose_options options_;
    std::string meta_;

  public:
    composed_job(drawing::drawing d, compose_options options, std::string meta = {})
      : drawing_(std::move(d))
      , options_(std::move(options))
      , meta_(std::move(meta)) {}

    /// It outlives what is read from it, and stays where it is.
    [[nodiscard]] drawing_source operations() const { return drawing_source(drawing_, options_); }
    [[nodiscard]] job_header header() const {
        job_header header = header_of(drawing_);
        header.meta = meta_;
        return header;
    }
    [[nodiscard]] const drawing::drawing& drawing() const noexcept { return drawing_; }
};

} // namespace kf::job
