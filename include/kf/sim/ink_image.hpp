// SPDX-License-Identifier: MIT
#pragma once
/// Pictures of what the pen drew: SVG in machine mm for programs and tests, PNG for eyes. Both look at the paper from
/// above with X to the right and Y away from the viewer, so pictures have Y up.

#include <kf/error.hpp>
#include <kf/io/output_file.hpp>
#include <kf/sim/pen_trace.hpp>

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
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

/// A grey picture, one byte a pixel, 255 is paper.
struct ink_pixels {
    std::size_t width = 0;
    std::size_t height = 0;
    std::vector<std::uint8_t> grey;
};

[[nodiscard]] inline ink_pixels ink_raster(const std::vector<ink_line>& lines, const paper& p, double pixels_per_mm = 4,
                                           mm pen_width = 0.4) {
    ink_pixels out{static_cast<std::size_t>(std::lround(p.width * pixels_per_mm)),
                   static_cast<std::size_t>(std::lround(p.height * pixels_per_mm)),
                   {}};
    out.grey.assign(out.width * out.height, 255);
    const double reach = pen_width / 2 * pixels_per_mm;
    const auto line = [&](drawing::point a, drawing::point b) {
        // In pixels, Y down, pixel centres at .5.
        const double ax = a.x * pixels_per_mm;
        const double bx = b.x * pixels_per_mm;
        const double ay = (p.height - a.y) * pixels_per_mm;
        const double by = (p.height - b.y) * pixels_per_mm;
        const double dx = bx - ax;
        const double dy = by - ay;
        const double length2 = dx * dx + dy * dy;
        const auto clamped = [](double v, std::size_t most) {
            return static_cast<std::size_t>(std::clamp(v, 0.0, static_cast<double>(most)));
        };
        const std::size_t x1 = clamped(std::max(ax, bx) + reach + 1, out.width);
        const std::size_t y1 = clamped(std::max(ay, by) + reach + 1, out.height);
        for (std::size_t y = clamped(std::min(ay, by) - reach - 1, out.height); y < y1; ++y) {
            // Of this row only what is near the line.
            double first = std::min(ax, bx);
            double last = std::max(ax, bx);
            if (std::abs(dy) > 1e-9) {
                const auto at = [&](double row) { return ax + dx * std::clamp((row - ay) / dy, 0.0, 1.0); };
                const double row = static_cast<double>(y);
                const double around[] = {at(row - reach - 1), at(row + reach + 2)};
                first = std::min(around[0], around[1]);
                last = std::max(around[0], around[1]);
            }
            const std::size_t end = std::min(x1, clamped(last + reach + 2, out.width));
            for (std::size_t x = clamped(first - reach - 2, out.width); x < end; ++x) {
                const double px = static_cast<double>(x) + 0.5;
                const double py = static_cast<double>(y) + 0.5;
                const double part =
                    length2 > 0 ? std::clamp(((px - ax) * dx + (py - ay) * dy) / length2, 0.0, 1.0) : 0.0;
                const double away = std::hypot(px - ax - part * dx, py - ay - part * dy);
                const double covered = std::clamp(reach + 0.5 - away, 0.0, 1.0);
                std::uint8_t& pixel = out.grey[y * out.width + x];
                pixel = std::min(pixel, static_cast<std::uint8_t>(255.0 * (1.0 - covered)));
            }
        }
    };
    for (const ink_line& l : lines) {
        if (l.points.size() == 1) line(l.points[0], l.points[0]);
        for (std::size_t i = 1; i < l.points.size(); ++i) line(l.points[i - 1], l.points[i]);
    }
    return out;
}

[[nodiscard]] inline result<std::string> png_bytes(const ink_pixels& pixels) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(pixels.width);
    image.height = static_cast<png_uint_32>(pixels.height);
    image.format = PNG_FORMAT_GRAY;
    png_alloc_size_t size = 0;
    if (png_image_write_to_memory(&image, nullptr, &size, 0, pixels.grey.data(), 0, nullptr) == 0)
        return kf::fail(errc::failed, std::string("the picture could not be made: ") + image.message);
    std::string out(size, '\0');
    if (png_image_write_to_memory(&image, out.data(), &size, 0, pixels.grey.data(), 0, nullptr) == 0)
        return kf::fail(errc::failed, std::string("the picture could not be made: ") + image.message);
    out.resize(size);
    return out;
}

/// Writes .svg or .png, whichever the name ends with.
[[nodiscard]] inline result<void> write_ink(const std::filesystem::path& file, const std::vector<ink_line>& lines,
                                            const paper& p) {
    if (file.extension() == ".svg") return io::write_output(file, ink_svg(lines, p));
    if (file.extension() != ".png")
        return kf::fail(errc::usage, fmt::format("a picture's name ends in .svg or .png, not {}", file.string()));
    KF_TRY(const std::string bytes, png_bytes(ink_raster(lines, p)));
    return io::write_output(file, bytes);
}

} // namespace kf::sim
