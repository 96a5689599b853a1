// SPDX-License-Identifier: MIT
#pragma once
/// The walk over the elements of an SVG, from the root down: what is shown, where, in which layer. Shapes go to
/// svg_pen, groups and uses are followed, and what cannot be drawn is told. Of svg/svg, which knows the page.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/svg/svg_clipping.hpp>
#include <kf/svg/svg_context.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_expansion.hpp>
#include <kf/svg/svg_layers.hpp>
#include <kf/svg/svg_options.hpp>
#include <kf/svg/svg_pen.hpp>
#include <kf/svg/svg_report.hpp>
#include <kf/svg/svg_styling.hpp>
#include <kf/svg/svg_tag.hpp>
#include <kf/svg/svg_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

using drawing::affine;
using drawing::note_kind;
using drawing::point;
using drawing::polyline;
using drawing::translation;

class svg_walk {
  public:
    svg_walk(const svg_document& document, const svg_options& options, svg_report& report, svg_styling& styling)
      : document_(document)
      , options_(options)
      , report_(report)
      , styling_(styling)
      , pen_(document, options, report)
      , clipping_(document, report, styling, pen_,
                  [this](svg_node n, const svg_context& context) { return bounds_of(n, context); })
      , expansion_(document, options.max_depth)
      , layers_(options.layering) {}
    svg_walk(const svg_walk&) = delete;
    svg_walk& operator=(const svg_walk&) = delete;

    /// White is seen wherever it lies.
    void on_dark_paper() { pen_.on_dark_paper(); }
    /// From the root, whose context this is. Errors: out_of_bounds, for a drawing that is too large.
    [[nodiscard]] result<void> everything(svg_node root, svg_context context) {
        KF_CHECK(clipping_.enter(root, context));
        return children(root, context);
    }
    [[nodiscard]] std::vector<drawing::layer> take() { return layers_.take(); }

  private:
    using node = svg_node;

    result<void> children(node n, const svg_context& context);
    result<void> element(node n, svg_context context);
    result<void> content(node n, svg_tag tag, const svg_context& context);
    result<void> shape(node n, svg_tag tag, const svg_context& context);
    result<void> choice(node n, const svg_context& context);
    result<void> use(node n, svg_context context);
    result<void> inner_view(node n, svg_context context, svg_rect room);
    result<bool> enter(node n, svg_context& context);
    result<std::optional<svg_rect>> bounds_of(node n, const svg_context& context);

    const svg_document& document_;
    const svg_options& options_;
    svg_report& report_;
    svg_styling& styling_;
    svg_pen pen_;
    svg_clipping clipping_;
    svg_expansion expansion_;
    svg_layers layers_;
    std::vector<node> in_use_ = {}; ///< the <use>s around, the inmost last
    std::size_t elements_ = 0;
    std::vector<point>* measured_ = nullptr; ///< while an element is measured, the points of its shapes, in mm
};

/// Resolves the element's own style into its context; false when nothing of it is to be seen.
inline result<bool> svg_walk::enter(node n, svg_context& context) {
    const bool was_visible = context.style.inherited.visible, was_seen = context.opacity > 0;
    styling_.resolve(n, context);
    const svg_own& own = context.style.own;
    if (!own.displayed) {
        report_.tell(n, note_kind::told, "display is none: not drawn");
        return false;
    }
    if (was_visible && !context.style.inherited.visible)
        report_.tell(n, note_kind::told, "visibility is hidden: not drawn");
    if (was_seen && context.opacity <= 0 && options_.invisible == svg_invisible::skip) {
        report_.tell(n, note_kind::told, "opacity is 0: not drawn");
        return false;
    }
    for (std::size_t i = 0; i < std::size(svg_lacks); ++i)
        if ((own.lacking >> i & 1U) != 0) report_.tell(n, note_kind::lacking, svg_lacks[i].text);
    context.to_mm = context.to_mm * transform_of(own, context.width, context.height);
    if (measured_ == nullptr) KF_CHECK(clipping_.enter(n, context));
    return true;
}

