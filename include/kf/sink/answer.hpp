// SPDX-License-Identifier: MIT
#pragma once
/// What a person's answer means, wherever it was asked: on a terminal, or in the menu.

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kf {

/// What an empty answer means, as a question shows it; it is an answer itself.
[[nodiscard]] constexpr const char* yes_or_no(bool usual) noexcept { return usual ? "Y/n" : "y/N"; }

[[nodiscard]] constexpr std::optional<bool> yes_or_no_from(std::string_view answer) noexcept {
    for (const std::string_view yes : {"y", "Y", "yes", "Y/n"})
        if (answer == yes) return true;
    for (const std::string_view no : {"n", "N", "no", "y/N"})
        if (answer == no) return false;
    return std::nullopt;
}

/// The index of one of `count` choices that are numbered from 1.
[[nodiscard]] inline std::optional<std::size_t> choice_from(std::string_view answer, std::size_t count) noexcept {
    std::size_t n = 0;
    const auto [end, bad] = std::from_chars(answer.data(), answer.data() + answer.size(), n);
    if (bad != std::errc{} || end != answer.data() + answer.size() || n < 1 || n > count) return std::nullopt;
    return n - 1;
}

} // namespace kf
