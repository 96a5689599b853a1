// SPDX-License-Identifier: MIT
#pragma once
/// The bytes of an SVG file before and after its XML is parsed: which encoding they are in, and which line an offset
/// is.

#include <kf/sink/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kf::svg {

/// Line and column of byte offsets, both from 1. The line table is made on the first question only.
class line_index {
  public:
    explicit line_index(std::string_view text) noexcept
      : text_(text) {}

    [[nodiscard]] std::size_t line_at(std::size_t offset) {
        if (ends_.empty()) {
            for (std::size_t i = text_.find('\n'); i != text_.npos; i = text_.find('\n', i + 1)) ends_.push_back(i);
            ends_.push_back(text_.size());
        }
        offset = std::min(offset, text_.size());
        return static_cast<std::size_t>(std::lower_bound(ends_.begin(), ends_.end(), offset) - ends_.begin()) + 1;
    }
    [[nodiscard]] std::size_t column_at(std::size_t offset) {
        const std::size_t line = line_at(offset);
        return std::min(offset, text_.size()) - (line > 1 ? ends_[line - 2] + 1 : 0) + 1;
    }

  private:
    std::string_view text_;
    std::vector<std::size_t> ends_ = {};
};

/// What is not UTF-8 is taken for Latin-1, as old drawing programs wrote it.
[[nodiscard]] inline std::string utf8_from_latin1(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
    return out;
}

} // namespace kf::svg
