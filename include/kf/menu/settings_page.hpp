// SPDX-License-Identifier: MIT
#pragma once
/// The settings as a page, a row for each row of the table. What is entered is checked by whoever runs the page, and
/// saved by one command; a value that is none stays in its line, with the reason below it.

#include <kf/board/setting.hpp>
#include <kf/menu/message_rows.hpp>
#include <kf/menu/question_field.hpp>
#include <kf/menu/row_number.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/list_cursor.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

class settings_page {
  public:
    enum class command { edit, back };

    explicit settings_page(board::flash_settings s)
      : settings_(std::move(s)) {
        cursor_.go(lines(), 0, true);
    }

    /// What a key comes to: a value to save, or the way back.
    struct event {
        const board::setting_row* row = nullptr;
        std::string text = {};
        bool back = false;
    };
    event take(const tui::key& k) {
        if (saving_) return {};
        if (field_) {
            const auto said = field_->take(k);
            if (said.left) field_.reset();
            if (said.answer && said.answer->empty()) field_.reset(); // nothing was typed: it stays
            return said.answer && !said.answer->empty() ? event{&row(), *said.answer} : event{};
        }
        if (const auto number = number_.take(k, static_cast<unsigned>(board::setting_rows.size()))) {
            cursor_.go(lines(), *number - 1, true);
            return {};
        }
        if (cursor_.take(k, lines(), 10)) return {};
        const auto wanted = tui::command_of(*this, k);
        if (wanted == command::back) return {nullptr, {}, true};
        if (wanted != command::edit) return {};
        message_.clear(); // it was of another change
        if (row().kind == board::setting_kind::flag)
            return {&row(), board::text_of(row(), settings_) == "on" ? "off" : "on"};
        if (row().kind == board::setting_kind::method) return {&row(), next_method()};
        field_.emplace(asked{fmt::format("{}, now {}", row().option, board::text_of(row(), settings_)), {}, {}});
        return {};
    }
    /// Until saved() or refuse(): no key counts.
    void saves() { saving_ = true; }
    [[nodiscard]] bool is_saving() const noexcept { return saving_; }
    /// Its value was refused: the line stays open.
    void refuse(std::string why) {
        saving_ = false;
        if (field_)
            field_->wrong(std::move(why));
        else
            message_ = {std::move(why), tui::look::bad};
    }
    void saved(board::flash_settings s) {
        show(std::move(s));
        saving_ = false;
        field_.reset();
        message_ = {"saved", tui::look::good};
    }
    /// They were changed elsewhere.
    void show(board::flash_settings s) { settings_ = std::move(s); }

    [[nodiscard]] tui::binding_table<command> bindings() const {
        if (saving_) return {{{}, command::back, "Ctrl+C", "menu", "to the menu; what is being saved is saved", 0}};
        if (field_)
            return {{{}, command::edit, "Enter", "save", "saves what was typed", 0},
                    {{}, command::back, "Esc", "leave it", "leaves the setting as it is", 0}};
        return {{{tui::key_code::enter}, command::edit, "Enter", "change", "changes the setting in hand", 1},
                {{tui::key_code::escape}, command::back, "Esc", "back", "to the menu", 0}};
    }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const {
        const char* aside = saving_ ? "saving…" : "";
        return tui::framed(size, {"kflash: settings", aside, tui::footer_of(bindings())}, [&](tui::pane body) {
            const std::size_t below =
                field_ ? field_->height(body.columns()) : message_height(message_.text, body.columns(), most_said);
            cursor_.paint(body.part(0, 0, {body.columns(), body.rows() - std::min(below, body.rows())}), lines());
            if (field_)
                (void)field_->paint(body.below(body.rows() - below));
            else
                (void)paint_message(body, message_.text, message_.as, most_said);
        });
    }

  private:
    [[nodiscard]] const board::setting_row& row() const { return board::setting_rows[cursor_.at()]; }
    [[nodiscard]] std::vector<tui::list_row> lines() const {
        std::vector<tui::list_row> all;
        for (std::size_t i = 0; i < board::setting_rows.size(); ++i)
            all.push_back({fmt::format("{:>2} {:<22} {}", i + 1, board::setting_rows[i].option,
                                       board::text_of(board::setting_rows[i], settings_))});
        return all;
    }
    [[nodiscard]] std::string next_method() const {
        const auto all = board::all_flash_methods();
        const auto here = std::ranges::find(all, settings_.default_flash_method);
        return board::name(here + 1 == all.end() ? all.front() : *(here + 1));
    }

    static constexpr std::size_t most_said = 6; ///< rows

    board::flash_settings settings_;
    tui::list_cursor cursor_ = {};
    row_number number_ = {};
    std::optional<question_field> field_ = {};
    notice message_ = {};
    bool saving_ = false;
};

} // namespace kf::menu
