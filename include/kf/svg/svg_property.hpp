// SPDX-License-Identifier: MIT
#pragma once
/// The properties of style, from the words that stand in attributes, in style="" and in <style> sheets to svg_style.

#include <kf/io/ascii.hpp>
#include <kf/svg/svg_colour.hpp>
#include <kf/svg/svg_dashes.hpp>
#include <kf/svg/svg_length.hpp>
#include <kf/svg/svg_scanner.hpp>
#include <kf/svg/svg_style.hpp>
#include <kf/svg/svg_transform.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace kf::svg {

/// "url(#id)", as properties refer to other elements; the id is empty for what is in another file.
struct svg_url {
    std::string_view id, rest; ///< rest: what is written behind it
};
[[nodiscard]] inline std::optional<svg_url> read_svg_url(std::string_view value) {
    const std::size_t close = value.find(')');
    if (close == value.npos || io::to_lower(value.substr(0, 4)) != "url(") return std::nullopt;
    std::string_view ref = trimmed(value.substr(4, close - 4));
    if (ref.size() >= 2 && (ref.front() == '"' || ref.front() == '\'')) ref = trimmed(ref.substr(1, ref.size() - 2));
    return svg_url{ref.starts_with('#') ? ref.substr(1) : std::string_view{}, trimmed(value.substr(close + 1))};
}

