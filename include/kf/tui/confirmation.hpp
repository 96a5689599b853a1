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
    /// Rows that it takes whole.
    [[nodiscard]] std::size_t height(std::size_t columns) const {
        const std::size_t told = whole(columns).size();
        return told + (told > 0 ? 1 : 0) + 1;
    }
    /// The details and the question below them. Where they do not fit, the beginning of each is shown: what is answered
    /// is never without what it is about.
    void paint(pane p) const {
        auto told = whole(p.columns());
        if (told.size() + 1 > p.rows()) {
            told.clear();
            for (const std::string& d : details_) told.push_back(d);
        }
        std::size_t row = 0;
        for (const std::string& line : told)
            if (row + 1 < p.rows()) p.put(1, row++, line);
        if (row > 0 && row + 1 < p.rows()) ++row;
        const std::size_t at = p.put(1, row, question_ + "?", look::strong);
        p.put(at + 1, row, "[y/N]", look::key);
    }

  private:
    [[nodiscard]] std::vector<std::string> whole(std::size_t columns) const {
        std::vector<std::string> out;
        for (const std::string& d : details_)
            for (std::string& line : wrapped(d, columns > 2 ? columns - 2 : 1)) out.push_back(std::move(line));
        return out;
    }
};

} // namespace kf::tui
