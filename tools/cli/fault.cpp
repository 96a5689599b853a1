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

namespace kf::cli {
namespace {

long wanted_effect = 0, effects_seen = 0;
std::string wanted_kind;
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

result<void> fault_probe(io::effect_kind effect, std::string_view what) {
    ++effects_seen;
    if (log_fd >= 0) {
        const auto line = fmt::format("{} {} {}\n", effects_seen, io::name(effect), what);
        (void)!::write(log_fd, line.data(), line.size());
    }
    if (effects_seen != wanted_effect) return {};
    if (wanted_kind == "error")
        return kf::fail(errc::io, fmt::format("injected fault at effect {}: {}", effects_seen, what));
    send_from_outside(io::signal_number(wanted_kind).value_or(SIGKILL));
    return {};
}

} // namespace

void install_fault_probe() {
    if (const char* spec = std::getenv("KF_FAULT")) {
        const std::string text = spec;
        const auto colon = text.find(':');
        wanted_effect = std::atol(text.c_str());
        wanted_kind = colon == std::string::npos ? "error" : text.substr(colon + 1);
    }
    if (const char* file = std::getenv("KF_FAULT_LOG"))
        log_fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (wanted_effect > 0 || log_fd >= 0) io::installed_effect_probe = fault_probe;
}

} // namespace kf::cli
