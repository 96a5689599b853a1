// SPDX-License-Identifier: MIT
#pragma once
/// An SVG document becomes a drawing: the outlines of its shapes, flattened, in millimetres on the page, by layer.
/// First step of kplot's flow. What nobody can see is not drawn; what a pen cannot draw, what this reader does not know
/// and what breaks SVG's own rules is drawn as far as it goes and told in drawing::notes, never dropped in silence.
/// Nothing outside of the text is read. SVG 1.1 with href, transform-origin and the geometry properties of SVG 2.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/svg/svg_context.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_expansion.hpp>
#include <kf/svg/svg_layers.hpp>
#include <kf/svg/svg_options.hpp>
#include <kf/svg/svg_page.hpp>
#include <kf/svg/svg_pen.hpp>
#include <kf/svg/svg_report.hpp>
#include <kf/svg/svg_styling.hpp>
#include <kf/svg/svg_tag.hpp>
#include <kf/svg/svg_text.hpp>
#include <kf/svg/svg_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

using drawing::affine;
using drawing::layer;
using drawing::note_kind;
using drawing::point;
using drawing::polyline;
using drawing::scaling;
using drawing::translation;

/// Errors: malformed (no XML, no SVG, a page of no size, refused entities; with the line), out_of_bounds (too big),
/// refused (a rule of <style> that hides things and is not known).
[[nodiscard]] result<drawing::drawing> read_svg(std::string_view text, const svg_options& options = {});

namespace detail {

class svg_reader {
  public:
    /// `text` is UTF-8 and outlives the reader.
    svg_reader(std::string_view text, const svg_options& options)
      : document_(text)
      , options_(options)
      , expansion_(document_, options.max_depth)
      , report_(document_)
      , styling_(document_, report_)
      , pen_(document_, options_, report_) {}

    result<drawing::drawing> read();

  private:
    using node = svg_node;

    result<svg_context> page();
    result<void> element(node n, svg_context context);
    result<void> children(node n, const svg_context& context);
    result<void> choice(node n, const svg_context& context);
    result<void> use(node n, svg_context context);
    result<void> inner_view(node n, svg_context context, svg_rect room);
    bool enter(node n, svg_context& context);
    std::optional<svg_rect> view_box(node n);
    svg_aspect aspect(node n);
    std::size_t add_layer(std::string_view label) {
        out_.layers.push_back({.number = 0, .name = layer_name(label), .lines = {}});
        return out_.layers.size() - 1;
    }
    /// Made though nothing may come into it, so that what is invisible moves no pen.
    layer& layer_of(const svg_context& context) {
        if (!context.layer && !loose_) loose_ = add_layer("");
        return out_.layers[context.layer ? *context.layer : *loose_];
    }
    void finish();

