// SPDX-License-Identifier: MIT
// Whether uncertainties are honest: each kind of calibration on a simulated machine whose faults are known, a hundred
// times with other noise. The readings come from its ink. The truth must lie within U95 about 95 times, neither always
// nor rarely, and within a third of it as often as that share has it.
#include "../simulated_klippy.hpp"
#include "hundred_seeds.hpp"
#include "sheet_on_a_wrong_machine.hpp"

#include <kf/cal/endstop_statistics.hpp>
#include <kf/cal/grid_decision.hpp>
#include <kf/cal/height_search.hpp>
#include <kf/cal/plane_fit.hpp>
#include <kf/cal/scale.hpp>
#include <kf/cal/squareness.hpp>
#include <kf/sim/noise.hpp>
#include <kf/sim/observer.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace coverage_test {

using namespace kf;
using sim::axis;
using test::covers;
using test::found;
using test::of;
using test::sheet_on_a_wrong_machine;
using test::wrong_but_for_scale;
using test::wrong_in_every_way;

template<class T>
T taken(result<T> r) {
    BOOST_REQUIRE_MESSAGE(r.has_value(), r.error().what);
    return *std::move(r);
}

found scale_with(const cal::instrument& with, axis a, int marks, mm length, std::uint64_t seed) {
    sheet_on_a_wrong_machine paper(wrong_in_every_way());
    for (int k = 0; k < marks; ++k) paper.tick(a, 20 + length * k / (marks - 1), 40, 8, -3);
    sim::observer eyes(seed, with);
    const auto ticks = sim::ticks_of(sim::straight_marks(paper.ink()), a);
    BOOST_REQUIRE_EQUAL(ticks.size(), static_cast<std::size_t>(marks));
    const mm laid = eyes.lays(0.5);
    std::vector<cal::mark> read;
    for (int k = 0; k < marks; ++k)
        read.push_back(
            {length * k / (marks - 1), eyes.reads(laid + sim::along(a, ticks[static_cast<std::size_t>(k)].middle()) -
                                                  sim::along(a, ticks[0].middle()))});
    return of(taken(cal::scale_of(read, with)).factor, 1.01);
}

BOOST_AUTO_TEST_SUITE(coverage_of_uncertainties)

BOOST_AUTO_TEST_CASE(of_the_scale_by_a_ruler) {
    const cal::instrument& ruler = *cal::find_instrument("ruler");
    covers("scale of X by a ruler", [&](auto seed) { return scale_with(ruler, axis::x, 7, 210, seed); });
    covers("scale of Y by a ruler", [&](auto seed) { return scale_with(ruler, axis::y, 7, 300, seed); });
}

BOOST_AUTO_TEST_CASE(of_the_scale_by_finer_instruments) {
    covers("scale by a film", [&](auto seed) { return scale_with(cal::instruments[2], axis::x, 7, 210, seed); });
    covers("scale by a caliper", [&](auto seed) { return scale_with(cal::instruments[0], axis::x, 7, 140, seed); });
    covers("scale by two marks", [&](auto seed) { return scale_with(cal::instruments[1], axis::x, 2, 210, seed); });
}

BOOST_AUTO_TEST_CASE(of_a_machine_that_is_right) {
    // What is not wrong is found to be wrong about five times in a hundred, and hardly ever by much.
    int applied = 0;
    const cal::instrument& with = *cal::find_instrument("film");
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        sheet_on_a_wrong_machine paper{sim::mechanics{}};
        for (int k = 0; k < 7; ++k) paper.tick(axis::x, 20 + 33.3 * k, 40, 8, -3);
        sim::observer eyes(seed, with);
        std::vector<cal::mark> read;
        for (const sim::straight& t : sim::ticks_of(sim::straight_marks(paper.ink()), axis::x))
            read.push_back({t.middle().x, eyes.reads(t.middle().x)});
        const cal::decision d = cal::decide(taken(cal::scale_of(read, with)).factor, 1);
        applied += d.applies();
        BOOST_TEST(std::fabs(d.correction) < 0.002);
    }
    BOOST_TEST(applied <= 10);
    BOOST_TEST(applied >= 1);
}

