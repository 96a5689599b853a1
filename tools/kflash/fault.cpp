// SPDX-License-Identifier: MIT
#include "fault.hpp"

#include <kf/io/effect.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace kf::kflash {
namespace {

long wanted = 0, count = 0;
std::string kind;
int log_fd = -1;

result<void> probe(io::effect_kind effect, std::string_view what) {
    ++count;
    if (log_fd >= 0) {
        const auto line = fmt::format("{} {} {}\n", count, io::name(effect), what);
        (void)!::write(log_fd, line.data(), line.size());
    }
    if (count != wanted) return {};
    if (kind == "error") return kf::fail(errc::io, fmt::format("injected fault at effect {}: {}", count, what));
    const int number = kind == "kill" ? SIGKILL : kind == "hup" ? SIGHUP : kind == "term" ? SIGTERM : SIGINT;
    ::raise(number);
    return {};
}

} // namespace

void install_fault_probe() {
    if (const char* spec = std::getenv("KF_FAULT")) {
        const std::string text = spec;
        const auto colon = text.find(':');
        wanted = std::atol(text.c_str());
        kind = colon == std::string::npos ? "error" : text.substr(colon + 1);
    }
    if (const char* file = std::getenv("KF_FAULT_LOG"))
        log_fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (wanted > 0 || log_fd >= 0) io::installed_effect_probe = probe;
}

} // namespace kf::kflash
