// SPDX-License-Identifier: MIT
#pragma once
/// The entities that an SVG declares in its own DOCTYPE, put in place of their references before the XML is parsed: in
/// text, as elements, and in attributes. Drawing programs keep namespaces and styles there. Bounded in number, depth
/// and size; what stands in another file is never read. XML 1.0, 4.2 to 4.5.

#include <kf/error.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/svg/svg_expanded.hpp>
#include <kf/svg/svg_scanner.hpp>
#include <kf/svg/svg_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::svg {

struct entity_limits {
    std::size_t declarations = 10'000;
    std::size_t depth = 16;                             ///< of entities in entities
    std::size_t expanded_bytes = std::size_t{16} << 20; ///< of all references together
};

/// Something wrong at a place of the source, in bytes from its begin.
struct entity_fault {
    std::size_t source = 0;
    std::string what;
};

namespace detail {

[[nodiscard]] constexpr bool is_xml_name(char c) noexcept {
    return is_svg_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == ':' || c == '-' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
}
[[nodiscard]] constexpr bool is_xml_entity(std::string_view name) noexcept {
    return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos";
}

class entity_expander {
  public:
    entity_expander(std::string_view source, const entity_limits& limits)
      : source_(source)
      , limits_(limits) {}

    [[nodiscard]] std::expected<expanded_document, entity_fault> expand() {
        std::size_t body = 0;
        read_declarations(body);
        if (failed()) return std::unexpected(std::move(fault_));
        out_.text.assign(source_.substr(0, body));
        content(source_.substr(body), 0, body);
        if (failed()) return std::unexpected(std::move(fault_));
        return std::move(out_);
    }

  private:
    struct entity {
        std::string value = {};
        bool external = false;
        enum { unknown, measuring, known } measured = unknown;
        std::size_t bytes = 0, height = 0; ///< what one reference grows to, and how deep entities nest in it
    };
    static constexpr std::size_t huge = static_cast<std::size_t>(-1) / 4;

    bool failed() const noexcept { return !fault_.what.empty(); }
    void fail_at(std::size_t source, std::string what) {
        if (!failed()) fault_ = {source, std::move(what)};
    }
    static std::size_t past(std::string_view text, std::string_view end, std::size_t from) {
        const std::size_t found = text.find(end, from);
        return found == text.npos ? text.size() : found + end.size();
    }
    static std::size_t name_end(std::string_view text, std::size_t from) {
        while (from < text.size() && is_xml_name(text[from])) ++from;
        return from;
    }
    static std::size_t space_end(std::string_view text, std::size_t from) {
        while (from < text.size() && is_svg_space(text[from])) ++from;
        return from;
    }

    /// Behind the '>' that ends a declaration; one in quotes does not.
    static std::size_t declaration_end(std::string_view text, std::size_t from) {
        char quote = 0;
        for (; from < text.size(); ++from) {
            const char c = text[from];
            if (quote != 0)
                quote = c == quote ? '\0' : quote;
            else if (c == '"' || c == '\'')
                quote = c;
            else if (c == '>')
                return from + 1;
        }
        return from;
    }

    void read_declarations(std::size_t& body);
    void read_subset(std::size_t& i);
    void read_entity(std::size_t& i);
    static std::string literal(std::string_view text);
    void measure(std::string_view name, entity& e, std::size_t depth);
    void content(std::string_view text, std::size_t depth, std::size_t source);
    std::size_t tag(std::string_view text, std::size_t from, std::size_t depth, std::size_t source);
    std::size_t reference(std::string_view text, std::size_t from, char quote, std::size_t depth, std::size_t source);
    void value(std::string_view text, std::size_t depth, std::size_t source);

    std::string_view source_;
    entity_limits limits_;
    std::unordered_map<std::string_view, entity> entities_ = {};
    expanded_document out_ = {};
    std::size_t expanded_ = 0;
    entity_fault fault_ = {};
};

/// Leaves `body` behind the DOCTYPE. Nothing is put in place behind an unfinished one; the XML parser names it.
inline void entity_expander::read_declarations(std::size_t& body) {
    std::size_t i = 0;
    for (;;) {
        i = source_.find('<', i);
        if (i == source_.npos) return;
        if (source_.substr(i).starts_with("<!--"))
            i = past(source_, "-->", i + 4);
        else if (source_.substr(i).starts_with("<?"))
            i = past(source_, "?>", i + 2);
        else
            break;
    }
    if (!source_.substr(i).starts_with("<!DOCTYPE")) return;
    for (char quote = 0; i < source_.size(); ++i) {
        const char c = source_[i];
        if (quote != 0)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '[') {
            read_subset(++i);
            if (failed()) return;
        } else if (c == '>') {
            body = i + 1;
            return;
        }
    }
    body = source_.size();
}

