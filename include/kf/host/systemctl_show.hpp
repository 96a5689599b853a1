// SPDX-License-Identifier: MIT
#pragma once
/// What `systemctl show` prints, and which of the units in it are set up to run klippy. Properties only: its prose and
/// its exit status say nothing that can be relied on.

#include <kf/host/proc.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::host {

struct unit_state {
    std::string id, load, active, sub; ///< systemd's words: "loaded", "active", "running"
    int main_pid = 0;
    std::vector<std::string> dependents = {}; ///< services that go down with it and do not come back by themselves
    std::string api_socket = {};              ///< of the klippy that it is set up to run; empty when not known
    bool certain = true; ///< false: it may be set up to run klippy, but its environment file cannot be read

    [[nodiscard]] bool is_up() const { return active == "active" || active == "activating" || active == "reloading"; }
    /// RemainAfterExit=yes keeps a unit "active" whose process is dead: then its substate is "exited".
    [[nodiscard]] bool runs() const { return active == "active" && sub != "exited"; }
    [[nodiscard]] bool is_down() const { return active == "inactive" || active == "failed"; }
};

/// One unit, as far as its settings are asked for.
struct shown_unit {
    unit_state state;
    std::string exec_start; ///< its commands, one a line: "{ path=... ; argv[]=... ; ... }"
    std::vector<std::string> environment_files = {};
};

namespace detail {
/// The services in a list of unit names; targets and mounts are nobody that we start.
inline void add_units(std::vector<std::string>& units, std::string_view list) {
    while (!list.empty()) {
        const auto end = list.find(' ');
        const std::string name(list.substr(0, end));
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
        if (is_unit_name(name) && std::find(units.begin(), units.end(), name) == units.end()) units.push_back(name);
    }
}

inline void take_property(shown_unit& u, std::string_view key, const std::string& value) {
    if (key == "Id")
        u.state.id = value;
    else if (key == "LoadState")
        u.state.load = value;
    else if (key == "ActiveState")
        u.state.active = value;
    else if (key == "SubState")
        u.state.sub = value;
    else if (key == "ExecStart")
        u.exec_start += value + "\n"; // one line for each command, and one for each file
    else if (key == "EnvironmentFiles")
        u.environment_files.push_back(value.substr(0, value.rfind(" (")));
    else if (key == "RequiredBy" || key == "BoundBy" || key == "ConsistsOf")
        add_units(u.state.dependents, value);
    else if (key == "MainPID")
        (void)std::from_chars(value.data(), value.data() + value.size(), u.state.main_pid);
}

/// Cut at blanks, semicolons and quotes: enough to find a path or an option in a command line.
[[nodiscard]] inline std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    constexpr std::string_view between = " \t\n;\"'";
    for (std::size_t from = text.find_first_not_of(between); from != std::string_view::npos;) {
        const auto end = std::min(text.find_first_of(between, from), text.size());
        words.emplace_back(text.substr(from, end - from));
        from = text.find_first_not_of(between, end);
    }
    return words;
}
} // namespace detail

/// Blocks of "Key=value" lines with an empty line between two units. What has no '=' (a warning) is left out.
[[nodiscard]] inline std::vector<shown_unit> parse_show(std::string_view text) {
    std::vector<shown_unit> units(1);
    bool open = false;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty()) {
            if (open) units.emplace_back();
            open = false;
            continue;
        }
        open = true;
        if (const auto equal = line.find('='); equal != std::string_view::npos)
            detail::take_property(units.back(), line.substr(0, equal), std::string(line.substr(equal + 1)));
    }
    if (!open) units.pop_back();
    return units;
}

struct klippy_setup {
    std::string api_socket = {};
    bool certain = true;
};

/// Whether a unit's settings run klippy, as a script, a module or a console entry, in its command line or, as KIAUH has
/// it, in an environment file that its command line refers to.
[[nodiscard]] inline std::optional<klippy_setup> klippy_setup_of(const shown_unit& u) {
    const auto argv_at = u.exec_start.find("argv[]=");
    auto words =
        detail::words_of(std::string_view(u.exec_start).substr(argv_at == std::string::npos ? 0 : argv_at + 7));
    std::vector<std::size_t> first = {0}; // words that a program's name may be
    const bool by_variables = u.exec_start.find('$') != std::string::npos;
    bool unread = false;
    for (const auto& file : u.environment_files) {
        const auto text = io::read_file(file, 1 << 16);
        if (!text) {
            unread = unread || text.error().code != errc::not_found;
            continue;
        }
        std::string_view rest = *text;
        while (!rest.empty()) { // KLIPPER_ARGS="/home/pi/klipper/klippy/klippy.py ...": what is behind the name counts
            const auto end = rest.find('\n');
            std::string_view line = rest.substr(0, end);
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
            const auto equal = line.find('=');
            if (equal == std::string_view::npos || line.front() == '#') continue;
            first.push_back(words.size());
            for (auto& w : detail::words_of(line.substr(equal + 1))) words.push_back(std::move(w));
        }
    }
    bool runs_next = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string program = fs::path(words[i]).filename().string();
        const bool begins = std::find(first.begin(), first.end(), i) != first.end() || runs_next;
        const bool script = is_klippy_script(words[i]) && (words[i].ends_with(".py") || begins);
        const bool module =
            i > 0 && words[i - 1].front() == '-' && words[i - 1].ends_with('m') && is_klippy_module(words[i]);
        // After the interpreter and its options.
        runs_next =
            program.starts_with("python") || program.starts_with("pypy") || (runs_next && words[i].front() == '-');
        if (!script && !module) continue;
        const auto options = read_klippy_options(words, i + 1);
        if (options.batch) continue;
        klippy_setup setup{options.api_server, true};
        if (!setup.api_socket.empty() && setup.api_socket.front() != '/') setup.api_socket.clear();
        return setup;
    }
    if (unread && by_variables && u.exec_start.find("python") != std::string::npos) return klippy_setup{{}, false};
    return std::nullopt;
}

} // namespace kf::host
