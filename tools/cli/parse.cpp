// SPDX-License-Identifier: MIT
#include "parse.hpp"

#include "help.hpp"

#include <kf/io/ascii.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>

#include <boost/program_options.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace kf::cli {
namespace {

namespace po = boost::program_options;

error usage_error(const tool_row& tool, const command_row* command, std::string what, std::string cause = {}) {
    return error{errc::usage,
                 std::move(what),
                 std::move(cause),
                 {},
                 {command != nullptr ? fmt::format("{} {} --help", tool.name, command->name)
                                     : fmt::format("{} --help", tool.name)}};
}

/// "did you mean flash?", empty when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const auto near = io::near_names(word, known);
    return near.empty() ? std::string{} : fmt::format("did you mean {}?", near.front());
}

void describe(po::options_description& to, const std::vector<option_row>& rows) {
    for (const auto& o : rows) {
        if (*o.value == '\0')
            to.add_options()(o.name, o.purpose);
        else
            to.add_options()(o.name, po::value<std::vector<std::string>>(), o.purpose);
    }
}

std::vector<const option_row*> options_of(const tool_row& tool, const command_row& command) {
    std::vector<const option_row*> all;
    for (const auto* rows : {&command.options, &tool.options, &common_options()})
        for (const auto& o : *rows) all.push_back(&o);
    return all;
}

/// The words of Boost's own messages are not ours.
error as_usage_error(const tool_row& tool, const command_row& command, const po::error& e) {
    if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&e)) {
        std::string name = unknown->get_option_name();
        std::vector<std::string> known;
        for (const auto* o : options_of(tool, command))
            if (!o->hidden) known.push_back("--" + spell(*o).long_name);
        auto near = name.starts_with("--") ? did_you_mean(name, known) : std::string{};
        return usage_error(tool, &command, fmt::format("there is no option {}", io::printable(name)), std::move(near));
    }
    if (const auto* bad = dynamic_cast<const po::invalid_command_line_syntax*>(&e);
        bad != nullptr && bad->kind() == po::invalid_syntax::missing_parameter)
        return usage_error(tool, &command, fmt::format("{} needs a value", io::printable(bad->get_option_name())));
    return usage_error(tool, &command, io::printable(e.what(), 120));
}

/// A word where only certain ones may stand.
result<void> check_word(const tool_row& tool, const command_row& command, const candidates& allowed,
                        const std::string& word) {
    if (allowed.what != candidates::kind::words) return {};
    if (std::find(allowed.words.begin(), allowed.words.end(), word) != allowed.words.end()) return {};
    const std::string name = io::to_lower(allowed.name);
    const auto near = did_you_mean(word, allowed.words);
    return kf::fail(usage_error(
        tool, &command,
        fmt::format("there is no {} \"{}\": {}", name, io::printable(word), fmt::join(allowed.words, ", ")), near));
}

} // namespace

error no_such_command(const tool_row& tool, const std::string& word) {
    std::vector<std::string> known{"help"};
    for (const auto* c : shown_commands(tool)) known.emplace_back(c->name);
    return usage_error(tool, nullptr, fmt::format("there is no command \"{}\"", io::printable(word)),
                       did_you_mean(word, known));
}

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
        return kf::fail(as_usage_error(tool, command, e));
    }
    if (p.options.contains("help") || command.hidden) return p;
    for (const auto* o : options_of(tool, command)) {
        const auto given = p.options.find(spell(*o).long_name);
        if (given == p.options.end()) continue;
        for (const auto& word : given->second) {
            if (word.empty())
                return kf::fail(
                    usage_error(tool, &command, fmt::format("--{} was given an empty {}", given->first, o->value)));
            // "on|off" has other words for the same: the command reads them.
            if (std::string_view(o->value).find('|') == std::string_view::npos)
                KF_CHECK(check_word(tool, command, candidates_for(tool, *o), word));
        }
    }
    if (p.operands.size() > command.max_operands)
        return kf::fail(usage_error(tool, &command,
                                    fmt::format("{} {} does not know what to do with \"{}\"", tool.name, command.name,
                                                io::printable(p.operands[command.max_operands]))));
    if (p.operands.size() < command.min_operands)
        return kf::fail(
            usage_error(tool, &command, fmt::format("{} {} needs {}", tool.name, command.name, command.operands)));
    for (const auto& word : p.operands) {
        if (word.empty())
            return kf::fail(usage_error(
                tool, &command, fmt::format("{} {} was given an empty {}", tool.name, command.name, command.operands)));
        KF_CHECK(check_word(tool, command, candidates_for(tool, command), word));
    }
    return p;
}

} // namespace kf::cli
