// SPDX-License-Identifier: MIT
#include <kf/jog/key_watch.hpp>

#include <boost/test/unit_test.hpp>

namespace key_watch_test {

using namespace kf;
using namespace kf::jog;
using namespace std::chrono_literals;
using meaning = key_watch::meaning;

struct watch_stage {
    key_watch watch;
    io::time_point now = io::time_point{} + 1000s;

    meaning strike(io::duration after, heading h = heading::right, stroke_kind k = stroke_kind::unknown) {
        now += after;
        return watch.strike(h, k, now);
    }
    bool held(io::duration after) { return watch.held(now + after).has_value(); }
};

BOOST_AUTO_TEST_SUITE(key_watch)

BOOST_FIXTURE_TEST_CASE(a_hold_begins_with_the_second_fast_repeat, watch_stage) {
    BOOST_TEST((strike(0ms) == meaning::tap));
    BOOST_TEST((strike(500ms) == meaning::tap)); // the first delay of a keyboard, or a second tap: nobody can tell
    BOOST_TEST((strike(33ms) == meaning::perhaps));
    BOOST_TEST(!held(0ms));
    BOOST_TEST((strike(33ms) == meaning::held));
    BOOST_TEST(held(0ms));
}

BOOST_FIXTURE_TEST_CASE(taps_as_fast_as_a_finger_are_taps, watch_stage) {
    for (int i = 0; i < 20; ++i) BOOST_TEST((strike(i % 3 == 0 ? 118ms : 131ms) == meaning::tap));
}

BOOST_FIXTURE_TEST_CASE(a_slow_keyboard_is_known_by_its_evenness, watch_stage) {
    for (const auto gap : {111ms, 160ms, 245ms}) {
        strike(0ms), strike(660ms);
        for (int i = 0; i < 7; ++i) BOOST_TEST((strike(gap + (i % 2) * 2ms) == meaning::tap));
        BOOST_TEST((strike(gap) == meaning::held));
        BOOST_TEST(held(gap * 2));
        BOOST_TEST((strike(gap * 21 / 20) == meaning::held)); // one that is late
        BOOST_TEST(!held(gap * 3));
        BOOST_TEST((strike(1s) == meaning::tap));
    }
    strike(0ms);
    for (int i = 0; i < 20; ++i) BOOST_TEST((strike(260ms) == meaning::tap)); // no keyboard is that slow
    strike(1s);
    for (int i = 0; i < 8; ++i) strike(160ms);
    BOOST_TEST(held(0ms));
    BOOST_TEST((strike(140ms) == meaning::tap)); // a finger after all
    BOOST_TEST(!held(0ms));
}

BOOST_FIXTURE_TEST_CASE(a_repeat_that_is_missing_is_a_release, watch_stage) {
    strike(0ms), strike(500ms), strike(33ms), strike(33ms);
    BOOST_TEST(held(80ms)); // 2.5 gaps of 33 ms are 82.5
    BOOST_TEST(held(82ms));
    BOOST_TEST(!held(83ms));
}

BOOST_FIXTURE_TEST_CASE(the_gap_is_the_keyboards_own, watch_stage) {
    strike(0ms), strike(500ms);
    for (int i = 0; i < 6; ++i) strike(92ms);
    BOOST_TEST((watch.gap() == 92ms));
    BOOST_TEST(held(229ms));
    BOOST_TEST(!held(231ms));
}

BOOST_FIXTURE_TEST_CASE(one_slow_repeat_does_not_change_what_was_learned, watch_stage) {
    strike(0ms), strike(500ms);
    for (int i = 0; i < 7; ++i) strike(25ms);
    strike(75ms); // within patience
    BOOST_TEST((watch.gap() == 25ms));
    BOOST_TEST((watch.patience() == 80ms)); // never less
}

BOOST_FIXTURE_TEST_CASE(bytes_that_were_kept_back_teach_nothing, watch_stage) {
    strike(0ms), strike(500ms);
    for (int i = 0; i < 4; ++i) strike(40ms);
    for (int i = 0; i < 20; ++i) strike(0ms); // a link that stood still
    BOOST_TEST((watch.gap() == 40ms));
}

BOOST_FIXTURE_TEST_CASE(another_key_begins_anew, watch_stage) {
    strike(0ms), strike(500ms), strike(33ms), strike(33ms);
    BOOST_TEST((strike(10ms, heading::left) == meaning::tap));
    BOOST_TEST(!held(0ms));
}

BOOST_FIXTURE_TEST_CASE(a_terminal_that_tells_repeats_is_believed, watch_stage) {
    BOOST_TEST((strike(0ms, heading::right, stroke_kind::press) == meaning::tap));
    BOOST_TEST((strike(500ms, heading::right, stroke_kind::repeat) == meaning::perhaps));
    BOOST_TEST((strike(30ms, heading::right, stroke_kind::repeat) == meaning::held));
    BOOST_TEST((strike(40ms, heading::right, stroke_kind::press) == meaning::tap)); // pressed again, fast as it is
    strike(30ms, heading::right, stroke_kind::repeat), strike(30ms, heading::right, stroke_kind::repeat);
    watch.release(heading::left); // of another key
    BOOST_TEST(held(0ms));
    watch.release(heading::right);
    BOOST_TEST(!held(0ms));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace key_watch_test
