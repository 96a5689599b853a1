// SPDX-License-Identifier: MIT
#pragma once
/// What style means for a pen: which elements are shown, which tip draws dots, and which properties ask for something a
/// pen does not do. The same names come as attributes, in style="" and from <style> sheets. SVG 1.1, 6 and 11.

#include <kf/job/svg_scanner.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kf::job {

/// The part that children inherit.
struct svg_paint {
    bool visible = true, stroked = false, filled = true, round_tip = false;
};

/// The part that is an element's own. Views point into the document.
struct svg_style {
    bool displayed = true;
    std::string_view transform = {}, origin = {};
    unsigned lacking = 0; ///< bit i: svg_lacks[i] applies
};

enum class svg_property_source { attribute, css };

struct svg_lack {
    std::string_view property, text;
    bool css_only = false; ///< the attribute of that name means something else
};

inline constexpr svg_lack svg_lacks[] = {
    {"stroke-dasharray", "dashes are not made: the line is drawn solid"},
    {"clip-path", "clip-path is not applied: everything is drawn"},
    {"mask", "mask is not applied: everything is drawn"},
    {"filter", "filter is not applied"},
    {"marker", "markers (arrow heads and the like) are not drawn"},
    {"marker-start", "markers (arrow heads and the like) are not drawn"},
    {"marker-mid", "markers (arrow heads and the like) are not drawn"},
    {"marker-end", "markers (arrow heads and the like) are not drawn"},
    {"transform-box", "transform-box is not applied: transform-origin counts from the view box"},
    {"rotate", "the CSS property rotate is not applied: use transform", true},
    {"scale", "the CSS property scale is not applied: use transform", true},
    {"translate", "the CSS property translate is not applied: use transform", true},
    {"offset-path", "the CSS property offset-path is not applied", true},
    {"d", "the CSS property d is not applied: use the attribute", true},
};

inline void set_svg_property(std::string_view name, std::string_view value, svg_property_source source,
                             svg_paint& paint, svg_style& style) {
    value = trimmed(value);
    if (value.empty() || value == "inherit") return;
    if (name == "display")
        style.displayed = value != "none";
    else if (name == "visibility")
        paint.visible = value != "hidden" && value != "collapse";
    else if (name == "stroke")
        paint.stroked = value != "none" && value != "transparent";
    else if (name == "fill")
        paint.filled = value != "none" && value != "transparent";
    else if (name == "stroke-linecap")
        paint.round_tip = value == "round" || value == "square";
    else if (name == "transform")
        style.transform = value;
    else if (name == "transform-origin")
        style.origin = value;
    else {
        for (std::size_t i = 0; i < std::size(svg_lacks); ++i) {
            if (svg_lacks[i].property != name) continue;
            if (svg_lacks[i].css_only && source == svg_property_source::attribute) return;
            const bool harmless = value == "none" ||
                                  (name == "stroke-dasharray" && value.find_first_of("123456789") == value.npos) ||
                                  (name == "transform-box" && value == "view-box");
            style.lacking = harmless ? style.lacking & ~(1U << i) : style.lacking | 1U << i;
            return;
        }
    }
}

/// Calls f(name, value) for each declaration of "a: b; c: d !important". Semicolons in quotes and url(...) don't count.
template<class F>
void for_each_declaration(std::string_view text, F f) {
    while (!text.empty()) {
        std::size_t end = 0;
        int depth = 0;
        for (char quote = 0; end < text.size() && (quote != 0 || depth > 0 || text[end] != ';'); ++end) {
            const char c = text[end];
            if (quote != 0)
                quote = c == quote ? '\0' : quote;
            else if (c == '"' || c == '\'')
                quote = c;
            else if (c == '(')
                ++depth;
            else if (c == ')' && depth > 0)
                --depth;
        }
        const std::string_view one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t colon = one.find(':');
        if (colon == one.npos) continue;
        std::string_view value = one.substr(colon + 1);
        if (const std::size_t bang = value.rfind('!');
            bang != value.npos && trimmed(value.substr(bang + 1)) == "important")
            value = value.substr(0, bang);
        f(trimmed(one.substr(0, colon)), trimmed(value));
    }
}

} // namespace kf::job
