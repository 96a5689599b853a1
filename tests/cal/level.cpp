// SPDX-License-Identifier: MIT
#include <kf/cal/level_control.hpp>
#include <kf/cal/level_drawing.hpp>
#include <kf/cal/level_run.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/sink/recording.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

namespace level_test {

using namespace kf;

BOOST_AUTO_TEST_SUITE(level)

BOOST_AUTO_TEST_CASE(the_plan_has_6_7_4_4_and_5_checks_and_only_people_are_asked) {
    const std::vector<std::size_t> counts{6, 7, 4, 4, 5};
    std::set<std::string> names;
    for (int l = 1; l <= 5; ++l) {
        const auto rows = cal::rows_of_level(l);
        BOOST_TEST(rows.size() == counts[static_cast<std::size_t>(l - 1)]);
        for (const auto& r : rows) {
            BOOST_TEST(names.insert(r.name).second, r.name);
            if (l != 3 && l != 4) BOOST_TEST(r.asks.empty(), r.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_check_that_fails_ends_nothing_and_what_cannot_be_tried_is_no_pass) {
    recording_sink out;
    cal::level_report report;
    const auto ran = cal::run_level(
        cal::rows_of_level(2),
        [](const cal::level_row& r) -> result<cal::verdict> {
            if (r.check == cal::level_check::home_x) return cal::verdict_of(false, "homed nothing");
            if (r.check == cal::level_check::move_z) return kf::fail(errc::refused, "Z is not referenced");
            if (r.check == cal::level_check::rapid) return kf::fail(errc::failed, "Timer too close");
            return cal::verdict_of(true, "there");
        },
        out, report);
    BOOST_REQUIRE(ran);
    BOOST_TEST(report.passed == 4);
    BOOST_TEST(report.failed == 2);
    BOOST_TEST(report.left_out == 1);
    BOOST_TEST(report.not_run == 0);
    BOOST_TEST(!report.ok());
}

BOOST_AUTO_TEST_CASE(a_lost_printer_and_a_person_who_stops_it_end_a_level) {
    for (const errc code : {errc::connection_lost, errc::interrupted, errc::needs_person}) {
        recording_sink out;
        int tried = 0;
        cal::level_report report;
        const auto ran = cal::run_level(
            cal::rows_of_level(2),
            [&](const cal::level_row&) -> result<cal::verdict> {
                if (++tried == 1) return cal::verdict_of(true, "there");
                return kf::fail(code, "gone");
            },
            out, report);
        BOOST_REQUIRE(!ran);
        BOOST_TEST((ran.error().code == code));
        BOOST_TEST(tried == 2);
        // What was done until then counts, and the rest is no pass.
        BOOST_TEST(report.passed == 1);
        BOOST_TEST(report.not_run == 6);
        BOOST_TEST(!report.ok());
    }
}

BOOST_AUTO_TEST_CASE(the_long_job_has_a_thousand_lines_in_twenty_strokes) {
    const auto strokes = cal::long_pattern(1000);
    std::size_t lines = 0;
    for (const auto& s : strokes) lines += s.size() - 1;
    BOOST_TEST(strokes.size() == 20U);
    BOOST_TEST(lines == 1000U);
}

BOOST_AUTO_TEST_CASE(fine_lines_are_half_a_millimetre_apart) {
    const auto lines = cal::hatch(20, 20, 0.5);
    BOOST_REQUIRE(lines.size() == 20U);
    for (std::size_t i = 1; i < lines.size(); ++i)
        BOOST_TEST(lines[i][0].y - lines[i - 1][0].y == 0.5, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_order_comes_in_the_second_third_and_the_next_when_the_file_is_paused) {
    int looked = 0;
    cal::rehearsed_orders orders(run::order::pause, [&] {
        ++looked;
        return run::order::resume;
    });
    const auto at = [](const char* state, double moving) {
        return [=] { return cal::json::object{{"state", state}, {"moving_s", moving}, {"planned_s", 9.0}}; };
    };
    BOOST_TEST((orders.next(at("drawing", 2.9)) == run::order::none));
    BOOST_TEST((orders.next(at("drawing", 3.1)) == run::order::pause));
    BOOST_TEST((orders.next(at("pausing", 3.5)) == run::order::none));
    BOOST_TEST((orders.next(at("paused", 3.5)) == run::order::none)); // it was not told yet that it stands
    orders.settle("paused between two strokes, the tool is up");
    BOOST_TEST((orders.next(at("paused", 3.5)) == run::order::resume));
    BOOST_TEST((orders.next(at("paused", 3.5)) == run::order::none));
    BOOST_TEST((orders.next(at("drawing", 8.0)) == run::order::none));
    BOOST_TEST(looked == 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace level_test
