// SPDX-License-Identifier: MIT
#include <kf/board/identity.hpp>

#include <boost/test/unit_test.hpp>

namespace identity_test {

using namespace kf::board;

constexpr const char* chip = "E6614103E7452D2F";

device at(const std::string& port, usb_firmware runs, const std::string& mcu, const std::string& serial,
          std::string maker = {}) {
    if (maker.empty()) maker = runs == usb_firmware::katapult ? "katapult" : "Klipper";
    device d{"usb-" + maker + "_" + mcu + "_" + serial + "-if00", {}, "/dev/tty" + port, {runs, mcu, serial, 0}};
    d.path = "/dev/serial/by-id/" + d.file_name;
    d.place = "platform-usb-0:" + port.substr(2) + ":1.0";
    d.facts = {.vendor_id = "1d50",
               .product_id = runs == usb_firmware::katapult ? "6177" : "614e",
               .manufacturer = maker,
               .product = mcu,
               .serial = serial,
               .port = port};
    return d;
}

board known(const std::string& pattern, const device& d) {
    const board b{.key = "b", .name = "B", .mcu = d.usb.mcu, .serial_pattern = pattern};
    return remember(b, d, d.usb.firmware, "2026-01-25");
}

const device moment = at("1-1.4", usb_firmware::klipper, "rp2040", "momentOS");
const board moment_board = known("usb-Klipper_rp2040_momentOS*", moment);

BOOST_AUTO_TEST_SUITE(identity_suite)

BOOST_AUTO_TEST_CASE(what_was_learned_is_port_and_face) {
    BOOST_TEST(moment_board.usb_port == "1-1.4");
    BOOST_TEST(
        (moment_board.as_klipper == usb_face{"usb-Klipper_rp2040_momentOS-if00", "Klipper", "rp2040", "momentOS"}));
    BOOST_TEST(moment_board.as_katapult.empty());
    BOOST_TEST(!moment_board.seen_as_katapult);
    const auto met = remember(moment_board, at("1-1.4", usb_firmware::katapult, "rp2040", chip), usb_firmware::katapult,
                              "2026-01-26");
    BOOST_TEST(*met.seen_as_katapult == "2026-01-26");
    BOOST_TEST(met.as_katapult.serial == chip);
    BOOST_TEST(met.serial_pattern == "usb-Klipper_rp2040_momentOS*"); // the person's, as long as it fits one name
}

BOOST_AUTO_TEST_CASE(a_board_is_known_in_a_bootloader_that_nobody_saw_before_by_its_port) {
    const auto in_katapult = at("1-1.4", usb_firmware::katapult, "rp2040", chip);
    BOOST_TEST((judge(moment_board, in_katapult).claim == claim::by_port));
    auto never_seen = moment_board;
    never_seen.usb_port.clear();
    BOOST_TEST((judge(never_seen, in_katapult).claim == claim::none));
    BOOST_TEST((judge(moment_board, at("1-1.3", usb_firmware::katapult, "rp2040", chip)).claim == claim::none));
}

BOOST_AUTO_TEST_CASE(d18_another_board_in_the_same_socket_is_refused_with_what_differs) {
    const auto b =
        remember(moment_board, at("1-1.4", usb_firmware::katapult, "rp2040", chip), usb_firmware::katapult, "");
    const auto differs = [&](const device& d) { return judge(b, d).differs; };
    BOOST_TEST(differs(at("1-1.4", usb_firmware::katapult, "rp2040", "E6614103E7450000")) ==
               "its serial number is E6614103E7450000, not E6614103E7452D2F");
    BOOST_TEST(differs(at("1-1.4", usb_firmware::klipper, "rp2040", "E6614103E7450000")) ==
               "its serial number is E6614103E7450000, not momentOS");
    BOOST_TEST(differs(at("1-1.4", usb_firmware::klipper, "rp2040", "")) == "its serial number is none, not momentOS");
    BOOST_TEST(differs(at("1-1.4", usb_firmware::katapult, "stm32f446xx", "12345")) ==
               "its serial number is 12345, not E6614103E7452D2F");
    // A chip number in one firmware and another chip number in the other one are two chips.
    const auto by_chip =
        known("usb-Klipper_rp2040_E6614103E7452D2F*", at("1-1.4", usb_firmware::klipper, "rp2040", chip));
    BOOST_TEST(judge(by_chip, at("1-1.4", usb_firmware::katapult, "rp2040", "E6614103E7450000")).differs ==
               "its serial number is E6614103E7450000, not E6614103E7452D2F");
    BOOST_TEST((judge(by_chip, at("1-1.4", usb_firmware::katapult, "rp2040", "12345")).claim == claim::by_port));
    BOOST_TEST(judge(by_chip, at("1-1.4", usb_firmware::katapult, "stm32f446xx", "12345")).differs ==
               "its chip is stm32f446xx, not rp2040");
}

BOOST_AUTO_TEST_CASE(a_board_with_a_serial_number_of_its_own_is_known_in_every_socket) {
    BOOST_TEST(
        (judge(moment_board, at("1-1.2", usb_firmware::klipper, "rp2040", "momentOS")).claim == claim::by_serial));
    const auto b =
        remember(moment_board, at("1-1.4", usb_firmware::katapult, "rp2040", chip), usb_firmware::katapult, "");
    BOOST_TEST((judge(b, at("1-1.2", usb_firmware::katapult, "rp2040", chip)).claim == claim::by_serial));
}

BOOST_AUTO_TEST_CASE(d18_a_board_with_everybodys_serial_number_is_its_port) {
    for (const char* serial : {"12345", ""}) {
        const auto d = at("1-1.4", usb_firmware::klipper, "stm32g0b1xx", serial);
        const std::string pattern = "usb-Klipper_stm32g0b1xx_" + std::string(serial) + "*";
        const board old{.key = "old", .name = "Old", .mcu = "stm32g0b1", .serial_pattern = pattern};
        BOOST_TEST((judge(old, d).claim == claim::unsure), serial);
        const auto b = known(pattern, d);
        BOOST_TEST((judge(b, d).claim == claim::by_place), serial);
        const auto elsewhere = judge(b, at("1-1.3", usb_firmware::klipper, "stm32g0b1xx", serial));
        BOOST_TEST((elsewhere.claim == claim::none), serial);
        BOOST_TEST(elsewhere.differs == "its USB port is 1-1.3, not 1-1.4");
        // Registered by its place.
        const auto placed = known(d.place, d);
        BOOST_TEST((judge(placed, d).claim == claim::by_place), serial);
        BOOST_TEST(judge(placed, at("1-1.4", usb_firmware::klipper, "stm32g0b1xx", "AA11"))
                       .differs.starts_with("its serial number is AA11"));
    }
}

BOOST_AUTO_TEST_CASE(d18_a_twin_that_is_left_alone_is_not_taken_for_the_other_one) {
    auto left = at("1-1.3", usb_firmware::klipper, "rp2040", chip),
         right = at("1-1.4", usb_firmware::klipper, "rp2040", chip);
    left.facts.twins = right.facts.twins = 1;
    const auto l = known("usb-Klipper_rp2040_E6614103E7452D2F*", left);
    const auto r = known("usb-Klipper_rp2040_E6614103E7452D2F*", right);
    BOOST_TEST(l.serial_pattern == "platform-usb-0:1.3:1.0"); // its name tells nothing any more
    right.facts.twins = 0;                                    // left was pulled out
    BOOST_TEST((judge(r, right).claim == claim::by_all));
    BOOST_TEST((judge(l, right).claim == claim::none));
    BOOST_TEST(judge(l, right).differs == "its place is platform-usb-0:1.4:1.0, not platform-usb-0:1.3:1.0");
}

BOOST_AUTO_TEST_CASE(usb_strings_that_changed_are_named) {
    const auto b = known("usb-Klipper_rp2040_12345*", at("1-1.4", usb_firmware::klipper, "rp2040", "12345"));
    const auto other = at("1-1.4", usb_firmware::klipper, "rp2040", "12345", "Kalico");
    BOOST_TEST(judge(b, other).differs == "its USB manufacturer is Kalico, not Klipper");
}

BOOST_AUTO_TEST_CASE(a_firmware_of_another_maker_is_klipper_when_the_registry_knows_it_so) {
    auto d = at("1-1.4", usb_firmware::other, "toolhead", "T1", "Kalico");
    d.usb = {};
    d.facts.vendor_id = "1209"; // CONFIG_USB_VENDOR_ID
    const auto b = remember(moment_board, d, usb_firmware::klipper, "");
    BOOST_TEST((firmware_on(b, d) == usb_firmware::klipper));
    BOOST_TEST((judge(b, d).claim == claim::by_all));
    BOOST_TEST((firmware_on(moment_board, d) == usb_firmware::other));
    BOOST_TEST((judge(moment_board, d).claim == claim::none));
    BOOST_TEST(b.serial_pattern == "usb-Kalico_toolhead_T1-if*"); // the old one fits no name any more
}

BOOST_AUTO_TEST_CASE(a_board_whose_name_udev_has_not_made_yet_is_remembered_by_that_name) {
    auto d = at("1-1.4", usb_firmware::katapult, "rp2040", "E66 14", "CanBoot");
    d.file_name = d.place; // by-path was there first
    BOOST_TEST(remember(moment_board, d, usb_firmware::katapult, "").as_katapult.name ==
               "usb-CanBoot_rp2040_E66_14-if00");
    const board fresh{.key = "f", .name = "F", .mcu = "rp2040", .serial_pattern = "usb-Klipper_rp2040_gone*"};
    BOOST_TEST(remember(fresh, d, usb_firmware::katapult, "").serial_pattern == "usb-CanBoot_rp2040_E66_14-if*");
    d.facts.interface = 2;
    BOOST_TEST(remember(fresh, d, usb_firmware::katapult, "").as_katapult.name == "usb-CanBoot_rp2040_E66_14-if02");
    d.facts.serial = "12345"; // it will never have one of its own
    BOOST_TEST(remember(fresh, d, usb_firmware::katapult, "").as_katapult.name == d.place);
}

BOOST_AUTO_TEST_CASE(a_trail_follows_the_port_whatever_the_names) {
    const trail t{moment_board, moment, {"usb-Kalico_x_12345-if00", "Kalico", "x", "12345"}};
    const auto in_katapult = at("1-1.4", usb_firmware::katapult, "rp2040", chip);
    BOOST_TEST(is_on(t, in_katapult));
    auto after = at("1-1.4", usb_firmware::other, "x", "12345", "Kalico");
    BOOST_TEST(is_on(t, after));
    BOOST_TEST((firmware_on(t, after) == usb_firmware::klipper)); // expected from the configuration
    BOOST_TEST(!is_on(t, at("1-1.3", usb_firmware::klipper, "rp2040", "momentOS")));
    BOOST_TEST(!is_on(t, at("1-1.3", usb_firmware::katapult, "rp2040", chip)));
    after.usb.interface = 2; // another tty of the same device
    BOOST_TEST(!is_on(t, after));
}

BOOST_AUTO_TEST_CASE(without_a_port_the_name_has_to_do_if_its_serial_number_is_its_own) {
    const auto bare = [](const std::string& name) { return device{name, {}, "/dev/x", parse_usb_name(name)}; };
    const trail t{{.key = "b", .name = "B", .mcu = "rp2040"}, bare("usb-Klipper_rp2040_T1-if00")};
    BOOST_TEST(is_on(t, bare("usb-katapult_rp2040_T1-if00")));
    BOOST_TEST(is_on(t, bare("usb-CanBoot_rp2040_T1-if00")));
    BOOST_TEST(!is_on(t, bare("usb-katapult_rp2040_T10-if00")));
    BOOST_TEST(!is_on(t, bare("usb-katapult_stm32f446xx_T1-if00")));
    const trail everybody{{.key = "b", .name = "B", .mcu = "rp2040"}, bare("usb-Klipper_rp2040_12345-if00")};
    BOOST_TEST(!is_on(everybody, bare("usb-katapult_rp2040_12345-if00")));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace identity_test
