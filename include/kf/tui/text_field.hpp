// SPDX-License-Identifier: MIT
#pragma once
/// One line of text that a person types. In it a letter is a letter, whatever it does elsewhere; Esc leaves the field
/// and does nothing else; Up and Down fetch what was entered before.

#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::tui {

/// What was entered, oldest first.
class entered_lines {
    std::vector<std::string> lines_;
    static constexpr std::size_t most = 200;

  public:
    void add(std::string line) {
        if (line.empty() || (!lines_.empty() && lines_.back() == line)) return;
        lines_.push_back(std::move(line));
        if (lines_.size() > most) lines_.erase(lines_.begin());
    }
    [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }
    [[nodiscard]] const std::string& operator[](std::size_t i) const noexcept { return lines_[i]; }
};

enum class field_event { none, changed, entered, left };

class text_field {
    std::string text_;
    std::size_t cursor_ = 0;      ///< in bytes, at the beginning of a character
    const entered_lines* before_; ///< may be null
    std::size_t back_ = 0;        ///< how many lines back in `before_`
    std::string own_;             ///< what was typed before going back

    [[nodiscard]] std::size_t previous(std::size_t at) const noexcept {
        return last_character_begin(std::string_view(text_).substr(0, at));
    }
    [[nodiscard]] std::size_t next(std::size_t at) const noexcept {
        return at < text_.size() ? at + first_character(std::string_view(text_).substr(at)).bytes : at;
    }
    void insert(std::string_view more) {
        more = beginning(more, longest - std::min(longest, text_.size()));
        text_.insert(cursor_, more);
        cursor_ += more.size();
    }
    field_event recall(std::size_t back) {
        if (before_ == nullptr || back > before_->size()) return field_event::none;
        if (back_ == 0) own_ = text_;
        back_ = back;
        text_ = back == 0 ? own_ : (*before_)[before_->size() - back];
        cursor_ = text_.size();
        return field_event::changed;
    }

  public:
    /// In bytes. What is typed or pasted beyond it is dropped: no line of a person is as long, and a page must not take
    /// long to paint.
    static constexpr std::size_t longest = 1000;

    explicit text_field(std::string text = {}, const entered_lines* before = nullptr)
      : text_(std::move(text))
      , cursor_(text_.size())
      , before_(before) {}

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    field_event take(const key& k) {
        if (k.action == key_action::release) return field_event::none;
        if (is_typed(k)) {
            std::string one;
            append_utf8(one, k.text);
            insert(one);
            return field_event::changed;
        }
        switch (k.code) {
        case key_code::paste: {
            // A line of it: what is behind its end was never looked at by the person.
            std::string line;
            const std::string_view all = std::string_view(k.pasted).substr(0, k.pasted.find_first_of("\r\n"));
            each_shown(beginning(all, longest), [&](std::string_view bytes, std::size_t) { line += bytes; });
            insert(line);
            return field_event::changed;
        }
        case key_code::enter: return field_event::entered;
        case key_code::escape: return field_event::left;
        case key_code::left: cursor_ = previous(cursor_); return field_event::changed;
        case key_code::right: cursor_ = next(cursor_); return field_event::changed;
        case key_code::home: cursor_ = 0; return field_event::changed;
        case key_code::end: cursor_ = text_.size(); return field_event::changed;
        case key_code::up: return recall(back_ + 1);
        case key_code::down: return back_ == 0 ? field_event::none : recall(back_ - 1);
        case key_code::backspace: {
            const std::size_t from = previous(cursor_);
            text_.erase(from, cursor_ - from);
            cursor_ = from;
            return field_event::changed;
        }
        case key_code::remove: text_.erase(cursor_, next(cursor_) - cursor_); return field_event::changed;
        default: break;
        }
        if (is(k, {U'u', modifier::ctrl})) {
            text_.erase(0, cursor_);
            cursor_ = 0;
            return field_event::changed;
        }
        return field_event::none;
    }

    /// The prompt and the text in one row, moved so that the cursor is in sight.
    void paint(pane p, std::size_t row, std::string_view prompt) const {
        p.mark_text_line();
        const std::size_t at = p.put(0, row, prompt, look::strong) + 1;
        const std::size_t room = p.columns() > at + 1 ? p.columns() - at - 1 : 0;
        std::size_t from = 0;
        for (std::size_t wide = width_of(std::string_view(text_).substr(0, cursor_)); wide > room;) {
            const std::size_t behind = next(from);
            wide -= width_of(std::string_view(text_).substr(from, behind - from));
            from = behind;
        }
        const std::string_view shown = std::string_view(text_).substr(from);
        p.put(at, row, shown);
        const std::size_t column = at + width_of(shown.substr(0, cursor_ - from));
        const std::string_view under = std::string_view(text_).substr(cursor_, next(cursor_) - cursor_);
        p.put(column, row, under.empty() ? " " : under, look::selected);
    }
};

} // namespace kf::tui
