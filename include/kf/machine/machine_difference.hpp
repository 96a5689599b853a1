// SPDX-License-Identifier: MIT
#pragma once
/// What a program would change in machine.yaml, as lines that a person reads before anything is written.

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::machine {

/// Without their ends.
[[nodiscard]] inline std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// The lines that differ, as diff -U1 would show them. Lines are changed or added, never moved.
[[nodiscard]] inline std::string difference(std::string_view before, std::string_view after, std::string_view name) {
    const auto old_lines = lines_of(before), new_lines = lines_of(after);
    std::string out = fmt::format("--- {}\n+++ {}\n", name, name);
    std::size_t i = 0, j = 0, shown = 0;
    std::optional<std::size_t> changed; // the line behind the last one that differs
    const auto context = [&](std::size_t line) {
        if (line < old_lines.size() && line >= shown) out += fmt::format(" {}\n", old_lines[line]), shown = line + 1;
    };
    while (i < old_lines.size() || j < new_lines.size()) {
        if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) {
            ++i, ++j;
            continue;
        }
        if (i != changed) {
            out += fmt::format("@@ line {} @@\n", i + 1);
            if (i > 0) context(i - 1);
        }
        // A line was added when the old one comes right behind it.
        std::size_t added = 0;
        while (j + added < new_lines.size() && (i >= old_lines.size() || new_lines[j + added] != old_lines[i])) ++added;
        if (i >= old_lines.size() || (j + added < new_lines.size() && new_lines.size() - j > old_lines.size() - i)) {
            for (std::size_t n = 0; n < added; ++n) out += fmt::format("+{}\n", new_lines[j++]);
        } else {
            out += fmt::format("-{}\n", old_lines[i]);
            shown = ++i;
            if (j < new_lines.size()) out += fmt::format("+{}\n", new_lines[j++]);
        }
        changed = i;
        // What comes next is told as unchanged only when it is.
        if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) context(i);
    }
    return out;
}

} // namespace kf::machine
