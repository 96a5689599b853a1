// SPDX-License-Identifier: MIT
// Blocks were made with the message parser of Klipper's host software; the dictionary is our own.
#include "../scripted_link.hpp"

#include <kf/mcu/identify.hpp>

#include <boost/test/unit_test.hpp>

namespace identify_test {

using namespace kf;
using namespace std::chrono_literals;
using kf::tests::hex;
using kf::tests::scripted_link;
using kf::tests::unhex;

const std::string request_0 = "08100100285e9f7e";  // offset 0, sequence 0
const std::string request_40 = "0811012828afd77e"; // offset 40, sequence 1
const std::string request_80 = "0812015028b41e7e"; // offset 80, sequence 2
const std::string response_0 = "301100002878da2dcbbb0a80200005d05f893b676849836b633436479a8ad043b24208ff3d87e6c379317b0"
                               "f8163fb7e";
const std::string response_40 = "30120028287e75deeb1325e4edd6657af419dcb1874c562951b03a933a76e32cc48ba11bb3846b6b6ac379"
                                "1b236cb47e";
const std::string response_80 = "1f130050175289ff647868c59a8a1246ec2cd5a20d45fa0019262100d3d97e";
const std::string ack_1 = "05118f087e", ack_2 = "0512bd937e", ack_3 = "0513ac1a7e";

struct session {
    sim::manual_clock clock;
    scripted_link link;
    io::time_point start = clock.now();
    explicit session(std::vector<tests::scripted_exchange> script)
      : link(clock, std::move(script)) {}
    result<mcu::dictionary> run(io::duration time = 5s) { return mcu::identify(link, clock, clock.now() + time); }
};

void check(const session& s, const result<mcu::dictionary>& d) {
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(d->version == "v0.13.0-1-gabcdef0");
    BOOST_TEST(d->mcu == "stm32f446xx");
    BOOST_TEST(s.link.finished());
}

BOOST_AUTO_TEST_SUITE(identify)

BOOST_AUTO_TEST_CASE(reads_the_dictionary_in_chunks_of_forty_bytes) {
    session s(
        {{request_0, {response_0, ack_1}}, {request_40, {response_40 + ack_2}}, {request_80, {response_80, ack_3}}});
    check(s, s.run());
    BOOST_TEST((s.clock.now() == s.start)); // no wait was needed
}

BOOST_AUTO_TEST_CASE(takes_over_the_sequence_of_a_running_session) {
    // The same contents, framed with the numbers that a board in the middle of a session would use.
    const auto framed = [](unsigned sequence, const std::string& block) {
        const io::bytes raw = unhex(block);
        return hex(
            mcu::encode_block(static_cast<std::uint8_t>(sequence), io::byte_view(raw).subspan(2, raw.size() - 5)));
    };
    session s({{request_0, {"051d45647e"}}, // expects 13
               {framed(13, request_0), {framed(14, response_0), "051e77ff7e"}},
               {framed(14, request_40), {framed(15, response_40), "051f66767e"}},
               {framed(15, request_80), {framed(0, response_80), "05109e817e"}}});
    check(s, s.run());
}

BOOST_AUTO_TEST_CASE(sends_again_after_a_lost_request) {
    session s({{request_0, {}},
               {request_0, {response_0, ack_1}},
               {request_40, {response_40, ack_2}},
               {request_80, {response_80, ack_3}}});
    check(s, s.run());
    BOOST_TEST((s.clock.now() - s.start == 250ms));
}

BOOST_AUTO_TEST_CASE(sends_again_with_the_next_sequence_after_a_lost_answer) {
    // The answer to offset 0 is damaged, the ack behind it says that the board expects 1.
    std::string damaged = response_0;
    damaged[20] = damaged[20] == '0' ? '1' : '0';
    session s(
        {{request_0, {damaged, ack_1}},
         {"081101002842247e", {hex(mcu::encode_block(2, io::byte_view(unhex(response_0)).subspan(2, 43))), ack_2}},
         {hex(mcu::encode_block(2, unhex("012828"))),
          {hex(mcu::encode_block(3, io::byte_view(unhex(response_40)).subspan(2, 43))), ack_3}},
         {hex(mcu::encode_block(3, unhex("015028"))),
          {hex(mcu::encode_block(4, io::byte_view(unhex(response_80)).subspan(2, 26))), "0514d8a57e"}}});
    check(s, s.run());
}

BOOST_AUTO_TEST_CASE(believes_a_nak_for_what_was_just_sent_only_after_a_moment) {
    // A damaged request: the board asks for 0 again, and nothing else comes.
    session s({{request_0, {"05109e817e"}},
               {request_0, {response_0, ack_1}},
               {request_40, {response_40, ack_2}},
               {request_80, {response_80, ack_3}}});
    check(s, s.run());
    BOOST_TEST((s.clock.now() - s.start == 30ms));
}

BOOST_AUTO_TEST_CASE(an_old_nak_in_front_of_the_answer_costs_no_second_request) {
    session s({{request_0, {"05109e817e", response_0, ack_1}},
               {request_40, {response_40, ack_2}},
               {request_80, {response_80, ack_3}}});
    check(s, s.run());
}

BOOST_AUTO_TEST_CASE(a_lost_ack_behind_the_answer_costs_only_a_moment) {
    session s({{request_0, {response_0}}, {request_40, {response_40, ack_2}}, {request_80, {response_80, ack_3}}});
    check(s, s.run());
    BOOST_TEST((s.clock.now() - s.start == 30ms));
}

BOOST_AUTO_TEST_CASE(other_messages_of_the_board_are_passed_over) {
    const std::string stats = hex(mcu::encode_block(1, unhex("4f0102")));
    const std::string other_offset = hex(mcu::encode_block(1, unhex("002802abcd")));
    session s({{request_0, {"00ff7e" + stats, other_offset, response_0, stats, ack_1}},
               {request_40, {response_40, ack_2}},
               {request_80, {response_80, ack_3}}});
    check(s, s.run());
}

BOOST_AUTO_TEST_CASE(gives_up_at_the_deadline) {
    session s({{request_0, {}}, {request_0, {}}, {request_0, {}}, {request_0, {}}});
    const auto d = s.run(1s);
    BOOST_REQUIRE(!d.has_value());
    BOOST_TEST((d.error().code == errc::timeout));
    BOOST_TEST((s.clock.now() - s.start == 1s));
    BOOST_TEST(!d.error().steps.empty());
}

BOOST_AUTO_TEST_CASE(a_board_that_leaves_is_connection_lost) {
    session s({{request_0, {response_0, ack_1}}, {request_40, {""}}});
    const auto d = s.run();
    BOOST_REQUIRE(!d.has_value());
    BOOST_TEST((d.error().code == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(a_damaged_dictionary_is_malformed) {
    session s({{request_0, {hex(mcu::encode_block(1, unhex("000003aabbcc"))), ack_1}}});
    const auto d = s.run();
    BOOST_REQUIRE(!d.has_value());
    BOOST_TEST((d.error().code == errc::malformed));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace identify_test
