// SPDX-License-Identifier: MIT
#include <kf/tui/key_decoder.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace key_decoder_test {

using namespace kf::tui;
using namespace std::chrono_literals;

/// A keyboard whose bytes come when the test says.
struct keyboard {
    key_decoder decoder;
    key_decoder::time_point now{};
    std::vector<key> keys;

    keyboard() = default;
    explicit keyboard(std::chrono::milliseconds delay)
      : decoder(delay) {}
    keyboard& type(std::string_view bytes) {
        decoder.feed(bytes, now, now, keys);
        return *this;
    }
    keyboard& later(std::chrono::milliseconds by) {
        now += by;
        decoder.wait_over(now, keys);
        return *this;
    }
    /// Byte after byte, each that much later.
    keyboard& slowly(std::string_view bytes, std::chrono::milliseconds gap) {
        for (const char b : bytes) type({&b, 1}).later(gap);
        return *this;
    }
    /// The names of all keys, with what was done to them: "Up", "Up!" repeated, "Up^" let go.
    [[nodiscard]] std::string names() {
        std::string out;
        for (const key& k : keys) {
            if (!out.empty()) out += ' ';
            out += name(k);
            if (k.action == key_action::repeat) out += '!';
            if (k.action == key_action::release) out += '^';
        }
        keys.clear();
        return out;
    }
};

BOOST_AUTO_TEST_CASE(arrows_of_both_modes_are_arrows) {
    keyboard k;
    BOOST_TEST(k.type("\x1b[A\x1b[B\x1b[C\x1b[D").names() == "Up Down Right Left");
    BOOST_TEST(k.type("\x1bOA\x1bOB\x1bOC\x1bOD").names() == "Up Down Right Left");
    BOOST_TEST(k.type("\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[2~\x1b[3~").names() ==
               "PgUp PgDn Home End Home End Home End Insert Delete");
    BOOST_TEST(k.type("\x1b[1;5A\x1b[1;2B\x1b[Z").names() == "Ctrl+Up Shift+Down BackTab");
}

BOOST_AUTO_TEST_CASE(a_lone_esc_counts_after_its_delay) {
    keyboard k;
    BOOST_TEST(k.type("\x1b").later(149ms).names() == "");
    BOOST_TEST(k.later(1ms).names() == "Esc");
    keyboard patient(1000ms);
    BOOST_TEST(patient.type("\x1b").later(999ms).names() == "");
    BOOST_TEST(patient.later(1ms).names() == "Esc");
}

BOOST_AUTO_TEST_CASE(an_arrow_on_a_slow_link_is_an_arrow_and_never_esc) {
    keyboard k;
    BOOST_TEST(k.slowly("\x1b[A", 100ms).names() == "Up");
    BOOST_TEST(k.slowly("\x1bOD", 140ms).names() == "Left");
    BOOST_TEST(k.slowly("\x1b[5~\x1b[1;5C", 100ms).names() == "PgUp Ctrl+Right");
    // Only the first gap can be taken for an Esc: behind the bracket nobody's finger is meant.
    BOOST_TEST(k.type("\x1b[").later(400ms).type("A").names() == "Up");
}

BOOST_AUTO_TEST_CASE(an_arrow_whose_rest_waited_for_us_is_an_arrow) {
    keyboard k;
    k.type("\x1b");
    const auto looked = k.now + 1ms;
    k.decoder.feed("[A", looked, k.now + 2s, k.keys);
    BOOST_TEST(k.names() == "Up");
}

BOOST_AUTO_TEST_CASE(an_arrow_that_was_cut_off_is_nothing) {
    keyboard k;
    BOOST_TEST(k.type("\x1b[").later(500ms).names() == "");
    BOOST_TEST(k.type("h").names() == "h");
    BOOST_TEST(k.type("\x1b[1;").type("\x1b[A").names() == "Up");
    BOOST_TEST(k.type("\x1b[1;!").names() == "!"); // the way to stop is never a part of a sequence
}

