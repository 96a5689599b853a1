// SPDX-License-Identifier: MIT
#pragma once
/// The text of a <style> into rules, in order: selector and declarations. What applies only under conditions is left
/// out and said, as are selectors that svg_selector does not know. CSS 2.1, 4; Media Queries 4 for what "screen" is.

#include <kf/svg/svg_scanner.hpp>
#include <kf/svg/svg_selector.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

/// CSS without its comments.
[[nodiscard]] inline std::string without_comments(std::string_view css) {
    std::string out;
    for (;;) {
        const std::size_t open = std::min(css.find("/*"), css.size());
        out += css.substr(0, open);
        css.remove_prefix(open);
        if (css.empty()) return out;
        const std::size_t close = css.find("*/", 2);
        css.remove_prefix(close == css.npos ? css.size() : close + 2);
    }
}

/// The first of `marks` that stands outside of quotes and brackets, or the end.
[[nodiscard]] inline std::size_t find_in_css(std::string_view css, std::string_view marks) noexcept {
    char quote = 0;
    int depth = 0;
    for (std::size_t i = 0; i < css.size(); ++i) {
        const char c = css[i];
        if (quote != 0) {
            if (c == '\\') ++i;
            if (c == quote) quote = 0;
        } else if (depth == 0 && marks.find(c) != marks.npos)
            return i;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '(' || c == '[' || c == '{')
            ++depth;
        else if ((c == ')' || c == ']' || c == '}') && depth > 0)
            --depth;
    }
    return css.size();
}

struct svg_declaration {
    std::string_view name, value;
    bool important = false;
};

/// Calls f(svg_declaration) for each of "a: b; c: d !important".
template<class F>
void for_each_declaration(std::string_view text, F f) {
    while (!text.empty()) {
        const std::size_t end = find_in_css(text, ";");
        const std::string_view one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t colon = one.find(':');
        if (colon == one.npos) continue;
        svg_declaration d{trimmed(one.substr(0, colon)), trimmed(one.substr(colon + 1))};
        if (const std::size_t bang = d.value.rfind('!');
            bang != d.value.npos && trimmed(d.value.substr(bang + 1)) == "important") {
            d.value = trimmed(d.value.substr(0, bang));
            d.important = true;
        }
        f(d);
    }
}

struct svg_rule {
    svg_selector selector;
    std::string_view declarations;
};

struct svg_sheet {
    struct skipped {
        std::string name; ///< as it stands in the sheet: "@media print", "g:has(x)"
        bool hides;       ///< holds display or visibility
    };
    std::vector<svg_rule> rules = {};
    std::vector<skipped> left_out = {};
};

/// True for what a viewer shows on a screen: "", "all", "screen", lists that have one of them.
[[nodiscard]] inline bool is_screen_media(std::string_view media) noexcept {
    if (trimmed(media).empty()) return true;
    while (!media.empty()) {
        const std::size_t comma = std::min(media.find(','), media.size());
        std::string_view one = trimmed(media.substr(0, comma));
        media.remove_prefix(std::min(comma + 1, media.size()));
        if (one.starts_with("only ")) one = trimmed(one.substr(5));
        if (one == "all" || one == "screen") return true;
    }
    return false;
}

namespace detail {

[[nodiscard]] inline bool hides_things(std::string_view block) noexcept {
    for (const std::string_view word : {std::string_view("display"), std::string_view("visibility")})
        for (std::size_t at = block.find(word); at != block.npos; at = block.find(word, at + 1))
            if (trimmed(block.substr(at + word.size())).starts_with(':')) return true;
    return false;
}

inline void leave_out(svg_sheet& sheet, std::string_view name, std::string_view block) {
    sheet.left_out.push_back({excerpt(trimmed(name), 40), hides_things(block)});
}

inline void read_at_rule(std::string_view prelude, std::string_view block, svg_sheet& sheet, int depth);

inline void read_sheet(std::string_view css, svg_sheet& sheet, int depth) {
    for (;;) {
        while (!css.empty() && (is_svg_space(css.front()) || css.front() == ';' || css.front() == '}'))
            css.remove_prefix(1);
        if (css.starts_with("<!--")) css.remove_prefix(4);
        if (css.starts_with("-->")) {
            css.remove_prefix(3);
            continue;
        }
        const bool at = css.starts_with('@');
        const std::size_t open = find_in_css(css, at ? ";{" : "{");
        const std::string_view prelude = trimmed(css.substr(0, open));
        if (open == css.size() || css[open] == ';') {
            if (prelude.starts_with("@import")) leave_out(sheet, prelude, {});
            if (open == css.size()) return;
            css.remove_prefix(open + 1);
            continue;
        }
        css.remove_prefix(open + 1);
        const std::size_t close = find_in_css(css, "}");
        const std::string_view block = css.substr(0, close);
        css.remove_prefix(std::min(close + 1, css.size()));
        if (at) {
            read_at_rule(prelude, block, sheet, depth);
            continue;
        }
        std::vector<svg_selector> selectors;
        if (!read_svg_selectors(prelude, selectors)) {
            leave_out(sheet, prelude, block);
            continue;
        }
        for (svg_selector& s : selectors) sheet.rules.push_back({std::move(s), block});
    }
}

inline void read_at_rule(std::string_view prelude, std::string_view block, svg_sheet& sheet, int depth) {
    std::size_t end = 1;
    while (end < prelude.size() && (is_svg_letter(prelude[end]) || prelude[end] == '-')) ++end;
    const std::string_view name = prelude.substr(1, end - 1);
    if (name == "font-face" || name == "page" || name == "charset" || name == "namespace") return;
    if (name == "media" && is_screen_media(prelude.substr(end)) && depth < 8)
        read_sheet(block, sheet, depth + 1);
    else if (name.ends_with("keyframes"))
        leave_out(sheet, prelude, {}); // what it hides comes back
    else
        leave_out(sheet, prelude, block);
}

} // namespace detail

/// Reads one <style>, without comments; the text has to outlive the sheet.
[[nodiscard]] inline svg_sheet read_svg_sheet(std::string_view css) {
    svg_sheet sheet;
    detail::read_sheet(css, sheet, 0);
    return sheet;
}

} // namespace kf::svg
