// SPDX-License-Identifier: MIT
#pragma once
/// The <style> sheets that drawing programs write: rules of tag, .class and #id. They matter for what is shown at all
/// (display, visibility) and for transforms. Anything cleverer is counted, so that it can be told. CSS 2, 5 and 6.4.

#include <kf/job/svg_scanner.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kf::job {

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

/// One selector of a sheet: tag, #id and one .class, each if present, with its declarations.
struct svg_rule {
    std::string_view tag, id, css_class, declarations;

    [[nodiscard]] int weight() const noexcept {
        return (id.empty() ? 0 : 100) + (css_class.empty() ? 0 : 10) + (tag.empty() ? 0 : 1);
    }
    [[nodiscard]] bool matches(std::string_view name, std::string_view its_id,
                               std::string_view classes) const noexcept {
        if (!tag.empty() && tag != name) return false;
        if (!id.empty() && id != its_id) return false;
        if (css_class.empty()) return true;
        for (std::size_t at = classes.find(css_class); at != classes.npos; at = classes.find(css_class, at + 1)) {
            const std::size_t end = at + css_class.size();
            if ((at == 0 || is_svg_space(classes[at - 1])) && (end == classes.size() || is_svg_space(classes[end])))
                return true;
        }
        return false;
    }
};

/// Adds the rules of one <style> text, which has to outlive them. Returns how many selectors and @-rules were left out
/// because they are more than "tag.class" or "#id"; those that only name fonts or pages are not counted.
inline std::size_t read_svg_sheet(std::string_view css, std::vector<svg_rule>& rules) {
    std::size_t left_out = 0;
    for (;;) {
        const std::size_t open = css.find('{');
        if (open == css.npos) break;
        std::string_view selectors = css.substr(0, open);
        if (const std::size_t statement = selectors.rfind(';'); statement != selectors.npos) { // @import, @namespace
            if (selectors.find("@import") != selectors.npos) ++left_out;
            selectors.remove_prefix(statement + 1);
        }
        std::size_t close = open + 1;
        for (int depth = 1; close < css.size(); ++close) {
            if (css[close] == '{') ++depth;
            if (css[close] == '}' && --depth == 0) break;
        }
        const std::string_view declarations = css.substr(open + 1, close - open - 1);
        css.remove_prefix(std::min(close + 1, css.size()));
        selectors = trimmed(selectors);
        if (selectors.starts_with('@')) {
            if (!selectors.starts_with("@font-face") && !selectors.starts_with("@page")) ++left_out;
            continue;
        }
        while (!selectors.empty()) {
            const std::size_t comma = std::min(selectors.find(','), selectors.size());
            std::string_view s = trimmed(selectors.substr(0, comma));
            selectors.remove_prefix(std::min(comma + 1, selectors.size()));
            svg_rule rule{.tag = {}, .id = {}, .css_class = {}, .declarations = declarations};
            bool simple = !s.empty();
            for (bool first = true; simple && !s.empty(); first = false) {
                const char mark = s.front();
                const std::size_t skip = mark == '.' || mark == '#' ? 1 : 0;
                const std::size_t end = std::min(s.find_first_of(".#", skip), s.size());
                const std::string_view name = s.substr(skip, end - skip);
                auto& field = mark == '.' ? rule.css_class : mark == '#' ? rule.id : rule.tag;
                simple = (first || skip == 1) && field.empty() && !name.empty() &&
                         (name.find_first_of(" \t\r\n\f>+~:[]*()\\") == name.npos || (name == "*" && skip == 0));
                if (name != "*") field = name;
                s.remove_prefix(end);
            }
            if (simple)
                rules.push_back(rule);
            else
                ++left_out;
        }
    }
    if (css.find("@import") != css.npos) ++left_out;
    return left_out;
}

} // namespace kf::job
