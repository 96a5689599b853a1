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
/// | s.look_first(f)    | f is asked about each key that is read    | on whatever thread reads them, before anything    |
/// |                    |                                           | else; by a terminal on one that does no more      |
/// | s.settled()        | the keys that were given are taken        | until then f is told, when one of them may change |
/// |                    |                                           | what the next ones mean                           |
/// | s.stop_here()      | the program stops until a person lets it  | when wake::asked_to_stop was told, and nothing    |
/// |                    | go on; the terminal is the shell's so long| moves that only this program can stop             |
/// | s.leave(), s.back()| the terminal is somebody else's meanwhile | back() draws all anew                             |

#include <kf/error.hpp>
#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace kf::tui {

struct wake {
    std::vector<key> keys = {};
    std::vector<int> ready = {}; ///< of the descriptors that were waited for: readable, or their end has gone
    bool resized = false;
    bool interrupted = false;   ///< Ctrl+C or a signal that ends programs: io::interrupt knows which
    bool asked_to_stop = false; ///< Ctrl+Z, with a FocusOut, so that whatever is held ends
    bool hung_up = false;       ///< the terminal is gone; nothing can be shown any more
};

/// What came of a key that was looked at when it was read.
enum class heed : std::uint8_t {
    later, ///< the page takes it, and what the next ones mean is known when it has
    aside, ///< the page takes it, and what the next ones mean stays as it is
    done   ///< it has been acted upon, which the page learns by key::heeded; aside, too
};
/// `settled`: what it means is known. A key before it that the page has not taken yet may change what others mean.
using first_look = std::function<heed(const key&, bool settled)>;

template<class S>
concept screen = requires(S& s, const S& c, const text_grid& frame, std::span<const int> fds,
                          std::chrono::steady_clock::time_point until) {
    { c.size() } -> std::same_as<grid_size>;
    s.draw(frame);
    s.ask_sight();
    { c.is_seen() } -> std::same_as<bool>;
    { s.wait(fds, until) } -> std::same_as<wake>;
    { s.forget_typed() } -> std::same_as<std::vector<key>>;
    s.look_first(first_look());
    s.settled();
    s.stop_here();
    s.leave();
    { s.back() } -> std::same_as<result<void>>;
};

} // namespace kf::tui
