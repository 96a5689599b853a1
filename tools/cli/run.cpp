// SPDX-License-Identifier: MIT
#include "help.hpp"
#include "selftest.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/io/interrupt.hpp>

#include <boost/program_options.hpp>

#include <fmt/format.h>

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

namespace kf::cli {
namespace {

namespace po = boost::program_options;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string(value);
}

/// Under sudo the files are those of the person who called it.
io::xdg_paths person_paths() {
    if (::geteuid() == 0) {
        if (const std::string user = variable("SUDO_USER"); !user.empty() && user != "root")
            if (const passwd* pw = ::getpwnam(user.c_str())) return io::resolve({pw->pw_dir});
    }
    std::string home = variable("HOME");
    if (home.empty())
        if (const passwd* pw = ::getpwuid(::getuid())) home = pw->pw_dir;
    return io::resolve({home, variable("XDG_CONFIG_HOME"), variable("XDG_STATE_HOME"), variable("XDG_CACHE_HOME"),
                        variable("XDG_RUNTIME_DIR")});
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

bool utf8_locale() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const auto value = variable(name);
        if (value.empty()) continue;
        return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
    }
    return false;
}

error usage_error(const tool_row& tool, const command_row* command, std::string what) {
    return error{errc::usage,
                 std::move(what),
                 {},
                 {},
                 {command != nullptr ? fmt::format("{} {} --help", tool.name, command->name)
                                     : fmt::format("{} --help", tool.name)}};
}

void describe(po::options_description& to, const std::vector<option_row>& rows) {
    for (const auto& o : rows) {
        if (*o.value == '\0')
            to.add_options()(o.name, o.purpose);
        else
            to.add_options()(o.name, po::value<std::vector<std::string>>(), o.purpose);
    }
}

struct parsed {
    std::vector<std::string> operands;
    std::map<std::string, std::vector<std::string>> options;
};

result<parsed> parse(const tool_row& tool, const command_row& command, const std::vector<std::string>& words) {
    po::options_description all;
    describe(all, command.options);
    describe(all, tool.options);
    describe(all, common_options());
    all.add_options()("operand", po::value<std::vector<std::string>>());
    po::positional_options_description positional;
    positional.add("operand", -1);
    parsed p;
    try {
        namespace style = po::command_line_style;
        const auto options = po::command_line_parser(words)
                                 .options(all)
                                 .positional(positional)
                                 .style(style::default_style & ~style::allow_guessing)
                                 .run();
        for (const auto& o : options.options) {
            if (o.string_key == "operand") {
                p.operands.insert(p.operands.end(), o.value.begin(), o.value.end());
            } else {
                auto& values = p.options[o.string_key];
                values.insert(values.end(), o.value.begin(), o.value.end());
                if (!o.unregistered && o.value.empty() && all.find(o.string_key, false).semantic()->min_tokens() > 0)
                    return kf::fail(usage_error(tool, &command, "--" + o.string_key + " needs a value"));
            }
        }
    } catch (const po::error& e) {
        return kf::fail(usage_error(tool, &command, e.what()));
    }
    if (!p.options.contains("help") &&
        (p.operands.size() < command.min_operands || p.operands.size() > command.max_operands))
        return kf::fail(usage_error(tool, &command,
                                    p.operands.size() > command.max_operands
                                        ? fmt::format("{} {} does not know what to do with \"{}\"", tool.name,
                                                      command.name, p.operands[command.max_operands])
                                        : fmt::format("{} {} needs {}", tool.name, command.name, command.operands)));
    return p;
}

int complain(any_sink& out, const error& e) {
    out.fail(e);
    return exit_status(e.code);
}

} // namespace

