// SPDX-License-Identifier: MIT
#pragma once
/// A comb and its vernier as routines draw them: the teeth of cal/patterns/combs without spine and numbers, each
/// reached by a travel of its own from the side of one's choice. The comb has a line each millimetre on both sides of
/// its zero, the vernier twenty on nineteen; the zeros are the longest lines.

#include <kf/cal/patterns/combs.hpp>
#include <kf/cal/routine_marks.hpp>

namespace kf::cal {

inline constexpr vernier comb_vernier{1, 20};

/// A comb of routines, to be read without numbers. `spare`: lines beyond either end of a vernier that is not displaced.
[[nodiscard]] inline comb_strokes routine_comb(int spare, comb_strokes::side from = comb_strokes::side::low) {
    return {.scale = comb_vernier, .from = from, .run_up = 3, .spare = spare, .zero_tooth = 6};
}

/// The comb lies on one side of the line through `zero`, its vernier on the other.
inline void add_comb(sheet& s, const machine::machine& m, const comb_strokes& c, comb_strokes::part which,
                     job::point zero, comb_axis axis) {
    const mm lead = c.from == comb_strokes::side::low ? -c.run_up : c.run_up;
    const int way = which == comb_strokes::part::main ? 1 : -1;
    for (const comb_tooth& t : teeth_of(c, which)) {
        const auto along = [&](mm at) {
            return axis == comb_axis::x ? job::point{zero.x + at, zero.y} : above(m, zero, at);
        };
        const job::point p = along(t.at);
        s.come_from(along(t.at + lead));
        if (axis == comb_axis::x)
            s.line({p, {p.x, p.y - way * t.length}});
        else
            s.line({p, {p.x + way * t.length, p.y}});
    }
}

} // namespace kf::cal
