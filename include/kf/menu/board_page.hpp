// SPDX-License-Identifier: MIT
#pragma once
/// One board as a page: who it is, which stays, and what a person may change of it, which is collected in a draft and
/// saved by one command.

#include <kf/menu/board_draft.hpp>
#include <kf/menu/board_list.hpp>
#include <kf/menu/message_rows.hpp>
#include <kf/menu/question_field.hpp>
#include <kf/menu/row_number.hpp>
#include <kf/tui/confirmation.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/list_cursor.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

class board_page {
  public:
    enum class command { edit, menuconfig, save, back };

    board_page(board_draft draft, board_row row)
      : draft_(std::move(draft))
      , row_(std::move(row)) {
        cursor_.go(lines(), 0, true);
    }
    [[nodiscard]] const board_draft& draft() const noexcept { return draft_; }
    [[nodiscard]] const board_row& row() const noexcept { return row_; }

    /// What a key comes to: save, menuconfig or the way back; nothing while the page has to do with it itself.
    std::optional<command> take(const tui::key& k) {
        if (leave_) return take_leaving(k);
        if (field_) {
            take_field(k);
            return std::nullopt;
        }
        if (const auto number = number_.take(k, static_cast<unsigned>(draft_fields.size()))) {
            cursor_.go(lines(), *number - 1, true);
            return std::nullopt;
        }
        if (cursor_.take(k, lines(), 10)) return std::nullopt;
        const auto wanted = tui::command_of(*this, k);
        if (wanted == command::edit) {
            edit();
            return std::nullopt;
        }
        if (wanted == command::back && draft_.is_changed()) {
            leave_.emplace("Leave without saving", std::vector<std::string>{});
            return std::nullopt;
        }
        if (wanted == command::save && !draft_.is_changed()) {
            message_ = "nothing was changed";
            return std::nullopt;
        }
        return wanted;
    }
    /// A question has been seen; what was typed before is thrown away (tui::confirmation).
    [[nodiscard]] bool has_question_to_show() const { return leave_ && !leave_->was_shown(); }
    void shown() {
        if (leave_) leave_->shown();
    }
    void say(std::string text) { message_ = std::move(text); }

    [[nodiscard]] tui::binding_table<command> bindings() const {
        return {{{tui::key_code::enter}, command::edit, "Enter", "change", "changes what is in hand", 1},
                {{U's'}, command::save, "S", "save", "saves all that was changed, in one step", 0},
                {{U'm'}, command::menuconfig, "M", "menuconfig", "the board's configuration", 2},
                {{tui::key_code::escape}, command::back, "Esc", "back", "leaves the field, then the page", 0}};
    }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const {
        const auto title = "kflash: " + draft_.old().name;
        return tui::framed(size, {title, draft_.is_changed() ? "not saved" : "", tui::footer_of(bindings())},
                           [&](tui::pane body) {
                               const auto top = paint_identity(body);
                               const std::size_t below =
                                   std::min(std::max<std::size_t>(4, field_ ? field_->height(body.columns()) : 0),
                                            body.rows() - std::min(top, body.rows()));
                               cursor_.paint(body.part(0, top, {body.columns(), draft_fields.size()}), lines());
                               auto end = body.below(body.rows() - below);
                               if (leave_)
                                   leave_->paint(end);
                               else if (field_)
                                   (void)field_->paint(end);
                               else
                                   (void)paint_message(body, message_, tui::look::normal);
                           });
    }

  private:
    [[nodiscard]] draft_field field_in_hand() const { return draft_fields[cursor_.at()]; }
    [[nodiscard]] std::vector<tui::list_row> lines() const {
        std::vector<tui::list_row> all;
        for (std::size_t i = 0; i < draft_fields.size(); ++i)
            all.push_back(
                {fmt::format("{} {:<9}{}", i + 1, board_draft::label(draft_fields[i]), draft_.text(draft_fields[i]))});
        return all;
    }
    std::size_t paint_identity(tui::pane p) const {
        std::size_t row = 0;
        const auto line = [&](std::string_view name, const std::string& text) {
            if (text.empty()) return;
            p.put(1, row, name, tui::look::faint);
            p.put(13, row++, text);
        };
        line("key", draft_.old().key);
        line("device", row_.device.empty() ? "not connected" : row_.device);
        line("port", row_.port);
        line("pattern", draft_.old().serial_pattern);
        line("runs", row_.version);
        p.rule(row++);
        return row;
    }
    void edit() {
        const auto f = field_in_hand();
        message_.clear();
        if (board_draft::cycles(f))
            draft_.cycle(f);
        else
            field_.emplace(asked{fmt::format("{}, now {}", board_draft::label(f), draft_.text(f)), {}, {}});
    }
    void take_field(const tui::key& k) {
        const auto said = field_->take(k);
        if (said.answer && !said.answer->empty()) {
            const auto good = draft_.set(field_in_hand(), *said.answer);
            if (!good) {
                field_->wrong(good.error().what);
                return;
            }
        }
        if (said.answer || said.left) field_.reset();
    }
    std::optional<command> take_leaving(const tui::key& k) {
        const auto said = leave_->take(k);
        if (said == tui::answer::none) return std::nullopt;
        leave_.reset();
        return said == tui::answer::yes ? std::optional(command::back) : std::nullopt;
    }

    board_draft draft_;
    board_row row_;
    tui::list_cursor cursor_ = {};
    row_number number_ = {};
    std::optional<question_field> field_ = {};
    std::optional<tui::confirmation> leave_ = {};
    std::string message_ = {};
};

} // namespace kf::menu
