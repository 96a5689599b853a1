// SPDX-License-Identifier: MIT
#pragma once
/// What test patterns are made of: strokes about 0, 0, in canvas millimetres (+Y down), before a place on the canvas is
/// chosen. A figure is a drawing whose layers are named after what they are, in the order in which they are drawn.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/rectangle.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

using drawing::point;
using drawing::polyline;

using strokes = std::vector<polyline>;
using figure = drawing::drawing;

[[nodiscard]] inline strokes moved(strokes lines, point by) {
    for (polyline& line : lines)
        for (point& p : line) p = {p.x + by.x, p.y + by.y};
    return lines;
}

/// X and Y change places: what measures X measures Y then.
[[nodiscard]] inline strokes mirrored(strokes lines) {
    for (polyline& line : lines)
        for (point& p : line) std::swap(p.x, p.y);
    return lines;
}

inline void append(strokes& to, strokes more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// A further layer; none of no lines.
inline void add_layer(figure& to, drawing::layer l) {
    if (l.lines.empty()) return;
    l.number = static_cast<int>(to.layers.size()) + 1;
    to.layers.push_back(std::move(l));
}

[[nodiscard]] inline figure one_layer(std::string name, strokes lines) {
    figure f;
    add_layer(f, {.name = std::move(name), .lines = std::move(lines)});
    return f;
}

[[nodiscard]] inline figure moved(figure f, point by) {
    for (drawing::layer& l : f.layers) l.lines = moved(std::move(l.lines), by);
    return f;
}

} // namespace kf::cal
