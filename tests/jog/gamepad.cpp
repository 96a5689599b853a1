// SPDX-License-Identifier: MIT
// Events as the kernel's drivers give them for an Xbox pad (xpad: sticks of 16 bits, the cross as a hat, BTN_SOUTH to
// BTN_TR), and for one that counts its buttons (usbhid: sticks of 8 bits, BTN_TRIGGER to BTN_BASE6).
#include "../../tools/kjog/gamepad_thread.hpp"

#include <kf/jog/gamepad.hpp>
#include <kf/jog/stop_reach.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <future>
#include <set>
#include <string>
#include <vector>

namespace gamepad_test {

using namespace kf;
using namespace std::chrono_literals;
using tui::key;
using tui::key_action;

struct holding_a_pad {
    jog::gamepad pad;
    io::time_point now = io::time_point{} + 1000s;
    std::vector<key> keys;

    explicit holding_a_pad(std::vector<io::device_axis> axes = {})
      : pad(axes) {}

    std::string said() {
        std::string out;
        for (const key& k : std::exchange(keys, {}))
            out += tui::name(k) + (k.action == key_action::repeat    ? "+ "
                                   : k.action == key_action::release ? "- "
                                                                     : " ");
        return out;
    }
    std::string gives(std::uint16_t type, std::uint16_t code, std::int32_t value) {
        pad.take({type, code, value}, now, keys);
        return said();
    }
    /// With the report behind it.
    std::string sets(std::uint16_t type, std::uint16_t code, std::int32_t value) {
        pad.take({type, code, value}, now, keys);
        pad.take({EV_SYN, SYN_REPORT, 0}, now, keys);
        return said();
    }
    /// Looks when the pad wants it.
    std::string passes(std::chrono::milliseconds time) {
        const auto end = now + time;
        while (pad.deadline() && *pad.deadline() <= end) {
            now = *pad.deadline();
            pad.wait_over(now, keys);
        }
        now = end;
        return said();
    }
};

using io::device_event;

/// A client of evdev that was too slow: the answer about its keys drops what is queued of them.
struct fake_device {
    std::deque<std::vector<device_event>> reads;
    std::set<unsigned> down;
    bool real = true;

    [[nodiscard]] bool is_real() const { return real; }
    result<std::vector<device_event>> read() {
        if (reads.empty()) return std::vector<device_event>();
        auto first = std::move(reads.front());
        reads.pop_front();
        return first;
    }
    bool is_down(unsigned code) const {
        BOOST_TEST(reads.empty(), "asked while there was something to read");
        return down.contains(code);
    }
};

BOOST_AUTO_TEST_SUITE(a_gamepad)

BOOST_AUTO_TEST_CASE(a_cross_is_arrows_that_repeat_until_they_are_let_go) {
    holding_a_pad p;
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0X, 1) == "Right ");
    BOOST_TEST(p.passes(249ms) == "");
    BOOST_TEST(p.passes(100ms) == "Right+ Right+ Right+ Right+ ");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0X, 0) == "Right- ");
    BOOST_TEST(p.passes(2000ms) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0Y, -1) == "Up ");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0Y, 1) == "Up- Down ");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0Y, 0) == "Down- ");
    BOOST_TEST(p.sets(EV_KEY, BTN_DPAD_LEFT, 1) == "Left ");
    BOOST_TEST(p.sets(EV_KEY, BTN_DPAD_LEFT, 0) == "Left- ");
}

BOOST_AUTO_TEST_CASE(a_diagonal_keeps_to_the_way_that_it_has) {
    holding_a_pad p;
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0Y, -1) == "Up ");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0X, 1) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0Y, 0) == "Up- Right ");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0X, 0) == "Right- ");
}

BOOST_AUTO_TEST_CASE(a_stick_counts_beyond_its_dead_zone_by_the_larger_way) {
    holding_a_pad p({{ABS_X, -32768, 32767, 200}, {ABS_Y, -32768, 32767, -900}});
    for (const int rattles : {-4000, 9000, -16000, 16000}) BOOST_TEST(p.sets(EV_ABS, ABS_X, rattles) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 20000) == "Right ");
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 14000) == ""); // it does not flutter at the border
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 11000) == "Right- ");
    BOOST_TEST(p.gives(EV_ABS, ABS_X, -18000) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_Y, -30000) == "Up ");
    BOOST_TEST(p.sets(EV_ABS, ABS_X, -32000) == ""); // hardly the larger one
    BOOST_TEST(p.sets(EV_ABS, ABS_Y, -17000) == "Up- Left ");
}

