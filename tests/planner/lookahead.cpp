// SPDX-License-Identifier: MIT
// The figures in tests/planner/data are Klipper's own (v0.13.0-730): every move of 13 files, and of files of random
// mixed features. What the planner promises beyond them is checked as physics: nothing faster than its limits.
#include "planner_data.hpp"

#include <kf/io/ascii.hpp>
#include <kf/planner/estimate.hpp>
#include <kf/planner/gcode_line.hpp>
#include <kf/planner/gcode_motion.hpp>
#include <kf/planner/lookahead.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <cmath>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace lookahead_test {

using namespace kf;
using namespace kf::planner;
using kf::test::planner_data;
using kf::test::text_of;

std::vector<boost::json::object> records_of(const std::string& path) {
    std::vector<boost::json::object> records;
    gzFile file = gzopen(path.c_str(), "rb");
    BOOST_REQUIRE_MESSAGE(file != nullptr, path);
    std::vector<char> line(4096);
    while (gzgets(file, line.data(), static_cast<int>(line.size())) != nullptr)
        records.push_back(boost::json::parse(line.data()).as_object());
    gzclose(file);
    return records;
}

/// A whole text through the interpreter, which goes on after an error as Klipper does.
struct run_of {
    std::vector<planned_move> moves;
    std::vector<std::string> errors;
    std::vector<std::string> unknown;
    seconds total = 0;

    run_of(const std::string& gcode, const motion_limits& limits) {
        gcode_motion machine(limits);
        const auto keep = [&](const planned_move& m) { moves.push_back(m); };
        std::istringstream in(gcode);
        for (std::string text; std::getline(in, text);) {
            const gcode_line line(text);
            const auto effect = machine.run(line, keep);
            if (!effect)
                errors.emplace_back(io::trim(effect.error()));
            else if (*effect == gcode_effect::unknown)
                unknown.push_back(line.upper_command());
        }
        machine.planner().stop(keep);
        total = machine.planner().time();
    }
};

double number_of(const boost::json::value& v) { return v.to_number<double>(); }

void same_moves(const std::vector<planned_move>& ours, const std::vector<boost::json::object>& truth) {
    BOOST_REQUIRE_EQUAL(ours.size(), truth.size());
    double worst = 0;
    const auto near = [&](double a, const boost::json::value& b) {
        worst = std::max(worst, std::abs(a - number_of(b)));
    };
    for (std::size_t i = 0; i < ours.size(); ++i) {
        const planned_move& m = ours[i];
        const boost::json::object& t = truth[i];
        near(m.end.x, t.at("end").at(0));
        near(m.end.y, t.at("end").at(1));
        near(m.end.z, t.at("end").at(2));
        near(m.distance, t.at("d"));
        near(m.start_v, t.at("start_v"));
        near(m.cruise_v, t.at("cruise_v"));
        near(m.end_v, t.at("end_v"));
        near(m.accel_t, t.at("accel_t"));
        near(m.cruise_t, t.at("cruise_t"));
        near(m.decel_t, t.at("decel_t"));
        near(m.accel / 1e3, boost::json::value(number_of(t.at("accel")) / 1e3));
        BOOST_REQUIRE_MESSAGE(worst < 1e-9, "move " << i + 1 << " differs by " << worst);
    }
}

void same_as_klipper(const std::string& name) {
    BOOST_TEST_CONTEXT(name) {
        const run_of ours(text_of(planner_data + name + ".gcode"), motion_limits{});
        BOOST_TEST(ours.errors.empty());
        same_moves(ours.moves, records_of(planner_data + "moves/" + name + ".jsonl.gz"));
    }
}

BOOST_AUTO_TEST_SUITE(lookahead_)

BOOST_AUTO_TEST_CASE(plans_each_move_of_the_measured_files_as_klipper_does) {
    for (const char* name : {"circle360", "collinear1000", "dense10k", "dwell", "feeds", "lines", "min_cruise",
                             "pen_strokes", "spiral", "square", "velocity_limit", "xyz_diag", "zigzag_short"})
        same_as_klipper(name);
}

