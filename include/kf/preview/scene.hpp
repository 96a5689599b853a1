// SPDX-License-Identifier: MIT
#pragma once
/// What there is to see of a job before it is drawn: its strokes in their order, the travel between them, and what of
/// the machine lies around. All of it in canvas millimetres, as a person looks at the paper. Strokes or G-code in;
/// svg_picture, raster_picture and text_picture show it.

#include <kf/drawing/rectangle.hpp>
#include <kf/error.hpp>
#include <kf/job/arc.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/layer_name.hpp>
#include <kf/job/stroke.hpp>
#include <kf/job/transform.hpp>
#include <kf/machine/way.hpp>
#include <kf/planner/estimate.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf::preview {

using drawing::point;
using drawing::rectangle;

/// Polylines one after the other in one array.
class trails {
    std::vector<point> points_;
    std::vector<std::size_t> begins_;

  public:
    void begin() { begins_.push_back(points_.size()); }
    void add(point p) { points_.push_back(p); }
    [[nodiscard]] std::size_t size() const noexcept { return begins_.size(); }
    [[nodiscard]] std::span<const point> operator[](std::size_t i) const noexcept {
        const std::size_t last = i + 1 < begins_.size() ? begins_[i + 1] : points_.size();
        return std::span(points_).subspan(begins_[i], last - begins_[i]);
    }
    [[nodiscard]] mm length() const noexcept {
        mm sum = 0;
        for (std::size_t i = 0; i < size(); ++i) {
            const auto line = (*this)[i];
            for (std::size_t j = 1; j < line.size(); ++j)
                sum += std::hypot(line[j].x - line[j - 1].x, line[j].y - line[j - 1].y);
        }
        return sum;
    }
};

/// A rectangle or a circle where the head must not go.
struct taken_place {
    std::string name;
    std::variant<rectangle, machine::disc> area; ///< the disc in canvas mm too
    bool stops_travel = true;
};

/// A layer or a pen.
struct named {
    std::string name;
    std::string colour; ///< "#rrggbb", or empty: not known
};

struct scene {
    rectangle canvas, work_area, margin; ///< margin: where ink may be
    std::optional<rectangle> page = {};
    std::vector<taken_place> keep_outs = {};
    trails strokes = {}, travel = {};
    std::vector<std::uint16_t> layer_of = {}, pen_of = {}; ///< of each stroke, an index of the names below
    std::vector<named> layers = {}, pens = {};
    std::size_t ways_blocked = 0; ///< travel with no way round a keep-out, shown straight

    /// Around the canvas, the page and the ink.
    [[nodiscard]] rectangle bounds() const noexcept {
        rectangle all = canvas;
        const auto take = [&](const rectangle& r) {
            all = {std::min(all.left, r.left), std::min(all.top, r.top), std::max(all.right, r.right),
                   std::max(all.bottom, r.bottom)};
        };
        if (page) take(*page);
        for (std::size_t i = 0; i < strokes.size(); ++i)
            for (const point p : strokes[i]) take({p.x, p.y, p.x, p.y});
        return all;
    }
    /// And around the work area.
    [[nodiscard]] rectangle bounds_with_machine() const noexcept {
        const rectangle all = bounds();
        return {std::min(all.left, work_area.left), std::min(all.top, work_area.top),
                std::max(all.right, work_area.right), std::max(all.bottom, work_area.bottom)};
    }
};

/// The machine alone, as the tip of its first tool sees it.
[[nodiscard]] inline scene empty_scene(const machine::machine& m) {
    const auto where = job::place(m, m.tools.front());
    const auto seen = [&](const machine::box& b) {
        const point a = where.to_canvas(b.min), c = where.to_canvas(b.max);
        return rectangle{std::min(a.x, c.x), std::min(a.y, c.y), std::max(a.x, c.x), std::max(a.y, c.y)};
    };
    scene s;
    s.canvas = {0, 0, m.canvas.width_mm, m.canvas.height_mm};
    s.margin = drawing::inset(s.canvas, m.canvas.margin_mm);
    s.work_area = seen(m.work_area());
    for (const machine::keep_out& k : m.keep_outs) {
        taken_place place{k.name, {}, machine::stops_travel(m, m.tools.front(), k)};
        if (const auto* b = std::get_if<machine::box>(&k.area))
            place.area = seen(*b);
        else {
            const machine::disc& d = std::get<machine::disc>(k.area);
            const point centre = where.to_canvas(d.centre);
            place.area = machine::disc{{centre.x, centre.y}, d.radius};
        }
        s.keep_outs.push_back(std::move(place));
    }
    return s;
}

namespace detail {

/// The place of a name in a list, at its end when it is new there.
inline std::uint16_t index_of(std::vector<named>& list, const named& wanted) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const named& n) { return n.name == wanted.name; });
    if (found != list.end()) return static_cast<std::uint16_t>(found - list.begin());
    constexpr std::size_t most = 1000; // more than anybody tells apart
    if (list.size() == most) return most - 1;
    list.push_back(wanted);
    return static_cast<std::uint16_t>(list.size() - 1);
}

/// Puts the strokes of a job into a scene, one after the other.
class stroke_viewer {
    const machine::machine& machine_;
    const job::job_header& header_;
    scene& scene_;
    job::head head_;
    std::size_t layer_ = 0;
    bool down_ = false;

    [[nodiscard]] named layer() const {
        const job::job_layer* l = job::layer_of(header_, layer_);
        return {job::layer_name(header_, layer_), l != nullptr ? l->colour : ""};
    }
    [[nodiscard]] named pen() const {
        const drawing::pen* p = job::pen_of(header_, layer_);
        return p != nullptr ? named{p->name, p->colour} : named{head_.tool().name, {}};
    }

