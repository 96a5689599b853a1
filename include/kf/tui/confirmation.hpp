// SPDX-License-Identifier: MIT
#pragma once
/// A question with yes and no, no unless told. It answers to keys only when it has been seen: what was typed before it
/// stood on the screen was meant for something else. The loop calls shown() when a person can see it
/// (unseen_question.hpp).

#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>
#include <kf/tui/wrapped.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kf::tui {

enum class answer { none, yes, no };

class confirmation {
    std::string question_;
    std::vector<std::string> details_;
    bool shown_ = false;

  public:
    explicit confirmation(std::string question, std::vector<std::string> details = {})
      : question_(std::move(question))
      , details_(std::move(details)) {}

    [[nodiscard]] bool was_shown() const noexcept { return shown_; }
    void shown() noexcept { shown_ = true; }

    [[nodiscard]] answer take(const key& k) const noexcept {
        if (!shown_ || k.action != key_action::press) return answer::none;
        if (is(k, U'y')) return answer::yes;
        if (is(k, U'n') || k.code == key_code::escape || k.code == key_code::enter) return answer::no;
        return answer::none;
    }
    /// The details, as many as there is room for, and the question below them.
    void paint(pane p) const {
        std::size_t row = 0;
        for (const std::string& d : details_)
            for (const std::string& line : wrapped(d, p.columns() > 2 ? p.columns() - 2 : 1))
                if (row + 2 < p.rows()) p.put(1, row++, line);
        if (row > 0 && row + 1 < p.rows()) ++row;
        const std::size_t at = p.put(1, row, question_ + "?", look::strong);
        p.put(at + 1, row, "[y/N]", look::key);
    }
};

} // namespace kf::tui
