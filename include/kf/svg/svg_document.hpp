// SPDX-License-Identifier: MIT
#pragma once
/// The XML of an SVG, parsed and made plain: entities are in place, SVG's elements have no prefix whatever the file
/// calls them, attributes of XLink and Inkscape have their usual one, elements of other vocabularies are marked.
/// First step of svg/svg, and the only header that knows the XML parser.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/svg/svg_entities.hpp>
#include <kf/svg/svg_namespace.hpp>
#include <kf/svg/svg_scanner.hpp>
#include <kf/svg/svg_text.hpp>

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::svg {

using svg_node = pugi::xml_node;

[[nodiscard]] inline bool is_element(svg_node n) noexcept { return n.type() == pugi::node_element; }
[[nodiscard]] inline svg_node next_element(svg_node n) noexcept {
    do n = n.next_sibling();
    while (n && !is_element(n));
    return n;
}
[[nodiscard]] inline svg_node previous_element(svg_node n) noexcept {
    do n = n.previous_sibling();
    while (n && !is_element(n));
    return n;
}
/// Nothing above the root.
[[nodiscard]] inline svg_node parent_element(svg_node n) noexcept {
    n = n.parent();
    return is_element(n) ? n : svg_node{};
}
[[nodiscard]] inline std::string_view attribute(svg_node n, const char* name) noexcept {
    return n.attribute(name).as_string();
}

/// Where a note belongs, in bytes of the file and as a person counts.
struct svg_place {
    std::size_t offset = 0, line = 1, column = 1;
};

class svg_document {
  public:
    /// `text` is UTF-8 and outlives the document.
    explicit svg_document(std::string_view text)
      : text_(text)
      , lines_(text) {}

    /// Errors: malformed, with line and column; entities that are refused are named.
    [[nodiscard]] result<void> parse();

    [[nodiscard]] svg_node root() const noexcept { return root_; }
    [[nodiscard]] svg_place place_of(svg_node n) {
        // The parser tells where the name begins, behind the '<'.
        const auto at = static_cast<std::size_t>(std::max<std::ptrdiff_t>(n.offset_debug() - 1, 0));
        return place(expanded_ ? expanded_->source_of(at) : at);
    }
    [[nodiscard]] svg_node find(std::string_view id) const {
        const auto found = ids_.find(id);
        return found == ids_.end() ? svg_node{} : found->second;
    }
    /// What a <use> shows; nothing when that is in no place of this file.
    [[nodiscard]] svg_node used_by(svg_node n) const {
        const std::string_view ref = reference(n);
        return ref.starts_with('#') ? find(ref.substr(1)) : svg_node{};
    }
    [[nodiscard]] static std::string_view reference(svg_node n) noexcept {
        const std::string_view plain = trimmed(attribute(n, "href"));
        return plain.empty() ? trimmed(attribute(n, "xlink:href")) : plain;
    }
    /// The vocabulary of an element that is not SVG's.
    [[nodiscard]] std::optional<std::string_view> foreign(svg_node n) const {
        const auto found = foreign_.find(n.internal_object());
        return found == foreign_.end() ? std::nullopt : std::optional(found->second);
    }
    /// About the file as a whole: references to nothing, a namespace that nobody knows, style that is elsewhere.
    struct remark {
        svg_place at;
        std::string text;
        drawing::note_kind kind = drawing::note_kind::wrong;
    };
    [[nodiscard]] const std::vector<remark>& remarks() const noexcept { return remarks_; }
    [[nodiscard]] bool has_inkscape_layers() const noexcept { return inkscape_layers_; }
    [[nodiscard]] const std::vector<svg_node>& sheets() const noexcept { return sheets_; }

  private:
    svg_place place(std::size_t offset) { return {offset, lines_.line_at(offset), lines_.column_at(offset)}; }
    result<void> put_entities_in_place();
    void tell_outer_sheet(svg_node n);
    void make_plain();
    void name_by_vocabulary(svg_node n, const xml_scope& scope);

    std::string_view text_;
    line_index lines_;
    std::optional<expanded_document> expanded_ = {};
    pugi::xml_document xml_ = {};
    svg_node root_ = {};
    std::string_view home_ = {}; ///< the URI that counts as SVG's: the root's
    static constexpr const char* save_again = "save the drawing again as plain SVG in the drawing program";
    static constexpr const char* export_it = "export the drawing as SVG in the drawing program";
    static constexpr const char* no_svg = "it may be a file of another kind under that name";

    bool inkscape_layers_ = false;
    std::unordered_map<std::string_view, svg_node> ids_ = {};
    std::unordered_map<const pugi::xml_node_struct*, std::string_view> foreign_ = {};
    std::vector<svg_node> sheets_ = {};
    std::vector<remark> remarks_ = {};
};

inline result<void> svg_document::put_entities_in_place() {
    if (!has_entities(text_)) return {};
    auto expanded = expand_entities(text_);
    if (!expanded)
        return fail(
            error{.code = errc::malformed,
                  .what = fmt::format("line {}: {}", lines_.line_at(expanded.error().source), expanded.error().what),
                  .steps = {save_again}});
    expanded_ = *std::move(expanded);
    for (auto& r : expanded_->remarks) remarks_.push_back({place(r.source), std::move(r.text)});
    return {};
}

inline result<void> svg_document::parse() {
    KF_CHECK(put_entities_in_place());
    const std::string_view text = expanded_ ? std::string_view(expanded_->text) : text_;
    const auto parsed =
        xml_.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_pi, pugi::encoding_utf8);
    if (parsed.status == pugi::status_no_document_element)
        return fail({errc::malformed, "this is not an SVG file: it has no element", no_svg, {}, {export_it}});
    if (!parsed) {
        const auto at = static_cast<std::size_t>(std::max<std::ptrdiff_t>(parsed.offset, 0));
        const svg_place where = place(expanded_ ? expanded_->source_of(at) : at);
        return fail(error{.code = errc::malformed,
                          .what = fmt::format("the XML is broken at line {}, column {}", where.line, where.column),
                          .cause = parsed.description(),
                          .steps = {"check that the file is complete", fmt::format("or {}", save_again)}});
    }
    for (const svg_node n : xml_.children()) {
        if (n.type() == pugi::node_pi && std::string_view(n.name()) == "xml-stylesheet" && !root_) tell_outer_sheet(n);
        if (!is_element(n)) continue;
        if (root_) {
            return fail({errc::malformed,
                         fmt::format("line {}, <{}>: a second root element", place_of(n).line, excerpt(n.name())),
                         "two drawings were put into one file, or an end tag is lost",
                         {},
                         {save_again}});
        }
        root_ = n;
    }
    std::string_view name = root_.name();
    name.remove_prefix(name.find(':') == name.npos ? 0 : name.find(':') + 1);
    if (name != "svg")
        return fail({errc::malformed,
                     fmt::format("this is not an SVG file: its root is <{}>", excerpt(root_.name())),
                     no_svg,
                     {},
                     {export_it}});
    make_plain();
    return {};
}

