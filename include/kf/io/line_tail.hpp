// SPDX-License-Identifier: MIT
#pragma once
/// The last lines that a program printed, as it printed them: for the error of its failure.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace kf::io {

class line_tail {
  public:
    explicit line_tail(std::size_t kept = 200)
      : kept_(kept) {}

    void add(std::string_view line) {
        lines_.emplace_back(line);
        if (lines_.size() > kept_) lines_.pop_front();
    }
    /// The last `most` lines; blank ones at both ends say nothing.
    [[nodiscard]] std::vector<std::string> last(std::size_t most = 20) const {
        const auto blank = [](const std::string& l) { return l.find_first_not_of(" \t") == std::string::npos; };
        auto end = lines_.end();
        while (end != lines_.begin() && blank(*std::prev(end))) --end;
        auto begin = end - static_cast<std::ptrdiff_t>(
                               std::min<std::size_t>(most, static_cast<std::size_t>(end - lines_.begin())));
        return {std::find_if_not(begin, end, blank), end};
    }
    [[nodiscard]] bool mentions(std::string_view text) const {
        return std::any_of(lines_.begin(), lines_.end(),
                           [&](const std::string& l) { return l.find(text) != std::string::npos; });
    }

  private:
    std::size_t kept_;
    std::deque<std::string> lines_;
};

} // namespace kf::io
