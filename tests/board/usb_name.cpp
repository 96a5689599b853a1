// SPDX-License-Identifier: MIT
#include <kf/board/usb_name.hpp>

#include <boost/test/unit_test.hpp>

namespace usb_name_test {

using namespace kf::board;

BOOST_AUTO_TEST_SUITE(usb_name_suite)

BOOST_AUTO_TEST_CASE(reads_a_klipper_name) {
    const auto n = parse_usb_name("usb-Klipper_stm32h723xx_130028001051313234353230-if00");
    BOOST_TEST((n.firmware == usb_firmware::klipper));
    BOOST_TEST(n.mcu == "stm32h723xx");
    BOOST_TEST(n.serial == "130028001051313234353230");
    BOOST_TEST(n.interface.value() == 0U);
}

BOOST_AUTO_TEST_CASE(reads_a_katapult_name_and_a_hexadecimal_interface) {
    const auto n = parse_usb_name("usb-katapult_rp2040_E6614103E7452D2F-if0A");
    BOOST_TEST((n.firmware == usb_firmware::katapult));
    BOOST_TEST(n.mcu == "rp2040");
    BOOST_TEST(n.serial == "E6614103E7452D2F");
    BOOST_TEST(n.interface.value() == 10U);
}

BOOST_AUTO_TEST_CASE(the_case_of_the_maker_does_not_count) {
    BOOST_TEST((parse_usb_name("usb-klipper_rp2040_1-if00").firmware == usb_firmware::klipper));
    BOOST_TEST((parse_usb_name("usb-Katapult_rp2040_1-if00").firmware == usb_firmware::katapult));
    BOOST_TEST((parse_usb_name("USB-KLIPPER_rp2040_1-if00").firmware == usb_firmware::klipper));
}

BOOST_AUTO_TEST_CASE(other_makers_are_other) {
    for (const char* name :
         {"usb-Beacon_Beacon_RevH_FC269841515933343233-if00", "usb-1a86_USB_Serial-if00-port0",
          "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0", "", "usb-", "usb-Klipper", "Klipper_a_b"}) {
        const auto n = parse_usb_name(name);
        BOOST_TEST((n.firmware == usb_firmware::other), name);
        BOOST_TEST(n.mcu.empty());
        BOOST_TEST(n.serial.empty());
    }
}

BOOST_AUTO_TEST_CASE(odd_names_are_read_without_harm) {
    BOOST_TEST(parse_usb_name("usb-Klipper_").mcu.empty());
    BOOST_TEST(parse_usb_name("usb-Klipper_stm32f103xe-if00").mcu == "stm32f103xe");
    BOOST_TEST(parse_usb_name("usb-Klipper_stm32f103xe-if00").serial.empty());
    BOOST_TEST(parse_usb_name("usb-Klipper_rp2040_my_own_number-if00").serial == "my_own_number");
    BOOST_TEST(!parse_usb_name("usb-Klipper_rp2040_12").interface);
    BOOST_TEST(parse_usb_name("usb-Klipper_rp2040_12-ifzz").serial == "12-ifzz");
    BOOST_TEST(parse_usb_name("usb-Klipper_rp2040_12-port").serial == "12-port");
}

BOOST_AUTO_TEST_CASE(the_interface_is_cut_off) {
    BOOST_TEST(without_interface("usb-Klipper_rp2040_12-if00") == "usb-Klipper_rp2040_12");
    BOOST_TEST(without_interface("usb-1a86_USB_Serial-if00-port0") == "usb-1a86_USB_Serial");
    BOOST_TEST(without_interface("usb-Klipper_rp2040_12-port3") == "usb-Klipper_rp2040_12-port3");
    BOOST_TEST(without_interface("-if0") == "-if0");
}

BOOST_AUTO_TEST_CASE(d19_an_x_inside_of_an_mcu_name_is_not_its_end) {
    BOOST_TEST(parse_usb_name("usb-Klipper_sam3x8e_00000000000000000000000000000000-if00").mcu == "sam3x8e");
    BOOST_TEST(mcu_family("sam3x8e") == "sam3x8e");
    BOOST_TEST(mcu_family("sam3x8c") == "sam3x8c");
    BOOST_TEST(!mcu_matches("sam3x8e", "sam3x8c"));
    BOOST_TEST(!mcu_matches("sam3x8e", "sam4e8e"));
}

BOOST_AUTO_TEST_CASE(the_variant_at_the_end_of_st_names_is_dropped) {
    BOOST_TEST(mcu_family("stm32h723xx") == "stm32h723");
    BOOST_TEST(mcu_family("stm32f401xc") == "stm32f401");
    BOOST_TEST(mcu_family("stm32f103xe") == "stm32f103");
    BOOST_TEST(mcu_family("stm32f042x6") == "stm32f042");
    BOOST_TEST(mcu_family("stm32g0b1xx") == "stm32g0b1");
    for (const char* whole : {"rp2040", "rp2350", "lpc1769", "samd51p20a", "same70q20b", "atmega2560", "at90usb1286",
                              "linux", "ar100", "pru", "x", "xx", "1xx"})
        BOOST_TEST(mcu_family(whole) == whole);
    BOOST_TEST(mcu_family("HC32F460") == "hc32f460");
}

BOOST_AUTO_TEST_CASE(d19_mcu_names_match_by_prefix_in_both_directions) {
    BOOST_TEST(mcu_matches("stm32h723", "stm32h723xx"));
    BOOST_TEST(mcu_matches("stm32h723xx", "stm32h723"));
    BOOST_TEST(mcu_matches("STM32H723xx", "stm32h723"));
    BOOST_TEST(mcu_matches("rp2040", "rp2040"));
    BOOST_TEST(!mcu_matches("stm32h723xx", "stm32h743xx"));
    BOOST_TEST(!mcu_matches("rp2040", "rp2350"));
    BOOST_TEST(!mcu_matches("", "rp2040"));
    BOOST_TEST(!mcu_matches("rp2040", ""));
    BOOST_TEST(!mcu_matches("", ""));
}

BOOST_AUTO_TEST_CASE(a_board_is_itself_in_both_firmwares_and_no_other) {
    const auto klipper = parse_usb_name("usb-Klipper_stm32h723xx_29001A001151313531383332-if00");
    BOOST_TEST(same_board(klipper, parse_usb_name("usb-katapult_stm32h723xx_29001A001151313531383332-if00")));
    BOOST_TEST(!same_board(klipper, parse_usb_name("usb-katapult_stm32h723xx_29001A001151313531383333-if00")));
    BOOST_TEST(!same_board(klipper, parse_usb_name("usb-katapult_stm32f446xx_29001A001151313531383332-if00")));
    const auto nameless = parse_usb_name("usb-Klipper_stm32f103xe-if00");
    BOOST_TEST(!same_board(nameless, nameless));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace usb_name_test
