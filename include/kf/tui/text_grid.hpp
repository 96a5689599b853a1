// SPDX-License-Identifier: MIT
#pragma once
/// A frame: cells with a look, painted by a page and shown by a screen. The look says what a text means, never a
/// colour, and nothing is told by the look alone: a screen without colours shows the same words.

#include <kf/tui/text_width.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::tui {

struct grid_size {
    std::size_t columns = 80, rows = 24;
    bool operator==(const grid_size&) const = default;
};

enum class look : std::uint8_t { normal, faint, strong, heading, key, good, warning, bad, selected };
inline constexpr std::array look_names{"normal", "faint", "strong", "heading", "key",
                                       "good",   "warn",  "bad",    "selected"};
[[nodiscard]] constexpr const char* name(look l) noexcept { return look_names[std::to_underlying(l)]; }

struct cell {
    std::string text = " "; ///< one character with the marks on it; empty: the right half of a wide one
    look as = look::normal;
    bool operator==(const cell&) const = default;
};

class text_grid {
    grid_size size_;
    std::vector<cell> cells_;
    bool has_text_line_ = false;

  public:
    explicit text_grid(grid_size size)
      : size_(size)
      , cells_(size.columns * size.rows) {}

    [[nodiscard]] grid_size size() const noexcept { return size_; }
    [[nodiscard]] std::span<const cell> row(std::size_t r) const noexcept {
        return std::span(cells_).subspan(r * size_.columns, size_.columns);
    }
    [[nodiscard]] const cell& at(std::size_t column, std::size_t r) const noexcept {
        return cells_[r * size_.columns + column];
    }
    bool operator==(const text_grid&) const = default;
    /// A line of it is for text: letters are no commands then.
    [[nodiscard]] bool has_text_line() const noexcept { return has_text_line_; }
    void mark_text_line() noexcept { has_text_line_ = true; }

    /// Writes into one row, no farther than `end`; a text that is cut ends in an ellipsis. Gives the column behind it.
    std::size_t put(std::size_t column, std::size_t r, std::string_view text, look as, std::size_t end) {
        end = std::min(end, size_.columns);
        if (r >= size_.rows || column >= end) return column;
        cell* last = nullptr;
        each_shown(cut(text, end - column), [&](std::string_view bytes, std::size_t width) {
            if (width == 0) {
                if (last != nullptr) last->text += bytes;
                return;
            }
            last = &cells_[r * size_.columns + column];
            *last = {std::string(bytes), as};
            if (width == 2) cells_[r * size_.columns + column + 1] = {"", as};
            column += width;
        });
        return column;
    }
    /// Every cell of a frame as another one that takes the same columns.
    template<class Change>
    void each(Change&& change) {
        for (cell& c : cells_) change(c);
    }
};

/// A rectangle of a grid that a part of a page paints into: it counts from its own corner and cannot reach outside.
class pane {
    text_grid* grid_;
    std::size_t left_, top_;
    grid_size size_;

  public:
    explicit pane(text_grid& whole)
      : grid_(&whole)
      , left_(0)
      , top_(0)
      , size_(whole.size()) {}

    [[nodiscard]] grid_size size() const noexcept { return size_; }
    [[nodiscard]] std::size_t columns() const noexcept { return size_.columns; }
    [[nodiscard]] std::size_t rows() const noexcept { return size_.rows; }

    /// The part of it from that corner on, as large as it may be.
    [[nodiscard]] pane part(std::size_t column, std::size_t row, grid_size size) const noexcept {
        pane p = *this;
        column = std::min(column, size_.columns);
        row = std::min(row, size_.rows);
        p.left_ += column;
        p.top_ += row;
        p.size_ = {std::min(size.columns, size_.columns - column), std::min(size.rows, size_.rows - row)};
        return p;
    }
    /// All rows from `row` on.
    [[nodiscard]] pane below(std::size_t row) const noexcept { return part(0, row, size_); }

    /// Gives the column behind the text.
    std::size_t put(std::size_t column, std::size_t row, std::string_view text, look as = look::normal) {
        if (row >= size_.rows || column >= size_.columns) return column;
        return grid_->put(left_ + column, top_ + row, text, as, left_ + size_.columns) - left_;
    }
    /// A text that ends with the row.
    void put_right(std::size_t row, std::string_view text, look as = look::normal) {
        put(size_.columns - std::min(width_of(text), size_.columns), row, text, as);
    }
    /// The whole row in one look, from its text to the right edge.
    void bar(std::size_t row, std::string_view text, look as) {
        if (row >= size_.rows) return;
        for (std::size_t i = put(0, row, text, as); i < size_.columns;) i = put(i, row, " ", as);
    }
    void mark_text_line() { grid_->mark_text_line(); }
    /// A rule across the pane.
    void rule(std::size_t row, look as = look::faint) {
        for (std::size_t i = 0; i < size_.columns; ++i) put(i, row, "─", as);
    }
};

/// The same frame for a terminal that has ASCII only. What has no likeness there is a '?'.
[[nodiscard]] inline text_grid in_ascii(text_grid g) {
    constexpr std::array<std::pair<std::string_view, char>, 24> likeness{{
        {"─", '-'}, {"│", '|'}, {"┌", '+'}, {"┐", '+'}, {"└", '+'}, {"┘", '+'}, {"├", '+'}, {"┤", '+'},
        {"←", '<'}, {"→", '>'}, {"↑", '^'}, {"↓", 'v'}, {"█", '#'}, {"░", '.'}, {"●", '*'}, {"○", 'o'},
        {"…", '~'}, {"✓", '+'}, {"✗", 'x'}, {"×", 'x'}, {"–", '-'}, {"·", '.'}, {"▸", '>'}, {"±", '~'},
    }};
    g.each([&](cell& c) {
        if (c.text.empty()) { // the right half of a wide one
            c.text = " ";
            return;
        }
        if (c.text.size() == 1) return;
        const auto found = std::ranges::find(likeness, std::string_view(c.text), [](const auto& l) { return l.first; });
        const auto first = first_character(c.text).code;
        // A letter keeps itself when only its marks are beyond ASCII.
        c.text = found != likeness.end()                        ? std::string(1, found->second)
                 : first > 0x2800 && first <= 0x28ff            ? "*" // a map of dots
                 : static_cast<unsigned char>(c.text[0]) < 0x80 ? c.text.substr(0, 1)
                                                                : "?";
    });
    return g;
}

/// The rows as text, without blanks at their ends.
[[nodiscard]] inline std::vector<std::string> lines(const text_grid& g) {
    std::vector<std::string> out;
    for (std::size_t r = 0; r < g.size().rows; ++r) {
        std::string line;
        for (const cell& c : g.row(r)) line += c.text;
        line.erase(line.find_last_not_of(' ') + 1);
        out.push_back(std::move(line));
    }
    return out;
}

/// The rows as text that names each look: "Position <strong>12.000</>".
[[nodiscard]] inline std::vector<std::string> marked_lines(const text_grid& g) {
    std::vector<std::string> out;
    for (std::size_t r = 0; r < g.size().rows; ++r) {
        std::string line;
        look now = look::normal;
        const auto turn = [&](look next) {
            if (next == now) return;
            if (now != look::normal) line += "</>";
            if (next != look::normal) line.append("<").append(name(next)).append(">");
            now = next;
        };
        for (const cell& c : g.row(r)) {
            turn(c.as);
            line += c.text;
        }
        turn(look::normal);
        line.erase(line.find_last_not_of(' ') + 1);
        out.push_back(std::move(line));
    }
    return out;
}

} // namespace kf::tui
