// SPDX-License-Identifier: MIT
#pragma once
/// A single value written back into the text of machine.yaml: its scalar is replaced where the parser saw it, so
/// comments, order and layout stay as they are.

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

} // namespace detail

/// `text` with the number at `path` (as tools.pen.xy_offset_mm[0]) replaced; every other byte stays. The result was
/// read again and says what it should. Fails when the path is not in the file: a new line is the person's to write.
[[nodiscard]] inline result<std::string> with_value(std::string_view text, std::string_view path, double value) {
    const std::string number = io::to_decimal(value);
    const auto refuse = [&](std::string why) {
        return fail({.code = errc::failed,
                     .what = fmt::format("cannot write {} into the machine file", path),
                     .cause = std::move(why),
                     .steps = {fmt::format("set {} to {} by hand", path, number)}});
    };
    if (!std::isfinite(value)) return refuse("it is not an ordinary number");
    try {
        const YAML::Node node = detail::node_at(YAML::Load(std::string(text)), path);
        if (!node.IsDefined()) return refuse("the file has no such key");
        if (!node.IsScalar() && !node.IsNull()) return refuse("what stands there is not one value");
        const YAML::Mark mark = node.Mark();
        const auto at = static_cast<std::size_t>(std::max(mark.pos, 0));
        const auto end = detail::scalar_end(text, at);
        if (mark.is_null() || !end || *end == at) return refuse("what stands there is not a plain value");
        std::string edited = fmt::format("{}{}{}", text.substr(0, at), number, text.substr(*end));
        const YAML::Node again = detail::node_at(YAML::Load(edited), path);
        if (!again.IsDefined() || !again.IsScalar() || again.Scalar() != number)
            return refuse("the file is laid out in a way that cannot be edited safely");
        return edited;
    } catch (const YAML::Exception& e) {
        return refuse(e.msg + ".");
    }
}

} // namespace kf::machine
