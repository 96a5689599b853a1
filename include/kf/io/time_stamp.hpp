// SPDX-License-Identifier: MIT
#pragma once
/// An instant as records have it: UTC, "2026-01-25T12:00:00Z".

#include <chrono>
#include <ctime>
#include <string>

namespace kf::io {

[[nodiscard]] inline std::string time_stamp(std::time_t when) {
    std::tm parts{};
    ::gmtime_r(&when, &parts);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return stamp;
}
[[nodiscard]] inline std::string time_stamp(std::chrono::system_clock::time_point when) {
    return time_stamp(std::chrono::system_clock::to_time_t(when));
}

} // namespace kf::io
