// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's configuration file as text: sections, options and their lines, comments gone, as Klipper's own reader
/// takes them: `#` begins a comment anywhere, `;` at the begin of a line or behind a blank, an indented line goes on
/// with the option above. What SAVE_CONFIG wrote at the end counts where nothing above says otherwise. [include] is a
/// section like any other here.
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
    bool saved = false; ///< by SAVE_CONFIG
};

namespace detail {

/// What SAVE_CONFIG wrote stands behind this.
inline constexpr std::string_view saved_mark = "#*# ";

inline bool begins_saved(std::string_view line) {
    return line.starts_with("#*# <-") && line.find("SAVE_CONFIG") != std::string_view::npos;
}

/// Without its comment.
inline std::string_view cfg_line(std::string_view line) {
    line = line.substr(0, std::min(line.find('#'), line.size()));
    for (std::size_t at = line.find(';'); at != std::string_view::npos; at = line.find(';', at + 1))
        if (at == 0 || io::is_blank(line[at - 1])) return line.substr(0, at);
    return line;
}

} // namespace detail

/// Of what SAVE_CONFIG wrote only that counts which a person has not written.
inline void drop_saved_twice(std::vector<cfg_section>& sections) {
    const auto written = [&](const cfg_section& saved, const cfg_option& option) {
        return std::any_of(sections.begin(), sections.end(), [&](const cfg_section& s) {
            return !s.saved && s.name == saved.name &&
                   std::any_of(s.options.begin(), s.options.end(),
                               [&](const cfg_option& o) { return o.key == option.key; });
        });
    };
    for (cfg_section& s : sections)
        if (s.saved) std::erase_if(s.options, [&](const cfg_option& o) { return written(s, o); });
}

/// In the order of the file; a section that is there twice is there twice. errc::malformed: "name:line: what is wrong".
[[nodiscard]] inline result<std::vector<cfg_section>> read_cfg_text(std::string_view text, std::string_view name) {
    std::vector<cfg_section> out;
    int number = 0;
    bool saved = false;
    const auto wrong = [&](std::string_view what) {
        return kf::fail(errc::malformed, fmt::format("{}:{}: {}", name, number, what));
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (detail::begins_saved(line)) {
            saved = true;
            continue;
        }
        if (saved && line.starts_with(detail::saved_mark)) {
            line.remove_prefix(detail::saved_mark.size());
            if (line.starts_with("DO NOT EDIT")) continue;
        }
        line = detail::cfg_line(line);
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
            out.push_back({std::string(io::trim(line.substr(1, line.size() - 2))), number, {}, saved});
            continue;
        }
        const auto colon = line.find_first_of(":=");
        if (colon == std::string_view::npos || out.empty()) return wrong("neither [section] nor option: value");
        out.back().options.push_back(
            {io::to_lower(io::trim(line.substr(0, colon))), std::string(io::trim(line.substr(colon + 1))), number});
    }
    drop_saved_twice(out);
    return out;
}

} // namespace kf::klippy
