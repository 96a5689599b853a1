// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <fmt/format.h>

namespace kf::cli {
namespace {

struct spelled {
    std::string long_name, short_name;
};
spelled spell(const option_row& o) {
    const std::string name = o.name;
    const auto comma = name.find(',');
    if (comma == std::string::npos) return {name, {}};
    return {name.substr(0, comma), name.substr(comma + 1)};
}

/// A name and what it is for, in two columns of 80 together.
std::string row(const std::string& left, std::string_view purpose, std::size_t column) {
    const std::string indent(column, ' ');
    std::string text;
    for (const auto& line : wrap(purpose, 79 - column, "")) {
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

std::string rows(const std::vector<option_row>& options) {
    std::string text;
    for (const auto& o : options) {
        if (o.hidden) continue;
        const auto s = spell(o);
        std::string left = s.short_name.empty() ? "      " : fmt::format("  -{}, ", s.short_name);
        left += "--" + s.long_name;
        if (*o.value != '\0') left += fmt::format(" {}", o.value);
        text += row(left, o.purpose, 28);
    }
    return text;
}

std::string words(const std::vector<option_row>& options) {
    std::string text;
    for (const auto& o : options)
        if (!o.hidden) text += " --" + spell(o).long_name;
    return text;
}

std::string quoted(std::string text) {
    for (std::size_t i = 0; (i = text.find('\'', i)) != std::string::npos; i += 4) text.replace(i, 1, "'\\''");
    return "'" + text + "'";
}

} // namespace

const std::vector<option_row>& common_options() {
    static const std::vector<option_row> options{
        {"json", "", "JSON lines on stdout, one event a line"},
        {"quiet,q", "", "results, warnings and errors only"},
        {"verbose,v", "", "also commands, exit codes and frames"},
        {"log", "FILE", "write the log of this run there"},
        {"no-color", "", "no colour (NO_COLOR and TERM=dumb do the same)"},
        {"help,h", "", "this help"},
        {"version", "", "print the version"},
    };
    return options;
}

std::string help_of(const tool_row& tool) {
    std::string text = fmt::format("usage: {} COMMAND [options]\n\n{}\n\ncommands:\n", tool.name, tool.purpose);
    for (const auto& c : tool.commands) {
        if (c.hidden) continue;
        text += row(fmt::format("  {} {}", c.name, c.operands), c.purpose, 26);
    }
    if (!tool.aliases.empty()) {
        text += "\naliases:\n";
        for (const auto& a : tool.aliases) text += row(fmt::format("  {}", a.flag), a.purpose, 26);
    }
    text += "\noptions of every command:\n" + rows(tool.options) + rows(common_options());
    text += fmt::format("\n{0} COMMAND --help tells more of a command. The manual: man {0}\n", tool.name);
    text += "Exit status: 0 done, 1 failed, 2 wrong use, 3 refused for safety,\n"
            "4 not found or not connected, 5 needs a person, 130 interrupted.\n";
    return text;
}

std::string help_of(const tool_row& tool, const command_row& c) {
    std::string text = fmt::format("usage: {} {} {}{}[options]\n\n{}\n", tool.name, c.name, c.operands,
                                   *c.operands == '\0' ? "" : " ", c.purpose);
    if (!c.options.empty()) text += "\noptions:\n" + rows(c.options);
    text += "\noptions of every command:\n" + rows(tool.options) + rows(common_options());
    if (!c.examples.empty()) {
        text += "\nexamples:\n";
        for (const auto& e : c.examples) text += fmt::format("  {}\n      {}\n", e.command, e.purpose);
    }
    return text;
}

std::string completion_of(const tool_row& tool, const std::string& shell) {
    const std::string common = words(tool.options) + words(common_options());
    std::string text, names;
    for (const auto& c : tool.commands)
        if (!c.hidden) names += fmt::format(" {}", c.name);
    for (const auto& a : tool.aliases) names += fmt::format(" {}", a.flag);
    if (shell == "bash") {
        text = fmt::format(
            "_{0}() {{\n  local cur=${{COMP_WORDS[COMP_CWORD]}} words=\"\"\n"
            "  if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"{1}{2}\"\n  else\n    case \"${{COMP_WORDS[1]}}\" in\n",
            tool.name, names.empty() ? "" : names.substr(1), common);
        for (const auto& c : tool.commands)
            if (!c.hidden) text += fmt::format("      {}) words=\"{}{}\" ;;\n", c.name, words(c.options), common);
        text += fmt::format(
            "    esac\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
            "  [ \"${{cur#-}}\" = \"$cur\" ] && [ \"$COMP_CWORD\" -gt 1 ] && COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
            "  return 0\n}}\ncomplete -F _{0} {0}\n",
            tool.name);
    } else if (shell == "zsh") {
        text = fmt::format("#compdef {0}\nlocal -a commands\ncommands=(\n", tool.name);
        for (const auto& c : tool.commands)
            if (!c.hidden) text += fmt::format("  {}\n", quoted(fmt::format("{}:{}", c.name, c.purpose)));
        text +=
            fmt::format(")\nif (( CURRENT == 2 )); then\n  _describe -t commands command commands\n  compadd --{}{}\n"
                        "  return\nfi\ncase $words[2] in\n",
                        "", common);
        for (const auto& c : tool.commands)
            if (!c.hidden) text += fmt::format("  {}) compadd --{}{} ;;\n", c.name, words(c.options), common);
        text += "esac\n_files\n";
    } else if (shell == "fish") {
        const auto flags = [&](const std::vector<option_row>& options, const std::string& condition) {
            for (const auto& o : options) {
                if (o.hidden) continue;
                const auto s = spell(o);
                text += fmt::format("complete -c {}{} -l {}{}{} -d {}\n", tool.name, condition, s.long_name,
                                    s.short_name.empty() ? "" : " -s " + s.short_name, *o.value == '\0' ? "" : " -r",
                                    quoted(o.purpose));
            }
        };
        for (const auto& c : tool.commands) {
            if (c.hidden) continue;
            text += fmt::format("complete -c {} -n __fish_use_subcommand -f -a {} -d {}\n", tool.name, c.name,
                                quoted(c.purpose));
            flags(c.options, fmt::format(" -n '__fish_seen_subcommand_from {}'", c.name));
        }
        flags(tool.options, "");
        flags(common_options(), "");
    }
    return text;
}

} // namespace kf::cli
