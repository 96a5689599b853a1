// SPDX-License-Identifier: MIT
// The questions for a new board: one flow for the terminal and for the page.
#include "frames.hpp"

#include <kf/menu/registration_page.hpp>

#include <boost/test/unit_test.hpp>

namespace registration_test {

using namespace kf;
using namespace kf::menu;
using words = std::vector<std::string>;

firmware::kconfig config_of(std::string_view text) { return *firmware::kconfig::parse(text); }
constexpr const char* with_katapult =
    "CONFIG_MCU=\"stm32f446xx\"\nCONFIG_BOARD_DIRECTORY=\"stm32\"\n"
    "CONFIG_FLASH_BOOT_ADDRESS=0x8000000\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8008000\n";
constexpr const char* without_katapult =
    "CONFIG_MCU=\"stm32f446xx\"\nCONFIG_BOARD_DIRECTORY=\"stm32\"\n"
    "CONFIG_FLASH_BOOT_ADDRESS=0x8000000\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8000000\n";

new_device device(const std::string& name, const std::string& port) {
    board::device d{name, "/dev/serial/by-id/" + name, "/dev/ttyACM0", board::parse_usb_name(name)};
    d.facts.port = port;
    board::board b{.serial_pattern = name.substr(0, name.size() - 4) + "*"};
    if (d.usb.firmware == board::usb_firmware::katapult) b.seen_as_katapult = "2026-11-27";
    return {d, b};
}

registration_view view(std::vector<new_device> devices) {
    registration_view v{.devices = std::move(devices), .home = "/home/pi", .own_file = "/home/pi/klipper/.config"};
    v.registry.boards.push_back({.key = "octopus", .name = "Octopus Pro", .mcu = "stm32h723", .serial_pattern = "x*"});
    v.read_config = [](const std::filesystem::path& file) -> result<firmware::cached_config> {
        if (file == "/home/pi/f446") return firmware::cached_config{with_katapult, config_of(with_katapult)};
        if (file == "/home/pi/plain") return firmware::cached_config{without_katapult, config_of(without_katapult)};
        if (file == "/home/pi/rp2040") return firmware::cached_config{"", config_of("CONFIG_MCU=\"rp2040\"\n")};
        return kf::fail(errc::not_found, "there is no " + file.string());
    };
    return v;
}
registration_view two_devices() {
    return view({device("usb-Klipper_rp2040_E66-if00", "1-1.3"), device("usb-Klipper_stm32f446xx_1D00-if00", "1-1.4")});
}

/// The text of the open question; empty when there is none.
std::string open(const registration& r) { return r.question() ? r.question()->text : ""; }
void good(registration& r, const std::string& answer) {
    const auto done = r.answer(answer);
    BOOST_TEST(done.has_value(), (done ? "" : done.error().what));
}
std::string bad(registration& r, const std::string& answer) {
    const auto before = open(r);
    const auto done = r.answer(answer);
    BOOST_TEST(!done.has_value());
    BOOST_TEST(open(r) == before);
    return done ? "" : done.error().what;
}

BOOST_AUTO_TEST_SUITE(registration_suite)

BOOST_AUTO_TEST_CASE(a_wrong_answer_costs_itself_and_no_other) {
    registration r(two_devices());
    BOOST_TEST(bad(r, "7") == "Please give a number from 1 to 2.");
    good(r, "2");
    BOOST_TEST(bad(r, "octopus pro") == "there is already a board called \"octopus pro\"");
    good(r, "Feeder");
    BOOST_TEST(r.question()->usual == "stm32f446"); // by its name
    BOOST_TEST(bad(r, "rp2040") == "the device says that it is stm32f446xx");
    BOOST_TEST(bad(r, "stm32 f446") == "the board's mcu must be letters and digits, as in stm32h723");
    good(r, "");
    BOOST_TEST(bad(r, "perhaps") == "Please answer y or n.");
    good(r, "");
    BOOST_TEST(bad(r, "9") == "Please give a number from 1 to 2, or a file.");
    BOOST_TEST(bad(r, "~/nowhere") == "there is no /home/pi/nowhere");
    BOOST_TEST(bad(r, "~/rp2040") == "/home/pi/rp2040 is for rp2040");
    good(r, "~/f446");
    BOOST_TEST(open(r) == "Register it?"); // its configuration leaves room for Katapult: nobody is asked
    good(r, "y");
    BOOST_TEST((r.words() == words{"add", "--usb=usb-Klipper_stm32f446xx_1D00-if00", "--name=Feeder", "--mcu=stm32f446",
                                   "--include", "--import=/home/pi/f446", "--yes"}));
}

BOOST_AUTO_TEST_CASE(katapult_is_known_by_the_usb_name_or_by_the_offset_and_asked_otherwise) {
    registration by_name(view({device("usb-katapult_rp2040_E66-if00", "1-1.3")}));
    for (const char* answer : {"a", "", "", "2"}) good(by_name, answer);
    BOOST_TEST(open(by_name) == "Register it?");

    registration by_offset(view({device("usb-Klipper_stm32f446xx_1D00-if00", "1-1.4")}));
    for (const char* answer : {"a", "", "", "~/plain"}) good(by_offset, answer);
    BOOST_TEST(open(by_offset) == "Register it?");
    BOOST_TEST((by_offset.board().method == board::method_named("make_flash")));

    registration asked_for(two_devices());
    for (const char* answer : {"1", "a", "", "", "2"}) good(asked_for, answer);
    BOOST_TEST(open(asked_for) == "Does it have the Katapult bootloader?");
    good(asked_for, "n");
    BOOST_TEST((asked_for.board().method == board::method_named("make_flash")));
}

BOOST_AUTO_TEST_CASE(for_an_avr_nobody_asks_for_katapult) {
    registration r(view({}));
    r.take_pattern("usb-1a86_USB_Serial-if*");
    for (const char* answer : {"mega", "atmega2560", "", "2"}) good(r, answer);
    BOOST_TEST(open(r) == "Register it?");
    BOOST_TEST((r.words() == words{"add", "--pattern=usb-1a86_USB_Serial-if*", "--name=mega", "--mcu=atmega2560",
                                   "--include", "--method=make_flash", "--yes"}));
}

BOOST_AUTO_TEST_CASE(the_configuration_of_the_source_tree_is_offered_when_it_is_for_the_chip) {
    auto v = two_devices();
    v.own_config = config_of(with_katapult);
    registration other(v), same(v);
    for (const char* answer : {"1", "a", "", ""}) good(other, answer);
    BOOST_TEST(other.question()->choices.size() == 2);
    for (const char* answer : {"2", "a", "", ""}) good(same, answer);
    BOOST_TEST(same.question()->choices.back() == "/home/pi/klipper/.config");
    BOOST_TEST(same.question()->usual == "3");
}

BOOST_AUTO_TEST_CASE(back_leads_to_the_question_before_and_what_hung_on_it_is_asked_again) {
    registration r(two_devices());
    BOOST_TEST(!r.back());
    for (const char* answer : {"1", "a", "", "", "2", "n"}) good(r, answer);
    BOOST_TEST(open(r) == "Register it?");
    BOOST_TEST(r.back());
    BOOST_TEST(open(r) == "Does it have the Katapult bootloader?");
    good(r, "y");
    BOOST_TEST(!r.board().method.has_value());
    for (int i = 0; i < 5; ++i) BOOST_TEST(r.back());
    BOOST_TEST(open(r) == "Name of the board");
    BOOST_TEST(r.back());
    good(r, "2");
    good(r, "b");
    BOOST_TEST(r.question()->usual == "stm32f446");
}

BOOST_AUTO_TEST_CASE(a_device_is_registered_by_its_own_name_and_by_its_port_only_where_it_has_none) {
    const auto usb_of = [](const std::string& name, unsigned twins) {
        auto d = device(name, "1-1.3");
        d.device.facts.twins = twins;
        registration r(view({d}));
        for (const char* answer : {"a", "", "y", "y"}) good(r, answer);
        return r.words().at(1);
    };
    const std::string own = "usb-Klipper_stm32f446xx_1D0039000F47393438343535-if00";
    BOOST_TEST(usb_of(own, 0) == "--usb=" + own); // whatever is plugged into its port meanwhile
    BOOST_TEST(usb_of(own, 1) == "--usb=1-1.3");
    BOOST_TEST(usb_of("usb-Klipper_rp2040_12345-if00", 0) == "--usb=1-1.3"); // everybody's serial number
}

BOOST_AUTO_TEST_CASE(back_from_the_end_keeps_what_was_said_of_katapult) {
    registration r(two_devices());
    for (const char* answer : {"1", "a", "", "", "2", "n", "y"}) good(r, answer);
    BOOST_TEST(r.back());
    BOOST_TEST(open(r) == "Register it?");
    BOOST_TEST((r.board().method == board::method_named("make_flash")));
}

BOOST_AUTO_TEST_CASE(no_at_the_summary_calls_it_off) {
    registration r(two_devices());
    for (const char* answer : {"1", "a", "", "y"}) good(r, answer); // excluded: no configuration is asked for
    BOOST_TEST(open(r) == "Register it?");
    const auto off = r.answer("n");
    BOOST_TEST((!off && off.error().code == errc::interrupted));
    good(r, "y");
    BOOST_TEST((r.words() ==
                words{"add", "--usb=usb-Klipper_rp2040_E66-if00", "--name=a", "--mcu=rp2040", "--exclude", "--yes"}));
}

BOOST_AUTO_TEST_CASE(a_device_that_is_told_from_no_other_is_refused_when_it_is_chosen) {
    auto v = two_devices();
    v.devices[0].as = kf::fail(errc::refused, "it does not tell this board from others");
    registration r(v);
    BOOST_TEST(bad(r, "1") == "it does not tell this board from others");
    good(r, "2");
}

BOOST_AUTO_TEST_CASE(the_page_asks_the_same_and_a_paste_answers_nothing) {
    registration_page page(two_devices());
    menu_test::check_frames("registration-device", page);
    auto paste = menu_test::pressed(tui::key_code::paste);
    paste.pasted = "1\ny\ny\ny\n";
    BOOST_TEST((page.take(paste) == registration_page::event::none));
    BOOST_TEST(page.wizard().question()->text == "Which device (its number)");
    (void)page.take(menu_test::pressed(tui::key_code::enter));
    for (const char* answer : {"Feeder", "stm32", "rp2040", ""}) {
        menu_test::type(page, answer);
        (void)page.take(menu_test::pressed(tui::key_code::enter));
        if (std::string_view(answer) == "stm32") {
            menu_test::check_frames("registration-wrong-mcu", page);
            for (int i = 0; i < 5; ++i) (void)page.take(menu_test::pressed(tui::key_code::backspace));
        }
    }
    menu_test::type(page, "2");
    (void)page.take(menu_test::pressed(tui::key_code::enter));
    (void)page.take(menu_test::pressed(tui::key_code::enter));
    menu_test::check_frames("registration-summary", page);
    BOOST_TEST((page.take(menu_test::pressed(tui::key_code::escape)) == registration_page::event::changed));
    (void)page.take(menu_test::pressed(tui::key_code::enter));
    BOOST_TEST((page.take(menu_test::pressed(tui::key_code::enter)) == registration_page::event::complete));
}

BOOST_AUTO_TEST_CASE(answers_are_not_lost_without_a_question) {
    registration_page page(two_devices());
    BOOST_TEST(!page.asks_to_leave()); // nothing was answered yet
    menu_test::type(page, "1");
    (void)page.take(menu_test::pressed(tui::key_code::enter));
    BOOST_TEST(page.asks_to_leave());
    BOOST_TEST(page.has_question_to_show());
    menu_test::check_frame("registration-leaving", {80, 24}, page.paint({80, 24}));
    BOOST_TEST((page.take(menu_test::typed(U'y')) == registration_page::event::none)); // nobody has seen it
    page.shown();
    BOOST_TEST((page.take(menu_test::pressed(tui::key_code::enter)) == registration_page::event::changed));
    BOOST_TEST(page.wizard().question()->text == "Name of the board");
    BOOST_TEST(page.asks_to_leave());
    page.shown();
    BOOST_TEST((page.take(menu_test::typed(U'y')) == registration_page::event::left));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace registration_test
