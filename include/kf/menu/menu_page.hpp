// SPDX-License-Identifier: MIT
#pragma once
/// The first page of the menu: the status panel, the boards in their groups, what was said last.

#include <kf/menu/board_list.hpp>
#include <kf/menu/menu_action.hpp>
#include <kf/menu/message_rows.hpp>
#include <kf/menu/row_number.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/list_cursor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

class menu_page {
  public:
    using command = action;

    status_panel status = {};
    std::string message = {};
    tui::look message_is = tui::look::normal;
    bool looks = true; ///< a look at the boards is under way

    /// The row in hand stays in hand, wherever it is now; when it is gone, none is, until a person takes one.
    /// So does the order: a board in its bootloader has another device, and a person knows its number.
    void show(board_list fresh) {
        const auto before = in_hand() == nullptr ? std::nullopt : std::optional(*in_hand());
        const bool is_first = list_.rows.empty();
        keep_numbers(fresh);
        list_ = std::move(fresh);
        lines_ = lines_of(list_, 80);
        of_line_.clear();
        for (std::size_t i = 0; i < list_.rows.size(); ++i) {
            if (i == 0 || list_.rows[i - 1].group != list_.rows[i].group) of_line_.emplace_back();
            of_line_.emplace_back(i);
        }
        number_ = {}; // of the rows before
        const auto row = before ? row_like(*before) : is_first ? std::optional<std::size_t>(0) : std::nullopt;
        const auto line = row ? std::ranges::find(of_line_, row) : of_line_.end();
        cursor_.go(lines_, line == of_line_.end() ? cursor_.at() : static_cast<std::size_t>(line - of_line_.begin()),
                   true);
        if (line == of_line_.end()) cursor_.let_go();
    }
    [[nodiscard]] const board_list& list() const noexcept { return list_; }
    /// It was excluded or included: known before the next look.
    void toggled(const std::string& key) {
        auto now = list_;
        for (auto& row : now.rows)
            if (row.key == key) row.flashable = !row.flashable;
        show(std::move(now));
    }
    [[nodiscard]] const board_row* in_hand() const {
        const auto at = cursor_.at();
        return cursor_.holds() && at < of_line_.size() && of_line_[at] ? &list_.rows[*of_line_[at]] : nullptr;
    }

    /// A digit or an arrow moves; a letter is an action, of the row in hand.
    std::optional<action> take(const tui::key& k) {
        if (const auto number = number_.take(k, static_cast<unsigned>(list_.rows.size()))) {
            for (std::size_t i = 0; i < of_line_.size(); ++i)
                if (of_line_[i] == *number - 1) cursor_.go(lines_, i, true);
            return std::nullopt;
        }
        if (row_number::is_digit(k)) { // perhaps of a board that has just gone: another one was not meant
            cursor_.let_go();
            return std::nullopt;
        }
        if (cursor_.take(k, lines_, 10)) return std::nullopt;
        return tui::command_of(*this, k);
    }

    [[nodiscard]] tui::binding_table<action> bindings() const {
        tui::binding_table<action> rows;
        int rank = 1;
        for (const auto& row : action_rows) {
            const bool stays = row.does == action::quit || row.does == action::help;
            tui::binding<action> b{{tui::chord(row.key)}, row.does, shown_key(row.key), row.label, row.help,
                                   stays ? 0 : rank++};
            if (row.does == action::show) {
                b.keys.emplace_back(tui::key_code::enter);
                b.shown += "/Enter";
            }
            rows.push_back(std::move(b));
        }
        return rows;
    }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const;

  private:
    [[nodiscard]] static std::string shown_key(char32_t key) {
        return {static_cast<char>(key >= U'a' && key <= U'z' ? key - 32 : key)};
    }
    /// Of the rows of the list: that board, or the device that was registered or forgotten meanwhile.
    [[nodiscard]] std::optional<std::size_t> row_like(const board_row& other) const {
        const auto found = [&](auto is_it) -> std::optional<std::size_t> {
            const auto at = std::ranges::find_if(list_.rows, is_it);
            if (at == list_.rows.end()) return std::nullopt;
            return static_cast<std::size_t>(at - list_.rows.begin());
        };
        if (!other.key.empty())
            if (const auto same = found([&](const board_row& r) { return r.key == other.key; })) return same;
        return found([&](const board_row& r) {
            return r.device == other.device && r.port == other.port && (r.key.empty() || other.key.empty());
        });
    }
    void keep_numbers(board_list& fresh) const {
        std::ranges::stable_sort(fresh.rows, {}, [&](const board_row& row) {
            return std::pair(row.group, row_like(row).value_or(list_.rows.size()));
        });
        for (std::size_t i = 0; i < fresh.rows.size(); ++i) fresh.rows[i].number = static_cast<unsigned>(i + 1);
    }
    [[nodiscard]] static std::vector<tui::list_row> lines_of(const board_list& list, std::size_t columns);
    [[nodiscard]] static tui::look look_of(const board_row& row) {
        if (row.group == board_group::blocked || !row.flashable) return tui::look::faint;
        if (row.state == "ambiguous") return tui::look::bad;
        if (row.state == "disconnected") return tui::look::faint;
        if (row.group == board_group::fresh || row.needed == "yes" || row.runs == "katapult") return tui::look::warning;
        return row.needed == "no" ? tui::look::good : tui::look::normal;
    }
    [[nodiscard]] static std::string line_of(const board_row& row, std::size_t columns);
    [[nodiscard]] std::size_t boards() const {
        return static_cast<std::size_t>(std::ranges::count_if(list_.rows, &board_row::is_registered));
    }
    /// Of the row in hand: what its line has no room for.
    [[nodiscard]] static std::string detail_of(const board_row& row) {
        std::string text = row.mcu;
        for (const auto& more : {row.port.empty() ? "" : "port " + row.port, row.device, row.reason,
                                 row.version.empty() ? "" : "runs " + row.version, row.need_reason})
            if (!more.empty()) text += (text.empty() ? "" : ", ") + more;
        return text;
    }
    /// In a narrow window what is cut is not how Klipper is.
    [[nodiscard]] std::string service_and_klippy(bool is_small) const {
        if (status.klippy.empty()) return status.service;
        return is_small ? fmt::format("klippy: {}, {}", status.klippy, status.service)
                        : fmt::format("{}, klippy: {}", status.service, status.klippy);
    }
    /// Gives the rows that it took.
    std::size_t paint_status(tui::pane p) const;

