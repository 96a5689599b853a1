// SPDX-License-Identifier: MIT
#pragma once
/// The first N columns of a line of a /proc table, which blanks separate; `line` keeps what is behind them. A line that
/// ends early leaves the rest of the columns empty.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace kf::io {

template<std::size_t N>
[[nodiscard]] constexpr std::array<std::string_view, N> take_columns(std::string_view& line) noexcept {
    std::array<std::string_view, N> columns;
    for (auto& c : columns) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        c = line.substr(0, line.find(' '));
        line.remove_prefix(c.size());
    }
    return columns;
}

} // namespace kf::io
