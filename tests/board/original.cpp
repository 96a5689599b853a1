// SPDX-License-Identifier: MIT
#include <kf/board/original.hpp>

#include <boost/test/unit_test.hpp>

namespace original_test {

using namespace kf::board;

registry of(std::string_view text) {
    auto r = parse_registry(text, "devices.json");
    BOOST_REQUIRE(r);
    return *std::move(r);
}

BOOST_AUTO_TEST_SUITE(board_original)

BOOST_AUTO_TEST_CASE(what_is_missing_is_taken_and_what_is_here_stays) {
    auto ours = of(R"({
      "global": {"stagger_delay": 1, "klipper_dir": "~/kalico"},
      "devices": {
        "octopus": {"name": "Octopus", "mcu": "stm32h723", "serial_pattern": "usb-Klipper_stm32h723xx_29*"},
        "pico": {"name": "Pico", "mcu": "rp2040", "serial_pattern": "usb-Klipper_rp2040_E66*"}
      },
      "blocked_devices": ["usb-Cartographer_*"]})");
    const auto theirs = of(R"({
      "global": {"stagger_delay": 4, "return_delay": 9, "klipper_dir": "~/kalico", "skip_menuconfig": true},
      "devices": {
        "My Board": {"name": "EBB", "mcu": "stm32g0b1", "serial_pattern": "usb-Klipper_stm32g0b1xx_5A*",
                     "flash_method": "make_flash", "flashable": false},
        "octopus": {"name": "Octopus Pro", "mcu": "stm32h723", "serial_pattern": "usb-Klipper_stm32h723xx_29*"},
        "second": {"name": "second", "mcu": "rp2040", "serial_pattern": "usb-Klipper_rp2040_E66*"},
        "third": {"name": "PICO", "mcu": "rp2040", "serial_pattern": "usb-Klipper_rp2040_F77*"},
        "wide": {"name": "wide", "mcu": "rp2040", "serial_pattern": "usb-*"},
        "pico": {"name": "nozzle", "mcu": "rp2350", "serial_pattern": "usb-Klipper_rp2350_1*"},
        "nozzle": {"name": "OCTOPUS", "mcu": "rp2350", "serial_pattern": "usb-Klipper_rp2350_2*"},
        "mill": {"name": "Renamed", "mcu": "rp2040", "serial_pattern": "usb-Klipper_rp2040_ABC*"},
        "zz": {"name": "Mill", "mcu": "rp2040", "serial_pattern": "usb-Klipper_rp2040_ABD*"}
      },
      "blocked_devices": ["usb-cartographer_*", "usb-beacon_*", {"pattern": "usb-x*", "reason": "mine"}]})");
    const auto old = ours.boards;
    std::string told;
    for (const auto& t : take_over(ours, theirs, {}))
        told += (t.taken ? "+" : "-") + t.part + " " + t.name + (t.reason.empty() ? "" : ": " + t.reason) + "\n";
    BOOST_TEST(told == R"(+board My Board
+board mill
-board nozzle: another board here has its key or name: Octopus
-board octopus: it is registered here already
-board pico: another board here has its key or name: Pico
-board second: it takes the device of pico (usb-Klipper_rp2040_E66*)
-board third: another board here has its key or name: Pico
-board wide: it names neither a serial number nor a chip: boards of several kinds match it
-board zz: another board here has its key or name: Renamed
-pattern usb-cartographer_*: it is blocked here already
-pattern usb-beacon_*: it is blocked here already
+pattern usb-x*
+setting skip_menuconfig
-setting stagger_delay: it was chosen otherwise here
+setting return_delay
)");
    BOOST_REQUIRE(ours.boards.size() == 4U);
    BOOST_TEST((ours.boards[0] == theirs.boards[0]));
    BOOST_TEST(ours.boards[1].name == "Renamed");
    BOOST_TEST((std::vector(ours.boards.begin() + 2, ours.boards.end()) == old));
    BOOST_TEST((ours.blocked == std::vector<blocked_device>{{"usb-Cartographer_*"}, {"usb-x*", "mine"}}));
    BOOST_TEST(ours.settings.stagger_delay == 1);
    BOOST_TEST(ours.settings.return_delay == 9);
    BOOST_TEST(ours.settings.skip_menuconfig);
    // Once more: nothing is new.
    const auto now = to_text(ours);
    for (const auto& t : take_over(ours, theirs, {})) BOOST_TEST(!t.taken);
    BOOST_TEST(to_text(ours) == now);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace original_test
