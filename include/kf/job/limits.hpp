// SPDX-License-Identifier: MIT
#pragma once
/// Refuses a job that would leave the work area, enter a keep-out, travel where no way round one is left, or put ink
/// outside of the canvas: every XY, the bulge of arcs included, and every Z. It walks the strokes as the generator
/// does, and runs over the whole job before anything of it moves. A refusal names operation, coordinate and limit.

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/arc.hpp>
#include <kf/job/stroke.hpp>
#include <kf/job/transform.hpp>
#include <kf/machine/skew_limits.hpp>
#include <kf/machine/way.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kf::job {

/// Checks one stroke after the other; each has to be from the same job, in order.
class limit_check {
    const machine::machine& machine_;
    head head_;
    double skew_;
    bool down_ = false;

    /// Coordinates are printed with four digits; what rounds onto a limit is on it.
    static constexpr mm rounding = 4e-5;

    struct place_in_job {
        const step& at;
        std::size_t point = 0; ///< of a polyline, from 1
        [[nodiscard]] std::unexpected<error> refuse(errc code, std::string_view what, std::string cause) const {
            return job::refuse(at, code, point != 0 ? fmt::format("point {} {}", point, what) : std::string(what),
                               std::move(cause));
        }
    };

    static std::string mm_text(double v) { return io::to_decimal(v, 4); }

