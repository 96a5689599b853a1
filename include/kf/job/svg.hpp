// SPDX-License-Identifier: MIT
#pragma once
/// An SVG document becomes a drawing: the outlines of its shapes, flattened, in millimetres on the page, by layer.
/// First step of kplot's flow; job/page follows. What a pen cannot draw or this reader does not know is told in
/// drawing::notes with its line, never dropped in silence; what breaks the grammar is an error. Nothing outside the
/// text is read: no entities, no files, no network. SVG 1.1 with href and transform-origin of SVG 2.

#include <kf/error.hpp>
#include <kf/job/drawing.hpp>
#include <kf/job/outline.hpp>
#include <kf/job/svg_layers.hpp>
#include <kf/job/svg_length.hpp>
#include <kf/job/svg_notes.hpp>
#include <kf/job/svg_page.hpp>
#include <kf/job/svg_shape.hpp>
#include <kf/job/svg_sheet.hpp>
#include <kf/job/svg_style.hpp>
#include <kf/job/svg_tag.hpp>
#include <kf/job/svg_text.hpp>
#include <kf/job/svg_transform.hpp>
#include <kf/job/svg_view.hpp>

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::job {

struct svg_options {
    mm tolerance_mm = 0.01;                ///< the farthest that ink may be from a curve
    mm max_coordinate_mm = 100'000;        ///< a drawing that reaches farther is refused
    std::size_t max_points = 50'000'000;   ///< and one that needs more than this
    std::size_t max_elements = 10'000'000; ///< counted as often as <use> repeats them
    std::size_t max_depth = 256;           ///< of elements in elements
    std::size_t max_notes_of_a_kind = 50;
};

/// Errors: malformed (XML or one of SVG's own grammars, with the line), out_of_bounds (a number or the whole is too
/// big).
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
    svg_paint paint = {};
    std::optional<std::size_t> layer = {};
    enum { top, inside, used } place = inside; ///< top: where groups are layers; used: reached through <use>
    std::size_t depth = 0;
    svg_window* window = nullptr;
};

class svg_reader {
  public:
    /// `text` is UTF-8 and outlives the reader.
    svg_reader(std::string_view text, const svg_options& options)
      : text_(text)
      , options_(options)
      , lines_(text)
      , notes_(options.max_notes_of_a_kind) {}

    result<drawing> read();

  private:
    using node = pugi::xml_node;

    static std::string_view attribute(node n, const char* name) { return n.attribute(name).as_string(); }
    static auto measures(node n, const svg_context& c) {
        const auto get = [n](const char* name) { return attribute(n, name); };
        return svg_measures<decltype(get)>{get, c.width, c.height};
    }
    std::string_view tag_name(node n) const {
        std::string_view name = n.name();
        if (!prefix_.empty() && name.starts_with(prefix_)) name.remove_prefix(prefix_.size());
        return name;
    }
    std::size_t line_of(node n) {
        return lines_.line_at(static_cast<std::size_t>(std::max<std::ptrdiff_t>(n.offset_debug(), 0)));
    }
    void tell(node n, std::string_view text) {
        notes_.add(line_of(n), fmt::format("<{}>: {}", excerpt(n.name()), text));
    }
    std::unexpected<error> at(node n, error e);
    std::unexpected<error> refuse(node n, errc code, std::string what) { return at(n, error{code, std::move(what)}); }

    result<node> parse();
    result<svg_context> page();
    result<void> element(node n, svg_context context);
    result<void> children(node n, const svg_context& context);
    result<void> choice(node n, const svg_context& context);
    result<void> use(node n, svg_context context);
    result<void> inner_view(node n, svg_context context, svg_rect room);
    result<void> shape(node n, svg_tag tag, const svg_context& context);
    result<bool> apply_style(node n, svg_context& context);
    std::size_t add_layer(std::string_view label) {
        out_.layers.push_back({.number = 0, .name = layer_name(label), .lines = {}});
        return out_.layers.size() - 1;
    }
    void look_around();
    void finish();