    svg_document document_;
    svg_options options_;
    svg_expansion expansion_;
    svg_report report_;
    svg_styling styling_;
    svg_pen pen_;
    std::vector<node> in_use_ = {};         ///< the <use>s around, the inmost last
    std::optional<std::size_t> loose_ = {}; ///< the layer of what is in no group
    std::size_t elements_ = 0;
    drawing::drawing out_ = {};
};

inline std::optional<svg_rect> svg_reader::view_box(node n) {
    const std::string_view text = trimmed(attribute(n, "viewBox"));
    if (text.empty()) return std::nullopt;
    const auto box = read_svg_view_box(text);
    if (box) return *box;
    report_.tell_wrong(n, "the viewBox is not valid: it counts as not given", box.error().what);
    return std::nullopt;
}

inline svg_aspect svg_reader::aspect(node n) {
    const auto read = read_svg_aspect(attribute(n, "preserveAspectRatio"));
    if (!read) report_.tell_wrong(n, "preserveAspectRatio is not valid: it counts as not given", read.error().what);
    return read.value_or(svg_aspect{});
}

inline result<svg_context> svg_reader::page() {
    const node root = document_.root();
    svg_context context;
    context.place = svg_context::top;
    styling_.resolve(root, context);
    if (!context.style.inherited.visible) report_.tell(root, note_kind::told, "visibility is hidden: not drawn");
    if (context.style.own.dark_background) pen_.on_dark_paper();
    auto in = measures_of(root, context);
    const auto side = [&](const char* name) {
        const std::optional<svg_length> given = in.length(name);
        if (!given || given->number >= 0) return given;
        in.wrong(name, "it is negative");
        return std::optional<svg_length>{};
    };
    const auto width = side("width"), height = side("height");
    report_.tell_measures(root, in);
    const std::optional<svg_rect> box = view_box(root);
    const auto empty = [](const std::optional<svg_length>& s) { return s && !(s->number > 0); };
    if (empty(width) || empty(height) || (box && !(box->width > 0 && box->height > 0)))
        return report_.refuse(root, errc::malformed, "the page has no size (width, height or viewBox is zero)");

    const mm px = mm_per_inch / options_.dpi;
    const svg_page page = make_svg_page(width, height, box, aspect(root), px);
    if (page.guessed)
        report_.tell(root, note_kind::told,
                     fmt::format("no page size in units: the viewBox is taken as px, {} to an inch",
                                 io::to_decimal(options_.dpi)));
    if (!page.in_px && options_.dpi != svg_options{}.dpi)
        report_.tell(root, note_kind::told, "the page has its size in units: how many px are an inch changes nothing");
    if (!(page.width <= options_.max_coordinate_mm && page.height <= options_.max_coordinate_mm))
        return report_.refuse(root, errc::out_of_bounds,
                              fmt::format("the page is larger than {} mm", options_.max_coordinate_mm));
    out_.width = page.width;
    out_.height = page.height;
    // The root's own transform is of the page, outside of the viewBox, in px (SVG 2, 8.2).
    const affine own = transform_of(context.style.own, page.width / px, page.height / px);
    context.to_mm = scaling(px, px) * own * scaling(1 / px, 1 / px) * page.to_mm;
    context.width = page.user_width;
    context.height = page.user_height;
    return context;
}

/// Resolves the element's own style into its context; false when nothing of it is to be seen.
inline bool svg_reader::enter(node n, svg_context& context) {
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
    return true;
}

/// As a viewer set to English decides, which has no extensions.
[[nodiscard]] inline bool suits_viewer(svg_node n) noexcept {
    if (!trimmed(attribute(n, "requiredExtensions")).empty()) return false;
    const auto language = n.attribute("systemLanguage");
    return language.empty() || std::string_view(language.value()).find("en") != std::string_view::npos;
}

inline result<void> svg_reader::element(node n, svg_context context) {
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
        report_.tell(n, note_kind::lacking, "unknown element: not drawn");
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
            context.layer = add_layer(label.empty() ? attribute(n, "id") : label);
            // Guides of the one who draws, as AxiDraw's layers have it.
            if (trimmed(label).starts_with('%')) {
                report_.tell(n, note_kind::told, "is a layer whose name begins with %: not drawn");
                return {};
            }
        }
        context.place = svg_context::inside;
    }
    if (!enter(n, context)) return {};
    switch (*tag) {
    case svg_tag::group: return children(n, context);
    case svg_tag::svg: return inner_view(n, context, {0, 0, context.width, context.height});
    case svg_tag::use: return use(n, context);
    case svg_tag::choice: return choice(n, context);
    default:
        // Titles may be in a shape, and so may animations.
        for (const node child : n.children())
            if (find_svg_tag(child.name()) == svg_tag::undrawn)
                report_.tell(child, note_kind::lacking, why_undrawn(child.name()));
        if (!context.style.inherited.visible) return {};
        return pen_.draw(n, *tag, context, layer_of(context).lines);
    }
}

inline result<void> svg_reader::children(node n, const svg_context& context) {
    for (const node child : n.children()) KF_CHECK(element(child, context));
    return {};
}

/// The first child that suits.
inline result<void> svg_reader::choice(node n, const svg_context& context) {
    for (const node child : n.children())
        if (is_element(child) && suits_viewer(child)) return element(child, context);
    report_.tell(n, note_kind::lacking, "no choice fits: nothing of it is drawn");
    return {};
}

inline result<void> svg_reader::use(node n, svg_context context) {
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
        if (enter(target, context)) KF_CHECK(inner_view(target, context, room));
    } else {
        KF_CHECK(element(target, context));
    }
    in_use_.pop_back();
    return {};
}

