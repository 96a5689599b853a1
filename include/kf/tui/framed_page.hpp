// SPDX-License-Identifier: MIT
#pragma once
/// A page is a value: what it shows, what its keys mean, and a frame of both for any size of window. It does nothing: a
/// command is for the core, whose events change the page.
///
/// | expression    | meaning                                     | guarantees                                    |
/// | ------------- | ------------------------------------------- | --------------------------------------------- |
/// | p.paint(size) | the frame, a text_grid of exactly that size | const, no I/O, the same for the same page     |
/// | p.bindings()  | the rows of its keys, as they are now       | its footer and help are made of them          |
///
/// All pages have one frame: a heading, the body, the footer. A window that is too small for the body says so and keeps
/// the keys of rank 0.

#include <kf/tui/binding.hpp>
#include <kf/tui/text_grid.hpp>
#include <kf/tui/wrapped.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace kf::tui {

template<class P>
concept page = requires(const P& p, grid_size size) {
    typename P::command;
    { p.paint(size) } -> std::same_as<text_grid>;
    { p.bindings() } -> std::same_as<binding_table<typename P::command>>;
};

/// What a key means on this page now.
template<page P>
[[nodiscard]] std::optional<typename P::command> command_of(const P& p, const key& k) {
    return command_of(p.bindings(), k);
}

struct frame_parts {
    std::string_view title;                ///< left in the heading
    std::string_view aside = {};           ///< right in it, when there is room
    std::vector<footer_entry> footer = {}; ///< footer_of(bindings)
    grid_size least = {40, 10};            ///< of the whole window, below which the body is not painted
};

/// `body(pane)` paints what is between heading and footer.
template<class Body>
[[nodiscard]] text_grid framed(grid_size size, const frame_parts& parts, Body&& body) {
    text_grid grid(size);
    pane all(grid);
    if (size.columns < parts.least.columns || size.rows < parts.least.rows) {
        all.put(0, 0,
                fmt::format("too small: {}×{}, needs {}×{}", size.columns, size.rows, parts.least.columns,
                            parts.least.rows),
                look::warning);
        std::vector<footer_entry> kept;
        std::ranges::copy_if(parts.footer, std::back_inserter(kept), [](const auto& e) { return e.rank == 0; });
        // In a window of one row the way to stop is worth more than the reason.
        const std::size_t from = size.rows < 2 ? 0 : 1;
        if (from == 0) all.bar(0, "", look::normal);
        paint_footer(all.below(from), kept);
        return grid;
    }
    all.bar(0, fmt::format(" {}", parts.title), look::heading);
    if (width_of(parts.title) + width_of(parts.aside) + 4 <= size.columns)
        all.put_right(0, fmt::format("{} ", parts.aside), look::heading);
    // A third of a small window at most.
    const std::size_t footer =
        std::clamp<std::size_t>(footer_height(parts.footer, size.columns), 1, std::max<std::size_t>(size.rows / 8, 1));
    body(all.part(0, 1, {size.columns, size.rows - footer - 2}));
    all.rule(size.rows - footer - 1);
    paint_footer(all.below(size.rows - footer), parts.footer);
    return grid;
}

/// The help of a page, over the page: all of its keys, from `first` on where they are more than the window has rows.
[[nodiscard]] inline text_grid help_frame(grid_size size, std::string_view title,
                                          const std::vector<std::pair<std::string, std::string>>& help,
                                          std::vector<footer_entry> footer, std::size_t first = 0) {
    return framed(size, {title, "", std::move(footer), {20, 4}}, [&](pane body) {
        std::size_t wide = 0;
        for (const auto& [keys, _] : help) wide = std::max(wide, width_of(keys));
        wide = std::min(wide, body.columns() / 3);
        // Wrapped where it has to be: a help that is cut is none.
        const std::size_t room = body.columns() > wide + 4 ? body.columns() - wide - 4 : 1;
        std::size_t row = 0;
        for (std::size_t i = std::min(first, help.size()); i < help.size() && row < body.rows(); ++i) {
            body.part(1, row, {wide, 1}).put(0, 0, help[i].first, look::key);
            for (const std::string& line : wrapped(help[i].second, room)) body.put(wide + 3, row++, line);
        }
    });
}

} // namespace kf::tui
