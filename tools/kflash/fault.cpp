// SPDX-License-Identifier: MIT
#include "fault.hpp"

#include <kf/io/effect.hpp>
#include <kf/io/signal_names.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

namespace kf::kflash {
namespace {

long wanted_effect = 0, count = 0;
std::string kind;
int log_fd = -1;

/// As somebody else sends it: what a process does to itself is another matter (io/interrupt.hpp).
void send_from_outside(int number) {
    const pid_t self = ::getpid(), sender = ::fork();
    if (sender == 0) {
        ::kill(self, number);
        ::_exit(0);
    }
    while (sender > 0 && ::waitpid(sender, nullptr, 0) < 0 && errno == EINTR) {}
}

result<void> probe(io::effect_kind effect, std::string_view what) {
    ++count;
    if (log_fd >= 0) {
        const auto line = fmt::format("{} {} {}\n", count, io::name(effect), what);
        (void)!::write(log_fd, line.data(), line.size());
    }
    if (count != wanted_effect) return {};
    if (kind == "error") return kf::fail(errc::io, fmt::format("injected fault at effect {}: {}", count, what));
    send_from_outside(io::signal_number(kind).value_or(SIGKILL));
    return {};
}

} // namespace

void install_fault_probe() {
    if (const char* spec = std::getenv("KF_FAULT")) {
        const std::string text = spec;
        const auto colon = text.find(':');
        wanted_effect = std::atol(text.c_str());
        kind = colon == std::string::npos ? "error" : text.substr(colon + 1);
    }
    if (const char* file = std::getenv("KF_FAULT_LOG"))
        log_fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (wanted_effect > 0 || log_fd >= 0) io::installed_effect_probe = probe;
}

} // namespace kf::kflash
