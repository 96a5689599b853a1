// SPDX-License-Identifier: MIT
#include "help.hpp"
#include "parse.hpp"
#include "selftest.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/process.hpp>
#include <kf/io/run_log.hpp>
#include <kf/io/standard_streams.hpp>
#include <kf/version.hpp>

#include <fmt/format.h>

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

namespace kf::cli {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string(value);
}

std::string own_binary() {
    char path[4096];
    const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
    return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string{};
}

bool colour_wanted(bool no_color_flag, bool tty) {
    if (no_color_flag || !variable("NO_COLOR").empty()) return false;
    if (const auto force = variable("FORCE_COLOR"); !force.empty() && force != "0") return true;
    return tty && variable("TERM") != "dumb" && !variable("TERM").empty();
}

/// COLUMNS or LINES.
std::optional<std::size_t> size_variable(const char* name) {
    const auto n = io::parse_decimal(variable(name));
    return n && *n >= 1 && *n <= 10000 ? std::optional(static_cast<std::size_t>(*n)) : std::nullopt;
}

bool utf8_locale() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const auto value = variable(name);
        if (value.empty()) continue;
        return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
    }
    return false;
}

int complain(any_sink& out, const error& e) {
    out.fail(e);
    return exit_status(e.code);
}

struct run_log {
    log_file_sink sink = {};
    std::filesystem::path file = {};
};

/// The log of this run, where it may be written.
run_log open_log(const tool_row& tool, const parsed& p, const io::xdg_paths& paths, any_sink& face) {
    const auto given = p.options.find("log");
    const bool named = given != p.options.end() && !given->second.empty();
    // A plan changes nothing, not even our own log.
    if (p.options.contains("dry-run") && !named) return {};
    const auto file = named ? std::filesystem::path(given->second.back())
                            : paths.state / tool.name / fmt::format("{}.log", tool.name);
    if (!named) {
        (void)io::make_directories(file.parent_path()); // or opening it says why not
        io::rotate(file);
    }
    auto fd = io::open_log(file);
    if (!fd) {
        face.warn(fd.error().what);
        return {};
    }
    const auto frames = p.options.contains("verbose") ? frames_in_log::every_frame : frames_in_log::last_before_failure;
    return {log_file_sink(fd->release(), frames), file};
}

/// What can be done about what the operating system said; io::system_error has its words at the end.
std::string step_for(std::string_view what) {
    constexpr std::pair<int, const char*> rows[] = {
        {ENOSPC, "make room: df -h shows where there is none"},
        {EDQUOT, "make room: your share of that disk is used up"},
        {EROFS, "that file system is not written: dmesg says why, sudo mount -o remount,rw may help"},
        {EACCES, "see whose it is, and who may change it: ls -ld"},
        {EPERM, "see whose it is, and who may change it: ls -ld"},
        {EMFILE, "let more files be open at once: ulimit -n 1024"}};
    for (const auto& [number, step] : rows)
        if (what.ends_with(std::strerror(number))) return step;
    return {};
}

/// An error that says neither why nor what next names where more stands.
error with_next_step(error e, const tool_row& tool, const command_row& command, const std::filesystem::path& log) {
    if (!e.cause.empty() || !e.steps.empty() || e.code == errc::interrupted) return e;
    if (auto step = step_for(e.what); e.code == errc::io && !step.empty())
        e.steps = {std::move(step)};
    else if (e.code == errc::usage)
        e.steps = {fmt::format("{} {} --help", tool.name, command.name)};
    else if (log.empty())
        e.steps = {"run it again with -v, which says more"};
    else
        e.steps = {fmt::format("the log says more: {}", log.string())};
    return e;
}

/// A result that did not arrive is no success, whatever the command did.
int with_lost_output(int status, result_stream& results, const terminal_options& look) {
    if (results.flush()) return status;
    if (results.lost() != EPIPE) // whoever closed the pipe wanted no more
        terminal_sink(look).fail(
            {errc::io, "standard output cannot be written, the result is lost", std::strerror(results.lost())});
    return status != 0 ? status : exit_status(errc::io);
}

/// What --no-color, -q and the environment say of the terminal.
terminal_options look_of(const std::function<bool(std::string_view, std::string_view)>& wanted, result_stream results) {
    const bool tty = ::isatty(STDERR_FILENO) != 0;
    terminal_options look;
    look.out = std::move(results);
    look.colour = colour_wanted(wanted("--no-color", {}), tty);
    look.tty = tty && variable("TERM") != "dumb";
    look.out_tty = ::isatty(STDOUT_FILENO) != 0 && variable("TERM") != "dumb";
    look.unicode = utf8_locale();
    look.level = wanted("--quiet", "-q")     ? verbosity::quiet
                 : wanted("--verbose", "-v") ? verbosity::verbose
                                             : verbosity::normal;
    if (const auto columns = size_variable("COLUMNS")) look.columns = *columns;
    return look;
}

