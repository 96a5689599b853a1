// SPDX-License-Identifier: MIT
#pragma once
/// The questions for a new board as a page: what was answered above, what is open below. The flow is registration's.

#include <kf/menu/question_field.hpp>
#include <kf/menu/registration.hpp>
#include <kf/tui/confirmation.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/wrapped.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

class registration_page {
  public:
    enum class command { answer, back };
    enum class event { none, changed, complete, left };

    explicit registration_page(registration_view view)
      : wizard_(std::move(view)) {
        ask();
    }
    [[nodiscard]] const registration& wizard() const noexcept { return wizard_; }

    /// `complete`: all is answered, words() register the board. `left`: Esc at the first question.
    event take(const tui::key& k) {
        if (leave_) {
            const auto said = leave_->take(k);
            if (said == tui::answer::none) return event::none;
            leave_.reset();
            return said == tui::answer::yes ? event::left : event::changed;
        }
        if (!field_) return event::complete;
        const auto said = field_->take(k);
        if (said.left) {
            if (!wizard_.back()) return event::left;
            ask();
            return event::changed;
        }
        if (!said.answer) return event::none;
        const auto good = wizard_.answer(*said.answer);
        if (good) {
            ask();
            return field_ ? event::changed : event::complete;
        }
        if (good.error().code == errc::interrupted) return event::left;
        field_->wrong(good.error().what + (good.error().cause.empty() ? "" : ": " + good.error().cause));
        return event::none;
    }
    /// What it was registered for did not come about: back to the last question, with all answers as they are.
    void refuse(std::string why) {
        (void)wizard_.back();
        ask();
        if (field_) field_->wrong(std::move(why));
    }

    /// Before the page is left: asks where answers would be lost by it. False: it may go.
    bool asks_to_leave() {
        if (!wizard_.has_answers()) return false;
        if (!leave_) leave_.emplace("Leave without registering it", std::vector<std::string>{});
        return true;
    }
    [[nodiscard]] bool has_question_to_show() const { return leave_ && !leave_->was_shown(); }
    void shown() {
        if (leave_) leave_->shown();
    }

    [[nodiscard]] tui::binding_table<command> bindings() const {
        if (leave_)
            return {{{}, command::back, "Y", "leave", "what was answered is lost", 0},
                    {{}, command::answer, "N", "stay", "nothing is lost", 0}};
        return {
            {{tui::key_code::enter}, command::answer, "Enter", "answer", "takes the answer; empty: the one in [ ]", 0},
            {{tui::key_code::escape}, command::back, "Esc", "back", "to the question before, and out at the first", 0}};
    }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const {
        return tui::framed(size, {"kflash: a new board", "", tui::footer_of(bindings())}, [&](tui::pane body) {
            std::size_t row = 0;
            const auto q = wizard_.question();
            const bool at_end = !q || q->what == about::summary;
            for (const auto& [what, is] : wizard_.summary()) {
                if (is.empty() || (!at_end && !is_known(what))) continue;
                body.put(1, row, what, tui::look::faint);
                for (const auto& line : tui::wrapped(is, body.columns() - 17))
                    body.put(16, row++, line, tui::look::strong);
            }
            if (!wizard_.note().empty())
                for (const auto& line : wrap(wizard_.note(), body.columns() - 2, ""))
                    body.put(1, row++, line, tui::look::warning);
            if (row > 0) body.rule(row++);
            if (leave_)
                leave_->paint(body.below(row));
            else if (field_)
                (void)field_->paint(body.below(row));
            else
                body.put(1, row, "registering…");
        });
    }

  private:
    /// What is answered so far; the rest of a summary stands at its end only.
    [[nodiscard]] bool is_known(const std::string& what) const {
        const auto q = wizard_.question();
        if (!q) return true;
        if (what == "device") return q->what > about::device;
        if (what == "name") return q->what > about::name;
        if (what == "MCU") return q->what > about::mcu;
        return what == "configuration" && q->what > about::config;
    }
    void ask() {
        const auto q = wizard_.question();
        if (q)
            field_.emplace(asked{q->text, q->usual, q->choices});
        else
            field_.reset();
    }

    registration wizard_;
    std::optional<question_field> field_ = {};
    std::optional<tui::confirmation> leave_ = {};
};

} // namespace kf::menu
