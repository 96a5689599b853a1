// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

namespace kf::cli {
namespace {

using candidate_kind = candidates::kind;

/// For all three shells: nothing inside of it is read.
std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::vector<const option_row*> shown(const std::vector<option_row>& rows) {
    std::vector<const option_row*> out;
    for (const auto& o : rows)
        if (!o.hidden) out.push_back(&o);
    return out;
}

std::vector<const option_row*> common_of(const tool_row& tool) {
    auto out = shown(tool.options);
    for (const auto* o : shown(common_options())) out.push_back(o);
    return out;
}

const command_row* default_of(const tool_row& tool) {
    for (const auto& c : tool.commands)
        if (std::string_view(c.name) == tool.default_command) return &c;
    return nullptr;
}

// -- bash

/// What `kind` is set to: "files", "words on off", "asked boards", "none".
std::string bash_kind(const candidates& c) {
    switch (c.what) {
    case candidate_kind::files: return "files";
    case candidate_kind::folders: return "folders";
    case candidate_kind::words: return fmt::format("words {}", fmt::join(c.words, " "));
    case candidate_kind::asked: return "asked " + c.asked;
    case candidate_kind::nothing: break;
    }
    return "none";
}

std::string bash_words(const std::vector<const option_row*>& options) {
    std::string text;
    for (const auto* o : options) {
        const auto s = spell(*o);
        text += " --" + s.long_name;
        if (!s.short_name.empty()) text += " -" + s.short_name;
    }
    return text;
}

/// The case of each option with a value: "flash:--device|flash:-d) kind='asked boards' ;;".
std::string bash_values(const tool_row& tool, const std::vector<const option_row*>& options, const std::string& command,
                        bool is_default) {
    std::string text;
    for (const auto* o : options) {
        if (*o->value == '\0') continue;
        const auto s = spell(*o);
        std::string patterns;
        for (const auto& name : {"--" + s.long_name, s.short_name.empty() ? std::string{} : "-" + s.short_name}) {
            if (name.empty()) continue;
            patterns += fmt::format("{}{}:{}", patterns.empty() ? "" : " | ", command, name);
            if (is_default) patterns += " | :" + name;
        }
        text += fmt::format("    {}) kind={} ;;\n", patterns, shell_quoted(bash_kind(candidates_for(tool, *o))));
    }
    return text;
}

std::string bash(const tool_row& tool) {
    const auto common = common_of(tool);
    const auto* otherwise = default_of(tool);
    std::string names, values, options, operands;
    for (const auto* c : shown_commands(tool)) {
        const bool is_default = c == otherwise;
        const auto own = shown(c->options);
        names += fmt::format(" {}", c->name);
        values += bash_values(tool, own, c->name, is_default);
        options += fmt::format("    {}{}) words+=({}) ;;\n", c->name, is_default ? " | ''" : "",
                               bash_words(own).substr(own.empty() ? 0 : 1));
        if (c->max_operands > 0)
            operands += fmt::format("    {}) kind={} most={} ;;\n", c->name,
                                    shell_quoted(bash_kind(candidates_for(tool, *c))), c->max_operands);
    }
    for (const auto& a : tool.aliases) names += fmt::format(" {}", a.flag);
    values += bash_values(tool, common, "*", false);
    return fmt::format(R"(# For this shell: source <({0} completion bash)

# Sets kind to what stands behind option $2 of command $1; empty for a flag.
_{0}_value() {{
  kind=
  case $1:$2 in
{1}  esac
}}

# Offers what begins as $cur does. Nothing of it is expanded or split: names may have blanks.
_{0}_offer() {{
  local word
  case $kind in
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    words*) read -r -a words <<<"${{kind#words }}" ;;
    asked*) mapfile -t words < <("$program" complete "${{kind#asked }}" 2>/dev/null) ;;
    none) words=() ;;
  esac
  for word in "${{words[@]}}"; do
    if [[ $word == "$cur"* ]]; then
      printf -v word %q "$word"
      COMPREPLY+=("$word")
    fi
  done
}}

_{0}() {{
  local program=${{1:-${{COMP_WORDS[0]}}}} cur=${{COMP_WORDS[COMP_CWORD]}} kind="" cmd="" option="" count=0 most=0 i word
  local -a words=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{COMP_WORDS[i]}}
    [[ $word == = ]] && continue
    if [[ -n $option ]]; then
      option=
    elif [[ $word == -* ]]; then
      _{0}_value "$cmd" "$word"
      [[ -n $kind ]] && option=$word
    elif [[ -z $cmd ]]; then
      cmd=$word
    else
      count=$((count + 1))
    fi
  done
  case $cur in
    =) cur= ;;
    \'* | \"*) cur=${{cur:1}} ;;
    *) cur=${{cur//\\/}} ;;
  esac
  if [[ -n $option ]]; then
    _{0}_value "$cmd" "$option"
    _{0}_offer
    return
  fi
  kind=
  if [[ $cur == -* ]]; then
    words=({2})
    case $cmd in
{3}    esac
    [[ -z $cmd ]] && words+=({4})
  elif [[ -z $cmd ]]; then
    words=({4})
  else
    case $cmd in
{5}    esac
    if ((count >= most)); then return; fi
  fi
  _{0}_offer
}}
complete -F _{0} {0}
)",
                       tool.name, values, bash_words(common).substr(1), options, names.substr(1), operands);
}

