// SPDX-License-Identifier: MIT
#pragma once
/// A person's terminal as a screen (kf/tui/screen.hpp): frames by ncurses, or by lines for a reader that speaks
/// (--plain), keys by our own decoder. Nothing here waits for the terminal, and whatever ends the program, the terminal
/// is as it was: so does a signal that kills it, short of SIGKILL.

#include "frame_encoder.hpp"

#include <kf/io/interrupt.hpp>
#include <kf/io/unique_fd.hpp>
#include <kf/tui/key_decoder.hpp>
#include <kf/tui/screen.hpp>

#include <termios.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kf::tui {

struct terminal_look {
    std::string term; ///< $TERM
    bool plain = false, coloured = false, unicode = false;
    std::chrono::milliseconds escape_delay = default_escape_delay;
};

/// The look by the environment: $TERM, and $ESCDELAY (milliseconds) where it is set.
[[nodiscard]] terminal_look look_by_environment(bool plain, bool coloured, bool unicode);

class terminal_screen {
    struct state;
    std::unique_ptr<state> state_;
    explicit terminal_screen(std::unique_ptr<state> s);

  public:
    [[nodiscard]] static result<terminal_screen> open(const terminal_look& how);
    terminal_screen(terminal_screen&&) noexcept;
    terminal_screen& operator=(terminal_screen&&) = delete;
    ~terminal_screen();

    [[nodiscard]] grid_size size() const;
    void draw(const text_grid& frame);
    void ask_sight();
    [[nodiscard]] bool is_seen() const noexcept;
    [[nodiscard]] wake wait(std::span<const int> fds, std::chrono::steady_clock::time_point until);
    [[nodiscard]] std::vector<key> forget_typed();
    void look_first(first_look f);
    void settled();
    void stop_here();
    void leave();
    [[nodiscard]] result<void> back();
    /// The terminal tells when a key is let go.
    [[nodiscard]] bool tells_releases() const noexcept;
};
static_assert(screen<terminal_screen>);

} // namespace kf::tui
