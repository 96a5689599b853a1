// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/sink/log_file.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace log_file_test {

using kf::log_file_sink;
using kf::masked;
using kf::phase;
using kf::test::temporary_folder;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

log_file_sink log_in(const fs::path& file, kf::frames_in_log frames = kf::frames_in_log::last_before_failure) {
    return log_file_sink(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644), frames);
}

/// What the lines say, without their time.
std::string said(const fs::path& file) {
    std::string text;
    std::istringstream lines(text_of(file));
    for (std::string line; std::getline(lines, line);)
        text += (line.starts_with(' ') ? line : line.substr(std::min<std::size_t>(25, line.size()))) + "\n";
    return text;
}

/// Each digit as 0.
std::string shape(std::string text) {
    for (char& c : text) c = c >= '0' && c <= '9' ? '0' : c;
    return text;
}

BOOST_AUTO_TEST_CASE(each_line_has_its_time_and_what_it_is) {
    const temporary_folder folder;
    {
        auto s = log_in(folder / "x.log");
        BOOST_REQUIRE(s.is_open());
        s.step(phase::flash, "writing");
        s.note("n");
        s.warn("w");
        s.detail("make -j4");
        for (std::uint64_t i = 0; i <= 64; ++i) s.progress({phase::flash, i, 64, "blocks", 1.0});
        s.fail({kf::errc::busy, "held", "by klippy", "kflash identify", {"not in the log"}});
        s.result({"flashed", "octopus runs", {}});
    }
    std::string text;
    std::istringstream lines(text_of(folder / "x.log"));
    for (std::string line; std::getline(lines, line);) {
        BOOST_TEST(shape(line.substr(0, 25)) == "0000-00-00T00:00:00.000Z ");
        text += line.substr(std::min<std::size_t>(25, line.size())) + "\n";
    }
    BOOST_TEST(text == "Flash writing\nnote n\nwarning w\ndetail make -j4\n"
                       "Flash 0 of 64 blocks\nFlash 64 of 64 blocks\n"
                       "error busy: held\nerror command: kflash identify\n"
                       "error cause: by klippy\nresult flashed: octopus runs\n");
}

BOOST_AUTO_TEST_CASE(a_second_run_adds_to_the_log) {
    const temporary_folder folder;
    log_in(folder / "x.log").note("one");
    log_in(folder / "x.log").note("two");
    const auto text = text_of(folder / "x.log");
    BOOST_TEST(text.find("note one\n") < text.find("note two\n"));
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_written_stops_nothing) {
    const temporary_folder folder;
    auto s = log_in(folder / "missing/x.log");
    BOOST_TEST(!s.is_open());
    s.note("dropped");
    log_file_sink().fail({kf::errc::failed, "dropped"});
    BOOST_TEST(!fs::exists(folder / "missing"));
}

BOOST_AUTO_TEST_CASE(keys_never_get_into_the_log) {
    const temporary_folder folder;
    log_in(folder / "x.log").detail("curl -H 'X-Api-Key: s3cret' http://localhost");
    const auto text = text_of(folder / "x.log");
    BOOST_TEST(text.find("s3cret") == std::string::npos);
    BOOST_TEST(text.ends_with("detail curl -H 'X-Api-Key: ***' http://localhost\n"));
}

BOOST_AUTO_TEST_CASE(what_follows_the_name_of_a_secret_is_masked) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"X-Api-Key: abc", "X-Api-Key: ***"},
        {"token=abc&x=1", "token=***&x=1"},
        {R"({"api_key": "a b, c", "n": 1})", R"({"api_key": "***", "n": 1})"},
        {"{apikey:abc}", "{apikey:***}"},
        {"PASSWORD = 'two words' next", "PASSWORD = '***' next"},
        {"kplot run --api-key abc sheep.svg", "kplot run --api-key *** sheep.svg"},
        {"--api-key=abc --x", "--api-key=*** --x"},
        {"--moonraker-token abc", "--moonraker-token ***"},
        {"Authorization: Bearer abc.def", "Authorization: ***"},
        {"-H 'Authorization: Basic dXNlcjpwdw==' http://x", "-H 'Authorization: ***' http://x"},
        {"token: bearer abc, x", "token: ***, x"},
        {"token: abc\nnext line stays", "token: ***\nnext line stays"},
        {"password=\"cut off\nnext", "password=\"***\nnext"},
        {"token=a token=b", "token=*** token=***"},
        {"token:", "token:"},
    };
    for (const auto& [text, expected] : cases) BOOST_TEST(masked(text) == expected);
}

BOOST_AUTO_TEST_CASE(words_that_only_look_like_secrets_stay) {
    for (const char* text : {"12 tokens: 7", "a token ring", "no password was asked", "--token-file x", "Token", ""})
        BOOST_TEST(masked(text) == text);
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_stops_nothing) {
    auto s = log_in("/dev/full");
    BOOST_REQUIRE(s.is_open());
    BOOST_CHECK_NO_THROW(s.note("dropped"));
}

BOOST_AUTO_TEST_CASE(no_text_can_pass_for_an_entry_or_steer_a_terminal) {
    const temporary_folder folder;
    log_in(folder / "x.log").warn("one\n2026-01-01T00:00:00.000Z error forged\x1b[2J");
    BOOST_TEST(said(folder / "x.log") == "warning one\n  2026-01-01T00:00:00.000Z error forged\\x1b[2J\n");
}

BOOST_AUTO_TEST_CASE(frames_are_counted_and_the_last_of_them_stand_before_an_error) {
    const temporary_folder folder;
    auto s = log_in(folder / "x.log");
    for (int i = 0; i < 20; ++i) {
        s.frame("> 0188");
        s.frame(i < 19 ? "< 01a0ff" : "< 01a1ff");
    }
    s.step(phase::verify, "reading back");
    s.frame("> 0199");
    s.fail({kf::errc::timeout, "no answer"});
    s.fail({kf::errc::timeout, "again"});
    std::string expected = "frames 20 out, 20 in, 100 bytes\nVerify reading back\nframes 1 out, 0 in, 2 bytes\n";
    for (int i = 0; i < 7; ++i) expected += "frame < 01a0ff\nframe > 0188\n";
    expected += "frame < 01a1ff\nframe > 0199\nerror timeout: no answer\nerror timeout: again\n";
    BOOST_TEST(said(folder / "x.log") == expected);
}

BOOST_AUTO_TEST_CASE(every_frame_is_there_when_asked_for) {
    const temporary_folder folder;
    auto s = log_in(folder / "x.log", kf::frames_in_log::every_frame);
    s.frame("> 0188");
    s.frame("< 01a0");
    s.step(phase::verify, "reading back");
    BOOST_TEST(said(folder / "x.log") == "frame > 0188\nframe < 01a0\nVerify reading back\n");
}

} // namespace log_file_test
