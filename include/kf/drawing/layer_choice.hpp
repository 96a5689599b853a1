// SPDX-License-Identifier: MIT
#pragma once
/// A filter: of a drawing only the layers that somebody names, or only the others; by name, number, pattern or colour.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/io/near_name.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fnmatch.h>
#include <string>
#include <string_view>
#include <vector>

namespace kf::drawing {

/// What becomes of the layers that are named.
enum class layers_named { stay, go };

/// A layer is called by its name or by its number.
[[nodiscard]] inline bool is_called(const layer& l, std::string_view word) {
    return l.name == word || fmt::format("{}", l.number) == word;
}

/// The same, or a pattern of its name: * is any text, ? one character, [a-c] one of these.
[[nodiscard]] inline bool matches(const layer& l, const std::string& pattern) {
    return is_called(l, pattern) || ::fnmatch(pattern.c_str(), l.name.c_str(), 0) == 0;
}

/// errc::not_found names the layers that are there, when one of `wanted` is the name of none.
[[nodiscard]] inline result<drawing> choose_layers(drawing d, const std::vector<std::string>& wanted,
                                                   layers_named named = layers_named::stay) {
    for (const std::string& w : wanted) {
        if (std::any_of(d.layers.begin(), d.layers.end(), [&](const layer& l) { return matches(l, w); })) continue;
        std::vector<std::string> names;
        for (const layer& l : d.layers) names.push_back(l.name.empty() ? fmt::format("{}", l.number) : l.name);
        const auto near = io::near_names(w, names);
        return kf::fail({errc::not_found, fmt::format("the drawing has no layer \"{}\"", w),
                         names.empty() ? "it has no layer with lines"
                                       : fmt::format("it has {}{}", fmt::join(names, ", "),
                                                     near.empty() ? "" : "; is it " + near.front() + "?")});
    }
    std::erase_if(d.layers, [&](const layer& l) {
        return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& w) { return matches(l, w); }) ==
               (named == layers_named::go);
    });
    return d;
}

/// The same by the colour of layers, "#rrggbb". A layer of unknown colour is none of these.
[[nodiscard]] inline result<drawing> choose_colours(drawing d, const std::vector<std::string>& wanted,
                                                    layers_named named = layers_named::stay) {
    for (const std::string& w : wanted) {
        if (std::any_of(d.layers.begin(), d.layers.end(), [&](const layer& l) { return l.colour == w; })) continue;
        std::vector<std::string> colours;
        for (const layer& l : d.layers)
            if (!l.colour.empty() && std::find(colours.begin(), colours.end(), l.colour) == colours.end())
                colours.push_back(l.colour);
        return kf::fail({errc::not_found, fmt::format("no layer of the drawing is drawn in {}", w),
                         colours.empty() ? std::string("of no layer is the colour known")
                                         : fmt::format("there are {}", fmt::join(colours, ", "))});
    }
    std::erase_if(d.layers, [&](const layer& l) {
        return (std::find(wanted.begin(), wanted.end(), l.colour) != wanted.end()) == (named == layers_named::go);
    });
    return d;
}

} // namespace kf::drawing
