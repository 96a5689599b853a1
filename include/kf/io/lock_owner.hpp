// SPDX-License-Identifier: MIT
#pragma once
/// Who really holds an flock: the kernel's list (/proc/locks) names the process, the lock file names what it wants to
/// be called. Only a name whose process holds the lock is believed; an older run's is not blamed.

#include <kf/io/atomic_file.hpp>
#include <kf/io/columns.hpp>

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>

namespace kf::io {

/// The process that took the flock on that file, from the text of /proc/locks; nothing when it does not say.
/// "7: FLOCK  ADVISORY  WRITE 1234 fd:01:1049 0 EOF"; a line with "->" is one that waits.
[[nodiscard]] inline std::optional<int> flock_owner(std::string_view locks, const struct stat& file) {
    const std::string id = fmt::format("{:02x}:{:02x}:{}", major(file.st_dev), minor(file.st_dev), file.st_ino);
    while (!locks.empty()) {
        const auto end = locks.find('\n');
        std::string_view line = locks.substr(0, end);
        locks.remove_prefix(end == std::string_view::npos ? locks.size() : end + 1);
        const auto fields = take_columns<6>(line);
        int pid = 0;
        if (fields[1] != "FLOCK" || fields[5] != id) continue;
        const auto [stop, bad] = std::from_chars(fields[4].data(), fields[4].data() + fields[4].size(), pid);
        if (bad == std::errc{} && pid > 0) return pid;
    }
    return std::nullopt;
}

/// What a holder wrote into its lock file: "PID WHO".
struct lock_name {
    int pid = 0;
    std::string who;
};
[[nodiscard]] inline lock_name read_lock_name(int fd) {
    char text[256] = {};
    const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
    std::string_view line(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    line = line.substr(0, line.find('\n'));
    lock_name name;
    const auto [stop, bad] = std::from_chars(line.data(), line.data() + line.size(), name.pid);
    if (bad != std::errc{} || stop == line.data()) return {};
    line.remove_prefix(static_cast<std::size_t>(stop - line.data()));
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    name.who = std::string(line);
    return name;
}

/// "kflash flash octopus, process 812, for 40 s"; what holds the open lock file `fd`, as far as it can be known.
[[nodiscard]] inline std::string describe_lock_owner(int fd, const fs::path& proc = "/proc") {
    struct stat file{};
    if (::fstat(fd, &file) != 0) return "somebody who cannot be found out";
    const auto name = read_lock_name(fd);
    const auto is_alive = [](int pid) { return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM); };
    const auto text = read_file(proc / "locks", std::size_t{8} << 20);
    const int owner = text ? flock_owner(*text, file).value_or(0) : 0;
    const auto age =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count() -
        file.st_mtime;
    const std::string since = age < 0     ? ""
                              : age < 120 ? fmt::format(", for {} s", age)
                                          : fmt::format(", for {} min", age / 60);
    if (owner != 0 && owner == name.pid) {
        if (is_alive(owner)) return fmt::format("{}, process {}{}", name.who, owner, since);
        return fmt::format("what {} (process {}, which has ended) left at work{}", name.who, owner, since);
    }
    if (owner != 0) {
        std::string command = read_file(proc / std::to_string(owner) / "cmdline", 1 << 16).value_or("");
        while (!command.empty() && command.back() == '\0') command.pop_back();
        for (char& c : command)
            if (c == '\0') c = ' ';
        return fmt::format("process {}{}", owner, command.empty() ? "" : ": " + command.substr(0, 200));
    }
    if (is_alive(name.pid)) return fmt::format("{}, process {}{}", name.who, name.pid, since);
    return "a process that cannot be seen and left no name";
}

} // namespace kf::io
