// SPDX-License-Identifier: MIT
#include <kf/mcu/crc16.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <string_view>

namespace crc16_test {

std::uint16_t crc_of(std::string_view text) {
    return kf::mcu::crc16({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

BOOST_AUTO_TEST_SUITE(crc16)

BOOST_AUTO_TEST_CASE(has_the_check_value_of_the_catalogue) { BOOST_TEST(crc_of("123456789") == 0x6f91); }

BOOST_AUTO_TEST_CASE(is_the_start_value_for_no_data) { BOOST_TEST(crc_of("") == 0xffff); }

BOOST_AUTO_TEST_CASE(is_that_of_a_recorded_connect_frame) {
    constexpr std::array<std::uint8_t, 2> command_and_length{0x11, 0x00};
    BOOST_TEST(kf::mcu::crc16(command_and_length) == 0x7cf1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace crc16_test
