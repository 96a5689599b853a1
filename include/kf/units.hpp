// SPDX-License-Identifier: MIT
#pragma once
/// Units of the suite: millimetres, mm/s, seconds, as plain doubles named by their unit. Conversions live here and
/// nowhere else; mm/min exists only where G-code's F word is written (job/motion_script.hpp).

#include <chrono>

namespace kf {

using mm = double;
using mm_per_s = double;
using mm_per_s2 = double;
using seconds = double;

inline constexpr mm mm_per_inch = 25.4;

/// Klipper's F word is in mm/min.
[[nodiscard]] constexpr double f_word(mm_per_s speed) noexcept { return speed * 60.0; }
[[nodiscard]] constexpr mm_per_s from_f_word(double f) noexcept { return f / 60.0; }

[[nodiscard]] constexpr std::chrono::nanoseconds to_nanoseconds(seconds s) noexcept {
    return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(s * 1e9));
}
template<class Rep, class Period>
[[nodiscard]] constexpr seconds to_seconds(std::chrono::duration<Rep, Period> d) noexcept {
    return std::chrono::duration<double>(d).count();
}

} // namespace kf
