// SPDX-License-Identifier: MIT
#pragma once
/// The pen of an HP-GL plotter: lines of each pen in millimetres, with line types as dashes and the window as a clip.
/// Y grows upwards here; hpgl turns it when the page is known.

#include <kf/drawing/clip.hpp>
#include <kf/drawing/dash.hpp>
#include <kf/drawing/drawing.hpp>
#include <kf/hpgl/hpgl_notes.hpp>
#include <kf/hpgl/hpgl_options.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kf::hpgl {

using drawing::point;
using drawing::polyline;

/// Of the kinds that LT names, what is drawn and left out in turn, in percent of the pattern.
[[nodiscard]] inline std::vector<double> line_type(int number) {
    switch (std::abs(number)) {
    case 1: return {0, 100};
    case 2: return {50, 50};
    case 3: return {70, 30};
    case 4: return {80, 10, 0, 10};
    case 5: return {70, 10, 10, 10};
    case 6: return {50, 10, 10, 10, 10, 10};
    case 7: return {70, 10, 0, 10, 0, 10};
    case 8: return {50, 10, 0, 10, 10, 10, 0, 10};
    default: return {};
    }
}

class hpgl_pen {
  public:
    hpgl_pen(const hpgl_options& options, hpgl_notes& notes)
      : options_(options)
      , notes_(notes)
      , effort_(options.max_clipping) {}

    [[nodiscard]] point at() const noexcept { return at_; }
    [[nodiscard]] bool is_down() const noexcept { return down_; }
    void lower() {
        if (std::exchange(down_, true)) return;
        path_ = {at_};
        dot_ = true;
    }
    void raise() {
        if (path_.size() > 1 || dot_) finish(path_);
        path_.clear();
        down_ = dot_ = false;
    }
    /// Draws when the pen is down.
    void go(point to) {
        at_ = to;
        if (!down_) return;
        if (path_.empty() || path_.back() != to) path_.push_back(to);
        if (path_.size() > options_.max_points) full_ = true;
    }
    /// A figure of its own; the pen stays where it is.
    void draw(std::span<const polyline> figures) {
        for (const polyline& figure : figures) finish(figure);
        dot_ = false;
    }
    /// Everything that follows is drawn otherwise.
    template<class Change>
    void change(Change&& what) {
        finish(path_.size() > 1 ? path_ : polyline{});
        what();
        path_ = down_ ? polyline{at_} : polyline{};
        dot_ = false;
    }
    void choose(int pen) {
        change([&] { pen_ = pen; });
    }
    void dash(std::vector<double> lengths_mm) {
        change([&] { dashes_.lengths = std::move(lengths_mm); });
    }
    void window(std::optional<polyline> corners) {
        change([&] {
            window_.clear();
            if (!corners) return;
            auto r = std::make_shared<drawing::region>();
            r->add({*std::move(corners)}, drawing::fill_rule::nonzero);
            window_.push_back(std::move(r));
        });
    }
    void at_line(std::size_t line) noexcept { line_ = line; }

    /// There is more than the limits allow.
    [[nodiscard]] bool full() const noexcept { return full_; }
    [[nodiscard]] std::map<int, std::vector<polyline>>& layers() noexcept { return layers_; }
    /// How many lines there are of all pens.
    [[nodiscard]] std::size_t drawn() const noexcept {
        std::size_t lines = 0;
        for (const auto& [pen, of_pen] : layers_) lines += of_pen.size();
        return lines;
    }

  private:
    void finish(const polyline& line) {
        if (line.empty() || full_) return;
        if (pen_ == 0)
            return notes_.tell(line_, note_kind::lacking, "SP0 puts the pen away: what follows is not drawn");
        const auto beyond = [&](point p) {
            return !(std::abs(p.x) <= options_.max_coordinate_mm && std::abs(p.y) <= options_.max_coordinate_mm);
        };
        if (std::any_of(line.begin(), line.end(), beyond))
            return notes_.tell(line_, note_kind::wrong,
                               fmt::format("a line reaches farther than {} mm: not drawn", options_.max_coordinate_mm));
        std::vector<polyline> made{line}, kept;
        if (!dashes_.lengths.empty() && line.size() > 1) {
            const double dashes = dashes_.length_of(made) / dashes_.period() * 4;
            full_ = !(dashes < static_cast<double>(options_.max_points));
            if (full_) return;
            made.clear();
            drawing::dash(line, dashes_, drawing::empty_dash::dot, made);
        }
        if (!window_.empty()) {
            full_ = !drawing::clip(made, window_, kept, effort_);
            made = std::move(kept);
            if (made.empty()) notes_.tell(line_, note_kind::told, "lies outside of the window of IW: not drawn");
        }
        for (const polyline& l : made) points_ += l.size();
        full_ = full_ || points_ > options_.max_points;
        auto& lines = layers_[pen_];
        lines.insert(lines.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
    }

    const hpgl_options& options_;
    hpgl_notes& notes_;
    drawing::clip_effort effort_;
    std::map<int, std::vector<polyline>> layers_ = {};
    polyline path_ = {};
    point at_ = {};
    bool down_ = false, full_ = false;
    bool dot_ = false; ///< lowered, and nothing is drawn yet
    int pen_ = 1;      ///< a plot that chooses none is drawn
    drawing::dash_pattern dashes_ = {};
    std::vector<std::shared_ptr<const drawing::region>> window_ = {};
    std::size_t points_ = 0, line_ = 1;
};

} // namespace kf::hpgl
