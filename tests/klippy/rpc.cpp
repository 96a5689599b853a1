// SPDX-License-Identifier: MIT
#include "recording.hpp"

#include <kf/klippy/rpc.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

namespace rpc_test {

using namespace kf;
using namespace kf::klippy;

std::string text_of(const result<io::bytes>& made) {
    BOOST_REQUIRE_MESSAGE(made.has_value(), made.error().what);
    return std::string(made->begin(), made->end());
}

io::byte_view view(const std::string& s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }

/// Everything that comes out of `bytes` when they arrive `step` at a time.
std::vector<result<message>> decode(const std::string& bytes, std::size_t step, std::size_t limit = max_message_bytes) {
    message_decoder d(limit);
    std::vector<result<message>> out;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        d.feed(view(bytes.substr(at, step)));
        while (auto m = d.next()) {
            out.push_back(*m);
            if (!*m) return out;
        }
    }
    return out;
}

const std::string two_answers_and_news =
    "{\"id\":2,\"result\":{}}\x03"
    "{\"method\":\"up\",\"tag\":7,\"params\":{\"eventtime\":1.5,\"status\":{}}}\x03"
    "{\"id\":1,\"error\":{\"error\":\"WebRequestError\",\"message\":\"SD busy\"}}\x03";

BOOST_AUTO_TEST_SUITE(rpc)

BOOST_AUTO_TEST_CASE(leaves_out_params_that_are_empty) {
    // "params": null is dropped by Klipper without an answer, see transcripts framing.
    BOOST_TEST(text_of(request(1, "info")) == "{\"id\":1,\"method\":\"info\"}\x03");
}

BOOST_AUTO_TEST_CASE(writes_numbers_in_fixed_notation_only) {
    BOOST_TEST(text_of(request(7, "m", {{"a", 250.0}, {"b", 1e-7}, {"c", -0.125}, {"d", 12}, {"e", 1e21}})) ==
               "{\"id\":7,\"method\":\"m\",\"params\":{\"a\":250.0,\"b\":0.0000001,\"c\":-0.125,\"d\":12,"
               "\"e\":1000000000000000000000.0}}\x03");
}

BOOST_AUTO_TEST_CASE(the_only_byte_3_is_the_end_mark) {
    const std::string made = text_of(request(1, "gcode/script",
                                             {{"script", "M117 a\x03"
                                                         "b\n\"c\\"}}));
    BOOST_TEST(made ==
               "{\"id\":1,\"method\":\"gcode/script\",\"params\":{\"script\":\"M117 a\\u0003b\\n\\\"c\\\\\"}}\x03");
}

BOOST_AUTO_TEST_CASE(keeps_null_and_nesting_where_they_mean_something) {
    BOOST_TEST(text_of(request(3, "objects/query",
                               {{"objects", json::object{{"webhooks", nullptr},
                                                         {"toolhead", json::array{"position", "homed_axes"}}}}})) ==
               "{\"id\":3,\"method\":\"objects/query\",\"params\":{\"objects\":{\"webhooks\":null,"
               "\"toolhead\":[\"position\",\"homed_axes\"]}}}\x03");
}

