// SPDX-License-Identifier: MIT
#include "filters.hpp"

#include "../cli/number.hpp"
#include "layer_filters.hpp"
#include "line_filters.hpp"
#include "page_filters.hpp"
#include "pen_filters.hpp"

#include <kf/drawing/rectangle.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/grid.hpp>
#include <kf/sink/counted.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> check_number(const cli::invocation& in, const char* option, const filter_row::range& r) {
    if (r.kind == filter_row::number::whole) {
        const auto least = static_cast<unsigned>(r.least), most = static_cast<unsigned>(r.most);
        KF_CHECK(cli::count_option(in, option, least, least, most));
    } else
        KF_CHECK(cli::number_option(in, option, r.least, r.least, r.most));
    return {};
}

/// By which a person sees what a filter did.
struct extent {
    std::size_t lines = 0, points = 0;
    std::optional<drawing::rectangle> ink;

    explicit extent(const drawing::drawing& d)
      : lines(drawing::line_count(d))
      , points(drawing::point_count(d))
      , ink(drawing::ink_of(d)) {}
};

std::string change_text(const extent& before, const extent& after) {
    if (before.lines != after.lines) return fmt::format(": {} from {}", counted(after.lines, "line"), before.lines);
    if (before.points != after.points)
        return fmt::format(": {} from {}", counted(after.points, "point"), before.points);
    if (before.ink == after.ink || !after.ink) return {};
    return fmt::format(": ink of {} x {} mm at X {} Y {}", io::to_decimal(after.ink->width(), 2),
                       io::to_decimal(after.ink->height(), 2), io::to_decimal(after.ink->left, 2),
                       io::to_decimal(after.ink->top, 2));
}

/// As a person gave it.
std::string words_of(const char* option, const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text += fmt::format("{}--{} {}", text.empty() ? "" : " ", option, value);
    return text.empty() ? fmt::format("--{}", option) : text;
}

bool has_option(const cli::invocation& in, std::string_view option) {
    for (const filter_command& c : filter_commands())
        if (in.command == c.name) return std::ranges::any_of(c.options, [&](const char* o) { return option == o; });
    return true;
}

bool works(const filter_row& f, const cli::invocation& in, filter_run how) {
    if (f.apply == nullptr) return false;
    if (in.has(f.option.name)) return true;
    if (how.from == filter_run::source::drawing)
        return f.runs == filter_row::when::imported || f.runs == filter_row::when::always;
    return f.runs == filter_row::when::always && has_option(in, f.option.name);
}

} // namespace

/// A lambda that returns a plain drawing fits no row, and the compiler says only that the vector cannot be made of it:
/// see filter_row.
const std::vector<filter_row>& filters() {
    static const std::vector<filter_row> rows = [] {
        std::vector<filter_row> all = layer_filters();
        for (filter_row& row : page_filters()) all.push_back(std::move(row));
        for (filter_row& row : pen_filters()) all.push_back(std::move(row));
        for (filter_row& row : line_filters()) all.push_back(std::move(row));
        return all;
    }();
    return rows;
}

void add_what_run_does(cli::invocation& in) {
    if (in.command != "run" || in.has("file-order")) return;
    for (const filter_row& f : filters()) {
        if (f.runs != filter_row::when::run || in.has(f.option.name)) continue;
        if (std::ranges::any_of(f.undoes, [&](const char* o) { return in.has(o); })) continue;
        auto& values = in.options[f.option.name];
        if (*f.usual != '\0') values.emplace_back(f.usual);
    }
}

result<drawing::drawing> filtered(const cli::invocation& in, const machine::machine& m, drawing::drawing d,
                                  filter_run how) {
    std::vector<std::string> told;
    const auto tell = [&] {
        for (const std::string& line : told) in.out.note(line);
        told.clear();
    };
    job::lay_on_grid(d);
    for (const filter_row& f : filters()) {
        if (!works(f, in, how)) continue;
        const auto given = in.options.find(f.option.name);
        const std::string words = given == in.options.end() ? "" : words_of(f.option.name, given->second);
        const auto before = words.empty() ? std::nullopt : std::optional<extent>(d);
        if (f.tells) tell();
        auto next = f.apply(std::move(d), in, m);
        if (!next) {
            error e = std::move(next).error();
            if (e.command.empty()) e.command = words;
            return kf::fail(std::move(e));
        }
        d = *std::move(next);
        job::lay_on_grid(d);
        if (before && !f.tells) told.push_back(words + change_text(*before, extent(d)));
        if (d.scale > how.most) return d;
    }
    tell();
    return d;
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
