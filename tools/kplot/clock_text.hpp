// SPDX-License-Identifier: MIT
#pragma once
/// A time as a person reads it.

#include <kf/units.hpp>

#include <fmt/format.h>

#include <string>

namespace kf::kplot {

[[nodiscard]] inline std::string clock_text(seconds s) {
    const auto whole = static_cast<long long>(s + 0.5);
    if (whole < 60) return fmt::format("{:.2f} s", s);
    if (whole < 3600) return fmt::format("{} min {:02} s ({:.2f} s)", whole / 60, whole % 60, s);
    return fmt::format("{} h {:02} min ({:.2f} s)", whole / 3600, whole / 60 % 60, s);
}

} // namespace kf::kplot
