// SPDX-License-Identifier: MIT
#pragma once
/// What the keys of a page do, as rows: the only place that knows. The page's command for a key, its footer and its
/// help come from them.

#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::tui {

template<class Command>
struct binding {
    std::vector<chord> keys;
    Command does;
    std::string shown = {}; ///< the keys as a person knows them ("PgUp/PgDn"); empty: the row above shows them too
    std::string label = {}; ///< one or two words for the footer; empty: in the help only
    std::string help = {};  ///< one line
    /// Who leaves the footer first when it is narrow: the highest. 0 never leaves it.
    int rank = 1;
};

template<class Command>
using binding_table = std::vector<binding<Command>>;

/// What a key means on a page with these rows.
template<class Command>
[[nodiscard]] std::optional<Command> command_of(const binding_table<Command>& rows, const key& k) {
    for (const auto& row : rows)
        for (const chord& c : row.keys)
            if (is(k, c)) return row.does;
    return std::nullopt;
}

/// One entry of a footer, whatever command stands behind it.
struct footer_entry {
    std::string keys, label;
    int rank = 1;
    [[nodiscard]] std::size_t width() const { return width_of(keys) + (label.empty() ? 0 : 1 + width_of(label)); }
};

template<class Command>
[[nodiscard]] std::vector<footer_entry> footer_of(const binding_table<Command>& rows) {
    std::vector<footer_entry> out;
    for (const auto& row : rows)
        if (!row.shown.empty() && !row.label.empty()) out.push_back({row.shown, row.label, row.rank});
    return out;
}

namespace detail {

inline constexpr std::size_t footer_gap = 2;

/// Entries laid into rows of `columns`, as many rows as that takes.
[[nodiscard]] inline std::vector<std::vector<footer_entry>> footer_rows(const std::vector<footer_entry>& entries,
                                                                        std::size_t columns) {
    std::vector<std::vector<footer_entry>> rows(1);
    std::size_t used = 0;
    for (const auto& e : entries) {
        const std::size_t more = e.width() + (used == 0 ? 0 : footer_gap);
        if (used != 0 && used + more > columns) {
            rows.emplace_back();
            used = e.width();
        } else
            used += more;
        rows.back().push_back(e);
    }
    return rows;
}

} // namespace detail

/// Fills the pane with as many entries as there is room for; those of rank 0 stay, at last by their keys alone.
inline void paint_footer(pane p, std::vector<footer_entry> entries) {
    if (p.rows() == 0) return;
    while (detail::footer_rows(entries, p.columns()).size() > p.rows()) {
        // The last of the highest rank.
        const auto least = std::ranges::max_element(entries.rbegin(), entries.rend(), {}, &footer_entry::rank);
        if (least->rank == 0) break;
        entries.erase(std::next(least).base());
    }
    const auto too_wide = [&] {
        const auto rows = detail::footer_rows(entries, p.columns());
        return rows.size() > p.rows() ||
               std::ranges::any_of(entries, [&](const auto& e) { return e.width() > p.columns(); });
    };
    if (too_wide())
        for (auto& e : entries) e.label.clear();
    const auto rows = detail::footer_rows(entries, p.columns());
    for (std::size_t r = 0; r < rows.size() && r < p.rows(); ++r) {
        std::size_t at = 0;
        for (const auto& e : rows[r]) {
            at = p.put(at, r, e.keys, look::key);
            if (!e.label.empty()) at = p.put(at + 1, r, e.label);
            at += detail::footer_gap;
        }
    }
}

/// Rows that a footer of all entries takes.
[[nodiscard]] inline std::size_t footer_height(const std::vector<footer_entry>& entries, std::size_t columns) {
    return detail::footer_rows(entries, columns).size();
}

/// The help: a line for each row that has one.
template<class Command>
[[nodiscard]] std::vector<std::pair<std::string, std::string>> help_of(const binding_table<Command>& rows) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& row : rows)
        if (!row.shown.empty() && !row.help.empty()) out.emplace_back(row.shown, row.help);
    return out;
}

} // namespace kf::tui
