// SPDX-License-Identifier: MIT
#pragma once
/// kcal bed: how the paper lies. At nine places the pen dips in a row, each time a little farther; a person counts from
/// which dip on it left marks. A plane through the nine heights says how the bed is tilted, what is left beside it how
/// uneven it is.

#include <kf/cal/plane_fit.hpp>
#include <kf/cal/routine_marks.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace kf::cal {

struct bed_options {
    mm range = 0.6;   ///< on either side of the work height
    mm step = 0.1;    ///< from dip to dip
    mm allowed = 0.2; ///< from the lowest place to the highest
};

namespace detail {

struct bed_grid {
    int dips = 0;
    mm first = 0; ///< Z of the first dip
    double down = 1;
};

inline bed_grid bed_dips(const machine::machine& m, const bed_options& o) {
    const machine::tool& t = m.tools.front();
    const double down = t.work_mm > m.z_states.travel_mm ? 1 : -1;
    const int half = static_cast<int>(std::round(o.range / o.step));
    return {2 * half + 1, t.work_mm - down * half * o.step, down};
}

inline job::point bed_place(const machine::machine& m, std::size_t k) {
    const auto free = free_canvas(m, 15);
    return {free.left + free.width() * static_cast<double>(k % 3) / 2,
            free.top + free.height() * static_cast<double>(k / 3) / 2};
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_bed(const routine_notes& notes, const machine::machine& m,
                                                      const bed_options& o) {
    const machine::tool& tool = m.tools.front();
    const auto grid = detail::bed_dips(m, o);
    if (grid.dips < 3 || grid.dips > 60)
        return kf::fail({errc::usage,
                         fmt::format("{} dips at each place are no ladder: 3 to 60", grid.dips),
                         {},
                         {},
                         {"choose --range and --step otherwise"}});
    const auto height = [&](int dip) { return grid.first + grid.down * o.step * (dip - 1); };
    if (!notes.heard("deep"))
        return ask{
            {"deep",
             fmt::format("At each place {} dips {} times, from Z {} to Z {}, {} mm beyond its work height; the paper "
                         "and the pen have to bear that. May it",
                         tool.name, grid.dips, io::to_decimal(height(1), 3), io::to_decimal(height(grid.dips), 3),
                         io::to_decimal(o.range, 3)),
             yes_or_no{}}};
    if (!*notes.flag("deep"))
        return kf::fail({errc::refused,
                         "the pen may not go beyond its work height",
                         {},
                         {},
                         {"kcal bed --anew, with a larger --range, or kcal z first"}});
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    std::vector<std::string> earlier{"ready"};
    for (std::size_t k = 0; k < 9; ++k)
        for (int dip = 1; dip <= grid.dips; ++dip) {
            const std::string name = fmt::format("touch_{}_{}", k + 1, dip);
            if (notes.done(name)) {
                earlier.push_back(name);
                continue;
            }
            constexpr mm apart = 2;
            job::point at = detail::bed_place(m, k);
            at.x += apart * (dip - 1 - (grid.dips - 1) / 2.0) * (grid.dips > 14 ? 0.5 : 1);
            return deed{name,
                        dip > 1 ? std::string()
                                : fmt::format("Place {} of 9: {} dips {} times, left to right, each {} mm farther.",
                                              k + 1, tool.name, grid.dips, io::to_decimal(o.step, 3)),
                        touch_paper{tool.name, job::place(m, tool).to_machine(at), height(dip)}, earlier};
        }
    std::vector<bed_point> points;
    for (std::size_t k = 0; k < 9; ++k) {
        const std::string name = fmt::format("dots_{}", k + 1);
        if (!notes.heard(name))
            return ask{{name,
                        fmt::format("Place {}, row by row from the upper left: how many dots are there of {}", k + 1,
                                    grid.dips),
                        a_number{1, static_cast<double>(grid.dips) - 1, ""}}};
        const machine::xy at = job::place(m, tool).to_machine(detail::bed_place(m, k));
        // It touches between the last dip that left nothing and the first that left a dot.
        const int first = grid.dips - static_cast<int>(std::round(*notes.number(name))) + 1;
        points.push_back({at.x, at.y, (height(first) + height(first - 1)) / 2});
    }
    KF_TRY(const plane_fit plane, fit_plane(points, within(o.step / 2)));
    const auto [low, high] =
        std::minmax_element(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.z < b.z; });
    const bool good = high->z - low->z <= o.allowed + 1e-9;
    conclusion c;
    c.text = fmt::format(
        "The paper lies between Z {} and {}.\nAlong X it falls by {} mm on 100, along Y by {}.\nBeside that "
        "plane it is uneven by {} mm.",
        io::to_decimal(low->z, 3), io::to_decimal(high->z, 3),
        sure_to({plane.along_x.value * 100 * grid.down, plane.along_x.u * 100, plane.along_x.dof}, "", 3),
        sure_to({plane.along_y.value * 100 * grid.down, plane.along_y.u * 100, plane.along_y.dof}, "", 3),
        io::to_decimal(plane.greatest_residual(), 3));
    c.fields = {{"middle_mm", plane.z.value},
                {"middle_u95_mm", plane.z.expanded()},
                {"along_x", plane.along_x.value},
                {"along_x_u95", plane.along_x.expanded()},
                {"along_y", plane.along_y.value},
                {"along_y_u95", plane.along_y.expanded()},
                {"greatest_residual_mm", plane.greatest_residual()},
                {"span_mm", high->z - low->z},
                {"ok", good}};
    for (std::size_t k = 0; k < points.size(); ++k) {
        c.fields.push_back({fmt::format("z_{}", k + 1), points[k].z});
        c.fields.push_back({fmt::format("residual_{}", k + 1), plane.residuals[k]});
    }
    if (!good)
        c.next = {fmt::format("More than the {} mm that are allowed: shim the bed, then kcal bed --anew.",
                              io::to_decimal(o.allowed, 3)),
                  "A bed mesh is no way out: it would move Z while the pen draws, and kplot refuses it."};
    c.predicted = {{"span of the nine heights", 0, o.allowed}};
    return c;
}

} // namespace kf::cal
