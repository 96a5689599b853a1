// SPDX-License-Identifier: MIT
// The native session against recorded devices. Where it differs from flashtool.py on purpose, the test says so:
//   1. nobody answers: 3 CONNECT of half a second, and no COMPLETE (flashtool: 5 CONNECT, 5 COMPLETE)
//   2. a failure after the first block: no COMPLETE (flashtool: always COMPLETE, which starts the broken application)
//   3. a NACK: no second try (flashtool: tries for 26 s what a wedged bootloader can never answer)
//   4. a block that reads back wrong ends the reading (flashtool: reads to the end)
//   5. rp2040: a blank block 0, the first sector last (flashtool: from the beginning)
#include "../scripted_link.hpp"
#include "../transcript.hpp"

#include <kf/flash/katapult.hpp>

#include <boost/test/unit_test.hpp>

namespace katapult_test {

using namespace kf;
using namespace std::chrono_literals;
using flash::katapult_pass;
using kf::tests::hex;
using kf::tests::scripted_exchange;
using kf::tests::unhex;
using script = std::vector<scripted_exchange>;

const std::string connect = "01881100f17c9903";
const std::string complete = "01881500911b9903";
const std::string nack = "0188f10068959903";
const std::string connect_ack = "0188a00d1100000000010100008000084000000073746d3332663434367878000000000076302e302e312d"
                                "3130392d673930326633333500c07d9903";

/// rp2040: block 0 as 64 x ff; its CRC by flashtool.py.
const std::string blank = "0188121100400010" + hex(io::bytes(64, 0xff)) + "d9d39903";
const std::string ack_0 = "0188a0021200000000400010de4f9903";

/// The recorded host frames with what the host saw after each.
script recording(const std::string& name) {
    script out;
    for (const auto& line : tests::read_transcript("katapult/" + name)) {
        if (line.dir == '>') out.push_back({hex(line.data)});
        if (line.dir == '<' && line.has_bytes && !line.noted("host never sees it"))
            out.back().answers.push_back(hex(line.data));
    }
    return out;
}

script from(script s, std::size_t first, std::size_t count = std::string::npos) {
    const auto begin = s.begin() + static_cast<std::ptrdiff_t>(std::min(first, s.size()));
    const auto end =
        begin + static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, static_cast<std::size_t>(s.end() - begin)));
    return script(begin, end);
}
script operator+(script a, const script& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

struct flashing {
    sim::manual_clock clock;
    io::time_point start = clock.now();
    tests::scripted_link link;
    flash::katapult_session<tests::scripted_link, sim::manual_clock> session{link, clock};
    io::bytes image = tests::read_bytes("katapult/image-20k.bin");
    std::vector<std::size_t> written{}, verified{};

    explicit flashing(script s)
      : link(clock, std::move(s)) {}

    result<void> run() {
        KF_CHECK(session.connect());
        KF_CHECK(session.write(image, [this](std::size_t done, std::size_t total, katapult_pass phase) {
            BOOST_TEST(total == (image.size() + 63) / 64);
            (phase == katapult_pass::write ? written : verified).push_back(done);
        }));
        return session.leave();
    }
    [[nodiscard]] io::duration took() const { return clock.now() - start; }
};

void check_short_lines(const error& e) {
    for (const auto& text : {e.what, e.cause}) BOOST_TEST(text.size() <= 80u, text);
    for (const auto& step : e.steps) BOOST_TEST(step.size() <= 76u, step);
    BOOST_TEST(!e.steps.empty());
}

/// A failed flash: the code, who was asked how often, and never a COMPLETE (the script would not allow it).
error failed(flashing& f) {
    const auto done = f.run();
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST(f.link.finished());
    const std::size_t writes = f.link.writes;
    if (f.session.written_any()) {
        const auto leave = f.session.leave(); // and it cannot be made to
        BOOST_REQUIRE(!leave.has_value());
        BOOST_TEST((leave.error().code == errc::refused));
        BOOST_TEST(f.link.writes == writes);
    }
    check_short_lines(done.error());
    return done.error();
}

BOOST_AUTO_TEST_SUITE(katapult)

BOOST_AUTO_TEST_CASE(sends_what_flashtool_sent_when_all_goes_well) {
    for (const auto* name : {"ok-stm32f446-uart", "ok-stm32h723-usb", "resume-after-loss"}) {
        flashing f(recording(name));
        const auto done = f.run();
        BOOST_REQUIRE_MESSAGE(done.has_value(), name);
        BOOST_TEST(f.link.finished());
        BOOST_TEST(f.link.writes == 643u);
        BOOST_TEST(f.written.size() == 320u);
        BOOST_TEST(f.written.back() == 320u);
        BOOST_TEST(f.verified.size() == 320u);
        BOOST_TEST((f.took() == 0s));
    }
}

BOOST_AUTO_TEST_CASE(an_rp2040_gets_a_blank_first_block_and_its_first_sector_last) {
    const script tape = recording("ok-rp2040-usb");
    flashing f(from(tape, 0, 1) + script{{blank, {ack_0}}} + from(tape, 1 + 64, 256) + from(tape, 1, 64) +
               from(tape, 321));
    BOOST_REQUIRE(f.run().has_value());
    BOOST_TEST(f.link.finished());
    BOOST_TEST(f.link.writes == 644u);
    BOOST_TEST(f.written.size() == 320u);
}

BOOST_AUTO_TEST_CASE(recovers_from_one_bad_exchange_with_flashtools_frames) {
    const std::pair<const char*, io::duration> faults[] = {
        {"badcrc-reply", 250ms},        // a moment for the right answer behind it
        {"wrong-address-reply", 250ms}, //
        {"wrong-command-reply", 250ms}, //
        {"busy-reply", 1500ms},         // it asked for a pause
        {"lost-reply", 5s},             // an erase may take that long
        {"lost-request", 5s},           //
        {"garbage-before-reply", 0s},   //
        {"split-reply", 0s},
    };
    for (const auto& [name, waited] : faults) {
        flashing f(recording(name));
        BOOST_REQUIRE_MESSAGE(f.run().has_value(), name);
        BOOST_TEST(f.link.finished(), name);
        BOOST_TEST((f.took() == waited), name);
    }
}

BOOST_AUTO_TEST_CASE(nobody_answers_is_known_after_one_and_a_half_seconds) { // divergence 1
    const script tape = recording("no-answer");
    flashing f(from(tape, 0, 3));
    const error e = failed(f);
    BOOST_TEST((e.code == errc::flash_failed));
    BOOST_TEST((f.took() == 1500ms));
    BOOST_TEST(!f.session.written_any());
}

BOOST_AUTO_TEST_CASE(a_wedged_bootloader_is_fatal_at_once) { // divergences 2 and 3
    for (const auto* name : {"badcrc-request", "badcrc-request-stm32h723-usb"}) {
        script tape = from(recording(name), 0, 10);
        tape.back().request = recording(name)[10].request; // ours leaves us intact; the wire damages it
        flashing f(tape);
        const error e = failed(f);
        BOOST_TEST((e.code == errc::half_written));
        BOOST_TEST((f.took() == 0s));
        BOOST_TEST(e.steps.front().find("power off and on") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_wedged_rp2040_is_fatal_at_once) { // divergences 2, 3, 5
    const script tape = recording("ok-rp2040-usb");
    script s = from(tape, 0, 1) + script{{blank, {nack}}};
    flashing f(s);
    BOOST_TEST((failed(f).code == errc::half_written));
    BOOST_TEST((f.took() == 0s));
}

BOOST_AUTO_TEST_CASE(an_image_too_large_ends_half_written_after_three_tries) { // divergences 2 and 5
    flashing hung(from(recording("too-large-stm32f446-uart"), 0, 1 + 128 + 3));
    BOOST_TEST((failed(hung).code == errc::half_written));
    BOOST_TEST((hung.took() == 15s));

    const script tape = recording("too-large-rp2040-usb");
    flashing refused(from(tape, 0, 1) + script{{blank, {ack_0}}} + from(tape, 1 + 64, 64 + 3));
    const error e = failed(refused);
    BOOST_TEST((e.code == errc::half_written));
    BOOST_TEST(e.what.find("0x10006000") != std::string::npos);
    BOOST_TEST((refused.took() == 0s));
}

BOOST_AUTO_TEST_CASE(a_board_that_goes_away_in_the_middle_is_half_written) { // divergence 2
    flashing f(recording("disconnect-mid-flash-stm32f446-uart"));
    const error e = failed(f);
    BOOST_TEST((e.code == errc::half_written));
    BOOST_TEST(f.session.written_any());
    BOOST_TEST((f.took() == 0s));

    const script tape = recording("disconnect-mid-flash-rp2040-usb");
    flashing rp(from(tape, 0, 1) + script{{blank, {ack_0}}} + from(tape, 1 + 64));
    BOOST_TEST((failed(rp).code == errc::half_written));
}

BOOST_AUTO_TEST_CASE(a_block_that_reads_back_wrong_is_never_started) { // divergences 2 and 4
    const script tape = recording("verify-mismatch");
    const std::size_t bad = 1 + 320 + 1 + 49; // exchange of 0x08008c40
    flashing f(from(tape, 0, bad + 1));
    const error e = failed(f);
    BOOST_TEST((e.code == errc::verify_failed));
    BOOST_TEST(e.what.find("0x08008c40") != std::string::npos);
    BOOST_TEST(f.verified.size() == 49u);
}

BOOST_AUTO_TEST_CASE(leaving_before_the_first_block_starts_the_old_firmware) {
    flashing f({{connect, {connect_ack}}, {complete, {"0188a00115000000002e9903"}}});
    const auto info = f.session.connect();
    BOOST_REQUIRE(info.has_value());
    BOOST_TEST(info->mcu == "stm32f446xx");
    BOOST_TEST(info->app_start == 0x08008000u);
    BOOST_TEST(f.session.leave().has_value());
    BOOST_TEST(!f.session.written_any());
    BOOST_TEST(f.link.finished());
}

BOOST_AUTO_TEST_CASE(a_board_that_resets_before_its_last_ack_has_left) {
    flashing f({{connect, {connect_ack}}, {complete, {""}}});
    BOOST_REQUIRE(f.session.connect().has_value());
    BOOST_TEST(f.session.leave().has_value());
}

BOOST_AUTO_TEST_CASE(a_bootloader_that_will_not_start_the_firmware_says_so) {
    flashing f({{connect, {connect_ack}}, {complete}, {complete}, {complete}});
    BOOST_REQUIRE(f.session.connect().has_value());
    const auto left = f.session.leave();
    BOOST_REQUIRE(!left.has_value());
    BOOST_TEST((left.error().code == errc::flash_failed));
    check_short_lines(left.error());
    BOOST_TEST((f.took() == 1500ms));
}

BOOST_AUTO_TEST_CASE(connect_finds_its_answer_behind_the_answers_to_noise) {
    flashing f({{connect, {nack, "0188f20000bf9903", connect_ack}}});
    BOOST_TEST(f.session.connect().has_value());
    flashing late({{connect, {nack}}, {connect, {connect_ack, connect_ack}}, {complete, {"0188a00115000000002e9903"}}});
    BOOST_TEST(late.session.connect().has_value());
    BOOST_TEST(late.session.leave().has_value()); // the second ack of CONNECT is no answer to COMPLETE
}

BOOST_AUTO_TEST_CASE(a_nack_to_every_connect_is_a_wedge) {
    flashing f({{connect, {nack}}, {connect}, {connect}});
    const auto info = f.session.connect();
    BOOST_REQUIRE(!info.has_value());
    BOOST_TEST((info.error().code == errc::flash_failed));
    BOOST_TEST(info.error().steps.front().find("power off and on") != std::string::npos);
    check_short_lines(info.error());
}

BOOST_AUTO_TEST_CASE(double_buffered_usb_is_primed_first) {
    flashing f({{"01889000e5e99903"}, {connect, {"0188f20000bf9903", connect_ack}}});
    BOOST_TEST(f.session.connect("stm32g0b1xx").has_value());
    BOOST_TEST(f.link.finished());
    BOOST_TEST((f.took() == 0s));
}

BOOST_AUTO_TEST_CASE(a_block_size_that_cannot_be_is_a_mismatch) {
    // The recorded answer with block size 0; its CRC by flashtool.py.
    flashing f({{connect,
                 {"0188a00d1100000000010100008000080000000073746d3332663434367878000000000076302e302e312d3130392d673930"
                  "32663333350073eb9903"}}});
    const auto info = f.session.connect();
    BOOST_REQUIRE(!info.has_value());
    BOOST_TEST((info.error().code == errc::mismatch));
}

BOOST_AUTO_TEST_CASE(an_old_ack_in_front_of_the_right_one_costs_nothing) {
    script tape = recording("ok-stm32f446-uart");
    tape[2].answers.insert(tape[2].answers.begin(), tape[1].answers[0]);
    flashing f(tape);
    BOOST_TEST(f.run().has_value());
    BOOST_TEST((f.took() == 0s));
}

BOOST_AUTO_TEST_CASE(noise_that_looks_like_a_long_frame_delays_the_answer_only_a_moment) {
    script tape = recording("ok-stm32f446-uart");
    tape[3].answers[0] = "0188a040" + tape[3].answers[0];
    flashing f(tape);
    BOOST_TEST(f.run().has_value());
    BOOST_TEST((f.took() > 0s && f.took() <= 500ms));
}

BOOST_AUTO_TEST_CASE(a_short_last_block_is_filled_with_ff) {
    const flash::bootloader_info info{0x00010100, 0x08008000, 64, "stm32f446xx", ""};
    BOOST_TEST(hex(flash::block_data(unhex("010203"), 0, 8)) == "010203ffffffffff");
    BOOST_TEST(flash::plan_blocks(info, 65).size() == 2u);
    const flash::bootloader_info rp{0x00010100, 0x10004000, 64, "rp2040", ""};
    const auto small = flash::plan_blocks(rp, 100); // less than a sector
    BOOST_REQUIRE_EQUAL(small.size(), 3u);
    BOOST_TEST(small[0].offset == flash::planned_block::blank);
    BOOST_TEST(small[1].address == 0x10004000u);
    BOOST_TEST(small[2].address == 0x10004040u);
    const auto larger = flash::plan_blocks(rp, 4096 + 1);
    BOOST_REQUIRE_EQUAL(larger.size(), 1u + 65u);
    BOOST_TEST(larger[1].address == 0x10005000u);
    BOOST_TEST(larger.back().address == 0x10004fc0u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace katapult_test