BOOST_AUTO_TEST_CASE(an_esc_that_is_held_down_comes_after_the_delay_of_the_first_or_at_the_third) {
    keyboard k;
    BOOST_TEST(k.type("\x1b").later(140ms).type("\x1b").names() == "");
    BOOST_TEST(k.later(10ms).names() == "Esc");
    keyboard held;
    BOOST_TEST(held.slowly("\x1b\x1b\x1b", 30ms).names() == "Esc");
}

BOOST_AUTO_TEST_CASE(a_key_with_alt_is_neither_esc_nor_the_key) {
    keyboard k;
    BOOST_TEST(k.type("\x1bh\x1b\x1b[A\x1b[1;3D").names() == "Alt+h Alt+Up Alt+Left");
    BOOST_TEST(!is(key{.text = 'h', .modifiers = modifier::alt}, U'h'));
}

BOOST_AUTO_TEST_CASE(a_bracketed_paste_is_one_key_whatever_is_in_it) {
    keyboard k;
    k.type("\x1b[200~h\x1b!\x1b[Ad\r").type("q\x1b[201").type("~U");
    BOOST_REQUIRE(k.keys.size() == 2);
    BOOST_TEST((k.keys[0].code == key_code::paste));
    BOOST_TEST(k.keys[0].pasted == "h\x1b!\x1b[Ad\rq");
    BOOST_TEST(name(k.keys[1]) == "U");
}

BOOST_AUTO_TEST_CASE(a_paste_whose_end_is_lost_ends_by_time) {
    keyboard k;
    k.type("\x1b[200~hud").later(1s);
    BOOST_REQUIRE(k.keys.size() == 1);
    BOOST_TEST(k.keys[0].pasted == "hud");
    k.keys.clear();
    BOOST_TEST(k.type("!").names() == "!");
}

BOOST_AUTO_TEST_CASE(of_a_paste_that_is_longer_than_anybody_means_the_beginning_is_kept) {
    keyboard k;
    const std::size_t most = std::size_t{1} << 20;
    k.type("\x1b[200~").type(std::string(most - 1, 'a')).type("bcde\x1b[201").type("~U");
    BOOST_REQUIRE(k.keys.size() == 2);
    BOOST_TEST(k.keys[0].pasted.size() == most);
    BOOST_TEST(k.keys[0].pasted.ends_with("aab"));
    BOOST_TEST(name(k.keys[1]) == "U");
    k.keys.clear();
    k.type("\x1b[200~").type(std::string(most + 4, 'a')).later(1s); // its end is lost
    BOOST_REQUIRE(k.keys.size() == 1);
    BOOST_TEST(k.keys[0].pasted.size() == most);
}

BOOST_AUTO_TEST_CASE(many_characters_at_once_from_a_terminal_without_brackets_are_a_paste) {
    keyboard k;
    BOOST_TEST(k.type("G28 X Y\rM84\r").later(100ms).names() == "Paste");
    BOOST_TEST(k.type("++++++++++++").names() == "+ + + + + + + + + + + +"); // a key held on a slow link
    BOOST_TEST(k.type("hu!").names() == "h u !");
}

BOOST_AUTO_TEST_CASE(what_follows_a_paste_that_nothing_marks_belongs_to_it_for_a_moment) {
    keyboard k;
    for (const auto& [typed, pasted] : std::initializer_list<std::pair<const char*, const char*>>{
             {"G1 X10 Y20 ", "G1 X10 Y20 "}, {"F6\rh", "F6\rh"}, {"d!", "\nd!"}, {"\x18q", "\n\x18q"}}) {
        k.later(90ms).type(typed);
        BOOST_REQUIRE(k.keys.size() == 1);
        BOOST_TEST(k.keys[0].pasted == pasted); // no line but the first
        BOOST_TEST(k.keys[0].guessed);          // a stop in it counts
        k.keys.clear();
    }
    BOOST_TEST(k.later(50ms).type("h\x1b[Ad").names() == "Paste Up Paste"); // an arrow is the person's
    BOOST_TEST(k.later(50ms).type("\x1b!").names() == "Alt+!");
    BOOST_TEST(k.type("G1 X10 Y20 ").type("\x1b[200~a\x1b[201~h").names() == "Paste Paste h"); // this one marks them
    k.type("G1 X10 Y20 ").keys.clear();
    BOOST_TEST(k.later(100ms).type("h\x1b[A").names() == "h Up");
    BOOST_TEST(!k.decoder.deadline().has_value());
    k.type("G1 X10 Y20 ");
    BOOST_REQUIRE(k.decoder.deadline().has_value());
    BOOST_TEST((*k.decoder.deadline() == k.now + 100ms));
}

