// SPDX-License-Identifier: MIT
#pragma once
/// A FILE whose text can be looked at.

#include <cstdio>
#include <cstdlib>
#include <string>

namespace kf::test {

class captured {
  public:
    captured()
      : file_(::open_memstream(&text_, &size_)) {}
    captured(const captured&) = delete;
    captured& operator=(const captured&) = delete;
    ~captured() {
        std::fclose(file_);
        std::free(text_); // NOLINT: open_memstream allocates it so
    }
    [[nodiscard]] std::FILE* file() const { return file_; }
    [[nodiscard]] std::string text() const {
        std::fflush(file_);
        return {text_, size_};
    }

  private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* file_;
};

} // namespace kf::test