BOOST_AUTO_TEST_CASE(random_gcode_moves_fails_and_is_unknown_as_in_klipper) {
    const auto truth = boost::json::parse(text_of(planner_data + "mixed.json")).at("files").as_object();
    BOOST_TEST(truth.size() == 3U);
    for (const auto& [file, t] : truth) {
        const std::string name(file);
        motion_limits limits;
        for (const auto& [limit, value] : t.at("limits").as_object())
            BOOST_REQUIRE(set_limit(limits, fmt::format("{}={}", std::string_view(limit), number_of(value))));
        BOOST_TEST_CONTEXT(name) {
            const run_of ours(text_of(planner_data + name), limits);
            same_moves(ours.moves, records_of(planner_data + "moves/" + name.substr(0, name.find('.')) + ".jsonl.gz"));
            BOOST_CHECK_CLOSE(ours.total, number_of(t.at("total_time")), 1e-10);
            const auto errors = boost::json::value_to<std::vector<std::string>>(t.at("errors"));
            const auto unknown = boost::json::value_to<std::vector<std::string>>(t.at("unknown"));
            BOOST_TEST(ours.errors == errors, boost::test_tools::per_element());
            BOOST_TEST(ours.unknown == unknown, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_lone_move_is_a_trapezoid) {
    lookahead planner;
    std::vector<planned_move> out;
    const auto keep = [&](const planned_move& m) { out.push_back(m); };
    BOOST_TEST(planner.move_to({20, 0, 0}, 100, keep, 7));
    BOOST_TEST(out.empty());
    BOOST_TEST(planner.pending() == 1U);
    BOOST_TEST(planner.stop(keep));
    BOOST_REQUIRE_EQUAL(out.size(), 1U);
    const planned_move& m = out[0];
    BOOST_TEST(m.tag == 7U);
    BOOST_TEST(m.cruise_v == 100);
    // 0..100 mm/s at 3000 mm/s2: 1/30 s and 5/3 mm on each side
    BOOST_CHECK_CLOSE(m.accel_t, 1.0 / 30, 1e-10);
    BOOST_CHECK_CLOSE(m.cruise_t, (20 - 10.0 / 3) / 100, 1e-10);
    BOOST_CHECK_CLOSE(planner.time(), m.duration(), 1e-12);
}

BOOST_AUTO_TEST_CASE(tells_place_and_speed_at_any_time_of_a_move) {
    lookahead planner;
    planned_move m;
    const auto keep = [&](const planned_move& one) { m = one; };
    planner.move_to({12, 16, 0}, 100, keep);
    planner.stop(keep);
    BOOST_TEST((position_at(m, -1) == xyz{0, 0, 0}));
    BOOST_CHECK_CLOSE(distance_at(m, 0.02), 0.5 * 3000 * 0.02 * 0.02, 1e-9);
    BOOST_CHECK_CLOSE(speed_at(m, 0.02), 60, 1e-9);
    BOOST_CHECK_CLOSE(distance_at(m, m.accel_t + 0.05), 5.0 / 3 + 5, 1e-9);
    BOOST_CHECK_CLOSE(position_at(m, m.accel_t + 0.05).x, (5.0 / 3 + 5) * 0.6, 1e-9);
    BOOST_CHECK_CLOSE(position_at(m, m.accel_t + 0.05).y, (5.0 / 3 + 5) * 0.8, 1e-9);
    BOOST_TEST(speed_at(m, m.accel_t + 0.05) == 100);
    BOOST_CHECK_CLOSE(20 - distance_at(m, m.duration() - 0.01), 0.5 * 3000 * 0.01 * 0.01, 1e-6);
    BOOST_CHECK_CLOSE(speed_at(m, m.duration() - 0.01), 30, 1e-6);
    BOOST_TEST((position_at(m, m.duration()) == m.end));
    BOOST_TEST((position_at(m, 1e9) == m.end));
    BOOST_TEST(speed_at(m, 1e9) == 0);
}

BOOST_AUTO_TEST_CASE(a_right_angle_is_taken_at_the_square_corner_velocity) {
    motion_limits limits;
    limits.square_corner_velocity = 8;
    lookahead planner(limits);
    std::vector<planned_move> out;
    const auto keep = [&](const planned_move& m) { out.push_back(m); };
    planner.move_to({50, 0, 0}, 100, keep);
    planner.move_to({50, 50, 0}, 100, keep);
    planner.stop(keep);
    BOOST_REQUIRE_EQUAL(out.size(), 2U);
    BOOST_CHECK_CLOSE(out[0].end_v, 8, 1e-9);
    BOOST_CHECK_CLOSE(out[1].start_v, 8, 1e-9);
    BOOST_TEST(out[1].at == out[0].duration());
}

BOOST_AUTO_TEST_CASE(a_reversal_is_a_stop) {
    lookahead planner;
    std::vector<planned_move> out;
    const auto keep = [&](const planned_move& m) { out.push_back(m); };
    planner.move_to({50, 0, 0}, 100, keep);
    planner.move_to({0, 0, 0}, 100, keep);
    planner.stop(keep);
    BOOST_REQUIRE_EQUAL(out.size(), 2U);
    BOOST_TEST(out[0].end_v == 0);
    BOOST_TEST(out[1].start_v == 0);
}

BOOST_AUTO_TEST_CASE(a_move_too_short_to_be_one_leaves_the_position_alone) {
    lookahead planner;
    const auto none = [](const planned_move&) { BOOST_ERROR("a move"); };
    BOOST_TEST(!planner.move_to({0, 0, 0}, 100, none));
    BOOST_TEST(!planner.move_to({9e-10, 0, 0}, 100, none));
    BOOST_TEST((planner.position() == xyz{0, 0, 0}));
    BOOST_TEST(!planner.stop(none));
}

BOOST_AUTO_TEST_CASE(a_dwell_stops_and_takes_its_time) {
    lookahead planner;
    std::vector<planned_move> out;
    const auto keep = [&](const planned_move& m) { out.push_back(m); };
    planner.move_to({50, 0, 0}, 100, keep);
    planner.dwell(0.25, keep);
    planner.move_to({100, 0, 0}, 100, keep);
    planner.stop(keep);
    BOOST_REQUIRE_EQUAL(out.size(), 2U);
    BOOST_TEST(out[0].end_v == 0);
    BOOST_CHECK_CLOSE(out[1].at, out[0].duration() + 0.25, 1e-10);
}

BOOST_AUTO_TEST_CASE(dropped_moves_never_come_out) {
    lookahead planner;
    const auto none = [](const planned_move&) { BOOST_ERROR("a move"); };
    planner.move_to({50, 0, 0}, 100, none);
    planner.drop();
    BOOST_TEST(planner.pending() == 0U);
    BOOST_TEST(!planner.stop(none));
    BOOST_TEST(planner.time() == 0);
    BOOST_TEST((planner.position() == xyz{50, 0, 0}));
}

BOOST_AUTO_TEST_CASE(random_paths_keep_every_limit_and_never_jump) {
    std::mt19937 random(20260807);
    const auto between = [&](double a, double b) {
        return a + (b - a) * (static_cast<double>(random()) / 4294967295.0);
    };
    for (int round = 0; round < 40; ++round) {
        motion_limits limits;
        limits.max_velocity = between(20, 500);
        limits.max_accel = between(100, 10000);
        limits.square_corner_velocity = between(0.1, 20);
        limits.minimum_cruise_ratio = between(0, 0.9);
        limits.max_z_velocity = between(1, 50);
        limits.max_z_accel = between(10, 500);
        lookahead planner(limits);
        xyz at;
        double v = 0;
        double t = 0;
        std::size_t count = 0;
        const auto check = [&](const planned_move& m) {
            ++count;
            BOOST_REQUIRE(m.start == at);
            // A junction has one speed, and no part takes less than no time.
            BOOST_REQUIRE_SMALL(m.start_v - v, 1e-6);
            BOOST_REQUIRE_SMALL(m.at - t, 1e-9);
            BOOST_REQUIRE_GE(m.accel_t, 0);
            BOOST_REQUIRE_GE(m.cruise_t, -1e-9);
            BOOST_REQUIRE_GE(m.decel_t, 0);
            BOOST_REQUIRE_LE(m.cruise_v, limits.max_velocity * (1 + 1e-12));
            BOOST_REQUIRE_LE(m.cruise_v * std::abs(m.direction.z), *limits.max_z_velocity * (1 + 1e-9));
            BOOST_REQUIRE_LE(m.accel * std::abs(m.direction.z), *limits.max_z_accel * (1 + 1e-9));
            const double covered = (m.start_v + m.cruise_v) / 2 * m.accel_t + m.cruise_v * m.cruise_t +
                                   (m.cruise_v + m.end_v) / 2 * m.decel_t;
            BOOST_REQUIRE_SMALL(covered - m.distance, 1e-9);
            at = m.end;
            v = m.end_v;
            t = m.at + m.duration();
        };
        std::size_t queued = 0;
        xyz to;
        for (int i = 0; i < 3000; ++i) {
            const double step = std::pow(10.0, between(-3, 2));
            to = {to.x + between(-step, step), to.y + between(-step, step), to.z + (i % 7 == 0 ? between(-1, 1) : 0.0)};
            if (planner.move_to(to, between(1, 600), check)) ++queued;
        }
        planner.stop(check);
        BOOST_TEST(v == 0);
        BOOST_TEST(count == queued);
    }
}

BOOST_AUTO_TEST_CASE(memory_stays_bounded_on_a_path_of_micrometres) {
    // 400 000 moves of 0.1 um inside one braking distance: Klipper would keep them all.
    motion_limits limits;
    limits.max_velocity = 500;
    limits.max_accel = 500;
    lookahead planner(limits);
    std::size_t count = 0;
    std::size_t most = 0;
    double v = 0;
    bool smooth = true;
    const auto check = [&](const planned_move& m) {
        ++count;
        smooth = smooth && std::abs(m.start_v - v) < 1e-6;
        v = m.end_v;
    };
    for (int i = 1; i <= 400000; ++i) {
        planner.move_to({i * 1e-4, 0, 0}, 500, check);
        most = std::max(most, planner.pending());
    }
    planner.stop(check);
    BOOST_TEST(count == 400000U);
    BOOST_TEST(most <= lookahead::most_pending);
    BOOST_TEST(smooth);
    BOOST_TEST(v == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace lookahead_test
