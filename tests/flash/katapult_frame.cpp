// SPDX-License-Identifier: MIT
// Frames are recordings of Katapult 902f335 and its flashtool.py.
#include "../scripted_link.hpp"

#include <kf/flash/katapult_frame.hpp>

#include <boost/test/unit_test.hpp>

namespace katapult_frame_test {

using namespace kf;
using flash::katapult_answer;
using flash::katapult_command;
using kf::tests::hex;
using kf::tests::unhex;

const std::string connect_ack = "0188a00d1100000000010100008000084000000073746d3332663434367878000000000076302e302e312d"
                                "3130392d673930326633333500c07d9903";
const std::string block_ack = "0188a00212000000008000088dd99903";

std::vector<katapult_answer> decode(const std::string& text, std::size_t piece = 1000) {
    const io::bytes in = unhex(text);
    flash::katapult_decoder decoder;
    std::vector<katapult_answer> out;
    for (std::size_t at = 0; at < in.size(); at += piece) {
        decoder.feed(io::byte_view(in).subspan(at, std::min(piece, in.size() - at)));
        while (auto answer = decoder.next()) out.push_back(*answer);
    }
    return out;
}

BOOST_AUTO_TEST_SUITE(katapult_frame)

BOOST_AUTO_TEST_CASE(commands_have_their_recorded_bytes) {
    BOOST_TEST(hex(flash::encode_frame(katapult_command::connect)) == "01881100f17c9903");
    BOOST_TEST(hex(flash::encode_frame(katapult_command::eof)) == "01881300414f9903");
    BOOST_TEST(hex(flash::encode_frame(katapult_command::complete)) == "01881500911b9903");
    BOOST_TEST(hex(flash::encode_frame(katapult_command::get_canbus_id)) == "01881600f9319903");
    BOOST_TEST(hex(flash::encode_frame(katapult_command::prime)) == "01889000e5e99903");
    BOOST_TEST(hex(flash::encode_frame(katapult_command::request_block, 0x08008000)) == "01881401008000088cd19903");
    BOOST_TEST(hex(flash::encode_frame(katapult_command::send_block, 0x08008000, io::bytes(64, 0xaa))) ==
               "0188121100800008" + hex(io::bytes(64, 0xaa)) + "a62b9903");
}

BOOST_AUTO_TEST_CASE(answers_are_decoded_whole_or_byte_by_byte) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        const auto got = decode(block_ack + "0188f10068959903" + "0188f20000bf9903" + "0188f300d8a69903", piece);
        BOOST_REQUIRE_EQUAL(got.size(), 4u);
        BOOST_TEST((got[0] == katapult_answer{katapult_answer::kind::ack, 0x12, unhex("00800008")}));
        BOOST_TEST((got[1].type == katapult_answer::kind::nack));
        BOOST_TEST((got[2].type == katapult_answer::kind::command_error));
        BOOST_TEST((got[3].type == katapult_answer::kind::busy));
    }
}

BOOST_AUTO_TEST_CASE(garbage_before_an_answer_is_passed_over) {
    for (const auto* garbage : {"00ff68656c6c6f9903", "01", "0101", "0155", "990301"})
        BOOST_TEST((decode(garbage + block_ack, 1) == decode(block_ack)), garbage);
}

BOOST_AUTO_TEST_CASE(a_damaged_answer_is_reported_and_the_next_one_found) {
    const auto got = decode("0188a0021200000000820008ca6c9903" + block_ack);
    BOOST_REQUIRE_EQUAL(got.size(), 2u);
    BOOST_TEST((got[0].type == katapult_answer::kind::damaged));
    BOOST_TEST((got[1].type == katapult_answer::kind::ack));
    BOOST_TEST((decode("0188f10068959904")[0].type == katapult_answer::kind::damaged));
}

BOOST_AUTO_TEST_CASE(an_ack_without_its_command_is_damaged) {
    // cmd a0, no payload; CRC made with Katapult's own flashtool.py
    BOOST_TEST((decode("0188a000475f9903")[0].type == katapult_answer::kind::damaged));
}

BOOST_AUTO_TEST_CASE(half_a_header_that_nothing_follows_can_be_given_up) {
    flash::katapult_decoder decoder;
    decoder.feed(unhex("0188a020" + block_ack));
    BOOST_TEST(!decoder.next().has_value());
    BOOST_TEST(decoder.pending() == 20u);
    decoder.give_up_pending();
    const auto got = decoder.next();
    BOOST_REQUIRE(got.has_value());
    BOOST_TEST(got->command == 0x12u);
}

BOOST_AUTO_TEST_CASE(an_impossible_length_is_no_frame) {
    const auto got = decode("0188a0ff" + block_ack);
    BOOST_REQUIRE_EQUAL(got.size(), 1u);
    BOOST_TEST((got[0].type == katapult_answer::kind::ack));
}

BOOST_AUTO_TEST_CASE(connect_strings_lose_their_padding) {
    const auto info = flash::parse_bootloader_info(decode(connect_ack)[0].payload);
    BOOST_REQUIRE(info.has_value());
    BOOST_TEST((*info == flash::bootloader_info{0x00010100, 0x08008000, 64, "stm32f446xx", "v0.0.1-109-g902f335"}));
}

BOOST_AUTO_TEST_CASE(an_old_bootloader_has_no_version) {
    const auto info = flash::parse_bootloader_info(unhex("000001000080000840000000727032303430"
                                                         "0000"));
    BOOST_REQUIRE(info.has_value());
    BOOST_TEST(info->mcu == "rp2040");
    BOOST_TEST(info->version == "");
    BOOST_TEST(!flash::parse_bootloader_info(unhex("0000010000800008")).has_value());
}

BOOST_AUTO_TEST_CASE(only_the_double_buffered_usb_parts_are_primed) {
    for (const auto* mcu : {"stm32f072xb", "stm32f103xe", "stm32g0b1xx", "stm32g431xx", "stm32l412xx"})
        BOOST_TEST(flash::needs_prime(mcu), mcu);
    for (const auto* mcu : {"stm32f207xx", "stm32f446xx", "stm32h723xx", "rp2040", "lpc1768", ""})
        BOOST_TEST(!flash::needs_prime(mcu), mcu);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace katapult_frame_test
