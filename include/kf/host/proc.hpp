// SPDX-License-Identifier: MIT
#pragma once
/// What runs on this host, read from a proc file system whose root is a parameter: klippy processes with the unit and
/// the API socket of each, sockets that somebody listens on, and who holds a device open. What /proc does not show may
/// be there all the same (hidepid, other namespaces): host/klippy_survey.hpp holds it against what else is known.

#include <kf/error.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/columns.hpp>

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

/// Processes of `proc` for which `wanted(argv, exe)` is true. Processes that end while we look are left out.
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
        std::error_code hidden;
        if (!wanted(p.argv, fs::read_symlink(it->path() / "exe", hidden))) continue;
        if (const auto cgroup = io::read_file(it->path() / "cgroup", 1 << 16)) p.unit = unit_of_cgroup(*cgroup);
        found.push_back(std::move(p));
    }
    if (ec) return kf::fail(errc::io, "cannot look through " + proc.string() + ": " + ec.message());
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
    return found;
}

/// What a Python interpreter runs, from its command line: a script (or a folder with __main__.py) or a module.
struct python_program {
    std::string name;
    bool is_module = false;
    std::size_t at = 0; ///< the word of argv that names it
};

/// Nothing when it runs a program text (-c) or standard input.
[[nodiscard]] inline std::optional<python_program> program_of(const std::vector<std::string>& argv) {
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word.empty() || word == "-") return std::nullopt;
        if (word[0] != '-') return python_program{word, false, i};
        if (word == "--")
            return i + 1 < argv.size() ? std::optional(python_program{argv[i + 1], false, i + 1}) : std::nullopt;
        if (word.starts_with("--")) {
            if (word == "--check-hash-based-pycs" || word == "--jit") ++i; // pypy has the latter
            continue;
        }
        for (std::size_t c = 1; c < word.size(); ++c) { // "-um" is -u and -m
            if (word[c] == 'c') return std::nullopt;
            if (word[c] == 'm') {
                if (c + 1 < word.size()) return python_program{word.substr(c + 1), true, i};
                return i + 1 < argv.size() ? std::optional(python_program{argv[i + 1], true, i + 1}) : std::nullopt;
            }
            if (word[c] == 'X' || word[c] == 'W') {
                if (c + 1 == word.size()) ++i;
                break;
            }
        }
    }
    return std::nullopt;
}

/// Klipper's klippy.py in a folder klippy, Kalico's package folder, a console entry of either.
[[nodiscard]] inline bool is_klippy_script(std::string_view word) {
    while (word.size() > 1 && word.ends_with('/')) word.remove_suffix(1);
    const fs::path path(word);
    const std::string name = path.filename().string();
    if (name == "__main__.py" || name == "printer.py") return path.parent_path().filename() == "klippy";
    return name == "klippy" || name == "klippy.py" || name == "klippy.pyc" || name == "kalico";
}

[[nodiscard]] inline bool is_klippy_module(std::string_view name) {
    return name == "klippy" || name == "klippy.klippy" || name == "klippy.printer" || name == "klippy.__main__" ||
           name == "kalico";
}

/// The options of klippy, as optparse reads them: short ones in a row, long ones cut short.
struct klippy_options {
    std::string api_server = {};
    bool batch = false;   ///< --debugoutput: what it would send goes into a file, no MCU is opened
    bool options = false; ///< it has an option that only klippy takes
};

[[nodiscard]] inline klippy_options read_klippy_options(const std::vector<std::string>& argv, std::size_t from) {
    klippy_options read;
    const auto take = [&](char option, const std::string& value) {
        read.options = read.options || option != 'd';
        if (option == 'a') read.api_server = value;
        if (option == 'o') read.batch = !value.empty();
    };
    for (std::size_t i = from; i < argv.size() && argv[i] != "--"; ++i) {
        const std::string& word = argv[i];
        if (word.size() < 2 || word[0] != '-') continue;
        if (word[1] == '-') {
            const auto equal = word.find('=');
            const std::string name = word.substr(0, equal);
            const auto stands_for = [&](std::string_view whole, std::size_t least) {
                return name.size() >= least && whole.starts_with(name);
            };
            const char option = stands_for("--api-server", 3)    ? 'a'
                                : stands_for("--debugoutput", 8) ? 'o'
                                : stands_for("--debuginput", 8)  ? 'i'
                                : stands_for("--input-tty", 4)   ? 'I'
                                : stands_for("--logfile", 3)     ? 'l'
                                                                 : '\0';
            if (option == '\0') continue;
            take(option, equal != std::string::npos ? word.substr(equal + 1) : i + 1 < argv.size() ? argv[++i] : "");
            continue;
        }
        for (std::size_t c = 1; c < word.size(); ++c) {
            if (std::string_view("iIaold").find(word[c]) == std::string_view::npos) continue; // a flag: -v
            take(word[c], c + 1 < word.size() ? word.substr(c + 1) : i + 1 < argv.size() ? argv[++i] : "");
            break;
        }
    }
    return read;
}

