// SPDX-License-Identifier: MIT
#pragma once
/// Pictures of what the pen drew: SVG in machine mm for programs and tests, PNG for eyes. Both look at the paper from
/// above with X to the right and Y away from the viewer, so pictures have Y up.

#include <kf/error.hpp>
#include <kf/io/output_file.hpp>
#include <kf/preview/png.hpp>
#include <kf/preview/raster.hpp>
#include <kf/sim/pen_trace.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace kf::sim {

struct paper {
    mm width = 250;
    mm height = 350;
};

/// One polyline element for each ink line, its points with 4 decimals; Y is flipped by a transform, so that the numbers
/// in the file are machine mm.
[[nodiscard]] inline std::string ink_svg(const std::vector<ink_line>& lines, const paper& p, mm pen_width = 0.4) {
    std::string out =
        fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}mm\" height=\"{1:g}mm\" "
                    "viewBox=\"0 0 {0:g} {1:g}\">\n<g transform=\"matrix(1 0 0 -1 0 {1:g})\" fill=\"none\" "
                    "stroke=\"black\" stroke-width=\"{2:g}\" stroke-linecap=\"round\" "
                    "stroke-linejoin=\"round\">\n",
                    p.width, p.height, pen_width);
    for (const ink_line& l : lines) {
        out += "<polyline points=\"";
        for (std::size_t i = 0; i < l.points.size(); ++i)
            fmt::format_to(std::back_inserter(out), "{}{:.4f},{:.4f}", i == 0 ? "" : " ", l.points[i].x, l.points[i].y);
        if (l.points.size() == 1) // a dot needs two points to be visible
            fmt::format_to(std::back_inserter(out), " {:.4f},{:.4f}", l.points[0].x, l.points[0].y);
        out += "\"/>\n";
    }
    return out + "</g>\n</svg>\n";
}

/// How much of each pixel the ink covers.
[[nodiscard]] inline preview::coverage ink_raster(const std::vector<ink_line>& lines, const paper& p,
                                                  double pixels_per_mm = 4, mm pen_width = 0.4) {
    const auto pixels = [&](mm length) { return static_cast<std::size_t>(std::lround(length * pixels_per_mm)); };
    preview::coverage out({pixels(p.width), pixels(p.height)});
    const auto seen = [&](drawing::point at) {
        return drawing::point{at.x * pixels_per_mm, (p.height - at.y) * pixels_per_mm};
    };
    const double reach = pen_width / 2 * pixels_per_mm;
    for (const ink_line& l : lines) {
        if (l.points.size() == 1) out.add_line(seen(l.points[0]), seen(l.points[0]), reach);
        for (std::size_t i = 1; i < l.points.size(); ++i) out.add_line(seen(l.points[i - 1]), seen(l.points[i]), reach);
    }
    return out;
}

/// Writes .svg or .png, whichever the name ends with.
[[nodiscard]] inline result<void> write_ink(const std::filesystem::path& file, const std::vector<ink_line>& lines,
                                            const paper& p) {
    if (file.extension() == ".svg") return io::write_output(file, ink_svg(lines, p));
    if (file.extension() != ".png")
        return kf::fail(errc::usage, fmt::format("a picture's name ends in .svg or .png, not {}", file.string()));
    const preview::coverage ink = ink_raster(lines, p);
    std::vector<std::uint8_t> grey = ink.shares();
    for (std::uint8_t& pixel : grey) pixel = static_cast<std::uint8_t>(255 - pixel);
    KF_TRY(const std::string bytes, preview::png_bytes(ink.size(), grey));
    return io::write_output(file, bytes);
}

} // namespace kf::sim
