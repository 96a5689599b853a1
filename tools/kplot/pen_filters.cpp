// SPDX-License-Identifier: MIT
#include "pen_filters.hpp"

#include <kf/drawing/layer_control.hpp>
#include <kf/drawing/pens.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/job/pens_file.hpp>
#include <kf/sink/counted.hpp>

#include <fmt/format.h>

#include <utility>

namespace kf::kplot {
namespace {

result<drawing::drawing> pens_of_list(drawing::drawing d, const std::string& file) {
    constexpr std::size_t largest = 1 << 20;
    auto text = io::read_file(file, largest);
    if (!text) {
        error e = std::move(text).error();
        e.command = "--pens " + file;
        e.steps = {"--pens layer  (a pen for each layer)", "--pens color  (a pen for each colour)"};
        return kf::fail(std::move(e));
    }
    KF_TRY(const auto list, job::read_pens(*text, file));
    return drawing::pens_by_list(std::move(d), list, file);
}

result<drawing::drawing> give_pens(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    for (const drawing::layer& l : d.layers)
        for (const std::string& fault : drawing::read_layer_control(l.name).faults)
            d.notes.push_back(
                {0, fmt::format("layer \"{}\": {}", drawing::name_of(l), fault), drawing::note_kind::lacking});
    const auto by = in.get("pens");
    if (!by) return d;
    if (*by == "layer") return drawing::pens_by_layer(std::move(d));
    if (*by == "color" || *by == "colour") return drawing::pens_by_colour(std::move(d));
    return pens_of_list(std::move(d), *by);
}

} // namespace

std::vector<filter_row> pen_filters() {
    return {{{"pens", "FILE", "a pen for each layer (layer), for each colour (color), or as a list says"},
             give_pens,
             filter_row::when::imported,
             std::nullopt,
             {},
             false,
             "layer"}};
}

std::vector<std::string> pen_lines(const job::job_measure& sum) {
    std::vector<std::string> lines;
    for (const job::pen_measure& p : sum.pens)
        lines.push_back(fmt::format("pen {}{}: {}, {:.1f} mm of ink",
                                    p.name.empty() ? std::string("of the tool") : p.name,
                                    p.colour.empty() || p.colour == p.name ? "" : fmt::format(" ({})", p.colour),
                                    counted(p.strokes, "stroke"), p.pen_down_mm));
    if (sum.pauses != 0) lines.push_back(fmt::format("{} for a person", counted(sum.pauses, "pause")));
    return lines;
}

} // namespace kf::kplot
