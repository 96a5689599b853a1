// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kf::cli {
namespace {

/// A name and what it is for, in two columns of `width` together; on a narrow terminal one below the other.
std::string row(const std::string& left, std::string_view purpose, std::size_t column, std::size_t width) {
    if (width < column + 24) column = 8;
    const std::string indent(column, ' ');
    std::string text;
    for (const auto& line : wrap(purpose, width - 1 - column, "")) {
        if (!text.empty())
            text += indent;
        else if (left.size() + 1 < column)
            text += left + indent.substr(left.size());
        else
            text += left + "\n" + indent;
        text += line + "\n";
    }
    return text;
}

std::string rows(const std::vector<option_row>& options, std::size_t width, std::string_view group = "") {
    std::string text;
    for (const auto& o : options) {
        if (o.hidden || o.group != group) continue;
        const auto s = spell(o);
        std::string left = s.short_name.empty() ? "      " : fmt::format("  -{}, ", s.short_name);
        left += "--" + s.long_name;
        if (*o.value != '\0') left += fmt::format(" {}", o.value);
        text += row(left, o.purpose, 28, width);
    }
    return text;
}

/// Each group of options under its heading, in the order of their first rows.
std::string groups(const std::vector<option_row>& options, std::size_t width) {
    std::vector<std::string_view> told{""};
    std::string text;
    for (const auto& o : options) {
        if (std::find(told.begin(), told.end(), o.group) != told.end()) continue;
        told.emplace_back(o.group);
        text += fmt::format("\n{}:\n{}", o.group, rows(options, width, o.group));
    }
    return text;
}

std::string paragraph(std::string_view text, std::size_t width) {
    std::string folded;
    for (const auto& line : wrap(text, width - 1, "")) folded += line + "\n";
    return folded;
}

candidates named(const tool_row& tool, std::string name) {
    using kind = candidates::kind;
    candidates c{kind::nothing, {}, {}, name};
    if (name == "FILE" || name == "PATH") c.what = kind::files;
    if (name == "DIR") c.what = kind::folders;
    for (const auto& v : tool.values) {
        if (name != v.name) continue;
        c.what = *v.asked != '\0' ? kind::asked : kind::words;
        c.words.assign(v.words.begin(), v.words.end());
        c.asked = v.asked;
    }
    return c;
}

} // namespace

spelled_option spell(const option_row& o) {
    const std::string name = o.name;
    const auto comma = name.find(',');
    if (comma == std::string::npos) return {name, {}};
    return {name.substr(0, comma), name.substr(comma + 1)};
}

candidates candidates_for(const tool_row& tool, const option_row& o) {
    const std::string name = o.value;
    auto c = named(tool, name);
    if (!o.words.empty()) {
        c.what = candidates::kind::words;
        c.words.assign(o.words.begin(), o.words.end());
    } else if (name.find('|') != std::string::npos) {
        c.what = candidates::kind::words;
        for (std::size_t from = 0; from <= name.size();) {
            const auto end = std::min(name.find('|', from), name.size());
            c.words.push_back(name.substr(from, end - from));
            from = end + 1;
        }
    }
    return c;
}

candidates candidates_for(const tool_row& tool, const command_row& command) {
    std::string name = command.operands;
    name.erase(0, name.find_first_not_of('['));
    return named(tool, name.substr(0, name.find_first_of("]|. ")));
}

const std::vector<option_row>& common_options() {
    static const std::vector<option_row> options{
        {"json", "", "JSON lines on stdout, one event a line"},
        {"quiet,q", "", "results, warnings and errors only"},
        {"verbose,v", "", "also commands, exit codes and frames"},
        {"log", "FILE", "write the log of this run there"},
        {"no-color", "", "no colour (NO_COLOR and TERM=dumb do the same)"},
        {"help,h", "", "this help"},
        {"version", "", "print the version"},
        {"ask-json", "", "ask whoever reads the JSON lines", true},
    };
    return options;
}

const command_row& completion_command() {
    static const command_row row{
        "completion",
        "SHELL",
        1,
        1,
        "Prints a completion script for bash, zsh or fish.",
        {},
        {{"source <(kflash completion bash)", "for this shell; put it into ~/.bashrc to keep it"},
         {"kflash completion fish | source", "the same in fish"}},
        nullptr}; // run() prints it before there is a log
    return row;
}

std::vector<const command_row*> shown_commands(const tool_row& tool) {
    std::vector<const command_row*> shown;
    for (const auto& c : tool.commands)
        if (!c.hidden) shown.push_back(&c);
    shown.push_back(&completion_command());
    return shown;
}

std::string help_of(const tool_row& tool, std::size_t width) {
    std::string text =
        fmt::format("usage: {} COMMAND [options]\n\n{}\ncommands:\n", tool.name, paragraph(tool.purpose, width));
    for (const auto* c : shown_commands(tool))
        text += row(fmt::format("  {} {}", c->name, c->operands), c->purpose, 26, width);
    if (!tool.aliases.empty()) {
        text += "\naliases:\n";
        for (const auto& a : tool.aliases) text += row(fmt::format("  {}", a.flag), a.purpose, 26, width);
    }
    text += "\noptions of every command:\n" + rows(tool.options, width) + rows(common_options(), width) + "\n";
    text += paragraph(fmt::format("{0} COMMAND --help tells more of a command. The manual: man {0}", tool.name), width);
    text += paragraph("Exit status: 0 done, 1 failed, 2 wrong use, 3 refused for safety,\n"
                      "4 not found or not connected, 5 needs a person, 130 interrupted.",
                      width);
    return text;
}

std::string help_of(const tool_row& tool, const command_row& c, std::size_t width) {
    std::string text = paragraph(
        fmt::format("usage: {} {} {}{}[options]", tool.name, c.name, c.operands, *c.operands == '\0' ? "" : " "),
        width);
    text += "\n" + paragraph(c.purpose, width);
    if (const auto own = rows(c.options, width); !own.empty()) text += "\noptions:\n" + own;
    text += groups(c.options, width);
    text += "\noptions of every command:\n" + rows(tool.options, width) + rows(common_options(), width);
    if (!c.examples.empty()) {
        text += "\nexamples:\n";
        for (const auto& e : c.examples) {
            // The examples of a command that all tools have name the first of them.
            std::string command = e.command;
            if (&c == &completion_command()) command.replace(command.find("kflash"), 6, tool.name);
            for (const auto& line : wrap_command(command, width - 3)) text += "  " + line + "\n";
            for (const auto& line : wrap(e.purpose, width - 7, "")) text += "      " + line + "\n";
        }
    }
    return text;
}

} // namespace kf::cli