BOOST_AUTO_TEST_CASE(of_squareness_by_diagonals) {
    const double truth = cal::to_tangent(0.4);
    for (const char* name : {"ruler", "caliper"}) {
        const cal::instrument& with = *cal::find_instrument(name);
        const mm side = with.name == "caliper" ? 100 : 200; // diagonals of 100 mm fit a caliper
        covers("squareness by diagonals", [&](auto seed) {
            sheet_on_a_wrong_machine paper(wrong_in_every_way());
            for (const mm y : {30.0, 30 + side})
                for (const mm x : {30.0, 30 + side}) paper.cross(x, y);
            const auto c = *sim::corners_of(sim::crosses_of(sim::straight_marks(paper.ink())));
            sim::observer eyes(seed, with);
            const double u = with.of_reading().u;
            // One after the other: compilers differ in the order of arguments, and so the noise would.
            const mm along = eyes.reads(c.a, c.d), falling = eyes.reads(c.b, c.d), rising = eyes.reads(c.a, c.c);
            return of(taken(cal::lean_by_diagonals({rising, u}, {falling, u}, {along, u})), truth);
        });
    }
}

BOOST_AUTO_TEST_CASE(of_squareness_by_a_triangle) {
    const cal::instrument& with = *cal::find_instrument("film");
    covers("squareness by 3-4-5", [&](auto seed) {
        sheet_on_a_wrong_machine paper(wrong_in_every_way());
        paper.cross(20, 30);
        paper.cross(220, 30);
        paper.cross(220, 180);
        const auto c = *sim::corners_of(sim::crosses_of(sim::straight_marks(paper.ink())));
        sim::observer eyes(seed, with);
        const double u = with.of_reading().u;
        const mm across = eyes.reads(c.a, c.c), up = eyes.reads(c.d, c.c), along = eyes.reads(c.a, c.d);
        return of(taken(cal::lean_by_triangle({along, u}, {up, u}, {across, u})), cal::to_tangent(0.4));
    });
}

BOOST_AUTO_TEST_CASE(of_squareness_by_reversal) {
    const cal::instrument& with = *cal::find_instrument("caliper");
    constexpr mm leg = 150;
    covers("squareness by reversal", [&](auto seed) {
        sheet_on_a_wrong_machine paper(wrong_in_every_way());
        paper.line(20, 20, 20 + leg, 20);
        paper.line(20, 20, 20, 20 + leg);
        const auto& ink = paper.ink();
        // The first L turned by 90 degrees about its corner, its Y leg laid along X: its X leg against the second L's Y
        // leg.
        const auto leg_of = [&](std::size_t i) {
            const auto& p = ink.at(i).points;
            return drawing::point{p.back().x - p.front().x, p.back().y - p.front().y};
        };
        const drawing::point x = leg_of(0), y = leg_of(1);
        const double turn = std::atan2(0.0, -1.0) - std::atan2(y.y, y.x); // the Y leg to the left, along -X
        const drawing::point old{x.x * std::cos(turn) - x.y * std::sin(turn),
                                 x.x * std::sin(turn) + x.y * std::cos(turn)};
        sim::observer eyes(seed, with);
        const mm aside = eyes.reads(y.x - old.x);
        return of(taken(cal::lean_by_reversal({aside, with.of_reading().u}, leg * 1.01)), cal::to_tangent(0.4));
    });
}

found backlash_of(axis a, std::uint64_t seed) {
    const cal::instrument& with = *cal::find_instrument("vernier");
    sheet_on_a_wrong_machine paper(wrong_in_every_way());
    for (int k = 0; k < 5; ++k) {
        paper.comb(a, 100, 30.0 + 20 * k, false, 3);
        paper.comb(a, 100, 30.0 + 20 * k, true, -3);
    }
    sim::observer eyes(seed, with);
    std::vector<double> read;
    for (const sim::comb_pair& pair : sim::combs_of(sim::straight_marks(paper.ink()), a))
        read.push_back(-cal::displacement({1, 20}, eyes.meets(pair)));
    BOOST_REQUIRE_EQUAL(read.size(), 5u);
    return of(taken(cal::mean_of(read, with.resolution)), 0.15);
}