BOOST_AUTO_TEST_CASE(sticks_of_eight_bits_have_their_middle_where_the_device_says) {
    holding_a_pad p({{ABS_X, 0, 255, 127}, {ABS_Y, 0, 255, 128}, {ABS_RZ, 0, 255, 128}});
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 126) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 0) == "Left ");
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 127) == "Left- ");
    BOOST_TEST(p.sets(EV_ABS, ABS_RZ, 255) == "PgDn ");
    BOOST_TEST(p.sets(EV_ABS, ABS_RZ, 128) == "PgDn- ");
}

BOOST_AUTO_TEST_CASE(a_trigger_beside_a_second_stick_is_no_stick) {
    holding_a_pad p(
        {{ABS_X, -32768, 32767, 0}, {ABS_Y, -32768, 32767, 0}, {ABS_RY, -32768, 32767, 0}, {ABS_RZ, 0, 255, 0}});
    for (const int pulled : {1, 128, 255, 0}) BOOST_TEST(p.sets(EV_ABS, ABS_RZ, pulled) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_RY, 30000) == "PgDn ");
}

BOOST_AUTO_TEST_CASE(a_stick_that_is_pushed_when_it_is_found_moves_nothing_before_it_was_let_go) {
    holding_a_pad p({{ABS_X, -32768, 32767, 30000}, {ABS_Y, -32768, 32767, 0}});
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 30100) == "");
    BOOST_TEST(p.passes(1000ms) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 100) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_X, 30000) == "Right ");
}

BOOST_AUTO_TEST_CASE(shoulders_and_the_second_stick_are_single_steps_of_z) {
    holding_a_pad p;
    BOOST_TEST(p.sets(EV_KEY, BTN_TL, 1) == "PgUp ");
    BOOST_TEST(p.passes(2000ms) == "");
    BOOST_TEST(p.sets(EV_KEY, BTN_TL, 0) == "PgUp- ");
    BOOST_TEST(p.sets(EV_KEY, BTN_TR, 1) == "PgDn ");
    BOOST_TEST(p.sets(EV_KEY, BTN_TL, 1) == "PgDn- "); // both at once mean nothing
    (void)p.sets(EV_KEY, BTN_TL, 0);
    (void)p.sets(EV_KEY, BTN_TR, 0);
    (void)p.said();
    BOOST_TEST(p.sets(EV_ABS, ABS_RY, -30000) == "PgUp ");
    BOOST_TEST(p.passes(2000ms) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_RY, 0) == "PgUp- ");
}

BOOST_AUTO_TEST_CASE(one_button_stops_without_waiting_for_its_report_wherever_the_page_is) {
    for (const int code : {BTN_EAST, BTN_THUMB}) {
        holding_a_pad p;
        p.pad.take({EV_KEY, static_cast<std::uint16_t>(code), 1}, p.now, p.keys);
        BOOST_REQUIRE(p.keys.size() == 1);
        BOOST_TEST(jog::is_stop(p.keys[0], jog::stop_reach::while_typing));
        p.keys.clear();
        BOOST_TEST(p.sets(EV_KEY, static_cast<std::uint16_t>(code), 0) == "");
    }
}

BOOST_AUTO_TEST_CASE(start_homes_and_every_other_button_does_nothing) {
    holding_a_pad p;
    BOOST_TEST(p.sets(EV_KEY, BTN_START, 1) == "h ");
    BOOST_TEST(p.sets(EV_KEY, BTN_START, 2) == "");
    BOOST_TEST(p.sets(EV_KEY, BTN_START, 0) == "");
    for (std::uint16_t code = BTN_JOYSTICK; code < BTN_DIGI; ++code)
        if (code != BTN_EAST && code != BTN_THUMB && code != BTN_START && code != BTN_BASE4 && code != BTN_TL &&
            code != BTN_TR && code != BTN_TOP2 && code != BTN_PINKIE) {
            BOOST_TEST(p.sets(EV_KEY, code, 1) == "", code);
            BOOST_TEST(p.sets(EV_KEY, code, 0) == "", code);
        }
    for (const std::uint16_t code : std::initializer_list<std::uint16_t>{ABS_Z, ABS_RX, ABS_THROTTLE, ABS_MISC})
        BOOST_TEST(p.sets(EV_ABS, code, 255) == "");
}

