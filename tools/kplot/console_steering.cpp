// SPDX-License-Identifier: MIT
#include "console_steering.hpp"

#include "../cli/prompt.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <cstdio>

namespace kf::kplot {

result<run::order> console_steering::stepped(std::size_t stroke) {
    if (asked_about_ != stroke) {
        asked_about_ = stroke;
        cli::forget_typed_ahead();
        std::fputs(fmt::format("Enter draws stroke {}, q cancels: ", stroke).c_str(), stderr);
        std::fflush(stderr);
        question_is_open_ = true;
    }
    pollfd p{STDIN_FILENO, POLLIN, 0};
    if (::poll(&p, 1, 0) <= 0) return run::order::none;
    char buffer[256];
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0) return run::order::none;
    if (n > 0) question_is_open_ = false; // the key ended its line
    if (n == 0) return run::order::cancel;
    return buffer[0] == 'q' || buffer[0] == 'Q' ? run::order::cancel : run::order::resume;
}

void console_steering::leave_question() {
    if (std::exchange(question_is_open_, false)) std::fputc('\n', stderr);
}

} // namespace kf::kplot
