// SPDX-License-Identifier: MIT
// Fallback and verification, with methods that only say how they end, a bus of links and a clock that nobody waits for.
#include "../temporary_folder.hpp"
#include "eventful_clock.hpp"

#include <kf/flash/write.hpp>
#include <kf/sim/usb_tree.hpp>
#include <kf/sink/recording.hpp>

#include <boost/test/unit_test.hpp>

#include <map>

namespace write_test {

using namespace kf;
using namespace std::chrono_literals;
using board::flash_method;
using flash::written;

constexpr auto katapult = board::method_named("katapult"), make_flash = board::method_named("make_flash");
const sim::usb_strings klipper_face{"1d50", "614e", "Klipper", "rp2040", "E6614103E7452D2F"};
const sim::usb_strings katapult_face{"1d50", "6177", "katapult", "rp2040", "E6614103E7452D2F"};

/// How a method ends, and what happens on the bus meanwhile.
struct ending {
    written how_far = written::all;
    bool another = false;
    errc code = errc::flash_failed; ///< unless it wrote all
    std::function<void()> meanwhile = {};
};
struct scripted_method {
    ending how;
    template<sink Sink>
    result<void> write(const flash::write_job&, Sink&) const {
        if (how.meanwhile) how.meanwhile();
        if (how.how_far == written::all) return {};
        return kf::fail(how.code, "it did not work");
    }
    [[nodiscard]] written wrote() const { return how.how_far; }
    [[nodiscard]] bool another_may_try() const { return how.another; }
};

struct writing_stage {
    test::temporary_folder folder;
    sim::usb_tree port{{folder / "by-id", folder / "sys", "1-1.4"}};
    test::eventful_clock clock;
    recording_sink out;
    firmware::image image;
    flash::write_job job;
    std::map<flash_method, ending> methods;
    std::vector<flash_method> tried;
    mcu::dictionary runs;
    errc silent = errc{}; ///< the board does not say what it runs
    std::function<void()> while_asked = [] {};

    writing_stage() {
        plug(klipper_face);
        board::usb_address on{{folder / "by-id", folder / "sys"}};
        on.trail.board = {.key = "b", .name = "B", .mcu = "rp2040", .serial_pattern = "usb-Klipper_rp2040_E6*"};
        const auto seen = board::scan(on.at);
        BOOST_REQUIRE(seen.has_value() && seen->devices.size() == 1);
        on.trail.start = seen->devices.front();
        job.address = std::move(on);
        image.path = "klipper.bin";
        image.bytes = {1, 2, 3};
        image.dictionary.emplace();
        image.dictionary->version = "v2";
        image.dictionary->mcu = "rp2040";
        runs = *image.dictionary;
        job.image = &image;
    }
    void plug(const sim::usb_strings& face) { BOOST_REQUIRE(port.show(face, "/dev/null").has_value()); }