BOOST_AUTO_TEST_CASE(what_was_lost_on_the_way_lets_go) {
    holding_a_pad p;
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0X, 1) == "Right ");
    BOOST_TEST(p.gives(EV_SYN, SYN_DROPPED, 0) == "Right- ");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0Y, 1) == ""); // up to the next report nothing is true
    BOOST_TEST(p.passes(2000ms) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0Y, 1) == "Down ");
    for (const std::uint16_t code : std::initializer_list<std::uint16_t>{BTN_EAST, BTN_THUMB}) {
        (void)p.gives(EV_SYN, SYN_DROPPED, 0);
        BOOST_TEST(p.gives(EV_KEY, code, 1) == "Ctrl+x "); // of those, a stop is true
        BOOST_TEST(p.gives(EV_KEY, code, 2) == "");
        BOOST_TEST(p.gives(EV_KEY, BTN_START, 1) == "");
        BOOST_TEST(p.gives(EV_KEY, code, 0) == "");
    }
}

BOOST_AUTO_TEST_CASE(a_stop_that_was_lost_on_the_way_is_asked_for_once_all_was_read) {
    const device_event lost{EV_SYN, SYN_DROPPED, 0}, moved{EV_ABS, ABS_X, 99}, report{EV_SYN, SYN_REPORT, 0};
    for (const unsigned code : jog::gamepad::stop_buttons) {
        holding_a_pad p;
        fake_device d{{{lost, moved}, {report}, {moved, report}}, {code}};
        BOOST_TEST(jog::hear(d, p.pad, p.now, p.keys).has_value());
        BOOST_TEST(p.said() == "Ctrl+x ");
        fake_device whole{{{moved, report}}, {code}}; // nothing was lost: what it holds was told before
        BOOST_TEST(jog::hear(whole, p.pad, p.now, p.keys).has_value());
        BOOST_TEST(p.said() == "");
    }
    holding_a_pad p;
    fake_device other{{{lost, report}}, {BTN_SOUTH, BTN_START}};
    BOOST_TEST(jog::hear(other, p.pad, p.now, p.keys).has_value());
    BOOST_TEST(p.said() == "");
    fake_device told{{{lost, {EV_KEY, BTN_EAST, 1}, report}, {{EV_KEY, BTN_EAST, 0}, report}}, {}};
    BOOST_TEST(jog::hear(told, p.pad, p.now, p.keys).has_value());
    BOOST_TEST(p.said() == "Ctrl+x ");
}

BOOST_AUTO_TEST_CASE(what_was_struck_before_anybody_heard_it_moves_nothing_and_a_stop_counts) {
    const device_event right{EV_ABS, ABS_HAT0X, 1}, home{EV_KEY, BTN_START, 1}, report{EV_SYN, SYN_REPORT, 0};
    const auto found = [](fake_device d) {
        std::vector<key> keys;
        jog::stop_before_it_is_heard(d, keys);
        return std::pair(keys.size(), d.reads.size());
    };
    using counts = std::pair<std::size_t, std::size_t>;
    BOOST_TEST((found({{{right, report}, {home, report}}, {}}) == counts{0, 0}));
    BOOST_TEST((found({{{home}, {{EV_KEY, BTN_EAST, 1}}, {{EV_KEY, BTN_EAST, 0}}}, {}}) == counts{1, 0}));
    BOOST_TEST((found({{}, {BTN_THUMB}}) == counts{1, 0})); // held down since it was away
    BOOST_TEST((found({{{right}}, {}, false}) == counts{0, 1}));
}

