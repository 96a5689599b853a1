// SPDX-License-Identifier: MIT
#pragma once
/// The entities that an SVG declares in its own DOCTYPE, put in place of their references before the XML is parsed: in
/// text, as elements, and in attributes. Drawing programs keep namespaces and styles there. Bounded in number, depth
/// and size; what stands in another file is never read. XML 1.0, 4.2 to 4.5.

#include <kf/error.hpp>
#include <kf/svg/svg_entity_table.hpp>
#include <kf/svg/svg_expanded.hpp>
#include <kf/svg/svg_scanner.hpp>
#include <kf/svg/svg_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

namespace detail {

class entity_expander {
  public:
    entity_expander(std::string_view source, const entity_limits& limits)
      : source_(source)
      , limits_(limits)
      , table_(source, limits) {}

    [[nodiscard]] std::expected<expanded_document, entity_fault> expand() {
        if (table_.failed()) return std::unexpected(table_.take_fault());
        const std::size_t body = table_.body();
        out_.text.assign(source_.substr(0, body));
        content(source_.substr(body), 0, body);
        if (table_.failed()) return std::unexpected(table_.take_fault());
        return std::move(out_);
    }

  private:
    bool failed() const noexcept { return table_.failed(); }
    void content(std::string_view text, std::size_t depth, std::size_t source);
    std::size_t tag(std::string_view text, std::size_t from, std::size_t depth, std::size_t source);
    std::size_t reference(std::string_view text, std::size_t from, char quote, std::size_t depth, std::size_t source);
    void value(std::string_view text, std::size_t depth, std::size_t source);

    std::string_view source_;
    entity_limits limits_;
    entity_table table_;
    expanded_document out_ = {};
    std::size_t expanded_ = 0;
};

/// `source` is where the text begins in the source, or where its reference stands when depth is not 0.
inline void entity_expander::content(std::string_view text, std::size_t depth, std::size_t source) {
    for (std::size_t i = 0; i < text.size() && !failed();) {
        const std::size_t next = std::min(text.find_first_of("<&", i), text.size());
        out_.text += text.substr(i, next - i);
        i = next;
        if (i == text.size()) break;
        const std::string_view rest = text.substr(i);
        const std::size_t here = depth == 0 ? source + i : source;
        if (rest.front() == '&') {
            i = reference(text, i, '\0', depth, here);
            continue;
        }
        std::size_t end = i;
        if (rest.starts_with("<!--"))
            end = past(text, "-->", i + 4);
        else if (rest.starts_with("<![CDATA["))
            end = past(text, "]]>", i + 9);
        else if (rest.starts_with("<?"))
            end = past(text, "?>", i + 2);
        if (end == i) {
            i = tag(text, i, depth, source);
            continue;
        }
        out_.text += text.substr(i, end - i);
        i = end;
    }
}

inline std::size_t entity_expander::tag(std::string_view text, std::size_t from, std::size_t depth,
                                        std::size_t source) {
    char quote = 0;
    std::size_t i = from;
    while (i < text.size() && !failed()) {
        const char c = text[i];
        if (quote != 0 && c == '&') {
            i = reference(text, i, quote, depth, depth == 0 ? source + i : source);
            continue;
        }
        out_.text += c;
        ++i;
        if (quote != 0)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            break;
    }
    return i;
}

/// `quote` is that of the attribute around, 0 in content. Returns where the text goes on.
inline std::size_t entity_expander::reference(std::string_view text, std::size_t from, char quote, std::size_t depth,
                                              std::size_t source) {
    const std::size_t end = xml_name_end(text, from + 1);
    const std::string_view name = text.substr(from + 1, end - from - 1);
    const bool whole = !name.empty() && end < text.size() && text[end] == ';';
    if (!whole || is_xml_entity(name)) {
        out_.text += '&';
        return from + 1;
    }
    auto* const found = table_.find(name);
    if (found == nullptr) {
        out_.remarks.push_back({source, fmt::format("the entity &{}; is not declared", excerpt(name))});
        out_.text += '&';
        return from + 1;
    }
    if (found->external) {
        out_.remarks.push_back(
            {source, fmt::format("the entity &{}; is in another file, which is not read", excerpt(name))});
        if (depth == 0) out_.pieces.push_back({out_.text.size(), source + (end + 1 - from), false});
        return end + 1;
    }
    if (depth == 0) {
        table_.measure(name, *found, 1);
        if (failed()) {
            table_.fault_is_at(source);
            return end + 1;
        }
        const std::size_t bytes = found->bytes;
        if (expanded_ + bytes > limits_.expanded_bytes) {
            table_.fail_at(source, fmt::format("the entity &{}; makes the drawing larger than {} MiB", excerpt(name),
                                               limits_.expanded_bytes >> 20U));
            return end + 1;
        }
        expanded_ += bytes;
        out_.pieces.push_back({out_.text.size(), source, true});
    }
    if (quote != 0)
        value(found->value, depth + 1, source);
    else
        content(found->value, depth + 1, source);
    if (depth == 0) out_.pieces.push_back({out_.text.size(), source + (end + 1 - from), false});
    return end + 1;
}

/// Inside an attribute nothing of an entity ends the value.
inline void entity_expander::value(std::string_view text, std::size_t depth, std::size_t source) {
    for (std::size_t i = 0; i < text.size() && !failed();) {
        const char c = text[i];
        if (c == '&') {
            i = reference(text, i, '"', depth, source);
            continue;
        }
        if (c == '"')
            out_.text += "&quot;";
        else if (c == '\'')
            out_.text += "&apos;";
        else if (c == '<')
            out_.text += "&lt;";
        else
            out_.text += c;
        ++i;
    }
}

} // namespace detail

/// False for the usual document, which need not be copied.
[[nodiscard]] inline bool has_entities(std::string_view text) noexcept {
    for (std::size_t i = text.find('&'); i != text.npos; i = text.find('&', i + 1)) {
        std::size_t end = i + 1;
        while (end < text.size() && detail::is_xml_name(text[end])) ++end;
        if (end > i + 1 && end < text.size() && text[end] == ';' &&
            !detail::is_xml_entity(text.substr(i + 1, end - i - 1)))
            return true;
    }
    // A refused kind is refused though nobody refers to it.
    return text.find("<!ENTITY") != text.npos;
}

/// Faults: a parameter entity, one that contains itself, and what is beyond the limits.
[[nodiscard]] inline std::expected<expanded_document, entity_fault> expand_entities(std::string_view text,
                                                                                    const entity_limits& limits = {}) {
    return detail::entity_expander(text, limits).expand();
}

} // namespace kf::svg
