// SPDX-License-Identifier: MIT
#pragma once
/// The entities that the DOCTYPE of a document declares: their values, and what one of them grows to, known before
/// anything is put in place. Bounded in number and depth. XML 1.0, 4.2 to 4.5. svg_entities puts them in place.

#include <kf/sink/utf8.hpp>
#include <kf/svg/svg_scanner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

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

/// Behind the end of what begins at `from`; the end of the text when it does not end.
[[nodiscard]] inline std::size_t past(std::string_view text, std::string_view end, std::size_t from) {
    const std::size_t found = text.find(end, from);
    return found == text.npos ? text.size() : found + end.size();
}
[[nodiscard]] inline std::size_t xml_name_end(std::string_view text, std::size_t from) {
    while (from < text.size() && is_xml_name(text[from])) ++from;
    return from;
}
[[nodiscard]] inline std::size_t xml_space_end(std::string_view text, std::size_t from) {
    while (from < text.size() && is_svg_space(text[from])) ++from;
    return from;
}

class entity_table {
  public:
    struct entity {
        std::string value = {};
        bool external = false;
        enum { unknown, measuring, known } measured = unknown;
        std::size_t bytes = 0, height = 0; ///< what one reference grows to, and how deep entities nest in it
    };

    entity_table(std::string_view source, const entity_limits& limits)
      : source_(source)
      , limits_(limits) {
        read_declarations();
    }

    [[nodiscard]] bool failed() const noexcept { return !fault_.what.empty(); }
    void fail_at(std::size_t source, std::string what) {
        if (!failed()) fault_ = {source, std::move(what)};
    }
    /// Something that measure() found, which knows no place.
    void fault_is_at(std::size_t source) noexcept { fault_.source = source; }
    [[nodiscard]] entity_fault take_fault() { return std::move(fault_); }

    /// Where the document begins behind its declarations.
    [[nodiscard]] std::size_t body() const noexcept { return body_; }
    [[nodiscard]] entity* find(std::string_view name) {
        const auto found = entities_.find(name);
        return found == entities_.end() ? nullptr : &found->second;
    }
    /// Sets bytes and height, unless it fails.
    void measure(std::string_view name, entity& e, std::size_t depth);

  private:
    static constexpr std::size_t huge = static_cast<std::size_t>(-1) / 4;
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

    void read_declarations();
    void read_subset(std::size_t& i);
    void read_entity(std::size_t& i);
    static std::string literal(std::string_view text);

    std::string_view source_;
    entity_limits limits_;
    std::unordered_map<std::string_view, entity> entities_ = {};
    std::size_t body_ = 0;
    entity_fault fault_ = {};
};

/// Leaves the body behind the DOCTYPE. Nothing is put in place behind an unfinished one; the XML parser names it.
inline void entity_table::read_declarations() {
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
            body_ = i + 1;
            return;
        }
    }
    body_ = source_.size();
}

/// Leaves `i` on the ']' at its end.
inline void entity_table::read_subset(std::size_t& i) {
    while (i < source_.size() && source_[i] != ']' && !failed()) {
        const std::string_view rest = source_.substr(i);
        if (rest.starts_with("<!--"))
            i = past(source_, "-->", i + 4);
        else if (rest.starts_with("<?"))
            i = past(source_, "?>", i + 2);
        else if (rest.starts_with("<!ENTITY"))
            read_entity(i);
        else if (rest.front() == '%') {
            const std::string_view name = source_.substr(i + 1, xml_name_end(source_, i + 1) - i - 1);
            return fail_at(i, fmt::format("the parameter entity %{}; is not supported", excerpt(name)));
        } else if (rest.front() == '<') {
            i = declaration_end(source_, i);
        } else
            ++i;
    }
}

inline void entity_table::read_entity(std::size_t& i) {
    const std::size_t from = i;
    i = xml_space_end(source_, i + std::string_view("<!ENTITY").size());
    const bool parameter = i < source_.size() && source_[i] == '%';
    if (parameter) i = xml_space_end(source_, i + 1);
    const std::size_t end = xml_name_end(source_, i);
    const std::string_view name = source_.substr(i, end - i);
    if (parameter) return fail_at(from, fmt::format("the parameter entity %{}; is not supported", excerpt(name)));
    i = xml_space_end(source_, end);
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
inline std::string entity_table::literal(std::string_view text) {
    std::string out;
    for (std::size_t i = 0;;) { // each byte is looked at a few times at most: a value may be megabytes
        const std::size_t plain = i;
        i = std::min(text.find('&', i), text.size());
        out += text.substr(plain, i - plain);
        if (i == text.size()) return out;
        if (text.substr(i).starts_with("&#")) {
            const bool hex = text.substr(i + 2).starts_with('x');
            const char* const end = text.data() + text.size();
            std::uint32_t code = 0;
            const auto [stop, status] = std::from_chars(text.data() + i + (hex ? 3 : 2), end, code, hex ? 16 : 10);
            if (status == std::errc{} && stop != end && *stop == ';' && code != 0 && append_utf8(out, code)) {
                i = static_cast<std::size_t>(stop - text.data()) + 1;
                continue;
            }
        }
        out += text[i++];
    }
}

/// Known before anything is put in place.
inline void entity_table::measure(std::string_view name, entity& e, std::size_t depth) {
    if (e.measured == entity::known) return;
    if (e.measured == entity::measuring)
        return fail_at(0, fmt::format("the entity &{}; contains itself", excerpt(name)));
    e.measured = entity::measuring;
    e.bytes = e.value.size();
    for (std::size_t i = e.value.find('&'); i != e.value.npos && !failed(); i = e.value.find('&', i + 1)) {
        const auto found =
            entities_.find(std::string_view(e.value).substr(i + 1, xml_name_end(e.value, i + 1) - i - 1));
        if (found == entities_.end() || found->second.external) continue;
        if (depth < limits_.depth) measure(found->first, found->second, depth + 1);
        e.height = std::max(e.height, found->second.height + 1);
        e.bytes = std::min(huge, e.bytes + found->second.bytes);
        if (depth >= limits_.depth || e.height >= limits_.depth)
            fail_at(0, fmt::format("the entity &{}; is nested deeper than {}", excerpt(name), limits_.depth));
    }
    e.measured = entity::known;
}

} // namespace detail

} // namespace kf::svg
