// SPDX-License-Identifier: MIT
#pragma once
/// Standard output as results see it: what could not be written is remembered, so that the end of the run can say so.
/// Copies are one stream.

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

namespace kf {

class result_stream {
  public:
    result_stream(std::FILE* to = stdout) // NOLINT: implicit on purpose
      : to_(to)
      , lost_(std::make_shared<int>(0)) {}

    /// Into the buffer. False once anything was lost: no later piece follows a hole.
    bool write(std::string_view text) {
        if (*lost_ != 0) return false;
        errno = 0;
        if (std::fwrite(text.data(), 1, text.size(), to_) != text.size()) lose();
        return *lost_ == 0;
    }
    bool flush() {
        if (*lost_ != 0) return false;
        errno = 0;
        if (std::fflush(to_) != 0 || std::ferror(to_) != 0) lose();
        return *lost_ == 0;
    }
    /// All of it, now.
    bool put(std::string_view text) { return write(text) && flush(); }

    /// The errno of the first write that failed, 0 when none did.
    [[nodiscard]] int lost() const noexcept { return *lost_; }
    [[nodiscard]] std::FILE* file() const noexcept { return to_; }

  private:
    void lose() noexcept { *lost_ = errno != 0 ? errno : EIO; }
    std::FILE* to_;
    std::shared_ptr<int> lost_;
};

} // namespace kf
