// SPDX-License-Identifier: MIT
#pragma once
/// What was said last, at the lower edge of a page: whole, where a few rows are enough for it.

#include <kf/tui/text_grid.hpp>
#include <kf/tui/wrapped.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kf::menu {

/// The rows of a text within a pane of so many columns, a blank at each side; the last of `most` is cut.
[[nodiscard]] inline std::vector<std::string> message_rows(std::string_view text, std::size_t columns,
                                                           std::size_t most = 3) {
    auto rows = tui::wrapped(text, columns > 2 ? columns - 2 : 1);
    for (std::size_t i = most; i < rows.size(); ++i) rows[most - 1] += " " + rows[i];
    if (rows.size() > most) rows.resize(most);
    return rows;
}

/// How many rows paint_message() takes where there is room, one at least.
[[nodiscard]] inline std::size_t message_height(std::string_view text, std::size_t columns, std::size_t most = 3) {
    return std::max<std::size_t>(message_rows(text, columns, most).size(), 1);
}

/// What was said last, and what kind of word it is.
struct notice {
    std::string text = {};
    tui::look as = tui::look::normal;

    void clear() { *this = {}; }
};

/// Puts them so that they end with the pane. Gives how many rows that took, one at least.
inline std::size_t paint_message(tui::pane p, std::string_view text, tui::look as, std::size_t most = 3) {
    const auto rows = message_rows(text, p.columns(), most);
    const std::size_t height = std::min(std::max<std::size_t>(rows.size(), 1), p.rows());
    for (std::size_t i = 0; i < rows.size() && i < height; ++i)
        p.part(1, p.rows() - height + i, {p.columns() - std::min<std::size_t>(p.columns(), 2), 1})
            .put(0, 0, rows[i], as);
    return height;
}

} // namespace kf::menu
