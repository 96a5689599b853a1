// SPDX-License-Identifier: MIT
#pragma once
/// One finding about machine.yaml: an error that stops everything, or a note that a person should read. Findings are
/// collected, so that one look at the list mends the whole file.

#include <kf/error.hpp>
#include <kf/io/printable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kf::machine {

struct problem {
    enum class level { error, note };
    level severity = level::error;
    std::string field = {};   ///< path, as tools.pen.feed_mm_s
    std::string value = {};   ///< as it stands in the file, empty when it isn't there
    std::string allowed = {}; ///< "0.01 to 80 mm/s", empty when no range says it
    std::string text = {};    ///< what is wrong, in a sentence; empty when value and range say it
    std::size_t line = 0;     ///< 0: not in the file
};

namespace detail {

inline std::string wrapped(std::string_view text, std::string_view indent, std::size_t width = 78) {
    std::string out;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t word = std::min(text.find(' '), text.size());
        if (column != 0 && column + 1 + word > width) out += '\n', column = 0;
        if (column == 0)
            out += indent, column = indent.size();
        else
            out += ' ', ++column;
        out += text.substr(0, word);
        column += word;
        text.remove_prefix(std::min(word + 1, text.size()));
    }
    return out;
}

} // namespace detail

/// "machine.yaml:31: tools.pen.feed_mm_s is 1500, allowed: 0.01 to 80 mm/s", and the sentence on indented lines below.
[[nodiscard]] inline std::string to_text(const problem& p, std::string_view file) {
    std::string head(file);
    if (p.line != 0) head += fmt::format(":{}", p.line);
    head += ": " + p.field;
    if (!p.value.empty()) head += " is " + io::printable(p.value);
    if (!p.allowed.empty()) head += ", allowed: " + p.allowed;
    std::string out = detail::wrapped(head, "");
    if (!p.text.empty()) out += '\n' + detail::wrapped(p.text, "    ");
    return out;
}

/// All errors of the list as one error of ours; call it when there is at least one.
[[nodiscard]] inline error to_error(const std::vector<problem>& problems, std::string_view file) {
    std::string listed;
    std::size_t errors = 0;
    for (const problem& p : problems) {
        if (p.severity != problem::level::error) continue;
        ++errors;
        if (!listed.empty()) listed += '\n';
        listed += to_text(p, file);
    }
    return {.code = errc::malformed,
            .what = errors == 1 ? fmt::format("{} has an error", file) : fmt::format("{} has {} errors", file, errors),
            .cause = std::move(listed),
            .command = std::string(file),
            .steps = {"correct the lines named above", "kplot machine check"}};
}

} // namespace kf::machine
