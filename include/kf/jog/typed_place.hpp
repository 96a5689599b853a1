// SPDX-License-Identifier: MIT
#pragma once
/// A place as a person types it: "100 50", "X100 Y50", "100, 50".

#include <kf/io/decimal.hpp>
#include <kf/machine/xy.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kf::jog {

/// X and Y in mm; nothing when it is not two numbers.
[[nodiscard]] inline std::optional<machine::xy> typed_place(std::string_view text) {
    constexpr std::string_view between = " ,xXyY";
    std::array<double, 2> place{};
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find_first_not_of(between, at)) != text.npos;) {
        const auto word = text.substr(at, text.find_first_of(between, at) - at);
        const auto n = io::parse_decimal(word);
        if (!n || found == place.size()) return {};
        place[found++] = *n;
        at += word.size();
    }
    return found == place.size() ? std::optional(machine::xy{place[0], place[1]}) : std::nullopt;
}

} // namespace kf::jog
