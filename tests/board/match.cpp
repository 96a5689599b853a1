// SPDX-License-Identifier: MIT
#include <kf/board/match.hpp>

#include <boost/test/unit_test.hpp>

#include <type_traits>

namespace match_test {

using namespace kf::board;
using kf::errc;

device plugged(const std::string& name, const std::string& node) {
    return {name, "/dev/serial/by-id/" + name, "/dev/" + node, parse_usb_name(name)};
}
board entry(const std::string& key, const std::string& mcu, const std::string& pattern) {
    return {.key = key, .name = key, .mcu = mcu, .serial_pattern = pattern};
}

const device octopus = plugged("usb-Klipper_stm32h723xx_29001A001151313531383332-if00", "ttyACM0");
const device octopus_in_katapult = plugged("usb-katapult_stm32h723xx_29001A001151313531383332-if00", "ttyACM0");
const device second_octopus = plugged("usb-Klipper_stm32h723xx_29001A001151313531383399-if00", "ttyACM1");
const device pico = plugged("usb-Klipper_rp2040_E6614103E7452D2F-if00", "ttyACM2");
const device beacon = plugged("usb-Beacon_Beacon_RevH_FC269841515933343233-if00", "ttyACM3");

const board octopus_board = entry("octopus", "stm32h723", "usb-Klipper_stm32h723xx_29001A001151313531383332*");
const board second_board = entry("second", "stm32h723", "usb-Klipper_stm32h723xx_29001A001151313531383399*");
const board pico_board = entry("pico", "rp2040", "usb-katapult_rp2040_E6614103E7452D2F*");

registry with(std::vector<board> boards) {
    registry r;
    r.boards = std::move(boards);
    return r;
}

std::string states(const registry& r, const std::vector<device>& devices) {
    std::string text;
    for (const auto& row : classify(r, devices))
        text += std::string(name(row.state)) + ":" + (row.owner ? row.owner->key : "-") + ":" +
                (row.device ? row.device->resolved.filename().string() : "-") + " ";
    return text;
}

// A target without a board and a device that were matched cannot be written down.
static_assert(!std::is_default_constructible_v<target>);
static_assert(!std::is_constructible_v<target, board, device>);

BOOST_AUTO_TEST_SUITE(match_suite)

BOOST_AUTO_TEST_CASE(devices_are_registered_new_blocked_or_disconnected) {
    BOOST_TEST(states(with({octopus_board, second_board}), {beacon, octopus, pico}) ==
               "blocked:-:ttyACM3 registered:octopus:ttyACM0 new:-:ttyACM2 disconnected:second:- ");
    BOOST_TEST(states(with({pico_board}), {pico}) == "registered:pico:ttyACM2 ");
    BOOST_TEST(states(with({}), {}).empty());
}

BOOST_AUTO_TEST_CASE(a_blocked_device_says_why) {
    auto r = with({octopus_board});
    const std::vector<device> devices{beacon, octopus, plugged("usb-1a86_USB_Serial-if00-port0", "ttyUSB0")};
    auto rows = classify(r, devices);
    BOOST_TEST(rows.at(0).reason == "a Beacon probe is not a Klipper MCU");
    BOOST_TEST((rows.at(2).state == presence::blocked));
    BOOST_TEST(rows.at(2).reason.starts_with("unsupported USB device"));
    r.blocked = {{"USB-KLIPPER_stm32h723xx_29*", "keep off"}};
    rows = classify(r, devices);
    BOOST_TEST((rows.at(1).state == presence::blocked));
    BOOST_TEST(rows.at(1).reason == "keep off");
    BOOST_TEST(rows.at(1).owner->key == "octopus");
    BOOST_TEST(rows.size() == 3U); // blocked is not disconnected
    r.blocked = {{"usb-klipper_*"}};
    BOOST_TEST(classify(r, devices).at(1).reason == "blocked by devices.json (usb-klipper_*)");
}

BOOST_AUTO_TEST_CASE(a_board_in_its_bootloader_is_still_that_board) {
    const auto r = with({octopus_board, second_board});
    const std::vector<device> devices{octopus_in_katapult, second_octopus};
    const auto t = match(r, octopus_board, devices);
    BOOST_REQUIRE(t.has_value());
    BOOST_TEST(t->board().key == "octopus");
    BOOST_TEST((t->kind() == usb_firmware::katapult));
    BOOST_TEST(t->by_id_name() == octopus_in_katapult.file_name);
    BOOST_TEST(t->path() == "/dev/serial/by-id/usb-katapult_stm32h723xx_29001A001151313531383332-if00");
}

BOOST_AUTO_TEST_CASE(d18_two_boards_of_one_chip_are_told_apart_by_their_serial) {
    const auto r = with({octopus_board, second_board});
    const std::vector<device> devices{octopus, second_octopus};
    BOOST_TEST(match(r, octopus_board, devices)->device().resolved == "/dev/ttyACM0");
    BOOST_TEST(match(r, second_board, devices)->device().resolved == "/dev/ttyACM1");
    BOOST_TEST(states(r, devices) == "registered:octopus:ttyACM0 registered:second:ttyACM1 ");
}

BOOST_AUTO_TEST_CASE(a_serial_that_begins_another_serial_is_not_taken_for_it) {
    const auto one = entry("one", "rp2040", "usb-Klipper_rp2040_1*"),
               twelve = entry("twelve", "rp2040", "usb-Klipper_rp2040_12*");
    const auto d1 = plugged("usb-Klipper_rp2040_1-if00", "ttyACM1");
    const auto d12 = plugged("usb-katapult_rp2040_12-if00", "ttyACM12");
    const auto r = with({one, twelve});
    const std::vector<device> both{d1, d12}, only12{d12};
    BOOST_TEST(match(r, one, both)->device().resolved == "/dev/ttyACM1");
    BOOST_TEST(match(r, twelve, both)->device().resolved == "/dev/ttyACM12");
    BOOST_TEST((match(r, one, only12).error().code == errc::not_connected));
    BOOST_TEST(states(r, only12) == "registered:twelve:ttyACM12 disconnected:one:- ");
}

BOOST_AUTO_TEST_CASE(a_board_that_two_devices_look_like_is_refused_with_what_to_do) {
    const auto wide = entry("wide", "stm32h723", "usb-Klipper_stm32h723xx_*");
    const auto r = with({wide});
    const std::vector<device> devices{octopus, second_octopus};
    const auto t = match(r, wide, devices);
    BOOST_REQUIRE(!t);
    BOOST_TEST((t.error().code == errc::refused));
    BOOST_TEST(t.error().what == "2 devices look like wide");
    BOOST_REQUIRE_EQUAL(t.error().steps.size(), 2U);
    BOOST_TEST(t.error().steps[1] == "kflash edit wide --usb usb-Klipper_stm32h723xx_29001A001151313531383399-if00");
    BOOST_TEST(states(r, devices) == "ambiguous:wide:ttyACM0 ambiguous:wide:ttyACM1 ");
}

BOOST_AUTO_TEST_CASE(a_pattern_without_a_serial_number_is_no_proof_even_when_one_device_matches) {
    const auto wide = entry("wide", "stm32h723", "usb-Klipper_stm32h723xx_*");
    const auto t = match(with({wide}), wide, std::vector{octopus});
    BOOST_REQUIRE(!t);
    BOOST_TEST((t.error().code == errc::refused));
    BOOST_TEST(t.error().what == "whether this device is wide cannot be known");
    BOOST_TEST(t.error().steps.back() == "then say so: kflash edit wide --usb " + octopus.file_name);
    BOOST_TEST(states(with({wide}), {octopus}) == "ambiguous:wide:ttyACM0 ");
    auto known = wide; // the same pattern, once the person has said which one it is
    known.as_klipper = {octopus.file_name, "", "", octopus.usb.serial};
    BOOST_TEST(match(with({known}), known, std::vector{octopus, second_octopus})->device().resolved == "/dev/ttyACM0");
    BOOST_TEST((match(with({known}), known, std::vector{second_octopus}).error().code == errc::not_connected));
}

BOOST_AUTO_TEST_CASE(two_boards_that_claim_one_device_are_refused_with_what_to_do) {
    const auto a = entry("a", "stm32h723", "usb-Klipper_stm32h723xx_*");
    const auto b = entry("b", "stm32h723", "usb-katapult_*");
    const auto r = with({a, b});
    const auto t = match(r, a, std::vector{octopus});
    BOOST_REQUIRE(!t);
    BOOST_TEST((t.error().code == errc::refused));
    BOOST_TEST(t.error().what == "2 boards claim one device");
    BOOST_TEST(t.error().cause == "which of them it is cannot be known; it looks like each of: a, b");
    BOOST_TEST(t.error().steps.size() == 2U);
    BOOST_TEST(states(r, {octopus}) == "ambiguous:-:ttyACM0 ");
}

BOOST_AUTO_TEST_CASE(two_names_of_one_node_are_one_device) {
    const auto r = with({octopus_board});
    auto second_interface = plugged("usb-Klipper_stm32h723xx_29001A001151313531383332-if02", "ttyACM7");
    BOOST_TEST(match(r, octopus_board, std::vector{octopus, second_interface})->device().resolved == "/dev/ttyACM0");
    BOOST_TEST(match(r, octopus_board, std::vector{octopus, octopus_in_katapult}).has_value()); // both -> ttyACM0
    auto other_node = octopus_in_katapult;
    other_node.resolved = "/dev/ttyACM9";
    BOOST_TEST((match(r, octopus_board, std::vector{octopus, other_node}).error().code == errc::refused));
}

BOOST_AUTO_TEST_CASE(a_board_that_is_not_there_is_not_connected) {
    const auto t = match(with({octopus_board}), octopus_board, std::vector{pico, beacon});
    BOOST_REQUIRE(!t);
    BOOST_TEST((t.error().code == errc::not_connected));
    BOOST_TEST(t.error().what == "octopus is not connected");
}

BOOST_AUTO_TEST_CASE(an_excluded_board_is_found_but_is_no_target) {
    auto excluded = octopus_board;
    excluded.flashable = false;
    const auto r = with({excluded});
    BOOST_TEST(locate(r, excluded, std::vector{octopus}).has_value());
    BOOST_TEST((match(r, excluded, std::vector{octopus}).error().code == errc::refused));
    BOOST_TEST(states(r, {octopus}) == "registered:octopus:ttyACM0 ");
}

BOOST_AUTO_TEST_CASE(a_blocked_board_is_no_target) {
    auto r = with({octopus_board});
    r.blocked = {{"usb-Klipper_stm32h723xx_29*", "keep off"}};
    const auto t = match(r, octopus_board, std::vector{octopus});
    BOOST_REQUIRE(!t);
    BOOST_TEST((t.error().code == errc::refused));
    BOOST_TEST(t.error().what == "octopus is blocked: keep off");
}

BOOST_AUTO_TEST_CASE(d19_a_board_registered_with_the_long_mcu_name_is_not_skipped) {
    auto b = octopus_board;
    for (const char* mcu : {"stm32h723", "stm32h723xx", "STM32H723xx"}) {
        b.mcu = mcu;
        BOOST_TEST(match(with({b}), b, std::vector{octopus}).has_value(), mcu);
    }
    const auto due = entry("due", "sam3x8e", "usb-Klipper_sam3x8e_00000000*");
    const auto due_device = plugged("usb-Klipper_sam3x8e_00000000-if00", "ttyACM4");
    BOOST_TEST(match(with({due}), due, std::vector{due_device}).has_value());
}

BOOST_AUTO_TEST_CASE(d19_another_chip_than_the_registered_one_is_a_mismatch) {
    auto b = octopus_board;
    b.mcu = "stm32f446";
    const auto t = match(with({b}), b, std::vector{octopus});
    BOOST_REQUIRE(!t);
    BOOST_TEST((t.error().code == errc::mismatch));
    BOOST_TEST(t.error().what == "octopus is registered as stm32f446, the device says stm32h723xx");
    // The original read sam3x8e as sam3 and so took a sam3x8c for the same chip.
    const auto due = entry("due", "sam3x8e", "usb-Klipper_sam3x8?_00000000*");
    const auto small = plugged("usb-Klipper_sam3x8c_00000000-if00", "ttyACM4");
    BOOST_TEST((match(with({due}), due, std::vector{small}).error().code == errc::mismatch));
}

BOOST_AUTO_TEST_CASE(boards_that_share_one_serial_number_are_told_apart_by_their_ports_or_refused) {
    auto left = plugged("platform-usb-0:1.3:1.0", "ttyACM0"), right = plugged("platform-usb-0:1.4:1.0", "ttyACM1");
    left.facts = {.vendor_id = "1d50",
                  .product_id = "614e",
                  .manufacturer = "Klipper",
                  .product = "rp2040",
                  .serial = "E661",
                  .port = "1-1.3",
                  .twins = 1};
    right.facts = left.facts;
    right.facts.port = "1-1.4";
    left.usb = right.usb = {usb_firmware::klipper, "rp2040", "E661", 0};
    left.place = left.file_name;
    right.place = right.file_name;
    const std::vector both{left, right};
    auto l = entry("l", "rp2040", left.place), g = entry("g", "rp2040", right.place);
    BOOST_TEST(match(with({l, g}), l, both)->device().resolved == "/dev/ttyACM0");
    BOOST_TEST(match(with({l, g}), g, both)->device().resolved == "/dev/ttyACM1");
    BOOST_TEST(states(with({g, l}), both) == "registered:l:ttyACM0 registered:g:ttyACM1 ");

    auto old = entry("old", "rp2040", "usb-Klipper_rp2040_E661*"); // by-id cannot tell them apart
    left.file_name = "usb-Klipper_rp2040_E661-if00";               // no by-path on this system
    const auto t = match(with({old}), old, std::vector{left});
    BOOST_REQUIRE(!t);
    BOOST_TEST((t.error().code == errc::refused));
    BOOST_TEST(t.error().cause ==
               "2 USB devices have this name and serial number, and the USB port of the board is not known yet");
    old.usb_port = "1-1.3";
    BOOST_TEST(match(with({old}), old, std::vector{left}).has_value());
    left.facts.port = "1-1.5";
    const auto moved = match(with({old}), old, std::vector{left});
    BOOST_REQUIRE(!moved);
    BOOST_TEST(moved.error().cause == "usb-Klipper_rp2040_E661-if00 is not it: its USB port is 1-1.5, not 1-1.3");
}

BOOST_AUTO_TEST_CASE(a_pattern_that_takes_other_boards_is_refused_before_it_is_saved) {
    const auto r = with({octopus_board, pico_board});
    const auto why = [&](const std::string& pattern) {
        return pattern_conflict(r, entry("new", "rp2040", pattern), std::vector{octopus, pico}).value_or("");
    };
    for (const char* pattern : {"*", "usb-*", "usb-Klipper_*", "usb-Klipper_*_*-if00", "usb-Klipper_rp20?0_*", "*-if00",
                                "usb-[Kk]*", "platform-*"})
        BOOST_TEST(why(pattern) != "", pattern);
    BOOST_TEST(why("usb-Klipper_rp2040_*") ==
               "it takes the device of pico (usb-katapult_rp2040_E6614103E7452D2F-if00)");
    BOOST_TEST(why("usb-katapult_stm32h723xx_29001A00115131353138333?-if00") ==
               "it takes the device of octopus (usb-Klipper_stm32h723xx_29001A001151313531383332-if00)");
    BOOST_TEST(why(octopus_board.serial_pattern) != "");
    for (const char* pattern : {"usb-Klipper_rp2040_E66141*", "usb-Klipper_stm32f446xx_*", "usb-*_rp2040_AA11-if*",
                                "usb-Klipper_x*", "platform-xhci-usb-0:1.4:1.0"})
        BOOST_TEST(why(pattern) == "", pattern);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace match_test
