// SPDX-License-Identifier: MIT
#pragma once
/// A drawing as a job: home, then layer by layer for each line travel, tool down, the line, tool up. A line
/// of very many points is several operations of one stroke; beyond what a stroke holds the tool is lifted in between.
/// The step between the filters of a drawing (kf/drawing) and job/stroke or a job file.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/layer_control.hpp>
#include <kf/drawing/pens.hpp>
#include <kf/error.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/stroke.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::job {

struct compose_options {
    bool home = true;                      ///< begin with home_xy
    std::string tool = "pen";              ///< for layers that are not in `tools`; empty: select none
    std::map<int, std::string> tools = {}; ///< by the layer's number
    std::optional<mm_per_s> feed = {};     ///< none: the tool's own
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
    bool begun_ = false;
    std::string tool_;
    std::size_t entered_ = 0;       // layers whose pen is in the holder
    std::deque<operation> between_; // what comes before the next stroke
    std::string holder_;            // the pen that is in the tool
    drawing::pen drawing_with_;     // as it was selected, without its delay

    result<std::optional<step>> give(operation op) { return step{++number_, std::move(op)}; }

    /// On the grid of a job file, so that what is run at once and what goes through a pipe become the same G-code.
    static double on_grid(double value) noexcept {
        constexpr double grid = 1e6;
        static_assert(job_decimals == 6);
        return std::round(value * grid) / grid;
    }
    static point on_grid(point p) noexcept { return {on_grid(p.x), on_grid(p.y)}; }

    draw_polyline next_piece(const drawing::polyline& points) {
        const std::size_t end = std::min(points.size(), drawn_ + most_operation_points);
        draw_polyline piece{{}, feed()};
        piece.points.reserve(end - drawn_);
        for (; drawn_ < end; ++drawn_) piece.points.push_back(on_grid(points[drawn_]));
        if (drawn_ == points.size() || drawn_ % most_stroke_points == 0) part_ = up;
        return piece;
    }

    /// What a pen's change and a layer's name ask for before its first stroke.
    void enter(const drawing::layer& l) {
        const drawing::layer_control control = drawing::read_layer_control(l.name);
        const drawing::pen* own = drawing::find_pen(*drawing_, l.pen);
        drawing::pen p = own != nullptr ? *own : drawing::pen{};
        const bool first = holder_.empty(), changes = own != nullptr && holder_ != own->name;
        bool paused = false;
        if (changes) {
            using way = drawing::pen_change::way;
            const std::string& text = p.change.text;
            if (p.change.how == way::macro) between_.push_back(call_macro{text});
            if (p.change.how == way::message) between_.push_back(show_message{text});
            // The first one is in the holder before the job begins.
            if (p.change.how == way::pause && !first) {
                between_.push_back(await_person{text.empty() ? drawing::as_message("pen " + own->name) : text});
                paused = true;
            }
            holder_ = own->name;
        }
        if (control.pause && !paused)
            between_.push_back(await_person{drawing::as_message("layer " + drawing::name_of(l))});
        if (control.feed_percent) {
            p.feed.reset();
            p.feed_percent = *control.feed_percent;
        }
        if (options_.feed && !p.feed && p.feed_percent != 100) p.feed = *options_.feed * p.feed_percent / 100;
        p.height_percent = control.height_percent.value_or(p.height_percent);
        const seconds delay = (changes ? p.delay : 0) + control.delay;
        p.delay = 0;
        p.change = {}; // it stands before this
        if (own == nullptr && control.changes_pen()) p.name = drawing::name_of(l);
        for (std::optional<mm_per_s>* speed : {&p.feed, &p.plunge})
            if (*speed) *speed = on_grid(**speed);
        for (double* value : {&p.height, &p.height_percent, &p.feed_percent}) *value = on_grid(*value);
        p.offset = on_grid(p.offset);
        if (p != drawing_with_ || delay > 0) {
            drawing_with_ = p;
            p.delay = on_grid(delay);
            between_.push_back(select_pen{std::move(p)});
        }
    }
    /// None: the pen's own.
    [[nodiscard]] std::optional<mm_per_s> feed() const noexcept {
        const bool own = drawing_with_.feed || drawing_with_.feed_percent != 100;
        return own ? std::nullopt : options_.feed;
    }

  public:
    explicit drawing_source(const drawing::drawing& d, compose_options options = {})
      : drawing_(&d)
      , options_(std::move(options)) {
        if (options_.feed) options_.feed = on_grid(*options_.feed);
    }

    [[nodiscard]] result<std::optional<step>> operator()() {
        if (!std::exchange(begun_, true) && options_.home) return give(home_xy{});
        for (; layer_ < drawing_->layers.size(); ++layer_, line_ = 0) {
            const drawing::layer& l = drawing_->layers[layer_];
            for (; line_ < l.lines.size(); ++line_) {
                const drawing::polyline& points = l.lines[line_];
                if (points.empty()) continue;
                if (begun_layer_ != layer_ + 1) {
                    begun_layer_ = layer_ + 1;
                    return give(begin_layer{begun_layer_});
                }
                const auto own = options_.tools.find(l.number);
                const std::string& tool = own == options_.tools.end() ? options_.tool : own->second;
                if (tool != tool_ && !tool.empty()) {
                    tool_ = tool;
                    return give(select_tool{tool});
                }
                if (entered_ != layer_ + 1) {
                    entered_ = layer_ + 1;
                    enter(l);
                }
                if (!between_.empty()) {
                    operation op = std::move(between_.front());
                    between_.pop_front();
                    return give(std::move(op));
                }
                switch (part_) {
                case travel: part_ = down; return give(rapid_xy{on_grid(points[drawn_ == 0 ? 0 : drawn_ - 1])});
                case down: part_ = draw; return give(tool_down{});
                case draw: return give(next_piece(points));
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
        return std::nullopt;
    }
};

/// A job in memory: a drawing and how it is drawn. Read from its beginning as often as wanted.
class composed_job {
    drawing::drawing drawing_;
    compose_options options_;

  public:
    composed_job(drawing::drawing d, compose_options options)
      : drawing_(std::move(d))
      , options_(std::move(options)) {}

    /// It outlives what is read from it, and stays where it is.
    [[nodiscard]] drawing_source operations() const { return drawing_source(drawing_, options_); }
    [[nodiscard]] job_header header() const { return header_of(drawing_); }
};

} // namespace kf::job
