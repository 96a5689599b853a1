// SPDX-License-Identifier: MIT
#pragma once
/// A screen of lines (kf/tui/screen.hpp): what is new is printed, and a letter, a number or a text with Enter behind it
/// is what was typed. The terminal stays as it is, so that a screen reader, a braille line or a program of speech
/// behind a pipe has all of it.

#include <kf/error.hpp>
#include <kf/tui/screen.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <vector>

namespace kf::tui {

class line_screen {
    struct state;
    std::unique_ptr<state> state_;
    explicit line_screen(std::unique_ptr<state> s);

  public:
    /// On standard input, which has to be a terminal, and standard output.
    [[nodiscard]] static result<line_screen> open(bool unicode);
    line_screen(line_screen&&) noexcept;
    line_screen& operator=(line_screen&&) = delete;
    ~line_screen();

    [[nodiscard]] grid_size size() const noexcept;
    void draw(const text_grid& frame);
    void ask_sight();
    [[nodiscard]] bool is_seen() const noexcept;
    [[nodiscard]] wake wait(std::span<const int> fds, std::chrono::steady_clock::time_point until);
    [[nodiscard]] std::vector<key> forget_typed();
    void look_first(first_look) noexcept {}
    void settled() noexcept {}
    void stop_here() noexcept {} ///< the terminal is as it was: the system does it
    void leave();
    [[nodiscard]] result<void> back();
};
static_assert(screen<line_screen>);

} // namespace kf::tui
