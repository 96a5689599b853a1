// SPDX-License-Identifier: MIT
// The pages of the menu: golden frames, and what keys do on them. What never may: D6, D7.
#include "frames.hpp"

#include <kf/menu/board_page.hpp>
#include <kf/menu/menu_page.hpp>
#include <kf/menu/output_page.hpp>
#include <kf/menu/run_page.hpp>
#include <kf/menu/settings_page.hpp>
#include <kf/tui/key_decoder.hpp>

#include <boost/test/unit_test.hpp>

namespace pages_test {

using namespace kf;
using namespace kf::menu;
using namespace menu_test;
using tui::key_code;

/// What `kflash list --json` and `kflash status --json` said of a simulated host, with a Beacon and a twin beside.
constexpr const char* list_lines[] = {
    R"({"event":"result","kind":"device","state":"registered","key":"octopus","name":"Octopus Pro","mcu":"stm32h723","port":"1-1.1","device":"usb-Klipper_stm32h723xx_29001A001151313433343333-if00","runs":"klipper","flashable":true,"reason":"","version":"v0.12.0-9-g0000000","relation":"behind by 47 commits","host_version":"v0.13.0-100-g0123456","needed":"yes","need_reason":"sources, configuration or compiler are others than when it was flashed"})",
    R"({"event":"result","kind":"device","state":"registered","key":"pico","name":"Pico","mcu":"rp2040","port":"1-1.2","device":"usb-Klipper_rp2040_E6614103E7452D2F-if00","runs":"klipper","flashable":true,"reason":"","version":"v0.13.0-100-g0123456","relation":"current","host_version":"v0.13.0-100-g0123456","needed":"no","need_reason":"sources, configuration and compiler are those that it was made from"})",
    R"({"event":"result","kind":"device","state":"new","key":"","name":"-","mcu":"stm32f446xx","port":"1-1.3","device":"usb-Klipper_stm32f446xx_1D0039000F47393438343535-if00","runs":"klipper","flashable":true,"reason":"","version":"","relation":"","host_version":"","needed":"","need_reason":""})",
    R"({"event":"result","kind":"device","state":"blocked","key":"","name":"-","mcu":"","port":"1-1.5","device":"usb-Beacon_Beacon_RevH_BB22-if00","runs":"other","flashable":true,"reason":"a Beacon probe is not a Klipper MCU","version":"","relation":"","host_version":"","needed":"","need_reason":""})",
    R"({"event":"result","kind":"device","state":"ambiguous","key":"left","name":"Left","mcu":"rp2040","port":"","device":"usb-Klipper_rp2040_12345-if00","runs":"klipper","flashable":true,"reason":"2 devices look like left","version":"","relation":"","host_version":"","needed":"","need_reason":""})",
    R"({"event":"result","kind":"device","state":"disconnected","key":"mill","name":"Fräse","mcu":"rp2040","port":"1-1.7","device":"","runs":"","flashable":true,"reason":"","version":"","relation":"","host_version":"","needed":"unknown","need_reason":"it is not connected"})"};
constexpr const char* status_line =
    R"({"event":"result","kind":"host_status","sources":"v0.13.0-100-g0123456 in /home/pi/klipper","service":"klipper.service runs","klippy":"ready","moonraker":"klippy is ready","last_flash":"2026-01-25T12:00:00Z pico: verified, v0.13.0-100-g0123456"})";

menu_page full_page() {
    menu_page page;
    board_list list;
    for (const char* line : list_lines) BOOST_TEST(!retell(line, list).has_value());
    BOOST_TEST(!retell(status_line, page.status).has_value());
    page.show(list);
    page.looks = false;
    return page;
}

std::string key_in_hand(const menu_page& page) {
    return page.in_hand() == nullptr ? "" : page.in_hand()->key.empty() ? page.in_hand()->device : page.in_hand()->key;
}

BOOST_AUTO_TEST_SUITE(menu_page_suite)

BOOST_AUTO_TEST_CASE(the_boards_stand_in_their_groups_with_numbers_and_markers) {
    auto page = full_page();
    check_frames("menu", page);
    std::vector<std::string> seen;
    for (const auto& row : page.list().rows)
        seen.push_back(fmt::format("{} {} {}", row.number, marker_of(row), row.name));
    const std::vector<std::string> wanted{"1 REG Octopus Pro",
                                          "2 REG Pico",
                                          "3 DUP Left",
                                          "4 REG Fräse",
                                          "5 NEW usb-Klipper_stm32f446xx_1D0039000F47393438343535-if00",
                                          "6 BLK usb-Beacon_Beacon_RevH_BB22-if00"};
    BOOST_TEST(seen == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(before_the_first_look_and_without_boards_it_says_so) {
    menu_page page;
    check_frame("menu-looking", {80, 24}, page.paint({80, 24}));
    page.looks = false;
    page.show({});
    check_frame("menu-empty", {80, 24}, page.paint({80, 24}));
    page.show({{}, "devices.json, line 3: this is no JSON"});
    check_frame("menu-broken", {80, 24}, page.paint({80, 24}));
}

BOOST_AUTO_TEST_CASE(a_window_that_is_too_small_says_so_and_keeps_the_way_out) {
    check_frame("menu", {30, 5}, full_page().paint({30, 5}));
}

BOOST_AUTO_TEST_CASE(numbers_and_arrows_take_a_board_in_hand_and_start_nothing) {
    auto page = full_page();
    BOOST_TEST(key_in_hand(page) == "octopus");
    BOOST_TEST(!page.take(typed(U'4')).has_value());
    BOOST_TEST(key_in_hand(page) == "mill");
    BOOST_TEST(!page.take(typed(U'9')).has_value()); // no such row: mill was not meant
    BOOST_TEST(page.in_hand() == nullptr);
    (void)page.take(typed(U'4'));
    BOOST_TEST(!page.take(typed(U'0')).has_value()); // nor is this one
    BOOST_TEST(page.in_hand() == nullptr);
    BOOST_TEST(objection(action::toggle_excluded, page.in_hand()).starts_with("no board is in hand"));
    BOOST_TEST(!page.take(pressed(key_code::up)).has_value());
    BOOST_TEST(key_in_hand(page) == "left");
    for (int i = 0; i < 20; ++i) (void)page.take(pressed(key_code::down));
    BOOST_TEST(page.in_hand()->number == 6);
    for (int i = 0; i < 20; ++i) (void)page.take(pressed(key_code::up));
    BOOST_TEST(key_in_hand(page) == "octopus");
    (void)page.take(typed(U'2'));
    BOOST_TEST((page.take(typed(U'f')) == action::flash));
    BOOST_TEST(key_in_hand(page) == "pico");
}

BOOST_AUTO_TEST_CASE(a_number_of_two_digits_is_typed_as_such) {
    row_number n;
    const auto take = [&](char32_t c) { return n.take(typed(c), 12); };
    BOOST_TEST(take(U'1').value_or(0) == 1);
    BOOST_TEST(take(U'2').value_or(0) == 12);
    BOOST_TEST(take(U'3').value_or(0) == 3); // there is no 123
    BOOST_TEST(!take(U'x').has_value());
    BOOST_TEST(take(U'1').value_or(0) == 1);
    BOOST_TEST(!n.take(typed(U'0'), 12).value_or(0) == 0);
}

BOOST_AUTO_TEST_CASE(a_number_that_is_told_as_a_whole_is_that_row_and_no_other) {
    const auto told = [](char32_t n) { return tui::key{.code = key_code::number, .text = n}; };
    auto page = full_page();
    (void)page.take(told(2));
    BOOST_TEST(key_in_hand(page) == "pico");
    (void)page.take(told(12)); // digit by digit this would be 1, then 2
    BOOST_TEST(page.in_hand() == nullptr);
    row_number n;
    BOOST_TEST(n.take(told(1), 12).value_or(0) == 1);
    BOOST_TEST(n.take(told(2), 12).value_or(0) == 2);
}

BOOST_AUTO_TEST_CASE(a_board_that_vanishes_leaves_the_hand_on_the_board_that_it_was_on) {
    auto page = full_page();
    (void)page.take(typed(U'2'));
    board_list less = page.list();
    less.rows.erase(less.rows.begin());
    for (std::size_t i = 0; i < less.rows.size(); ++i) less.rows[i].number = static_cast<unsigned>(i + 1);
    page.show(less);
    BOOST_TEST(key_in_hand(page) == "pico");
    less.rows.clear();
    page.show(less);
    BOOST_TEST(page.in_hand() == nullptr);
    BOOST_TEST((page.take(typed(U'f')) == action::flash)); // the menu says then that no board is in hand
}

board_list without(board_list list, std::size_t row) {
    list.rows.erase(list.rows.begin() + static_cast<std::ptrdiff_t>(row));
    for (std::size_t i = 0; i < list.rows.size(); ++i) list.rows[i].number = static_cast<unsigned>(i + 1);
    return list;
}

BOOST_AUTO_TEST_CASE(when_the_board_in_hand_is_gone_no_other_is_in_hand) {
    auto page = full_page();
    const auto all = page.list();
    (void)page.take(typed(U'2'));
    page.show(without(all, 1)); // somebody removed the Pico
    BOOST_TEST(page.in_hand() == nullptr);
    for (const auto size : frame_sizes)
        for (const auto& line : tui::lines(page.paint(size))) BOOST_TEST(line.find("▸") == line.npos, line);
    page.show(all);
    BOOST_TEST(page.in_hand() == nullptr); // nor does it come back by itself
    (void)page.take(pressed(key_code::down));
    BOOST_TEST(page.in_hand() != nullptr);
    (void)page.take(typed(U'5'));
    page.show(without(all, 4)); // the new board was unplugged
    BOOST_TEST(page.in_hand() == nullptr);
}

BOOST_AUTO_TEST_CASE(a_new_board_that_is_registered_and_one_that_is_forgotten_stay_in_hand) {
    auto page = full_page();
    auto registered = page.list();
    (void)page.take(typed(U'5'));
    auto& fresh = registered.rows[4];
    fresh.key = "feeder";
    fresh.group = board_group::registered;
    const auto before = page.list();
    page.show(registered);
    BOOST_TEST(key_in_hand(page) == "feeder");
    page.show(before);
    BOOST_TEST(page.in_hand()->number == 5);
    BOOST_TEST(key_in_hand(page).starts_with("usb-Klipper_stm32f446xx"));
}

BOOST_AUTO_TEST_CASE(a_board_keeps_its_number_while_its_device_has_another_name) {
    auto page = full_page();
    auto other = page.list();
    other.rows[1].device = "usb-katapult_rp2040_E6614103E7452D2F-if00"; // and stands elsewhere in the listing
    std::swap(other.rows[0], other.rows[1]);
    page.show(other);
    BOOST_TEST(page.list().rows[0].key == "octopus");
    BOOST_TEST(page.list().rows[1].key == "pico");
    BOOST_TEST(page.list().numbered(2)->key == "pico");
    BOOST_TEST(page.list().numbered(2)->number == 2);
}

BOOST_AUTO_TEST_CASE(a_board_that_was_excluded_is_so_before_the_next_look) {
    auto page = full_page();
    (void)page.take(typed(U'2'));
    page.toggled("pico");
    BOOST_TEST(key_in_hand(page) == "pico");
    BOOST_TEST((words_of(action::toggle_excluded, page.in_hand()) == std::vector<std::string>{"include", "pico"}));
    BOOST_TEST(page.list().rows[0].flashable);
}

BOOST_AUTO_TEST_CASE(a_second_digit_belongs_to_the_list_that_the_first_was_typed_for) {
    auto page = full_page();
    auto many = page.list();
    while (many.rows.size() < 13) many.rows.push_back(many.rows.back());
    for (std::size_t i = 0; i < many.rows.size(); ++i) many.rows[i].number = static_cast<unsigned>(i + 1);
    (void)page.take(typed(U'1'));
    page.show(many);
    (void)page.take(typed(U'2'));
    BOOST_TEST(page.in_hand()->number == 2);
}

// The original read the arrow's Esc [ B as three keys, and B began to flash all boards.
BOOST_AUTO_TEST_CASE(d6_no_arrow_key_and_no_paste_is_an_action) {
    const auto start = std::chrono::steady_clock::time_point{};
    for (const std::string sequence :
         {"\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1bOA", "\x1bOB", "\x1bOC", "\x1bOD", "\x1b[5~", "\x1b[6~",
          "\x1b[H", "\x1b[F", "\x1b[1;5B", "\x1b[200~bqrfa\r\x1b[201~"}) {
        for (const bool is_slow : {false, true}) { // a byte at a time, 100 ms apart, is no other key
            auto page = full_page();
            settings_page settings(board::flash_settings{});
            board_page board({{}, {.key = "octopus", .name = "Octopus", .mcu = "stm32h723"}}, {});
            tui::key_decoder decoder;
            std::vector<tui::key> keys;
            auto now = start;
            if (!is_slow) decoder.feed(sequence, now, now, keys);
            for (const char byte : is_slow ? sequence : std::string()) {
                decoder.feed(std::string(1, byte), now, now, keys);
                now += std::chrono::milliseconds(100);
            }
            decoder.wait_over(now + std::chrono::seconds(5), keys);
            for (const auto& k : keys) {
                BOOST_TEST(!page.take(k).has_value(), sequence.substr(1));
                const auto said = settings.take(k);
                BOOST_TEST((said.row == nullptr && !said.back), sequence.substr(1));
                BOOST_TEST(!board.take(k).has_value(), sequence.substr(1)); // in the original: save and leave
            }
        }
    }
}

// The original took keys 1 to 6 for five rows, and died of the sixth; two settings had no row at all.
BOOST_AUTO_TEST_CASE(d7_every_setting_has_a_row_and_a_number_without_one_does_nothing) {
    settings_page page(board::flash_settings{});
    check_frames("settings", page);
    const auto frame = tui::lines(page.paint({120, 40}));
    for (const auto& row : board::setting_rows)
        BOOST_TEST(std::ranges::any_of(frame, [&](const auto& l) { return l.find(row.option) != l.npos; }), row.option);
    for (const char32_t digit : U"0123456789") {
        if (digit == 0) break;
        const auto said = page.take(typed(digit));
        BOOST_TEST((said.row == nullptr && !said.back));
        (void)page.paint({80, 24});
    }
    // The two that the original forgot.
    for (const auto& [number, option] : {std::pair{"3", "default-method"}, {"4", "fallback"}}) {
        type(page, number);
        const auto said = page.take(pressed(key_code::enter));
        BOOST_REQUIRE(said.row != nullptr);
        BOOST_TEST(std::string(said.row->option) == option);
    }
}

BOOST_AUTO_TEST_CASE(a_setting_that_is_refused_stays_in_its_line_with_the_reason) {
    settings_page page(board::flash_settings{});
    type(page, "6");
    (void)page.take(pressed(key_code::enter));
    type(page, "31");
    const auto said = page.take(pressed(key_code::enter));
    BOOST_REQUIRE(said.row != nullptr);
    board::flash_settings s;
    const auto bad = board::set(*said.row, s, said.text);
    BOOST_REQUIRE(!bad.has_value());
    BOOST_TEST(bad.error().what == "--stagger-delay takes a number from 0 to 30");
    BOOST_TEST((s == board::flash_settings{}));
    page.refuse(bad.error().what);
    check_frames("settings-refused", page);
    for (int i = 0; i < 2; ++i) (void)page.take(pressed(key_code::backspace));
    type(page, "q"); // in a field a letter is a letter
    const auto again = page.take(pressed(key_code::escape));
    BOOST_TEST(!again.back); // the field is left, the page stays
    BOOST_TEST(page.take(pressed(key_code::escape)).back);
}

board::registry two_boards() {
    board::registry r;
    r.boards = {
        {.key = "octopus", .name = "Octopus Pro", .mcu = "stm32h723", .serial_pattern = "usb-Klipper_stm32h723xx_29*"},
        {.key = "pico", .name = "Pico", .mcu = "rp2040", .serial_pattern = "usb-Klipper_rp2040_E6*"}};
    return r;
}

BOOST_AUTO_TEST_CASE(what_is_changed_of_a_board_is_collected_and_saved_by_one_command) {
    const auto registry = two_boards();
    board_page page({registry, registry.boards[0]}, full_page().list().rows[0]);
    check_frames("board", page);
    BOOST_TEST(!page.take(typed(U's')).has_value()); // nothing to save
    (void)page.take(pressed(key_code::enter));
    type(page, "pico");
    (void)page.take(pressed(key_code::enter)); // another one's
    check_frames("board-refused", page);
    for (int i = 0; i < 4; ++i) (void)page.take(pressed(key_code::backspace));
    type(page, "-Mill");
    (void)page.take(pressed(key_code::enter));
    type(page, "3");
    const auto make_flash = board::method_named("make_flash");
    for (std::size_t i = 0; i < board::flash_methods.size() && page.draft().now().method != make_flash; ++i)
        (void)page.take(pressed(key_code::enter)); // the default first, then each method
    type(page, "4");
    (void)page.take(pressed(key_code::enter));
    BOOST_TEST((page.draft().words() ==
                std::vector<std::string>{"edit", "octopus", "--name=-Mill", "--method=make_flash", "--exclude"}));
    BOOST_TEST((page.take(typed(U's')) == board_page::command::save));
    // Leaving asks, and Enter is no.
    BOOST_TEST(!page.take(pressed(key_code::escape)).has_value());
    BOOST_TEST(!page.take(typed(U'y')).has_value()); // typed before the question was seen
    page.shown();
    BOOST_TEST(!page.take(pressed(key_code::enter)).has_value());
    BOOST_TEST(!page.take(pressed(key_code::escape)).has_value());
    page.shown();
    BOOST_TEST((page.take(typed(U'y')) == board_page::command::back));
}

bool shows(const auto& page, std::string_view text, tui::grid_size size = {80, 24}) {
    return std::ranges::any_of(tui::lines(page.paint(size)), [&](const auto& l) { return l.find(text) != l.npos; });
}
board_page octopus_page() {
    const auto registry = two_boards();
    return {{registry, registry.boards[0]}, full_page().list().rows[0]};
}

BOOST_AUTO_TEST_CASE(a_refused_value_that_is_left_is_not_called_saved) {
    settings_page page(board::flash_settings{});
    type(page, "6");
    (void)page.take(pressed(key_code::enter));
    type(page, "7");
    BOOST_REQUIRE(page.take(pressed(key_code::enter)).row != nullptr);
    page.saves();
    board::flash_settings now;
    now.stagger_delay = 7;
    page.saved(now);
    BOOST_TEST(shows(page, "saved"));
    (void)page.take(pressed(key_code::enter));
    type(page, "31");
    (void)page.take(pressed(key_code::enter));
    page.refuse("--stagger-delay takes a number from 0 to 30");
    (void)page.take(pressed(key_code::escape));
    BOOST_TEST(!shows(page, "saved"));
    BOOST_TEST(!shows(page, "takes a number"));
}

BOOST_AUTO_TEST_CASE(a_change_that_could_not_be_saved_is_told_as_what_it_is) {
    const std::string why =
        "katapult needs Katapult, which is not there for atmega2560\n1. kflash edit octopus --method "
        "make_flash";
    settings_page settings(board::flash_settings{});
    type(settings, "4");
    BOOST_REQUIRE(settings.take(pressed(key_code::enter)).row != nullptr);
    settings.refuse(why); // a flag has no line
    check_frames("settings-failed", settings);
    auto page = octopus_page();
    type(page, "4");
    (void)page.take(pressed(key_code::enter));
    page.saves();
    page.say(why, tui::look::bad);
    check_frames("board-failed", page);
    BOOST_TEST(page.draft().is_changed());
}

BOOST_AUTO_TEST_CASE(the_reason_why_a_command_failed_comes_with_its_steps) {
    run_table table;
    (void)retell(R"({"event":"error","errc":"mismatch","what":"it cannot be","cause":"why","steps":["do a","do b"]})",
                 table);
    table.end(3);
    BOOST_TEST(table.outcome() == "it cannot be");
    BOOST_TEST(table.whole_outcome() == "it cannot be\nwhy\n1. do a\n2. do b");
}

BOOST_AUTO_TEST_CASE(while_a_change_is_being_saved_no_key_changes_anything) {
    auto page = octopus_page();
    type(page, "4");
    (void)page.take(pressed(key_code::enter));
    BOOST_REQUIRE((page.take(typed(U's')) == board_page::command::save));
    page.saves();
    BOOST_TEST(shows(page, "saving…"));
    const auto words = page.draft().words();
    for (const auto& k : {pressed(key_code::enter), typed(U's'), typed(U'm'), typed(U'1'), pressed(key_code::escape)})
        BOOST_TEST(!page.take(k).has_value());
    BOOST_TEST((page.draft().words() == words));
    BOOST_TEST(!page.asks_to_leave());
    check_frame("board-saving", {80, 24}, page.paint({80, 24}));
    settings_page settings(board::flash_settings{});
    type(settings, "6");
    (void)settings.take(pressed(key_code::enter));
    type(settings, "7");
    BOOST_REQUIRE(settings.take(pressed(key_code::enter)).row != nullptr);
    settings.saves();
    BOOST_TEST(shows(settings, "saving…"));
    type(settings, "9");
    BOOST_TEST(settings.take(pressed(key_code::enter)).row == nullptr);
    BOOST_TEST(!settings.take(pressed(key_code::escape)).back);
    BOOST_TEST(shows(settings, ": 7"));
    BOOST_TEST(!shows(settings, "79"));
    check_frame("settings-saving", {80, 24}, settings.paint({80, 24}));
}

BOOST_AUTO_TEST_CASE(the_footer_promises_no_key_that_a_field_or_a_question_takes) {
    auto page = octopus_page();
    (void)page.take(pressed(key_code::enter));
    check_frames("board-field", page);
    BOOST_TEST(!page.take(typed(U'm')).has_value()); // a letter
    (void)page.take(pressed(key_code::enter));
    BOOST_TEST(page.draft().now().name == "m");
    BOOST_TEST(!page.take(pressed(key_code::escape)).has_value());
    check_frames("board-leaving", page);
    page.shown();
    BOOST_TEST(!page.take(typed(U's')).has_value());
    BOOST_TEST(!page.take(typed(U'm')).has_value());
    BOOST_TEST((page.take(typed(U'y')) == board_page::command::back));
}

BOOST_AUTO_TEST_CASE(a_small_window_shows_what_a_person_is_at_before_who_the_board_is) {
    constexpr tui::grid_size small{40, 10};
    auto page = octopus_page();
    check_frame("board", small, page.paint(small));
    type(page, "2");
    (void)page.take(pressed(key_code::enter));
    type(page, "rp2");
    check_frame("board-field", small, page.paint(small));
    BOOST_TEST(shows(page, "rp2", small));
    (void)page.take(pressed(key_code::enter));
    (void)page.take(pressed(key_code::escape));
    BOOST_TEST(shows(page, "Leave without saving? [y/N]", small));
}

BOOST_AUTO_TEST_CASE(menuconfig_is_not_opened_for_a_chip_that_is_about_to_change) {
    auto page = octopus_page();
    BOOST_TEST((page.take(typed(U'm')) == board_page::command::menuconfig));
    type(page, "2");
    (void)page.take(pressed(key_code::enter));
    type(page, "rp2040");
    (void)page.take(pressed(key_code::enter));
    BOOST_TEST(!page.take(typed(U'm')).has_value());
    BOOST_TEST(shows(page, "S saves the new MCU first"));
}

BOOST_AUTO_TEST_CASE(leaving_asks_only_where_something_would_be_lost) {
    auto page = octopus_page();
    BOOST_TEST(!page.asks_to_leave());
    type(page, "4");
    (void)page.take(pressed(key_code::enter));
    BOOST_TEST(page.asks_to_leave()); // by Ctrl+C
    BOOST_TEST(page.has_question_to_show());
    page.shown();
    BOOST_TEST(page.asks_to_leave()); // once more is no answer
    BOOST_TEST(!page.has_question_to_show());
    BOOST_TEST(!page.take(typed(U'n')).has_value());
    (void)page.take(pressed(key_code::enter)); // as it was
    BOOST_TEST(!page.asks_to_leave());
}

BOOST_AUTO_TEST_CASE(the_methods_of_a_board_go_round_and_end_at_the_default) {
    auto page = octopus_page();
    type(page, "3");
    for (int i = 0; i < 3; ++i) (void)page.take(pressed(key_code::enter));
    BOOST_TEST((page.draft().words() == std::vector<std::string>{"edit", "octopus", "--method=make_flash"}));
    (void)page.take(pressed(key_code::enter));
    BOOST_TEST(shows(page, "default (katapult)"));
    BOOST_TEST((page.draft().words() == std::vector<std::string>{"edit", "octopus"}));
    BOOST_TEST(!page.draft().is_changed());
}

BOOST_AUTO_TEST_CASE(a_board_that_is_not_there_says_so_on_its_page) {
    const board::registry registry{
        .boards = {{.key = "mill", .name = "Fräse", .mcu = "rp2040", .serial_pattern = "usb-Klipper_rp2040_DD*"}}};
    board_page page({registry, registry.boards[0]}, full_page().list().rows[3]);
    check_frames("board-away", page);
    BOOST_TEST(shows(page, "not connected"));
}

BOOST_AUTO_TEST_CASE(an_avr_is_offered_no_method_that_needs_katapult) {
    board_draft draft({}, {.key = "mega", .name = "Mega", .mcu = "atmega2560", .serial_pattern = "x*"});
    for (std::size_t i = 0; i <= board::flash_methods.size(); ++i) {
        draft.cycle(draft_field::method);
        BOOST_TEST((!draft.now().method || !board::row_of(*draft.now().method).needs_katapult));
    }
}

constexpr const char* flash_lines[] = {
    R"({"event":"step","phase":"Discovery","text":"octopus is usb-Klipper_stm32h723xx_29-if00"})",
    R"({"event":"step","phase":"Build","text":"make","board":"octopus"})",
    R"({"event":"progress","phase":"Build","done":30,"total":60,"unit":"files","elapsed_s":3.5,"board":"octopus"})",
    R"({"event":"step","phase":"Service","text":"stopping klipper.service"})",
    R"({"event":"step","phase":"Flash","text":"pico: writing 47 blocks","board":"pico"})",
    R"({"event":"progress","phase":"Flash","done":47,"total":47,"unit":"blocks","elapsed_s":0.5,"board":"pico"})",
    R"({"event":"warning","text":"its serial number is new","board":"pico"})"};
constexpr const char* end_lines[] = {
    R"({"event":"error","errc":"flash_failed","exit":1,"what":"Pico: the bootloader did not answer","cause":"it may have no Katapult","steps":["unplug it","kflash flash pico"],"board":"pico"})",
    R"({"event":"result","kind":"flashed","key":"octopus","version":"v0.13.0-100-g0123456","method":"katapult","write_s":1.5})",
    R"({"event":"result","kind":"outcome","key":"octopus","name":"Octopus Pro","build":"PASS","flash":"PASS","verify":"PASS","reason":"v0.13.0-100-g0123456"})",
    R"({"event":"result","kind":"outcome","key":"pico","name":"Pico","build":"PASS","flash":"FAIL","verify":"SKIP","reason":"the bootloader did not answer"})",
    R"({"event":"result","kind":"outcome","key":"left","name":"Left","build":"SKIP","flash":"SKIP","verify":"SKIP","reason":"excluded from flashing"})"};

run_page running() {
    return {"flash all boards", run_table({{"octopus", "Octopus Pro"}, {"pico", "Pico"}, {"left", "Left"}})};
}

BOOST_AUTO_TEST_CASE(a_flash_is_a_table_of_its_boards_with_bars) {
    auto page = running();
    for (const char* line : flash_lines) BOOST_TEST(!retell(line, page.table()).has_value());
    BOOST_TEST(page.table().boards()[0].share.value_or(0) == 0.5);
    check_frames("run", page);
    const auto said = page.take(pressed(key_code::escape));
    BOOST_TEST((!said.back && !said.interrupt)); // it runs
    BOOST_TEST(page.take({.text = U'c', .modifiers = tui::modifier::ctrl}).interrupt);
    for (const char* line : end_lines) BOOST_TEST(!retell(line, page.table()).has_value());
    page.table().end(1);
    page.comes_back_in = 5;
    check_frames("run-ended", page);
    using enum board_run;
    BOOST_TEST((page.table().boards()[0].is == done && page.table().boards()[1].is == failed &&
                page.table().boards()[2].is == skipped));
    BOOST_TEST(!page.take(typed(U'x')).back);
    BOOST_TEST(!page.comes_back_in.has_value()); // somebody reads
    BOOST_TEST(page.take(pressed(key_code::escape)).back);
}

BOOST_AUTO_TEST_CASE(a_question_of_a_flash_is_asked_on_its_page_and_enter_is_what_is_usual) {
    auto page = running();
    const auto q =
        retell(R"({"event":"question","text":"Flash 2 of 3 boards in one stop?","usual":"y/N"})", page.table());
    BOOST_REQUIRE(q.has_value());
    page.ask(*q);
    check_frames("run-question", page);
    auto paste = pressed(key_code::paste);
    paste.pasted = "y\ny\n";
    BOOST_TEST(!page.take(paste).answer.has_value());
    (void)page.take(pressed(key_code::backspace));
    const auto said = page.take(pressed(key_code::enter));
    BOOST_TEST(said.answer.value_or("none") == ""); // the usual one: no
}

BOOST_AUTO_TEST_CASE(a_board_that_was_at_work_when_all_ended_has_the_reason_and_it_is_told_once) {
    auto page = running();
    for (const char* line :
         {flash_lines[1], R"({"event":"error","errc":"interrupted","what":"interrupted by Ctrl+C"})"})
        (void)retell(line, page.table());
    page.table().end(130);
    BOOST_TEST(page.table().boards()[0].text == "interrupted by Ctrl+C");
    const auto frame = tui::lines(page.paint({80, 24}));
    BOOST_TEST(std::ranges::count(frame, " interrupted by Ctrl+C") == 1);
}

BOOST_AUTO_TEST_CASE(a_build_that_failed_shows_what_the_compiler_said_and_can_be_scrolled) {
    auto page = running();
    for (int i = 1; i <= 30; ++i)
        (void)retell(fmt::format(R"({{"event":"step","phase":"Build","text":"step {}","board":"pico"}})", i),
                     page.table());
    (void)retell(
        R"({"event":"error","errc":"failed","what":"the firmware did not build","output":["a.c:1: error: no C","make: *** 1"],"steps":["look"]})",
        page.table());
    page.table().end(1);
    const auto has = [&](std::string_view text) {
        return std::ranges::any_of(tui::lines(page.paint({80, 24})),
                                   [&](const auto& l) { return l.find(text) != l.npos; });
    };
    BOOST_TEST(has("a.c:1: error: no C"));
    BOOST_TEST(!has("step 7"));
    for (int i = 0; i < 50; ++i) (void)page.take(pressed(key_code::up));
    BOOST_TEST(has("step 7"));
    for (int i = 0; i < 50; ++i) (void)page.take(pressed(key_code::down));
    BOOST_TEST(has("a.c:1: error: no C"));
}

BOOST_AUTO_TEST_CASE(what_failed_is_shown_from_the_reason_on) {
    output_page page("build");
    for (int i = 1; i <= 40; ++i) page.add(fmt::format("line {}.", i));
    page.end(1);
    BOOST_TEST(tui::lines(page.paint({80, 24}))[1] == " line 30.");
}

BOOST_AUTO_TEST_CASE(a_command_that_ends_while_it_asks_asks_no_more) {
    auto page = running();
    page.ask({"Flash 2 of 3 boards in one stop?", "y/N", {}});
    page.table().end(130);
    const auto frame = tui::lines(page.paint({80, 24}));
    BOOST_TEST(std::ranges::none_of(frame, [](const auto& l) { return l.find("[y/N]") != l.npos; }));
    BOOST_TEST(frame.back() == "↑↓ scroll  Esc back");
    BOOST_TEST(!page.take(typed(U'y')).answer.has_value());
    BOOST_TEST(page.take(pressed(key_code::escape)).back);
}

BOOST_AUTO_TEST_CASE(what_is_no_line_of_a_command_is_nothing) {
    run_table table;
    for (const char* line : {"", "{", "[1]", "null", "make: *** No rule", R"({"event":7})", R"({"event":"progress"})",
                             R"({"event":"result"})", R"({"event":"error"})"})
        BOOST_TEST(!retell(line, table).has_value());
    BOOST_TEST(table.boards().empty());
}

BOOST_AUTO_TEST_CASE(what_a_command_prints_can_be_scrolled) {
    output_page page("history");
    for (int i = 1; i <= 60; ++i)
        page.add(fmt::format(
            "2026-01-25T12:00:00Z  octopus  v0.13.0-{}-g0123456  katapult  verified  0123456789ab, kept", i));
    page.end(0);
    check_frames("output", page);
    for (int i = 0; i < 100; ++i) page.move(output_page::command::page_down);
    BOOST_TEST(tui::lines(page.paint({80, 24}))[1].find("-60-") != std::string::npos);
    page.move(output_page::command::top);
    BOOST_TEST(tui::lines(page.paint({80, 24}))[1].find("-1-") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pages_test
