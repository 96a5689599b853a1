// SPDX-License-Identifier: MIT
#pragma once
/// viewBox and preserveAspectRatio: how the inside of an <svg> or <symbol> is fitted into its rectangle.
/// SVG 1.1, 7.7-7.8.

#include <kf/drawing/affine.hpp>
#include <kf/svg/svg_scanner.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace kf::svg {

using drawing::affine;

struct svg_rect {
    double x = 0, y = 0, width = 0, height = 0;
    bool operator==(const svg_rect&) const = default;
};

[[nodiscard]] inline result<svg_rect> read_svg_view_box(std::string_view text) {
    svg_scanner in(text);
    svg_rect box;
    double* const fields[] = {&box.x, &box.y, &box.width, &box.height};
    for (double* field : fields) {
        if (field != &box.x) in.skip_separator();
        KF_TRY(*field, in.number());
    }
    if (!in.done()) return in.expected("nothing more");
    if (box.width < 0 || box.height < 0) return fail(errc::malformed, "the viewBox has a negative size");
    return box;
}

struct svg_aspect {
    double x = 0.5, y = 0.5; ///< share of the free room that is left of, above the picture
    enum { meet, slice, stretch } fit = meet;
};

[[nodiscard]] inline result<svg_aspect> read_svg_aspect(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with("defer")) text = trimmed(text.substr(5));
    svg_aspect aspect;
    if (text.empty()) return aspect;
    if (text.starts_with("none")) {
        aspect.fit = svg_aspect::stretch;
        return aspect;
    }
    const auto share = [](std::string_view word) -> std::optional<double> {
        if (word == "Min") return 0;
        if (word == "Mid") return 0.5;
        if (word == "Max") return 1;
        return std::nullopt;
    };
    if (text.size() >= 8 && text[0] == 'x' && text[4] == 'Y') {
        const auto x = share(text.substr(1, 3)), y = share(text.substr(5, 3));
        const std::string_view rest = trimmed(text.substr(8));
        if (x && y && (rest.empty() || rest == "meet" || rest == "slice")) {
            aspect.x = *x;
            aspect.y = *y;
            if (rest == "slice") aspect.fit = svg_aspect::slice;
            return aspect;
        }
    }
    return fail(errc::malformed, fmt::format("preserveAspectRatio \"{}\" is not known", excerpt(text)));
}

/// Maps the inside of `box` into `room`. Both have a size.
[[nodiscard]] inline affine fit_view(const svg_rect& box, const svg_rect& room, const svg_aspect& aspect) noexcept {
    double sx = room.width / box.width, sy = room.height / box.height;
    if (aspect.fit == svg_aspect::meet) sx = sy = std::min(sx, sy);
    if (aspect.fit == svg_aspect::slice) sx = sy = std::max(sx, sy);
    return {sx,
            0,
            0,
            sy,
            room.x - box.x * sx + aspect.x * (room.width - box.width * sx),
            room.y - box.y * sy + aspect.y * (room.height - box.height * sy)};
}

} // namespace kf::svg
