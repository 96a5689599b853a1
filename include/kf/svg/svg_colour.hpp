// SPDX-License-Identifier: MIT
#pragma once
/// Colours as far as a pen cares: which, can one see through it, is it the paper's. CSS Color 4; what a newer
/// function makes of its numbers is not computed, it counts as a colour that is seen.

#include <kf/io/ascii.hpp>
#include <kf/svg/svg_colour_names.hpp>
#include <kf/svg/svg_scanner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>

namespace kf::svg {

struct svg_colour {
    std::uint8_t r = 0, g = 0, b = 0;
    double alpha = 1;
    bool operator==(const svg_colour&) const = default;

    /// Paper is white.
    [[nodiscard]] bool is_paper() const noexcept { return r == 255 && g == 255 && b == 255; }
    /// "#rrggbb".
    [[nodiscard]] std::string text() const { return fmt::format("#{:02x}{:02x}{:02x}", r, g, b); }
};

namespace detail {

/// Names whose colour depends on who looks; seen in any case.
inline constexpr std::string_view system_colours =
    " canvastext linktext visitedtext activetext buttontext fieldtext windowtext menutext graytext highlight "
    "infotext context-fill context-stroke ";

[[nodiscard]] inline std::optional<svg_colour> read_hex_colour(std::string_view digits) {
    std::array<unsigned, 8> v{};
    if (digits.size() != 3 && digits.size() != 4 && digits.size() != 6 && digits.size() != 8) return std::nullopt;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const char c = digits[i];
        if (c >= '0' && c <= '9')
            v[i] = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            v[i] = static_cast<unsigned>(c - 'a' + 10);
        else
            return std::nullopt;
    }
    const bool brief = digits.size() < 6;
    const auto channel = [&](std::size_t i) {
        return static_cast<std::uint8_t>(brief ? v[i] * 17 : v[2 * i] * 16 + v[2 * i + 1]);
    };
    svg_colour c{channel(0), channel(1), channel(2), 1};
    if (digits.size() == 4 || digits.size() == 8) c.alpha = channel(3) / 255.0;
    return c;
}

[[nodiscard]] inline std::uint8_t channel_of(double value) noexcept {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

[[nodiscard]] inline svg_colour colour_of_hsl(double hue, double saturation, double lightness) noexcept {
    const auto channel = [&](double n) {
        const double k = std::fmod(std::fmod(n + hue / 30, 12) + 12, 12);
        const double a = saturation * std::min(lightness, 1 - lightness);
        const double value = lightness - a * std::max(-1.0, std::min({k - 3, 9 - k, 1.0}));
        return channel_of(value * 255);
    };
    return {channel(0), channel(8), channel(4), 1};
}

/// A number with an optional '%', as a share of `whole` then.
[[nodiscard]] inline std::optional<double> scan_share(svg_scanner& in, double whole) {
    const auto number = in.number();
    if (!number) return std::nullopt;
    const std::string_view unit = in.word();
    if (unit == "turn") return *number * 360;
    if (unit == "rad") return *number * 180 / std::numbers::pi;
    if (unit == "grad") return *number * 0.9;
    return unit == "%" ? *number / 100 * whole : *number;
}

/// "rgb(1 2 3 / 50%)", "rgba(1,2,3,.5)", "hsl(120deg, 100%, 50%)"; of other colour spaces only the alpha is taken.
[[nodiscard]] inline std::optional<svg_colour> read_colour_function(std::string_view text) {
    const std::size_t open = text.find('('), close = text.find(')', open);
    if (close == text.npos || !trimmed(text.substr(close + 1)).empty()) return std::nullopt;
    const std::string_view name = trimmed(text.substr(0, open));
    std::string_view arguments = text.substr(open + 1, close - open - 1);
    svg_colour c;
    const std::size_t slash = arguments.find('/');
    if (slash != arguments.npos) {
        svg_scanner in(arguments.substr(slash + 1));
        const auto alpha = scan_share(in, 1);
        if (!alpha || !in.done()) return std::nullopt;
        c.alpha = std::clamp(*alpha, 0.0, 1.0);
        arguments = arguments.substr(0, slash);
    }
    const bool rgb = name == "rgb" || name == "rgba", hsl = name == "hsl" || name == "hsla";
    if (!rgb && !hsl) {
        for (const std::string_view known : {"hwb", "lab", "lch", "oklab", "oklch", "color", "color-mix", "light-dark"})
            if (name == known) return c;
        return std::nullopt;
    }
    svg_scanner in(arguments);
    std::array<double, 4> v{0, 0, 0, c.alpha};
    std::size_t count = 0;
    for (; count < v.size() && !in.done(); ++count) {
        if (count > 0) in.skip_separator();
        const auto share = scan_share(in, rgb && count < 3 ? 255 : 1);
        if (!share || !std::isfinite(*share)) return std::nullopt;
        v[count] = *share;
    }
    if (count < 3 || !in.done()) return std::nullopt;
    if (hsl)
        c = colour_of_hsl(v[0], std::clamp(v[1], 0.0, 1.0), std::clamp(v[2], 0.0, 1.0));
    else
        c = {channel_of(v[0]), channel_of(v[1]), channel_of(v[2])};
    c.alpha = std::clamp(v[3], 0.0, 1.0);
    return c;
}

} // namespace detail

/// Nothing for what is no colour. "currentColor" is the caller's to know.
[[nodiscard]] inline std::optional<svg_colour> read_svg_colour(std::string_view written) {
    const std::string text = io::to_lower(trimmed(written));
    if (text.empty()) return std::nullopt;
    if (text.front() == '#') {
        // SVG 1.1 lets a colour profile's version follow.
        const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
        return detail::read_hex_colour(std::string_view(text).substr(1, end - 1));
    }
    if (text.find('(') != text.npos) return detail::read_colour_function(text);
    if (const auto rgb = find_named_colour(text))
        return svg_colour{static_cast<std::uint8_t>(*rgb >> 16U), static_cast<std::uint8_t>(*rgb >> 8U & 0xFFU),
                          static_cast<std::uint8_t>(*rgb & 0xFFU), 1};
    if (text == "transparent") return svg_colour{0, 0, 0, 0};
    const std::string word = " " + text + " ";
    if (text.find(' ') == text.npos && detail::system_colours.find(word) != std::string_view::npos) return svg_colour{};
    return std::nullopt;
}

} // namespace kf::svg
