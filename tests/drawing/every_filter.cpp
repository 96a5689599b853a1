// SPDX-License-Identifier: MIT
/// What holds of each filter, and of clips and dashes, for strewn lines, a few thousand every day and a million in
/// `make soak`: the ink is the ink that was there, nothing is outside that is not to be, layers keep their order. Those
/// of merge, order, simplify, dedupe, split and reloop that need more are beside their own tests.
#include "by_chance.hpp"

#include <kf/drawing/clip.hpp>
#include <kf/drawing/crop.hpp>
#include <kf/drawing/dash.hpp>
#include <kf/drawing/dedupe.hpp>
#include <kf/drawing/filter.hpp>
#include <kf/drawing/layer_choice.hpp>
#include <kf/drawing/merge.hpp>
#include <kf/drawing/multipass.hpp>
#include <kf/drawing/order.hpp>
#include <kf/drawing/page.hpp>
#include <kf/drawing/pens.hpp>
#include <kf/drawing/reloop.hpp>
#include <kf/drawing/simplify.hpp>
#include <kf/drawing/split.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numbers>
#include <utility>
#include <vector>

namespace every_filter_test {

using namespace kf::drawing;
using by_chance::piece;

double length(const piece& p) { return std::hypot(p[2] - p[0], p[3] - p[1]); }

double length(const std::vector<piece>& pieces) {
    double sum = 0;
    for (const piece& p : pieces) sum += length(p);
    return sum;
}

void same_layers(const drawing& a, const drawing& b) {
    BOOST_REQUIRE(a.layers.size() == b.layers.size());
    for (std::size_t l = 0; l < a.layers.size(); ++l) {
        BOOST_TEST(a.layers[l].number == b.layers[l].number);
        BOOST_TEST(a.layers[l].name == b.layers[l].name);
    }
}

/// Every point goes where `where` says, and nothing else happens.
template<class Where>
void maps(const drawing& before, const drawing& after, Where where) {
    same_layers(before, after);
    for (std::size_t l = 0; l < before.layers.size(); ++l) {
        const auto &b = before.layers[l].lines, &a = after.layers[l].lines;
        BOOST_REQUIRE(a.size() == b.size());
        for (std::size_t i = 0; i < b.size(); ++i) {
            BOOST_REQUIRE(a[i].size() == b[i].size());
            for (std::size_t k = 0; k < b[i].size(); ++k) BOOST_REQUIRE(distance(a[i][k], where(b[i][k])) < 1e-9);
        }
    }
}

/// How far ink of `under` is from that of `over` at most, looked at in places of each piece.
kf::mm farthest(const std::vector<polyline>& over, const std::vector<polyline>& under, kf::mm most) {
    segment_cells cells(over, most);
    for (const polyline& line : over)
        for (std::size_t i = 0; i < line.size(); ++i) cells.add({line[i == 0 ? 0 : i - 1], line[i]});
    kf::mm farthest = 0;
    for (const polyline& line : under)
        for (std::size_t i = 0; i < line.size(); ++i)
            for (const double at : {0.0, 0.31, 0.5, 0.87, 1.0}) {
                const point a = line[i == 0 ? 0 : i - 1], b = line[i];
                const point p{a.x + (b.x - a.x) * at, a.y + (b.y - a.y) * at};
                kf::mm least = 2 * most;
                cells.near({p, p},
                           [&](const segment& s) { least = std::min(least, distance_to_segment(p, s.from, s.to)); });
                farthest = std::max(farthest, least);
            }
    return farthest;
}

/// The part of a piece that is inside, by the parameters at which it crosses the edges: crop's numbers by another way.
double length_inside(const piece& s, const rectangle& r) {
    const double dx = s[2] - s[0], dy = s[3] - s[1];
    double from = 0, to = 1;
    const auto limit = [&](double p, double q) {
        if (p < 0) from = std::max(from, q / p);
        if (p > 0) to = std::min(to, q / p);
        if (p == 0 && q < 0) to = -1;
    };
    limit(-dx, s[0] - r.left);
    limit(dx, r.right - s[0]);
    limit(-dy, s[1] - r.top);
    limit(dy, r.bottom - s[1]);
    return std::max(0.0, to - from) * length(s);
}

/// In the middle of strewn lines, between two of the tenths that they lie on.
rectangle middle_of(const drawing& d) {
    const rectangle ink = *ink_of(d);
    return {ink.left + 0.3 * ink.width() + 0.033, ink.top + 0.2 * ink.height() + 0.041,
            ink.left + 0.8 * ink.width() + 0.037, ink.top + 0.7 * ink.height() + 0.029};
}

BOOST_AUTO_TEST_SUITE(every_filter)

BOOST_AUTO_TEST_CASE(crop_leaves_the_ink_that_was_inside_and_none_outside) {
    const drawing d = by_chance::lines(by_chance::strokes(), 21);
    const rectangle off_grid = middle_of(d);
    const rectangle on_grid{std::round(off_grid.left * 10) / 10, std::round(off_grid.top * 10) / 10,
                            std::round(off_grid.right * 10) / 10, std::round(off_grid.bottom * 10) / 10};
    for (const rectangle& r : {off_grid, on_grid}) {
        const drawing left = crop(d, r);
        same_layers(d, left);
        BOOST_TEST(overhang(*ink_of(left), r) == 0);
        const auto before = by_chance::ink(d), after = by_chance::ink(left);
        for (std::size_t l = 0; l < d.layers.size(); ++l) {
            // What only touches an edge from outside, or runs along it by rounding, is no difference.
            double inside = 0;
            for (const piece& p : before[l]) inside += length_inside(p, r);
            BOOST_TEST(std::abs(length(after[l]) - inside) < 1e-6 * static_cast<double>(before[l].size()));
            BOOST_TEST(farthest(d.layers[l].lines, left.layers[l].lines, 0.02) < 1e-6);
        }
    }
}

/// A hexagon about a place, corners in the order of their angles.
polyline hexagon(point middle, kf::mm radius) {
    polyline corners;
    for (int i = 0; i < 6; ++i)
        corners.push_back({middle.x + radius * std::cos(0.1 + i * std::numbers::pi / 3),
                           middle.y + radius * std::sin(0.1 + i * std::numbers::pi / 3)});
    return corners;
}

/// By half planes (Cyrus and Beck): clip's numbers by another way.
double length_inside(const piece& s, const polyline& convex) {
    double from = 0, to = 1;
    const double dx = s[2] - s[0], dy = s[3] - s[1];
    for (std::size_t i = 0; i < convex.size(); ++i) {
        const point a = convex[i], b = convex[(i + 1) % convex.size()];
        const double nx = a.y - b.y, ny = b.x - a.x; // inwards
        const double at = nx * (s[0] - a.x) + ny * (s[1] - a.y), grows = nx * dx + ny * dy;
        if (grows > 0) from = std::max(from, -at / grows);
        if (grows < 0) to = std::min(to, -at / grows);
        if (grows == 0 && at < 0) to = -1;
    }
    return std::max(0.0, to - from) * length(s);
}

BOOST_AUTO_TEST_CASE(clip_cuts_lines_into_what_is_inside_of_a_shape_and_what_is_outside) {
    const drawing d = by_chance::lines(by_chance::strokes(), 30);
    const rectangle ink = *ink_of(d), around = inset(ink, -1);
    const point middle{(ink.left + ink.right) / 2 + 0.0123, (ink.top + ink.bottom) / 2 - 0.0177};
    const polyline shape = hexagon(middle, ink.width() * 0.3), hole = hexagon(middle, ink.width() * 0.1);
    const polyline frame = {{around.left, around.top},
                            {around.right, around.top},
                            {around.right, around.bottom},
                            {around.left, around.bottom}};
    const auto clipped = [&](const std::vector<polyline>& lines, std::vector<polyline> outlines) {
        auto r = std::make_shared<region>();
        r->add(std::move(outlines), fill_rule::evenodd);
        const std::vector<std::shared_ptr<const region>> clips = {r};
        std::vector<polyline> out;
        clip_effort effort;
        BOOST_REQUIRE(clip(lines, clips, out, effort));
        return out;
    };
    const auto all = by_chance::ink(d);
    for (std::size_t l = 0; l < d.layers.size(); ++l) {
        const auto& lines = d.layers[l].lines;
        const auto sum = [](const std::vector<polyline>& some) {
            double mm = 0;
            for (const polyline& line : some) mm += length_of(line);
            return mm;
        };
        double expected = 0, in_hole = 0;
        for (const piece& p : all[l]) {
            expected += length_inside(p, shape);
            in_hole += length_inside(p, hole);
        }
        const double near = 1e-5 * static_cast<double>(all[l].size());
        const auto inside = clipped(lines, {shape}), ring = clipped(lines, {shape, hole}),
                   outside = clipped(lines, {frame, shape});
        BOOST_TEST(in_hole > 0);
        BOOST_TEST(std::abs(sum(inside) - expected) < near);
        BOOST_TEST(std::abs(sum(ring) - (expected - in_hole)) < near);
        BOOST_TEST(std::abs(sum(outside) - (sum(lines) - expected)) < near);
        BOOST_TEST(farthest(lines, inside, 0.02) < 1e-5);
        BOOST_TEST(farthest(lines, outside, 0.02) < 1e-5);
        for (const polyline& line : ring)
            for (std::size_t i = 1; i < line.size(); ++i) {
                const double x = (line[i - 1].x + line[i].x) / 2, y = (line[i - 1].y + line[i].y) / 2;
                const piece at_middle = {x, y, x + 1e-4, y};
                BOOST_REQUIRE(length_inside(at_middle, shape) > 0 || distance(line[i - 1], line[i]) < 1e-3);
                BOOST_REQUIRE(length_inside(at_middle, hole) < 1e-4 || distance(line[i - 1], line[i]) < 1e-3);
            }
    }
}

BOOST_AUTO_TEST_CASE(dashes_are_the_drawn_share_of_each_line_and_lie_on_it) {
    const drawing d = by_chance::lines(by_chance::strokes(), 31);
    const dash_pattern pattern{.lengths = {0.37, 0.21}};
    for (const layer& l : d.layers) {
        std::vector<polyline> all;
        for (const polyline& line : l.lines) {
            std::vector<polyline> dashes;
            dash(line, pattern, empty_dash::nothing, dashes);
            const double whole = length_of(line), left = std::fmod(whole, 0.58);
            double drawn = 0;
            for (const polyline& one : dashes) {
                drawn += length_of(one);
                BOOST_REQUIRE(length_of(one) <= 0.37 * (closed(line) ? 2 : 1) + 1e-9);
            }
            BOOST_REQUIRE(std::abs(drawn - ((whole - left) / 0.58 * 0.37 + std::min(left, 0.37))) < 1e-6);
            all.insert(all.end(), dashes.begin(), dashes.end());
        }
        BOOST_TEST(farthest(l.lines, all, 0.02) < 1e-9);
    }
}

BOOST_AUTO_TEST_CASE(page_filters_move_all_points_alike) {
    const drawing d = by_chance::lines(by_chance::strokes(), 22); // a page of 400 x 400
    maps(d, turned(d, 90), [](point p) { return point{400 - p.y, p.x}; });
    maps(d, turned(d, 180), [](point p) { return point{400 - p.x, 400 - p.y}; });
    maps(d, scaled(d, 2.5), [](point p) { return point{p.x * 2.5, p.y * 2.5}; });
    maps(d, moved(d, -7, 3), [](point p) { return point{p.x - 7, p.y + 3}; });
    const rectangle ink = *ink_of(d), room{5, 6, 105, 66};
    const double factor = std::min(100 / ink.width(), 60 / ink.height());
    const auto placed = [&](double scale) {
        return [&ink, scale](point p) {
            return point{55 + (p.x - (ink.left + ink.right) / 2) * scale,
                         36 + (p.y - (ink.top + ink.bottom) / 2) * scale};
        };
    };
    maps(d, fitted(d, room), placed(factor));
    maps(d, aligned(d, room, {}), placed(1));
    const auto wide = sized(d, 50, {});
    BOOST_REQUIRE(wide.has_value());
    maps(d, *wide, [&](point p) { return point{p.x * 50 / ink.width(), p.y * 50 / ink.width()}; });
    BOOST_TEST(overhang(*ink_of(fitted(d, room)), room) < 1e-9);
    BOOST_TEST(overhang(*ink_of(fitted(turned(d, 33), room)), room) < 1e-9);
}

BOOST_AUTO_TEST_CASE(a_hair_outside_is_pulled_in_and_nothing_else_moves) {
    const drawing d = by_chance::lines(by_chance::strokes(), 23);
    const rectangle room = inset(*ink_of(d), a_hair);
    const drawing pulled = pulled_inside(d, room);
    same_layers(d, pulled);
    BOOST_TEST(overhang(*ink_of(pulled), room) == 0);
    for (std::size_t l = 0; l < d.layers.size(); ++l) {
        const auto &b = d.layers[l].lines, &a = pulled.layers[l].lines;
        BOOST_REQUIRE(a.size() == b.size());
        for (std::size_t i = 0; i < b.size(); ++i) {
            BOOST_REQUIRE(!a[i].empty());
            for (const point& p : b[i]) {
                kf::mm least = distance(p, a[i].front());
                for (std::size_t k = 1; k < a[i].size(); ++k)
                    least = std::min(least, distance_to_segment(p, a[i][k - 1], a[i][k]));
                BOOST_REQUIRE(least <= a_hair * std::sqrt(2.0) + 1e-12);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(filter_leaves_out_what_is_too_short_or_too_long_and_nothing_else) {
    const drawing d = by_chance::lines(by_chance::strokes(), 24);
    const drawing left = filter(d, {.shortest = 1, .longest = 3});
    same_layers(d, left);
    for (std::size_t l = 0; l < d.layers.size(); ++l) {
        std::vector<polyline> expected;
        for (const polyline& line : d.layers[l].lines)
            if (length_of(line) >= 1 && length_of(line) <= 3) expected.push_back(line);
        BOOST_TEST((left.layers[l].lines == expected));
        BOOST_TEST(!expected.empty());
        BOOST_TEST(expected.size() < d.layers[l].lines.size());
    }
}

BOOST_AUTO_TEST_CASE(a_layer_is_chosen_whole) {
    const drawing d = by_chance::lines(by_chance::strokes(), 25);
    const auto red = choose_layers(d, {"red"}), two = choose_layers(d, {"7", "ink"});
    BOOST_REQUIRE((red && two));
    BOOST_REQUIRE(red->layers.size() == 1u);
    BOOST_TEST((red->layers[0].lines == d.layers[1].lines));
    BOOST_REQUIRE(two->layers.size() == 2u);
    BOOST_TEST((two->layers[0].lines == d.layers[0].lines));
    BOOST_TEST((two->layers[1].lines == d.layers[2].lines));
}

/// Strewn lines in six layers of two colours and none, in turns.
drawing of_colours(std::uint64_t seed) {
    drawing d = by_chance::lines(by_chance::strokes(), seed);
    const drawing more = by_chance::lines(by_chance::strokes(), seed + 100);
    for (layer l : more.layers) {
        l.number += 10;
        l.name += " again";
        d.layers.push_back(std::move(l));
    }
    const char* colours[] = {"#ff0000", "#0000ff", ""};
    for (std::size_t l = 0; l < d.layers.size(); ++l) d.layers[l].colour = colours[l % 3];
    return d;
}

BOOST_AUTO_TEST_CASE(pens_bring_their_layers_together_in_their_order_and_change_no_line) {
    const drawing d = of_colours(32);
    const drawing by_colour = pens_by_colour(d), by_layer = pens_by_layer(d);
    const auto by_list = pens_by_list(d,
                                      {{.pen = {.name = "red"}, .colours = {"#ff0000"}, .line = 1},
                                       {.pen = {.name = "blue"}, .colours = {"#0000ff"}, .line = 2},
                                       {.pen = {.name = "the rest"}, .line = 3}},
                                      "pens.yaml");
    BOOST_REQUIRE(by_list.has_value());
    const std::vector<std::size_t> together = {0, 3, 1, 4, 2, 5}, as_they_were = {0, 1, 2, 3, 4, 5};
    for (const auto& [with_pens, from] :
         {std::pair(&by_colour, &together), std::pair(&*by_list, &together), std::pair(&by_layer, &as_they_were)}) {
        BOOST_REQUIRE(with_pens->layers.size() == d.layers.size());
        for (std::size_t l = 0; l < d.layers.size(); ++l) {
            const layer &was = d.layers[(*from)[l]], &is = with_pens->layers[l];
            BOOST_TEST(is.name == was.name);
            BOOST_TEST((is.lines == was.lines));
            BOOST_TEST(find_pen(*with_pens, is.pen) != nullptr);
        }
    }
    BOOST_TEST(by_colour.pens.size() == 3u);
    BOOST_TEST(by_layer.pens.size() == 6u);
    // What comes behind keeps the layers and their pens.
    const drawing behind = order(merge(by_colour, {0.1}).result, {.effort = 0}).result;
    same_layers(by_colour, behind);
    for (std::size_t l = 0; l < behind.layers.size(); ++l) BOOST_TEST(behind.layers[l].pen == by_colour.layers[l].pen);
    BOOST_TEST(behind.pens.size() == 3u);
}

BOOST_AUTO_TEST_CASE(colours_are_chosen_or_left_out_whole) {
    const drawing d = of_colours(33);
    const auto red = choose_colours(d, {"#ff0000"}), others = choose_colours(d, {"#ff0000"}, layers_named::go);
    const auto again = choose_layers(d, {"*again"}, layers_named::go);
    BOOST_REQUIRE((red && others && again));
    BOOST_TEST(red->layers.size() == 2u);
    BOOST_TEST((red->layers[1].lines == d.layers[3].lines));
    BOOST_TEST(others->layers.size() == 4u);
    BOOST_TEST(line_count(*red) + line_count(*others) == line_count(d));
    BOOST_TEST(again->layers.size() == 3u);
    BOOST_TEST((again->layers[2].lines == d.layers[2].lines));
}

BOOST_AUTO_TEST_CASE(multipass_draws_each_piece_so_many_times) {
    const drawing d = by_chance::lines(by_chance::strokes(), 26);
    const drawing thrice = multipass(d, {3});
    same_layers(d, thrice);
    BOOST_TEST(line_count(thrice) == line_count(d));
    const auto before = by_chance::ink(d), after = by_chance::ink(thrice);
    for (std::size_t l = 0; l < before.size(); ++l) {
        std::vector<piece> expected, got;
        for (const piece& p : before[l])
            if (length(p) > 0) expected.insert(expected.end(), 3, p);
        std::ranges::copy_if(after[l], std::back_inserter(got), [](const piece& p) { return length(p) > 0; });
        BOOST_TEST((got == expected));
    }
}

BOOST_AUTO_TEST_CASE(merge_within_a_tolerance_adds_only_what_bridges_the_gaps) {
    constexpr kf::mm tolerance = 0.15; // ends lie a tenth apart, often
    const drawing d = by_chance::lines(by_chance::strokes(), 27);
    const merged m = merge(d, {tolerance});
    same_layers(d, m.result);
    BOOST_TEST(m.lines_after < m.lines_before);
    const auto before = by_chance::ink(d), after = by_chance::ink(m.result);
    for (std::size_t l = 0; l < before.size(); ++l) {
        std::vector<piece> gone, added;
        std::ranges::set_difference(before[l], after[l], std::back_inserter(gone));
        std::ranges::set_difference(after[l], before[l], std::back_inserter(added));
        std::erase_if(gone, [](const piece& p) { return length(p) == 0; });
        BOOST_TEST(gone.empty());
        BOOST_TEST(!added.empty());
        for (const piece& p : added) BOOST_REQUIRE(length(p) <= tolerance + 1e-9);
    }
}

BOOST_AUTO_TEST_CASE(simplify_leaves_points_that_were_there_in_their_order) {
    const drawing d = by_chance::lines(by_chance::strokes(), 28), s = simplify(d, {0.15});
    same_layers(d, s);
    for (std::size_t l = 0; l < d.layers.size(); ++l)
        for (std::size_t i = 0; i < d.layers[l].lines.size(); ++i) {
            const polyline &before = d.layers[l].lines[i], &after = s.layers[l].lines[i];
            auto at = before.begin();
            for (const point& p : after) {
                at = std::find(at, before.end(), p);
                BOOST_REQUIRE(at != before.end());
            }
        }
}

BOOST_AUTO_TEST_CASE(all_of_them_in_a_row_draw_what_was_there) {
    const drawing d = by_chance::lines(by_chance::strokes(), 29);
    drawing all = dedupe(split(d, {.longest = 0.9}), {.tolerance = 1e-6});
    all = simplify(merge(std::move(all), {0}).result, {1e-6});
    all = order(reloop(std::move(all), {.seed = 3}), {.effort = 0}).result;
    same_layers(d, all);
    BOOST_TEST(line_count(all) < line_count(d));
    for (std::size_t l = 0; l < d.layers.size(); ++l) {
        BOOST_TEST(farthest(all.layers[l].lines, d.layers[l].lines, 0.02) < 1e-5);
        BOOST_TEST(farthest(d.layers[l].lines, all.layers[l].lines, 0.02) < 1e-5);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace every_filter_test
