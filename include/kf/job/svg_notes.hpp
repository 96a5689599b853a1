// SPDX-License-Identifier: MIT
#pragma once
/// Collects what the SVG reader has to tell. Each fact is told once a line, however often <use> repeats it, and each
/// kind only so often, with the count of the rest: a hundred thousand dashed lines are one thing to know.

#include <kf/job/drawing.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kf::job {

class svg_notes {
  public:
    explicit svg_notes(std::size_t most_of_a_kind) noexcept
      : most_(most_of_a_kind) {}

    void add(std::size_t line, std::string text) { lines_[std::move(text)].insert(line); }

    /// In the order of the source.
    [[nodiscard]] std::vector<note> all() const {
        std::vector<note> out;
        for (const auto& [text, lines] : lines_) {
            std::size_t told = 0;
            for (const std::size_t line : lines) {
                if (++told > most_) {
                    out.push_back({line, fmt::format("{} (and {} more lines)", text, lines.size() - most_)});
                    break;
                }
                out.push_back({line, text});
            }
        }
        std::stable_sort(out.begin(), out.end(), [](const note& a, const note& b) { return a.line < b.line; });
        return out;
    }

  private:
    std::size_t most_;
    std::map<std::string, std::set<std::size_t>> lines_ = {};
};

} // namespace kf::job
