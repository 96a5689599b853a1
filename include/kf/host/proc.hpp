// SPDX-License-Identifier: MIT
#pragma once
/// What runs on this host, read from a proc file system whose root is a parameter: klippy processes with the unit and
/// the API socket of each, and who holds a device open.

#include <kf/error.hpp>
#include <kf/io/atomic_file.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::host {

namespace fs = std::filesystem;

struct process_info {
    int pid = 0;
    std::vector<std::string> argv;
    std::string unit = {}; ///< "klipper.service"; empty when no service runs it
};

/// A name that may stand on systemctl's command line: never a path, never an option.
[[nodiscard]] inline bool is_unit_name(std::string_view name) {
    return name.ends_with(".service") && name.size() > 8 && name.size() < 256 && name.front() != '-' &&
           name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@_.:-\\") ==
               std::string_view::npos;
}

/// The unit in the text of /proc/PID/cgroup, v1 or v2: the last path part that is a service.
[[nodiscard]] inline std::string unit_of_cgroup(std::string_view text) {
    std::string unit;
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto path = line.substr(std::min(line.size(), line.rfind(':') + 1));
        std::size_t from = 0;
        while (from < path.size()) {
            const auto slash = std::min(path.find('/', from), path.size());
            const auto part = path.substr(from, slash - from);
            // user@1000.service holds a person's whole session; only what is below it is a service.
            if (is_unit_name(part) && !part.starts_with("user@")) unit = part;
            from = slash + 1;
        }
        if (!unit.empty()) return unit;
    }
    return unit;
}

/// Processes of `proc` for which `wanted(argv)` is true. Processes that end while we look are left out.
template<class F>
[[nodiscard]] result<std::vector<process_info>> find_processes(const fs::path& proc, F&& wanted) {
    std::vector<process_info> found;
    std::error_code ec;
    for (fs::directory_iterator it(proc, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        int pid = 0;
        const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (bad != std::errc{} || stop != name.data() + name.size()) continue;
        const auto cmdline = io::read_file(it->path() / "cmdline", 1 << 20);
        if (!cmdline || cmdline->empty()) continue;
        process_info p{pid, {}};
        std::size_t from = 0;
        while (from < cmdline->size()) {
            const auto zero = std::min(cmdline->find('\0', from), cmdline->size());
            p.argv.push_back(cmdline->substr(from, zero - from));
            from = zero + 1;
        }
        if (!wanted(p.argv)) continue;
        if (const auto cgroup = io::read_file(it->path() / "cgroup", 1 << 16)) p.unit = unit_of_cgroup(*cgroup);
        found.push_back(std::move(p));
    }
    if (ec) return kf::fail(errc::io, "cannot look through " + proc.string() + ": " + ec.message());
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
    return found;
}

struct klippy_instance {
    process_info process;
    std::string socket = {}; ///< its API socket (-a), empty when it was started without
};

/// klippy.py is the program, or the script of the interpreter: an editor that has it open does not count.
[[nodiscard]] inline bool runs_klippy(const std::vector<std::string>& argv) {
    const auto is_klippy = [](const std::string& word) { return word == "klippy.py" || word.ends_with("/klippy.py"); };
    if (argv.empty()) return false;
    if (is_klippy(argv[0])) return true;
    const std::string program = fs::path(argv[0]).filename().string();
    if (!program.starts_with("python") && !program.starts_with("pypy")) return false;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (!word.starts_with('-')) return is_klippy(word);
        if (word == "-m" || word == "-c") return false; // what follows is a module or a program text
        if (word == "-X" || word == "-W") ++i;
    }
    return false;
}

[[nodiscard]] inline result<std::vector<klippy_instance>> find_klippy(const fs::path& proc) {
    KF_TRY(auto processes, find_processes(proc, runs_klippy));
    std::vector<klippy_instance> found;
    for (auto& p : processes) {
        klippy_instance k{std::move(p)};
        const auto& argv = k.process.argv;
        for (std::size_t i = 0; i + 1 < argv.size(); ++i)
            if (argv[i] == "-a" || argv[i] == "--api-server") k.socket = argv[i + 1];
        for (const auto& word : argv)
            if (word.starts_with("--api-server="))
                k.socket = word.substr(13);
            else if (word.starts_with("-a") && word.size() > 2)
                k.socket = word.substr(2);
        if (!k.socket.empty() && k.socket.front() != '/') {
            std::error_code ec;
            const auto cwd = fs::read_symlink(proc / std::to_string(k.process.pid) / "cwd", ec);
            k.socket = ec ? std::string{} : (cwd / k.socket).string();
        }
        found.push_back(std::move(k));
    }
    return found;
}

struct holder {
    int pid = 0;
    std::string command;
};

/// Who has `device` (a real path such as /dev/ttyACM0) open, ourselves left out. Without root only our own user's
/// processes can be seen: the exclusive open of the port is the second net.
[[nodiscard]] inline std::vector<holder> holders_of(const fs::path& proc, const fs::path& device, int own_pid) {
    std::vector<holder> found;
    std::error_code ec;
    for (fs::directory_iterator it(proc, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        int pid = 0;
        const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (bad != std::errc{} || stop != name.data() + name.size() || pid == own_pid) continue;
        std::error_code inner;
        for (fs::directory_iterator fd(it->path() / "fd", inner), last; !inner && fd != last; fd.increment(inner)) {
            std::error_code gone;
            if (fs::read_symlink(fd->path(), gone) != device || gone) continue;
            auto text = io::read_file(it->path() / "cmdline", 1 << 16).value_or("");
            std::replace(text.begin(), text.end(), '\0', ' ');
            while (!text.empty() && text.back() == ' ') text.pop_back();
            found.push_back({pid, text});
            break;
        }
    }
    return found;
}

} // namespace kf::host
