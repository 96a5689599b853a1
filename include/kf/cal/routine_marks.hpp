// SPDX-License-Identifier: MIT
#pragma once
/// What routines draw: crosses, ticks and combs at places of the canvas that are known exactly, as operations of a job,
/// each line approached from the side that the routine wants. And what is asked about them: readings of one length,
/// once or several times, as a measurement.

#include <kf/cal/instrument.hpp>
#include <kf/cal/routine_journal.hpp>
#include <kf/cal/routine_step.hpp>
#include <kf/cal/uncertainty.hpp>
#include <kf/drawing/rectangle.hpp>
#include <kf/job/transform.hpp>
#include <kf/machine/machine.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

/// Operations one after the other.
class sheet {
    std::vector<job::operation> operations_;

  public:
    explicit sheet(const std::string& tool) { operations_.emplace_back(job::select_tool{tool}); }

    void home() { operations_.emplace_back(job::home_xy{}); }
    /// The way to the next line begins there, so that the line is reached from that side.
    void come_from(job::point p) { operations_.emplace_back(job::rapid_xy{p}); }
    void line(std::vector<job::point> points, std::optional<mm_per_s> feed = {}) {
        operations_.emplace_back(job::rapid_xy{points.front()});
        operations_.emplace_back(job::tool_down{});
        operations_.emplace_back(job::draw_polyline{std::move(points), feed});
        operations_.emplace_back(job::tool_up{});
    }
    void cross(job::point at, mm size) {
        line({{at.x - size / 2, at.y}, {at.x + size / 2, at.y}});
        line({{at.x, at.y - size / 2}, {at.x, at.y + size / 2}});
    }
    [[nodiscard]] std::vector<job::operation> take() { return std::move(operations_); }
};

/// The canvas less its margin and `inset` more, canvas millimetres.
[[nodiscard]] inline drawing::rectangle free_canvas(const machine::machine& m, mm inset) noexcept {
    const mm edge = m.canvas.margin_mm + inset;
    return {edge, edge, m.canvas.width_mm - edge, m.canvas.height_mm - edge};
}
/// Canvas Y of a place that is `up` mm of machine Y above the canvas point `p`.
[[nodiscard]] inline job::point above(const machine::machine& m, job::point p, mm up) noexcept {
    return {p.x, m.canvas.flip_y ? p.y - up : p.y + up};
}

/// How a length is read: with what, and how often.
struct reading_plan {
    instrument with = instruments[0];
    int times = 1;
};

namespace detail {

inline std::string reading_name(const std::string& length, int k, int times) {
    return times == 1 ? length : fmt::format("{}_{}", length, k);
}

} // namespace detail

/// What a length may be read as, its ends to whole tenths.
[[nodiscard]] inline a_number about(mm wanted, mm tolerance) {
    constexpr double rounding = 1e-6; // 67.2 stays 67.2
    return {std::floor((wanted - tolerance) * 10 + rounding) / 10, std::ceil((wanted + tolerance) * 10 - rounding) / 10,
            "mm"};
}

/// The next reading of a length that lacks; nothing when all are there.
[[nodiscard]] inline std::optional<ask> lacking_reading(const routine_notes& notes, const std::string& length,
                                                        const std::string& text, mm wanted, mm tolerance,
                                                        const reading_plan& plan) {
    for (int k = 1; k <= plan.times; ++k) {
        const std::string name = detail::reading_name(length, k, plan.times);
        if (notes.heard(name)) continue;
        return ask{{name, plan.times == 1 ? text : fmt::format("{} (reading {} of {})", text, k, plan.times),
                    about(wanted, tolerance)}};
    }
    return std::nullopt;
}

/// All of them are there. One reading has the doubt of the instrument; several have that of their scatter. Lengths are
/// compared with each other here, so that a fault of the instrument's graduation is in all of them.
[[nodiscard]] inline result<measurement> reading_of(const routine_notes& notes, const std::string& length,
                                                    const reading_plan& plan) {
    std::vector<double> read;
    for (int k = 1; k <= plan.times; ++k)
        read.push_back(notes.number(detail::reading_name(length, k, plan.times)).value_or(0));
    if (read.size() == 1) return measurement{read[0], plan.with.of_reading().u};
    return compared_mean_of(read, plan.with.resolution);
}

/// "50.24 mm, sure to 0.35 mm"
[[nodiscard]] inline std::string sure_to(const measurement& m, std::string_view unit, int decimals) {
    return fmt::format("{}{}{}, sure to {}{}{}", io::to_decimal(m.value, decimals), unit.empty() ? "" : " ", unit,
                       io::to_decimal(m.expanded(), decimals), unit.empty() ? "" : " ", unit);
}

} // namespace kf::cal
