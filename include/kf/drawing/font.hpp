// SPDX-License-Identifier: MIT
#pragma once
/// The single-stroke font: a character becomes strokes, each drawn once, for a pen. ASCII, Latin-1 and most of
/// Latin Extended-A, units, figures above and below the line, some Greek, arrows. drawing/text sets lines of it; what
/// its characters look like is in drawing/font_strokes and drawing/font_composed.

#include <kf/drawing/affine.hpp>
#include <kf/drawing/font_composed.hpp>
#include <kf/drawing/font_strokes.hpp>
#include <kf/drawing/outline.hpp>
#include <kf/drawing/rectangle.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <numbers>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::drawing {

/// A character, ready to be drawn: in units of drawing/font_strokes, Y up, from its left edge on the baseline.
struct glyph {
    struct part {
        const char* strokes;
        affine to_glyph;
    };
    char32_t base = 0; ///< the letter below its marks, for kerning
    double advance = 0;
    std::vector<part> parts = {};
};

/// Appends its lines as `to_mm` maps units to millimetres, within the tolerance of `limits` there.
[[nodiscard]] inline outline_fault draw_glyph(const glyph& g, std::vector<polyline>& lines, const affine& to_mm,
                                              const outline_limits& limits = {});

/// In units, Y up: top is the lower edge's number. Nothing for a space.
[[nodiscard]] inline std::optional<rectangle> ink_of(const glyph& g) {
    drawing d{.layers = {{}}};
    if (draw_glyph(g, d.layers[0].lines, {}) != outline_fault::none) return std::nullopt;
    return ink_of(d);
}

namespace detail {

template<class Row, std::size_t N>
const Row* row_of(const Row (&rows)[N], char32_t code) noexcept {
    const Row* found = std::ranges::lower_bound(rows, code, {}, &Row::code);
    return found != std::end(rows) && found->code == code ? found : nullptr;
}

/// Reads the strokes of a row into an outline. The rows are ours, and a test reads each of them.
class stroke_reader {
    const char* at_;
    outline& into_;
    bool begun_ = false;
    point first_ = {}, last_ = {};

    double number() {
        char* end = nullptr;
        const double value = std::strtod(at_, &end);
        at_ = *end == ',' ? end + 1 : end;
        return value;
    }
    void to(point p) {
        if (begun_)
            into_.line_to(p.x, p.y);
        else
            into_.move_to(p.x, p.y);
        if (!std::exchange(begun_, true)) first_ = p;
        last_ = p;
    }
    /// A stroke that comes back to its beginning is closed, exactly.
    point or_first(point p) const noexcept {
        constexpr double near = 1e-6;
        return begun_ && std::abs(p.x - first_.x) < near && std::abs(p.y - first_.y) < near ? first_ : p;
    }
    void arc() {
        const double cx = number(), cy = number(), rx = number(), ry = number();
        const double from = number() * std::numbers::pi / 180, end = number() * std::numbers::pi / 180;
        const double pieces = std::ceil(std::abs(end - from) / (std::numbers::pi / 4) - 1e-9);
        const double step = (end - from) / pieces, pull = 4.0 / 3.0 * std::tan(step / 4);
        const auto place = [&](double t) { return point{cx + rx * std::cos(t), cy + ry * std::sin(t)}; };
        // An arc that goes on where the last one ended would begin with a line of rounding.
        if (const point begin = place(from); !begun_ || std::hypot(begin.x - last_.x, begin.y - last_.y) > 0.01)
            to(begin);
        for (double i = 0; i < pieces; ++i) {
            const double a = from + step * i, b = a + step;
            const point p = place(a), q = or_first(place(b));
            into_.cubic_to(p.x - pull * rx * std::sin(a), p.y + pull * ry * std::cos(a), q.x + pull * rx * std::sin(b),
                           q.y - pull * ry * std::cos(b), q.x, q.y);
            last_ = q;
        }
    }
    void curve() {
        const point c1{number(), number()}, c2{number(), number()}, end = or_first({number(), number()});
        into_.cubic_to(c1.x, c1.y, c2.x, c2.y, end.x, end.y);
        last_ = end;
    }

  public:
    stroke_reader(const char* strokes, outline& into)
      : at_(strokes)
      , into_(into) {
        while (*at_ != '\0') switch (*at_) {
            case ' ': ++at_; break;
            case '/': ++at_, begun_ = false; break;
            case '@': ++at_, arc(); break;
            case '~': ++at_, curve(); break;
            default: {
                const double x = number(), y = number();
                to({x, y});
            }
            }
        into_.finish();
    }
};

} // namespace detail

inline outline_fault draw_glyph(const glyph& g, std::vector<polyline>& lines, const affine& to_mm,
                                const outline_limits& limits) {
    for (const glyph::part& p : g.parts) {
        outline pen(lines, to_mm * p.to_glyph, limits);
        detail::stroke_reader(p.strokes, pen);
        if (pen.fault() != outline_fault::none) return pen.fault();
    }
    return outline_fault::none;
}

[[nodiscard]] inline bool is_mark(char32_t code) noexcept { return detail::row_of(mark_rows, code) != nullptr; }

/// Over the middle of the letter's ink, above what is there already, or below it.
inline void add_mark(glyph& g, char32_t mark) {
    const mark_row* row = detail::row_of(mark_rows, mark);
    if (row == nullptr) return;
    const rectangle ink = ink_of(g).value_or(rectangle{0, 0, g.advance, x_height});
    const double middle = (ink.left + ink.right) / 2;
    using place = mark_row::place;
    const affine there = row->where == place::above         ? translation(middle, ink.bottom)
                         : row->where == place::below_right ? translation(ink.right - 1, 0)
                                                            : translation(middle, 0);
    g.parts.push_back({row->strokes, there});
    // A mark that is wider than its letter keeps clear of the neighbours'.
    constexpr double bearing = 0.5;
    const rectangle all = ink_of(g).value_or(ink);
    if (const double out = bearing - all.left; out > 0) {
        for (glyph::part& p : g.parts) p.to_glyph = translation(out, 0) * p.to_glyph;
        g.advance += out;
    }
    g.advance = std::max(g.advance, all.right + std::max(0.0, bearing - all.left) + bearing);
}

/// Nothing for a character that the font lacks.
[[nodiscard]] inline std::optional<glyph> find_glyph(char32_t code) {
    if (const auto* same = detail::row_of(same_rows, code)) code = same->as;
    if (const auto* own = detail::row_of(glyph_rows, code)) return glyph{code, own->advance, {{own->strokes, {}}}};
    if (is_mark(code)) {
        glyph g{U' ', 12, {}};
        add_mark(g, code);
        return g;
    }
    if (const auto* marked = detail::row_of(marked_rows, code)) {
        auto g = find_glyph(marked->parts.front());
        for (const char32_t mark : marked->parts.substr(1)) add_mark(*g, mark);
        return g;
    }
    if (const auto* row = detail::row_of(small_rows, code)) {
        glyph g{code, row->advance, {}};
        for (const small_part& p : row->parts)
            if (const auto* own = p.of != 0 ? detail::row_of(glyph_rows, p.of) : nullptr)
                g.parts.push_back({own->strokes, translation(p.x, p.y) * scaling(p.scale, p.scale)});
        return g;
    }
    return std::nullopt;
}

/// What is added to the advance of the first when the second follows.
[[nodiscard]] inline double kerning(char32_t first, char32_t second) noexcept {
    for (const kerning_row& row : kerning_rows)
        if (row.first.find(first) != row.first.npos && row.second.find(second) != row.second.npos) return row.by;
    return 0;
}

} // namespace kf::drawing
