// SPDX-License-Identifier: MIT
#pragma once
/// Leaves out lines that are too short or too long. Layers stay, be it with no lines, so that the numbers of pens stay;
/// layers are chosen by drawing/layer_choice.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/travel.hpp>

#include <optional>
#include <vector>

namespace kf::drawing {

struct filter_options {
    std::optional<mm> shortest = {}, longest = {}; ///< these stay
};

[[nodiscard]] inline drawing filter(drawing d, const filter_options& options) {
    for (layer& l : d.layers)
        std::erase_if(l.lines, [&](const polyline& line) {
            const mm length = length_of(line);
            return (options.shortest && length < *options.shortest) || (options.longest && length > *options.longest);
        });
    return d;
}

} // namespace kf::drawing
