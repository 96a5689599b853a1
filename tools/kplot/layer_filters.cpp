// SPDX-License-Identifier: MIT
#include "layer_filters.hpp"

#include <kf/drawing/layer_choice.hpp>
#include <kf/svg/svg_colour.hpp>

#include <fmt/format.h>

#include <utility>

namespace kf::kplot {
namespace {

using drawing::layers_named;
using chosen = result<drawing::drawing>;

/// A colour of CSS as a drawing has it.
result<std::vector<std::string>> colours_given(const cli::invocation& in, const char* option) {
    std::vector<std::string> colours;
    for (const std::string& word : in.options.at(option)) {
        const auto read = svg::read_svg_colour(word);
        if (!read)
            return kf::fail({errc::usage,
                             fmt::format("--{} takes a colour, as red, #f00 or #ff0000", option),
                             {},
                             fmt::format("--{} {}", option, word)});
        colours.push_back(fmt::format("#{:02x}{:02x}{:02x}", read->r, read->g, read->b));
    }
    return colours;
}

chosen keep_layers(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::choose_layers(std::move(d), in.options.at("layer"));
}

chosen drop_layers(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::choose_layers(std::move(d), in.options.at("drop-layer"), layers_named::go);
}

chosen keep_colours(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    KF_TRY(const auto colours, colours_given(in, "colour"));
    return drawing::choose_colours(std::move(d), colours);
}

chosen drop_colours(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    KF_TRY(const auto colours, colours_given(in, "drop-colour"));
    return drawing::choose_colours(std::move(d), colours, layers_named::go);
}

} // namespace

std::vector<filter_row> layer_filters() {
    return {
        {{"layer", "NAME", "draw only this layer: its name, number or a pattern (2*); may be repeated"}, keep_layers},
        {{"drop-layer", "NAME", "do not draw this layer: its name, number or a pattern; may be repeated"}, drop_layers},
        {{"colour", "COLOUR", "draw only what has this colour (red, #f00); may be repeated"}, keep_colours},
        {{"drop-colour", "COLOUR", "do not draw what has this colour; may be repeated"}, drop_colours}};
}

} // namespace kf::kplot
