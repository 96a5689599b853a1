// SPDX-License-Identifier: MIT
#pragma once
/// A job as the drawing that it is made of, so that filters (kf/drawing) work on it: job/compose backwards. Nothing is
/// lost in silence. What comes before the first stroke and behind the last one is kept as it is; an operation between
/// strokes that a filter could not keep at its place is refused. Arcs become straight pieces, and are told.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/arc.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/pen_changes.hpp>
#include <kf/job/stroke.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::job {

struct decomposed_job {
    drawing::drawing drawing; ///< a layer has its tool and its feed; the page is 0 x 0 when the job says none
    bool homes = false;       ///< it begins with home_xy
    std::vector<operation> first = {}, last = {}; ///< by themselves: before the first stroke, behind the last one
};

struct decompose_options {
    mm arc_tolerance = 0.01;        ///< between an arc and its pieces
    std::size_t most_layers = 1000; ///< each change of tool or feed is one
};

/// Takes strokes in their order; finish() gives what they are.
class decomposer {
    job_header header_;
    decompose_options options_;
    decomposed_job out_;
    std::optional<point> at_;
    std::string tool_, told_tool_;   // in use; in use behind what is in `first` or `last`
    std::vector<step> between_ = {}; // operations by themselves since the last stroke
    std::size_t row_ = 0, rows_ = 0; // of the current layer in the header; how many of them are layers here
    std::size_t arcs_ = 0, first_arc_ = 0;
    pen_changes pens_;

    [[nodiscard]] drawing::layer layer_of(std::size_t row) const {
        if (row == 0) return {.number = header_.layers.empty() ? 1 : 0};
        const job_layer& l = header_.layers[row - 1];
        return {.number = l.number, .name = l.name, .colour = l.colour, .pen = l.pen};
    }
    void begin(std::size_t row) {
        auto& layers = out_.drawing.layers;
        // Layers without a stroke stay at their place.
        for (; rows_ + 1 < row; ++rows_) layers.push_back(layer_of(rows_ + 1));
        rows_ = std::max(rows_, row);
        row_ = row;
        layers.push_back(layer_of(row));
    }
    result<void> place_for(const stroke& s, std::optional<mm_per_s> feed) {
        auto& layers = out_.drawing.layers;
        const bool other = layers.empty() || row_ != s.layer;
        if (!other && layers.back().tool == tool_ && layers.back().feed == feed) return {};
        if (layers.size() >= options_.most_layers)
            return refuse(s.steps.front(), errc::refused,
                          fmt::format("would begin layer {} of the drawing", options_.most_layers + 1),
                          "each change of tool or feed begins one, and a filter would have nothing to work on");
        begin(s.layer);
        layers.back().tool = tool_;
        layers.back().feed = feed;
        return {};
    }
    /// Operations by themselves, with the tool that they are done with.
    void keep(std::vector<operation>& list) {
        for (step& s : between_) {
            if (const auto* select = std::get_if<select_tool>(&s.op)) {
                tool_ = select->tool;
                continue;
            }
            if (told_tool_ != tool_) list.emplace_back(select_tool{told_tool_ = tool_});
            list.push_back(std::move(s.op));
        }
        between_.clear();
    }
    /// Takes away what the composer writes before a layer: it follows from the layer and its pen.
    result<void> take_pen_changes(const stroke& s) {
        std::vector<operation> expected;
        if (s.layer != 0 && (out_.drawing.layers.empty() || row_ != s.layer))
            expected = pens_.enter(layer_of(s.layer), header_.pens);
        std::size_t matched = 0;
        for (const step& each : between_) {
            if (!changes_pen(each.op)) continue;
            if (matched < expected.size() && each.op == expected[matched]) {
                ++matched;
                continue;
            }
            return refuse(each, errc::refused, "is not what its layer and its pen in the header say",
                          "a filter makes changes of pens anew from the header, and this one would be lost");
        }
        if (matched != expected.size())
            return refuse(s.steps.front(), errc::refused,
                          fmt::format("comes without the {} that its layer and its pen in the header say",
                                      name(expected[matched])),
                          "a filter makes changes of pens anew from the header");
        std::erase_if(between_, [](const step& each) { return changes_pen(each.op); });
        return {};
    }
    result<void> come_to(const stroke& s) {
        KF_CHECK(take_pen_changes(s));
        if (out_.drawing.layers.empty()) {
            keep(out_.first);
            return {};
        }
        for (step& each : between_) {
            if (const auto* select = std::get_if<select_tool>(&each.op))
                tool_ = select->tool;
            else
                return refuse(each, errc::refused, "stands between two strokes",
                              fmt::format("a filter changes strokes and their order, and would not know where it "
                                          "belongs (the next stroke begins at operation {})",
                                          s.first_operation()));
        }
        between_.clear();
        return {};
    }
    result<void> stroke_of(stroke& s) {
        drawing::polyline line;
        std::optional<mm_per_s> feed;
        bool down = false, drawn = false;
        for (step& each : s.steps) {
            const auto same_feed = [&](std::optional<mm_per_s> own) -> result<void> {
                if (!down)
                    return refuse(each, errc::refused, "is a slow travel", "a filter changes the travels of a drawing");
                if (drawn && own != feed)
                    return refuse(each, errc::refused, "goes on with a line at another speed",
                                  "a filter keeps one speed a line");
                feed = own;
                return {};
            };
            if (const auto* travel = std::get_if<rapid_xy>(&each.op))
                at_ = travel->to;
            else if (std::holds_alternative<tool_down>(each.op)) {
                if (down) continue;
                if (!at_)
                    return refuse(each, errc::refused, "begins a stroke at an unknown place",
                                  "rapid_xy has to come before it");
                down = true;
                line.push_back(*at_);
            } else if (const auto* one = std::get_if<linear_move>(&each.op)) {
                KF_CHECK(same_feed(one->feed));
                if (at_ != one->to) line.push_back(one->to);
                at_ = one->to;
                drawn = true;
            } else if (auto* many = std::get_if<draw_polyline>(&each.op)) {
                KF_CHECK(same_feed(many->feed));
                const bool stands_there = at_ == many->points.front();
                at_ = many->points.back();
                if (stands_there && line.size() == 1)
                    line = std::move(many->points);
                else
                    line.insert(line.end(), many->points.begin() + (stands_there ? 1 : 0), many->points.end());
                drawn = drawn || line.size() > 1;
            } else if (const auto* round = std::get_if<draw_arc>(&each.op)) {
                KF_CHECK(same_feed(round->feed));
                const auto a = make_arc(*at_, *round);
                if (!a) return refuse(each, errc::malformed, "is no arc", a.error());
                flatten(*a, options_.arc_tolerance, [&](point p) { line.push_back(p); });
                at_ = round->to;
                drawn = true;
                if (arcs_++ == 0) first_arc_ = each.number;
            } else if (!std::holds_alternative<tool_up>(each.op))
                return refuse(each, errc::refused, "stands inside of a stroke",
                              "a filter changes strokes, and would not know where it belongs");
        }
        KF_CHECK(place_for(s, feed));
        out_.drawing.layers.back().lines.push_back(std::move(line));
        return {};
    }

