// SPDX-License-Identifier: MIT
#include <kf/board/pattern.hpp>

#include <boost/test/unit_test.hpp>

namespace pattern_test {

using namespace kf::board;

const std::string octopus = "usb-Klipper_stm32h723xx_29001A001151313531383332-if00";
const std::string octopus_in_katapult = "usb-katapult_stm32h723xx_29001A001151313531383332-if00";

BOOST_AUTO_TEST_SUITE(pattern_suite)

BOOST_AUTO_TEST_CASE(a_proposed_pattern_ends_behind_the_serial_number) {
    BOOST_TEST(*pattern_for(octopus, "29001A001151313531383332") ==
               "usb-Klipper_stm32h723xx_29001A001151313531383332-if*");
    BOOST_TEST(*pattern_for("usb-katapult_rp2040_T1-if00-port0", "T1") == "usb-katapult_rp2040_T1-if*");
    BOOST_TEST(*pattern_for("usb-Klipper_rp2040_T1", "T1") == "usb-Klipper_rp2040_T1");
}

BOOST_AUTO_TEST_CASE(a_name_that_many_boards_have_gives_no_pattern) {
    BOOST_TEST(!pattern_for("usb-Klipper_stm32g0b1xx_-if00", ""));
    BOOST_TEST(!pattern_for("usb-Klipper_stm32g0b1xx-if00", ""));
    BOOST_TEST(!pattern_for("usb-Klipper_stm32f103xe_12345-if00", "12345"));
    BOOST_TEST(!pattern_for("platform-xhci-usb-0:1.4:1.0", "29001A00"));
}

BOOST_AUTO_TEST_CASE(a_pattern_matches_both_firmwares_of_its_board) {
    for (const char* pattern :
         {"usb-Klipper_stm32h723xx_29001A001151313531383332*", "usb-katapult_stm32h723xx_29001A001151313531383332*",
          "usb-Klipper_stm32h723xx_29001A001151313531383332-if*", "usb-KLIPPER_stm32h723xx_29001A001151313531383332*",
          "usb-canboot_stm32h723xx_29001A001151313531383332*", "usb-*_stm32h723xx_29001A001151313531383332*",
          "*383332-if0[0-9]", "*_29001A001151313531383332*", "usb-Klipper_stm32h723xx_*",
          "usb-Klipper_stm32h723??_29001A001151313531383332-if00"}) {
        BOOST_TEST(pattern_matches(pattern, octopus), pattern);
        BOOST_TEST(pattern_matches(pattern, octopus_in_katapult), pattern);
        BOOST_TEST(pattern_matches(pattern, "usb-CanBoot_stm32h723xx_29001A001151313531383332-if00"), pattern);
    }
}

BOOST_AUTO_TEST_CASE(d18_a_star_behind_a_serial_number_is_no_more_of_it) {
    for (const char* pattern :
         {"usb-Klipper_rp2040_T1*", "usb-Klipper_rp2040_T1-if*", "usb-Klipper_rp2040_T1**", "usb-Klipper_rp2040_T1-*",
          "usb-Klipper_rp2040_T1*-if00", "usb-katapult_rp2040_T1*", "USB-klipper_rp2040_T1*", "usb-*_rp2040_T1*",
          "*rp2040_T1*", "*T1*", "*_T1*-if0?", "usb-Klipper_rp2040_T1*-if*", "usb-Klipper_rp2040_T1*-if00-port0*",
          "usb-Klipper_rp2040_T1*-port0"}) {
        for (const char* maker : {"usb-Klipper", "usb-katapult", "usb-CanBoot"}) {
            const std::string text = pattern;
            const std::string tail = text.find("port0") == text.npos ? "-if00" : "-if00-port0";
            BOOST_TEST(pattern_matches(pattern, std::string(maker) + "_rp2040_T1" + tail), text + " " + maker);
            for (const char* other : {"_rp2040_T10", "_rp2040_T1-1", "_rp2040_T1_2", "_rp2040_T1:0", "_rp2040_T1A"})
                BOOST_TEST(!pattern_matches(pattern, std::string(maker) + other + tail), text + " " + other);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_interface_is_what_looks_like_one_and_stands_at_the_end) {
    BOOST_TEST(pattern_matches("usb-Klipper_rp2040_T1-if00*", "usb-Klipper_rp2040_T1-if00"));
    BOOST_TEST(!pattern_matches("usb-Klipper_rp2040_T1-if00*", "usb-Klipper_rp2040_T1-if000-if00"));
    BOOST_TEST(pattern_matches("usb-Klipper_rp2040_T1-if00x*", "usb-Klipper_rp2040_T1-if00x-if00"));
    BOOST_TEST(!pattern_matches("usb-Klipper_rp2040_T1-if00x*", "usb-Klipper_rp2040_T1-if00x0-if00"));
    BOOST_TEST(pattern_matches("usb-Klipper_rp2040_T1-if0[02]", "usb-Klipper_rp2040_T1-if02"));
    BOOST_TEST(!pattern_matches("usb-Klipper_rp2040_T1", "usb-Klipper_rp2040_T1-if00"));
}

BOOST_AUTO_TEST_CASE(a_star_behind_the_chip_of_a_board_without_serial_number_is_no_serial_number) {
    BOOST_TEST(pattern_matches("usb-Klipper_stm32g0b1xx*", "usb-katapult_stm32g0b1xx-if00"));
    BOOST_TEST(!pattern_matches("usb-Klipper_stm32g0b1xx*", "usb-Klipper_stm32g0b1xx_AA11-if00"));
}

BOOST_AUTO_TEST_CASE(a_pattern_matches_no_other_board) {
    const std::string pattern = "usb-Klipper_stm32h723xx_29001A001151313531383332*";
    BOOST_TEST(!pattern_matches(pattern, "usb-Klipper_stm32h723xx_29001A001151313531383399-if00"));
    BOOST_TEST(!pattern_matches(pattern, "usb-Klipper_rp2040_E6614103E7452D2F-if00"));
    BOOST_TEST(!pattern_matches("usb-Klipper_stm32h723xx_29001a001151313531383332*", octopus));
    BOOST_TEST(!pattern_matches("*", "usb-Beacon_Beacon_RevH_FC-if00"));
    BOOST_TEST(!pattern_matches("", octopus));
    BOOST_TEST(!pattern_matches(pattern, ""));
}

BOOST_AUTO_TEST_CASE(another_makers_name_matches_only_a_pattern_that_spells_the_maker) {
    BOOST_TEST(pattern_matches("usb-Kalico_toolhead_T1-if*", "usb-Kalico_toolhead_T1-if00"));
    BOOST_TEST(!pattern_matches("usb-Kalico_toolhead_T1*", "usb-Kalico_toolhead_T10-if00"));
    for (const char* pattern : {"*", "usb-*", "usb-K*", "*_T1*", "usb-Klipper_toolhead_T1*"})
        BOOST_TEST(!pattern_matches(pattern, "usb-Kalico_toolhead_T1-if00"), pattern);
}

BOOST_AUTO_TEST_CASE(a_whole_serial_number_is_known_from_a_part_and_from_everybodys) {
    for (const char* pattern : {"usb-Klipper_rp2040_T1*", "usb-Klipper_rp2040_T1-if*", "usb-Kalico_my_board_T1*"})
        BOOST_TEST(names_whole_serial(pattern), pattern);
    for (const char* pattern : {"usb-Klipper_rp2040_T?*", "usb-Klipper_rp2040_*", "usb-Klipper_rp2040*", "*", "",
                                "usb-Klipper_rp2040_12345*", "usb-Klipper_rp2040_T*1-if00", "platform-usb-0:1.4:1.0"})
        BOOST_TEST(!names_whole_serial(pattern), pattern);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pattern_test
