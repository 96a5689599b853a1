// SPDX-License-Identifier: MIT
#pragma once
/// Drawings by chance, and the ink of a drawing as a set, for the tests of the filters.

#include <kf/drawing/chance.hpp>
#include <kf/drawing/drawing.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

namespace kf::drawing::by_chance {

/// How many strokes a property is tried on: KF_SOAK_STROKES, or few enough for every day.
inline std::size_t strokes() {
    const char* soak = std::getenv("KF_SOAK_STROKES");
    return soak != nullptr ? static_cast<std::size_t>(std::atoll(soak)) : 1000;
}

/// Whole tenths of a millimetre, so that ends often meet. Three layers; dots, closed lines and doubles among them.
inline drawing lines(std::size_t count, std::uint64_t seed) {
    chance random(seed);
    const auto side = static_cast<std::uint32_t>(20 + count / 50);
    const auto anywhere = [&] { return point{random.below(side) / 10.0, random.below(side) / 10.0}; };
    drawing d{.width = 400, .height = 400, .layers = {{1, "ink"}, {2, "red"}, {7, "blue"}}};
    for (std::size_t i = 0; i < count; ++i) {
        polyline line = {anywhere()};
        const std::uint32_t kind = random.below(10);
        for (std::uint32_t n = kind == 0 ? 0 : 1 + random.below(5); n > 0; --n)
            line.push_back(
                {line.back().x + (random.below(21) - 10.0) / 10, line.back().y + (random.below(21) - 10.0) / 10});
        if (kind == 1 && line.size() > 2) line.push_back(line.front());
        auto& into = d.layers[random.below(3)].lines;
        if (kind == 2 && !into.empty()) line = into[random.below(static_cast<std::uint32_t>(into.size()))];
        into.push_back(std::move(line));
    }
    return d;
}

using piece = std::array<double, 4>;

/// The straight pieces of each layer, whichever way they are drawn; a dot is one of no length.
inline std::vector<std::vector<piece>> ink(const drawing& d) {
    std::vector<std::vector<piece>> all;
    for (const layer& l : d.layers) {
        std::vector<piece> pieces;
        for (const polyline& line : l.lines) {
            if (line.size() == 1) pieces.push_back({line[0].x, line[0].y, line[0].x, line[0].y});
            for (std::size_t i = 1; i < line.size(); ++i) {
                const point a = line[i - 1], b = line[i];
                const bool forward = std::pair(a.x, a.y) <= std::pair(b.x, b.y);
                pieces.push_back(forward ? piece{a.x, a.y, b.x, b.y} : piece{b.x, b.y, a.x, a.y});
            }
        }
        std::ranges::sort(pieces);
        all.push_back(std::move(pieces));
    }
    return all;
}

} // namespace kf::drawing::by_chance
