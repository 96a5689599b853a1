// SPDX-License-Identifier: MIT
#pragma once
/// Whether some files and folders are as they were: asked all the time by whoever would otherwise read them all the
/// time (ksim host, its boards and services).

#include <kf/io/clock.hpp>

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <tuple>
#include <utility>
#include <vector>

namespace kf::sim {

class file_stamps {
  public:
    /// `folders_and_files`: their content counts. `ends`: behind a link, whether there is anything and what.
    explicit file_stamps(std::vector<std::filesystem::path> folders_and_files,
                         std::vector<std::filesystem::path> ends = {})
      : paths_(std::move(folders_and_files))
      , ends_(std::move(ends)) {}

    /// Nothing has changed lately. A file system's clock ticks every few milliseconds, and two changes in one tick look
    /// like one: so what has changed counts as changing for a tenth of a second, and for one look after it: what is
    /// read at that look is what stays.
    [[nodiscard]] bool rest(io::time_point now) {
        std::vector<stamp> seen;
        for (const auto& p : paths_) seen.push_back(of(p));
        for (const auto& p : ends_) seen.emplace_back(std::get<0>(of(p)), 0, 0);
        if (seen != seen_) {
            seen_ = std::move(seen);
            changed_ = now;
            settled_ = false;
        }
        return std::exchange(settled_, now - changed_ > std::chrono::milliseconds(100));
    }

  private:
    using stamp = std::tuple<ino_t, std::int64_t, std::int64_t>; ///< zeros: it is not there

    static stamp of(const std::filesystem::path& path) {
        struct stat s{};
        if (::stat(path.c_str(), &s) != 0) return {};
        return {s.st_ino, s.st_ctim.tv_sec, s.st_ctim.tv_nsec};
    }

    std::vector<std::filesystem::path> paths_, ends_;
    std::vector<stamp> seen_ = {};
    io::time_point changed_ = {};
    bool settled_ = false; ///< at the last look the change was long ago
};

} // namespace kf::sim
