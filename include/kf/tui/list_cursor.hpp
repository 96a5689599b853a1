// SPDX-License-Identifier: MIT
#pragma once
/// Where a person is in a list that may be longer than the window: the row in hand and the first one in sight. Moving
/// it does nothing else.

#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

namespace kf::tui {

struct list_row {
    std::string text;
    look as = look::normal;
    bool may_be_chosen = true; ///< a heading may not
};

class list_cursor {
    std::size_t at_ = 0;
    bool holds_ = true;

  public:
    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    /// False between let_go() and the next step: no row is in hand.
    [[nodiscard]] bool holds() const noexcept { return holds_; }
    void let_go() noexcept { holds_ = false; }

    /// To the row nearest to `to` that may be chosen, looking the way of the step first.
    void go(std::span<const list_row> rows, std::size_t to, bool down) {
        holds_ = true;
        if (rows.empty()) {
            at_ = 0;
            return;
        }
        to = std::min(to, rows.size() - 1);
        for (std::size_t i = to;; down ? ++i : --i) {
            if (rows[i].may_be_chosen) {
                at_ = i;
                return;
            }
            if (down ? i + 1 == rows.size() : i == 0) break;
        }
        for (std::size_t i = to;; down ? --i : ++i) {
            if (rows[i].may_be_chosen) {
                at_ = i;
                return;
            }
            if (down ? i == 0 : i + 1 == rows.size()) return;
        }
    }
    /// True when the key was one of the list's.
    bool take(const key& k, std::span<const list_row> rows, std::size_t height) {
        if (k.action == key_action::release || k.modifiers != modifier::none) return false;
        const std::size_t page = std::max<std::size_t>(height, 2) - 1;
        switch (k.code) {
        case key_code::up: go(rows, at_ == 0 ? 0 : at_ - 1, false); return true;
        case key_code::down: go(rows, at_ + 1, true); return true;
        case key_code::page_up: go(rows, at_ < page ? 0 : at_ - page, false); return true;
        case key_code::page_down: go(rows, at_ + page, true); return true;
        case key_code::home: go(rows, 0, true); return true;
        case key_code::end: go(rows, rows.size(), false); return true;
        default: return false;
        }
    }
    /// The rows around the one in hand, with signs where there are more above or below.
    void paint(pane p, std::span<const list_row> rows) const {
        if (p.rows() == 0) return;
        const std::size_t last_top = rows.size() > p.rows() ? rows.size() - p.rows() : 0;
        const std::size_t top = std::min(at_ > p.rows() / 2 ? at_ - p.rows() / 2 : 0, last_top);
        for (std::size_t r = 0; r < p.rows() && top + r < rows.size(); ++r) {
            const list_row& row = rows[top + r];
            const bool here = holds_ && top + r == at_ && row.may_be_chosen;
            pane line = p.part(0, r, {p.columns() - std::min<std::size_t>(p.columns(), 2), 1});
            if (here)
                line.bar(0, "▸ " + row.text, look::selected);
            else
                line.put(row.may_be_chosen ? 2 : 0, 0, row.text, row.as);
        }
        if (top > 0) p.put_right(0, "↑", look::faint);
        if (top < last_top) p.put_right(p.rows() - 1, "↓", look::faint);
    }
};

} // namespace kf::tui