/// As a viewer set to English decides, which has no extensions.
[[nodiscard]] inline bool suits_viewer(svg_node n) noexcept {
    if (!trimmed(attribute(n, "requiredExtensions")).empty()) return false;
    const auto language = n.attribute("systemLanguage");
    return language.empty() || std::string_view(language.value()).find("en") != std::string_view::npos;
}

inline result<void> svg_walk::element(node n, svg_context context) {
    if (!is_element(n)) return {};
    if (++elements_ > options_.max_elements)
        return report_.refuse(n, errc::out_of_bounds, "the drawing has too many elements, counted with <use>");
    if (++context.depth > options_.max_depth)
        return report_.refuse(n, errc::out_of_bounds,
                              fmt::format("elements are nested deeper than {}", options_.max_depth));
    if (const auto uri = document_.foreign(n)) {
        // Those of drawing programs are their notes to themselves.
        if (!is_private_vocabulary(*uri))
            report_.tell(n, note_kind::lacking, "is not of SVG's vocabulary: not drawn",
                         fmt::format("its namespace is \"{}\"", excerpt(*uri, 60)));
        return {};
    }
    const std::string_view name = n.name();
    const auto tag = find_svg_tag(name);
    if (!tag) {
        report_.tell(n, note_kind::told, "unknown element: not drawn"); // nor does a viewer show it
        return {};
    }
    if (*tag == svg_tag::unseen) return {};
    if (*tag == svg_tag::undrawn) {
        report_.tell(n, note_kind::lacking, why_undrawn(name));
        return {};
    }
    if (!suits_viewer(n)) {
        report_.tell(n, note_kind::told, "is for another language or viewer: not drawn");
        return {};
    }
    if (name == "g" && context.place != svg_context::used) {
        const bool marked = attribute(n, "inkscape:groupmode") == "layer";
        if (document_.has_inkscape_layers() ? marked : context.place == svg_context::top) {
            const std::string_view label = attribute(n, "inkscape:label");
            if (measured_ == nullptr) context.layer = layers_.add(label.empty() ? attribute(n, "id") : label);
            // Guides of the one who draws, as AxiDraw's layers have it.
            if (trimmed(label).starts_with('%')) {
                report_.tell(n, note_kind::told, "is a layer whose name begins with %: not drawn");
                return {};
            }
        }
        context.place = svg_context::inside;
    }
    KF_TRY(const bool seen, enter(n, context));
    return seen ? content(n, *tag, context) : result<void>{};
}

/// Of an element that was entered.
inline result<void> svg_walk::content(node n, svg_tag tag, const svg_context& context) {
    switch (tag) {
    case svg_tag::group: return children(n, context);
    case svg_tag::svg: return inner_view(n, context, {0, 0, context.width, context.height});
    case svg_tag::use: return use(n, context);
    case svg_tag::choice: return choice(n, context);
    default: return shape(n, tag, context);
    }
}

inline result<void> svg_walk::shape(node n, svg_tag tag, const svg_context& context) {
    if (measured_ != nullptr) {
        KF_TRY(const auto lines, pen_.area(n, tag, context));
        for (const polyline& line : lines) measured_->insert(measured_->end(), line.begin(), line.end());
        return {};
    }
    // Titles may be in a shape, and so may animations.
    for (const node child : n.children())
        if (is_element(child) && find_svg_tag(child.name()) == svg_tag::undrawn)
            report_.tell(child, note_kind::lacking, why_undrawn(child.name()));
    const std::size_t layer = context.layer ? *context.layer : layers_.loose();
    if (!context.style.inherited.visible) return {};
    KF_TRY(auto ink, pen_.draw(n, tag, context));
    layers_.put(layer, ink.colour, std::move(ink.lines));
    return {};
}