BOOST_AUTO_TEST_CASE(of_backlash) {
    covers("backlash of X", [](auto seed) { return backlash_of(axis::x, seed); });
    covers("backlash of Y", [](auto seed) { return backlash_of(axis::y, seed + 100); });
}

found offset_of(axis a, std::uint64_t seed) {
    const cal::instrument& with = *cal::find_instrument("vernier");
    sim::mechanics m = wrong_but_for_scale();
    sim::noise put_in(seed ^ 0x5eed); // a pen sits in its holder a little otherwise each time
    m.holders[1].x += put_in.within(0.05);
    m.holders[1].y += put_in.within(0.05);
    const mm truth = a == axis::x ? m.holders[1].x : m.holders[1].y;
    sheet_on_a_wrong_machine paper(m);
    for (const bool second : {false, true}) {
        paper.down = second ? 0 : 20;
        for (int k = 0; k < 4; ++k) paper.comb(a, 100, 40.0 + 25 * k, second, -3);
    }
    sim::observer eyes(seed, with);
    std::vector<double> read;
    for (const sim::comb_pair& pair : sim::combs_of(sim::straight_marks(paper.ink()), a))
        read.push_back(cal::displacement({1, 20}, eyes.meets(pair)));
    BOOST_REQUIRE_EQUAL(read.size(), 4u);
    return of(taken(cal::mean_of(read, with.resolution)), truth);
}

BOOST_AUTO_TEST_CASE(of_a_tool_offset) {
    covers("offset along X", [](auto seed) { return offset_of(axis::x, seed); });
    covers("offset along Y", [](auto seed) { return offset_of(axis::y, seed + 100); });
}

/// The height at a place, found by dips beside each other whose marks are looked for; no two touch alike.
cal::measurement height_at(sheet_on_a_wrong_machine& paper, mm x, mm y, sim::observer& eyes) {
    cal::height_search search = taken(cal::height_search::begin({.clear = 10, .floor = 22, .step = 0.5}));
    for (int dip = 0; search.now() != cal::height_search::state::found; ++dip) {
        BOOST_REQUIRE(search.now() != cal::height_search::state::at_floor);
        const drawing::point at{x + 0.2 * dip, y};
        paper.dip(at.x, at.y, search.next() + eyes.unevenness(search.plan().paper));
        search.answer(sim::has_ink(paper.ink(), at, 0.05) ? cal::seen::touching : cal::seen::clear);
    }
    return search.touch();
}

BOOST_AUTO_TEST_CASE(of_the_touch) {
    covers("touch of one tool", [](auto seed) {
        sim::mechanics m;
        const mm truth = 19.37 + sim::noise(seed ^ 0x5eed).within(0.05);
        m.holders = {{{truth, 1}}};
        sheet_on_a_wrong_machine paper(m);
        sim::observer eyes(seed, cal::instruments[0]);
        return of(height_at(paper, 100, 100, eyes), truth);
    });
}

BOOST_AUTO_TEST_CASE(of_a_bed) {
    const sim::mechanics m = [] {
        sim::mechanics sloping;
        sloping.holders = {{{19.37, 1}}};
        sloping.bed_slope = {0.0008, -0.0005};
        return sloping;
    }();
    const auto fit = [&](std::uint64_t seed) {
        sheet_on_a_wrong_machine paper(m);
        sim::observer eyes(seed, cal::instruments[0]);
        std::vector<cal::bed_point> points;
        for (const double y : {40.0, 170.0, 300.0})
            for (const double x : {20.0, 110.0, 200.0}) points.push_back({x, y, height_at(paper, x, y, eyes).value});
        return taken(cal::fit_plane(points));
    };
    std::vector<cal::plane_fit> fits;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) fits.push_back(fit(seed));
    covers("slope of the bed along X", [&](auto seed) { return of(fits[seed - 1].along_x, 0.0008); });
    covers("slope along Y", [&](auto seed) { return of(fits[seed - 1].along_y, -0.0005); });
}

