// SPDX-License-Identifier: MIT
// The simulated bootloader against recordings of the real one, request by request.
#include "../scripted_link.hpp"
#include "../transcript.hpp"

#include <kf/sim/katapult_mcu.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>

namespace katapult_mcu_test {

using namespace kf;
using kf::tests::hex;
using kf::tests::unhex;

struct family {
    std::string mcu;
    std::uint32_t app_start;
    std::size_t area; ///< bytes of application flash
};
const family f446{"stm32f446xx", 0x08008000, 480 * 1024};
const family h723{"stm32h723xx", 0x08020000, 896 * 1024};
const family rp2040{"rp2040", 0x10004000, 2032 * 1024};

struct device {
    std::vector<std::uint8_t> flash;
    std::unique_ptr<sim::katapult_mcu> mcu;
    family kind;
    sim::katapult_faults faults;

    explicit device(family f, sim::katapult_faults with = {})
      : flash(f.area, 0xff)
      , kind(std::move(f))
      , faults(std::move(with)) {
        power_cycle();
    }
    void power_cycle() {
        sim::katapult_options options;
        options.mcu = kind.mcu;
        options.faults = faults;
        mcu = std::make_unique<sim::katapult_mcu>(options,
                                                  sim::flash_memory(sim::family_of(kind.mcu), kind.app_start, flash));
    }
    std::string ask(const std::string& request) { return hex(mcu->feed(unhex(request)).bytes); }
};

/// What the recorded device answered to a request: all "<" lines up to the next ">".
struct recorded {
    tests::transcript_line request;
    std::string answer;
    std::string note; ///< of the answer
    bool gone = false;
    bool power_cycle_before = false;
};

std::vector<recorded> exchanges(const std::string& name) {
    std::vector<recorded> out;
    bool cycle = false;
    for (const auto& line : tests::read_transcript("katapult/" + name)) {
        if (line.dir == '>') {
            out.push_back({line, {}, {}, false, cycle});
            cycle = false;
        } else if (line.dir == '<' && line.has_bytes) {
            if (line.data.empty()) out.back().gone = true;
            out.back().answer += hex(line.data);
            out.back().note += line.note;
        } else if (line.noted("power-cycled")) {
            cycle = true;
        }
    }
    return out;
}

/// Replays a whole recording; the answers that the recorder changed on the wire are given by their true bytes.
std::size_t replay(const std::string& name, device& d, const std::map<std::string, std::string>& true_answer = {}) {
    std::size_t count = 0;
    for (const auto& exchange : exchanges(name)) {
        if (exchange.power_cycle_before) {
            std::ranges::fill(d.flash, std::uint8_t{0xff});
            d.power_cycle();
        }
        if (exchange.request.noted("device never sees it")) continue;
        if (exchange.request.noted("last byte of a byte-by-byte connect")) // the recorder wrote down the last byte only
            for (const auto* byte : {"01", "88", "11", "00", "f1", "7c", "99"}) BOOST_TEST(d.ask(byte) == "");
        const std::string got = d.ask(hex(exchange.request.data));
        const auto changed = std::ranges::find_if(
            true_answer, [&](const auto& entry) { return exchange.note.find(entry.first) != std::string::npos; });
        if (changed != true_answer.end())
            BOOST_TEST(got == changed->second);
        else
            BOOST_TEST(got == exchange.answer, name << " at " << exchange.request.t << ' ' << exchange.request.note);
        ++count;
    }
    return count;
}

const std::string ack_of_block_8 = "0188a0021200000000820008356c9903";

BOOST_AUTO_TEST_SUITE(katapult_mcu)

BOOST_AUTO_TEST_CASE(answers_whole_sessions_as_the_real_one_did) {
    const io::bytes image = tests::read_bytes("katapult/image-20k.bin");
    const std::pair<const char*, family> sessions[] = {
        {"ok-stm32f446-uart", f446}, {"ok-stm32h723-usb", h723}, {"ok-rp2040-usb", rp2040}};
    for (const auto& [name, kind] : sessions) {
        device d(kind);
        BOOST_TEST(replay(name, d) == 643u);
        BOOST_TEST(d.mcu->leaving());
        BOOST_TEST(std::ranges::equal(io::byte_view(d.flash).first(image.size()), image));
        BOOST_TEST(std::ranges::all_of(io::byte_view(d.flash).subspan(image.size()), [](auto b) { return b == 0xff; }));
    }
}

BOOST_AUTO_TEST_CASE(a_flash_over_a_half_written_one_is_answered_alike) {
    device d(f446);
    std::fill_n(d.flash.begin(), 6272, std::uint8_t{0x5a}); // what an interrupted flash left
    BOOST_TEST(replay("resume-after-loss", d) == 643u);
    const io::bytes image = tests::read_bytes("katapult/image-20k.bin");
    BOOST_TEST(std::ranges::equal(io::byte_view(d.flash).first(image.size()), image));
}

BOOST_AUTO_TEST_CASE(answers_odd_requests_as_the_real_one_did) {
    const std::pair<const char*, family> sessions[] = {{"raw-commands-stm32f446-uart", f446},
                                                       {"raw-commands-stm32h723-usb", h723},
                                                       {"raw-commands-rp2040-usb", rp2040}};
    for (const auto& [name, kind] : sessions) {
        device d(kind);
        BOOST_TEST(replay(name, d) > 30u);
    }
}

BOOST_AUTO_TEST_CASE(repeated_requests_are_answered_alike) {
    const std::map<std::string, std::string> changed{
        {"injected: reply crc corrupted", ack_of_block_8},
        {"injected: busy answer", ack_of_block_8},
        {"injected: reply carries another block address", ack_of_block_8},
        {"injected: reply acknowledges another command", ack_of_block_8},
        {"injected: garbage before the reply", ack_of_block_8},
    };
    for (const auto* name : {"badcrc-reply", "busy-reply", "wrong-address-reply", "wrong-command-reply",
                             "garbage-before-reply", "lost-reply", "lost-request", "split-reply"}) {
        device d(f446);
        BOOST_TEST(replay(name, d, changed) >= 643u);
        BOOST_TEST(d.mcu->leaving());
    }
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_the_read_back_is_on_the_wire_only) {
    device d(f446);
    std::size_t differing = 0;
    for (const auto& exchange : exchanges("verify-mismatch"))
        if (d.ask(hex(exchange.request.data)) != exchange.answer) {
            ++differing;
            BOOST_TEST(exchange.note.find("one data bit flipped") != std::string::npos);
        }
    BOOST_TEST(differing == 1u);
}

BOOST_AUTO_TEST_CASE(a_damaged_frame_wedges_it_as_the_real_one) {
    const std::pair<const char*, family> sessions[] = {
        {"badcrc-request", f446}, {"badcrc-request-stm32h723-usb", h723}, {"badcrc-request-rp2040-usb", rp2040}};
    for (const auto& [name, kind] : sessions) {
        device d(kind);
        BOOST_TEST(replay(name, d) == 17u);
        BOOST_TEST(d.mcu->hung());
    }
}

BOOST_AUTO_TEST_CASE(an_image_past_the_end_of_the_flash_hangs_an_stm32_and_is_refused_by_an_rp2040) {
    family small = f446;
    small.area = 8 * 1024;
    device stm(small);
    BOOST_TEST(replay("too-large-stm32f446-uart", stm) == 137u);
    BOOST_TEST(stm.mcu->hung());
    small = rp2040;
    small.area = 8 * 1024;
    device rp(small);
    BOOST_TEST(replay("too-large-rp2040-usb", rp) == 133u);
    BOOST_TEST(!rp.mcu->hung());
}

BOOST_AUTO_TEST_CASE(a_device_that_dies_leaves_what_it_had_written) {
    const std::tuple<const char*, family, std::size_t, std::size_t> sessions[] = {
        {"disconnect-mid-flash-stm32f446-uart", f446, 99, 98 * 64},
        {"disconnect-mid-flash-rp2040-usb", rp2040, 100, 96 * 64}}; // the page that it kept is lost
    const io::bytes image = tests::read_bytes("katapult/image-20k.bin");
    for (const auto& [name, kind, block, written] : sessions) {
        sim::katapult_faults faults;
        faults.die_at_block = block;
        device d(kind, faults);
        replay(name, d);
        BOOST_TEST(d.mcu->off());
        BOOST_TEST(std::ranges::equal(io::byte_view(d.flash).first(written), io::byte_view(image).first(written)));
        BOOST_TEST(d.flash[written] == 0xff);
    }
}

BOOST_AUTO_TEST_CASE(an_erase_takes_time_and_happens_once_a_page) {
    device d(h723);
    d.flash[70000] = 0;
    const auto first =
        d.mcu->feed(unhex("01881211000002085469dda6e9f7fd76debcac265c18a158a03143f2e31a22f02d0cde39e6bfaf1e"
                          "818ee66e15932653e7892a6a11c4f3d7ee4a5c21f8110cbc46b0e685c17a28233c439903"));
    BOOST_TEST((first.busy == std::chrono::milliseconds(1500)));
    BOOST_TEST(d.flash[70000] == 0xff);
    const auto second =
        d.mcu->feed(unhex("018812114000020800b0bcbc953dacd006242dee5f1c831701e203fa2d678cd67a74ff062041be1b"
                          "e18dfe5226e632944cd357df0221e06b62f60039fd6b851ff96ce76f329875a5de9b9903"));
    BOOST_TEST((second.busy == io::duration::zero()));
    BOOST_TEST(hex(second.bytes).starts_with("0188a002120000004000"));
}

BOOST_AUTO_TEST_CASE(faults_are_what_they_say) {
    const std::string connect = "01881100f17c9903";
    sim::katapult_faults faults;
    faults.says_mcu = "stm32h723xx";
    faults.says_app_start = 0x08020000;
    BOOST_TEST(
        device(f446, faults).ask(connect) ==
        "0188a00d1100000000010100000002084000000073746d3332683732337878000000000076302e302e312d3130392d6739303266"
        "33333500477f9903");
    faults = {};
    faults.drop_answer = 2;
    device d(f446, faults);
    BOOST_TEST(d.ask(connect).size() > 100u);
    BOOST_TEST(d.ask(connect) == "");
    BOOST_TEST(d.ask(connect).size() > 100u);
    faults = {};
    faults.flip_at_read = 1;
    device flipped(f446, faults);
    BOOST_TEST(flipped.ask("01881401008000088cd19903").find("ef") != std::string::npos);
    BOOST_TEST(flipped.ask("01881401008000088cd19903").find("ef") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace katapult_mcu_test