int run(const tool_row& tool, int argc, char** argv) {
    io::interrupt::ignore_failed_writes();
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);

    const auto wanted = [&](std::string_view flag, std::string_view other = {}) {
        for (const auto& w : words) {
            if (w == "--") return false;
            if (w == flag || (!other.empty() && w == other)) return true;
        }
        return false;
    };
    const bool tty = ::isatty(STDERR_FILENO) != 0;
    const bool json = wanted("--json");
    terminal_options look;
    look.colour = colour_wanted(wanted("--no-color"), tty);
    look.tty = tty && variable("TERM") != "dumb";
    look.unicode = utf8_locale();
    look.level = wanted("--quiet", "-q")     ? verbosity::quiet
                 : wanted("--verbose", "-v") ? verbosity::verbose
                                             : verbosity::normal;
    any_sink face = json ? any_sink(json_lines_sink()) : any_sink(terminal_sink(look));

    // The original's flags become the command they stand for, with what follows them.
    for (const auto& alias : tool.aliases) {
        const auto at = std::find(words.begin(), words.end(), alias.flag);
        if (at == words.end()) continue;
        words.erase(at);
        words.insert(words.begin(), alias.command);
        break;
    }
    if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        const command_row* about = nullptr;
        if (words.size() > 1)
            for (const auto& c : tool.commands)
                if (words[1] == c.name) about = &c;
        const std::string text = about != nullptr ? help_of(tool, *about) : help_of(tool);
        // No command at all is wrong use, but the person sees what there is.
        std::fputs(text.c_str(), words.empty() ? stderr : stdout);
        return words.empty() ? exit_status(errc::usage) : 0;
    }
    if (words[0] == "--version") {
        std::printf("%s %s\n", tool.name, KF_VERSION);
        return 0;
    }
    if (words[0] == "--selftest") return selftest(tool);
    if (words[0] == "completion" && words.size() == 2) {
        const std::string text = completion_of(tool, words[1]);
        if (text.empty())
            return complain(face, usage_error(tool, nullptr, "completion is there for bash, zsh and fish"));
        std::fputs(text.c_str(), stdout);
        return 0;
    }
    if (words[0].starts_with("-") && *tool.default_command != '\0') words.insert(words.begin(), tool.default_command);

    const command_row* command = nullptr;
    for (const auto& c : tool.commands)
        if (words[0] == c.name) command = &c;
    if (command == nullptr)
        return complain(face, usage_error(tool, nullptr, fmt::format("there is no command \"{}\"", words[0])));

    auto p = parse(tool, *command, std::vector<std::string>(words.begin() + 1, words.end()));
    if (!p) return complain(face, p.error());
    if (p->options.contains("help")) {
        std::fputs(help_of(tool, *command).c_str(), stdout);
        return 0;
    }
    if (p->options.contains("version")) {
        std::printf("%s %s\n", tool.name, KF_VERSION);
        return 0;
    }

    const auto paths = person_paths();
    log_file_sink log;
    // A plan changes nothing, not even our own log.
    if (!command->hidden && !(p->options.contains("dry-run") && !p->options.contains("log"))) {
        const auto given = p->options.find("log");
        const std::filesystem::path file = given != p->options.end() && !given->second.empty()
                                               ? std::filesystem::path(given->second.back())
                                               : paths.state / tool.name / fmt::format("{}.log", tool.name);
        std::error_code ec;
        if (given == p->options.end()) {
            for (auto dir = file.parent_path(); !std::filesystem::exists(dir, ec) && dir.has_relative_path();)
                if (!io::make_directories(dir)) break;
            rotate(file);
        }
        log = log_file_sink(file);
        io::adopt_parent_owner(file);
        if (!log.is_open())
            face.warn(fmt::format("the log {} cannot be written: {}", file.string(), std::strerror(errno)));
        std::string line = "argv:";
        for (int i = 0; i < argc; ++i) line += fmt::format(" {}", argv[i]);
        log.detail(line);
    }
    tool_sink out(face, log);
    invocation call{out,
                    tool.name,
                    command->name,
                    std::move(p->operands),
                    std::move(p->options),
                    paths,
                    own_binary(),
                    ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0 && tty,
                    json,
                    look.level == verbosity::quiet,
                    look.level == verbosity::verbose};
    result<void> done{};
    try {
        done = command->run(call);
    } catch (const std::exception& e) { // a broken invariant of a library: said, and every destructor has run
        done = kf::fail(error{errc::failed, fmt::format("unexpected: {}", e.what()), {}, {}, {"please report this"}});
    }
    if (!done) out.fail(done.error());
    const int status = done ? 0 : exit_status(done.error().code);
    log.detail(fmt::format("exit status {}", status));
    return status;
}

} // namespace kf::cli
