// SPDX-License-Identifier: MIT
#pragma once
/// The one table of the elements that the SVG reader knows, and why some of them leave no ink.

#include <optional>
#include <string_view>
#include <unordered_map>

namespace kf::svg {

enum class svg_tag {
    group,
    svg,
    use,
    choice,
    path,
    line,
    open_points,
    closed_points,
    rect,
    circle,
    ellipse,
    unseen,
    undrawn
};

[[nodiscard]] inline std::optional<svg_tag> find_svg_tag(std::string_view name) {
    using enum svg_tag;
    static const std::unordered_map<std::string_view, svg_tag> tags = {
        {"path", path},
        {"line", line},
        {"polyline", open_points},
        {"polygon", closed_points},
        {"rect", rect},
        {"circle", circle},
        {"ellipse", ellipse},
        {"g", group},
        {"a", group},
        {"svg", svg},
        {"use", use},
        {"switch", choice},
        // Not shown where they stand; what refers to them is told instead.
        {"defs", unseen},
        {"symbol", unseen},
        {"title", unseen},
        {"desc", unseen},
        {"metadata", unseen},
        {"style", unseen},
        {"linearGradient", unseen},
        {"radialGradient", unseen},
        {"meshgradient", unseen},
        {"pattern", unseen},
        {"clipPath", unseen},
        {"mask", unseen},
        {"filter", unseen},
        {"marker", unseen},
        {"view", unseen},
        {"cursor", unseen},
        {"color-profile", unseen},
        {"font", unseen},
        {"font-face", unseen},
        {"solidcolor", unseen},
        {"hatch", unseen},
        {"text", undrawn},
        {"flowRoot", undrawn},
        {"image", undrawn},
        {"foreignObject", undrawn},
        {"script", undrawn},
        {"animate", undrawn},
        {"animateTransform", undrawn},
        {"animateMotion", undrawn},
        {"animateColor", undrawn},
        {"set", undrawn}};
    const auto found = tags.find(name);
    return found == tags.end() ? std::nullopt : std::optional(found->second);
}

[[nodiscard]] inline std::string_view why_undrawn(std::string_view name) noexcept {
    if (name == "text" || name == "flowRoot") return "text is not drawn: convert it to paths in the drawing program";
    if (name == "image") return "pictures are not drawn";
    if (name == "script") return "scripts are not run";
    if (name == "foreignObject") return "foreign content is not drawn";
    return "animations are not applied";
}

} // namespace kf::svg
