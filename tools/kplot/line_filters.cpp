// SPDX-License-Identifier: MIT
#include "line_filters.hpp"

#include <kf/drawing/dedupe.hpp>
#include <kf/drawing/filter.hpp>
#include <kf/drawing/merge.hpp>
#include <kf/drawing/multipass.hpp>
#include <kf/drawing/order.hpp>
#include <kf/drawing/reloop.hpp>
#include <kf/drawing/simplify.hpp>
#include <kf/drawing/split.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/interrupt.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace kf::kplot {
namespace {

using filtered_drawing = result<drawing::drawing>;

/// Of an option that check_filter_options() let pass.
std::optional<double> number_given(const cli::invocation& in, const char* option) {
    const auto text = in.get(option);
    return text ? io::parse_decimal(*text) : std::nullopt;
}

std::uint64_t seed_given(const cli::invocation& in) {
    return static_cast<std::uint64_t>(number_given(in, "seed").value_or(1));
}

filtered_drawing leave_out_short_lines(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    const auto shortest = number_given(in, "min-length");
    mm longest = 0;
    for (const drawing::layer& l : d.layers)
        for (const drawing::polyline& line : l.lines) longest = std::max(longest, drawing::length_of(line));
    const bool had_lines = drawing::line_count(d) != 0;
    auto left = drawing::filter(std::move(d), {.shortest = shortest});
    if (had_lines && drawing::line_count(left) == 0)
        return kf::fail({errc::refused,
                         fmt::format("no line is as long as {} mm", io::to_decimal(*shortest)),
                         fmt::format("the longest has {} mm", io::to_decimal(longest, 4)),
                         {},
                         {"give a smaller --min-length, or none"}});
    return left;
}

filtered_drawing leave_out_long_lines(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::filter(std::move(d), {.longest = number_given(in, "max-length")});
}

filtered_drawing split_lines(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::split(std::move(d), {.longest = number_given(in, "split")});
}

filtered_drawing leave_out_doubles(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::dedupe(std::move(d), {.tolerance = *number_given(in, "dedupe")});
}

filtered_drawing join_lines(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::merge(std::move(d), {.tolerance = *number_given(in, "merge")}).result;
}

filtered_drawing simplify_lines(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::simplify(std::move(d), {.tolerance = *number_given(in, "simplify")});
}

filtered_drawing scatter_starts(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::reloop(std::move(d), {.seed = seed_given(in)});
}

filtered_drawing repeat_lines(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    return drawing::multipass(std::move(d), {.passes = static_cast<std::size_t>(*number_given(in, "multipass"))});
}

filtered_drawing order_drawing(drawing::drawing d, const cli::invocation& in, const machine::machine& m) {
    const auto named = in.get("tool");
    const machine::tool* tool = named ? machine::find_tool(m, *named) : nullptr;
    const mm_per_s speed = (tool == nullptr ? m.tools.front() : *tool).travel_feed_mm_s;
    const auto seconds_of = [&](const drawing::drawing& of) {
        return drawing::pen_up_seconds(of, std::min(speed, m.motion.max_velocity_mm_s), m.motion.max_accel_mm_s2);
    };
    const seconds before = seconds_of(d);
    drawing::order_options options;
    options.seed = seed_given(in);
    if (const auto effort = number_given(in, "effort")) options.effort = static_cast<std::uint32_t>(*effort);
    options.time_limit = number_given(in, "time-limit");
    options.starts = in.has("reloop") ? drawing::loop_starts::kept : drawing::loop_starts::chosen;
    options.interrupted = []() noexcept { return io::interrupt::pending() != 0; };
    auto done = drawing::order(std::move(d), options);
    KF_CHECK(io::interrupt::check());
    in.out.note(
        fmt::format("--order: {:.1f} mm of travel with the tool up, {:.1f} mm before; {:.1f} s, {:.1f} s before",
                    done.after_mm, done.before_mm, seconds_of(done.result), before));
    return std::move(done.result);
}

} // namespace

std::vector<filter_row> line_filters() {
    using when = filter_row::when;
    using range = filter_row::range;
    constexpr auto whole = filter_row::number::whole;
    return {
        {{"min-length", "MM", "leave out lines that are shorter, and dots"},
         leave_out_short_lines,
         when::given,
         range{0, 100000}},
        {{"max-length", "MM", "leave out lines that are longer"},
         leave_out_long_lines,
         when::given,
         range{0, 10000000}},
        {{"split", "MM", "cut lines into pieces of no more than that"},
         split_lines,
         when::given,
         range{0.1, 100000},
         {},
         false,
         ""},
        {{"dedupe", "MM", "draw no ink twice that is no farther apart than that (0.01 is usual)"},
         leave_out_doubles,
         when::given,
         range{0, 10},
         {},
         false,
         "0.01"},
        {{"merge", "MM", "join lines whose ends are no farther apart than that (0.01 is usual)"},
         join_lines,
         when::given,
         range{0, 10},
         {},
         false,
         "0.01"},
        {{"simplify", "MM", "leave out points that change a line by no more than that"},
         simplify_lines,
         when::given,
         range{0, 10},
         {},
         false,
         "0.02"},
        {{"reloop", "", "let each closed line begin somewhere else, by chance"},
         scatter_starts,
         when::given,
         {},
         {},
         false,
         ""},
        {{"multipass", "N", "draw each line N times without lifting the tool"},
         repeat_lines,
         when::given,
         range{1, 100, whole},
         {},
         false,
         "2"},
        {{"order", "", "draw the lines of each layer in an order with little travel"},
         order_drawing,
         when::given,
         {},
         {},
         true,
         ""},
        {{"effort", "N", "how long --order searches: tries for each line (without: 3000 in all)"},
         nullptr,
         when::given,
         range{0, 100000, whole},
         {"order"}},
        {{"seed", "N", "the chance of --order and --reloop: the same again for the same N (1)"},
         nullptr,
         when::given,
         range{0, 4294967295.0, whole},
         {"order", "reloop"}},
        {{"time-limit", "S", "how long --order searches at most; without --effort, all of it"},
         nullptr,
         when::given,
         range{0.001, 86400},
         {"order"}},
    };
}

} // namespace kf::kplot