namespace detail {

/// Nothing for what is no paint.
[[nodiscard]] inline std::optional<svg_paint> read_svg_paint(std::string_view value) {
    svg_paint p;
    if (value == "none") return p;
    const std::string word = io::to_lower(value.substr(0, 16));
    if (word == "currentcolor") {
        p.kind = svg_paint::current;
        return p;
    }
    if (!word.starts_with("url(")) {
        const auto c = read_svg_colour(value);
        if (!c) return std::nullopt;
        p.kind = svg_paint::colour;
        p.value = *c;
        return p;
    }
    const auto url = read_svg_url(value);
    if (!url) return std::nullopt;
    p.kind = svg_paint::server;
    p.server_id = url->id;
    const std::string_view rest = url->rest;
    if (rest.empty() || rest == "none") return p;
    const auto fallback = read_svg_paint(rest);
    if (!fallback || fallback->kind == svg_paint::server) return std::nullopt;
    p.has_fallback = true;
    p.value = fallback->value;
    return p;
}

[[nodiscard]] inline std::optional<double> read_opacity(std::string_view value) {
    svg_scanner in(value);
    const auto share = scan_share(in, 1);
    if (!share || !in.done()) return std::nullopt;
    return std::clamp(*share, 0.0, 1.0);
}

[[nodiscard]] inline bool is_display_word(std::string_view word) noexcept {
    constexpr std::string_view words[] = {"none",
                                          "inline",
                                          "block",
                                          "list-item",
                                          "inline-block",
                                          "table",
                                          "inline-table",
                                          "table-row-group",
                                          "table-header-group",
                                          "table-footer-group",
                                          "table-row",
                                          "table-column-group",
                                          "table-column",
                                          "table-cell",
                                          "table-caption",
                                          "run-in",
                                          "compact",
                                          "marker",
                                          "flex",
                                          "inline-flex",
                                          "grid",
                                          "inline-grid",
                                          "contents",
                                          "flow-root",
                                          "ruby"};
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

enum class svg_property {
    display,
    visibility,
    opacity,
    overflow,
    color,
    stroke,
    stroke_opacity,
    stroke_width,
    linecap,
    dashes,
    dash_offset,
    clip_path,
    clip_rule,
    fill_rule,
    fill,
    fill_opacity,
    transform,
    origin,
    path,
    background,
    geometry
};

struct svg_property_row {
    svg_property property;
    bool inherits;
    std::size_t index = 0; ///< of geometry
};

[[nodiscard]] inline std::optional<svg_property_row> find_svg_property(std::string_view name) {
    using enum svg_property;
    static const std::unordered_map<std::string_view, svg_property_row> rows = {
        {"display", {display, false}},
        {"visibility", {visibility, true}},
        {"opacity", {opacity, false}},
        {"overflow", {overflow, false}},
        {"color", {color, true}},
        {"stroke", {stroke, true}},
        {"stroke-opacity", {stroke_opacity, true}},
        {"stroke-width", {stroke_width, true}},
        {"stroke-linecap", {linecap, true}},
        {"stroke-dasharray", {dashes, true}},
        {"stroke-dashoffset", {dash_offset, true}},
        {"clip-path", {clip_path, false}},
        {"clip-rule", {clip_rule, true}},
        {"fill-rule", {fill_rule, true}},
        {"fill", {fill, true}},
        {"fill-opacity", {fill_opacity, true}},
        {"transform", {transform, false}},
        {"transform-origin", {origin, false}},
        {"d", {path, false}},
        {"background", {background, false}},
        {"background-color", {background, false}},
        {"x", {geometry, false, 0}},
        {"y", {geometry, false, 1}},
        {"width", {geometry, false, 2}},
        {"height", {geometry, false, 3}},
        {"cx", {geometry, false, 4}},
        {"cy", {geometry, false, 5}},
        {"r", {geometry, false, 6}},
        {"rx", {geometry, false, 7}},
        {"ry", {geometry, false, 8}}};
    const auto found = rows.find(name);
    return found == rows.end() ? std::nullopt : std::optional(found->second);
}

inline void copy_svg_property(const svg_property_row& row, const svg_style& from, svg_style& to) {
    const svg_inherited& i = from.inherited;
    const svg_own& o = from.own;
    switch (row.property) {
    case svg_property::display: to.own.displayed = o.displayed; break;
    case svg_property::visibility: to.inherited.visible = i.visible; break;
    case svg_property::opacity: to.own.opacity = o.opacity; break;
    case svg_property::overflow: to.own.overflows = o.overflows; break;
    case svg_property::color: to.inherited.color = i.color; break;
    case svg_property::stroke: to.inherited.stroke = i.stroke; break;
    case svg_property::stroke_opacity: to.inherited.stroke_opacity = i.stroke_opacity; break;
    case svg_property::stroke_width: to.inherited.stroke_width = i.stroke_width; break;
    case svg_property::linecap: to.inherited.round_tip = i.round_tip; break;
    case svg_property::dashes: to.inherited.dashes = i.dashes; break;
    case svg_property::dash_offset: to.inherited.dash_offset = i.dash_offset; break;
    case svg_property::clip_path: to.own.clip_path = o.clip_path; break;
    case svg_property::clip_rule: to.inherited.clip_evenodd = i.clip_evenodd; break;
    case svg_property::fill_rule: to.inherited.fill_evenodd = i.fill_evenodd; break;
    case svg_property::fill: to.inherited.fill = i.fill; break;
    case svg_property::fill_opacity: to.inherited.fill_opacity = i.fill_opacity; break;
    case svg_property::transform: to.own.transform = o.transform; break;
    case svg_property::origin: to.own.origin = o.origin; break;
    case svg_property::path: to.own.path = o.path; break;
    case svg_property::background: to.own.dark_background = o.dark_background; break;
    case svg_property::geometry: to.own.geometry[row.index] = o.geometry[row.index]; break;
    }
}

/// False for a value that the property cannot have.
inline bool read_svg_property(const svg_property_row& row, std::string_view value, svg_property_source source,
                              svg_style& to) {
    const auto put = [](auto& into, const auto& read) {
        if (read) into = *read;
        return static_cast<bool>(read);
    };
    const auto put_rule = [&](bool& evenodd) {
        if (value != "nonzero" && value != "evenodd") return false;
        evenodd = value == "evenodd";
        return true;
    };
    switch (row.property) {
    case svg_property::display:
        if (!is_display_word(value)) return false;
        to.own.displayed = value != "none";
        return true;
    case svg_property::visibility:
        if (value != "visible" && value != "hidden" && value != "collapse") return false;
        to.inherited.visible = value == "visible";
        return true;
    case svg_property::overflow: to.own.overflows = value == "visible" || value == "auto"; return true;
    case svg_property::dashes:
        if (!are_svg_dashes(value)) return false;
        to.inherited.dashes = value == "none" ? std::string_view{} : value;
        return true;
    case svg_property::dash_offset:
        if (!read_svg_length(value)) return false;
        to.inherited.dash_offset = value;
        return true;
    case svg_property::clip_path: to.own.clip_path = value == "none" ? std::string_view{} : value; return true;
    case svg_property::clip_rule: return put_rule(to.inherited.clip_evenodd);
    case svg_property::fill_rule: return put_rule(to.inherited.fill_evenodd);
    case svg_property::linecap:
        if (value != "butt" && value != "round" && value != "square") return false;
        to.inherited.round_tip = value != "butt";
        return true;
    case svg_property::opacity: return put(to.own.opacity, read_opacity(value));
    case svg_property::stroke_opacity: return put(to.inherited.stroke_opacity, read_opacity(value));
    case svg_property::fill_opacity: return put(to.inherited.fill_opacity, read_opacity(value));
    case svg_property::color: return put(to.inherited.color, read_svg_colour(value));
    case svg_property::stroke: return put(to.inherited.stroke, read_svg_paint(value));
    case svg_property::fill: return put(to.inherited.fill, read_svg_paint(value));
    case svg_property::stroke_width: {
        const auto length = read_svg_length(value);
        if (!length || length->number < 0) return false;
        to.inherited.stroke_width = length->number;
        return true;
    }
    case svg_property::transform:
        if (!read_svg_transform(value)) return false;
        to.own.transform = value;
        return true;
    case svg_property::origin:
        if (!read_svg_origin(value, 1, 1)) return false;
        to.own.origin = value;
        return true;
    case svg_property::path: {
        if (source == svg_property_source::attribute) return true;
        if (value.starts_with("path(") && value.ends_with(')')) value = trimmed(value.substr(5, value.size() - 6));
        if (value.size() < 2 || (value.front() != '"' && value.front() != '\'')) return false;
        to.own.path = value.substr(1, value.size() - 2);
        return true;
    }
    case svg_property::background: {
        // Of the shorthand only what begins with the colour; there is no attribute of that name.
        const std::size_t end = value.find(')') == value.npos ? value.find(' ') : value.find(')') + 1;
        const auto c = read_svg_colour(value.substr(0, end));
        if (source == svg_property_source::css) to.own.dark_background = c && c->alpha > 0 && !c->is_paper();
        return true;
    }
    case svg_property::geometry:
        // An attribute of that name may mean something else, and is judged where it is used.
        if (source == svg_property_source::css && value != "auto" && !read_svg_length(value)) return false;
        to.own.geometry[row.index] = value;
        return true;
    }
    return true;
}

inline void set_svg_lack(std::string_view name, std::string_view value, svg_property_source source, svg_own& own) {
    for (std::size_t i = 0; i < std::size(svg_lacks); ++i) {
        if (svg_lacks[i].property != name) continue;
        if (svg_lacks[i].css_only && source == svg_property_source::attribute) return;
        const bool harmless =
            value == "none" || value == "inherit" || value.empty() || (name == "transform-box" && value == "view-box");
        own.lacking = harmless ? own.lacking & ~(1U << i) : own.lacking | 1U << i;
        return;
    }
}

} // namespace detail

/// Sets a property of one element. False for a value that the property cannot have; it changes nothing then. Names that
/// say nothing to a pen are passed over.
inline bool set_svg_property(std::string_view name, std::string_view value, svg_property_source source,
                             const svg_style& parent, svg_style& style) {
    value = trimmed(value);
    const auto row = detail::find_svg_property(name);
    if (!row) {
        detail::set_svg_lack(name, value, source, style.own);
        return true;
    }
    static const svg_style initial;
    if (value == "inherit" || ((value == "unset" || value == "revert") && row->inherits))
        detail::copy_svg_property(*row, parent, style);
    else if (value == "initial" || value == "unset" || value == "revert")
        detail::copy_svg_property(*row, initial, style);
    else if (value.empty())
        return source == svg_property_source::attribute;
    else
        return detail::read_svg_property(*row, value, source, style);
    return true;
}

} // namespace kf::svg
