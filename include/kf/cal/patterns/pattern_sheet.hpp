// SPDX-License-Identifier: MIT
#pragma once
/// One page with all patterns that fit, each with its name, what to measure of it, and what a pen and paper do to that.
/// Pure: a machine in, a figure out that lies within the canvas less its margin, and is no wider than a sheet of paper.

#include <kf/cal/patterns/pattern_table.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

namespace detail {

inline constexpr mm sheet_gap = 4, caption_height = 1.6, title_height = 2.6;

struct sheet_block {
    const pattern_row* row;
    figure ink;      ///< its upper left corner is 0, 0
    strokes caption; ///< below it
    mm width = 0, height = 0;
};

/// Words below a block, wrapped to a width; y grows by what they take.
inline void add_caption(strokes& to, std::string_view text, mm size, mm width, mm& y) {
    const auto made = drawing::text_drawing(text, {.height = size, .at = {0, y}, .width = width, .tolerance = 0.05});
    if (!made) return; // not UTF-8: these are our own words
    append(to, made->layers.front().lines);
    y += made->height + 0.8 * size;
}

inline sheet_block block_of(const pattern_row& row, const machine::machine& m) {
    sheet_block b{.row = &row, .ink = row.strokes_of(default_values(row, pattern_use::on_sheet), m)};
    const auto ink = drawing::ink_of(b.ink).value_or(drawing::rectangle{});
    b.ink = moved(std::move(b.ink), {-ink.left, -ink.top});
    constexpr mm least_caption = 38;
    b.width = std::max(ink.width(), least_caption);
    mm y = ink.height() + 2;
    add_caption(b.caption, row.name, title_height, b.width, y);
    add_caption(b.caption, row.measures, caption_height, b.width, y);
    add_caption(b.caption, row.disturbs, caption_height, b.width, y);
    b.height = y;
    return b;
}

/// The highest place on the page where a block lies beside the others, the leftmost of those; nothing where there is
/// none.
inline std::optional<point> free_place(const drawing::rectangle& page, const std::vector<drawing::rectangle>& taken,
                                       mm width, mm height) {
    std::vector<mm> xs{page.left}, ys{page.top};
    for (const drawing::rectangle& r : taken) {
        xs.push_back(r.right + sheet_gap);
        ys.push_back(r.bottom + sheet_gap);
    }
    std::sort(xs.begin(), xs.end());
    std::sort(ys.begin(), ys.end());
    for (const mm y : ys)
        for (const mm x : xs) {
            const drawing::rectangle here{x, y, x + width, y + height};
            const bool free = std::none_of(taken.begin(), taken.end(), [&](const drawing::rectangle& r) {
                return here.left < r.right + sheet_gap && r.left < here.right + sheet_gap &&
                       here.top < r.bottom + sheet_gap && r.top < here.bottom + sheet_gap;
            });
            if (free && drawing::overhang(here, page) == 0) return point{x, y};
        }
    return std::nullopt;
}

struct laid_block {
    std::optional<point> at; ///< none: it finds no place
    sheet_block block;
};
/// Whichever order, the tallest first or the widest or another, leaves the fewest out.
inline std::vector<laid_block> laid_out(std::vector<sheet_block> blocks, const drawing::rectangle& page) {
    using weight = mm (*)(const sheet_block&);
    const weight orders[] = {[](const sheet_block& b) { return b.height; },
                             [](const sheet_block& b) { return b.width; },
                             [](const sheet_block& b) { return b.width * b.height; },
                             [](const sheet_block& b) { return std::max(b.width, b.height); },
                             [](const sheet_block& b) { return b.width + b.height; }};
    std::vector<laid_block> best;
    auto fewest = blocks.size() + 1;
    for (const weight first : orders) {
        std::stable_sort(blocks.begin(), blocks.end(),
                         [&](const sheet_block& a, const sheet_block& b) { return first(a) > first(b); });
        std::vector<drawing::rectangle> taken;
        std::vector<laid_block> made;
        for (const sheet_block& b : blocks) {
            const auto at = free_place(page, taken, b.width, b.height);
            if (at) taken.push_back({at->x, at->y, at->x + b.width, at->y + b.height});
            made.push_back({at, b});
        }
        const auto out = blocks.size() - taken.size();
        if (out >= fewest) continue;
        fewest = out;
        best = std::move(made);
    }
    return best;
}

} // namespace detail

/// Marks of one pattern are layers of their own; all words are the last layer, which may be left out. What finds no
/// place is named in a note; where none does there is no ink.
[[nodiscard]] inline figure pattern_sheet(const machine::machine& m) {
    drawing::rectangle page =
        inset(drawing::rectangle{0, 0, m.canvas.width_mm, m.canvas.height_mm}, std::max(m.canvas.margin_mm, mm{5}));
    constexpr mm widest_paper = 420; // on a larger canvas a row of all patterns would be metres long
    page.right = std::min(page.right, page.left + widest_paper);
    figure f;
    strokes words;
    mm y = page.top;
    detail::add_caption(
        words,
        "kcal sheet: measure the middles of lines. Paper grows 0.1-0.3 % when it gets damp, less along its "
        "fibres; film does not.",
        2, page.width(), y);
    words = moved(std::move(words), {page.left, 0});
    page.top = y + 2;
    std::vector<detail::sheet_block> blocks;
    for (const pattern_row& row : single_patterns())
        if (row.on_sheet) blocks.push_back(detail::block_of(row, m));
    std::vector<std::string> left_out;
    for (auto& [at, b] : detail::laid_out(std::move(blocks), page)) {
        if (!at) {
            left_out.emplace_back(b.row->name);
            continue;
        }
        b.ink = moved(std::move(b.ink), *at);
        for (drawing::pen& p : b.ink.pens) f.pens.push_back(std::move(p));
        for (drawing::layer& l : b.ink.layers) {
            l.name = fmt::format("{}: {}", b.row->name, l.name);
            add_layer(f, std::move(l));
        }
        append(words, moved(std::move(b.caption), *at));
    }
    if (!f.layers.empty()) add_layer(f, {.name = "words", .lines = std::move(words)});
    if (!left_out.empty())
        f.notes.push_back({.text = fmt::format("the canvas has no room for {}: kcal pattern draws them alone",
                                               fmt::join(left_out, ", ")),
                           .kind = drawing::note_kind::told});
    return f;
}

/// All of them.
[[nodiscard]] inline const std::vector<pattern_row>& patterns() {
    static const std::vector<pattern_row> rows = [] {
        std::vector<pattern_row> all = single_patterns();
        all.push_back({"sheet",
                       "what stands beside each pattern of the page",
                       "measure the middles of lines; paper grows 0.1-0.3 % when damp",
                       {},
                       [](const pattern_values&, const machine::machine& m) { return pattern_sheet(m); },
                       false});
        return all;
    }();
    return rows;
}

[[nodiscard]] inline const pattern_row* find_pattern(std::string_view name) {
    const auto& all = patterns();
    const auto found = std::find_if(all.begin(), all.end(), [&](const pattern_row& p) { return name == p.name; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace kf::cal
