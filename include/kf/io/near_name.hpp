// SPDX-License-Identifier: MIT
#pragma once
/// Names close to one that was not found: the hint of every "no such board, key, tool, operation". Close means few
/// letters wrong, left out, doubled or swapped (optimal string alignment distance), or the beginning of the name.

#include <kf/io/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::io {

namespace detail {

inline std::string lower_name(std::string_view name) { return to_lower(name.substr(0, 64)); }

} // namespace detail

/// Letters to change, add, leave out or swap with a neighbour to get from one name to the other. Case does not
/// count, and neither does anything after the 64th letter.
[[nodiscard]] inline std::size_t edit_distance(std::string_view left, std::string_view right) {
    const std::string a = detail::lower_name(left), b = detail::lower_name(right);
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

/// The candidates (any range of strings) that a person may have meant by `name`, best first, five at most.
template<class Candidates>
[[nodiscard]] std::vector<std::string> near_names(std::string_view name, const Candidates& candidates) {
    constexpr std::size_t most = 5;
    const std::string wanted = detail::lower_name(name);
    std::vector<std::pair<std::size_t, std::string>> close;
    for (const auto& candidate : candidates) {
        const std::string_view text = candidate;
        const std::size_t distance = edit_distance(wanted, text);
        const std::size_t longer = std::max(wanted.size(), std::min<std::size_t>(text.size(), 64));
        const bool begins = wanted.size() >= 2 && detail::lower_name(text).starts_with(wanted);
        if (begins || distance <= std::max<std::size_t>(1, longer / 3))
            close.emplace_back(begins ? std::min<std::size_t>(distance, 2) : distance, std::string(text));
    }
    std::stable_sort(close.begin(), close.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> names;
    for (auto& [distance, text] : close)
        if (names.size() < most) names.push_back(std::move(text));
    return names;
}

} // namespace kf::io