    static result<void> axis_within(const place_in_job& where, std::string_view what, std::string_view axis,
                                    double value, double low, double high) {
        if (value >= low - rounding && value <= high + rounding) return {};
        return where.refuse(
            errc::out_of_bounds, what,
            fmt::format("{} is {} mm, the limit is {} to {} mm.", axis, mm_text(value), mm_text(low), mm_text(high)));
    }
    static result<void> area_within(const place_in_job& where, std::string_view what, std::string_view axis,
                                    double value, double low, double high) {
        auto good = axis_within(where, what, axis, value, low, high);
        if (!good)
            good.error().steps = {"--align centre moves a drawing onto the canvas, --fit gives it the size that "
                                  "fits, --crop canvas cuts it off there"};
        return good;
    }
    result<void> place_as_written(const place_in_job& where, point p) const {
        const machine::xy at = head_.where().to_machine(p);
        const machine::box area = machine_.work_area();
        constexpr std::string_view leaves = "leaves the work area";
        KF_CHECK(area_within(where, leaves, "Machine X", at.x, area.min.x, area.max.x));
        KF_CHECK(area_within(where, leaves, "Machine Y", at.y, area.min.y, area.max.y));
        if (!down_) return {};
        const double margin = machine_.canvas.margin_mm;
        constexpr std::string_view inks = "draws outside of the canvas";
        KF_CHECK(area_within(where, inks, "Canvas X", p.x, margin, machine_.canvas.width_mm - margin));
        return area_within(where, inks, "Canvas Y", p.y, margin, machine_.canvas.height_mm - margin);
    }
    result<void> place_behind_skew(const place_in_job& where, point p) const {
        if (skew_ == 0) return {};
        const machine::box area = machine_.work_area();
        return area_within(where, "leaves the work area behind the skew correction", "Machine X",
                           behind(head_.where().to_machine(p)).x, area.min.x, area.max.x);
    }
    result<void> place_within(const place_in_job& where, point p) const {
        KF_CHECK(place_as_written(where, p));
        return place_behind_skew(where, p);
    }
    [[nodiscard]] machine::xy behind(machine::xy place) const noexcept { return machine::behind_skew(place, skew_); }
    static std::unexpected<error> in_the_way(const place_in_job& where, std::string_view what, machine::xy to,
                                             const machine::keep_out& k) {
        return where.refuse(errc::out_of_bounds, what,
                            fmt::format("The way to machine X {} Y {} mm meets {} ({}).", mm_text(to.x), mm_text(to.y),
                                        io::printable(k.name), machine::area_text(k)));
    }
    /// Of ink.
    result<void> way_is_free(const place_in_job& where, machine::xy from, machine::xy to, mm around = 0) const {
        for (const machine::keep_out& k : machine_.keep_outs)
            if (machine::meets(k, behind(from), behind(to), around))
                return in_the_way(where, "crosses a keep-out", to, k);
        return {};
    }
    result<void> way_exists(const place_in_job& where, machine::xy from, machine::xy to) const {
        const auto way = machine::way_to(machine_, head_.tool(), from, to);
        if (!way) return in_the_way(where, "finds no way round a keep-out", to, *way.error());
        if (skew_ == 0 || machine_.keep_outs.empty()) return {};
        if (const auto met = machine::met_behind_skew(machine_, head_.tool(), from, *way, skew_))
            return in_the_way(where, "comes into a keep-out behind the skew correction", met->to, *met->what);
        for (const machine::xy corner : *way) KF_CHECK(place_within(where, head_.where().to_canvas(corner)));
        return {};
    }
    result<void> line_to(const place_in_job& where, point p) {
        KF_CHECK(place_within(where, p));
        const machine::xy to = head_.where().to_machine(p);
        const machine::xy from = head_.at().value_or(to);
        KF_CHECK(down_ ? way_is_free(where, from, to) : way_exists(where, from, to));
        head_.move_to(to);
        return {};
    }
    result<void> arc_to(const place_in_job& where, const draw_arc& op) {
        const auto start = head_.on_canvas();
        if (!start)
            return where.refuse(errc::refused, "begins at an unknown place",
                                "rapid_xy or home_xy has to come before it");
        const auto a = make_arc(*start, op);
        if (!a) return where.refuse(errc::malformed, "is no arc", a.error());
        point low = a->end, high = a->end;
        for_each_extreme(*a, [&](point p) {
            low = {std::min(low.x, p.x), std::min(low.y, p.y)};
            high = {std::max(high.x, p.x), std::max(high.y, p.y)};
        });
        KF_CHECK(place_as_written(where, low));
        KF_CHECK(place_as_written(where, high));
        result<void> good;
        if (skew_ != 0) { // X turns back where the lean of its motors is a tangent
            const double turns = std::atan(head_.where().flip_y ? skew_ : -skew_);
            for_each_at(*a, turns, std::numbers::pi, [&](point p) {
                if (good) good = place_behind_skew(where, p);
            });
        }
        KF_CHECK(good);
        constexpr mm chord_error = 0.01;
        if (!machine_.keep_outs.empty())
            flatten(*a, chord_error, [&, from = *head_.at()](point p) mutable {
                const machine::xy to = head_.where().to_machine(p);
                if (good) good = way_is_free(where, std::exchange(from, to), to, chord_error);
            });
        KF_CHECK(good);
        head_.move_to(head_.where().to_machine(op.to));
        return {};
    }
    result<void> lower(const place_in_job& where) {
        KF_CHECK(height(where, "lowers the tool out of the work area", head_.work_mm()));
        const auto at = head_.on_canvas();
        if (!at)
            return where.refuse(errc::refused, "lowers the tool at an unknown place",
                                "rapid_xy or home_xy has to come before it");
        down_ = true;
        KF_CHECK(place_within(where, *at));
        return way_is_free(where, *head_.at(), *head_.at());
    }
    result<void> height(const place_in_job& where, std::string_view what, mm z) const {
        return axis_within(where, what, "Machine Z", z, machine_.work_area_min_mm.z, machine_.work_area_mm.z);
    }
    result<void> to_change_place(const place_in_job& where) {
        KF_CHECK(height(where, "lifts the tool out of the work area", machine_.z_states.travel_mm));
        return line_to(where, head_.where().to_canvas(machine::pen_change_place(machine_)));
    }
    result<void> check_step(const step& s) {
        const place_in_job where{s};
        return std::visit(overloaded{[&](const home_xy&) -> result<void> { return head_.home(), result<void>{}; },
                                     [&](const select_tool& o) { return head_.select(s, o.tool); },
                                     [&](const select_pen& o) { return head_.select_pen(s, o.pen); },
                                     [&](const await_person&) { return to_change_place(where); },
                                     [&](const call_macro&) { return to_change_place(where); },
                                     [&](const rapid_xy& o) { return line_to(where, o.to); },
                                     [&](const linear_move& o) { return line_to(where, o.to); },
                                     [&](const draw_polyline& o) -> result<void> {
                                         for (std::size_t i = 0; i < o.points.size(); ++i)
                                             KF_CHECK(line_to({s, i + 1}, o.points[i]));
                                         return {};
                                     },
                                     [&](const draw_arc& o) { return arc_to(where, o); },
                                     [&](const tool_down&) { return down_ ? result<void>{} : lower(where); },
                                     [&](const tool_up&) {
                                         down_ = false;
                                         return height(where, "lifts the tool out of the work area",
                                                       machine_.z_states.travel_mm);
                                     },
                                     [](const auto&) { return result<void>{}; }},
                          s.op);
    }

  public:
    /// `skew` is the tangent of Klipper's skew_correction: its limits are those of where the motors go.
    explicit limit_check(const machine::machine& m, double skew = 0)
      : machine_(m)
      , head_(m)
      , skew_(skew) {}

    [[nodiscard]] result<void> check(const stroke& s) {
        for (const step& each : s.steps) KF_CHECK(check_step(each));
        return {};
    }
};

} // namespace kf::job
