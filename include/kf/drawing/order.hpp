// SPDX-License-Identifier: MIT
#pragma once
/// Puts the lines of each layer into an order with little pen-up travel, turns them round and lets closed ones begin
/// where it suits. Layers keep their order, and the ink stays the same. The search is drawing/shortest_order;
/// millimetres are its aim, since seconds as the aim were measured to change the order by 0.2 % at most.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/reloop.hpp>
#include <kf/drawing/shortest_order.hpp>
#include <kf/drawing/stroke_ends.hpp>
#include <kf/drawing/travel.hpp>
#include <kf/io/clock.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace kf::drawing {

/// Where closed lines begin: where it suits the travel, or where they begin already.
enum class loop_starts { chosen, kept };

struct order_options {
    std::uint64_t seed = 1;
    /// Kicks for each line; 0 stops when no move gains. None: 3000 in all, or with a time limit as many as it allows.
    std::optional<std::uint32_t> effort = {};
    /// For all layers together. What is found then depends on the machine too.
    std::optional<seconds> time_limit = {};
    loop_starts starts = loop_starts::chosen;
    bool (*interrupted)() noexcept = nullptr; ///< asked all the time; what is found by then is the result
};

struct ordered {
    drawing result;
    mm before_mm = 0, after_mm = 0; ///< pen-up
};

namespace detail {

/// Millimetres to the grid of a layer's lines: 0.1 µm, or coarser on a sheet of more than 6 m.
class line_grid {
    point middle_;
    double scale_ = 1e4;

  public:
    explicit line_grid(const std::vector<polyline>& lines) {
        point low{std::numeric_limits<mm>::max(), std::numeric_limits<mm>::max()}, high{-low.x, -low.y};
        for (const polyline& line : lines)
            for (const point& p : line) {
                low = {std::min(low.x, p.x), std::min(low.y, p.y)};
                high = {std::max(high.x, p.x), std::max(high.y, p.y)};
            }
        middle_ = {low.x / 2 + high.x / 2, low.y / 2 + high.y / 2};
        const mm reach = std::max(high.x - low.x, high.y - low.y) / 2;
        constexpr double most = 1 << 25;
        if (reach * scale_ > most) scale_ = most / reach;
    }
    [[nodiscard]] grid_point operator()(point p) const noexcept {
        return {static_cast<std::int32_t>(std::lround((p.x - middle_.x) * scale_)),
                static_cast<std::int32_t>(std::lround((p.y - middle_.y) * scale_))};
    }
};

/// Along Hilbert's curve, for coordinates below 2^16.
[[nodiscard]] inline std::uint32_t along_curve(std::uint32_t x, std::uint32_t y) noexcept {
    std::uint32_t at = 0;
    for (std::uint32_t s = 1U << 15; s > 0; s >>= 1) {
        const std::uint32_t right = (x & s) != 0 ? 1 : 0, down = (y & s) != 0 ? 1 : 0;
        at = at * 4 + ((3 * right) ^ down);
        if (down == 0) {
            if (right == 1) {
                x = 65535 - x;
                y = 65535 - y;
            }
            std::swap(x, y);
        }
    }
    return at;
}

[[nodiscard]] inline stroke_ends ends_of(const std::vector<polyline>& lines, const line_grid& grid) {
    std::vector<grid_point> ends;
    ends.reserve(lines.size() * 2);
    for (const polyline& line : lines) {
        ends.push_back(grid(line.front()));
        ends.push_back(grid(line.back()));
    }
    return stroke_ends(std::move(ends));
}

/// What is near on the sheet comes near in memory.
inline void sort_along_curve(std::vector<polyline>& lines, const line_grid& grid) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> keys;
    keys.reserve(lines.size());
    for (const polyline& line : lines) {
        const grid_point a = grid(line.front()), b = grid(line.back());
        const auto coordinate = [](std::int64_t u, std::int64_t v) { // of ±2^25, each
            return static_cast<std::uint32_t>(std::clamp<std::int64_t>((u + v + (1 << 26)) >> 11, 0, 65535));
        };
        keys.emplace_back(along_curve(coordinate(a.x, b.x), coordinate(a.y, b.y)),
                          static_cast<std::uint32_t>(keys.size()));
    }
    std::sort(keys.begin(), keys.end());
    std::vector<polyline> sorted;
    sorted.reserve(lines.size());
    for (const auto& [key, i] : keys) sorted.push_back(std::move(lines[i]));
    lines = std::move(sorted);
}