    std::string_view text_;
    svg_options options_;
    line_index lines_;
    svg_notes notes_;
    pugi::xml_document document_ = {};
    node root_ = {};
    std::string prefix_ = {}; ///< "svg:" where the document names its elements so
    bool inkscape_layers_ = false;
    std::list<std::string> sheets_ = {}; ///< the texts that rules_ points into
    std::vector<svg_rule> rules_ = {};
    std::unordered_map<std::string_view, node> ids_ = {};
    std::vector<node> in_use_ = {};
    std::optional<std::size_t> loose_ = {}; ///< the layer of what is in no group
    std::size_t elements_ = 0, points_ = 0;
    drawing out_ = {};
};

inline std::unexpected<error> svg_reader::at(node n, error e) {
    const std::size_t line = line_of(n);
    e.what = fmt::format("line {}, <{}>: {}", line, excerpt(n.name()), e.what);
    e.steps = {fmt::format("correct or delete that element (line {})", line),
               "or save the drawing again as plain SVG in the drawing program"};
    return fail(std::move(e));
}

inline result<pugi::xml_node> svg_reader::parse() {
    const auto parsed = document_.load_buffer(text_.data(), text_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (parsed.status == pugi::status_no_document_element)
        return fail(errc::malformed, "this is not an SVG file: it has no element");
    if (!parsed) {
        const auto offset = static_cast<std::size_t>(std::max<std::ptrdiff_t>(parsed.offset, 0));
        return fail(
            error{.code = errc::malformed,
                  .what = fmt::format("the XML is broken at line {}, column {}", lines_.line_at(offset),
                                      lines_.column_at(offset)),
                  .cause = parsed.description(),
                  .steps = {"check that the file is complete", "or save the drawing again in the drawing program"}});
    }
    node root;
    for (const node n : document_.children()) {
        if (n.type() != pugi::node_element) continue;
        if (root) return refuse(n, errc::malformed, "a second root element");
        root = n;
    }
    const std::string_view name = root.name();
    if (const std::size_t colon = name.find(':'); colon != name.npos) prefix_ = name.substr(0, colon + 1);
    if (tag_name(root) != "svg")
        return fail(errc::malformed, fmt::format("this is not an SVG file: its root is <{}>", excerpt(name)));
    return root;
}

/// What has to be known before the walk: sheets, ids, whether Inkscape's layers are used.
inline void svg_reader::look_around() {
    for (const node n : root_.children())
        if (attribute(n, "inkscape:groupmode") == "layer") inkscape_layers_ = true;
    for (node n = root_; n;) {
        if (const auto id = n.attribute("id"); !id.empty()) ids_.emplace(id.value(), n);
        if (n.type() == pugi::node_element && tag_name(n) == "style") {
            std::string css;
            for (const node part : n.children()) css += part.value();
            sheets_.push_back(without_comments(css));
            if (read_svg_sheet(sheets_.back(), rules_) > 0)
                tell(n, "only the rules for a tag, a .class or an #id are applied, not all of these");
        }
        node next = n.first_child();
        while (!next && n && n != root_) {
            next = n.next_sibling();
            if (!next) n = n.parent();
        }
        n = next;
    }
    std::stable_sort(rules_.begin(), rules_.end(),
                     [](const svg_rule& a, const svg_rule& b) { return a.weight() < b.weight(); });
}

inline result<svg_context> svg_reader::page() {
    svg_context context;
    context.place = svg_context::top;
    KF_TRY(const bool displayed, apply_style(root_, context));
    const affine own = context.to_mm;
    auto in = measures(root_, context);
    const auto width = in.length("width"), height = in.length("height");
    if (!width) return at(root_, width.error());
    if (!height) return at(root_, height.error());
    if (in.em) tell(root_, "em is taken as 16 px, ex as 8 px");
    std::optional<svg_rect> box;
    if (const std::string_view text = trimmed(attribute(root_, "viewBox")); !text.empty()) {
        const auto read = read_svg_view_box(text);
        if (!read) return at(root_, read.error());
        box = *read;
    }
    const auto aspect = read_svg_aspect(attribute(root_, "preserveAspectRatio"));
    if (!aspect) return at(root_, aspect.error());
    const auto empty = [](const std::optional<svg_length>& side) { return side && !(side->number > 0); };
    if (empty(*width) || empty(*height) || (box && !(box->width > 0 && box->height > 0)))
        return refuse(root_, errc::malformed, "the page has no size (width, height or viewBox is zero)");

    const svg_page page = make_svg_page(*width, *height, box, *aspect);
    if (page.guessed) tell(root_, "no page size in units: the viewBox is taken as px, 96 to an inch");
    if (!(page.width <= options_.max_coordinate_mm && page.height <= options_.max_coordinate_mm))
        return refuse(root_, errc::out_of_bounds,
                      fmt::format("the page is larger than {} mm", options_.max_coordinate_mm));
    out_.width = page.width;
    out_.height = page.height;
    context.to_mm = own * page.to_mm;
    context.width = page.user_width;
    context.height = page.user_height;
    if (!displayed) root_ = node{};
    return context;
}

/// Resolves the element's own style into its context; false when it is not displayed.
inline result<bool> svg_reader::apply_style(node n, svg_context& context) {
    svg_style own;
    const bool was_visible = context.paint.visible;
    std::string_view style, id, classes;
    for (const pugi::xml_attribute a : n.attributes()) {
        const std::string_view key = a.name(), value = a.value();
        if (key == "style")
            style = value;
        else if (key == "id")
            id = value;
        else if (key == "class")
            classes = value;
        else
            set_svg_property(key, value, svg_property_source::attribute, context.paint, own);
    }
    const auto set = [&](std::string_view key, std::string_view value) {
        set_svg_property(key, value, svg_property_source::css, context.paint, own);
    };
    for (const svg_rule& rule : rules_)
        if (rule.matches(tag_name(n), id, classes)) for_each_declaration(rule.declarations, set);
    for_each_declaration(style, set);

    if (!own.displayed) {
        tell(n, "display is none: not drawn");
        return false;
    }
    if (was_visible && !context.paint.visible) tell(n, "visibility is hidden: not drawn");
    for (std::size_t i = 0; i < std::size(svg_lacks); ++i)
        if ((own.lacking >> i & 1U) != 0) tell(n, svg_lacks[i].text);
    if (own.transform.empty()) return true;
    const auto map = read_svg_transform(own.transform);
    if (!map) return at(n, map.error());
    const auto origin = read_svg_origin(own.origin, context.width, context.height);
    if (!origin) return at(n, origin.error());
    context.to_mm = context.to_mm * translation(origin->x, origin->y) * *map * translation(-origin->x, -origin->y);
    return true;
}

inline result<void> svg_reader::element(node n, svg_context context) {
    if (n.type() != pugi::node_element) return {};
    if (++elements_ > options_.max_elements)
        return refuse(n, errc::out_of_bounds, "the drawing has too many elements, counted with <use>");
    if (++context.depth > options_.max_depth)
        return refuse(n, errc::out_of_bounds, fmt::format("elements are nested deeper than {}", options_.max_depth));
    const std::string_view name = tag_name(n);
    const auto tag = find_svg_tag(name);
    if (!tag) {
        // Elements of other vocabularies are the editor's notes to itself.
        if (name.find(':') == name.npos) tell(n, "unknown element: not drawn");
        return {};
    }
    if (*tag == svg_tag::unseen) return {};
    if (*tag == svg_tag::undrawn) {
        tell(n, why_undrawn(name));
        return {};
    }
    if (name == "g" && context.place != svg_context::used) {
        const bool marked = attribute(n, "inkscape:groupmode") == "layer";
        if (inkscape_layers_ ? marked : context.place == svg_context::top) {
            const std::string_view label = attribute(n, "inkscape:label");
            context.layer = add_layer(label.empty() ? attribute(n, "id") : label);
        }
        context.place = svg_context::inside;
    }
    KF_TRY(const bool displayed, apply_style(n, context));
    if (!displayed) return {};
    switch (*tag) {
    case svg_tag::group: return children(n, context);
    case svg_tag::svg: return inner_view(n, context, {0, 0, context.width, context.height});
    case svg_tag::use: return use(n, context);
    case svg_tag::choice: return choice(n, context);
    default:
        // Titles may be in a shape, and so may animations.
        for (const node child : n.children())
            if (find_svg_tag(tag_name(child)) == svg_tag::undrawn) tell(child, why_undrawn(tag_name(child)));
        return context.paint.visible ? shape(n, *tag, context) : result<void>{};
    }
}

inline result<void> svg_reader::children(node n, const svg_context& context) {
    for (const node child : n.children()) KF_CHECK(element(child, context));
    return {};
}

/// The first child that needs nothing special, as a viewer set to English chooses.
inline result<void> svg_reader::choice(node n, const svg_context& context) {
    for (const node child : n.children()) {
        if (child.type() != pugi::node_element || !attribute(child, "requiredExtensions").empty()) continue;
        const auto language = child.attribute("systemLanguage");
        if (!language.empty() && std::string_view(language.value()).find("en") == std::string_view::npos) continue;
        return element(child, context);
    }
    tell(n, "no choice fits: nothing of it is drawn");
    return {};
}

inline result<void> svg_reader::use(node n, svg_context context) {
    const std::string_view plain = trimmed(attribute(n, "href"));
    const std::string_view ref = plain.empty() ? trimmed(attribute(n, "xlink:href")) : plain;
    const auto found = ids_.find(ref.starts_with('#') ? ref.substr(1) : std::string_view{});
    if (found == ids_.end()) {
        tell(n, fmt::format("\"{}\" is not in this file: not drawn", excerpt(ref)));
        return {};
    }
    const node target = found->second;
    bool circular = std::find(in_use_.begin(), in_use_.end(), target) != in_use_.end();
    for (node up = n; up && !circular; up = up.parent()) circular = up == target;
    if (circular) return refuse(n, errc::malformed, fmt::format("\"{}\" contains itself", excerpt(ref)));

    auto in = measures(n, context);
    const auto x = in.x("x"), y = in.y("y"), width = in.x("width", context.width),
               height = in.y("height", context.height);
    for (const auto* value : {&x, &y, &width, &height})
        if (!*value) return at(n, value->error());
    context.to_mm = context.to_mm * translation(*x, *y);
    context.place = svg_context::used;
    in_use_.push_back(target);
    if (const std::string_view name = tag_name(target); name == "symbol" || name == "svg") {
        KF_TRY(const bool displayed, apply_style(target, context));
        if (displayed) KF_CHECK(inner_view(target, context, {0, 0, *width, *height}));
    } else {
        KF_CHECK(element(target, context));
    }
    in_use_.pop_back();
    return {};
}

/// An inner <svg> or a used <symbol>; `room` is its place unless it has its own.
inline result<void> svg_reader::inner_view(node n, svg_context context, svg_rect room) {
    auto in = measures(n, context);
    if (tag_name(n) == "svg") {
        const auto x = in.x("x"), y = in.y("y"), width = in.x("width", room.width),
                   height = in.y("height", room.height);
        for (const auto* value : {&x, &y, &width, &height})
            if (!*value) return at(n, value->error());
        // The size that a <use> gives goes before the one of what it shows.
        room = context.place == svg_context::used && room != svg_rect{0, 0, context.width, context.height}
                   ? svg_rect{*x, *y, room.width, room.height}
                   : svg_rect{*x, *y, *width, *height};
    }
    std::optional<svg_rect> box;
    if (const std::string_view text = trimmed(attribute(n, "viewBox")); !text.empty()) {
        const auto read = read_svg_view_box(text);
        if (!read) return at(n, read.error());
        box = *read;
    }
    const auto aspect = read_svg_aspect(attribute(n, "preserveAspectRatio"));
    if (!aspect) return at(n, aspect.error());
    if (room.width <= 0 || room.height <= 0 || (box && !(box->width > 0 && box->height > 0))) {
        tell(n, "has no size: not drawn");
        return {};
    }
    if (box && (std::isnan(room.width) || std::isnan(room.height)))
        return refuse(n, errc::malformed, "its size is a percentage, but the page has no size");

    const affine outside = context.to_mm * translation(room.x, room.y);
    context.to_mm = box ? outside * fit_view(*box, {0, 0, room.width, room.height}, *aspect) : outside;
    context.width = box ? box->width : room.width;
    context.height = box ? box->height : room.height;
    if (context.place == svg_context::top) context.place = svg_context::inside;
    const auto back = inverse(outside);
    svg_window window{
        .from_mm = back.value_or(affine{}), .width = room.width, .height = room.height, .outer = context.window};
    if (back && attribute(n, "overflow") != "visible") context.window = &window;
    KF_CHECK(children(n, context));
    if (window.crossed) tell(n, "is not clipped to its rectangle: everything is drawn");
    return {};
}

inline result<void> svg_reader::shape(node n, svg_tag tag, const svg_context& context) {
    if (!context.layer && !loose_) loose_ = add_layer("");
    std::vector<polyline>& lines = out_.layers[context.layer ? *context.layer : *loose_].lines;
    const std::size_t before = lines.size();
    outline out(lines, context.to_mm,
                {options_.tolerance_mm, options_.max_coordinate_mm, options_.max_points - points_});
    out.dots_drawn = context.paint.round_tip;
    auto in = measures(n, context);
    const auto drawn = draw_svg_shape(tag, in, out);
    if (!drawn) return at(n, drawn.error());
    if (out.fault() == outline_fault::out_of_range)
        return refuse(n, errc::out_of_bounds, fmt::format("reaches farther than {} mm", options_.max_coordinate_mm));
    if (out.fault() == outline_fault::too_many_points)
        return refuse(n, errc::out_of_bounds,
                      fmt::format("the drawing needs more than {} points", options_.max_points));
    points_ += out.points();

    if (!*drawn) tell(n, "has no size: not drawn");
    if (out.dots_left_out > 0) tell(n, "has no length and no round line end to make a dot: not drawn");
    if (in.em) tell(n, "em is taken as 16 px, ex as 8 px");
    if (lines.size() == before) return {};
    if (context.paint.filled && tag != svg_tag::line) tell(n, "is filled: only its outline is drawn");
    if (!context.paint.filled && !context.paint.stroked) tell(n, "has neither stroke nor fill: drawn all the same");
    for (svg_window* w = context.window; w != nullptr; w = w->outer) {
        const double slack = 1e-6 * (w->width + w->height);
        for (std::size_t i = before; i < lines.size() && !w->crossed; ++i)
            for (const point& on_page : lines[i]) {
                const point p = apply(w->from_mm, on_page);
                if (p.x < -slack || p.y < -slack || p.x > w->width + slack || p.y > w->height + slack)
                    w->crossed = true;
            }
    }
    return {};
}

inline void svg_reader::finish() {
    number_layers(out_.layers);
    std::erase_if(out_.layers, [](const layer& l) { return l.lines.empty(); });
    if (out_.width <= 0 || out_.height <= 0) {
        notes_.add(1, "no page size: the page ends where the drawing does");
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
    KF_TRY(root_, parse());
    look_around();
    KF_TRY(const svg_context context, page());
    if (root_) KF_CHECK(children(root_, context));
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
