// SPDX-License-Identifier: MIT
#pragma once
/// The question of a page that nobody has seen yet, as a loop keeps it: after each frame, and after the keys of each
/// wait, which were struck before. It tells the page once, when an answer may come.

#include <kf/tui/screen.hpp>

#include <utility>

namespace kf::tui {

class unseen_question {
    bool is_drawn_ = false;

  public:
    /// A frame was drawn; `is_there`: with a question that was not seen before.
    template<screen S>
    void drawn(S& s, bool is_there) {
        if (is_there && !is_drawn_) s.ask_sight();
        is_drawn_ = is_there;
    }
    template<screen S>
    [[nodiscard]] bool comes_in_sight(const S& s) {
        return is_drawn_ && s.is_seen() && std::exchange(is_drawn_, false);
    }
};

} // namespace kf::tui
