// SPDX-License-Identifier: MIT
#pragma once
/// A comb and its vernier as routines draw them, each line reached from a side of one's choice. The comb has a line
/// each millimetre on both sides of its zero, the vernier twenty on nineteen; the zeros are the long lines.

#include <kf/cal/routine_marks.hpp>
#include <kf/cal/vernier.hpp>

#include <cstdlib>

namespace kf::cal {

inline constexpr vernier comb_vernier{1, 20};

struct comb {
    enum class along { x, y };
    enum class side { below, above }; ///< of the coordinate from which each line is reached
    job::point zero;
    along axis = along::x;
    bool is_vernier = false;
    int spare = 8; ///< lines of the comb beyond either end of a vernier that is not displaced
    side from = side::below;
};

/// The teeth of the comb lie on one side of the line between the two, those of the vernier on the other.
inline void add_comb(sheet& s, const machine::machine& m, const comb& c) {
    constexpr mm short_line = 4, zero_line = 6, lead = 3;
    const int first = c.is_vernier ? 0 : -c.spare;
    const int last = comb_vernier.divisions + (c.is_vernier ? 0 : c.spare - 1);
    for (int k = first; k <= last; ++k) {
        const mm at = k * (c.is_vernier ? comb_vernier.second_pitch() : comb_vernier.pitch);
        const mm length = (k == 0 ? zero_line : k % 5 == 0 ? short_line : 0.7 * short_line) * (c.is_vernier ? -1 : 1);
        const mm before = at + (c.from == comb::side::below ? -lead : lead);
        if (c.axis == comb::along::x) {
            s.come_from({c.zero.x + before, c.zero.y});
            s.line({{c.zero.x + at, c.zero.y}, {c.zero.x + at, c.zero.y - length}});
        } else {
            const job::point p = above(m, c.zero, at), q = above(m, c.zero, before);
            s.come_from(q);
            s.line({p, {p.x + length, p.y}});
        }
    }
}

} // namespace kf::cal
