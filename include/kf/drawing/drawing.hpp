// SPDX-License-Identifier: MIT
#pragma once
/// A drawing: the polylines of each layer in canvas millimetres, before any order, simplification or pen is chosen.
/// Importers (svg/svg) make it; drawing/page, drawing/simplify and drawing/order change it; job/operation makes a job
/// of it.

#include <kf/drawing/pen.hpp>
#include <kf/drawing/point.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kf::drawing {

/// Pen down at the first point, up at the last. One point alone is a dot. A closed line ends in its first point,
/// exactly.
using polyline = std::vector<point>;

[[nodiscard]] inline bool closed(const polyline& line) noexcept {
    return line.size() > 2 && line.front() == line.back();
}

/// What one pen draws. The number is the pen's: from the name when it begins with one ("2-red"), else by position.
struct layer {
    int number = 1;
    std::string name = {};
    std::vector<polyline> lines = {};
    std::string colour = {};           ///< "#rrggbb", or empty: not known, or more than one
    std::string pen = {};              ///< the name of one of drawing::pens; empty: the tool as it is
    std::string tool = {};             ///< of machine.yaml; empty: whatever the whole drawing is drawn with
    std::optional<mm_per_s> feed = {}; ///< none: the whole drawing's
};

/// How far the drawing is from its source.
enum class note_kind {
    told,    ///< as it should be on paper, and worth knowing: outlines of fills, what nobody can see
    lacking, ///< something that a viewer shows is not drawn, or is drawn otherwise
    wrong    ///< the source breaks its own rules; drawn up to there
};

/// Something to tell about the source: one note a kind, with the line (from 1) of the first place.
struct note {
    std::size_t line = 0;
    std::string text = {};
    note_kind kind = note_kind::told;
    bool operator==(const note&) const = default;
};

struct drawing {
    mm width = 0, height = 0; ///< the page
    std::vector<layer> layers = {};
    std::vector<pen> pens = {}; ///< of the layers, each with its own name
    std::vector<note> notes = {};
    double scale = 1; ///< how much larger filters made it than its source says
};

[[nodiscard]] inline std::size_t line_count(const drawing& d) noexcept {
    std::size_t n = 0;
    for (const layer& l : d.layers) n += l.lines.size();
    return n;
}

[[nodiscard]] inline std::size_t point_count(const std::vector<polyline>& lines) noexcept {
    std::size_t n = 0;
    for (const polyline& line : lines) n += line.size();
    return n;
}

[[nodiscard]] inline std::size_t point_count(const drawing& d) noexcept {
    std::size_t n = 0;
    for (const layer& l : d.layers) n += point_count(l.lines);
    return n;
}

/// Whether the paper will show what the source shows.
[[nodiscard]] inline bool is_faithful(const drawing& d) noexcept {
    return std::all_of(d.notes.begin(), d.notes.end(), [](const note& n) { return n.kind == note_kind::told; });
}

} // namespace kf::drawing
