// SPDX-License-Identifier: MIT
#pragma once
/// Lets each closed line begin at a point of its own by chance, so that the blots where pens come down do not stand in
/// a row. Before drawing/order with loop_starts::kept, which else chooses starts for travel, or behind it.

#include <kf/drawing/chance.hpp>
#include <kf/drawing/drawing.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kf::drawing {

/// line[i] becomes the beginning and the end. Of a closed line.
inline void begin_at(polyline& line, std::size_t i) {
    line.pop_back();
    std::rotate(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(i), line.end());
    line.push_back(line.front());
}

struct reloop_options {
    std::uint64_t seed = 1;
};

[[nodiscard]] inline drawing reloop(drawing d, const reloop_options& options = {}) {
    chance random(options.seed);
    for (layer& l : d.layers)
        for (polyline& line : l.lines)
            if (closed(line)) begin_at(line, random.below(static_cast<std::uint32_t>(line.size() - 1)));
    return d;
}

} // namespace kf::drawing
