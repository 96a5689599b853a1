// SPDX-License-Identifier: MIT
// A board that is followed: what the kernel and udev show changes while the watch sleeps, and no time passes here.
#include "../temporary_folder.hpp"
#include "eventful_clock.hpp"

#include <kf/flash/write.hpp>
#include <kf/sim/usb_tree.hpp>

#include <boost/test/unit_test.hpp>

namespace device_watch_test {

using namespace kf;
using namespace std::chrono_literals;
using board::usb_firmware;
using kf::test::eventful_clock;

const sim::usb_strings klipper{"1d50", "614e", "Klipper", "rp2040", "momentOS"};
const sim::usb_strings katapult{"1d50", "6177", "katapult", "rp2040", "E6614103E7452D2F"};

/// Device nodes that every machine has stand for ttys.
struct bus {
    test::temporary_folder folder;
    sim::usb_tree ours{{folder / "by-id", folder / "sys", "1-1.4"}}, other{{folder / "by-id", folder / "sys", "1-1.3"}};
    board::usb_address watch{{folder / "by-id", folder / "sys"}};
    eventful_clock clock;

    void plug(sim::usb_tree& at, const sim::usb_strings& usb, const char* node) {
        BOOST_REQUIRE(at.show(usb, node).has_value());
    }
    /// The watch begins at what stands at port 1-1.4 now.
    void found() {
        watch.trail.board = {
            .key = "b", .name = "B", .mcu = "rp2040", .serial_pattern = "usb-Klipper_rp2040_momentOS*"};
        const auto seen = board::scan(watch.at);
        BOOST_REQUIRE(seen.has_value());
        for (const auto& d : seen->devices)
            if (d.facts.port == "1-1.4") watch.trail.start = d;
        BOOST_REQUIRE(!watch.trail.start.file_name.empty());
    }
    result<board::device> wait(usb_firmware firmware, const std::optional<board::device>& old = {}) {
        return flash::wait_for_node(watch, firmware, old, clock, 100ms, clock.now() + 5s);
    }
};

BOOST_AUTO_TEST_SUITE(device_watch_suite)

BOOST_AUTO_TEST_CASE(a_board_that_comes_back_under_another_name_is_found_at_its_port) {
    bus b;
    b.plug(b.ours, klipper, "/dev/null");
    b.found();
    b.clock.s->events = {[&] { b.ours.hide(); }, [] {}, [&] { b.plug(b.ours, katapult, "/dev/zero"); }};
    const auto node = b.wait(usb_firmware::katapult);
    BOOST_REQUIRE(node.has_value());
    BOOST_TEST(node->file_name == "usb-katapult_rp2040_E6614103E7452D2F-if00");
    BOOST_TEST((b.clock.now() == io::time_point{} + 300ms));
    BOOST_TEST(!flash::find_node(b.watch, usb_firmware::klipper));
}

BOOST_AUTO_TEST_CASE(another_board_that_enters_its_bootloader_meanwhile_is_not_taken) {
    bus b;
    b.plug(b.ours, klipper, "/dev/null");
    b.found();
    b.plug(b.other, katapult, "/dev/zero"); // even with the serial number that ours has in Katapult
    b.ours.hide();
    const auto node = b.wait(usb_firmware::katapult);
    BOOST_REQUIRE(!node);
    BOOST_TEST((node.error().code == errc::not_connected));
    BOOST_TEST(node.error().what == "B did not come back as Katapult");
}

BOOST_AUTO_TEST_CASE(another_chip_in_the_same_socket_is_refused_by_name) {
    bus b;
    b.plug(b.ours, klipper, "/dev/null");
    b.found();
    auto stranger = katapult;
    stranger.product = "stm32f446xx";
    b.clock.s->events = {[&] { b.plug(b.ours, stranger, "/dev/zero"); }};
    const auto node = b.wait(usb_firmware::katapult);
    BOOST_REQUIRE(!node);
    BOOST_TEST((node.error().code == errc::mismatch));
    BOOST_TEST(node.error().what == "B left the bus, and a stm32f446xx came in its place");
    BOOST_TEST(node.error().cause.find("what is at its USB port 1-1.4 now is another board") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_node_that_never_left_is_not_the_board_that_came_back) {
    bus b;
    b.plug(b.ours, klipper, "/dev/null");
    b.found();
    const auto before = flash::find_node(b.watch, usb_firmware::klipper);
    BOOST_REQUIRE(before.has_value());
    BOOST_TEST((b.wait(usb_firmware::klipper, before).error().code == errc::not_connected));
    // The same node and name, made anew: that is a new life.
    b.clock.s->events = {[&] { b.plug(b.ours, klipper, "/dev/null"); }};
    BOOST_TEST(b.wait(usb_firmware::klipper, before).has_value());
}

BOOST_AUTO_TEST_CASE(a_new_life_is_seen_although_a_twin_goes_and_the_name_changes) {
    bus b;
    b.plug(b.ours, klipper, "/dev/null");
    b.plug(b.other, klipper, "/dev/zero");
    b.found();
    const auto before = flash::find_node(b.watch, usb_firmware::klipper);
    BOOST_REQUIRE(before.has_value());
    BOOST_TEST(before->file_name == "platform-kf-usb-0:1.4:1.0");
    b.other.hide(); // ours has its by-id name for itself now, and has not moved
    const auto still = flash::find_node(b.watch, usb_firmware::klipper);
    BOOST_REQUIRE(still.has_value());
    BOOST_TEST(flash::same_life(*before, *still));
}

BOOST_AUTO_TEST_CASE(what_the_configuration_will_say_is_klipper_at_that_port) {
    bus b;
    b.plug(b.ours, klipper, "/dev/null");
    b.found();
    b.watch.trail.expected = {"usb-Kalico_nozzle_12345-if00", "Kalico", "nozzle", "12345"};
    const sim::usb_strings after{"1209", "0001", "Kalico", "nozzle", "12345"}; // CONFIG_USB_VENDOR_ID, too
    b.clock.s->events = {[&] { b.plug(b.ours, after, "/dev/zero"); }};
    BOOST_TEST(b.wait(usb_firmware::klipper, b.watch.trail.start)->file_name == "usb-Kalico_nozzle_12345-if00");
}

BOOST_AUTO_TEST_CASE(a_fallback_needs_the_board_where_it_was_whatever_it_is_called) {
    bus b;
    b.plug(b.ours, klipper, "/dev/null");
    b.found();
    flash::write_job job;
    job.address = b.watch;
    struct {
        flash::written how_far = flash::written::nothing;
        [[nodiscard]] flash::written wrote() const { return how_far; }
        [[nodiscard]] bool another_may_try() const { return true; }
    } failed;
    BOOST_TEST(flash::may_fall_back(failed, job));
    failed.how_far = flash::written::some;
    BOOST_TEST(!flash::may_fall_back(failed, job));
    failed.how_far = flash::written::nothing;
    auto renamed = klipper;
    renamed.serial = "T2";
    b.plug(b.ours, renamed, "/dev/null");
    BOOST_TEST(flash::may_fall_back(failed, job));
    b.plug(b.ours, katapult, "/dev/null"); // it left and is somewhere between
    BOOST_TEST(!flash::may_fall_back(failed, job));
    b.ours.hide();
    b.plug(b.other, klipper, "/dev/zero"); // its name, at another port
    BOOST_TEST(!flash::may_fall_back(failed, job));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace device_watch_test