BOOST_AUTO_TEST_CASE(the_rest_of_a_paste_that_waited_for_us_was_not_late) {
    keyboard k;
    BOOST_TEST(k.type("G1 X10 Y20 ").names() == "Paste");
    k.decoder.feed("hd", k.now + 1ms, k.now + 2s, k.keys);
    BOOST_TEST(k.names() == "Paste");
    k.later(3s);
    k.decoder.feed("hd", k.now, k.now + 2s, k.keys);
    BOOST_TEST(k.names() == "h d");
}

BOOST_AUTO_TEST_CASE(what_only_looks_pasted_is_marked_as_a_guess) {
    keyboard k;
    k.type("hudtgp!q");
    BOOST_REQUIRE(k.keys.size() == 1);
    BOOST_TEST(k.keys[0].guessed);
    k.keys.clear();
    k.type("\x1b[200~hudtgp!q\x1b[201~");
    BOOST_REQUIRE(k.keys.size() == 1);
    BOOST_TEST(!k.keys[0].guessed);
    k.later(100ms).keys.clear();
    BOOST_TEST(k.type("\x1b[A\x1b[B\x1b[C\x1b[D").names() == "Up Down Right Left"); // a burst of a slow link
}

BOOST_AUTO_TEST_CASE(the_kitty_protocol_tells_presses_repeats_and_releases) {
    keyboard k;
    BOOST_TEST(k.type("\x1b[1;1:1A\x1b[1;1:2A\x1b[1;1:3A").names() == "Up Up! Up^");
    BOOST_TEST(k.type("\x1b[5;1:3~\x1b[27u\x1b[27;1:3u").names() == "PgUp^ Esc Esc^");
    BOOST_TEST(k.type("\x1b[99;5u\x1b[104;129u\x1b[57419;1:2u\x1b[57413u").names() == "Ctrl+c h Up! +");
    BOOST_TEST(!is(key{.code = key_code::up, .action = key_action::release}, key_code::up));
    k.type("\x1b[?3u");
    BOOST_REQUIRE(k.keys.size() == 1);
    BOOST_TEST((k.keys[0].code == key_code::protocol));
    BOOST_TEST(static_cast<unsigned>(k.keys[0].text) == 3U);
}

BOOST_AUTO_TEST_CASE(by_the_kitty_protocol_a_shortcut_is_in_its_place_on_a_layout_without_latin_letters) {
    keyboard k;
    // Ctrl with ч, с, я of a Russian keyboard, which are where X, C, Z are; with Shift; held and let go.
    BOOST_TEST(k.type("\x1b[1095::120;5u\x1b[1089::99;5u\x1b[1103::122;5u").names() == "Ctrl+x Ctrl+c Ctrl+z");
    BOOST_TEST(k.type("\x1b[1095:1063:120;6u\x1b[1095::120;5:2u\x1b[1095::120;5:3u").names() ==
               "Ctrl+x Ctrl+x! Ctrl+x^");
    BOOST_TEST(k.type("\x1b[1095::120;7u\x1b[1088::104;3u").names() == "Ctrl+Alt+x Alt+h");
    BOOST_TEST(k.type("\x1b[1095::120;69u").names() == "Ctrl+x"); // Caps Lock
    BOOST_TEST(k.type("\x1b[1095;5u").names() == "Ctrl+ч");       // a terminal that does not tell
    // What is typed stays what it is.
    BOOST_TEST(k.type("\x1b[1095::120u\x1b[1095:1063:120;2u").names() == "ч Ч");
    // A layout with Latin letters elsewhere: the letter counts. Dvorak has its X where B is.
    BOOST_TEST(k.type("\x1b[120::98;5u\x1b[97::113;5u").names() == "Ctrl+x Ctrl+a");
    // The character that Shift makes: Alt and ! of an American keyboard, 1 of a French one.
    BOOST_TEST(k.type("\x1b[49:33;4u\x1b[38:49:49;2u").names() == "Alt+! 1");
    BOOST_TEST(k.type("\x1b[27::27u\x1b[57419::104;5u").names() == "Esc Ctrl+Up");
}

