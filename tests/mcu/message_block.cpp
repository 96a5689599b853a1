// SPDX-License-Identifier: MIT
// Blocks and integers were made with the message parser of Klipper's host software (v0.13.0-730).
#include "../scripted_link.hpp"

#include <kf/mcu/message_block.hpp>

#include <boost/test/unit_test.hpp>

namespace message_block_test {

using namespace kf;
using kf::tests::hex;
using kf::tests::unhex;

BOOST_AUTO_TEST_SUITE(message_block)

BOOST_AUTO_TEST_CASE(encodes_an_identify_request_as_klippy_does) {
    BOOST_TEST(hex(mcu::encode_block(0, unhex("010028"))) == "08100100285e9f7e");
    BOOST_TEST(hex(mcu::encode_block(15, unhex("010028"))) == "081f010028ec667e");
    BOOST_TEST(hex(mcu::encode_block(3, unhex("01807828"))) == "09130180782807967e");
}

BOOST_AUTO_TEST_CASE(encodes_an_ack_as_an_empty_block) {
    BOOST_TEST(hex(mcu::encode_block(1, {})) == "05118f087e");
    BOOST_TEST(hex(mcu::encode_block(12, {})) == "051c54ed7e");
}

BOOST_AUTO_TEST_CASE(integers_have_klippers_variable_length) {
    const std::pair<std::uint32_t, const char*> vectors[] = {
        {0, "00"},
        {1, "01"},
        {95, "5f"},
        {96, "8060"},
        {127, "807f"},
        {128, "8100"},
        {static_cast<std::uint32_t>(-1), "7f"},
        {static_cast<std::uint32_t>(-32), "60"},
        {static_cast<std::uint32_t>(-33), "ff5f"},
        {12287, "df7f"},
        {12288, "80e000"},
        {static_cast<std::uint32_t>(-4096), "e000"},
        {static_cast<std::uint32_t>(-4097), "ffdf7f"},
        {1572863, "dfff7f"},
        {1572864, "80e08000"},
        {201326591, "dfffff7f"},
        {201326592, "80e0808000"},
        {134250496, "c0828000"},
        {2147483647, "87ffffff7f"},
        {2147483648u, "f880808000"},
    };
    for (const auto& [value, text] : vectors) {
        io::bytes out;
        mcu::put_vlq(out, value);
        BOOST_TEST(hex(out) == text);
        const io::bytes in = unhex(text);
        io::byte_view rest = in;
        BOOST_TEST((mcu::take_vlq(rest) == value));
        BOOST_TEST(rest.empty());
    }
    // Klippy sends an unsigned number past 2^31 with a fifth byte that the MCU cuts off.
    const io::bytes all_ones = unhex("8fffffff7f");
    io::byte_view rest = all_ones;
    BOOST_TEST((mcu::take_vlq(rest) == 0xffffffffu));
}

BOOST_AUTO_TEST_CASE(an_integer_that_is_cut_short_is_none) {
    const io::bytes cut = unhex("c082");
    io::byte_view rest = cut;
    BOOST_TEST(!mcu::take_vlq(rest).has_value());
    const io::bytes endless = unhex("8080808080808000");
    rest = endless;
    BOOST_TEST(!mcu::take_vlq(rest).has_value());
}

BOOST_AUTO_TEST_CASE(a_buffer_that_is_cut_short_is_none) {
    const io::bytes cut = unhex("03aabb");
    io::byte_view rest = cut;
    BOOST_TEST(!mcu::take_buffer(rest).has_value());
    rest = {};
    BOOST_TEST(!mcu::take_buffer(rest).has_value());
    const io::bytes whole = unhex("02aabbcc");
    rest = whole;
    BOOST_TEST(hex(*mcu::take_buffer(rest)) == "aabb");
    BOOST_TEST(hex(rest) == "cc");
}

BOOST_AUTO_TEST_CASE(decodes_blocks_that_arrive_byte_by_byte) {
    mcu::message_decoder decoder;
    std::vector<mcu::message_block> blocks;
    for (const auto byte : unhex("08100100285e9f7e05118f087e")) {
        decoder.feed(io::byte_view(&byte, 1));
        while (auto block = decoder.next()) blocks.push_back(*block);
    }
    BOOST_REQUIRE_EQUAL(blocks.size(), 2u);
    BOOST_TEST((blocks[0] == mcu::message_block{0, unhex("010028")}));
    BOOST_TEST((blocks[1] == mcu::message_block{1, {}}));
    BOOST_TEST(decoder.damaged() == 0u);
}

BOOST_AUTO_TEST_CASE(leading_sync_bytes_are_no_damage) {
    mcu::message_decoder decoder;
    decoder.feed(unhex("7e7e7e05118f087e"));
    BOOST_TEST((decoder.next() == mcu::message_block{1, {}}));
    BOOST_TEST(decoder.damaged() == 0u);
}

BOOST_AUTO_TEST_CASE(finds_the_next_block_after_a_damaged_one) {
    mcu::message_decoder decoder;
    decoder.feed(unhex("08100100295e9f7e"
                       "05118f087e"));
    BOOST_TEST((decoder.next() == mcu::message_block{1, {}}));
    BOOST_TEST(!decoder.next().has_value());
    BOOST_TEST(decoder.damaged() == 1u);
}

BOOST_AUTO_TEST_CASE(finds_the_next_block_after_the_tail_of_a_lost_one) {
    mcu::message_decoder decoder;
    decoder.feed(unhex("ffee5e9f"));
    BOOST_TEST(!decoder.next().has_value());
    decoder.feed(unhex("7e08100100285e9f7e"));
    BOOST_TEST((decoder.next() == mcu::message_block{0, unhex("010028")}));
}

BOOST_AUTO_TEST_CASE(a_block_with_a_wrong_last_byte_is_damage) {
    mcu::message_decoder decoder;
    decoder.feed(unhex("05118f0800"
                       "7e"
                       "0512bd937e"));
    BOOST_TEST((decoder.next() == mcu::message_block{2, {}}));
    BOOST_TEST(decoder.damaged() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace message_block_test
