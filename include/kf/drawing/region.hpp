// SPDX-License-Identifier: MIT
#pragma once
/// A part of the plane as clips need it: shapes with holes, together, each and all of them bounded by further regions.
/// Its border belongs to it. Lines are cut by drawing/clip.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/segment.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace kf::drawing {

enum class fill_rule { nonzero, evenodd };

/// Closer than this to a border is on it: a job has no finer digits.
inline constexpr mm on_the_border = 1e-6;

/// The edges of closed outlines, found by their Y.
class edge_bands {
  public:
    explicit edge_bands(std::span<const polyline> outlines) {
        for (const polyline& line : outlines)
            for (std::size_t i = 0; i < line.size() && line.size() > 2; ++i) {
                const segment s{line[i], line[i + 1 < line.size() ? i + 1 : 0]};
                if (s.from == s.to) continue;
                edges_.push_back(s);
                low_ = std::min({low_, s.from.y, s.to.y});
                high_ = std::max({high_, s.from.y, s.to.y});
            }
        if (edges_.empty()) return;
        // Of fewer bands when most edges reach through most of them.
        for (std::size_t count = std::clamp<std::size_t>(edges_.size() / 2, 1, 4096);; count /= 4) {
            bands_.assign(std::max<std::size_t>(count, 1), {});
            std::size_t entries = 0;
            for (std::size_t i = 0; i < edges_.size() && entries <= 8 * edges_.size() + 1024; ++i) {
                const auto [y0, y1] = std::minmax(edges_[i].from.y, edges_[i].to.y);
                const std::size_t last = band(y1 + on_the_border);
                for (std::size_t b = band(y0 - on_the_border); b <= last; ++b, ++entries) bands_[b].push_back(i);
            }
            if (entries <= 8 * edges_.size() + 1024 || count < 2) return;
        }
    }

    /// Those that may have to do with this range of Y, some of them more than once.
    template<class Visit>
    void visit(mm low, mm high, Visit&& visit) const {
        if (bands_.empty() || high < low_ - on_the_border || low > high_ + on_the_border) return;
        const std::size_t last = band(high);
        for (std::size_t b = band(low); b <= last; ++b)
            for (const std::size_t i : bands_[b]) visit(edges_[i]);
    }

  private:
    [[nodiscard]] std::size_t band(mm y) const noexcept {
        if (!(high_ > low_)) return 0;
        const double share = (y - low_) / (high_ - low_) * static_cast<double>(bands_.size());
        return static_cast<std::size_t>(std::clamp(share, 0.0, static_cast<double>(bands_.size() - 1)));
    }
    std::vector<segment> edges_ = {};
    std::vector<std::vector<std::size_t>> bands_ = {};
    mm low_ = 1e300, high_ = -1e300;
};

class region {
  public:
    using bounds = std::vector<std::shared_ptr<const region>>;

    struct shape {
        std::vector<polyline> outlines;
        fill_rule rule;
        bounds within;
        edge_bands edges;
        enum place { outside, border, inside };

        [[nodiscard]] place place_of(point p, std::size_t& work) const {
            int winding = 0, crossings = 0;
            bool on_edge = false;
            edges.visit(p.y, p.y, [&](const segment& e) {
                ++work;
                if (on_edge) return;
                const double ex = e.to.x - e.from.x, ey = e.to.y - e.from.y;
                const double px = p.x - e.from.x, py = p.y - e.from.y;
                const double along = std::clamp((px * ex + py * ey) / (ex * ex + ey * ey), 0.0, 1.0);
                on_edge = std::hypot(px - along * ex, py - along * ey) <= on_the_border;
                if ((e.from.y <= p.y) == (e.to.y <= p.y)) return;
                if (px >= ex * (py / ey)) return;
                ++crossings;
                winding += ey > 0 ? 1 : -1;
            });
            if (on_edge) return border;
            return (rule == fill_rule::evenodd ? crossings % 2 : winding) != 0 ? inside : outside;
        }
    };

    /// Open outlines are closed. What `within` leaves of it belongs to the region.
    void add(std::vector<polyline> outlines, fill_rule rule, bounds within = {}) {
        edge_bands edges(outlines);
        shapes_.push_back({std::move(outlines), rule, std::move(within), std::move(edges)});
    }
    /// Of the region only what is in the other one, too.
    void bound_by(std::shared_ptr<const region> other) { within_.push_back(std::move(other)); }

    /// `work` grows by the edges that were looked at.
    [[nodiscard]] bool contains(point p, std::size_t& work) const {
        const auto all = [&](const bounds& some) {
            return std::all_of(some.begin(), some.end(), [&](const auto& r) { return r->contains(p, work); });
        };
        return std::any_of(shapes_.begin(), shapes_.end(),
                           [&](const shape& s) { return s.place_of(p, work) != shape::outside && all(s.within); }) &&
               all(within_);
    }
    /// Every shape that has to do with its border, those of what bounds it included.
    template<class Visit>
    void visit_shapes(Visit&& visit) const {
        for (const shape& s : shapes_) {
            visit(s);
            for (const auto& r : s.within) r->visit_shapes(visit);
        }
        for (const auto& r : within_) r->visit_shapes(visit);
    }

  private:
    std::vector<shape> shapes_ = {};
    bounds within_ = {};
};

} // namespace kf::drawing
