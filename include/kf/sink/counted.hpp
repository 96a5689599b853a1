// SPDX-License-Identifier: MIT
#pragma once
/// "1 stroke", "2 strokes": a number and the plural of what is counted.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kf {

[[nodiscard]] inline std::string counted(std::uint64_t n, std::string_view one) {
    return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

} // namespace kf
