// SPDX-License-Identifier: MIT
#pragma once
/// An SVG document becomes a drawing: the outlines of its shapes, flattened, in millimetres on the page, by layer.
/// First step of kplot's flow. What nobody can see is not drawn; what a pen cannot draw, what this reader does not know
/// and what breaks SVG's own rules is drawn as far as it goes and told in drawing::notes, never dropped in silence.
/// Nothing outside of the text is read. SVG 1.1 with href, transform-origin and the geometry properties of SVG 2.

#include <kf/error.hpp>
#include <kf/job/drawing.hpp>
#include <kf/job/outline.hpp>
#include <kf/job/svg_cascade.hpp>
#include <kf/job/svg_document.hpp>
#include <kf/job/svg_expansion.hpp>
#include <kf/job/svg_layers.hpp>
#include <kf/job/svg_length.hpp>
#include <kf/job/svg_notes.hpp>
#include <kf/job/svg_page.hpp>
#include <kf/job/svg_shape.hpp>
#include <kf/job/svg_sheet.hpp>
#include <kf/job/svg_sight.hpp>
#include <kf/job/svg_style.hpp>
#include <kf/job/svg_tag.hpp>
#include <kf/job/svg_text.hpp>
#include <kf/job/svg_transform.hpp>
#include <kf/job/svg_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::job {

/// Of what is there and not hidden, yet leaves no trace: transparent, without stroke and fill, or white on the paper.
enum class svg_invisible { skip, draw };

struct svg_options {
    mm tolerance_mm = 0.01; ///< the farthest that ink may be from a curve
    svg_invisible invisible = svg_invisible::skip;
    mm max_coordinate_mm = 100'000;        ///< a shape that reaches farther is not drawn
    std::size_t max_points = 50'000'000;   ///< a drawing that needs more than this is refused
    std::size_t max_elements = 10'000'000; ///< counted as often as <use> repeats them
    std::size_t max_depth = 256;           ///< of elements in elements
};

/// Errors: malformed (no XML, no SVG, a page of no size, refused entities; with the line), out_of_bounds (too big),
/// refused (a rule of <style> that hides things and is not known).
[[nodiscard]] result<drawing> read_svg(std::string_view text, const svg_options& options = {});

namespace detail {

/// The rectangle of an inner <svg>, to which viewers clip and this reader does not.
struct svg_window {
    affine from_mm;
    double width, height;
    svg_window* outer = nullptr;
    bool crossed = false;
};

/// What an element takes over from those around it.
struct svg_context {
    affine to_mm = {};
    double width = 0, height = 0; ///< of the viewport in user units; NaN when the page has no size
    svg_style style = {};         ///< once resolved, the element's own
    double opacity = 1;           ///< of it and of all around it
    std::optional<std::size_t> layer = {};
    enum { top, inside, used } place = inside; ///< top: where groups are layers; used: reached through <use>
    std::size_t depth = 0;
    svg_window* window = nullptr;
};

class svg_reader {
  public:
    /// `text` is UTF-8 and outlives the reader.
    svg_reader(std::string_view text, const svg_options& options)
      : document_(text)
      , options_(options)
      , expansion_(document_, options.max_depth) {}

    result<drawing> read();

  private:
    using node = svg_node;

    /// Lengths of an element whose style is resolved.
    static auto measures(node n, const svg_context& c) {
        const auto get = [n, &c](const char* name) {
            for (std::size_t i = 0; i < std::size(svg_geometry_names); ++i)
                if (svg_geometry_names[i] == name) return c.style.own.geometry[i];
            return attribute(n, name);
        };
        return svg_measures<decltype(get)>{get, c.width, c.height};
    }
    template<class Measures>
    void tell_faults(node n, const Measures& in) {
        if (in.em) tell(n, note_kind::told, "em is taken as 16 px, ex as 8 px");
        if (!in.fault.empty()) tell_wrong(n, "has a value that is not valid: it counts as not given", in.fault);
    }
    void tell(node n, note_kind kind, std::string_view text, std::string detail = {}) {
        notes_.add(kind, document_.place_of(n), excerpt(n.name()), std::string(text), std::move(detail));
    }
    void tell_wrong(node n, std::string_view text, std::string detail = {}) {
        tell(n, note_kind::wrong, text, std::move(detail));
    }
    std::unexpected<error> refuse(node n, errc code, std::string_view what);