BOOST_AUTO_TEST_CASE(what_came_before_a_stop_does_not_wait_for_it_and_one_stop_is_enough) {
    std::string folder = (std::filesystem::temp_directory_path() / "kf-pad-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(folder.data()) != nullptr);
    const std::string path = folder + "/pad";
    BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    std::promise<void> answers;
    const std::shared_future<void> answered = answers.get_future();
    std::atomic<int> stops = 0;
    {
        auto started =
            kjog::gamepad_thread::start(*kjog::pad_device::open(path, io::input_device::kind::or_named_pipe), [&] {
                ++stops;
                answered.wait_for(20s); // a Klipper that says nothing
            });
        BOOST_REQUIRE(started.has_value());
        auto& thread = **started;
        std::string said;
        const auto until = [&](const std::string& wanted) {
            for (const auto end = std::chrono::steady_clock::now() + 10s; said != wanted;) {
                pollfd p{thread.changes(), POLLIN, 0};
                BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, said);
                (void)::poll(&p, 1, 100);
                for (const key& k : thread.take().keys)
                    said += tui::name(k) + (k.heeded ? "* " : k.action == key_action::release ? "- " : " ");
            }
        };
        const io::unique_fd pipe(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        std::vector<::input_event> batch;
        for (const auto& [type, code, value] : std::initializer_list<device_event>{{EV_ABS, ABS_HAT0X, 1},
                                                                                   {EV_SYN, SYN_REPORT, 0},
                                                                                   {EV_ABS, ABS_HAT0X, 0},
                                                                                   {EV_SYN, SYN_REPORT, 0},
                                                                                   {EV_KEY, BTN_EAST, 1},
                                                                                   {EV_KEY, BTN_EAST, 0},
                                                                                   {EV_KEY, BTN_EAST, 1},
                                                                                   {EV_KEY, BTN_START, 1}}) {
            ::input_event e{};
            e.type = type, e.code = code, e.value = value;
            batch.push_back(e);
        }
        const auto bytes = batch.size() * sizeof(::input_event);
        BOOST_REQUIRE(::write(pipe.get(), batch.data(), bytes) == static_cast<ssize_t>(bytes));
        until("Right Right- ");
        answers.set_value();
        until("Right Right- Ctrl+x* Ctrl+x* h ");
        BOOST_TEST(stops == 1);
    }
    std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(a_pad_that_says_nothing_any_more_is_let_go) {
    holding_a_pad p;
    (void)p.sets(EV_ABS, ABS_HAT0X, 1);
    const std::string held = p.passes(9900ms);
    BOOST_TEST(held.ends_with("Right+ "));
    BOOST_TEST(p.passes(200ms).ends_with("Right- "));
    BOOST_TEST(p.passes(5000ms) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0X, 0) == "");
    BOOST_TEST(p.sets(EV_ABS, ABS_HAT0X, 1) == "Right ");
}

BOOST_AUTO_TEST_CASE(bytes_of_a_device_are_events_wherever_they_are_cut) {
    // struct input_event of a machine with 64 bits and the lowest byte first: 16 bytes of time, type, code, value.
    const std::string one{"\x11\x22\x33\x44\0\0\0\0\x55\x66\x01\0\0\0\0\0\x03\0\x10\0\xff\xff\xff\xff", 24};
    if constexpr (sizeof(::input_event) == 24) {
        std::string bytes = one + one;
        bytes.resize(40);
        BOOST_TEST((io::take_events(bytes) == std::vector<io::device_event>{{EV_ABS, ABS_HAT0X, -1}}));
        BOOST_TEST(bytes.size() == 16u);
        bytes += one.substr(16);
        BOOST_TEST((io::take_events(bytes) == std::vector<io::device_event>{{EV_ABS, ABS_HAT0X, -1}}));
        BOOST_TEST(bytes.empty());
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_input_device_is_refused) {
    using kind = io::input_device::kind;
    for (const char* path : {"/dev/null", "/etc/passwd", "/tmp"}) {
        const auto d = io::input_device::open(path, kind::or_named_pipe);
        BOOST_REQUIRE(!d);
        BOOST_TEST((d.error().code == errc::refused));
        BOOST_TEST(d.error().what == std::string(path) + " is no input device");
    }
    BOOST_TEST(!io::input_device::open("/dev/input/no-such-pad", kind::device_only));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace gamepad_test
