// SPDX-License-Identifier: MIT
#pragma once
/// Numbers and words beside the marks of a pattern, in the single-stroke font of drawing/text.

#include <kf/cal/patterns/figure.hpp>
#include <kf/drawing/text.hpp>

#include <string_view>
#include <utility>

namespace kf::cal {

using drawing::text_side;

inline constexpr mm label_height = 2.2; ///< of a capital; smaller ones fill with the ink of a 0.5 mm pen

/// `at` is the left end, the middle or the right end of the text, at half the height of a capital. No lines for what is
/// not UTF-8: labels are this program's own.
[[nodiscard]] inline strokes label(std::string_view text, point at, text_side side, mm height = label_height) {
    auto made = drawing::text_drawing(
        text, {.height = height, .at = {at.x, at.y - height / 2}, .side = side, .tolerance = 0.05});
    return made && !made->layers.empty() ? std::move(made->layers.front().lines) : strokes{};
}

} // namespace kf::cal
