// SPDX-License-Identifier: MIT
#pragma once
/// What the name of a layer says of how it is drawn, as users of the AxiDraw write it: "%" first, not drawn (importers
/// see to that); "!" first, a pause before it; a leading number; then "+S50", percent of the tool's feed, "+H20",
/// percent of the way between travel and work height, "+D500", a delay in milliseconds before it.
/// Spec: https://wiki.evilmadscientist.com/AxiDraw_Layer_Control.

#include <kf/drawing/pen.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/printable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::drawing {

struct layer_control {
    int number = 0; ///< 1 to 9999; 0: the name has none
    bool pause = false;
    std::optional<double> feed_percent = {}, height_percent = {};
    seconds delay = 0;
    std::vector<std::string> faults = {}; ///< of codes that are not followed, each a sentence without its end

    [[nodiscard]] bool changes_pen() const noexcept { return feed_percent || height_percent || delay > 0; }
};

namespace detail {

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// One code, "S50"; a word that begins with another letter is part of the name.
inline void read_code(std::string_view code, layer_control& c) {
    const char letter = static_cast<char>(code.front() & ~0x20);
    if (letter != 'S' && letter != 'H' && letter != 'D') return;
    const auto value = io::parse_decimal(code.substr(1));
    const auto take = [&](double least, double most, const char* what) -> std::optional<double> {
        if (value && *value >= least && *value <= most) return value;
        c.faults.push_back(fmt::format("+{} is not followed: +{} takes {} from {} to {}", io::printable(code, 20),
                                       letter, what, io::to_decimal(least), io::to_decimal(most)));
        return std::nullopt;
    };
    if (letter == 'S') {
        if (const auto percent = take(1, 1000, "percent of the feed")) c.feed_percent = percent;
    } else if (letter == 'H') {
        if (const auto percent = take(0, 100, "percent of the way down")) c.height_percent = percent;
    } else if (const auto delay = take(0, 3'600'000, "milliseconds"))
        c.delay = *delay / 1000;
}

} // namespace detail

[[nodiscard]] inline layer_control read_layer_control(std::string_view name) {
    layer_control c;
    const auto skip_blanks = [&] { name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size())); };
    skip_blanks();
    if (name.starts_with('!')) {
        c.pause = true;
        name.remove_prefix(1);
        skip_blanks();
    }
    const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
    if (digits >= 1 && digits <= 4)
        for (const char d : name.substr(0, digits)) c.number = c.number * 10 + (d - '0');
    // "C++Draft" and "red+blue" are names: a code stands behind a blank, the number, "!" or another code.
    bool may_begin = true;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool begins = may_begin && name[i] == '+' && i + 1 < name.size();
        may_begin = detail::is_blank(name[i]) || i + 1 == digits;
        if (!begins) continue;
        const std::size_t end = std::min(name.find_first_of("+ \t", i + 1), name.size());
        if (end == i + 1) continue;
        detail::read_code(name.substr(i + 1, end - i - 1), c);
        may_begin = true;
        i = end - 1;
    }
    return c;
}

} // namespace kf::drawing
