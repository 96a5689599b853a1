// SPDX-License-Identifier: MIT
#include <kf/firmware/kconfig.hpp>

#include <boost/test/unit_test.hpp>

namespace kconfig_test {

using namespace kf::firmware;

kconfig parsed(std::string_view text) {
    auto config = kconfig::parse(text);
    BOOST_REQUIRE(config.has_value());
    return *config;
}

constexpr std::string_view h723 = "CONFIG_MACH_STM32=y\n"
                                  "# CONFIG_MACH_AVR is not set\n"
                                  "\n#\n# USB ids\n#\n"
                                  "CONFIG_BOARD_DIRECTORY=\"stm32\"\n"
                                  "CONFIG_MCU=\"stm32h723xx\"\n"
                                  "CONFIG_CLOCK_FREQ=520000000\n"
                                  "CONFIG_FLASH_SIZE=0x40000\n"
                                  "CONFIG_FLASH_BOOT_ADDRESS=0x8000000\n"
                                  "CONFIG_FLASH_APPLICATION_ADDRESS=0x8020000\n"
                                  "CONFIG_INITIAL_PINS=\"\"\n";

std::string placed(std::string_view boot, std::string_view start, std::string_view size) {
    return "CONFIG_BOARD_DIRECTORY=\"x\"\nCONFIG_FLASH_BOOT_ADDRESS=" + std::string(boot) +
           "\nCONFIG_FLASH_APPLICATION_ADDRESS=" + std::string(start) + "\nCONFIG_FLASH_SIZE=" + std::string(size) +
           "\n";
}

BOOST_AUTO_TEST_SUITE(firmware_kconfig)

BOOST_AUTO_TEST_CASE(reads_what_menuconfig_wrote) {
    const auto c = parsed(h723);
    BOOST_TEST(*c.mcu() == "stm32h723xx");
    BOOST_TEST(*c.application_start() == 0x8020000u);
    BOOST_TEST(*c.flash_size() == 0x40000u);
    BOOST_TEST(*c.flash_base() == 0x8000000u);
    BOOST_TEST(*c.number("CLOCK_FREQ") == 520000000u);
    BOOST_TEST(c.enabled("MACH_STM32"));
    BOOST_TEST(!c.enabled("MACH_AVR"));
    BOOST_TEST(!c.enabled("NEVER_HEARD_OF"));
    BOOST_TEST(!c.text("INITIAL_PINS").has_value());
    BOOST_TEST(c.has_vector_table());
    BOOST_TEST(!c.at_flash_base());
}

BOOST_AUTO_TEST_CASE(a_linux_process_is_named_by_its_board_directory) {
    const auto c = parsed("CONFIG_BOARD_DIRECTORY=\"linux\"\n");
    BOOST_TEST(*c.mcu() == "linux");
    BOOST_TEST(!c.has_vector_table());
    BOOST_TEST(!c.at_flash_base());
}

BOOST_AUTO_TEST_CASE(an_avr_has_no_vector_table_even_if_it_names_a_start) {
    const auto c = parsed("CONFIG_BOARD_DIRECTORY=\"avr\"\nCONFIG_MCU=\"atmega2560\"\nCONFIG_AVR_CLKPR=-1\n");
    BOOST_TEST(!c.has_vector_table());
    BOOST_TEST(!c.number("AVR_CLKPR").has_value());
}

BOOST_AUTO_TEST_CASE(escapes_in_a_text_are_undone) {
    BOOST_TEST(*parsed("CONFIG_A=\"x\\\"y\\\\z\"\n").text("A") == "x\"y\\z");
}

BOOST_AUTO_TEST_CASE(tells_an_image_without_room_for_a_bootloader) {
    BOOST_TEST(parsed(placed("0x8000000", "0x8000000", "0x40000")).at_flash_base());
    BOOST_TEST(!parsed(placed("0x8000000", "0x8002000", "0x40000")).at_flash_base());
    BOOST_TEST(parsed(placed("0x10000100", "0x10000100", "0x200000")).at_flash_base());
    BOOST_TEST(!parsed(placed("0x10000100", "0x10004000", "0x200000")).at_flash_base());
    // SAM3X: its .config says that the flash begins at 0, the chip says 0x80000.
    BOOST_TEST(parsed(placed("0x0", "0x80000", "0x80000")).at_flash_base());
    BOOST_TEST(
        parsed("CONFIG_BOARD_DIRECTORY=\"stm32\"\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8000000\n").at_flash_base());
    BOOST_TEST(
        !parsed("CONFIG_BOARD_DIRECTORY=\"stm32\"\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8008000\n").at_flash_base());
}

BOOST_AUTO_TEST_CASE(a_line_that_is_none_is_reported_with_its_number) {
    const auto bad = kconfig::parse("CONFIG_A=y\nthis is a README\n");
    BOOST_REQUIRE(!bad);
    BOOST_TEST((bad.error().code == kf::errc::malformed));
    BOOST_TEST(bad.error().what == "line 2 is no line of a .config: this is a README");
    BOOST_TEST(!kconfig::parse("CONFIG_A=\"no end\n").has_value());
    BOOST_TEST(!kconfig::parse("CONFIG_=y\n").has_value());
}

BOOST_AUTO_TEST_CASE(diff_names_what_changed_came_and_went) {
    const auto before = parsed("CONFIG_A=y\nCONFIG_B=1\nCONFIG_OLD=y\n# CONFIG_UNSET is not set\n");
    const auto after = parsed("CONFIG_A=y\nCONFIG_B=2\nCONFIG_NEW=\"x\"\n# CONFIG_OTHER is not set\n");
    const auto changes = diff(before, after);
    BOOST_REQUIRE(changes.size() == 3u);
    BOOST_TEST(to_string(changes[0]) == "changed CONFIG_B from 1 to 2");
    BOOST_TEST(to_string(changes[1]) == "added   CONFIG_NEW=\"x\"");
    BOOST_TEST(to_string(changes[2]) == "dropped CONFIG_OLD=y");
    BOOST_TEST(diff(before, before).empty());
}

BOOST_AUTO_TEST_CASE(line_ends_of_other_systems_are_line_ends) {
    BOOST_TEST(plain_text("\xef\xbb\xbf"
                          "CONFIG_A=y\r\nCONFIG_B=y\r\n") == "CONFIG_A=y\nCONFIG_B=y\n");
    BOOST_TEST(plain_text("CONFIG_A=y\rCONFIG_B=y\r") == "CONFIG_A=y\nCONFIG_B=y\n");
    BOOST_TEST(plain_text("CONFIG_A=0x8\r\r\r\nCONFIG_B=y") == "CONFIG_A=0x8\n\n\nCONFIG_B=y"); // found by the fuzzer
    BOOST_TEST(plain_text("") == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace kconfig_test
