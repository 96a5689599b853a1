// SPDX-License-Identifier: MIT
#pragma once
/// clip-path: from a reference to a <clipPath> to the region that it leaves, in mm on the page. SVG 1.1, 14.3.

#include <kf/drawing/region.hpp>
#include <kf/error.hpp>
#include <kf/svg/svg_context.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_pen.hpp>
#include <kf/svg/svg_property.hpp>
#include <kf/svg/svg_report.hpp>
#include <kf/svg/svg_styling.hpp>
#include <kf/svg/svg_tag.hpp>
#include <kf/svg/svg_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::svg {

using drawing::region;

class svg_clipping {
  public:
    using found_region = std::shared_ptr<const region>;
    /// The box around an element in its own user units, the context being its own; nothing when it has no size.
    using bounds_of = std::function<result<std::optional<svg_rect>>(svg_node, const svg_context&)>;

    svg_clipping(const svg_document& document, svg_report& report, svg_styling& styling, svg_pen& pen, bounds_of bounds)
      : document_(document)
      , report_(report)
      , styling_(styling)
      , pen_(pen)
      , bounds_(std::move(bounds)) {}

    /// Adds the clip of an element, whose context this is, to it.
    [[nodiscard]] result<void> enter(svg_node n, svg_context& context) {
        if (context.style.own.clip_path.empty()) return {};
        KF_TRY(auto clip, clip_of(n, context));
        if (clip) context.clips.push_back(std::move(clip));
        return {};
    }
    /// The rectangle of an inner <svg> or a <symbol>; `to_mm` is of the space around it.
    static void enter_view(const svg_rect& room, const affine& to_mm, svg_context& context) {
        const auto corner = [&](double x, double y) { return drawing::apply(to_mm, {room.x + x, room.y + y}); };
        auto view = std::make_shared<region>();
        view->add({{corner(0, 0), corner(room.width, 0), corner(room.width, room.height), corner(0, room.height)}},
                  drawing::fill_rule::nonzero);
        context.clips.push_back(std::move(view));
    }

  private:
    result<found_region> clip_of(svg_node n, const svg_context& context);
    result<found_region> region_of(svg_node clip_path, svg_context context);
    result<void> add_child(svg_node child, const svg_context& context, region& into, bool& whole);

    const svg_document& document_;
    svg_report& report_;
    svg_styling& styling_;
    svg_pen& pen_;
    bounds_of bounds_;
    std::vector<svg_node> open_ = {}; ///< the clip paths around, the inmost last
    struct known_region {
        affine to_mm;
        double width, height;
        found_region made;
    };
    std::unordered_map<const pugi::xml_node_struct*, known_region> known_ = {};
};

/// Nothing when the reference leads nowhere.
inline result<svg_clipping::found_region> svg_clipping::clip_of(svg_node n, const svg_context& context) {
    const std::string_view written = context.style.own.clip_path;
    const auto url = read_svg_url(written);
    if (!url || !url->rest.empty()) {
        report_.tell(n, note_kind::lacking, "this clip-path is not applied: everything is drawn",
                     fmt::format("\"{}\"", excerpt(written, 40)));
        return found_region{};
    }
    const svg_node target = document_.find(url->id);
    if (!target || std::string_view(target.name()) != "clipPath") {
        report_.tell_wrong(n, "its clip-path is no clipPath of this file: everything is drawn",
                           fmt::format("\"{}\"", excerpt(written, 40)));
        return found_region{};
    }
    if (std::find(open_.begin(), open_.end(), target) != open_.end()) {
        report_.tell_wrong(n, "its clip-path is clipped by itself: everything is drawn");
        return found_region{};
    }
    svg_context inside;
    inside.depth = context.depth;
    const bool of_box = attribute(target, "clipPathUnits") == "objectBoundingBox";
    if (!of_box) {
        inside.to_mm = context.to_mm;
        inside.width = context.width;
        inside.height = context.height;
        // Drawing programs give one clip to thousands of elements.
        const auto known = known_.find(target.internal_object());
        if (known != known_.end() && known->second.to_mm == inside.to_mm && known->second.width == inside.width &&
            known->second.height == inside.height)
            return known->second.made;
    } else {
        KF_TRY(const auto box, bounds_(n, context));
        if (!box || box->width <= 0 || box->height <= 0) return std::make_shared<const region>();
        inside.to_mm = context.to_mm * affine{box->width, 0, 0, box->height, box->x, box->y};
        inside.width = inside.height = 1;
    }
    open_.push_back(target);
    KF_TRY(auto made, region_of(target, inside));
    open_.pop_back();
    if (!of_box)
        known_.insert_or_assign(target.internal_object(),
                                known_region{inside.to_mm, inside.width, inside.height, made});
    return made;
}