/// Leaves `i` on the ']' at its end.
inline void entity_expander::read_subset(std::size_t& i) {
    while (i < source_.size() && source_[i] != ']' && !failed()) {
        const std::string_view rest = source_.substr(i);
        if (rest.starts_with("<!--"))
            i = past(source_, "-->", i + 4);
        else if (rest.starts_with("<?"))
            i = past(source_, "?>", i + 2);
        else if (rest.starts_with("<!ENTITY"))
            read_entity(i);
        else if (rest.front() == '%') {
            const std::string_view name = source_.substr(i + 1, name_end(source_, i + 1) - i - 1);
            return fail_at(i, fmt::format("the parameter entity %{}; is not supported", excerpt(name)));
        } else if (rest.front() == '<') {
            i = declaration_end(source_, i);
        } else
            ++i;
    }
}

inline void entity_expander::read_entity(std::size_t& i) {
    const std::size_t from = i;
    i = space_end(source_, i + std::string_view("<!ENTITY").size());
    const bool parameter = i < source_.size() && source_[i] == '%';
    if (parameter) i = space_end(source_, i + 1);
    const std::size_t end = name_end(source_, i);
    const std::string_view name = source_.substr(i, end - i);
    if (parameter) return fail_at(from, fmt::format("the parameter entity %{}; is not supported", excerpt(name)));
    i = space_end(source_, end);
    entity e;
    if (i < source_.size() && (source_[i] == '"' || source_[i] == '\'')) {
        const std::size_t close = source_.find(source_[i], i + 1);
        if (close == source_.npos) {
            i = source_.size();
            return;
        }
        e.value = literal(source_.substr(i + 1, close - i - 1));
        i = close + 1;
    } else
        e.external = true;
    i = declaration_end(source_, i);
    if (name.empty() || is_xml_entity(name)) return;
    if (entities_.size() >= limits_.declarations)
        return fail_at(from, fmt::format("more than {} entities are declared", limits_.declarations));
    entities_.emplace(name, std::move(e)); // the first declaration of a name counts
}

/// The value that a declaration gives: references to characters are taken at once, those to entities later.
inline std::string entity_expander::literal(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t end = text.find(';', i);
        if (!text.substr(i).starts_with("&#") || end == text.npos) {
            out += text[i++];
            continue;
        }
        const bool hex = text[i + 2] == 'x';
        const char* const digits = text.data() + i + (hex ? 3 : 2);
        std::uint32_t code = 0;
        const auto [stop, status] = std::from_chars(digits, text.data() + end, code, hex ? 16 : 10);
        if (status != std::errc{} || stop != text.data() + end || code == 0 || !append_utf8(out, code)) {
            out += text[i++];
            continue;
        }
        i = end + 1;
    }
    return out;
}

/// Known before anything is put in place.
inline void entity_expander::measure(std::string_view name, entity& e, std::size_t depth) {
    if (e.measured == entity::known) return;
    if (e.measured == entity::measuring)
        return fail_at(0, fmt::format("the entity &{}; contains itself", excerpt(name)));
    e.measured = entity::measuring;
    e.bytes = e.value.size();
    for (std::size_t i = e.value.find('&'); i != e.value.npos && !failed(); i = e.value.find('&', i + 1)) {
        const auto found = entities_.find(std::string_view(e.value).substr(i + 1, name_end(e.value, i + 1) - i - 1));
        if (found == entities_.end() || found->second.external) continue;
        if (depth < limits_.depth) measure(found->first, found->second, depth + 1);
        e.height = std::max(e.height, found->second.height + 1);
        e.bytes = std::min(huge, e.bytes + found->second.bytes);
        if (depth >= limits_.depth || e.height >= limits_.depth)
            fail_at(0, fmt::format("the entity &{}; is nested deeper than {}", excerpt(name), limits_.depth));
    }
    e.measured = entity::known;
}

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
    const std::size_t end = name_end(text, from + 1);
    const std::string_view name = text.substr(from + 1, end - from - 1);
    const bool whole = !name.empty() && end < text.size() && text[end] == ';';
    if (!whole || is_xml_entity(name)) {
        out_.text += '&';
        return from + 1;
    }
    const auto found = entities_.find(name);
    if (found == entities_.end()) {
        out_.remarks.push_back({source, fmt::format("the entity &{}; is not declared", excerpt(name))});
        out_.text += '&';
        return from + 1;
    }
    if (found->second.external) {
        out_.remarks.push_back(
            {source, fmt::format("the entity &{}; is in another file, which is not read", excerpt(name))});
        if (depth == 0) out_.pieces.push_back({out_.text.size(), source + (end + 1 - from), false});
        return end + 1;
    }
    if (depth == 0) {
        measure(name, found->second, 1);
        if (failed()) {
            fault_.source = source;
            return end + 1;
        }
        const std::size_t bytes = found->second.bytes;
        if (expanded_ + bytes > limits_.expanded_bytes) {
            fail_at(source, fmt::format("the entity &{}; makes the drawing larger than {} MiB", excerpt(name),
                                        limits_.expanded_bytes >> 20U));
            return end + 1;
        }
        expanded_ += bytes;
        out_.pieces.push_back({out_.text.size(), source, true});
    }
    if (quote != 0)
        value(found->second.value, depth + 1, source);
    else
        content(found->second.value, depth + 1, source);
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
