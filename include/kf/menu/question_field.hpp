// SPDX-License-Identifier: MIT
#pragma once
/// A question on a page: its choices with their numbers, a line for the answer, and below it why the last answer was
/// none. An answer is what was typed when Enter is pressed; a paste fills the line and answers nothing.

#include <kf/menu/retold.hpp>
#include <kf/tui/text_field.hpp>
#include <kf/tui/wrapped.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace kf::menu {

class question_field {
  public:
    explicit question_field(asked what)
      : what_(std::move(what)) {}

    [[nodiscard]] const asked& what() const noexcept { return what_; }
    void wrong(std::string why) { wrong_ = std::move(why); }

    struct event {
        std::optional<std::string> answer = {}; ///< may be empty: the usual one
        bool left = false;                      ///< Esc
    };
    event take(const tui::key& k) {
        switch (field_.take(k)) {
        case tui::field_event::entered: return {field_.text()};
        case tui::field_event::left: return {{}, true};
        case tui::field_event::changed: wrong_.clear(); break;
        case tui::field_event::none: break;
        }
        return {};
    }

    /// The rows that it takes in a pane of so many columns.
    [[nodiscard]] std::size_t height(std::size_t columns) const {
        tui::text_grid room({columns, 40});
        return paint(tui::pane(room));
    }
    /// Gives the rows that it took.
    std::size_t paint(tui::pane p) const {
        std::size_t row = 0;
        for (std::size_t i = 0; i < what_.choices.size(); ++i) {
            const auto number = fmt::format("{}. ", i + 1);
            p.put(3, row, number);
            const auto left = 3 + number.size();
            for (const auto& line : tui::wrapped(what_.choices[i], p.columns() - std::min(p.columns(), left + 1)))
                p.put(left, row++, line);
        }
        std::string prompt = what_.text;
        if (!what_.usual.empty()) prompt += fmt::format(" [{}]", what_.usual);
        prompt += ":";
        // In a narrow window the answer has a line of its own.
        const auto words = wrap(prompt, p.columns() > 2 ? p.columns() - 2 : 1, "");
        for (std::size_t i = 0; i + 1 < words.size(); ++i) p.put(1, row++, words[i], tui::look::strong);
        const std::string last = words.empty() ? "" : words.back();
        if (tui::width_of(last) + 14 > p.columns()) {
            p.put(1, row++, last, tui::look::strong);
            field_.paint(p.part(1, row++, {p.columns(), 1}), 0, "");
        } else {
            field_.paint(p.part(1, row++, {p.columns(), 1}), 0, last);
        }
        for (const auto& line : wrap(wrong_, p.columns() > 2 ? p.columns() - 2 : 1, ""))
            p.put(1, row++, line, tui::look::warning);
        return row;
    }

  private:
    asked what_;
    tui::text_field field_{};
    std::string wrong_ = {};
};

} // namespace kf::menu
