// SPDX-License-Identifier: MIT
#pragma once
/// The transform attribute (matrix, translate, scale, rotate, skewX, skewY and lists of them) and transform-origin.
/// SVG 1.1, 7.6; the units deg, rad, grad, turn and px of CSS are taken too, as editors write them into style="".

#include <kf/drawing/affine.hpp>
#include <kf/svg/svg_length.hpp>
#include <kf/svg/svg_scanner.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string_view>

namespace kf::svg {

using drawing::affine;
using drawing::point;
using drawing::rotation;
using drawing::scaling;
using drawing::translation;

namespace detail {

struct transform_arguments {
    std::array<double, 6> value = {};
    std::size_t count = 0;
};

inline result<double> scan_transform_number(svg_scanner& in) {
    KF_TRY(const double number, in.number());
    const std::string_view unit = in.word();
    if (unit.empty() || unit == "deg" || unit == "px") return number;
    if (unit == "rad") return number * 180 / std::numbers::pi;
    if (unit == "grad") return number * 0.9;
    if (unit == "turn") return number * 360;
    if (const auto length = find_svg_unit(unit); length && *length != svg_unit::percent)
        return in_px({number, *length}, 0);
    return fail(errc::malformed, fmt::format("unit \"{}\" is not supported here", excerpt(unit)));
}

inline result<transform_arguments> scan_transform_arguments(svg_scanner& in) {
    transform_arguments args;
    if (!in.take('(')) return in.expected("\"(\"");
    while (!in.take(')')) {
        if (args.count == args.value.size()) return in.expected("\")\"");
        if (args.count > 0) in.skip_separator();
        KF_TRY(args.value[args.count], scan_transform_number(in));
        ++args.count;
    }
    return args;
}

} // namespace detail

/// The map of a whole list; the rightmost acts first. Empty and "none" are the identity.
[[nodiscard]] inline result<affine> read_svg_transform(std::string_view text) {
    affine all;
    if (trimmed(text) == "none") return all;
    svg_scanner in(text);
    while (!in.done()) {
        const std::string_view name = in.word();
        if (name.empty()) return in.expected("the name of a transform");
        KF_TRY(const detail::transform_arguments args, detail::scan_transform_arguments(in));
        const auto& v = args.value;
        const std::size_t n = args.count;
        const auto tangent = [](double degrees) { return std::tan(degrees * std::numbers::pi / 180); };
        affine one;
        if (name == "matrix" && n == 6)
            one = {v[0], v[1], v[2], v[3], v[4], v[5]};
        else if (name == "translate" && (n == 1 || n == 2))
            one = translation(v[0], v[1]);
        else if (name == "translateX" && n == 1)
            one = translation(v[0], 0);
        else if (name == "translateY" && n == 1)
            one = translation(0, v[0]);
        else if (name == "scale" && (n == 1 || n == 2))
            one = scaling(v[0], n == 1 ? v[0] : v[1]);
        else if (name == "scaleX" && n == 1)
            one = scaling(v[0], 1);
        else if (name == "scaleY" && n == 1)
            one = scaling(1, v[0]);
        else if (name == "rotate" && n == 1)
            one = rotation(v[0]);
        else if (name == "rotate" && n == 3)
            one = translation(v[1], v[2]) * rotation(v[0]) * translation(-v[1], -v[2]);
        else if (name == "skewX" && n == 1)
            one = {1, 0, tangent(v[0]), 1, 0, 0};
        else if (name == "skewY" && n == 1)
            one = {1, tangent(v[0]), 0, 1, 0, 0};
        else
            return fail(errc::malformed, fmt::format("transform {} with {} numbers is not known", excerpt(name), n));
        all = all * one;
        in.skip_separator();
    }
    return all;
}

/// transform-origin in user units, percentages and words of the viewport (SVG 2's view-box): "left top", "50% 10px".
/// Absent is the corner.
[[nodiscard]] inline result<point> read_svg_origin(std::string_view text, double width, double height) {
    svg_scanner in(text);
    if (in.done()) return point{};
    point origin{width / 2, height / 2};
    for (int i = 0; i < 2 && !in.done(); ++i) {
        if (in.at_number()) {
            KF_TRY(const svg_length length, scan_svg_length(in));
            (i == 0 ? origin.x : origin.y) = in_px(length, i == 0 ? width : height);
            continue;
        }
        const std::string_view word = in.word();
        if (word == "left")
            origin.x = 0;
        else if (word == "right")
            origin.x = width;
        else if (word == "top")
            origin.y = 0;
        else if (word == "bottom")
            origin.y = height;
        else if (word != "center")
            return in.expected("an origin");
    }
    return origin;
}

} // namespace kf::svg
