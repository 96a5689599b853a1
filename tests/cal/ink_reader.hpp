// SPDX-License-Identifier: MIT
#pragma once
/// Reads a drawn vernier as a person does: which two teeth meet best. It knows the teeth by their places in the ink and
/// by their order, not by what made them.

#include <kf/cal/patterns/figure.hpp>
#include <kf/cal/vernier.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace cal_test {

/// Places of the upright lines (X of both ends alike) of an ink, from left to right.
inline std::vector<kf::mm> teeth_along_x(const kf::cal::strokes& ink, kf::mm upright = 0.2) {
    std::vector<kf::mm> places;
    for (const auto& line : ink)
        if (line.size() == 2 && std::fabs(line[0].x - line[1].x) < upright && line[0].y != line[1].y)
            places.push_back((line[0].x + line[1].x) / 2);
    std::sort(places.begin(), places.end());
    return places;
}

/// `zero` is how many teeth of the main comb stand before its 0.
inline kf::mm read_vernier(const kf::cal::vernier& v, const std::vector<kf::mm>& main, int zero,
                           const std::vector<kf::mm>& second) {
    kf::cal::coincidence best;
    kf::mm nearest = 1e9;
    for (std::size_t i = 0; i < main.size(); ++i)
        for (std::size_t k = 0; k < second.size(); ++k)
            if (const kf::mm apart = std::fabs(main[i] - second[k]); apart < nearest) {
                nearest = apart;
                best = {static_cast<int>(i) - zero, static_cast<int>(k)};
            }
    return kf::cal::displacement(v, best);
}

} // namespace cal_test
