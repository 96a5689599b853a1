// SPDX-License-Identifier: MIT
#pragma once
/// A preview of characters: braille, of which each has two by four dots, or plain ones of one by two. Travel is not
/// among it: with so few dots it would hide the ink.

#include <kf/preview/legend.hpp>
#include <kf/preview/raster.hpp>
#include <kf/preview/scene.hpp>
#include <kf/sink/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kf::preview {

enum class glyphs { braille, plain };

struct screen_options {
    std::size_t columns = 80, rows = 24; ///< of all of it, the legend included
    glyphs of = glyphs::braille;
    bool coloured = false;
};

namespace detail {

/// Dots, each with what was seen there last.
class dot_grid {
    raster_size size_;
    std::vector<std::uint16_t> seen_;

  public:
    static constexpr std::uint16_t nothing = 0, frame = 1, taken = 2, ink = 3; ///< and behind it ink of other tints

    explicit dot_grid(raster_size size)
      : size_(size)
      , seen_(size.width * size.height, nothing) {}

    [[nodiscard]] raster_size size() const noexcept { return size_; }
    [[nodiscard]] std::uint16_t at(std::size_t x, std::size_t y) const noexcept { return seen_[y * size_.width + x]; }
    void line(point a, point b, double reach, std::uint16_t what) noexcept {
        each_covered(size_, a, b, std::max(reach, 0.5), [&](std::size_t x, std::size_t y, double share) {
            if (share >= 0.5) seen_[y * size_.width + x] = what;
        });
    }
};

/// Escape codes of the eight colours that every terminal has.
inline std::string terminal_colour(colour_by by, std::size_t tint, std::size_t count) {
    constexpr std::array<int, 6> order{34, 36, 32, 33, 31, 35}, apart{39, 34, 33, 32, 35, 36};
    if (by != colour_by::order) return fmt::format("\x1b[{}m", apart[tint % apart.size()]);
    return fmt::format("\x1b[{}m",
                       order[std::min(tint * order.size() / std::max<std::size_t>(count, 1), order.size() - 1)]);
}

} // namespace detail

/// Lines without a newline at their ends, and without blanks there.
[[nodiscard]] inline std::vector<std::string> text_picture(const scene& s, const screen_options& how,
                                                           const view_options& view = {}) {
    using detail::dot_grid;
    const auto legend = legend_of(s, view.by);
    const tints colours(s, view.by);
    const std::size_t wide = how.of == glyphs::braille ? 2 : 1, high = how.of == glyphs::braille ? 4 : 2;
    const std::size_t rows = std::max<std::size_t>(how.rows > legend.size() ? how.rows - legend.size() : 1, 4);
    const std::size_t columns = std::max<std::size_t>(how.columns, 4);
    dot_grid dots({columns * wide, rows * high});
    const rectangle all = s.bounds();
    const auto room = [](std::size_t n) { return static_cast<double>(n) - 1; };
    const double scale = std::min(room(dots.size().width) / std::max(all.width(), 1e-3),
                                  room(dots.size().height) / std::max(all.height(), 1e-3));
    // A little off the middle, so that a line between two rows of dots takes one of them and not both.
    constexpr double middle = 0.5001;
    const auto seen = [&](point p) {
        return point{(p.x - all.left) * scale + middle, (p.y - all.top) * scale + middle};
    };
    const auto frame = [&](const rectangle& r, std::uint16_t what) {
        const point corners[] = {{r.left, r.top}, {r.right, r.top}, {r.right, r.bottom}, {r.left, r.bottom}};
        for (std::size_t i = 0; i < 4; ++i) dots.line(seen(corners[i]), seen(corners[(i + 1) % 4]), 0, what);
    };
    frame(s.canvas, dot_grid::frame);
    if (s.page) frame(*s.page, dot_grid::frame);
    for (const taken_place& k : s.keep_outs) {
        if (const auto* r = std::get_if<rectangle>(&k.area))
            frame(*r, dot_grid::taken);
        else {
            const auto& d = std::get<machine::disc>(k.area);
            const point centre = seen({d.centre.x, d.centre.y});
            dots.line(centre, centre, d.radius * scale, dot_grid::taken);
        }
    }
    for (std::size_t i = 0; i < s.strokes.size(); ++i) {
        const auto line = s.strokes[i];
        const auto what = static_cast<std::uint16_t>(dot_grid::ink + colours.of(i));
        const double reach = view.pen_width / 2 * scale;
        if (line.size() == 1) dots.line(seen(line[0]), seen(line[0]), reach, what);
        for (std::size_t j = 1; j < line.size(); ++j) dots.line(seen(line[j - 1]), seen(line[j]), reach, what);
    }

    const auto code_of = [&](std::uint16_t what) -> std::string {
        if (!how.coloured || what == dot_grid::nothing) return {};
        if (what == dot_grid::frame) return "\x1b[2m";
        if (what == dot_grid::taken) return "\x1b[31m";
        return detail::terminal_colour(view.by, what - dot_grid::ink, colours.count());
    };
    constexpr const char* plain = "\x1b[0m";
    std::vector<std::string> lines;
    for (std::size_t row = 0; row < rows; ++row) {
        std::string line, blanks, in_force;
        for (std::size_t column = 0; column < columns; ++column) {
            unsigned bits = 0;
            std::uint16_t most = dot_grid::nothing;
            for (std::size_t x = 0; x < wide; ++x)
                for (std::size_t y = 0; y < high; ++y)
                    most = std::max(most, dots.at(column * wide + x, row * high + y));
            if (most == dot_grid::nothing) {
                blanks += ' ';
                continue;
            }
            // In a cell of one colour, and of plain characters, a frame beside ink would look like ink.
            const std::uint16_t least = how.of == glyphs::plain ? std::min(most, dot_grid::ink) : dot_grid::frame;
            for (std::size_t x = 0; x < wide; ++x)
                for (std::size_t y = 0; y < high; ++y)
                    if (dots.at(column * wide + x, row * high + y) >= least)
                        bits |= y < 3 ? 1u << (x * 3 + y) : 0x40u << x;
            line += blanks;
            blanks.clear();
            if (const std::string code = code_of(most); code != in_force) {
                if (!in_force.empty()) line += plain;
                line += code;
                in_force = code;
            }
            if (how.of == glyphs::plain)
                line += most == dot_grid::taken   ? 'x'
                        : most == dot_grid::frame ? (bits == 3 ? '|' : '-')
                                                  : ".'.:"[bits];
            else
                append_utf8(line, static_cast<char32_t>(0x2800 + bits));
        }
        if (!in_force.empty()) line += plain;
        lines.push_back(std::move(line));
    }
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    for (const legend_line& l : legend) {
        std::string sample;
        if (how.coloured && l.shows != legend_line::sample::none) {
            const std::size_t first = l.shows == legend_line::sample::tint ? l.tint : 0;
            const std::size_t end = l.shows == legend_line::sample::tint ? l.tint + 1 : colours.count();
            const std::size_t length = l.shows == legend_line::sample::tint ? 2 : 12;
            for (std::size_t i = 0; i < length; ++i)
                sample += detail::terminal_colour(view.by, first + i * (end - first) / length, colours.count()) + "#";
            sample += fmt::format("{} ", plain);
        } else if (l.shows == legend_line::sample::order)
            continue;
        lines.push_back(sample + l.text);
    }
    return lines;
}

} // namespace kf::preview