/// Homing on a klippy with its endstops; what the steps count.
BOOST_AUTO_TEST_CASE(of_an_endstop) {
    sim::printer_config config;
    config.add("endstop_phase");
    std::vector<cal::endstop_repeat> repeats;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        test::simulated_klippy k(config);
        sim::mechanics m = wrong_in_every_way();
        m.endstop_scatter = 0.02;
        k.klippy.machine().build(m, sim::ink::forgotten, seed);
        const int c = k.connect();
        std::vector<double> places;
        for (int cycle = 0; cycle < 10; ++cycle) {
            (void)k.script(c, fmt::format("{}G28 X\nM400", cycle == 0 ? "" : "G1 X30 F3000\n"));
            places.push_back(
                0.02 *
                k.status(c, "endstop_phase").at("last_home").at("stepper_x").at("mcu_position").to_number<double>());
        }
        repeats.push_back(taken(cal::endstop_of(places, 0.02)));
    }
    // The carriage stood 20 mm from the endstop when klippy began to count.
    covers("place of an endstop", [&](auto seed) { return of(repeats[seed - 1].place, -20); });
    covers("deviation of an endstop", [&](auto seed) { return of(repeats[seed - 1].deviation, 0.02); });
}

/// A tick in two halves, between which the axis runs there fast, and back as a drawing does.
bool halves_meet(const sim::mechanics& m, axis a, mm_per_s speed, mm_per_s2 accel, sim::observer& eyes) {
    sheet_on_a_wrong_machine paper(m);
    const auto go = [&](mm along, mm_per_s v) { a == axis::x ? paper.go(along, 50, v) : paper.go(50, along, v); };
    paper.accel = 1000;
    paper.tick(a, 100, 50, 4, -3);
    for (int run = 0; run < 3; ++run) { // one way only: what is lost there would be lost back, too
        paper.accel = accel;
        go(150, speed);
        paper.accel = 1000;
        go(100, 20);
    }
    paper.tick(a, 100, 50, -4, -3);
    const auto halves = sim::ticks_of(sim::straight_marks(paper.ink()), a);
    BOOST_REQUIRE_EQUAL(halves.size(), 2u);
    const drawing::point p = halves[0].middle(), q = halves[1].middle();
    return std::fabs(eyes.reads(std::fabs(sim::along(a, p) - sim::along(a, q)))) < 0.3;
}

BOOST_AUTO_TEST_CASE(of_speed_and_acceleration_within_their_grid) {
    int held = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        sim::observer eyes(seed, cal::instruments[2]);
        sim::mechanics m = wrong_in_every_way();
        const axis a = seed % 2 == 0 ? axis::x : axis::y;
        m.stall_speed = {61 + sim::noise(seed).within(10), 61 - sim::noise(seed + 1).within(10)};
        m.stall_accel = {4100 + sim::noise(seed).within(900), 4100 - sim::noise(seed + 1).within(900)};
        std::vector<cal::trial> speeds, accels;
        for (const double v : cal::trial_row(20, 80, 4)) speeds.push_back({v, halves_meet(m, a, v, 1000, eyes)});
        for (const double v : cal::trial_row(1000, 6000, 250)) accels.push_back({v, halves_meet(m, a, 40, v, eyes)});
        const std::size_t i = a == axis::x ? 0 : 1;
        held += taken(cal::decide_on_grid(speeds)).holds(m.stall_speed[i]) &&
                taken(cal::decide_on_grid(accels)).holds(m.stall_accel[i]);
    }
    BOOST_TEST(held == 100);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace coverage_test
