// SPDX-License-Identifier: MIT
#pragma once
/// How far something is, as a bar of cells with the percentage behind it.

#include <kf/tui/text_grid.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace kf::tui {

/// `columns` wide all in all. A bar is full only when everything is done.
[[nodiscard]] inline std::string progress_bar(double done, std::size_t columns) {
    const double share = std::isfinite(done) ? std::clamp(done, 0.0, 1.0) : 0;
    const std::string percent = fmt::format(" {:3.0f} %", std::floor(share * 100));
    if (columns < percent.size() + 3) return percent.substr(percent.size() - std::min(columns, percent.size()));
    const std::size_t cells = columns - percent.size();
    const auto filled = static_cast<std::size_t>(std::floor(share * static_cast<double>(cells)));
    std::string out;
    for (std::size_t i = 0; i < cells; ++i) out += i < filled ? "█" : "░";
    return out + percent;
}

} // namespace kf::tui
