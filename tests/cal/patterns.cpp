// SPDX-License-Identifier: MIT
#include "ink_reader.hpp"

#include <kf/cal/patterns/pattern_sheet.hpp>
#include <kf/drawing/affine.hpp>
#include <kf/drawing/layer_control.hpp>
#include <kf/job/compose.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/run/job_check.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

namespace patterns_test {

using namespace kf::cal;
using kf::mm;
using kf::drawing::affine;
using kf::drawing::layer;

const layer& layer_named(const figure& f, std::string_view name) {
    for (const layer& l : f.layers)
        if (l.name == name) return l;
    BOOST_FAIL("there is no layer " << name);
    return f.layers.front();
}

strokes mapped(strokes lines, const affine& by) {
    for (polyline& line : lines)
        for (point& p : line) p = apply(by, p);
    return lines;
}

/// A machine whose Y leans: x' = x - y * tangent on the canvas.
strokes leaning(strokes lines, double tangent) { return mapped(std::move(lines), {1, 0, -tangent, 1, 0, 0}); }

BOOST_AUTO_TEST_SUITE(test_patterns)

BOOST_AUTO_TEST_CASE(a_ruler_of_20_has_a_tick_each_5_at_its_place_and_numbers_at_each_tenth) {
    const strokes expected{{{-10, 0}, {10, 0}}, {{-10, 0}, {-10, -6}}, {{-5, 0}, {-5, -3}},
                           {{0, 0}, {0, -3}},   {{5, 0}, {5, -3}},     {{10, 0}, {10, -3}}};
    BOOST_TEST((ruler_x({20, 5}).layers.at(0).lines == expected));
    const strokes upright{{{0, -10}, {0, 10}}, {{0, -10}, {-6, -10}}, {{0, -5}, {-3, -5}},
                          {{0, 0}, {-3, 0}},   {{0, 5}, {-3, 5}},     {{0, 10}, {-3, 10}}};
    BOOST_TEST((ruler_y({20, 5}).layers.at(0).lines == upright));
    BOOST_TEST(ruler_x({150, 5}).layers.at(0).lines.size() == 32);  // the line and 31 ticks
    BOOST_TEST(ruler_x({0.3, 0.1}).layers.at(0).lines.size() == 5); // 0.3 / 0.1 is 2.9999...
}

BOOST_AUTO_TEST_CASE(crosshairs_stand_about_the_middle_and_every_second_row_runs_back) {
    const strokes lines = crosshair_grid(2, 2, 30);
    std::vector<point> middles;
    for (std::size_t i = 0; i < lines.size(); i += 2) middles.push_back({lines[i + 1][0].x, lines[i][0].y});
    const std::vector<point> expected{{-15, -15}, {15, -15}, {15, 15}, {-15, 15}};
    BOOST_TEST((middles == expected));
    BOOST_TEST((lines[0] == polyline{{-19, -15}, {-11, -15}}));
}

BOOST_AUTO_TEST_CASE(a_comb_has_its_teeth_at_the_pitch_and_the_other_20_on_19) {
    const comb_strokes c;
    const strokes main = main_comb(c), second = second_comb(c);
    BOOST_TEST(main.size() == 41); // the spine, and -10 to 29
    BOOST_TEST((main.at(0) == polyline{{29, 3}, {-13, 3}}));
    BOOST_TEST((main.at(1) == polyline{{-10, 0}, {-10, 4.5}}));
    BOOST_TEST((main.at(2) == polyline{{-9, 0}, {-9, 3}}));
    BOOST_TEST(second.size() == 22);
    BOOST_TEST((second.at(0) == polyline{{19, -3}, {-3, -3}}));
    BOOST_TEST((second.at(1) == polyline{{0, 0}, {0, -4.5}}));
    BOOST_TEST(second.at(2)[0].x == 0.95, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(second.at(21)[0].x == 19, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(each_tooth_is_reached_from_the_side_that_is_asked_for_the_first_one_too) {
    for (const auto from : {comb_strokes::side::low, comb_strokes::side::high}) {
        const int sign = from == comb_strokes::side::low ? 1 : -1;
        for (const strokes& comb : {main_comb({.from = from}), second_comb({.from = from})})
            for (std::size_t i = 1; i < comb.size(); ++i)
                BOOST_TEST(sign * (comb[i].front().x - comb[i - 1].back().x) > 0.9);
    }
}

BOOST_AUTO_TEST_CASE(a_vernier_reads_every_displacement_that_it_can_to_a_division) {
    for (const vernier v : {vernier{1, 20}, vernier{2, 20}, vernier{1, 10}, vernier{0.5, 10}}) {
        const comb_strokes c{.scale = v};
        const int steps = v.divisions * (v.divisions / 2 - 1);
        const auto main = cal_test::teeth_along_x(main_comb(c));
        for (int k = -steps; k <= steps; ++k) {
            const mm off = k * v.least_count();
            const auto second = cal_test::teeth_along_x(moved(second_comb(c), {off, 0}));
            BOOST_TEST(std::fabs(cal_test::read_vernier(v, main, -c.first_main(), second) - off) < 1e-9);
            // Between two divisions it reads one of them.
            const auto between = cal_test::teeth_along_x(moved(second_comb(c), {off + 0.4 * v.least_count(), 0}));
            BOOST_TEST(std::fabs(cal_test::read_vernier(v, main, -c.first_main(), between) - off) < 1e-9);
        }
    }
}

BOOST_AUTO_TEST_CASE(lost_motion_of_0_15_reads_0_15_on_both_axes) {
    const figure f = backlash_test({1, 20}, 3, 2);
    // An axis that lost 0.15 mm lags behind by half of it, against the way that it came.
    const auto lagged = [](strokes lines) {
        point last{};
        for (polyline& line : lines) {
            point before = last;
            last = line.back();
            const mm x = line.front().x > before.x ? -0.075 : 0.075, y = line.front().y > before.y ? -0.075 : 0.075;
            for (point& p : line) p = {p.x + x, p.y + y};
        }
        return lines;
    };
    for (const std::string name : {"X 1", "X 2", "Y 1", "Y 2"}) {
        strokes main = layer_named(f, name + " scale").lines, second = layer_named(f, name + " vernier").lines;
        main = lagged(std::move(main));
        second = lagged(std::move(second));
        if (name[0] == 'Y') {
            main = mirrored(std::move(main));
            second = mirrored(std::move(second));
        }
        main.erase(main.begin()); // the spines
        second.erase(second.begin());
        BOOST_TEST(std::fabs(cal_test::read_vernier({1, 20}, cal_test::teeth_along_x(main), 10,
                                                    cal_test::teeth_along_x(second)) -
                             0.15) < 1e-9);
    }
}

BOOST_AUTO_TEST_CASE(a_second_tool_that_is_off_by_3_2_and_minus_1_7_reads_so) {
    const figure f = tool_offset("pen", "other", {1, 20});
    const layer &one = layer_named(f, "first: pen"), &two = layer_named(f, "second: other");
    BOOST_TEST(one.tool == "pen");
    BOOST_TEST(two.tool == "other");
    // Behind the two lines of the crosshair: X comb, Y comb, each with its spine.
    const auto part = [](const strokes& lines, std::size_t from, std::size_t count) {
        return strokes(lines.begin() + static_cast<std::ptrdiff_t>(from),
                       lines.begin() + static_cast<std::ptrdiff_t>(from + count));
    };
    const strokes ink = moved(two.lines, {3.2, -1.7});
    const auto x = cal_test::read_vernier({1, 20}, cal_test::teeth_along_x(part(one.lines, 3, 40)), 10,
                                          cal_test::teeth_along_x(part(ink, 3, 21)));
    const auto y = cal_test::read_vernier({1, 20}, cal_test::teeth_along_x(mirrored(part(one.lines, 44, 40))), 10,
                                          cal_test::teeth_along_x(mirrored(part(ink, 25, 21))));
    BOOST_TEST(std::fabs(x - 3.2) < 1e-9);
    BOOST_TEST(std::fabs(y + 1.7) < 1e-9);
    BOOST_TEST((part(one.lines, 0, 2) == cross(20)));
    BOOST_TEST((part(two.lines, 0, 2) == cross(20)));
}

BOOST_AUTO_TEST_CASE(squareness_has_its_letters_where_the_machine_has_its_corners_and_a_diagonal_of_150) {
    const figure f = squareness(120, 90, -1);
    const strokes& lines = f.layers.at(0).lines;
    BOOST_TEST((lines.at(0) == polyline{{-60, 45}, {60, 45}, {60, -45}, {-60, -45}, {-60, 45}})); // A D C B
    BOOST_TEST(std::hypot(lines[0][2].x - lines[0][0].x, lines[0][2].y - lines[0][0].y) == 150);
    BOOST_TEST((lines.at(1) == polyline{{-63, 45}, {-57, 45}})); // at A
    BOOST_TEST((squareness(120, 90, 1).layers[0].lines[0][0] == point{-60, -45}));
}

BOOST_AUTO_TEST_CASE(a_reversal_finds_a_lean_of_0_4_degrees_however_the_sheet_lies) {
    const reversal r;
    const figure f = reversal_pattern(r);
    BOOST_TEST(f.layers.size() == 2);
    BOOST_TEST(kf::drawing::read_layer_control(f.layers[1].name).pause);
    const double tangent = std::tan(0.4 * 3.14159265358979 / 180);
    struct laid {
        double turned;
        mm x, y;
    };
    for (const laid by : {laid{0, 0, 0}, laid{0.5, 1.3, -0.7}, laid{-1, -0.8, 1.2}}) {
        const affine sheet = kf::drawing::translation(by.x, by.y) * kf::drawing::rotation(90 + by.turned);
        const strokes first = mapped(leaning(f.layers[0].lines, tangent), sheet);
        const strokes second = leaning(f.layers[1].lines, tangent);
        // Teeth by where they lie: within 6 mm of a station, beyond it or before it.
        const auto station = [&](bool on_x, mm at) {
            const auto teeth = [&](const strokes& ink, bool before) {
                strokes picked;
                for (polyline line : ink) {
                    if (on_x)
                        for (point& p : line) std::swap(p.x, p.y);
                    const mm y = (line.front().y + line.back().y) / 2, length = std::fabs(line[0].y - line.back().y);
                    if (line.size() == 2 && length > 2 && length < 6 && std::fabs(y - at) < 6 && (y < at) == before)
                        picked.push_back(line);
                }
                return cal_test::teeth_along_x(picked, 0.5);
            };
            // The teeth meet at the station's line: read there, not at their middles.
            const auto main = teeth(first, false), other = teeth(second, true);
            BOOST_TEST_REQUIRE(main.size() == 20u);
            BOOST_TEST_REQUIRE(other.size() == 11u);
            // The displacement itself, without a reader's division: zero to zero.
            return other.at(0) - main.at(5);
        };
        const double found =
            r.lean(station(true, r.near), station(true, r.leg), station(false, r.near), station(false, r.leg));
        BOOST_TEST(std::fabs(found - tangent) < 2e-4);
    }
}

BOOST_AUTO_TEST_CASE(speeds_are_feeds_of_their_layers_between_the_halves_of_a_cross) {
    const figure f = speed_test({100}, {10, 40}, 6);
    BOOST_TEST(f.layers.size() == 5);
    BOOST_TEST(f.layers[0].name == "witness before");
    BOOST_TEST((f.layers[1].lines == strokes{{{0, 0}, {100, 0}}}));
    BOOST_TEST(f.layers[1].feed.value() == 10);
    BOOST_TEST((f.layers[2].lines == strokes{{{0, 6}, {100, 6}}}));
    BOOST_TEST(f.layers[2].feed.value() == 40);
    BOOST_TEST(f.layers[3].name == "witness after");
    // The halves meet in one point, and are each other's other half.
    BOOST_TEST((f.layers[0].lines == strokes{{{-12, -5}, {-12, 0}}, {{-17, 0}, {-12, 0}}}));
    BOOST_TEST((f.layers[3].lines == strokes{{{-12, 0}, {-12, 5}}, {{-12, 0}, {-7, 0}}}));
    BOOST_TEST((speeds_up_to(80, 4) == std::vector<kf::mm_per_s>{20, 40, 60, 80}));
}

BOOST_AUTO_TEST_CASE(no_axis_turns_back_in_the_stairs_of_an_acceleration_test) {
    const figure f = acceleration_test(60, 80);
    for (std::size_t k = 0; k < 6; ++k) {
        const polyline& line = f.layers.at(k + 1).lines.at(0);
        BOOST_TEST(line.size() == 1 + (2u << k));
        BOOST_TEST(f.layers[k + 1].feed.value() == 80);
        for (std::size_t i = 1; i < line.size(); ++i) {
            const mm dx = line[i].x - line[i - 1].x, dy = line[i].y - line[i - 1].y;
            BOOST_TEST(dx + dy == 60.0 / (1 << k), boost::test_tools::tolerance(1e-9));
            BOOST_TEST(dx * dy == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(corners_have_their_angles) {
    const std::vector<double> angles{15, 90, 150};
    const strokes lines = corner_test(angles, 8).layers.at(0).lines;
    for (std::size_t k = 0; k < angles.size(); ++k) {
        const polyline& p = lines.at(k);
        BOOST_TEST(p.size() == 5);
        const auto turn =
            std::acos(((p[0].x - p[1].x) * (p[2].x - p[1].x) + (p[0].y - p[1].y) * (p[2].y - p[1].y)) / 64);
        BOOST_TEST(turn * 180 / 3.14159265358979 == angles[k], boost::test_tools::tolerance(1e-9));
    }
}

BOOST_AUTO_TEST_CASE(fine_lines_are_as_far_apart_as_told) {
    const strokes lines = fine_detail({0.2, 1}, 10).layers.at(0).lines;
    BOOST_TEST(lines.size() == 12);
    BOOST_TEST((lines[0] == polyline{{0, 0}, {0, 10}}));
    BOOST_TEST(lines[1][0].x == 0.2);
    BOOST_TEST(lines[6][0].x == 7.0); // 5 gaps of 0.2, and 6
    BOOST_TEST(lines[7][0].x == 8.0);
}

BOOST_AUTO_TEST_CASE(dots_come_down_step_by_step_to_the_work_height_and_no_deeper) {
    const figure f = z_touch(0.1, 3, 2, 5);
    BOOST_TEST(f.pens.size() == 3);
    const std::vector<double> heights{0.2, 0.1, 0};
    for (std::size_t k = 0; k < 3; ++k) {
        BOOST_TEST(std::fabs(f.pens[k].height - heights[k]) < 1e-12);
        BOOST_TEST(f.layers[k].pen == f.pens[k].name);
        const mm y = 5.0 * static_cast<double>(k);
        BOOST_TEST((f.layers[k].lines == strokes{{{0, y}}, {{5, y}}}));
    }
}

BOOST_AUTO_TEST_CASE(every_pattern_of_the_table_is_a_job_for_the_simulated_machine) {
    const auto m = kf::machine::sim_machine();
    std::set<std::string_view> names, taken;
    for (const pattern_row& row : patterns()) {
        BOOST_TEST_CONTEXT(row.name) {
            BOOST_TEST(names.insert(row.name).second);
            for (const pattern_number& n : row.numbers) {
                BOOST_TEST(find_pattern_option(n.option) != nullptr);
                taken.insert(n.option);
                for (const double v : n.otherwise) BOOST_TEST((n.min <= v && v <= n.max));
                for (const double v : n.on_sheet) BOOST_TEST((n.min <= v && v <= n.max));
            }
            pattern_values values = default_values(row, pattern_use::alone);
            values.tool = m.tools[0].name;
            values.second = m.tools[1].name;
            figure f = row.make(values, m);
            for (const layer& l : f.layers) {
                const auto control = kf::drawing::read_layer_control(l.name);
                BOOST_TEST(!control.changes_pen());
                const bool second = row.name == std::string_view("reversal") && &l == &f.layers[1];
                BOOST_TEST(control.pause == second);
            }
            const auto ink = kf::drawing::ink_of(f).value();
            BOOST_TEST(ink.width() <= m.canvas.width_mm);
            BOOST_TEST(ink.height() <= m.canvas.height_mm);
            f = moved(std::move(f), {-ink.left, -ink.top});
            const kf::job::composed_job job(std::move(f), {.tool = values.tool});
            const auto summary = kf::run::check_job(kf::job::stroke_source(job.operations()), m, {});
            if (!summary) BOOST_FAIL(summary.error().what << ": " << summary.error().cause);
            for (const auto& w : summary->warnings) BOOST_ERROR(row.name << ": " << w.what);
        }
    }
    for (const pattern_option& o : pattern_options()) BOOST_TEST(taken.contains(std::string_view(o.name)));
    BOOST_TEST(names.size() == 22u);
}

BOOST_AUTO_TEST_CASE(no_pattern_has_the_pen_wait_on_the_paper_at_any_feed) {
    auto m = kf::machine::sim_machine();
    m.motion.max_velocity_mm_s = 200;
    for (const kf::mm_per_s feed : {20.0, 33.0, 60.0, 200.0})
        for (const double turn : {8.0, 32.0, 40.0}) {
            m.steppers.xy_rotation_distance = turn;
            for (const pattern_row& row : patterns())
                BOOST_TEST_CONTEXT(row.name << " at " << feed << ", " << turn << " mm a turn") {
                    pattern_values values = default_values(row, pattern_use::alone);
                    values.tool = m.tools[0].name;
                    values.second = m.tools[1].name;
                    values.feed = feed;
                    figure f = row.make(values, m);
                    const auto ink = kf::drawing::ink_of(f).value();
                    f = moved(std::move(f), {-ink.left, -ink.top});
                    const kf::job::composed_job job(std::move(f), {.tool = values.tool, .feed = feed});
                    const auto summary = kf::run::check_job(kf::job::stroke_source(job.operations()), m, {});
                    if (!summary) BOOST_FAIL(summary.error().what << ": " << summary.error().cause);
                    for (const auto& w : summary->warnings) BOOST_ERROR(w.what);
                }
        }
}

BOOST_AUTO_TEST_CASE(what_turns_no_axis_back_fast_keeps_its_feed_and_the_rest_is_told) {
    auto m = kf::machine::sim_machine();
    m.steppers.xy_rotation_distance = 32;
    pattern_values values{.size = 50, .tool = m.tools[0].name, .feed = 60};
    const figure plain = find_pattern("square")->make(values, m);
    BOOST_TEST(!plain.layers.at(0).feed.has_value());
    BOOST_TEST(plain.notes.empty());
    values.angles = {15};
    values.size = 8;
    const figure zigzag = find_pattern("corner-test")->make(values, m);
    BOOST_TEST(zigzag.layers.at(0).feed.value() == 32);
    BOOST_TEST(zigzag.notes.at(0).text.find("32 mm/s") != std::string::npos);
    m.steppers.direction_reversal_pause_s = 0; // its motors turn back at any speed
    BOOST_TEST(!find_pattern("corner-test")->make(values, m).layers.at(0).feed.has_value());
}

BOOST_AUTO_TEST_CASE(nothing_on_the_sheet_lies_on_anything_else) {
    const auto m = kf::machine::sim_machine();
    std::vector<std::pair<std::string, kf::drawing::rectangle>> blocks;
    const figure f = pattern_sheet(m);
    for (const layer& l : f.layers) {
        const auto ink = kf::drawing::ink_of(figure{.layers = {l}}).value();
        const std::string block = l.name.substr(0, l.name.find(':'));
        BOOST_TEST(kf::drawing::overhang(ink, {5, 5, m.canvas.width_mm - 5, m.canvas.height_mm - 5}) < 1e-9);
        if (block == "words") continue;
        if (blocks.empty() || blocks.back().first != block) blocks.emplace_back(block, ink);
        auto& r = blocks.back().second;
        r = {std::min(r.left, ink.left), std::min(r.top, ink.top), std::max(r.right, ink.right),
             std::max(r.bottom, ink.bottom)};
    }
    BOOST_TEST(blocks.size() >= 15u);
    for (std::size_t i = 0; i < blocks.size(); ++i)
        for (std::size_t k = i + 1; k < blocks.size(); ++k) {
            const auto &a = blocks[i].second, &b = blocks[k].second;
            const bool apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
            BOOST_CHECK_MESSAGE(apart, blocks[i].first << " lies on " << blocks[k].first);
        }
    // A small canvas has what fits, and says what does not.
    auto small = m;
    small.canvas.width_mm = small.canvas.height_mm = 90;
    const figure less = pattern_sheet(small);
    BOOST_TEST(less.layers.size() > 2u);
    BOOST_TEST(less.notes.at(0).text.find("ruler-x") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_sheet_is_never_words_alone_and_never_metres_wide) {
    auto m = kf::machine::sim_machine();
    m.canvas.width_mm = 40;
    m.canvas.height_mm = 30;
    const figure none = pattern_sheet(m);
    BOOST_TEST(!kf::drawing::ink_of(none));
    BOOST_TEST(none.notes.size() == 1u);
    m.canvas.width_mm = 1900;
    m.canvas.height_mm = 1400;
    const figure large = pattern_sheet(m);
    BOOST_TEST(large.notes.empty());
    BOOST_TEST(kf::drawing::ink_of(large).value().width() <= 420);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace patterns_test