// -- zsh

std::string zsh_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_action(const tool_row& tool, const candidates& c) {
    switch (c.what) {
    case candidate_kind::files: return "_files";
    case candidate_kind::folders: return "_files -/";
    case candidate_kind::words: return fmt::format("({})", fmt::join(c.words, " "));
    case candidate_kind::asked: return fmt::format("_{}_asked {}", tool.name, c.asked);
    case candidate_kind::nothing: break;
    }
    return " "; // a value, and nothing is known of it
}

std::string zsh_options(const tool_row& tool, const std::vector<const option_row*>& options) {
    std::string text;
    for (const auto* o : options) {
        const auto s = spell(*o);
        const bool value = *o->value != '\0';
        const bool again = std::string_view(o->purpose).find("repeated") != std::string_view::npos;
        std::string rest = fmt::format("[{}]", zsh_escaped(o->purpose));
        if (value) rest += fmt::format(":{}:{}", zsh_escaped(o->value), zsh_action(tool, candidates_for(tool, *o)));
        const std::string name = "--" + s.long_name + (value ? "=" : "");
        if (s.short_name.empty())
            text += fmt::format(" \\\n        {}", shell_quoted((again ? "*" : "") + name + rest));
        else
            text += fmt::format(" \\\n        '(-{0} --{1})'{{-{0}{2},{3}}}{4}", s.short_name, s.long_name,
                                value ? "+" : "", name, shell_quoted(rest));
    }
    return text;
}