BOOST_AUTO_TEST_CASE(the_keyboard_going_elsewhere_is_told) {
    keyboard k;
    BOOST_TEST(k.type("\x1b[O\x1b[I").names() == "FocusOut FocusIn");
}

BOOST_AUTO_TEST_CASE(answers_clicks_and_unknown_sequences_start_nothing) {
    keyboard k;
    BOOST_TEST(k.type("\x1b[?64;1;2c\x1b[>0;276;0c\x1b[12;40R").names() == "");
    BOOST_TEST(k.type("\x1b[<0;12;7M\x1b[<0;12;7m\x1b[M !!").names() == "");
    BOOST_TEST(k.type("\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b]0;hud\x07\x1bP>|foot(1.16.2)\x1b\\").names() == "");
    BOOST_TEST(k.type("\x1b[[A\x1b[[E\x1b[99~\x1b[57358u").names() == "");
    BOOST_TEST(k.type("h").names() == "h");
}

BOOST_AUTO_TEST_CASE(the_status_of_the_terminal_is_told_and_none_of_its_bytes_is_a_key) {
    keyboard k;
    BOOST_TEST(k.type("yy\x1b[0ny").names() == "y y Status y");
    BOOST_TEST(k.type("\x1b[3n\x1b[0n").names() == "Status Status");
    BOOST_TEST(k.slowly("\x1b[0n", 100ms).names() == "Status");
    BOOST_TEST(k.type("\x1b[?997;1n").names() == ""); // dark or light: another answer
}

BOOST_AUTO_TEST_CASE(an_esc_that_was_struck_before_the_terminal_tells_something_is_one) {
    for (const auto& [told, names] :
         std::initializer_list<std::pair<std::string, std::string>>{{"\x1b[0n", "Esc Status"},
                                                                    {"\x1b[I", "Esc FocusIn"},
                                                                    {"\x1b[O", "Esc FocusOut"},
                                                                    {"\x1b[?3u", "Esc Protocol"},
                                                                    {"\x1b[?62;22c", "Esc"},
                                                                    {"\x1b[<0;5;5M", "Esc"},
                                                                    {"\x1b[M !!", "Esc"},
                                                                    {"\x1b[200~no\x1b[201~", "Esc Paste"},
                                                                    {"\x1b]11;rgb:0000/0000/0000\x07", "Esc"}}) {
        keyboard k;
        BOOST_TEST(k.type("\x1b" + told).names() == names, told);
        BOOST_TEST(k.type("a").names() == "a");
    }
}

BOOST_AUTO_TEST_CASE(the_keypad_gives_its_characters) {
    keyboard k;
    BOOST_TEST(k.type("\x1bOk\x1bOm\x1bOM\x1bOp\x1bOy").names() == "+ - Enter 0 9");
}

BOOST_AUTO_TEST_CASE(control_keys_have_names) {
    keyboard k;
    BOOST_TEST(k.type("\x03\x12\x15").type("\r\n\t\x7f\b").names() ==
               "Ctrl+c Ctrl+r Ctrl+u Enter Enter Tab Backspace Backspace");
}

BOOST_AUTO_TEST_CASE(characters_beyond_ascii_come_whole) {
    keyboard k;
    BOOST_TEST(k.slowly("\xc3\xa9\xe2\x82\xac", 100ms).names() == "é €");
    BOOST_TEST(k.type("\xc3").type("h").names() == "h"); // cut off
    BOOST_TEST(k.type("\xff\xfeh").names() == "h");
    BOOST_TEST(k.type("\xe0\x80\x80h").names() == "h"); // longer than it may be
}

BOOST_AUTO_TEST_CASE(time_waits_only_while_something_has_begun) {
    keyboard k;
    BOOST_TEST(!k.decoder.deadline().has_value());
    k.type("\x1b");
    BOOST_REQUIRE(k.decoder.deadline().has_value());
    BOOST_TEST((*k.decoder.deadline() == k.now + 150ms));
}

} // namespace key_decoder_test