/// The shapes of an element, whether they are seen or not; its own clip and those around do not count.
inline result<std::optional<svg_rect>> svg_walk::bounds_of(node n, const svg_context& context) {
    const auto back = inverse(context.to_mm);
    const auto tag = find_svg_tag(n.name());
    if (!back || !tag) return std::nullopt;
    std::vector<point> points;
    std::vector<point>* const around = std::exchange(measured_, &points);
    const auto good = n == document_.root() ? children(n, context) : content(n, *tag, context);
    measured_ = around;
    KF_CHECK(good);
    if (points.empty()) return std::nullopt;
    point low = apply(*back, points.front()), high = low;
    for (const point& on_page : points) {
        const point p = apply(*back, on_page);
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    return svg_rect{low.x, low.y, high.x - low.x, high.y - low.y};
}

inline result<void> svg_walk::children(node n, const svg_context& context) {
    for (const node child : n.children()) KF_CHECK(element(child, context));
    return {};
}

/// The first child that suits.
inline result<void> svg_walk::choice(node n, const svg_context& context) {
    for (const node child : n.children())
        if (is_element(child) && suits_viewer(child)) return element(child, context);
    report_.tell(n, note_kind::lacking, "no choice fits: nothing of it is drawn");
    return {};
}

inline result<void> svg_walk::use(node n, svg_context context) {
    const node target = document_.used_by(n);
    const std::string named = fmt::format("\"{}\"", excerpt(svg_document::reference(n)));
    if (!target) {
        report_.tell_wrong(n, "shows something that is not in this file: not drawn", named);
        return {};
    }
    in_use_.push_back(n);
    const bool circular = std::any_of(in_use_.begin(), in_use_.end(), [&](node up) {
        while (up && up != target) up = up.parent();
        return up == target;
    });
    if (circular) {
        in_use_.pop_back();
        report_.tell_wrong(n, "shows what contains it: not drawn", named);
        return {};
    }
    // Those inside of a <use> are counted with it.
    if (in_use_.size() == 1 && elements_ + expansion_.elements_of(target) > options_.max_elements)
        return report_.refuse(n, errc::out_of_bounds,
                              fmt::format("{} stands for more than {} elements", named, options_.max_elements));

    auto in = measures_of(n, context);
    const double x = in.x("x"), y = in.y("y");
    svg_rect room{0, 0, in.x("width", context.width), in.y("height", context.height)};
    report_.tell_measures(n, in);
    context.to_mm = context.to_mm * translation(x, y);
    context.place = svg_context::used;
    if (const std::string_view name = target.name(); name == "symbol" || name == "svg") {
        KF_TRY(const bool seen, enter(target, context));
        if (seen) KF_CHECK(inner_view(target, context, room));
    } else {
        KF_CHECK(element(target, context));
    }
    in_use_.pop_back();
    return {};
}

/// An inner <svg> or a used <symbol>; `room` is its place unless it has its own.
inline result<void> svg_walk::inner_view(node n, svg_context context, svg_rect room) {
    if (std::string_view(n.name()) == "svg") {
        auto in = measures_of(n, context);
        const svg_rect own{in.x("x"), in.y("y"), in.x("width", room.width), in.y("height", room.height)};
        report_.tell_measures(n, in);
        // The size that a <use> gives goes before the one of what it shows.
        const bool given = context.place == svg_context::used && room != svg_rect{0, 0, context.width, context.height};
        room = given ? svg_rect{own.x, own.y, room.width, room.height} : own;
    }
    const std::optional<svg_rect> box = view_box_of(n, report_);
    if (room.width <= 0 || room.height <= 0 || (box && !(box->width > 0 && box->height > 0))) {
        report_.tell(n, note_kind::told, "has no size: not drawn");
        return {};
    }
    if (box && (std::isnan(room.width) || std::isnan(room.height))) {
        report_.tell_wrong(n, "its size is that of the page, which has none: not drawn");
        return {};
    }
    const affine outside = context.to_mm * translation(room.x, room.y);
    context.to_mm = box ? outside * fit_view(*box, {0, 0, room.width, room.height}, aspect_of(n, report_)) : outside;
    context.width = box ? box->width : room.width;
    context.height = box ? box->height : room.height;
    if (context.place == svg_context::top) context.place = svg_context::inside;
    const bool sized = std::isfinite(room.width) && std::isfinite(room.height);
    if (sized && !context.style.own.overflows && measured_ == nullptr)
        svg_clipping::enter_view({0, 0, room.width, room.height}, outside, context);
    return children(n, context);
}

} // namespace kf::svg
