// SPDX-License-Identifier: MIT
#pragma once
/// The loop of the menu: a frame, a wait, what was typed, what was heard. A key is taken before the news that came with
/// it: it was meant for what stood on the screen, and is nothing when Ctrl+C came with it. What was typed until a
/// question could be seen is no answer to it. Nor is what was typed before the terminal was lent meant for whoever gets
/// it, or for the page behind.

#include <kf/io/interrupt.hpp>
#include <kf/tui/screen.hpp>
#include <kf/tui/unseen_question.hpp>

#include <chrono>
#include <functional>

namespace kf::menu {

/// Gives the terminal to somebody else and takes it back.
struct terminal_lease {
    std::function<void()> leave;
    std::function<result<void>()> back;
};

/// `menu` is a menu_session of tools/kflash, or a test's. Until a person leaves it; errc::interrupted when the terminal
/// went away.
template<class Menu, tui::screen Screen>
[[nodiscard]] result<void> run_menu(Menu& menu, Screen& screen) {
    bool was_lent = false;
    terminal_lease terminal{[&] {
                                was_lent = true;
                                (void)screen.forget_typed();
                                screen.leave();
                            },
                            [&] { return screen.back(); }};
    tui::unseen_question unseen;
    while (!menu.is_over()) {
        screen.draw(menu.paint(screen.size()));
        unseen.drawn(screen, menu.has_question_to_show());
        const auto fds = menu.fds();
        const auto woken = screen.wait(fds, menu.next());
        if (woken.hung_up) {
            menu.hang_up();
            return kf::fail(errc::interrupted, "the terminal went away");
        }
        if (woken.interrupted) {
            const int number = io::interrupt::pending();
            io::interrupt::clear(); // which the screen may tell of once more
            if (number != 0) menu.interrupt(number);
        }
        was_lent = false;
        for (const auto& k : woken.keys) {
            if (menu.has_question_to_show() || menu.is_over() || was_lent || woken.interrupted) break;
            menu.take(k, terminal);
        }
        if (unseen.comes_in_sight(screen)) menu.shown();
        menu.go_on(std::chrono::steady_clock::now());
        if (woken.asked_to_stop) screen.stop_here(); // what runs has a session of its own, and goes on
    }
    return {};
}

} // namespace kf::menu
