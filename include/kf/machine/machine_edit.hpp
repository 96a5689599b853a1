// SPDX-License-Identifier: MIT
#pragma once
/// A single value written back into the text of machine.yaml: its scalar is replaced where the parser saw it, or a line
/// is added behind the one that it belongs to, so comments (in their columns), order and layout stay as they are.

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::machine {

namespace detail {

/// Where the scalar that begins at `at` ends. YAML's own marks give only its beginning.
inline std::optional<std::size_t> scalar_end(std::string_view text, std::size_t at) {
    if (at >= text.size()) return std::nullopt;
    const char quote = text[at];
    if (quote == '"' || quote == '\'') {
        for (std::size_t i = at + 1; i < text.size(); ++i) {
            if (quote == '"' && text[i] == '\\')
                ++i;
            else if (text[i] == quote) {
                if (quote == '\'' && i + 1 < text.size() && text[i + 1] == quote)
                    ++i;
                else
                    return i + 1;
            }
        }
        return std::nullopt;
    }
    if (quote == '|' || quote == '>' || quote == '&' || quote == '*' || quote == '!') return std::nullopt;
    std::size_t end = at;
    while (end < text.size() && text.substr(end, 1).find_first_of(",]}\r\n") == std::string_view::npos &&
           !(text[end] == '#' && text[end - 1] == ' '))
        ++end;
    while (end > at && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
    return end;
}

/// The node at a path such as tools.pen.xy_offset_mm[1]; undefined when there is none.
inline YAML::Node node_at(YAML::Node node, std::string_view path) {
    while (!path.empty()) {
        if (path.front() == '[') {
            const std::size_t close = path.find(']');
            const auto number = io::parse_decimal(path.substr(1, close == std::string_view::npos ? 0 : close - 1));
            if (!number || !node.IsSequence() || *number < 0 || *number >= static_cast<double>(node.size()))
                return YAML::Node(YAML::NodeType::Undefined);
            node.reset(node[static_cast<std::size_t>(*number)]);
            path.remove_prefix(close + 1);
        } else {
            if (path.front() == '.') path.remove_prefix(1);
            const std::size_t end = std::min(path.find_first_of(".["), path.size());
            const std::string key(path.substr(0, end));
            if (key.empty() || !node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
            const YAML::Node& readable = node;
            const YAML::Node next = readable[key];
            if (!next.IsDefined()) return YAML::Node(YAML::NodeType::Undefined);
            node.reset(next);
            path.remove_prefix(end);
        }
    }
    return node;
}

/// The text with a line for the key of `path` behind the line of `beside`, a key of the same mapping; nothing when that
/// key does not stand on a line of its own.
inline std::optional<std::string> with_line(std::string_view text, const YAML::Node& root, std::string_view path,
                                            std::string_view beside, std::string_view value) {
    const auto parent_end = path.rfind('.'), sibling_end = beside.rfind('.');
    if (parent_end == std::string_view::npos || path.substr(0, parent_end) != beside.substr(0, sibling_end))
        return std::nullopt;
    const YAML::Node sibling = node_at(root, beside);
    if (!sibling.IsDefined() || (!sibling.IsScalar() && !sibling.IsNull()) || sibling.Mark().is_null())
        return std::nullopt;
    const auto at = static_cast<std::size_t>(std::max(sibling.Mark().pos, 0));
    const std::size_t begin = text.rfind('\n', std::min(at, text.size())) + 1; // npos + 1 is 0
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (!line.substr(indent).starts_with(fmt::format("{}:", beside.substr(sibling_end + 1)))) return std::nullopt;
    return fmt::format("{}\n{}{}: {}{}{}", text.substr(0, end), line.substr(0, indent), path.substr(parent_end + 1),
                       value, line.ends_with('\r') ? "\r" : "", text.substr(end));
}

/// `text` with text[at, end) replaced; a comment behind it on the line stays in its column as far as there is room.
inline std::string with_scalar(std::string_view text, std::size_t at, std::size_t end, std::string_view word) {
    const std::size_t line_end = std::min(text.find_first_of("\r\n", end), text.size());
    const std::string_view rest = text.substr(end, line_end - end);
    const std::size_t hash = rest.find(" #");
    if (hash == std::string_view::npos || rest.substr(0, hash).find_first_of("\"'") != std::string_view::npos)
        return fmt::format("{}{}{}", text.substr(0, at), word, text.substr(end));
    const std::size_t code = rest.substr(0, hash).find_last_not_of(' ') + 1; // npos + 1 is 0
    const std::size_t gap = hash + 1 - code, least = std::min<std::size_t>(gap, 2);
    const std::size_t room = gap + (end - at); // for the new word and the gap
    const std::size_t spaces = room >= word.size() + least ? room - word.size() : least;
    return fmt::format("{}{}{}{}{}", text.substr(0, at), word, rest.substr(0, code), std::string(spaces, ' '),
                       text.substr(end + hash + 1));
}

} // namespace detail

/// The number at `path`; nothing when there is none, or null.
[[nodiscard]] inline std::optional<double> value_at(std::string_view text, std::string_view path) {
    try {
        const YAML::Node node = detail::node_at(YAML::Load(std::string(text)), path);
        return node.IsDefined() && node.IsScalar() ? io::parse_decimal(node.Scalar()) : std::nullopt;
    } catch (const YAML::Exception&) {
        return std::nullopt;
    }
}

namespace detail {

/// `word` is a plain scalar of YAML: a number, or null.
inline result<std::string> with_word(std::string_view text, std::string_view path, std::string_view word,
                                     std::string_view beside) {
    const auto refuse = [&](std::string why) {
        return fail({.code = errc::failed,
                     .what = fmt::format("cannot write {} into the machine file", path),
                     .cause = std::move(why),
                     .steps = {fmt::format("set {} to {} by hand", path, word)}});
    };
    try {
        const auto reads_back = [&](const std::string& edited) {
            const YAML::Node again = node_at(YAML::Load(edited), path);
            return again.IsDefined() &&
                   ((again.IsScalar() && again.Scalar() == word) || (again.IsNull() && word == "null"));
        };
        const YAML::Node root = YAML::Load(std::string(text));
        const YAML::Node node = node_at(root, path);
        if (!node.IsDefined()) {
            const auto added = with_line(text, root, path, beside, word);
            if (added && reads_back(*added)) return *added;
            return refuse("the file has no such key");
        }
        if (!node.IsScalar() && !node.IsNull()) return refuse("what stands there is not one value");
        const YAML::Mark mark = node.Mark();
        const auto at = static_cast<std::size_t>(std::max(mark.pos, 0));
        const auto end = scalar_end(text, at);
        if (mark.is_null() || !end || *end == at) return refuse("what stands there is not a plain value");
        std::string edited = with_scalar(text, at, *end, word);
        if (!reads_back(edited)) return refuse("the file is laid out in a way that cannot be edited safely");
        return edited;
    } catch (const YAML::Exception& e) {
        return refuse(e.msg + ".");
    }
}

} // namespace detail

/// `text` with the number at `path` (as tools.pen.xy_offset_mm[0]) replaced; every other byte stays. The result was
/// read again and says what it should. When the path is not in the file, a line is added behind that of `beside`, a key
/// of the same mapping; without one it fails: such a line is the person's to write.
[[nodiscard]] inline result<std::string> with_value(std::string_view text, std::string_view path, double value,
                                                    std::string_view beside = {}) {
    if (!std::isfinite(value))
        return fail({.code = errc::failed,
                     .what = fmt::format("cannot write {} into the machine file", path),
                     .cause = "it is not an ordinary number"});
    return detail::with_word(text, path, io::to_decimal(value), beside);
}
/// The same with null, which stands for "not given".
[[nodiscard]] inline result<std::string> with_null(std::string_view text, std::string_view path) {
    return detail::with_word(text, path, "null", {});
}

} // namespace kf::machine