    result<void> read_sheets();
    result<void> read_sheet(node n);
    result<svg_context> page();
    result<void> element(node n, svg_context context);
    result<void> children(node n, const svg_context& context);
    result<void> choice(node n, const svg_context& context);
    result<void> use(node n, svg_context context);
    result<void> inner_view(node n, svg_context context, svg_rect room);
    result<void> shape(node n, svg_tag tag, const svg_context& context);
    bool worth_drawing(node n, svg_trace stroke, svg_trace fill);
    void remove_unseen(node n, svg_trace stroke, svg_trace fill, std::vector<polyline>& lines, std::size_t before);
    static void look_at_windows(const svg_context& context, std::span<const polyline> lines);
    void resolve_style(node n, svg_context& context);
    static affine transform_of(const svg_own& own, double width, double height);
    bool enter(node n, svg_context& context);
    std::string_view style_attribute(node n);
    std::optional<svg_rect> view_box(node n);
    svg_aspect aspect(node n);
    std::size_t add_layer(std::string_view label) {
        out_.layers.push_back({.number = 0, .name = layer_name(label), .lines = {}});
        return out_.layers.size() - 1;
    }
    void finish();

    svg_document document_;
    svg_options options_;
    svg_expansion expansion_;
    svg_notes notes_ = {};
    std::list<std::string> sheets_ = {};                            ///< the texts that the cascade points into
    std::unordered_map<const char*, std::string> uncommented_ = {}; ///< style attributes that had comments
    svg_cascade cascade_ = {};
    std::vector<node> in_use_ = {};         ///< the <use>s around, the inmost last
    std::optional<std::size_t> loose_ = {}; ///< the layer of what is in no group
    std::size_t elements_ = 0, points_ = 0;
    svg_dark_areas dark_ = {};
    drawing out_ = {};
};

inline std::unexpected<error> svg_reader::refuse(node n, errc code, std::string_view what) {
    const std::size_t line = document_.place_of(n).line;
    return fail(error{.code = code,
                      .what = fmt::format("line {}, <{}>: {}", line, excerpt(n.name()), what),
                      .steps = {fmt::format("correct or delete that element (line {})", line),
                                "or save the drawing again as plain SVG in the drawing program"}});
}

inline result<void> svg_reader::read_sheets() {
    for (const node n : document_.sheets()) KF_CHECK(read_sheet(n));
    cascade_.order();
    return {};
}

/// A rule that is not known is passed over as long as it cannot hide or show anything.
inline result<void> svg_reader::read_sheet(node n) {
    const std::string_view type = trimmed(attribute(n, "type"));
    if (!type.empty() && type != "text/css") {
        tell(n, note_kind::lacking, "a style sheet of another language is not applied");
        return {};
    }
    std::string css;
    for (const node part : n.children()) css += part.value();
    sheets_.push_back(without_comments(css));
    svg_sheet sheet = read_svg_sheet(sheets_.back());
    if (const std::string_view media = attribute(n, "media"); !is_screen_media(media)) {
        sheet.rules.clear();
        sheet.left_out = {{fmt::format("media=\"{}\"", excerpt(media, 40)), hides_things(sheets_.back())}};
    }
    for (const svg_sheet::skipped& s : sheet.left_out) {
        if (s.hides)
            return refuse(n, errc::refused,
                          fmt::format("the rule \"{}\" hides or shows things, and it is not known how", s.name));
        tell(n, note_kind::lacking, fmt::format("the rule \"{}\" is not applied", s.name));
    }
    cascade_.add(std::move(sheet));
    return {};
}

inline std::optional<svg_rect> svg_reader::view_box(node n) {
    const std::string_view text = trimmed(attribute(n, "viewBox"));
    if (text.empty()) return std::nullopt;
    const auto box = read_svg_view_box(text);
    if (box) return *box;
    tell_wrong(n, "the viewBox is not valid: it counts as not given", box.error().what);
    return std::nullopt;
}

inline svg_aspect svg_reader::aspect(node n) {
    const auto read = read_svg_aspect(attribute(n, "preserveAspectRatio"));
    if (!read) tell_wrong(n, "preserveAspectRatio is not valid: it counts as not given", read.error().what);
    return read.value_or(svg_aspect{});
}

inline result<svg_context> svg_reader::page() {
    const node root = document_.root();
    svg_context context;
    context.place = svg_context::top;
    resolve_style(root, context);
    if (!context.style.inherited.visible) tell(root, note_kind::told, "visibility is hidden: not drawn");
    auto in = measures(root, context);
    const auto width = in.length("width"), height = in.length("height");
    tell_faults(root, in);
    const std::optional<svg_rect> box = view_box(root);
    const auto empty = [](const std::optional<svg_length>& side) { return side && !(side->number > 0); };
    if (empty(width) || empty(height) || (box && !(box->width > 0 && box->height > 0)))
        return refuse(root, errc::malformed, "the page has no size (width, height or viewBox is zero)");

    const svg_page page = make_svg_page(width, height, box, aspect(root));
    if (page.guessed) tell(root, note_kind::told, "no page size in units: the viewBox is taken as px, 96 to an inch");
    if (!(page.width <= options_.max_coordinate_mm && page.height <= options_.max_coordinate_mm))
        return refuse(root, errc::out_of_bounds,
                      fmt::format("the page is larger than {} mm", options_.max_coordinate_mm));
    out_.width = page.width;
    out_.height = page.height;
    // The root's own transform is of the page, outside of the viewBox, in px (SVG 2, 8.2).
    const affine own = transform_of(context.style.own, page.width / mm_per_px, page.height / mm_per_px);
    context.to_mm = scaling(mm_per_px, mm_per_px) * own * scaling(1 / mm_per_px, 1 / mm_per_px) * page.to_mm;
    context.width = page.user_width;
    context.height = page.user_height;
    return context;
}

inline std::string_view svg_reader::style_attribute(node n) {
    const char* const text = n.attribute("style").as_string();
    if (std::string_view(text).find("/*") == std::string_view::npos) return text;
    const auto [kept, first] = uncommented_.try_emplace(text);
    if (first) kept->second = without_comments(text);
    return kept->second;
}

inline void svg_reader::resolve_style(node n, svg_context& context) {
    const svg_style parent = context.style;
    svg_style& style = context.style;
    style.own = {};
    const auto set = [&](std::string_view name, std::string_view value, svg_property_source source) {
        if (set_svg_property(name, value, source, parent, style)) return;
        tell_wrong(n, "has a value that is not valid: it counts as not given",
                   fmt::format("{}: \"{}\"", excerpt(name), excerpt(value)));
    };
    for (const pugi::xml_attribute a : n.attributes()) set(a.name(), a.value(), svg_property_source::attribute);
    cascade_.for_each(n, style_attribute(n), [&](std::string_view name, std::string_view value) {
        set(name, value, svg_property_source::css);
    });
    context.opacity *= style.own.opacity;
}

inline affine svg_reader::transform_of(const svg_own& own, double width, double height) {
    if (own.transform.empty()) return {};
    const point origin = read_svg_origin(own.origin, width, height).value_or(point{});
    return translation(origin.x, origin.y) * read_svg_transform(own.transform).value_or(affine{}) *
           translation(-origin.x, -origin.y);
}

/// Resolves the element's own style into its context; false when nothing of it is to be seen.
inline bool svg_reader::enter(node n, svg_context& context) {
    const bool was_visible = context.style.inherited.visible, was_seen = context.opacity > 0;
    resolve_style(n, context);
    const svg_own& own = context.style.own;
    if (!own.displayed) {
        tell(n, note_kind::told, "display is none: not drawn");
        return false;
    }
    if (was_visible && !context.style.inherited.visible) tell(n, note_kind::told, "visibility is hidden: not drawn");
    if (was_seen && context.opacity <= 0 && options_.invisible == svg_invisible::skip) {
        tell(n, note_kind::told, "opacity is 0: not drawn");
        return false;
    }
    for (std::size_t i = 0; i < std::size(svg_lacks); ++i)
        if ((own.lacking >> i & 1U) != 0) tell(n, note_kind::lacking, svg_lacks[i].text);
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
        return refuse(n, errc::out_of_bounds, "the drawing has too many elements, counted with <use>");
    if (++context.depth > options_.max_depth)
        return refuse(n, errc::out_of_bounds, fmt::format("elements are nested deeper than {}", options_.max_depth));
    if (const auto uri = document_.foreign(n)) {
        // Those of drawing programs are their notes to themselves.
        if (!is_private_vocabulary(*uri))
            tell(n, note_kind::lacking, "is not of SVG's vocabulary: not drawn",
                 fmt::format("its namespace is \"{}\"", excerpt(*uri, 60)));
        return {};
    }
    const std::string_view name = n.name();
    const auto tag = find_svg_tag(name);
    if (!tag) {
        tell(n, note_kind::lacking, "unknown element: not drawn");
        return {};
    }
    if (*tag == svg_tag::unseen) return {};
    if (*tag == svg_tag::undrawn) {
        tell(n, note_kind::lacking, why_undrawn(name));
        return {};
    }
    if (!suits_viewer(n)) {
        tell(n, note_kind::told, "is for another language or viewer: not drawn");
        return {};
    }
    if (name == "g" && context.place != svg_context::used) {
        const bool marked = attribute(n, "inkscape:groupmode") == "layer";
        if (document_.has_inkscape_layers() ? marked : context.place == svg_context::top) {
            const std::string_view label = attribute(n, "inkscape:label");
            context.layer = add_layer(label.empty() ? attribute(n, "id") : label);
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
                tell(child, note_kind::lacking, why_undrawn(child.name()));
        return context.style.inherited.visible ? shape(n, *tag, context) : result<void>{};
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
    tell(n, note_kind::lacking, "no choice fits: nothing of it is drawn");
    return {};
}

inline result<void> svg_reader::use(node n, svg_context context) {
    const node target = document_.used_by(n);
    const std::string named = fmt::format("\"{}\"", excerpt(svg_document::reference(n)));
    if (!target) {
        tell_wrong(n, "shows something that is not in this file: not drawn", named);
        return {};
    }
    in_use_.push_back(n);
    const bool circular = std::any_of(in_use_.begin(), in_use_.end(), [&](node up) {
        while (up && up != target) up = up.parent();
        return up == target;
    });
    if (circular) {
        in_use_.pop_back();
        tell_wrong(n, "shows what contains it: not drawn", named);
        return {};
    }
    // Those inside of a <use> are counted with it.
    if (in_use_.size() == 1 && elements_ + expansion_.elements_of(target) > options_.max_elements)
        return refuse(n, errc::out_of_bounds,
                      fmt::format("{} stands for more than {} elements", named, options_.max_elements));

    auto in = measures(n, context);
    const double x = in.x("x"), y = in.y("y");
    svg_rect room{0, 0, in.x("width", context.width), in.y("height", context.height)};
    tell_faults(n, in);
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
        auto in = measures(n, context);
        const svg_rect own{in.x("x"), in.y("y"), in.x("width", room.width), in.y("height", room.height)};
        tell_faults(n, in);
        // The size that a <use> gives goes before the one of what it shows.
        const bool given = context.place == svg_context::used && room != svg_rect{0, 0, context.width, context.height};
        room = given ? svg_rect{own.x, own.y, room.width, room.height} : own;
    }
    const std::optional<svg_rect> box = view_box(n);
    if (room.width <= 0 || room.height <= 0 || (box && !(box->width > 0 && box->height > 0))) {
        tell(n, note_kind::told, "has no size: not drawn");
        return {};
    }
    if (box && (std::isnan(room.width) || std::isnan(room.height))) {
        tell_wrong(n, "its size is that of the page, which has none: not drawn");
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
    if (window.crossed) tell(n, note_kind::lacking, "is not clipped to its rectangle: everything is drawn");
    return {};
}

/// Before the geometry is known. Tells why not.
inline bool svg_reader::worth_drawing(node n, svg_trace stroke, svg_trace fill) {
    const svg_trace most = std::max(stroke, fill);
    if (most == svg_trace::none)
        tell(n, note_kind::told, "has neither stroke nor fill: not drawn");
    else if (most == svg_trace::clear)
        tell(n, note_kind::told, "is transparent, or its stroke has no width: not drawn");
    else if (most == svg_trace::paper && dark_.empty())
        tell(n, note_kind::told, "has only the colour of the paper: not drawn");
    else
        return true;
    return false;
}

/// Of the lines from `before` on. A fill shows where it covers something, white where it lies on something dark.
inline void svg_reader::remove_unseen(node n, svg_trace stroke, svg_trace fill, std::vector<polyline>& lines,
                                      std::size_t before) {
    const auto unseen = [&](const polyline& line) {
        const svg_trace most = std::max(stroke, encloses(line) ? fill : svg_trace::none);
        if (most < svg_trace::paper)
            tell(n, note_kind::told, "encloses nothing to fill, and has no stroke: not drawn");
        else if (most == svg_trace::ink || dark_.touched_by(std::span(&line, 1)))
            return false;
        else
            tell(n, note_kind::told, "has only the colour of the paper: not drawn");
        return true;
    };
    lines.erase(std::remove_if(lines.begin() + static_cast<std::ptrdiff_t>(before), lines.end(), unseen), lines.end());
}

inline void svg_reader::look_at_windows(const svg_context& context, std::span<const polyline> lines) {
    for (svg_window* w = context.window; w != nullptr; w = w->outer) {
        const double slack = 1e-6 * (w->width + w->height);
        for (std::size_t i = 0; i < lines.size() && !w->crossed; ++i)
            for (const point& on_page : lines[i]) {
                const point p = apply(w->from_mm, on_page);
                if (p.x < -slack || p.y < -slack || p.x > w->width + slack || p.y > w->height + slack)
                    w->crossed = true;
            }
    }
}

inline result<void> svg_reader::shape(node n, svg_tag tag, const svg_context& context) {
    const svg_inherited& look = context.style.inherited;
    const bool everything = options_.invisible == svg_invisible::draw;
    const auto has = [this](std::string_view id) { return static_cast<bool>(document_.find(id)); };
    const auto trace = [&](const svg_paint& paint, double opacity) {
        return trace_of(paint, look.color, context.opacity * opacity, has);
    };
    const svg_trace fill = tag == svg_tag::line ? svg_trace::none : trace(look.fill, look.fill_opacity);
    svg_trace stroke = trace(look.stroke, look.stroke_opacity);
    if (look.stroke_width == 0) stroke = std::min(stroke, svg_trace::clear);
    // Made though nothing may come into it, so that what is invisible moves no pen.
    if (!context.layer && !loose_) loose_ = add_layer("");
    if (!everything && !worth_drawing(n, stroke, fill)) return {};

    std::vector<polyline>& lines = out_.layers[context.layer ? *context.layer : *loose_].lines;
    const std::size_t before = lines.size();
    outline out(lines, context.to_mm,
                {options_.tolerance_mm, options_.max_coordinate_mm, options_.max_points - points_});
    out.dots_drawn = look.round_tip;
    out.closes_open = stroke < svg_trace::ink && fill > svg_trace::clear;
    auto in = measures(n, context);
    const std::string_view path = context.style.own.path.empty() ? attribute(n, "d") : context.style.own.path;
    const drawn_shape drawn = draw_svg_shape(tag, path, in, out);
    if (out.fault() == outline_fault::too_many_points)
        return refuse(n, errc::out_of_bounds,
                      fmt::format("the drawing needs more than {} points", options_.max_points));
    if (out.fault() == outline_fault::out_of_range) {
        lines.resize(before);
        if (std::max(stroke, fill) == svg_trace::paper)
            tell(n, note_kind::told, "has only the colour of the paper: not drawn");
        else
            tell_wrong(n, fmt::format("reaches farther than {} mm: not drawn", options_.max_coordinate_mm));
        return {};
    }
    points_ += out.points();

    tell_faults(n, in);
    if (!drawn.fault.empty()) tell_wrong(n, "its data is wrong: drawn up to there", drawn.fault);
    if (!drawn.sized) tell(n, note_kind::told, "has no size: not drawn");
    if (out.dots_left_out > 0) tell(n, note_kind::told, "has no length and no round line end to make a dot: not drawn");
    if (!everything) remove_unseen(n, stroke, fill, lines, before);
    const auto added = std::span(lines).subspan(before);
    if (fill == svg_trace::ink && std::any_of(added.begin(), added.end(), encloses)) {
        tell(n, note_kind::told, "is filled: only its outline is drawn");
        dark_.add(added);
    }
    look_at_windows(context, added);
    return {};
}

inline void svg_reader::finish() {
    number_layers(out_.layers);
    std::erase_if(out_.layers, [](const layer& l) { return l.lines.empty(); });
    if (out_.width <= 0 || out_.height <= 0) {
        notes_.add(note_kind::told, {}, {}, "no page size: the page ends where the drawing does");
        point far{out_.width, out_.height};
        for (const layer& l : out_.layers)
            for (const polyline& line : l.lines)
                for (const point& p : line) far = {std::max(far.x, p.x), std::max(far.y, p.y)};
        if (out_.width <= 0) out_.width = far.x;
        if (out_.height <= 0) out_.height = far.y;
    }
    out_.notes = notes_.all();
}

inline result<drawing> svg_reader::read() {
    KF_CHECK(document_.parse());
    for (const auto& [place, text] : document_.remarks()) notes_.add(note_kind::wrong, place, {}, text);
    KF_CHECK(read_sheets());
    KF_TRY(const svg_context context, page());
    const node root = document_.root();
    if (!context.style.own.displayed)
        tell(root, note_kind::told, "display is none: not drawn");
    else if (context.opacity <= 0 && options_.invisible == svg_invisible::skip)
        tell(root, note_kind::told, "opacity is 0: not drawn");
    else
        KF_CHECK(children(root, context));
    finish();
    return std::move(out_);
}

} // namespace detail

inline result<drawing> read_svg(std::string_view text, const svg_options& options) {
    if (!(options.tolerance_mm >= 1e-5))
        return fail(errc::usage, fmt::format("the tolerance is {} mm; 0.00001 mm is the least", options.tolerance_mm));
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

} // namespace kf::job
