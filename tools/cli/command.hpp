// SPDX-License-Identifier: MIT
#pragma once
/// A tool is a table. From one row a command gets its parsing, its help, its completion and the mapping of errors to
/// exit status; a test holds the manual against the same rows.

#include <kf/io/xdg_paths.hpp>
#include <kf/sink/any_sink.hpp>
#include <kf/sink/counted.hpp>
#include <kf/sink/log_file.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kf::cli {

using tool_sink = tee_sink<any_sink, log_file_sink>;
static_assert(sink<tool_sink>);

struct option_row {
    const char* name;                    ///< "skip-menuconfig", or "skip-menuconfig,s" with its short form
    const char* value;                   ///< what a person puts there ("FILE"), "" for a flag
    const char* purpose;                 ///< one line
    bool hidden = false;                 ///< for tests and for ourselves: not in help, manual, completion
    std::vector<const char*> words = {}; ///< all that the value may be, where value_row has not the same
    const char* group = "";              ///< the heading under which help shows it, "" with the command's own
};

/// What may stand for a value or an operand: completion offers it, and another word is wrong use. FILE, PATH and DIR
/// are known; "on|off" says it by itself.
struct value_row {
    const char* name; ///< "METHOD", as in option_row::value and command_row::operands
    std::vector<const char*> words;
    const char* asked = ""; ///< or `TOOL complete boards` tells them: completion only
};

struct example_row {
    const char* command;
    const char* purpose;
};

/// What a command knows of the world: nothing below tools/ reads argv or the environment.
struct invocation {
    tool_sink& out;
    result_stream results; ///< standard output, for results that are no record
    std::string tool, command;
    std::vector<std::string> operands;
    std::map<std::string, std::vector<std::string>> options; ///< a flag is there with no value
    io::xdg_paths paths;
    std::string self;         ///< our own binary, for the guardian and to find ksim beside it
    bool interactive = false; ///< stdin, stdout and stderr are terminals: questions may be asked
    bool json = false, quiet = false, verbose = false;
    std::size_t columns = 80;      ///< what a line of a result may take
    std::size_t rows = 24;         ///< of the terminal that a result goes to
    bool coloured = false;         ///< a result may have colours
    bool unicode = false;          ///< and characters beyond ASCII
    bool asked_by_program = false; ///< questions go to who reads our JSON lines; answers come as lines of stdin

    [[nodiscard]] bool has(const std::string& option) const { return options.contains(option); }
    [[nodiscard]] std::optional<std::string> get(const std::string& option) const {
        const auto found = options.find(option);
        if (found == options.end() || found->second.empty()) return std::nullopt;
        return found->second.back();
    }
    /// Somebody answers questions.
    [[nodiscard]] bool can_ask() const noexcept { return asked_by_program || (interactive && !json); }
};

struct command_row {
    const char* name;
    const char* operands; ///< "BOARD", "[BOARD]", "FILE..."
    std::size_t min_operands, max_operands;
    const char* purpose;
    std::vector<option_row> options;
    std::vector<example_row> examples;
    result<void> (*run)(invocation&);
    bool hidden = false;
};

/// The original's flags: `--list-devices` stands for `list`.
struct alias_row {
    const char* flag;    ///< "--list-devices"
    const char* command; ///< "list", "flash --all"
    const char* purpose;
};

/// What --selftest proves beside what every tool has.
struct check_row {
    const char* name;
    result<void> (*run)();
};

struct tool_row {
    const char* name;
    const char* purpose;
    std::vector<option_row> options; ///< taken by every command of the tool, beside common_options()
    std::vector<command_row> commands;
    std::vector<alias_row> aliases = {};
    const char* default_command = ""; ///< what runs when only options are given
    std::vector<check_row> checks = {};
    std::vector<value_row> values = {};
    const char* alone = ""; ///< the command that the tool stands for on a terminal, alone or with its options; "": help
};

/// `completion SHELL`, which every tool has.
[[nodiscard]] const command_row& completion_command();
/// The tool's own commands and those that every tool has, without the hidden ones.
[[nodiscard]] std::vector<const command_row*> shown_commands(const tool_row& tool);

/// --json, --quiet, -v, --log, --no-color, --help, --version.
[[nodiscard]] const std::vector<option_row>& common_options();

/// Runs the command that argv names, prints its error once, and gives the exit status.
[[nodiscard]] int run(const tool_row& tool, int argc, char** argv);

/// Of the environment. Under sudo the files are those of the person who called it.
[[nodiscard]] io::xdg_paths person_paths();

} // namespace kf::cli
