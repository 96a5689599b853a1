// SPDX-License-Identifier: MIT
#pragma once
/// Leaves out lines that are too short or too long, and layers that are not wanted. Layers stay, with no lines, so that
/// the numbers of pens stay.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/travel.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace kf::drawing {

struct filter_options {
    std::optional<mm> shortest = {}, longest = {}; ///< both stay
    std::vector<int> layers = {};                  ///< the numbers of those that stay; none: all
    std::vector<std::string> names = {};           ///< of those that stay, colours too; none: all
};

[[nodiscard]] inline drawing filter(drawing d, const filter_options& options) {
    const auto among = [](const auto& wanted, const auto& each) {
        return wanted.empty() || std::ranges::find(wanted, each) != wanted.end();
    };
    for (layer& l : d.layers) {
        if (!among(options.layers, l.number) || !among(options.names, l.name)) {
            l.lines.clear();
            continue;
        }
        if (!options.shortest && !options.longest) continue;
        std::erase_if(l.lines, [&](const polyline& line) {
            const mm length = length_of(line);
            return (options.shortest && length < *options.shortest) || (options.longest && length > *options.longest);
        });
    }
    return d;
}

} // namespace kf::drawing
