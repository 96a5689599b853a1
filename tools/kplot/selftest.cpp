// SPDX-License-Identifier: MIT
#include "kplot_commands.hpp"

#include <kf/machine/machine_edit.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/svg/svg.hpp>

#include <fmt/format.h>

namespace kf::kplot {
namespace {

result<void> yaml() {
    KF_TRY(const std::string text, machine::with_value("a: # kept\n  b: [1.5, 2] # note\n", "a.b[0]", 2.25));
    if (text != "a: # kept\n  b: [2.25, 2] # note\n") return kf::fail(errc::failed, "it became " + text);
    return {};
}

/// yaml-cpp says it with an exception; it has to be caught where it should be.
result<void> broken_yaml() {
    if (machine::with_value("a: [1, 2", "a[0]", 3)) return kf::fail(errc::failed, "half a list was taken");
    return {};
}

result<void> svg() {
    KF_TRY(const auto drawing, svg::read_svg("<svg xmlns='http://www.w3.org/2000/svg' width='10mm' height='10mm' "
                                             "viewBox='0 0 10 10'><path d='M1 1h8' stroke='black'/></svg>"));
    if (drawing::line_count(drawing) != 1 || drawing::point_count(drawing) != 2 || drawing.width != 10)
        return kf::fail(errc::failed, fmt::format("{} lines, {} points, {} mm wide", drawing::line_count(drawing),
                                                  drawing::point_count(drawing), drawing.width));
    return {};
}

} // namespace

const std::vector<cli::check_row>& checks() {
    static const std::vector<cli::check_row> rows{{"yaml", yaml}, {"broken YAML", broken_yaml}, {"svg", svg}};
    return rows;
}

} // namespace kf::kplot