/// The style of a clipPath comes from where it stands, its place from what refers to it.
inline result<svg_clipping::found_region> svg_clipping::region_of(svg_node clip_path, svg_context context) {
    std::vector<svg_node> around;
    for (svg_node up = clip_path; up; up = parent_element(up)) around.push_back(up);
    for (; !around.empty(); around.pop_back()) styling_.resolve(around.back(), context);
    context.to_mm = context.to_mm * transform_of(context.style.own, context.width, context.height);
    auto made = std::make_shared<region>();
    if (!context.style.own.clip_path.empty()) {
        KF_TRY(auto outer, clip_of(clip_path, context));
        if (outer) made->bound_by(std::move(outer));
    }
    bool whole = true;
    for (const svg_node child : clip_path.children())
        if (is_element(child)) KF_CHECK(add_child(child, context, *made, whole));
    if (whole) return made;
    report_.tell(clip_path, note_kind::lacking, "clips by text, which is not applied: everything is drawn");
    return found_region{};
}

/// `whole` becomes false when a part of the region is not known.
inline result<void> svg_clipping::add_child(svg_node child, const svg_context& around, region& into, bool& whole) {
    const auto tag = find_svg_tag(child.name());
    if (document_.foreign(child) || !tag || *tag == svg_tag::unseen) return {};
    svg_context context = around;
    styling_.resolve(child, context);
    if (!context.style.own.displayed) return {};
    context.to_mm = context.to_mm * transform_of(context.style.own, context.width, context.height);
    region::bounds within;
    const auto bound = [&](svg_node n) -> result<void> {
        if (context.style.own.clip_path.empty()) return {};
        KF_TRY(auto clip, clip_of(n, context));
        if (clip) within.push_back(std::move(clip));
        return {};
    };
    KF_CHECK(bound(child));
    svg_node shape = child;
    auto kind = *tag;
    if (kind == svg_tag::use) {
        shape = document_.used_by(child);
        const auto target = shape ? find_svg_tag(shape.name()) : std::nullopt;
        if (!target) {
            report_.tell_wrong(child, "shows something that is not in this file: not drawn",
                               fmt::format("\"{}\"", excerpt(svg_document::reference(child))));
            return {};
        }
        auto in = measures_of(child, context);
        context.to_mm = context.to_mm * drawing::translation(in.x("x"), in.y("y"));
        styling_.resolve(shape, context);
        if (!context.style.own.displayed) return {};
        context.to_mm = context.to_mm * transform_of(context.style.own, context.width, context.height);
        KF_CHECK(bound(shape));
        kind = *target;
    }
    if (!context.style.inherited.visible) return {};
    if (kind == svg_tag::undrawn) {
        whole = whole && std::string_view(shape.name()) != "text";
        return {};
    }
    if (kind == svg_tag::group || kind == svg_tag::svg || kind == svg_tag::use || kind == svg_tag::choice) {
        report_.tell_wrong(child, "has no place in a clipPath: it clips nothing");
        return {};
    }
    KF_TRY(auto lines, pen_.area(shape, kind, context));
    into.add(std::move(lines),
             context.style.inherited.clip_evenodd ? drawing::fill_rule::evenodd : drawing::fill_rule::nonzero,
             std::move(within));
    return {};
}

} // namespace kf::svg
