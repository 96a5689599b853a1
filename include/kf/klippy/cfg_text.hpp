// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's configuration file as text: sections, options and their lines, comments gone, as Klipper's own reader
/// takes them: `#` begins a comment anywhere, `;` at the begin of a line or behind a blank, an indented line goes on
/// with the option above, and what SAVE_CONFIG wrote at the end counts. [include] is a section like any other here.
/// Spec: https://www.klipper3d.org/Config_Reference.html

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kf::klippy {

struct cfg_option {
    std::string key, value; ///< a value of several lines begins with a line break, as Klipper keeps it
    int line = 0;

    [[nodiscard]] bool is_yes() const {
        const std::string v = io::to_lower(value);
        return v == "true" || v == "yes" || v == "on" || v == "1";
    }
};

struct cfg_section {
    std::string name;
    int line = 0;
    std::vector<cfg_option> options = {};
};

namespace detail {

/// Without its comment. What SAVE_CONFIG wrote stands behind "#*# ".
inline std::string_view cfg_line(std::string_view line) {
    constexpr std::string_view saved = "#*#";
    if (line.starts_with(saved)) {
        line.remove_prefix(std::min(saved.size() + 1, line.size()));
        if (line.starts_with('<') || line.starts_with("DO NOT EDIT") || line.starts_with("This block")) return {};
    }
    line = line.substr(0, std::min(line.find('#'), line.size()));
    for (std::size_t at = line.find(';'); at != std::string_view::npos; at = line.find(';', at + 1))
        if (at == 0 || io::is_blank(line[at - 1])) return line.substr(0, at);
    return line;
}

} // namespace detail

/// In the order of the file; a section that is there twice is there twice. errc::malformed: "name:line: what is wrong".
[[nodiscard]] inline result<std::vector<cfg_section>> read_cfg_text(std::string_view text, std::string_view name) {
    std::vector<cfg_section> out;
    int number = 0;
    const auto wrong = [&](std::string_view what) {
        return kf::fail(errc::malformed, fmt::format("{}:{}: {}", name, number, what));
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = detail::cfg_line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const bool continues = line.starts_with(' ') || line.starts_with('\t');
        line = io::trim(line);
        if (line.empty()) continue;
        if (continues) {
            if (out.empty() || out.back().options.empty()) return wrong("this line continues no option");
            out.back().options.back().value += fmt::format("\n{}", line);
            continue;
        }
        if (line.front() == '[') {
            if (line.back() != ']') return wrong("the section has no ]");
            out.push_back({std::string(io::trim(line.substr(1, line.size() - 2))), number});
            continue;
        }
        const auto colon = line.find_first_of(":=");
        if (colon == std::string_view::npos || out.empty()) return wrong("neither [section] nor option: value");
        out.back().options.push_back(
            {io::to_lower(io::trim(line.substr(0, colon))), std::string(io::trim(line.substr(colon + 1))), number});
    }
    return out;
}

} // namespace kf::klippy
