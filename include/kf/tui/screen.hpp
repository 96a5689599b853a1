// SPDX-License-Identifier: MIT
#pragma once
/// Where pages are shown and keys come from: a terminal with ncurses or line by line (tools/tui), or a script of keys
/// without any terminal. One loop runs on all of them:
///
///     s.draw(page.paint(s.size()));
///     const wake w = s.wait(fds, until);      for each key of w: a command of the page, for the core
///
/// | expression         | meaning                                   | guarantees                                        |
/// | ------------------ | ----------------------------------------- | ------------------------------------------------- |
/// | s.size()           | columns and rows of the window now        |                                                   |
/// | s.draw(frame)      | shows it, soon                            | never waits for the terminal: a slow one gets     |
/// |                    |                                           | the newest frame when it has taken the one before |
/// | s.ask_sight()      | what is drawn by now is to be seen before | once for each question (unseen_question.hpp)      |
/// |                    | a key is taken as an answer to it         |                                                   |
/// | s.is_seen()        | a person can see it; wait() ends then     | keys of the waits before were struck blindly      |
/// | s.wait(fds, until) | until a key, a readable fd, another size, | keys of one wait are in order; what a person can  |
/// |                    | a signal, or the time                     | do with the terminal comes as a wake, never ends  |
/// |                    |                                           | the program                                       |
/// | s.forget_typed()   | what was typed and not read               | before the terminal is lent                       |
/// | s.leave(), s.back()| the terminal is somebody else's meanwhile | back() draws all anew                             |

#include <kf/error.hpp>
#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

namespace kf::tui {

struct wake {
    std::vector<key> keys = {};
    std::vector<int> ready = {}; ///< of the descriptors that were waited for: readable, or their end has gone
    bool resized = false;
    bool interrupted = false; ///< Ctrl+C or a signal that ends programs: io::interrupt knows which
    bool hung_up = false;     ///< the terminal is gone; nothing can be shown any more
};

template<class S>
concept screen = requires(S& s, const S& c, const text_grid& frame, std::span<const int> fds,
                          std::chrono::steady_clock::time_point until) {
    { c.size() } -> std::same_as<grid_size>;
    s.draw(frame);
    s.ask_sight();
    { c.is_seen() } -> std::same_as<bool>;
    { s.wait(fds, until) } -> std::same_as<wake>;
    { s.forget_typed() } -> std::same_as<std::vector<key>>;
    s.leave();
    { s.back() } -> std::same_as<result<void>>;
};

} // namespace kf::tui
