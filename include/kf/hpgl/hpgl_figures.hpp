// SPDX-License-Identifier: MIT
#pragma once
/// Arcs, circles and curves of HP-GL as lines in millimetres, flattened within the tolerance.

#include <kf/drawing/outline.hpp>
#include <kf/hpgl/hpgl_notes.hpp>
#include <kf/hpgl/hpgl_options.hpp>
#include <kf/hpgl/hpgl_scale.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace kf::hpgl {

using drawing::outline;
using drawing::polyline;

class hpgl_figures {
  public:
    hpgl_figures(const hpgl_options& options, const hpgl_scale& scale, hpgl_notes& notes) noexcept
      : options_(options)
      , scale_(scale)
      , notes_(notes) {}

    /// The lines that `draw_it` puts into an outline in the plot's units, from `from` on.
    template<class Draw>
    [[nodiscard]] std::vector<polyline> lines(std::size_t line, point from, Draw&& draw_it) {
        std::vector<polyline> made;
        outline out(made, scale_.to_mm(),
                    {options_.tolerance_mm, options_.max_coordinate_mm, options_.max_points - points_});
        out.move_to(from.x, from.y);
        draw_it(out);
        out.finish();
        points_ += std::min(out.points(), options_.max_points - points_);
        full_ = full_ || out.fault() == drawing::outline_fault::too_many_points;
        if (out.fault() == drawing::outline_fault::out_of_range) {
            notes_.tell(line, note_kind::wrong,
                        fmt::format("a line reaches farther than {} mm: not drawn", options_.max_coordinate_mm));
            made.clear();
        }
        return made;
    }

    /// An arc from where the outline is, in pieces of less than half a turn.
    static void sweep(outline& out, point center, double radius, double from_deg, double angle_deg) {
        angle_deg = std::clamp(angle_deg, -360.0, 360.0);
        const double pieces = std::max(1.0, std::ceil(std::abs(angle_deg) / 120));
        const drawing::elliptical_arc arc{.rx = radius, .ry = radius, .large = false, .clockwise = angle_deg > 0};
        for (double k = 1; k <= pieces; ++k) {
            const point to = apply(drawing::rotation(from_deg + angle_deg * k / pieces), {radius, 0});
            out.arc_to(arc, center.x + to.x, center.y + to.y);
        }
    }
    [[nodiscard]] bool full() const noexcept { return full_; }

  private:
    const hpgl_options& options_;
    const hpgl_scale& scale_;
    hpgl_notes& notes_;
    std::size_t points_ = 0;
    bool full_ = false;
};

} // namespace kf::hpgl
