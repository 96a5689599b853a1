// SPDX-License-Identifier: MIT
#pragma once
/// Level 4: whether what is drawn is what was meant. Four drawings on one sheet, one below the other, each as a file
/// that Klipper runs; a person measures and looks, of the last Klipper tells itself.

#include <kf/cal/level_stand.hpp>
#include <kf/cal/patterns/figure.hpp>
#include <kf/cal/patterns/shapes.hpp>
#include <kf/cal/routine_answers.hpp>
#include <kf/cal/routine_printer.hpp>
#include <kf/cal/routine_run.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/compose.hpp>
#include <kf/job/grid.hpp>

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::cal {

/// `lines` about a place of the canvas, as a job for the first tool that does not home.
[[nodiscard]] inline std::vector<job::operation> operations_of(strokes lines, point at, const machine::machine& m) {
    figure f = moved(one_layer("level", std::move(lines)), at);
    job::lay_on_grid(f);
    job::compose_options how;
    how.home = false;
    how.tool = m.tools.front().name;
    job::drawing_source source(f, std::move(how));
    std::vector<job::operation> out;
    for (auto s = source(); s && *s; s = source()) out.push_back((*s)->op);
    return out;
}

/// Lines one above the other, there and back.
[[nodiscard]] inline strokes hatch(std::size_t count, mm length, mm spacing) {
    strokes out;
    for (std::size_t i = 0; i < count; ++i) {
        const mm y = (static_cast<double>(i) - static_cast<double>(count - 1) / 2) * spacing;
        point from{-length / 2, y}, to{length / 2, y};
        if (i % 2 != 0) std::swap(from, to);
        out.push_back({from, to});
    }
    return out;
}
/// `count` lines in all, 50 of them a stroke: a long job without as many lifts.
[[nodiscard]] inline strokes long_pattern(std::size_t count) {
    constexpr std::size_t a_stroke = 50;
    constexpr mm length = 5, spacing = 0.8;
    strokes out;
    for (std::size_t s = 0; s * a_stroke < count; ++s) {
        const mm left = (static_cast<double>(s) - static_cast<double>(count / a_stroke) / 2) * (length + 1);
        polyline line;
        for (std::size_t i = 0; i <= a_stroke; ++i)
            line.push_back({left + (i % 2 == 0 ? 0 : length), (static_cast<double>(i) - a_stroke / 2.0) * spacing});
        out.push_back(std::move(line));
    }
    return out;
}

template<class Session, sink Sink, answers Answers>
class drawing_level {
    level_stand<Session, Sink>& stand_;
    Answers& answers_;

    /// From the top of the canvas down: 50, 50, 10 and 40 mm high, 10 mm between them.
    [[nodiscard]] point place_of(level_check check) const {
        const auto& canvas = stand_.machine().canvas;
        constexpr mm all = 180;
        const mm top = (canvas.height_mm - all) / 2;
        const mm below = check == level_check::square       ? 25
                         : check == level_check::circle     ? 85
                         : check == level_check::fine_lines ? 125
                                                            : 160;
        return {canvas.width_mm / 2, top + below};
    }
    result<void> draw(level_check check, strokes lines) {
        KF_CHECK(stand_.prepare_with_z());
        routine_steering ends_by_signal;
        KF_CHECK(to_its_end(stand_.draw_file(operations_of(std::move(lines), place_of(check), stand_.machine()),
                                             "kcal-level4.gcode", ends_by_signal)));
        return {};
    }
    /// Of what is asked about it: lengths of 50 mm within half a millimetre, and yes.
    result<verdict> ask_person(const level_row& row) {
        constexpr mm side = 50, allowed = 0.5;
        bool right = true;
        std::string seen;
        for (const question& q : row.asks) {
            KF_TRY(const answer a, answer_of(q, answers_, stand_.out()));
            if (const auto* number = std::get_if<double>(&a))
                right = right && std::fabs(*number - side) <= allowed + 1e-9;
            else
                right = right && std::get<bool>(a);
            seen += fmt::format("{}{}: {}", seen.empty() ? "" : ", ", q.name, to_text(a));
        }
        return verdict_of(right, seen);
    }
    result<verdict> drawn_and_asked(const level_row& row, strokes lines) {
        KF_CHECK(draw(row.check, std::move(lines)));
        return ask_person(row);
    }
    result<verdict> is_long() {
        constexpr std::size_t count = 1000;
        KF_CHECK(draw(level_check::long_job, long_pattern(count)));
        return verdict_of(true, fmt::format("{} lines, to the end of the file", count));
    }

  public:
    drawing_level(level_stand<Session, Sink>& stand, Answers& answers)
      : stand_(stand)
      , answers_(answers) {}

    [[nodiscard]] result<verdict> operator()(const level_row& row) {
        switch (row.check) {
        case level_check::square: return drawn_and_asked(row, cal::square(50));
        case level_check::circle: return drawn_and_asked(row, cal::circle(50));
        case level_check::fine_lines: return drawn_and_asked(row, hatch(20, 20, 0.5));
        default: return is_long();
        }
    }
};

} // namespace kf::cal
