// SPDX-License-Identifier: MIT
#include "filters.hpp"

#include "page_filters.hpp"

#include <kf/drawing/layer_choice.hpp>

#include <utility>

namespace kf::kplot {

/// A lambda that returns a plain drawing fits no row, and the compiler says only that the vector cannot be made of it:
/// see filter_row.
const std::vector<filter_row>& filters() {
    static const std::vector<filter_row> rows = [] {
        std::vector<filter_row> all{
            {{"layer", "NAME", "draw only this layer of an SVG, by name or number; may be repeated"},
             [](drawing::drawing d, const cli::invocation& in, const machine::machine&) {
                 return drawing::choose_layers(std::move(d), in.options.at("layer"));
             }}};
        for (filter_row& row : page_filters()) all.push_back(std::move(row));
        return all;
    }();
    return rows;
}

} // namespace kf::kplot
