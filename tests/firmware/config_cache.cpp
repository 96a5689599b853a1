// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"
#include "text_files.hpp"

#include <kf/firmware/config_cache.hpp>

#include <boost/test/unit_test.hpp>

namespace config_cache_test {

using namespace kf::firmware;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(firmware_config_cache)

BOOST_AUTO_TEST_CASE(keeps_one_config_for_each_board) {
    const kf::test::temporary_folder dir;
    const config_cache cache(dir.path() / "configs");
    BOOST_TEST(!cache.has("octopus"));
    BOOST_REQUIRE(cache.store("octopus", "CONFIG_MCU=\"stm32f446xx\"\n"));
    BOOST_REQUIRE(cache.store("pico", "CONFIG_MCU=\"rp2040\"\n"));
    BOOST_TEST(get_file(dir.path() / "configs/octopus/.config") == "CONFIG_MCU=\"stm32f446xx\"\n");
    BOOST_TEST(*cache.load("pico")->config.mcu() == "rp2040");
    BOOST_REQUIRE(cache.remove("octopus"));
    BOOST_TEST(!cache.has("octopus"));
    BOOST_TEST(cache.has("pico"));
    BOOST_TEST(cache.remove("octopus").has_value());
}

BOOST_AUTO_TEST_CASE(boards_share_a_configuration_until_one_gets_its_own) {
    const kf::test::temporary_folder dir;
    const config_cache cache(dir.path() / "configs");
    const std::string one = "CONFIG_MCU=\"rp2040\"\n", two = one + "CONFIG_X=y\n", three = one + "CONFIG_Y=y\n";
    BOOST_TEST((cache.share("a", "b").error().code == kf::errc::not_found));
    BOOST_REQUIRE(cache.store("b", one));
    BOOST_REQUIRE(cache.store("a", two));
    BOOST_REQUIRE(cache.share("a", "b")); // instead of its own
    BOOST_TEST((cache.shared_with("a") == "b"));
    BOOST_TEST(!cache.shared_with("b").has_value());
    BOOST_REQUIRE(cache.store("b", two));
    BOOST_TEST(cache.load("a")->text == two);
    BOOST_TEST(cache.age("a", std::chrono::system_clock::now()).has_value());
    BOOST_TEST((cache.share("b", "a").error().code == kf::errc::usage)); // a ring
    BOOST_TEST((cache.share("b", "b").error().code == kf::errc::usage));
    BOOST_REQUIRE(cache.share("c", "a"));
    BOOST_TEST((cache.shared_with("c") == "b"));
    BOOST_TEST((cache.share("b", "c").error().code == kf::errc::usage));
    // The end of one is nobody else's.
    BOOST_REQUIRE(cache.remove("a"));
    BOOST_TEST(get_file(cache.path("b")) == two);
    BOOST_TEST(get_file(cache.path("c")) == two);
    BOOST_TEST(!cache.shared_with("c").has_value());
    BOOST_REQUIRE(cache.share("c", "b"));
    BOOST_REQUIRE(cache.remove("b"));
    BOOST_TEST(cache.load("c")->text == two);
    BOOST_REQUIRE(cache.store("b", one));
    BOOST_REQUIRE(cache.share("c", "b"));
    BOOST_REQUIRE(cache.store("c", three)); // its own again
    BOOST_TEST(!cache.shared_with("c").has_value());
    BOOST_TEST(cache.load("b")->text == one);
    // A person's own link to elsewhere is no other board's.
    put_file(dir.path() / "mine.config", one);
    std::filesystem::create_directories(dir.path() / "configs/d");
    std::filesystem::create_symlink(dir.path() / "mine.config", cache.path("d"));
    BOOST_TEST(!cache.shared_with("d").has_value());
}

BOOST_AUTO_TEST_CASE(a_board_without_config_is_not_found_and_says_how_to_make_one) {
    const kf::test::temporary_folder dir;
    const auto none = config_cache(dir.path()).load("octopus");
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == kf::errc::not_found));
    BOOST_TEST(none.error().steps.at(0) == "make one in menuconfig: kflash config octopus");
}

BOOST_AUTO_TEST_CASE(keeps_a_file_byte_for_byte) {
    const kf::test::temporary_folder dir;
    const config_cache cache(dir.path() / "configs");
    const std::string text = "\xef\xbb\xbf# by hand\r\nCONFIG_MCU=\"rp2040\"\r\n# CONFIG_X is not set\n";
    put_file(dir.path() / "mine.config", text);
    const auto mine = read_config_file(dir.path() / "mine.config");
    BOOST_REQUIRE(mine);
    BOOST_TEST(*mine->config.mcu() == "rp2040");
    BOOST_REQUIRE(cache.store("pico", mine->text));
    BOOST_TEST(get_file(cache.path("pico")) == text);
}