/// <?xml-stylesheet?>: one that names an element of this file says nothing new.
inline void svg_document::tell_outer_sheet(svg_node n) {
    const std::string_view words = n.value();
    const std::size_t name = words.find("href");
    const std::size_t open = std::min(words.find_first_of("\"'", std::min(name, words.size())), words.size());
    std::string_view file = words.substr(std::min(open + 1, words.size()));
    file = file.substr(0, open < words.size() ? file.find(words[open]) : 0);
    if (file.starts_with('#')) return;
    remarks_.push_back({place_of(n),
                        fmt::format("the style sheet \"{}\" is in another file, which is not read", excerpt(file, 60)),
                        drawing::note_kind::lacking});
}

/// Walks with the bindings in scope; a binding ends with its element.
inline void svg_document::make_plain() {
    xml_scope scope;
    struct open_element {
        svg_node n;
        std::size_t mark;
    };
    std::vector<open_element> open;
    for (svg_node n = root_; n;) {
        const std::size_t mark = scope.enter();
        for (const pugi::xml_attribute a : n.attributes()) {
            const std::string_view key = a.name();
            if (key == "xmlns")
                scope.bind({}, a.value());
            else if (key.starts_with("xmlns:"))
                scope.bind(key.substr(6), a.value());
        }
        name_by_vocabulary(n, scope);
        open.push_back({n, mark});
        svg_node next = foreign(n) ? svg_node{} : n.first_child();
        if (next && !is_element(next)) next = next_element(next);
        while (!next && !open.empty()) {
            scope.leave(open.back().mark);
            const svg_node done = open.back().n;
            open.pop_back();
            if (!open.empty()) next = next_element(done);
        }
        n = next;
    }
}

inline void svg_document::name_by_vocabulary(svg_node n, const xml_scope& scope) {
    const auto split = [](std::string_view name) {
        const std::size_t colon = name.find(':');
        return colon == name.npos ? std::pair(std::string_view{}, name)
                                  : std::pair(name.substr(0, colon), name.substr(colon + 1));
    };
    const auto [prefix, local] = split(n.name());
    const std::string_view uri = scope.uri_of(prefix);
    if (n == root_) {
        home_ = uri;
        if (!uri.empty() && uri != svg_uri)
            remarks_.push_back(
                {place_of(n), fmt::format("the namespace of the root is \"{}\", not SVG's", excerpt(uri, 60))});
    }
    if (uri != home_ && uri != svg_uri) {
        foreign_.emplace(n.internal_object(), uri);
        return;
    }
    // A shorter name keeps its place in the buffer, and so its line.
    if (!prefix.empty()) n.set_name(std::string(local).c_str());
    for (pugi::xml_attribute a : n.attributes()) {
        const std::string_view key = a.name();
        if (key == "id" && *a.value() != '\0') ids_.emplace(a.value(), n);
        const auto [its_prefix, its_local] = split(key);
        if (its_prefix.empty() || its_prefix == "xmlns") continue;
        const std::string_view its_uri = scope.uri_of(its_prefix);
        if (its_uri == xlink_uri && its_prefix != "xlink")
            a.set_name(("xlink:" + std::string(its_local)).c_str());
        else if (its_uri == inkscape_uri && its_prefix != "inkscape")
            a.set_name(("inkscape:" + std::string(its_local)).c_str());
        else if ((its_prefix == "xlink" && its_uri != xlink_uri) ||
                 (its_prefix == "inkscape" && its_uri != inkscape_uri))
            a.set_name(("other:" + std::string(its_local)).c_str());
    }
    inkscape_layers_ = inkscape_layers_ || attribute(n, "inkscape:groupmode") == "layer";
    if (std::string_view(n.name()) == "style") sheets_.push_back(n);
}

} // namespace kf::svg
