// SPDX-License-Identifier: MIT
#pragma once
/// Where the parts of the SVG reader say what a person should know: notes, with the place of their element, and
/// refusals.

#include <kf/error.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_notes.hpp>
#include <kf/svg/svg_view.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

using drawing::note;
using drawing::note_kind;

class svg_report {
  public:
    explicit svg_report(svg_document& document) noexcept
      : document_(document) {}

    void tell(svg_node n, note_kind kind, std::string_view text, std::string detail = {}) {
        notes_.add(kind, document_.place_of(n), excerpt(n.name()), std::string(text), std::move(detail));
    }
    void tell_wrong(svg_node n, std::string_view text, std::string detail = {}) {
        tell(n, note_kind::wrong, text, std::move(detail));
    }
    /// A value that cannot be: it does not take part.
    void tell_invalid(svg_node n, std::string detail) {
        tell_wrong(n, "has a value that is not valid: it counts as not given", std::move(detail));
    }
    template<class Measures>
    void tell_measures(svg_node n, const Measures& in) {
        if (in.em) tell(n, note_kind::told, "em is taken as 16 px, ex as 8 px");
        if (!in.fault.empty()) tell_invalid(n, in.fault);
    }
    /// Of the file as a whole.
    void tell_file(note_kind kind, const svg_place& place, std::string text) {
        notes_.add(kind, place, {}, std::move(text));
    }
    [[nodiscard]] std::unexpected<error> refuse(svg_node n, errc code, std::string_view what) {
        const std::size_t line = document_.place_of(n).line;
        return fail(error{.code = code,
                          .what = fmt::format("line {}, <{}>: {}", line, excerpt(n.name()), what),
                          .steps = {fmt::format("correct or delete that element (line {})", line),
                                    "or save the drawing again as plain SVG in the drawing program"}});
    }

    [[nodiscard]] std::vector<note> notes() { return notes_.all(); }

  private:
    svg_document& document_;
    svg_notes notes_ = {};
};

/// The viewBox of an element; a wrong one is told and counts as not given.
[[nodiscard]] inline std::optional<svg_rect> view_box_of(svg_node n, svg_report& report) {
    const std::string_view text = trimmed(attribute(n, "viewBox"));
    if (text.empty()) return std::nullopt;
    const auto box = read_svg_view_box(text);
    if (box) return *box;
    report.tell_wrong(n, "the viewBox is not valid: it counts as not given", box.error().what);
    return std::nullopt;
}

[[nodiscard]] inline svg_aspect aspect_of(svg_node n, svg_report& report) {
    const auto read = read_svg_aspect(attribute(n, "preserveAspectRatio"));
    if (!read) report.tell_wrong(n, "preserveAspectRatio is not valid: it counts as not given", read.error().what);
    return read.value_or(svg_aspect{});
}

} // namespace kf::svg
