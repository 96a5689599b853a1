// SPDX-License-Identifier: MIT
#pragma once
/// Numbers as text, both ways: fixed notation only (Klipper reads "1E2" as an E axis), no NaN, no infinity, no
/// thousands of digits.

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace kf::io {

/// Appends `value` rounded to `decimals` (0..9) places, without trailing zeros: 25, 0.5, -3.125; never "-0".
inline void append_decimal(std::string& out, double value, int decimals = 6) {
    constexpr double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    const double scaled = std::round(value * powers[decimals]);
    if (!(std::fabs(scaled) < 1e15)) {
        // Too large to be a coordinate; the text is for an error message.
        fmt::format_to(std::back_inserter(out), "{:g}", value);
        return;
    }
    char digits[24];
    char* const end = digits + sizeof digits;
    char* at = end;
    auto left = static_cast<std::uint64_t>(std::fabs(scaled));
    int places = decimals;
    while (places > 0 && left % 10 == 0) left /= 10, --places;
    for (int written = 0; left != 0 || written <= places; ++written) {
        if (places > 0 && written == places) *--at = '.';
        *--at = static_cast<char>('0' + left % 10);
        left /= 10;
    }
    if (scaled < 0) *--at = '-';
    out.append(at, end);
}

[[nodiscard]] inline std::string to_decimal(double value, int decimals = 6) {
    std::string out;
    append_decimal(out, value, decimals);
    return out;
}

/// The finite number that is the whole of `text`; a leading '+' is allowed, a unit behind it is not.
[[nodiscard]] inline std::optional<double> parse_decimal(std::string_view text) noexcept {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with('+') || text.empty()) return std::nullopt;
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [at, code] = fast_float::from_chars(text.data(), end, value);
    if (code != std::errc() || at != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

} // namespace kf::io
