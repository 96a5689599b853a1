// SPDX-License-Identifier: MIT
#pragma once
/// From the style sheets, attributes and style="" of a document to the style of each element. Between svg_cascade,
/// which knows what applies, and svg_style, which knows what it means.

#include <kf/drawing/affine.hpp>
#include <kf/error.hpp>
#include <kf/svg/svg_cascade.hpp>
#include <kf/svg/svg_context.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_property.hpp>
#include <kf/svg/svg_report.hpp>
#include <kf/svg/svg_sheet.hpp>
#include <kf/svg/svg_style.hpp>
#include <kf/svg/svg_transform.hpp>

#include <fmt/format.h>

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace kf::svg {

using drawing::affine;
using drawing::note_kind;
using drawing::point;
using drawing::translation;

class svg_styling {
  public:
    svg_styling(const svg_document& document, svg_report& report) noexcept
      : document_(document)
      , report_(report) {}

    /// Errors: refused, for a rule that hides or shows things and is not known.
    [[nodiscard]] result<void> read_sheets();

    /// From the style of the element around, which the context has, to the element's own.
    void resolve(svg_node n, svg_context& context);

  private:
    result<void> read_sheet(svg_node n);
    std::string_view style_attribute(svg_node n);

    const svg_document& document_;
    svg_report& report_;
    std::list<std::string> sheets_ = {};                            ///< the texts that the cascade points into
    std::unordered_map<const char*, std::string> uncommented_ = {}; ///< style attributes that had comments
    svg_cascade cascade_ = {};
};

inline result<void> svg_styling::read_sheets() {
    for (const svg_node n : document_.sheets()) KF_CHECK(read_sheet(n));
    cascade_.order();
    return {};
}

/// A rule that is not known is passed over as long as it cannot hide or show anything.
inline result<void> svg_styling::read_sheet(svg_node n) {
    const std::string_view type = trimmed(attribute(n, "type"));
    if (!type.empty() && type != "text/css") {
        report_.tell(n, note_kind::lacking, "a style sheet of another language is not applied");
        return {};
    }
    std::string css;
    for (const svg_node part : n.children())
        if (part.type() != pugi::node_pi) css += part.value();
    sheets_.push_back(without_comments(css));
    svg_sheet sheet = read_svg_sheet(sheets_.back());
    if (const std::string_view media = attribute(n, "media"); !is_screen_media(media)) {
        sheet.rules.clear();
        sheet.left_out = {{fmt::format("media=\"{}\"", excerpt(media, 40)), detail::hides_things(sheets_.back())}};
    }
    for (const svg_sheet::skipped& s : sheet.left_out) {
        if (s.hides)
            return report_.refuse(
                n, errc::refused,
                fmt::format("the rule \"{}\" hides or shows things, and it is not known how", s.name));
        report_.tell(n, note_kind::lacking, fmt::format("the rule \"{}\" is not applied", s.name));
    }
    cascade_.add(std::move(sheet));
    return {};
}

inline std::string_view svg_styling::style_attribute(svg_node n) {
    const char* const text = n.attribute("style").as_string();
    if (std::string_view(text).find("/*") == std::string_view::npos) return text;
    const auto [kept, first] = uncommented_.try_emplace(text);
    if (first) kept->second = without_comments(text);
    return kept->second;
}

inline void svg_styling::resolve(svg_node n, svg_context& context) {
    const svg_style parent = context.style;
    svg_style& style = context.style;
    style.own = {};
    const auto set = [&](std::string_view name, std::string_view value, svg_property_source source) {
        if (set_svg_property(name, value, source, parent, style)) return;
        report_.tell_invalid(n, fmt::format("{}: \"{}\"", excerpt(name), excerpt(value)));
    };
    for (const pugi::xml_attribute a : n.attributes()) set(a.name(), a.value(), svg_property_source::attribute);
    cascade_.for_each(n, style_attribute(n), [&](std::string_view name, std::string_view value) {
        set(name, value, svg_property_source::css);
    });
    context.opacity *= style.own.opacity;
}

/// The map of an element's own transform; the size is what percentages of its origin are of.
[[nodiscard]] inline affine transform_of(const svg_own& own, double width, double height) {
    if (own.transform.empty()) return {};
    const point origin = read_svg_origin(own.origin, width, height).value_or(point{});
    return translation(origin.x, origin.y) * read_svg_transform(own.transform).value_or(affine{}) *
           translation(-origin.x, -origin.y);
}

} // namespace kf::svg