    flash::write_outcome run(const std::vector<flash_method>& order) {
        return flash::write_with(
            job, order,
            [&](flash_method m) {
                tried.push_back(m);
                return scripted_method{methods.at(m)};
            },
            [&](const board::device&, io::time_point) -> result<mcu::dictionary> {
                while_asked();
                if (silent != errc{}) return kf::fail(silent, "nobody answers");
                return runs;
            },
            clock, out);
    }
    [[nodiscard]] io::duration took() const { return clock.now() - io::time_point{}; }
};

using methods = std::vector<flash_method>;

BOOST_AUTO_TEST_SUITE(write_suite)

BOOST_AUTO_TEST_CASE(a_board_that_comes_back_with_the_version_of_the_image_is_flashed) {
    writing_stage b;
    b.methods[katapult] = {.meanwhile = [&] { b.port.hide(); }};
    b.clock.s->events = {[] {}, [&] { b.plug(katapult_face); }, [&] { b.plug(klipper_face); }};
    const auto done = b.run({katapult, make_flash});
    BOOST_REQUIRE(done.ended.has_value());
    BOOST_TEST((b.tried == methods{katapult}));
    BOOST_TEST(done.version == "v2");
    BOOST_TEST(done.node.file_name == "usb-Klipper_rp2040_E6614103E7452D2F-if00");
    BOOST_TEST((b.took() == 150ms)); // at the third look
    BOOST_TEST(done.verify_time == 0.15);
}

BOOST_AUTO_TEST_CASE(a_board_that_is_seen_before_udev_has_given_it_all_its_names_is_told_by_its_name) {
    const std::string name = "usb-Klipper_rp2040_E6614103E7452D2F-if00", place = "platform-kf-usb-0:1.4:1.0";
    for (const auto& late : {"by-id/" + name, "by-path/" + place}) {
        writing_stage b;
        const auto link = b.folder / late, away = b.folder / "away";
        b.methods[katapult] = {.meanwhile = [&] {
            b.plug(klipper_face);
            std::filesystem::rename(link, away);
        }};
        b.while_asked = [&] { std::filesystem::rename(away, link); };
        const auto done = b.run({katapult});
        BOOST_REQUIRE(done.ended.has_value());
        BOOST_TEST(done.node.file_name == name);
        BOOST_TEST(done.node.place == place);
    }
}

BOOST_AUTO_TEST_CASE(d15_the_fallback_follows_when_nothing_was_written_and_another_may_try) {
    writing_stage b;
    b.methods[katapult] = {.how_far = written::nothing, .another = true};
    b.methods[make_flash] = {.meanwhile = [&] { b.plug(klipper_face); }};
    const auto done = b.run({katapult, make_flash});
    BOOST_REQUIRE(done.ended.has_value());
    BOOST_TEST((b.tried == methods{katapult, make_flash}));
    BOOST_TEST((done.method == make_flash));
    BOOST_TEST(b.out.said("katapult did not work, nothing was written: it did not work"));
}

BOOST_AUTO_TEST_CASE(d15_no_failure_by_its_code_alone_lets_another_method_write) {
    for (const auto code : {errc::flash_failed, errc::mismatch, errc::busy, errc::not_connected, errc::interrupted})
        for (const auto& how : {ending{written::nothing, false, code}, ending{written::some, true, code},
                                ending{written::some, false, code}}) {
            writing_stage b;
            b.methods[katapult] = how;
            b.methods[make_flash] = {};
            const auto done = b.run({katapult, make_flash});
            BOOST_REQUIRE(!done.ended.has_value());
            BOOST_TEST((b.tried == methods{katapult}));
            BOOST_TEST((done.ended.error().code == code));
            BOOST_TEST((done.wrote == how.how_far));
        }
}

BOOST_AUTO_TEST_CASE(d15_a_board_that_left_is_not_followed_by_another_method) {
    writing_stage b;
    b.methods[katapult] = {.how_far = written::nothing, .another = true, .meanwhile = [&] { b.plug(katapult_face); }};
    b.methods[make_flash] = {};
    BOOST_TEST(!b.run({katapult, make_flash}).ended.has_value());
    BOOST_TEST((b.tried == methods{katapult}));
}

BOOST_AUTO_TEST_CASE(the_last_failure_is_what_is_told) {
    writing_stage b;
    b.methods[katapult] = {.how_far = written::nothing, .another = true, .code = errc::flash_failed};
    b.methods[make_flash] = {.how_far = written::some, .code = errc::half_written};
    const auto done = b.run({katapult, make_flash});
    BOOST_REQUIRE(!done.ended.has_value());
    BOOST_TEST((done.ended.error().code == errc::half_written));
    BOOST_TEST((done.method == make_flash));
    BOOST_TEST((done.wrote == written::some));
}

BOOST_AUTO_TEST_CASE(d8_a_board_that_never_left_is_no_flashed_board) {
    writing_stage b;
    b.methods[katapult] = {};
    const auto done = b.run({katapult, make_flash});
    BOOST_REQUIRE(!done.ended.has_value());
    BOOST_TEST((done.ended.error().code == errc::verify_failed));
    BOOST_TEST(done.ended.error().what == "the board never left the bus: it still runs what it ran before");
    BOOST_TEST((b.tried == methods{katapult})); // it was written: nothing follows
    BOOST_TEST((b.took() == 30s));
}

BOOST_AUTO_TEST_CASE(a_board_that_stays_in_its_bootloader_or_away_is_told_after_half_a_minute) {
    writing_stage stays;
    stays.methods[katapult] = {.meanwhile = [&] { stays.plug(katapult_face); }};
    BOOST_TEST(stays.run({katapult}).ended.error().what ==
               "the board stays in Katapult: it does not start the new firmware");
    BOOST_TEST((stays.took() == 30s));
    writing_stage away;
    away.methods[katapult] = {.meanwhile = [&] { away.port.hide(); }};
    BOOST_TEST(away.run({katapult}).ended.error().what == "the board did not come back within 30 seconds");
    BOOST_TEST((away.took() == 30s));
}

BOOST_AUTO_TEST_CASE(another_chip_in_its_socket_is_told_at_once) {
    writing_stage b;
    auto stranger = klipper_face;
    stranger.product = "stm32f446xx";
    b.methods[katapult] = {.meanwhile = [&] { b.plug(stranger); }};
    const auto done = b.run({katapult});
    BOOST_REQUIRE(!done.ended.has_value());
    BOOST_TEST((done.ended.error().code == errc::verify_failed));
    BOOST_TEST(done.ended.error().what == "B left the bus, and a stm32f446xx came in its place");
    BOOST_TEST((b.took() == 0s));
}

BOOST_AUTO_TEST_CASE(what_the_board_says_decides) {
    const auto said = [](auto&& change) {
        writing_stage b;
        b.methods[katapult] = {.meanwhile = [&] { b.plug(klipper_face); }};
        change(b);
        const auto done = b.run({katapult});
        BOOST_REQUIRE(!done.ended.has_value());
        BOOST_TEST((done.ended.error().code == errc::verify_failed));
        BOOST_TEST((done.wrote == written::all));
        return done.ended.error().what;
    };
    BOOST_TEST(said([](writing_stage& b) { b.runs.version = "v1"; }) == "the board runs v1, not the image's v2");
    BOOST_TEST(said([](writing_stage& b) { b.runs.mcu = "rp2350"; }) ==
               "the board says that it is rp2350, the image is for rp2040");
    BOOST_TEST(said([](writing_stage& b) { b.silent = errc::timeout; }) ==
               "the board came back but does not say what it runs");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace write_test