/// Where klippy's own words begin in a command line; nothing when it is no klippy. `exe`: what /proc/PID/exe points at,
/// empty when it cannot be seen. An editor that has klippy.py open is no klippy.
[[nodiscard]] inline std::optional<std::size_t> klippy_words(const std::vector<std::string>& argv,
                                                             const fs::path& exe = {}) {
    if (argv.empty()) return std::nullopt;
    if (is_klippy_script(argv[0])) return 1;
    const auto is_python = [](const fs::path& program) {
        const std::string name = program.filename().string();
        return name.starts_with("python") || name.starts_with("pypy");
    };
    if (is_python(argv[0]) || is_python(exe)) {
        const auto program = program_of(argv);
        if (!program || !(program->is_module ? is_klippy_module(program->name) : is_klippy_script(program->name)))
            return std::nullopt;
        return program->at + 1;
    }
    // Under a program that we do not know (docker run, valgrind, an interpreter of another name): by its shape.
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const bool named = argv[i].ends_with("klippy.py") ? is_klippy_script(argv[i])
                                                          : argv[i - 1] == "-m" && is_klippy_module(argv[i]);
        if (named && read_klippy_options(argv, i + 1).options) return i + 1;
    }
    return std::nullopt;
}

[[nodiscard]] inline bool runs_klippy(const std::vector<std::string>& argv, const fs::path& exe = {}) {
    const auto from = klippy_words(argv, exe);
    return from && !read_klippy_options(argv, *from).batch;
}

struct klippy_instance {
    process_info process;
    std::string socket = {}; ///< its API socket (-a), empty when it was started without
    /// Why there must be one although no such process is seen ("klipper.service is active"); empty for one that is.
    std::string evidence = {};
    /// process.pid 0: not even its number is known.
    [[nodiscard]] bool seen() const { return evidence.empty(); }
    /// What it is called among others, also after a restart: its unit, or else its socket; empty when it has neither.
    [[nodiscard]] const std::string& name() const { return process.unit.empty() ? socket : process.unit; }
};

[[nodiscard]] inline result<std::vector<klippy_instance>> find_klippy(const fs::path& proc) {
    KF_TRY(auto processes,
           find_processes(proc, [](const auto& argv, const fs::path& exe) { return runs_klippy(argv, exe); }));
    std::vector<klippy_instance> found;
    for (auto& p : processes) {
        klippy_instance k{std::move(p)};
        const fs::path home = proc / std::to_string(k.process.pid);
        std::error_code ec;
        const auto from = klippy_words(k.process.argv, fs::read_symlink(home / "exe", ec));
        k.socket = read_klippy_options(k.process.argv, from.value_or(k.process.argv.size())).api_server;
        if (!k.socket.empty() && k.socket.front() != '/') {
            const auto cwd = fs::read_symlink(home / "cwd", ec);
            k.socket = ec ? std::string{} : (cwd / k.socket).string();
        }
        found.push_back(std::move(k));
    }
    return found;
}

/// The paths on which somebody listens, from PROC/net/unix: also those whose owner cannot be seen.
[[nodiscard]] inline std::vector<std::string> listening_sockets(const fs::path& proc) {
    std::vector<std::string> found;
    const auto text = io::read_file(proc / "net/unix", std::size_t{8} << 20);
    if (!text) return found;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        // Num RefCount Protocol Flags Type St Inode Path; a path may have blanks in it
        const auto fields = io::take_columns<7>(line);
        constexpr std::string_view accepts = "00010000"; // __SO_ACCEPTCON
        if (fields[3] == accepts && line.size() > 1 && line[1] == '/') found.emplace_back(line.substr(1));
    }
    return found;
}

/// As klippy's API socket is usually called: /tmp/klippy_uds, ~/printer_data/comms/klippy.sock, /run/klippy-2.sock.
[[nodiscard]] inline bool is_klippy_socket_name(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    return name.starts_with("klippy") && !name.ends_with(".kf-control");
}

struct holder {
    int pid = 0;
    std::string command;
    std::string unit = {}; ///< "klipper.service"; empty when no service runs it
};
struct port_holders {
    std::vector<holder> seen;
    std::size_t hidden = 0; ///< processes of others, whose descriptors we may not look at
};

/// Who has `device` (a real path such as /dev/ttyACM0) open, ourselves left out. Without root only our own user's
/// processes can be looked at: nobody among the seen is no proof, the exclusive open of the port is.
[[nodiscard]] inline port_holders holders_of(const fs::path& proc, const fs::path& device, int own_pid) {
    port_holders found;
    std::error_code ec;
    for (fs::directory_iterator it(proc, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        int pid = 0;
        const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (bad != std::errc{} || stop != name.data() + name.size() || pid == own_pid) continue;
        const auto command = [&] {
            auto text = io::read_file(it->path() / "cmdline", 1 << 16).value_or("");
            std::replace(text.begin(), text.end(), '\0', ' ');
            while (!text.empty() && text.back() == ' ') text.pop_back();
            return text;
        };
        std::error_code inner;
        fs::directory_iterator fd(it->path() / "fd", inner);
        if (inner) { // not ours, unless it has just ended; a kernel thread has no command and holds nothing
            if (!command().empty()) ++found.hidden;
            continue;
        }
        for (const fs::directory_iterator last; !inner && fd != last; fd.increment(inner)) {
            std::error_code gone;
            if (fs::read_symlink(fd->path(), gone) != device || gone) continue;
            const auto cgroup = io::read_file(it->path() / "cgroup", 1 << 16);
            found.seen.push_back({pid, command(), cgroup ? unit_of_cgroup(*cgroup) : std::string{}});
            break;
        }
    }
    return found;
}

} // namespace kf::host
