// SPDX-License-Identifier: MIT
#pragma once
/// A filter: of a drawing only the layers that somebody names.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/io/near_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kf::drawing {

/// A layer is called by its name or by its number.
[[nodiscard]] inline bool is_called(const layer& l, std::string_view word) {
    return l.name == word || fmt::format("{}", l.number) == word;
}

/// errc::not_found names the layers that are there.
[[nodiscard]] inline result<drawing> choose_layers(drawing d, const std::vector<std::string>& wanted) {
    for (const std::string& w : wanted) {
        if (std::any_of(d.layers.begin(), d.layers.end(), [&](const layer& l) { return is_called(l, w); })) continue;
        std::vector<std::string> names;
        for (const layer& l : d.layers) names.push_back(l.name.empty() ? fmt::format("{}", l.number) : l.name);
        const auto near = io::near_names(w, names);
        return kf::fail({errc::not_found, fmt::format("the drawing has no layer \"{}\"", w),
                         names.empty() ? "it has no layer with lines"
                                       : fmt::format("it has {}{}", fmt::join(names, ", "),
                                                     near.empty() ? "" : "; is it " + near.front() + "?")});
    }
    std::erase_if(d.layers, [&](const layer& l) {
        return std::none_of(wanted.begin(), wanted.end(), [&](const std::string& w) { return is_called(l, w); });
    });
    return d;
}

} // namespace kf::drawing