BOOST_AUTO_TEST_CASE(refuses_what_klipper_would_drop_in_silence) {
    BOOST_TEST((request(1, "").error().code == errc::usage));
    BOOST_TEST((request(1, "m", {{"a", std::numeric_limits<double>::quiet_NaN()}}).error().code == errc::usage));
    BOOST_TEST((request(1, "m", {{"a", std::numeric_limits<double>::infinity()}}).error().code == errc::usage));
    for (const char* wrong : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82", "\x80"})
        BOOST_TEST((request(1, "m", {{"a", wrong}}).error().code == errc::usage));
    BOOST_TEST((request(1, "m", {{"\xff", 1}}).error().code == errc::usage));
    BOOST_TEST(request(1, "m", {{"a", "h\xc3\xa9llo \xf0\x9f\x98\x80"}}).has_value());
}

BOOST_AUTO_TEST_CASE(refuses_a_request_of_1_MB) {
    // {"id":1,"method":"m","params":{"a":"..."}}\x03 is 40 bytes around the text.
    BOOST_TEST(text_of(request(1, "m", {{"a", std::string(999'999 - 40, 'x')}})).size() == 999'999U);
    const auto refused = request(1, "m", {{"a", std::string(1'000'000 - 40, 'x')}});
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(row_b_splits_at_the_end_mark_wherever_the_bytes_are_cut) {
    for (std::size_t step = 1; step <= two_answers_and_news.size(); ++step) {
        const auto got = decode(two_answers_and_news, step);
        BOOST_REQUIRE(got.size() == 3U);
        BOOST_TEST(std::get<response>(*got[0]).id == 2);
        BOOST_TEST(!std::get<response>(*got[0]).error_text.has_value());
        BOOST_TEST(std::get<push>(*got[1]).key == "up");
        BOOST_TEST(std::get<push>(*got[1]).params.at("eventtime").as_double() == 1.5);
        BOOST_TEST(std::get<response>(*got[2]).id == 1);
        BOOST_TEST(std::get<response>(*got[2]).error_text.value() == "SD busy");
    }
}

BOOST_AUTO_TEST_CASE(a_push_of_an_empty_template_has_an_empty_key) {
    const auto got = decode("{\"params\":{\"response\":\"// hello\"}}\x03", 100);
    BOOST_REQUIRE(got.size() == 1U);
    BOOST_TEST(std::get<push>(*got[0]).key == "");
    BOOST_TEST(std::get<push>(*got[0]).params.at("response").as_string() == "// hello");
}

BOOST_AUTO_TEST_CASE(malformed_messages_are_protocol_errors_and_stay_so) {
    for (const std::string bad : {"{not json}", "[1,2]", "\"x\"", "", "{\"id\":1}", "{\"id\":\"x\",\"result\":{}}",
                                  "{\"id\":1,\"error\":\"text\"}", "{\"id\":1,\"error\":{\"error\":\"E\"}}",
                                  "{\"params\":null}", "{\"method\":\"up\"}", "\xff\xfe{\"id\":1}"}) {
        message_decoder d;
        d.feed(view(bad + "\x03{\"id\":1,\"result\":{}}\x03"));
        for (int again = 0; again < 3; ++again) {
            const auto m = d.next();
            BOOST_REQUIRE_MESSAGE(m.has_value() && !m->has_value(), bad);
            BOOST_TEST((m->error().code == errc::protocol));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_error_shows_no_control_bytes_of_the_peer) {
    message_decoder d;
    d.feed(view("\x1b[31mevil\n\x03"));
    const auto m = d.next();
    BOOST_REQUIRE(m.has_value() && !m->has_value());
    BOOST_TEST(m->error().cause == "it begins with: ?[31mevil?");
}

BOOST_AUTO_TEST_CASE(a_message_without_end_is_refused_before_it_fills_the_memory) {
    message_decoder d(100);
    d.feed(view("{\"id\":1,\"result\":{}}\x03" + std::string(100, 'x')));
    BOOST_TEST(d.next()->has_value());
    BOOST_TEST(!d.next().has_value()); // exactly at the limit: it may still end
    d.feed(view("x"));
    d.feed(view("\x03{\"id\":1,\"result\":{}}\x03"));
    const auto m = d.next();
    BOOST_REQUIRE(m.has_value() && !m->has_value());
    BOOST_TEST((m->error().code == errc::protocol));
}

BOOST_AUTO_TEST_CASE(reads_every_answer_of_a_recorded_klippy) {
    std::size_t answers = 0, errors = 0, pushes = 0;
    for (const char* name :
         {"basic.jsonl", "subscribe.jsonl", "utf8.jsonl", "sd_names.jsonl", "homing_and_errors.jsonl"})
        for (const auto& line : kf::test::load_recording(name)) {
            if (line.direction != '<' || line.is_eof()) continue;
            if (const auto* id = line.msg.get_object().if_contains("id"); id != nullptr && !id->is_int64()) continue;
            const auto got = decode(line.bytes(), 7);
            BOOST_REQUIRE(got.size() == 1U);
            BOOST_REQUIRE_MESSAGE(got[0].has_value(), name << ": " << line.bytes().substr(0, 200));
            if (const auto* r = std::get_if<response>(&*got[0])) {
                ++(r->error_text ? errors : answers);
            } else
                ++pushes;
        }
    BOOST_TEST_MESSAGE(answers << " answers, " << errors << " errors, " << pushes << " pushes");
    BOOST_TEST(answers >= 150U);
    BOOST_TEST(errors > 15U);
    BOOST_TEST(pushes > 60U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace rpc_test