/// An inner <svg> or a used <symbol>; `room` is its place unless it has its own.
inline result<void> svg_reader::inner_view(node n, svg_context context, svg_rect room) {
    if (std::string_view(n.name()) == "svg") {
        auto in = measures_of(n, context);
        const svg_rect own{in.x("x"), in.y("y"), in.x("width", room.width), in.y("height", room.height)};
        report_.tell_measures(n, in);
        // The size that a <use> gives goes before the one of what it shows.
        const bool given = context.place == svg_context::used && room != svg_rect{0, 0, context.width, context.height};
        room = given ? svg_rect{own.x, own.y, room.width, room.height} : own;
    }
    const std::optional<svg_rect> box = view_box(n);
    if (room.width <= 0 || room.height <= 0 || (box && !(box->width > 0 && box->height > 0))) {
        report_.tell(n, note_kind::told, "has no size: not drawn");
        return {};
    }
    if (box && (std::isnan(room.width) || std::isnan(room.height))) {
        report_.tell_wrong(n, "its size is that of the page, which has none: not drawn");
        return {};
    }
    const affine outside = context.to_mm * translation(room.x, room.y);
    context.to_mm = box ? outside * fit_view(*box, {0, 0, room.width, room.height}, aspect(n)) : outside;
    context.width = box ? box->width : room.width;
    context.height = box ? box->height : room.height;
    if (context.place == svg_context::top) context.place = svg_context::inside;
    const auto back = inverse(outside);
    svg_window window{
        .from_mm = back.value_or(affine{}), .width = room.width, .height = room.height, .outer = context.window};
    if (back && !context.style.own.overflows) context.window = &window;
    KF_CHECK(children(n, context));
    if (window.crossed) report_.tell(n, note_kind::lacking, "is not clipped to its rectangle: everything is drawn");
    return {};
}

inline void svg_reader::finish() {
    number_layers(out_.layers);
    std::erase_if(out_.layers, [](const layer& l) { return l.lines.empty(); });
    if (out_.width <= 0 || out_.height <= 0) {
        report_.tell_file(note_kind::told, {}, "no page size: the page ends where the drawing does");
        point far{out_.width, out_.height};
        for (const layer& l : out_.layers)
            for (const polyline& line : l.lines)
                for (const point& p : line) far = {std::max(far.x, p.x), std::max(far.y, p.y)};
        if (out_.width <= 0) out_.width = far.x;
        if (out_.height <= 0) out_.height = far.y;
    }
    out_.notes = report_.notes();
}

inline result<drawing::drawing> svg_reader::read() {
    KF_CHECK(document_.parse());
    for (const auto& [place, text] : document_.remarks()) report_.tell_file(note_kind::wrong, place, text);
    KF_CHECK(styling_.read_sheets());
    KF_TRY(const svg_context context, page());
    const node root = document_.root();
    if (!context.style.own.displayed)
        report_.tell(root, note_kind::told, "display is none: not drawn");
    else if (context.opacity <= 0 && options_.invisible == svg_invisible::skip)
        report_.tell(root, note_kind::told, "opacity is 0: not drawn");
    else
        KF_CHECK(children(root, context));
    finish();
    return std::move(out_);
}

} // namespace detail

inline result<drawing::drawing> read_svg(std::string_view text, const svg_options& options) {
    if (!(options.tolerance_mm >= least_tolerance_mm))
        return fail(errc::usage, fmt::format("the tolerance is {} mm; {} mm is the least", options.tolerance_mm,
                                             io::to_decimal(least_tolerance_mm)));
    if (text.starts_with("\x1f\x8b"))
        return fail(error{.code = errc::malformed,
                          .what = "the SVG is compressed",
                          .steps = {"unpack it first: gunzip -c FILE.svgz > FILE.svg"}});
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") || text.substr(0, 2).find('\0') != text.npos)
        return fail(error{.code = errc::malformed,
                          .what = "the SVG is UTF-16 text, which is not supported",
                          .steps = {"convert it first: iconv -f UTF-16 -t UTF-8 IN.svg > OUT.svg"}});
    if (is_utf8(text)) return detail::svg_reader(text, options).read();
    const std::string converted = utf8_from_latin1(text);
    return detail::svg_reader(converted, options).read();
}

} // namespace kf::svg
