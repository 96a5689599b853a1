// SPDX-License-Identifier: MIT
#pragma once
/// What + and -, < and > choose from.

#include <array>

namespace kf::jog {

inline constexpr std::array<double, 10> speed_factors{0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5};

/// Of a list that grows: the next one after or before `from`, the last one at its end.
template<class List>
[[nodiscard]] double neighbour(const List& list, double from, bool above) {
    double out = from;
    for (const double v : list)
        if (above ? v > from + 1e-9 && (out == from || v < out) : v < from - 1e-9 && (out == from || v > out)) out = v;
    return out;
}

} // namespace kf::jog
