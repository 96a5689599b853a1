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
        if (saving_) return std::nullopt; // what is changed now would be lost with the page
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
        if (wanted == command::back && asks_to_leave()) return std::nullopt;
        if (wanted == command::save && !draft_.is_changed()) {
            say("nothing was changed");
            return std::nullopt;
        }
        if (wanted == command::menuconfig && draft_.now().mcu != draft_.old().mcu) {
            say("S saves the new MCU first: menuconfig opens on the one that is saved", tui::look::warning);
            return std::nullopt;
        }
        return wanted;
    }
    /// Before the page is left: asks where something would be lost by it. False: it may go.
    bool asks_to_leave() {
        if (saving_ || !draft_.is_changed()) return false;
        if (!leave_) leave_.emplace("Leave without saving", std::vector<std::string>{});
        return true;
    }
    /// From S to the end of its command, which say() tells when it went wrong.
    void saves() {
        message_.clear();
        saving_ = true;
    }
    [[nodiscard]] bool is_saving() const noexcept { return saving_; }
    /// A question has been seen; what was typed before is thrown away (tui::confirmation).
    [[nodiscard]] bool has_question_to_show() const { return leave_ && !leave_->was_shown(); }
    void shown() {
        if (leave_) leave_->shown();
    }
    void say(std::string text, tui::look as = tui::look::normal) {
        saving_ = false;
        message_ = {std::move(text), as};
    }

    [[nodiscard]] tui::binding_table<command> bindings() const {
        if (saving_) return {{{}, command::back, "Ctrl+C", "menu", "to the menu; what is being saved is saved", 0}};
        if (leave_)
            return {{{}, command::back, "Y", "leave", "what was changed is lost", 0},
                    {{}, command::edit, "N", "stay", "nothing is lost", 0}};
        if (field_)
            return {{{}, command::edit, "Enter", "take it", "takes what was typed; S saves it then", 0},
                    {{}, command::back, "Esc", "leave it", "leaves the field as it was", 0}};
        return {{{tui::key_code::enter}, command::edit, "Enter", "change", "changes what is in hand", 1},
                {{U's'}, command::save, "S", "save", "saves all that was changed, in one step", 0},
                {{U'm'}, command::menuconfig, "M", "menuconfig", "the board's configuration", 2},
                {{tui::key_code::escape},
                 command::back,
                 "Esc",
                 "back",
                 "leaves the page; asks where something is lost",
                 0}};
    }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const {
        const auto title = "kflash: " + draft_.old().name;
        const char* aside = saving_ ? "saving…" : draft_.is_changed() ? "not saved" : "";
        return tui::framed(size, {title, aside, tui::footer_of(bindings())}, [&](tui::pane body) {
            // Before who the board is comes what a person does with it, in a window that has no room for both.
            const auto who = identity();
            const auto fields = std::min(draft_fields.size(), body.rows());
            const auto needed = std::min(height_below(body.columns()), body.rows());
            const bool has_room = who.size() + 1 + fields + std::max<std::size_t>(needed, 4) <= body.rows();
            const auto below = has_room ? std::max<std::size_t>(needed, 4) : needed;
            const auto free = body.rows() - std::min(body.rows(), below + fields);
            const auto top = paint_identity(body, who, free < 2 ? 0 : free - 1);
            const auto room = body.rows() - std::min(body.rows(), top + below);
            cursor_.paint(body.part(0, top, {body.columns(), std::min(fields, room)}), lines());
            auto end = body.below(body.rows() - below);
            if (leave_)
                leave_->paint(end);
            else if (field_)
                (void)field_->paint(end);
            else
                (void)paint_message(body, message_.text, message_.as, most_said);
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
    using named_text = std::pair<const char*, std::string>;
    [[nodiscard]] std::vector<named_text> identity() const {
        std::vector<named_text> who{{"key", draft_.old().key},
                                    {"device", row_.device.empty() ? "not connected" : row_.device},
                                    {"port", row_.port},
                                    {"pattern", draft_.old().serial_pattern},
                                    {"runs", row_.version}};
        std::erase_if(who, [](const named_text& line) { return line.second.empty(); });
        return who;
    }
    /// The first `most` of them and a rule below. Gives the rows that it took.
    static std::size_t paint_identity(tui::pane p, const std::vector<named_text>& who, std::size_t most) {
        if (most == 0) return 0;
        std::size_t row = 0;
        for (const auto& [name, text] : who) {
            if (row == most) break;
            p.put(1, row, name, tui::look::faint);
            p.put(13, row++, text);
        }
        p.rule(row++);
        return row;
    }
    /// Of what a person has to do with now: a question, a field or what was said.
    [[nodiscard]] std::size_t height_below(std::size_t columns) const {
        if (leave_) return leave_->height(columns);
        if (field_) return field_->height(columns);
        return message_height(message_.text, columns, most_said);
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
            if (const auto good = draft_.set(field_in_hand(), *said.answer); !good) {
                const auto& why = good.error();
                return field_->wrong(why.what + (why.cause.empty() ? "" : ": " + why.cause));
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

    static constexpr std::size_t most_said = 8; ///< rows

    board_draft draft_;
    board_row row_;
    tui::list_cursor cursor_ = {};
    row_number number_ = {};
    std::optional<question_field> field_ = {};
    std::optional<tui::confirmation> leave_ = {};
    notice message_ = {};
    bool saving_ = false;
};

} // namespace kf::menu
