// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/firmware/chip_choice.hpp>

#include <boost/test/unit_test.hpp>

namespace chip_choice_test {

using namespace kf::firmware;

// The forms that the trees have had: a chip that two symbols mean, a condition of several symbols, no condition at all.
constexpr const char* stm32 = "# chips\n\nif MACH_STM32\n\nconfig STM32_SELECT\n    default y\n\n"
                              "config CLOCK_FREQ\n    default 520000000 if MACH_STM32H723\n"
                              "config MCU\n    string\n"
                              "    default \"stm32f103x6\" if MACH_STM32F103x6\n"
                              "    default \"stm32f103xe\" if MACH_STM32F103\n"
                              "    default \"stm32f401xc\" if MACH_STM32F401\n"
                              "    default \"stm32h723xx\" if MACH_STM32H723\n"
                              "    default \"stm32h743xx\" if MACH_STM32H743 && !LOW\n"
                              "    default \"stm32g0b1xx\" if MACH_STM32G0B1\n"
                              "    default \"stm32g0b1xx\" if MACH_OTHER\n\n"
                              "config FLASH_SIZE\n    default \"lost\" if MACH_STM32F2\n\nendif\n";
constexpr const char* rp2040 = "if MACH_RP2040\nconfig MCU\n\tstring\n\tdefault \"rp2040\"\nendif\n";
constexpr const char* avr = "if MACH_AVR\r\nconfig MCU\r\n    default \"atmega328\" if MACH_atmega328\r\n"
                            "    default \"atmega328p\" if MACH_atmega328p\r\nendif\r\n";

std::string choice(std::string_view mcu) {
    std::vector<offered_chip> all;
    for (const char* text : {stm32, rp2040, avr, "", "config MCU\n default \"stm32h723xx\" if MACH_WITHOUT_IF\n",
                             "if A && B\nconfig MCU\n default \"stm32h723xx\" if C\n", "if X\nconfig MCU\n default \"",
                             "if X\nconfig MCU\n default \"\" if Y\n"})
        for (auto& chip : read_offered_chips(text)) all.push_back(std::move(chip));
    return chip_choice(all, mcu);
}

BOOST_AUTO_TEST_SUITE(chip_choice_suite)

BOOST_AUTO_TEST_CASE(a_name_that_means_one_chip_chooses_it_whatever_its_spelling) {
    for (const char* name : {"stm32h723xx", "stm32h723", "STM32H723xx"})
        BOOST_TEST(choice(name) == "CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32H723=y\n");
    BOOST_TEST(choice("stm32f401") == "CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32F401=y\n");
    BOOST_TEST(choice("stm32f103xe") == "CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32F103=y\n");
    BOOST_TEST(choice("atmega328") == "CONFIG_MACH_AVR=y\nCONFIG_MACH_atmega328=y\n"); // begins atmega328p, too
    BOOST_TEST(choice("atmega328p") == "CONFIG_MACH_AVR=y\nCONFIG_MACH_atmega328p=y\n");
}

BOOST_AUTO_TEST_CASE(a_name_that_means_several_chips_chooses_the_architecture_only) {
    for (const char* name : {"stm32", "stm32h7", "stm32f103", "stm32g0b1xx"})
        BOOST_TEST(choice(name) == "CONFIG_MACH_STM32=y\n");
    BOOST_TEST(choice("stm32h743xx") == "CONFIG_MACH_STM32=y\n"); // no symbol alone chooses it
    BOOST_TEST(choice("rp2040") == "CONFIG_MACH_RP2040=y\n");     // the architecture is the chip
}

BOOST_AUTO_TEST_CASE(a_chip_that_the_tree_does_not_name_chooses_nothing) {
    for (const char* name : {"rp2350", "lost", "", "esp32", "stm32h730"}) BOOST_TEST(choice(name) == "");
    // The beginning of names of two architectures.
    BOOST_TEST(chip_choice({{"sama", "MACH_A", "MACH_SAMA"}, {"samb", "MACH_B", "MACH_SAMB"}}, "sam") == "");
}

BOOST_AUTO_TEST_CASE(a_tree_is_read_folder_by_folder) {
    const kf::test::temporary_folder folder;
    BOOST_TEST(chip_choice(folder.path() / "no-tree", "rp2040") == "");
    BOOST_REQUIRE(kf::io::write_file(folder / "tree/src/stm32/Kconfig", stm32).has_value());
    BOOST_REQUIRE(kf::io::write_file(folder / "tree/src/rp2040/Kconfig", rp2040).has_value());
    BOOST_REQUIRE(kf::io::write_file(folder / "tree/src/main.c", "int main;").has_value());
    BOOST_TEST(chip_choice(folder.path() / "tree", "rp2040") == "CONFIG_MACH_RP2040=y\n");
    BOOST_TEST(chip_choice(folder.path() / "tree", "stm32h723") == "CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32H723=y\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace chip_choice_test
