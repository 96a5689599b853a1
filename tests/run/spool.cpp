// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/machine/machine_file.hpp>
#include <kf/run/job_check.hpp>
#include <kf/run/spool.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>

namespace spool_test {

using namespace kf;

result<run::job_spool> spooled(const test::temporary_folder& folder, const std::string& lines) {
    KF_TRY(auto spool, run::job_spool::make(folder.path(), "a.jsonl"));
    KF_CHECK(spool.write("{\"format\":\"kf-job\",\"version\":1}\n" + lines));
    return spool;
}

auto strokes_of(const run::job_spool& spool) { return job::stroke_source(spool.operations()); }

BOOST_AUTO_TEST_CASE(a_spooled_job_reads_from_its_beginning_as_often_as_wanted_and_leaves_no_file) {
    const test::temporary_folder folder;
    const auto spool = spooled(folder, R"({"op":"rapid_xy","x":1,"y":2}
{"op":"tool_down"}
{"op":"draw_polyline","points":[[4,6]]}
{"op":"tool_up"}
)");
    BOOST_REQUIRE(spool);
    for (int again = 0; again < 2; ++again) {
        const auto summary = run::measure_job(strokes_of(*spool));
        BOOST_REQUIRE(summary);
        BOOST_TEST(summary->measure.strokes == 1u);
        BOOST_TEST(summary->measure.pen_down_mm == 5.0);
        BOOST_TEST(summary->operations == 4u);
    }
    BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

BOOST_AUTO_TEST_CASE(the_last_operation_can_refuse_the_whole_job) {
    const test::temporary_folder folder;
    const auto spool = spooled(folder, R"({"op":"home_xy"}
{"op":"rapid_xy","x":1,"y":2}
{"op":"tool_down"}
{"op":"draw_polyline","points":[[4,6]]}
{"op":"tool_up"}
{"op":"rapid_xy","x":10000,"y":2}
)");
    BOOST_REQUIRE(spool);
    const auto summary = run::check_job(strokes_of(*spool), machine::sim_machine(), {});
    BOOST_REQUIRE(!summary);
    BOOST_TEST(name(summary.error().code) == "out_of_bounds");
    BOOST_TEST(summary.error().what.find("operation 6 (rapid_xy)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(p5_a_spray_operation_is_refused_and_never_left_out) {
    const test::temporary_folder folder;
    const auto spool = spooled(folder, "{\"op\":\"set_ink_mix\",\"c\":1,\"m\":0,\"y\":0}\n");
    BOOST_REQUIRE(spool);
    const auto summary = run::check_job(strokes_of(*spool), machine::sim_machine(), {});
    BOOST_REQUIRE(!summary);
    BOOST_TEST(name(summary.error().code) == "refused");
}

BOOST_AUTO_TEST_CASE(knows_whether_a_job_homes_before_it_moves) {
    const test::temporary_folder folder;
    const std::string draw = "{\"op\":\"rapid_xy\",\"x\":1,\"y\":2}\n";
    const auto first = spooled(folder, "{\"op\":\"home_xy\"}\n" + draw);
    const auto later = spooled(folder, draw + "{\"op\":\"home_xy\"}\n");
    BOOST_REQUIRE(first);
    BOOST_REQUIRE(later);
    BOOST_TEST(run::check_job(strokes_of(*first), machine::sim_machine(), {})->homes_first);
    BOOST_TEST(!run::check_job(strokes_of(*later), machine::sim_machine(), {})->homes_first);
}

BOOST_AUTO_TEST_CASE(a_folder_that_takes_no_file_is_an_error) {
    const auto none = run::job_spool::make("/nonexistent/folder", "a.jsonl");
    BOOST_REQUIRE(!none);
    BOOST_TEST(name(none.error().code) == "io");
}

} // namespace spool_test
