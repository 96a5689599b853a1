// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"
#include "text_files.hpp"

#include <kf/firmware/config_cache.hpp>

#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_CASE(a_board_without_config_is_not_found_and_says_how_to_make_one) {
    const kf::test::temporary_folder dir;
    const auto none = config_cache(dir.path()).load("octopus");
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == kf::errc::not_found));
    BOOST_TEST(none.error().steps.at(0) == "make one in menuconfig: kflash config octopus");
}

BOOST_AUTO_TEST_CASE(imports_a_file_byte_for_byte_and_leaves_it_alone) {
    const kf::test::temporary_folder dir;
    const config_cache cache(dir.path() / "configs");
    const std::string text = "CONFIG_MCU=\"rp2040\"\r\n# CONFIG_X is not set\n";
    put_file(dir.path() / "mine.config", text);
    BOOST_REQUIRE(cache.import_file("pico", dir.path() / "mine.config"));
    BOOST_TEST(get_file(cache.path("pico")) == text);
    BOOST_TEST(get_file(dir.path() / "mine.config") == text);
}

BOOST_AUTO_TEST_CASE(what_is_no_config_never_replaces_one) {
    const kf::test::temporary_folder dir;
    const config_cache cache(dir.path() / "configs");
    BOOST_REQUIRE(cache.store("pico", "CONFIG_MCU=\"rp2040\"\n"));
    put_file(dir.path() / "picture.png", "\x89PNG\r\n");
    put_file(dir.path() / "empty", "");
    for (const char* name : {"picture.png", "empty"}) {
        const auto bad = cache.import_file("pico", dir.path() / name);
        BOOST_REQUIRE(!bad);
        BOOST_TEST((bad.error().code == kf::errc::malformed));
        BOOST_TEST(bad.error().command == (dir.path() / name).string());
    }
    BOOST_TEST((cache.import_file("pico", dir.path() / "nowhere").error().code == kf::errc::not_found));
    BOOST_TEST(!cache.store("pico", "CONFIG_CLOCK_FREQ=1\n").has_value());
    BOOST_TEST(get_file(cache.path("pico")) == "CONFIG_MCU=\"rp2040\"\n");
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