std::string zsh(const tool_row& tool) {
    const auto common = common_of(tool);
    std::string names, cases, aliases;
    for (const auto* c : shown_commands(tool)) {
        names += fmt::format("        {}\n", shell_quoted(fmt::format("{}:{}", c->name, c->purpose)));
        auto all = shown(c->options);
        all.insert(all.end(), common.begin(), common.end());
        std::string operand;
        if (c->max_operands > 0)
            operand =
                fmt::format(" \\\n        {}", shell_quoted(fmt::format("{}:{}:{}", c->max_operands > 1 ? "*" : "",
                                                                        zsh_escaped(c->operands),
                                                                        zsh_action(tool, candidates_for(tool, *c)))));
        cases += fmt::format("      {}) _arguments -s -S{}{} && ret=0 ;;\n", c->name, zsh_options(tool, all), operand);
    }
    for (const auto& a : tool.aliases) {
        if (*a.flag == '-')
            aliases += fmt::format(" \\\n    {}", shell_quoted(fmt::format("{}[{}]", a.flag, zsh_escaped(a.purpose))));
        else
            names += fmt::format("        {}\n", shell_quoted(fmt::format("{}:{}", a.flag, a.purpose)));
    }
    auto first = common;
    if (const auto* otherwise = default_of(tool))
        for (const auto* o : shown(otherwise->options)) first.push_back(o);
    return fmt::format(R"(#compdef {0}
# For this shell: source <({0} completion zsh)

_{0}_asked() {{
  local -a found
  found=("${{(@f)$({0} complete $@[-1] 2>/dev/null)}}")
  [[ -n $found[1] ]] && compadd "${{@[1,-2]}}" -a found
}}

_{0}() {{
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  _arguments -C -s -S{1}{2} \
    '1: :->command' '*:: :->arguments' && ret=0
  case $state in
    command)
      local -a commands=(
{3}      )
      _describe -t commands command commands && ret=0 ;;
    arguments)
      curcontext=${{curcontext%:*:*}}:{0}-$line[1]:
      case $line[1] in
{4}      esac ;;
  esac
  return ret
}}

if [[ $funcstack[1] = _{0} ]]; then _{0} "$@"; elif (( $+functions[compdef] )); then compdef _{0} {0}; fi
)",
                       tool.name, zsh_options(tool, first), aliases, names, cases);
}

// -- fish

/// How fish completes a value or an operand; `value`: it has to be there.
std::string fish_what(const tool_row& tool, const candidates& c, bool value) {
    const std::string exclusive = value ? " -x" : "";
    switch (c.what) {
    case candidate_kind::files: return value ? " -r -F" : " -F";
    case candidate_kind::folders: return exclusive + " -a '(__fish_complete_directories)'";
    case candidate_kind::words: return exclusive + " -a " + shell_quoted(fmt::format("{}", fmt::join(c.words, " ")));
    case candidate_kind::asked:
        return exclusive + " -a " + shell_quoted(fmt::format("({} complete {} 2>/dev/null)", tool.name, c.asked));
    case candidate_kind::nothing: break;
    }
    return exclusive;
}

std::string fish(const tool_row& tool) {
    std::string text = fmt::format("# For this shell: {0} completion fish | source\ncomplete -c {0} -f\n", tool.name);
    const auto options = [&](const std::vector<const option_row*>& rows, const std::string& condition) {
        for (const auto* o : rows) {
            const auto s = spell(*o);
            text += fmt::format("complete -c {}{} -l {}{}{} -d {}\n", tool.name, condition, s.long_name,
                                s.short_name.empty() ? "" : " -s " + s.short_name,
                                *o->value == '\0' ? "" : fish_what(tool, candidates_for(tool, *o), true),
                                shell_quoted(o->purpose));
        }
    };
    for (const auto* c : shown_commands(tool)) {
        text += fmt::format("complete -c {} -n __fish_use_subcommand -a {} -d {}\n", tool.name, c->name,
                            shell_quoted(c->purpose));
        const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", c->name);
        options(shown(c->options), condition);
        if (c->max_operands > 0)
            if (const auto what = candidates_for(tool, *c); what.what != candidate_kind::nothing)
                text += fmt::format("complete -c {}{}{}\n", tool.name, condition, fish_what(tool, what, false));
    }
    if (const auto* otherwise = default_of(tool)) options(shown(otherwise->options), " -n __fish_use_subcommand");
    for (const auto& a : tool.aliases)
        text +=
            fmt::format("complete -c {} -n __fish_use_subcommand {} {} -d {}\n", tool.name,
                        *a.flag == '-' ? "-l" : "-a", *a.flag == '-' ? a.flag + 2 : a.flag, shell_quoted(a.purpose));
    options(common_of(tool), "");
    return text;
}

} // namespace

std::string completion_of(const tool_row& tool, const std::string& shell) {
    if (shell == "bash") return bash(tool);
    if (shell == "zsh") return zsh(tool);
    return fish(tool);
}

} // namespace kf::cli
