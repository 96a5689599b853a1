// SPDX-License-Identifier: MIT
// The rows of the menu's actions, and what a person is told who asks for one that cannot be.
#include <kf/menu/menu_page.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

namespace actions_test {

using namespace kf::menu;
using words = std::vector<std::string>;

board_row octopus() {
    return {.number = 1, .state = "registered", .key = "octopus", .name = "Octopus Pro", .device = "usb-Klipper_stm32"};
}

BOOST_AUTO_TEST_SUITE(menu_action_suite)

BOOST_AUTO_TEST_CASE(the_originals_keys_do_what_they_did) {
    const menu_page page;
    const auto does = [&](char32_t key) { return kf::tui::command_of(page, {.text = key}); };
    BOOST_TEST((does(U'F') == action::flash));
    BOOST_TEST((does(U'b') == action::flash_all));
    BOOST_TEST((does(U'A') == action::add));
    BOOST_TEST((does(U'e') == action::edit));
    BOOST_TEST((does(U'D') == action::refresh));
    BOOST_TEST((does(U'r') == action::remove));
    BOOST_TEST((does(U'C') == action::settings));
    BOOST_TEST((does(U'q') == action::quit));
    BOOST_TEST((does(U'?') == action::help));
}

BOOST_AUTO_TEST_CASE(no_two_actions_have_one_key) {
    std::set<char32_t> keys;
    for (const auto& row : action_rows) BOOST_TEST(keys.insert(row.key).second, "twice: " << row.help);
}

BOOST_AUTO_TEST_CASE(each_action_is_the_command_that_a_person_could_type) {
    const auto row = octopus();
    BOOST_TEST((words_of(action::flash, &row) == words{"flash", "octopus", "--skip-menuconfig"}));
    BOOST_TEST((words_of(action::flash_all, &row) == words{"flash", "--all"}));
    BOOST_TEST((words_of(action::remove, &row) == words{"remove", "octopus"}));
    BOOST_TEST((words_of(action::toggle_excluded, &row) == words{"exclude", "octopus"}));
    auto excluded = row;
    excluded.flashable = false;
    BOOST_TEST((words_of(action::toggle_excluded, &excluded) == words{"include", "octopus"}));
    BOOST_TEST((words_of(action::history, nullptr) == words{"history"}));
    BOOST_TEST((words_of(action::doctor, &row) == words{"doctor"}));
    BOOST_TEST((words_of(action::help, &row) == words{}));
}

BOOST_AUTO_TEST_CASE(an_action_that_cannot_be_says_why) {
    BOOST_TEST(objection(action::flash_all, nullptr) == "");
    BOOST_TEST(objection(action::flash, nullptr) == "no board is in hand: choose one by its number or the arrow keys");
    auto row = octopus();
    BOOST_TEST(objection(action::flash, &row) == "");
    row.state = "disconnected";
    row.device.clear();
    BOOST_TEST(objection(action::flash, &row) == "Octopus Pro is not connected");
    BOOST_TEST(objection(action::edit, &row) == "");
    row = octopus();
    row.flashable = false;
    BOOST_TEST(objection(action::flash, &row) == "Octopus Pro is excluded from flashing: X includes it");
    row.state = "ambiguous";
    row.flashable = true;
    row.reason = "2 devices look like octopus";
    BOOST_TEST(objection(action::flash, &row) == "Octopus Pro: 2 devices look like octopus");
    board_row fresh{.group = board_group::fresh, .state = "new", .name = "usb-Klipper_rp2040"};
    BOOST_TEST(objection(action::edit, &fresh) == "usb-Klipper_rp2040 is not registered yet: A adds it");
    board_row blocked{.group = board_group::blocked, .state = "blocked", .name = "usb-Beacon", .reason = "a probe"};
    BOOST_TEST(objection(action::remove, &blocked) == "usb-Beacon is blocked: a probe");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace actions_test