    void travel_to(point to) {
        const job::placement where = head_.where();
        const machine::xy target = where.to_machine(to);
        if (const auto from = head_.at()) {
            const auto way = machine::way_to(machine_, head_.tool(), *from, target);
            scene_.travel.begin();
            scene_.travel.add(where.to_canvas(*from));
            if (way)
                for (const machine::xy p : *way) scene_.travel.add(where.to_canvas(p));
            else {
                ++scene_.ways_blocked;
                scene_.travel.add(to);
            }
        }
        head_.move_to(target);
    }
    void go(point to) {
        if (!down_) return travel_to(to);
        scene_.strokes.add(to);
        head_.move_to(head_.where().to_machine(to));
    }
    void change() { travel_to(head_.where().to_canvas(machine::pen_change_place(machine_))); }
    void lower() {
        if (std::exchange(down_, true)) return;
        scene_.strokes.begin();
        scene_.layer_of.push_back(index_of(scene_.layers, layer()));
        scene_.pen_of.push_back(index_of(scene_.pens, pen()));
        if (const auto at = head_.on_canvas()) scene_.strokes.add(*at);
    }
    result<void> draw(const job::step& s, const job::draw_arc& o) {
        constexpr mm as_seen = 0.02;
        const auto at = head_.on_canvas();
        if (!at) return job::refuse(s, errc::refused, "begins at an unknown place");
        const auto arc = job::make_arc(*at, o);
        if (!arc) return job::refuse(s, errc::malformed, "is no arc", arc.error());
        job::flatten(*arc, as_seen, [&](point p) { go(p); });
        return {};
    }

  public:
    stroke_viewer(const machine::machine& m, const job::job_header& header, scene& s)
      : machine_(m)
      , header_(header)
      , scene_(s)
      , head_(m) {}

    result<void> see(const job::stroke& s) {
        layer_ = s.layer;
        for (const job::step& each : s.steps) KF_CHECK(see(each));
        return {};
    }
    result<void> see(const job::step& s) {
        return std::visit(
            job::overloaded{[&](const job::home_xy&) -> result<void> { return head_.home(), result<void>{}; },
                            [&](const job::select_tool& o) { return head_.select(s, o.tool); },
                            [&](const job::select_pen& o) { return head_.select_pen(s, o.pen); },
                            [&](const job::await_person&) -> result<void> { return change(), result<void>{}; },
                            [&](const job::call_macro&) -> result<void> { return change(), result<void>{}; },
                            [&](const job::rapid_xy& o) -> result<void> { return go(o.to), result<void>{}; },
                            [&](const job::linear_move& o) -> result<void> { return go(o.to), result<void>{}; },
                            [&](const job::draw_polyline& o) -> result<void> {
                                for (const point p : o.points) go(p);
                                return {};
                            },
                            [&](const job::draw_arc& o) { return draw(s, o); },
                            [&](const job::tool_down&) -> result<void> { return lower(), result<void>{}; },
                            [&](const job::tool_up&) -> result<void> { return down_ = false, result<void>{}; },
                            [](const auto&) -> result<void> { return {}; }},
            s.op);
    }
};

} // namespace detail

/// A whole job; it need not fit the machine. `strokes` is a stroke_source, or gives what one gives.
template<class Strokes>
[[nodiscard]] result<scene> scene_of(const machine::machine& m, const job::job_header& header, Strokes&& strokes) {
    scene out = empty_scene(m);
    if (header.width > 0 && header.height > 0) out.page = rectangle{0, 0, header.width, header.height};
    detail::stroke_viewer viewer(m, header, out);
    for (;;) {
        KF_TRY(const auto s, strokes());
        if (!s) return out;
        KF_CHECK(viewer.see(*s));
    }
}

/// G-code as Klipper reads it. Ink is what is farther from the travel height, towards a work height, than a tool that
/// is up may be: a pen may be raised nearly so far. `read` gives pieces of text, an empty one at the end.
template<class Read>
[[nodiscard]] result<scene> scene_of_gcode(const machine::machine& m, const planner::motion_limits& limits,
                                           Read&& read) {
    scene out = empty_scene(m);
    out.layers = {{"G-code", {}}};
    out.pens = {{m.tools.front().name, {}}};
    const job::placement where = job::place(m, m.tools.front());
    const mm up = m.z_states.travel_mm, tolerance = machine::up_tolerance(m);
    const auto is_down = [&](mm z) {
        return std::any_of(m.tools.begin(), m.tools.end(),
                           [&](const machine::tool& t) { return (t.work_mm < up ? up - z : z - up) > tolerance; });
    };
    enum { nowhere, ink, travel } last = nowhere;
    const auto see = [&](const planner::planned_move& move) {
        if (move.start.x == move.end.x && move.start.y == move.end.y) {
            if (!is_down(move.end.z)) last = nowhere;
            return;
        }
        const auto kind = is_down(move.start.z) && is_down(move.end.z) ? ink : travel;
        trails& into = kind == ink ? out.strokes : out.travel;
        if (kind != last) {
            into.begin();
            into.add(where.to_canvas({move.start.x, move.start.y}));
            if (kind == ink) {
                out.layer_of.push_back(0);
                out.pen_of.push_back(0);
            }
        }
        into.add(where.to_canvas({move.end.x, move.end.y}));
        last = kind;
    };
    planner::gcode_estimator estimator(limits);
    for (;;) {
        KF_TRY(const std::string_view text, read());
        if (text.empty()) break;
        KF_CHECK(estimator.feed(text, see));
    }
    KF_TRY(const auto sum, estimator.finish(see));
    (void)sum;
    return out;
}

} // namespace kf::preview
