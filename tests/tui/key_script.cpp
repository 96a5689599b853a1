// SPDX-License-Identifier: MIT
#include <kf/tui/key_script.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>

namespace key_script_test {

using namespace kf::tui;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(lines_become_keys_pauses_and_frames) {
    const auto s = read_key_script("# a comment\n\nRight x 3\nPgUp held 1500\nCtrl+u\ntype hi\nwait 40\nframe\n"
                                   "size 60x20\nuntil Step  [10] 900\nuntil ready\n!\n");
    BOOST_REQUIRE(s.has_value());
    BOOST_REQUIRE(s->size() == 11U);
    const auto& right = std::get<struck>((*s)[0]);
    BOOST_TEST((right.what.code == key_code::right && right.times == 3));
    BOOST_TEST((std::get<struck>((*s)[1]).held == 1500ms));
    BOOST_TEST((std::get<struck>((*s)[2]).what == key{.text = 'u', .modifiers = modifier::ctrl}));
    BOOST_TEST((std::get<struck>((*s)[4]).what.text == U'i'));
    BOOST_TEST((std::get<pause_of>((*s)[5]).time == 40ms));
    BOOST_TEST((std::get<grid_size>((*s)[7]) == grid_size{60, 20}));
    BOOST_TEST(std::get<await_text>((*s)[8]).text == "Step  [10]");
    BOOST_TEST((std::get<await_text>((*s)[8]).longest == 900ms));
    BOOST_TEST(std::get<await_text>((*s)[9]).text == "ready");
    BOOST_TEST((std::get<struck>((*s)[10]).what.text == U'!'));
}

BOOST_AUTO_TEST_CASE(every_name_of_a_key_is_read_back) {
    for (const char* name : {"Up", "PgDn", "Esc", "Enter", "Space", "FocusOut", "Ctrl+c", "Alt+Left", "é", "+", "-"}) {
        const auto k = key_named(name);
        BOOST_REQUIRE_MESSAGE(k.has_value(), name);
        BOOST_TEST(kf::tui::name(*k) == name);
    }
    BOOST_TEST(!key_named("Upwards").has_value());
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_key_is_named) {
    for (const char* text : {"h\nRigth", "h\nwait soon", "h\nsize 80", "h\nUp x many", "h\nUp twice", "h\nsize "}) {
        const auto s = read_key_script(text);
        BOOST_REQUIRE_MESSAGE(!s.has_value(), text);
        BOOST_TEST(s.error().what.find("line 2") != std::string::npos);
    }
}

} // namespace key_script_test
