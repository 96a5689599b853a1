// SPDX-License-Identifier: MIT
#pragma once
/// Where an offset of a text is, as a person counts.

#include <algorithm>
#include <cstddef>
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

} // namespace kf::svg