  public:
    explicit decomposer(job_header header, decompose_options options = {})
      : header_(std::move(header))
      , options_(options) {
        out_.drawing.width = header_.width;
        out_.drawing.height = header_.height;
        out_.drawing.pens = header_.pens;
    }

    [[nodiscard]] result<void> add(stroke s) {
        if (s.draws()) {
            KF_CHECK(come_to(s));
            return stroke_of(s);
        }
        step& one = s.steps.front();
        if (std::holds_alternative<tool_up>(one.op)) return {};
        if (std::holds_alternative<home_xy>(one.op)) {
            at_.reset();
            if (out_.drawing.layers.empty() && between_.empty()) {
                out_.homes = true;
                return {};
            }
        }
        at_ = end_of(one.op, at_);
        between_.push_back(std::move(one));
        return {};
    }
    [[nodiscard]] decomposed_job finish() {
        told_tool_ = tool_;
        keep(out_.last);
        if (told_tool_ != tool_) out_.last.emplace_back(select_tool{tool_});
        while (rows_ < header_.layers.size()) begin(rows_ + 1);
        if (arcs_ != 0)
            out_.drawing.notes.push_back(
                {0, fmt::format("arcs become straight pieces, {} mm from the arc at most ({}, first at operation {})",
                                io::to_decimal(options_.arc_tolerance), arcs_, first_arc_)});
        return std::move(out_);
    }
};

/// `strokes` is a stroke_source of the job that has this header.
template<class Strokes>
[[nodiscard]] result<decomposed_job> decompose(Strokes strokes, job_header header, decompose_options options = {}) {
    decomposer parts(std::move(header), options);
    for (;;) {
        KF_TRY(auto s, strokes());
        if (!s) return parts.finish();
        KF_CHECK(parts.add(*std::move(s)));
    }
}

} // namespace kf::job
