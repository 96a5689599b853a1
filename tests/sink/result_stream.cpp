// SPDX-License-Identifier: MIT
#include "captured.hpp"

#include <kf/sink/json_lines.hpp>
#include <kf/sink/terminal.hpp>

#include <boost/test/unit_test.hpp>

#include <cerrno>

namespace result_stream_test {

using kf::result_stream;

struct full_disk {
    std::FILE* file = std::fopen("/dev/full", "w");
    ~full_disk() { std::fclose(file); }
};

BOOST_AUTO_TEST_CASE(what_arrived_is_not_lost) {
    const kf::test::captured out;
    result_stream stream(out.file());
    BOOST_TEST(stream.put("one\n"));
    BOOST_TEST(stream.write("two\n"));
    BOOST_TEST(stream.flush());
    BOOST_TEST(stream.lost() == 0);
    BOOST_TEST(out.text() == "one\ntwo\n");
}

BOOST_AUTO_TEST_CASE(a_result_that_does_not_fit_is_lost_and_every_copy_knows) {
    const full_disk full;
    const result_stream stream(full.file);
    kf::terminal_sink({.out = stream}).result({"image", "/a/path"});
    BOOST_TEST(stream.lost() == ENOSPC);
}

BOOST_AUTO_TEST_CASE(an_event_of_json_that_does_not_fit_is_lost_too) {
    const full_disk full;
    const result_stream stream(full.file);
    kf::json_lines_sink(stream).step(kf::phase::flash, "writing");
    BOOST_TEST(stream.lost() == ENOSPC);
}

BOOST_AUTO_TEST_CASE(a_buffered_result_is_lost_at_the_latest_when_it_is_flushed) {
    const full_disk full;
    result_stream stream(full.file);
    stream.write("G1 X1\n");
    BOOST_TEST(!stream.flush());
    BOOST_TEST(stream.lost() == ENOSPC);
    BOOST_TEST(!stream.write("no piece follows a hole"));
}

} // namespace result_stream_test
