// SPDX-License-Identifier: MIT
#pragma once
/// Path data (the d of <path>, the points of <polyline>) into an outline. All commands, absolute and relative, implicit
/// repeats, compact numbers. SVG 1.1, 8.3. Data that breaks the
/// grammar is drawn up to there, as viewers do, and the error says where.

#include <kf/drawing/outline.hpp>
#include <kf/svg/svg_scanner.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace kf::svg {

using drawing::outline;
using drawing::point;

namespace detail {

template<std::size_t N>
result<void> scan_numbers(svg_scanner& in, std::array<double, N>& out) {
    for (std::size_t i = 0; i < N; ++i) {
        if (i > 0) in.skip_separator();
        KF_TRY(out[i], in.number());
    }
    return {};
}

/// The state that one command leaves to the next.
struct path_pen {
    outline& out;
    point control = {};  ///< last control point, which S and T mirror
    char previous = 'M'; ///< last command, in capitals

    [[nodiscard]] point base(bool relative) const noexcept { return relative ? out.at() : point{}; }
    [[nodiscard]] point mirrored(std::string_view after) const noexcept {
        const point at = out.at();
        return after.find(previous) == after.npos ? at : point{2 * at.x - control.x, 2 * at.y - control.y};
    }
};

/// One set of arguments of one command.
inline result<void> scan_path_segment(svg_scanner& in, char command, path_pen& pen) {
    const bool relative = command >= 'a';
    const char capital = relative ? static_cast<char>(command - 'a' + 'A') : command;
    const point o = pen.base(relative);
    switch (capital) {
    case 'M': {
        std::array<double, 2> v;
        KF_CHECK(scan_numbers(in, v));
        pen.out.move_to(o.x + v[0], o.y + v[1]);
        break;
    }
    case 'L': {
        std::array<double, 2> v;
        KF_CHECK(scan_numbers(in, v));
        pen.out.line_to(o.x + v[0], o.y + v[1]);
        break;
    }
    case 'H': {
        KF_TRY(const double x, in.number());
        pen.out.line_to(o.x + x, pen.out.at().y);
        break;
    }
    case 'V': {
        KF_TRY(const double y, in.number());
        pen.out.line_to(pen.out.at().x, o.y + y);
        break;
    }
    case 'C': {
        std::array<double, 6> v;
        KF_CHECK(scan_numbers(in, v));
        pen.control = {o.x + v[2], o.y + v[3]};
        pen.out.cubic_to(o.x + v[0], o.y + v[1], pen.control.x, pen.control.y, o.x + v[4], o.y + v[5]);
        break;
    }
    case 'S': {
        std::array<double, 4> v;
        KF_CHECK(scan_numbers(in, v));
        const point first = pen.mirrored("CS");
        pen.control = {o.x + v[0], o.y + v[1]};
        pen.out.cubic_to(first.x, first.y, pen.control.x, pen.control.y, o.x + v[2], o.y + v[3]);
        break;
    }
    case 'Q': {
        std::array<double, 4> v;
        KF_CHECK(scan_numbers(in, v));
        pen.control = {o.x + v[0], o.y + v[1]};
        pen.out.quad_to(pen.control.x, pen.control.y, o.x + v[2], o.y + v[3]);
        break;
    }
    case 'T': {
        std::array<double, 2> v;
        KF_CHECK(scan_numbers(in, v));
        pen.control = pen.mirrored("QT");
        pen.out.quad_to(pen.control.x, pen.control.y, o.x + v[0], o.y + v[1]);
        break;
    }
    default: { // A
        std::array<double, 3> shape;
        KF_CHECK(scan_numbers(in, shape));
        in.skip_separator();
        KF_TRY(const bool large, in.flag());
        in.skip_separator();
        KF_TRY(const bool clockwise, in.flag());
        in.skip_separator();
        std::array<double, 2> v;
        KF_CHECK(scan_numbers(in, v));
        pen.out.arc_to({shape[0], shape[1], shape[2], large, clockwise}, o.x + v[0], o.y + v[1]);
    }
    }
    pen.previous = capital;
    return {};
}

inline result<void> scan_path(std::string_view d, outline& out) {
    svg_scanner in(d);
    path_pen pen{out};
    bool moved = false;
    while (!in.done()) {
        const char command = in.peek();
        if (command == 'Z' || command == 'z') {
            if (!moved) return in.expected("M");
            in.advance();
            out.close();
            pen.previous = 'Z';
            continue;
        }
        if (std::string_view("MmLlHhVvCcSsQqTtAa").find(command) == std::string_view::npos)
            return in.expected("a command letter");
        if (!moved && command != 'M' && command != 'm') return in.expected("M");
        moved = true;
        in.advance();
        KF_CHECK(scan_path_segment(in, command, pen));
        // Further arguments repeat the command; after a move they are lines.
        const char again = command == 'M' ? 'L' : command == 'm' ? 'l' : command;
        for (;;) {
            if (in.peek() == ',') {
                in.advance();
                if (!in.at_number()) return in.expected("a number");
            } else if (!in.at_number())
                break;
            KF_CHECK(scan_path_segment(in, again, pen));
        }
    }
    return {};
}

inline result<void> scan_points(std::string_view points, std::size_t& pairs, outline& out) {
    svg_scanner in(points);
    for (; !in.done(); ++pairs) {
        if (pairs > 0) in.skip_separator();
        std::array<double, 2> v;
        KF_CHECK(scan_numbers(in, v));
        if (pairs == 0)
            out.move_to(v[0], v[1]);
        else
            out.line_to(v[0], v[1]);
    }
    return {};
}

} // namespace detail

/// Draws `d` up to its first error. Empty data and "none" draw nothing.
[[nodiscard]] inline result<void> read_svg_path(std::string_view d, outline& out) {
    if (trimmed(d) == "none") return {};
    const auto all = detail::scan_path(d, out);
    out.finish();
    return all;
}

enum class svg_points { open, closed };

/// The points attribute of <polyline> and <polygon>, up to the first error; an odd number ends it too.
[[nodiscard]] inline result<void> read_svg_points(std::string_view points, svg_points kind, outline& out) {
    std::size_t pairs = 0;
    const auto all = detail::scan_points(points, pairs, out);
    if (kind == svg_points::closed && pairs > 0) out.close();
    out.finish();
    return all;
}

} // namespace kf::svg