int run(const tool_row& tool, std::vector<std::string> words, result_stream& results, const terminal_options& look,
        any_sink& face, bool json) {
    const std::string typed = io::to_string(io::command{words});
    const auto print = [&](const std::string& text) {
        results.put(text);
        return 0;
    };
    const std::size_t columns = terminal_columns(stdout, look.columns);
    const std::size_t help_columns = std::min<std::size_t>(columns, 100);
    const auto find = [&](const std::string& name) -> const command_row* {
        if (name == completion_command().name) return &completion_command();
        for (const auto& c : tool.commands)
            if (name == c.name) return &c;
        return nullptr;
    };

    // The original's flags become the command they stand for, with what follows them.
    for (const auto& alias : tool.aliases) {
        const auto at = std::find(words.begin(), words.end(), alias.flag);
        if (at == words.end()) continue;
        words.erase(at);
        const auto stands_for = wrap(alias.command, 1, "");
        words.insert(words.begin(), stands_for.begin(), stands_for.end());
        break;
    }
    const command_row* alone =
        look.tty && look.out_tty && ::isatty(STDIN_FILENO) != 0 && !json ? find(tool.alone) : nullptr;
    if (words.empty() && alone != nullptr) words.emplace_back(alone->name);
    if (words.empty()) { // wrong use, but the person sees what there is
        std::fputs(help_of(tool, std::min<std::size_t>(terminal_columns(stderr, look.columns), 100)).c_str(), stderr);
        return exit_status(errc::usage);
    }
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        if (words.size() < 2 || words[1].starts_with("-")) return print(help_of(tool, help_columns));
        const command_row* about = find(words[1]);
        if (about == nullptr || about->hidden) return complain(face, no_such_command(tool, words[1]));
        return print(help_of(tool, *about, help_columns));
    }
    if (words[0] == "--version") return print(fmt::format("{} {}\n", tool.name, KF_VERSION_STRING));
    if (words[0] == "--selftest") return selftest(tool);
    if (words[0].starts_with("-")) {
        // Options that the command knows which the tool alone stands for are no other command's.
        const bool is_alone = alone != nullptr && parse(tool, *alone, words);
        const std::string meant = is_alone ? alone->name : tool.default_command;
        if (!meant.empty()) words.insert(words.begin(), meant);
    }

    const command_row* command = find(words[0]);
    if (command == nullptr) return complain(face, no_such_command(tool, words[0]));

    auto p = parse(tool, *command, std::vector<std::string>(words.begin() + 1, words.end()));
    if (!p) return complain(face, p.error());
    if (p->options.contains("help")) return print(help_of(tool, *command, help_columns));
    if (p->options.contains("version")) return print(fmt::format("{} {}\n", tool.name, KF_VERSION_STRING));
    if (command == &completion_command()) return print(completion_of(tool, p->operands[0]));

    const auto paths = person_paths();
    auto [log, log_file] = command->hidden ? run_log{} : open_log(tool, *p, paths, face);
    log.detail(fmt::format("argv: {} {}", tool.name, typed));
    tool_sink out(face, log);
    const bool coloured = colour_wanted(p->options.contains("no-color"), look.out_tty);
    const bool asked_by_program = json && p->options.contains("ask-json");
    invocation call{out,
                    results,
                    tool.name,
                    command->name,
                    std::move(p->operands),
                    std::move(p->options),
                    paths,
                    own_binary(),
                    ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0,
                    json,
                    look.level == verbosity::quiet,
                    look.level == verbosity::verbose,
                    columns,
                    terminal_rows(stdout, size_variable("LINES").value_or(24)),
                    coloured,
                    look.unicode,
                    asked_by_program};
    result<void> done{};
    try {
        done = command->run(call);
    } catch (const std::exception& e) { // a broken invariant of a library: said, and every destructor has run
        done = kf::fail(error{errc::failed, fmt::format("unexpected: {}", e.what()), {}, {}, {"please report this"}});
    }
    // A result that was cut short by its reader is no error to speak of.
    if (!done && !(results.lost() == EPIPE && done.error().code == errc::io))
        out.fail(with_next_step(done.error(), tool, *command, log_file));
    const int status = done ? 0 : exit_status(done.error().code);
    log.detail(fmt::format("exit status {}", status));
    return status;
}

} // namespace

io::xdg_paths person_paths() {
    if (::geteuid() == 0) {
        if (const std::string user = variable("SUDO_USER"); !user.empty() && user != "root")
            if (const passwd* pw = ::getpwnam(user.c_str())) return io::resolve({pw->pw_dir});
    }
    std::string home = variable("HOME");
    if (!home.starts_with('/')) // a relative one would be another one in each folder
        if (const passwd* pw = ::getpwuid(::getuid())) home = pw->pw_dir;
    return io::resolve({home, variable("XDG_CONFIG_HOME"), variable("XDG_STATE_HOME"), variable("XDG_CACHE_HOME"),
                        variable("XDG_RUNTIME_DIR")});
}

int run(const tool_row& tool, int argc, char** argv) {
    io::settle_standard_streams();
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto wanted = [&](std::string_view flag, std::string_view other) {
        for (const auto& w : words) {
            if (w == "--") return false;
            if (w == flag || (!other.empty() && w == other)) return true;
        }
        return false;
    };
    result_stream results;
    const auto look = look_of(wanted, results);
    const bool json = wanted("--json", {});
    any_sink face = json ? any_sink(json_lines_sink(results)) : any_sink(terminal_sink(look));
    const int status = run(tool, words, results, look, face, json);
    return with_lost_output(status, results, look);
}

} // namespace kf::cli
