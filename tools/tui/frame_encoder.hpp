// SPDX-License-Identifier: MIT
#pragma once
/// A frame -> the bytes that a terminal of this kind needs to show it: all that ncurses does for us. It writes into
/// memory, so that no terminal, slow or gone, can stop it; what is said to the terminal and when is the screen's own.
/// One at a time: ncurses has one state in a program.

#include <kf/error.hpp>
#include <kf/io/unique_fd.hpp>
#include <kf/tui/text_grid.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace kf::tui {

class frame_encoder {
    struct state;
    std::unique_ptr<state> state_;
    explicit frame_encoder(std::unique_ptr<state> s);

  public:
    /// `term` is $TERM; when nobody knows it, a kind that nearly every terminal of today is like.
    [[nodiscard]] static result<frame_encoder> open(const std::string& term, grid_size size, bool coloured);
    frame_encoder(frame_encoder&&) noexcept;
    frame_encoder& operator=(frame_encoder&&) noexcept;
    ~frame_encoder();

    /// The kind of terminal that it writes for.
    [[nodiscard]] const std::string& kind() const noexcept;
    /// What turns the frame that was shown last into this one.
    [[nodiscard]] std::string show(const text_grid& frame);
    /// What gives the terminal back as it was. The next show() takes it again and draws all.
    [[nodiscard]] std::string end();
};

/// For --selftest: a static binary has descriptions of terminals in itself.
[[nodiscard]] result<void> check_descriptions();

/// The locale of characters; false when a terminal would not get what is beyond ASCII.
[[nodiscard]] bool settle_locale(bool unicode);

} // namespace kf::tui