BOOST_AUTO_TEST_CASE(what_is_no_config_is_told_from_one_and_never_replaces_one) {
    const kf::test::temporary_folder dir;
    const config_cache cache(dir.path() / "configs");
    BOOST_REQUIRE(cache.store("pico", "CONFIG_MCU=\"rp2040\"\n"));
    using row = std::pair<std::string, std::string>;
    const std::string big(1 << 21, '#');
    for (const auto& [text, cause] :
         {row{"", "there is no option in it"}, row{"\n\n", "there is no option in it"},
          row{"# nothing\n# at all\n", "there is no option in it"},
          row{"#define MOTHERBOARD BOARD_RAMPS_14_EFB\n", "there is no option in it"}, // Marlin's Configuration.h
          row{"\x89PNG\r\n\x1a\n", "it is no text"},
          row{std::string("\x7f"
                          "ELF\x01\x01\0",
                          7),
              "it is no text"},
          row{"CONFIG_CC_IS_GCC=y\nCONFIG_64BIT=y\n", // Linux
              "it names no MCU: neither CONFIG_MCU nor a CONFIG_MACH_ is in it"},
          row{"CONFIG_MCU=\"\"\nCONFIG_CLOCK_FREQ=1\n",
              "it names no MCU: neither CONFIG_MCU nor a CONFIG_MACH_ is in it"},
          row{"# CONFIG_MACH_AVR is not set\n", "it names no MCU: neither CONFIG_MCU nor a CONFIG_MACH_ is in it"},
          row{"CONFIG_MCU=\"stm32f446xx\"\nCONFIG_LAUNCH_APP_ADDRESS=0x8008000\n",
              "it is the configuration of Katapult itself, not of Klipper"},
          row{"[mcu]\nserial: /dev/ttyACM0\n", "line 1 is no line of a .config: [mcu]"},
          row{big, (dir.path() / "file").string() + " is larger than 1048576 bytes"}}) {
        put_file(dir.path() / "file", text);
        const auto bad = read_config_file(dir.path() / "file");
        BOOST_REQUIRE(!bad);
        BOOST_TEST((bad.error().code == kf::errc::malformed));
        BOOST_TEST(bad.error().what == "this is not the .config of a firmware build");
        BOOST_TEST(bad.error().cause == cause);
        BOOST_TEST(bad.error().command == (dir.path() / "file").string());
        if (text.size() < 1000) BOOST_TEST(!cache.store("pico", text).has_value());
    }
    BOOST_TEST((read_config_file(dir.path()).error().code == kf::errc::malformed)); // a folder
    BOOST_TEST((read_config_file(dir.path() / "nowhere").error().code == kf::errc::not_found));
    BOOST_TEST(get_file(cache.path("pico")) == "CONFIG_MCU=\"rp2040\"\n");
}

BOOST_AUTO_TEST_CASE(two_lines_that_choose_a_chip_are_a_config) {
    const auto two = read_config("CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32H723=y\n", "x");
    BOOST_REQUIRE(two);
    BOOST_TEST(!two->config.mcu().has_value());
    BOOST_TEST((two->config.chosen_machines() == std::vector<std::string>{"MACH_STM32", "MACH_STM32H723"}));
}

BOOST_AUTO_TEST_CASE(says_how_old_a_config_is) {
    const kf::test::temporary_folder dir;
    const config_cache cache(dir.path());
    BOOST_REQUIRE(cache.store("pico", "CONFIG_MCU=\"rp2040\"\n"));
    const auto age = cache.age("pico", std::chrono::system_clock::now() + 3h);
    BOOST_REQUIRE(age);
    BOOST_TEST((*age >= 3h && *age < 3h + 10min));
    BOOST_TEST(age_text(59s) == "0 minutes ago");
    BOOST_TEST(age_text(61s) == "1 minute ago");
    BOOST_TEST(age_text(3h) == "3 hours ago");
    BOOST_TEST(age_text(24h) == "1 day ago");
    BOOST_TEST(age_text(89 * 24h) == "89 days ago");
    BOOST_TEST(age_text(90 * 24h) == "90 days ago (review recommended)");
    BOOST_TEST(age_text(-5s) == "0 minutes ago");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace config_cache_test