    board_list list_ = {};
    std::vector<tui::list_row> lines_ = {};
    std::vector<std::optional<std::size_t>> of_line_ = {}; ///< beside lines_: the row, nothing for a heading
    tui::list_cursor cursor_ = {};
    row_number number_ = {};
};

inline std::string menu_page::line_of(const board_row& row, std::size_t columns) {
    const auto cell = [](std::string_view text, std::size_t width) {
        auto shown = tui::cut(text, width);
        shown.append(width - tui::width_of(shown), ' ');
        return shown;
    };
    std::string line = fmt::format("{:>2} {} ", row.number, marker_of(row));
    // A device without a board has its name below, where there is room for it.
    const auto& who = row.key.empty() && !row.mcu.empty() ? row.mcu : row.name;
    if (columns < 50) return line + cell(who, 13) + " " + standing_of(row);
    line += cell(who, columns < 76 ? 16 : 20) + " ";
    if (columns >= 76) line += cell(row.version, 22) + " ";
    if (columns >= 110) line += cell(row.port, 8) + " " + cell(row.device, 36) + " ";
    return line + standing_of(row);
}

inline std::vector<tui::list_row> menu_page::lines_of(const board_list& list, std::size_t columns) {
    std::vector<tui::list_row> lines;
    for (std::size_t i = 0; i < list.rows.size(); ++i) {
        const auto& row = list.rows[i];
        if (i == 0 || list.rows[i - 1].group != row.group)
            lines.push_back({heading(row.group), tui::look::strong, false});
        lines.push_back({line_of(row, columns - std::min<std::size_t>(columns, 4)), look_of(row), true});
    }
    return lines;
}

inline std::size_t menu_page::paint_status(tui::pane p) const {
    std::size_t row = 0;
    const auto line = [&](std::string_view name, const std::string& text) {
        const auto at = p.put(1, row, name, tui::look::faint);
        p.put(std::max<std::size_t>(at + 1, p.columns() < 50 ? 0 : 12), row++, text.empty() ? "…" : text);
    };
    const bool is_small = p.columns() < 50 || p.rows() < 16;
    if (!is_small) line("Sources", status.sources);
    line("Service", service_and_klippy(p.columns() < 50));
    if (!is_small) line("Moonraker", status.moonraker);
    line("Last flash", status.last_flash);
    p.rule(row++);
    return row;
}

inline tui::text_grid menu_page::paint(tui::grid_size size) const {
    const std::string aside = looks ? "looking…" : fmt::format("{} board{}", boards(), boards() == 1 ? "" : "s");
    return tui::framed(size, {"kflash", aside, tui::footer_of(bindings())}, [&](tui::pane body) {
        const auto top = paint_status(body);
        const auto* row = in_hand();
        const std::size_t said = paint_message(body, message, message_is, std::max<std::size_t>(body.rows() / 3, 3));
        // Of the row in hand all, as far as the list leaves room.
        const std::size_t used = top + said + lines_.size();
        const auto detail = row == nullptr || body.rows() < top + 6
                                ? std::vector<std::string>{}
                                : message_rows(detail_of(*row), body.columns(),
                                               used < body.rows() ? std::min<std::size_t>(body.rows() - used, 4) : 1);
        const std::size_t below = std::min(body.rows(), said + detail.size());
        tui::pane middle = body.part(0, top, {body.columns(), body.rows() - std::min(body.rows(), top + below)});
        if (list_.rows.empty())
            middle.put(1, 0,
                       looks                   ? "looking for boards…"
                       : list_.trouble.empty() ? "no board is registered and none is plugged in: A adds one"
                                               : list_.trouble,
                       list_.trouble.empty() ? tui::look::faint : tui::look::bad);
        cursor_.paint(middle, lines_of(list_, body.columns()));
        for (std::size_t i = 0; i < detail.size(); ++i)
            body.part(1, body.rows() - below + i, {body.columns() - 2, 1}).put(0, 0, detail[i], tui::look::faint);
    });
}

} // namespace kf::menu