/// Each closed line begins at its point that is best between the lines before and behind. Whether any changed.
inline bool choose_starts(std::vector<polyline>& lines, const entry_order& order) {
    bool changed = false;
    const auto end = [&](node v) { return (v & 1) == 0 ? lines[v / 2].front() : lines[v / 2].back(); };
    const std::size_t count = order.size() - 1; // without nowhere
    for (std::size_t i = 0; i < count; ++i) {
        polyline& line = lines[order[i] / 2];
        if (!closed(line)) continue;
        const auto cost = [&](point p) {
            return (i > 0 ? distance(end(order[i - 1] ^ 1), p) : 0) +
                   (i + 1 < count ? distance(p, end(order[i + 1])) : 0);
        };
        std::size_t best = 0;
        mm least = cost(line.front()) * (1 - 1e-9);
        for (std::size_t k = 1; k + 1 < line.size(); ++k)
            if (const mm c = cost(line[k]); c < least) {
                least = c;
                best = k;
            }
        if (best == 0) continue;
        begin_at(line, best);
        changed = true;
    }
    return changed;
}

[[nodiscard]] inline mm pen_up_mm(const std::vector<polyline>& lines) noexcept {
    mm sum = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) sum += distance(lines[i - 1].back(), lines[i].front());
    return sum;
}

/// For some of `all` lines.
[[nodiscard]] inline std::uint64_t kicks_for(std::uint64_t lines, std::uint64_t all, const order_options& options) {
    constexpr std::uint64_t unasked = 3000, until_the_limit = 1'000'000;
    if (!options.effort && !options.time_limit) return std::max<std::uint64_t>(100, unasked * lines / all);
    return options.effort.value_or(until_the_limit) * std::max<std::uint64_t>(100, lines);
}

template<class GoOn>
void order_lines(std::vector<polyline>& lines, std::uint64_t kicks, const order_options& options, GoOn&& go_on) {
    std::erase_if(lines, [](const polyline& line) { return line.empty(); });
    if (lines.size() < 2) return;
    const line_grid grid(lines);
    std::vector<polyline> given = lines;
    sort_along_curve(lines, grid);
    chance random(options.seed);
    stroke_ends ends = ends_of(lines, grid);
    std::optional<candidates> near(std::in_place, ends);
    found_order order = first_order(ends, *near);
    const auto look_around = [&] { near.emplace(ends, order.style.plain, order.style.width); };
    if (order.style.width != strewn.width) look_around();
    const bool choose = options.starts == loop_starts::chosen;
    if (choose && std::ranges::any_of(lines, closed)) {
        order = shorten(ends, *near, std::move(order), 0, random, go_on);
        if (choose_starts(lines, order.entries)) {
            ends = ends_of(lines, grid);
            look_around();
        }
    }
    order = shorten_in_turns(ends, *near, order, kicks, random, go_on);
    for (int sweeps = 0; choose && sweeps < 8 && choose_starts(lines, order.entries); ++sweeps) {}
    std::vector<polyline> sorted;
    sorted.reserve(lines.size());
    for (std::size_t i = 0; i + 1 < order.entries.size(); ++i) {
        polyline& line = lines[order.entries[i] / 2];
        if ((order.entries[i] & 1) != 0) std::ranges::reverse(line);
        sorted.push_back(std::move(line));
    }
    lines = pen_up_mm(sorted) < pen_up_mm(given) ? std::move(sorted) : std::move(given);
}

/// The whole layer the other way round when that comes sooner from where the layer before ended.
inline void order_from(std::optional<point> from, std::vector<polyline>& lines) {
    if (!from || lines.empty() || distance(*from, lines.back().back()) >= distance(*from, lines.front().front()))
        return;
    std::ranges::reverse(lines);
    for (polyline& line : lines) std::ranges::reverse(line);
}

} // namespace detail

template<io::clock Clock>
[[nodiscard]] ordered order(drawing d, const order_options& options, Clock& clock) {
    const mm before = pen_up_mm(d);
    const io::time_point begin = clock.now();
    const std::size_t all = std::max<std::size_t>(1, line_count(d));
    std::size_t done = 0;
    std::optional<point> from;
    for (layer& l : d.layers) {
        done += l.lines.size();
        const double share = static_cast<double>(done) / static_cast<double>(all);
        std::uint32_t asked = 0;
        bool on = true;
        const auto go_on = [&] {
            if (on && ++asked % 16 == 0)
                on = (!options.time_limit || clock.now() - begin < to_nanoseconds(*options.time_limit * share)) &&
                     (options.interrupted == nullptr || !options.interrupted());
            return on;
        };
        detail::order_lines(l.lines, detail::kicks_for(l.lines.size(), all, options), options, go_on);
        detail::order_from(from, l.lines);
        if (!l.lines.empty()) from = l.lines.back().back();
    }
    const mm after = pen_up_mm(d);
    return {std::move(d), before, after};
}

[[nodiscard]] inline ordered order(drawing d, const order_options& options = {}) {
    io::steady_clock clock;
    return order(std::move(d), options, clock);
}

} // namespace kf::drawing
