// SPDX-License-Identifier: MIT
#include "captured.hpp"

#include <kf/sink/any_sink.hpp>
#include <kf/sink/recording.hpp>

#include <boost/test/unit_test.hpp>

namespace json_lines_test {

using kf::errc;
using kf::json_lines_sink;
using kf::phase;
using kf::test::captured;

BOOST_AUTO_TEST_CASE(each_event_is_one_object_on_one_line) {
    const captured out;
    json_lines_sink s(out.file());
    s.step(phase::discovery, "octopus is \"here\"");
    s.note("a\nb");
    s.warn("w");
    s.detail("left out");
    BOOST_TEST(out.text() == R"({"event":"step","phase":"Discovery","text":"octopus is \"here\""})"
                             "\n"
                             R"({"event":"note","text":"a\nb"})"
                             "\n"
                             R"({"event":"warning","text":"w"})"
                             "\n");
}

BOOST_AUTO_TEST_CASE(an_error_has_its_name_its_exit_status_and_what_it_knows) {
    const captured out;
    json_lines_sink s(out.file());
    s.fail({errc::refused, "a print runs"});
    s.fail({errc::build_failed, "no", "because", "make", {"one", "two"}});
    s.fail({errc::build_failed, "no", {}, {}, {"one"}, {"  a  b", "", "c\xff"}});
    BOOST_TEST(out.text() == R"({"event":"error","errc":"refused","exit":3,"what":"a print runs"})"
                             "\n"
                             R"({"event":"error","errc":"build_failed","exit":1,"what":"no","cause":"because",)"
                             R"("command":"make","steps":["one","two"]})"
                             "\n"
                             R"({"event":"error","errc":"build_failed","exit":1,"what":"no",)"
                             "\"output\":[\"  a  b\",\"\",\"c\xef\xbf\xbd\"],\"steps\":[\"one\"]}\n");
}

BOOST_AUTO_TEST_CASE(a_result_has_its_fields_and_not_its_text) {
    const captured out;
    json_lines_sink s(out.file());
    s.result({"flashed",
              "for people",
              {{"key", std::string("octopus")}, {"bytes", std::int64_t{35000}}, {"downtime_s", 2.5}, {"ok", true}}});
    BOOST_TEST(out.text() ==
               R"({"event":"result","kind":"flashed","key":"octopus","bytes":35000,"downtime_s":2.5E0,"ok":true})"
               "\n");
}

BOOST_AUTO_TEST_CASE(progress_is_told_once_a_percent) {
    const captured out;
    json_lines_sink s(out.file());
    for (std::uint64_t i = 0; i <= 1000; ++i) s.progress({phase::flash, i, 1000, "blocks", 0.0});
    const auto text = out.text();
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 101);
    BOOST_TEST(
        text.starts_with(R"({"event":"progress","phase":"Flash","done":0,"total":1000,"unit":"blocks","elapsed_s":0E0})"
                         "\n"));
}

BOOST_AUTO_TEST_CASE(progress_of_the_next_phase_is_told_although_its_percent_is_the_same) {
    const captured out;
    json_lines_sink s(out.file());
    s.progress({phase::flash, 1, 1, "blocks", 0});
    s.progress({phase::flash, 1, 1, "blocks", 0});
    s.progress({phase::verify, 1, 1, "blocks", 0});
    const auto text = out.text();
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 2);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf_8_never_make_a_line_that_is_no_json) {
    const captured out;
    json_lines_sink s(out.file());
    s.note("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x91");              // good text stays
    s.note("a\xffz \xc3( \xe2\x82 \xed\xa0\x80 \xc0\xaf \xf5"); // lone, cut, surrogate, long form, too high
    s.fail({errc::failed, "\xfe", "\xfe", "\xfe", {"\xfe"}});
    s.result({"device", {}, {{"name", std::string("\xfe")}}});
    const std::string bad = "\xef\xbf\xbd";
    BOOST_TEST(out.text() == "{\"event\":\"note\",\"text\":\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x91\"}\n"
                             "{\"event\":\"note\",\"text\":\"a" +
                                 bad + "z " + bad + "( " + bad + " " + bad + " " + bad + " " + bad +
                                 "\"}\n{\"event\":\"error\",\"errc\":\"failed\",\"exit\":1,\"what\":\"" + bad +
                                 "\",\"cause\":\"" + bad + "\",\"command\":\"" + bad + "\",\"steps\":[\"" + bad +
                                 "\"]}\n{\"event\":\"result\",\"kind\":\"device\",\"name\":\"" + bad + "\"}\n");
}

BOOST_AUTO_TEST_CASE(a_tee_tells_both_and_any_sink_the_chosen_one) {
    const captured out;
    kf::tee_sink both{kf::any_sink(json_lines_sink(out.file())), kf::recording_sink{}};
    both.step(phase::build, "b");
    both.warn("w");
    both.note("n");
    both.detail("d");
    both.progress({phase::build, 1, 2, "files", 0});
    both.fail({errc::failed, "e"});
    both.result({"k", "t", {}});
    const auto text = out.text();
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 6);
    kf::any_sink silent{kf::silent_sink{}};
    silent.fail({errc::failed, "e"});
    BOOST_TEST(out.text() == text);
}

} // namespace json_lines_test
