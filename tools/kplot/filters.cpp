// SPDX-License-Identifier: MIT
#include "filters.hpp"

#include "../cli/number.hpp"
#include "line_filters.hpp"
#include "page_filters.hpp"
#include "pen_filters.hpp"

#include <kf/drawing/layer_choice.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kf::kplot {
namespace {

result<void> check_number(const cli::invocation& in, const char* option, const filter_row::range& r) {
    if (r.kind == filter_row::number::whole) {
        const auto least = static_cast<unsigned>(r.least), most = static_cast<unsigned>(r.most);
        KF_CHECK(cli::count_option(in, option, least, least, most));
    } else
        KF_CHECK(cli::number_option(in, option, r.least, r.least, r.most));
    return {};
}

} // namespace

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
        for (filter_row& row : pen_filters()) all.push_back(std::move(row));
        for (filter_row& row : line_filters()) all.push_back(std::move(row));
        return all;
    }();
    return rows;
}

result<void> check_filter_options(const cli::invocation& in) {
    for (const filter_row& row : filters()) {
        if (!in.has(row.option.name)) continue;
        if (row.takes) KF_CHECK(check_number(in, row.option.name, *row.takes));
        if (row.belongs.empty() || std::ranges::any_of(row.belongs, [&](const char* o) { return in.has(o); })) continue;
        return kf::fail({errc::usage,
                         fmt::format("--{} belongs to --{}", row.option.name, fmt::join(row.belongs, " or --")),
                         {},
                         fmt::format("--{}", row.option.name)});
    }
    return {};
}

} // namespace kf::kplot
