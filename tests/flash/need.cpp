// SPDX-License-Identifier: MIT
// Whether a board needs a flash, from what is known of it, and the words for its version beside the host's.
#include <kf/flash/need.hpp>

#include <boost/test/unit_test.hpp>

namespace need_test {

using namespace kf;
using flash::need;

/// A board that runs what kflash flashed, built from "in".
struct known {
    host::mcu_facts mcu{.name = "mcu", .version = "v0.13.0-9-gabcdef0", .build_versions = "gcc 12"};
    flash::ledger_entry entry;
    flash::need_facts facts;
    result<std::string> inputs = std::string("in");
    int asked = 0;

    known() {
        entry.version = mcu.version;
        entry.build_versions = mcu.build_versions;
        entry.inputs = "in";
        facts.running = &mcu;
        facts.flashed = &entry;
    }
    flash::board_need judge() {
        return flash::judge_need(facts, [&] {
            ++asked;
            return inputs;
        });
    }
};

void check_unknown(known& k, std::string_view why) {
    const auto n = k.judge();
    BOOST_TEST((n.is == need::unknown), n.reason);
    BOOST_TEST(n.reason.find(why) != std::string::npos, n.reason);
}

BOOST_AUTO_TEST_SUITE(flash_need)

BOOST_AUTO_TEST_CASE(a_board_that_would_be_built_from_the_same_needs_none) {
    known k;
    BOOST_TEST((k.judge().is == need::no));
    BOOST_TEST(k.asked == 1);
    k.inputs = std::string("other");
    BOOST_TEST((k.judge().is == need::yes));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_neither_yes_nor_no) {
    known k;
    k.facts.running = nullptr;
    check_unknown(k, "no klippy says");
    k = {};
    k.facts = {false, &k.mcu, nullptr};
    check_unknown(k, "no verified flash");
    k = {};
    k.facts = {false, &k.mcu, &k.entry};
    k.mcu.version.clear();
    check_unknown(k, "no answer");
    k.mcu.absent = true;
    check_unknown(k, "does without it");
    k.mcu = {.name = "mcu", .version = "v0.13.0-9-gabcdef0"};
    k.entry.inputs.clear();
    check_unknown(k, "does not say what it was made from");
    BOOST_TEST(k.asked == 0); // for none of these a source tree is looked at
    k.entry.inputs = "in";
    k.inputs = kf::fail(errc::not_found, "arm-none-eabi-gcc is not installed");
    check_unknown(k, "arm-none-eabi-gcc is not installed");
}

BOOST_AUTO_TEST_CASE(a_board_that_somebody_else_flashed_is_not_judged_by_our_ledger) {
    known k;
    k.mcu.version = "v0.13.0-9-gbbbbbbb";
    k.facts = {false, &k.mcu, &k.entry};
    check_unknown(k, "runs v0.13.0-9-gbbbbbbb, and not what kflash has flashed");
    k.mcu.version = k.entry.version = "?-20261120_235046-vm"; // no git: the dictionary has to agree
    k.mcu.build_versions = "gcc 13";
    check_unknown(k, "another compiler");
    k.mcu.build_versions = "gcc 12";
    BOOST_TEST((k.judge().is == need::no));
}

BOOST_AUTO_TEST_CASE(a_bootloader_and_klippys_own_warning_need_a_flash_whatever_the_ledger_says) {
    known k;
    k.facts = {true, nullptr, &k.entry};
    BOOST_TEST((k.judge().is == need::yes));
    k.mcu.too_old = "MCU 'mcu' has deprecated code";
    k.facts = {false, &k.mcu, nullptr};
    const auto n = k.judge();
    BOOST_TEST((n.is == need::yes));
    BOOST_TEST(n.reason.find("too old: MCU 'mcu' has deprecated code") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(d18_two_boards_of_one_chip_have_each_their_own_version) {
    const auto device = [](const std::string& serial, const std::string& node) {
        board::device d;
        d.file_name = "usb-Klipper_rp2040_" + serial + "-if00";
        d.usb = board::parse_usb_name(d.file_name);
        d.resolved = node;
        return d;
    };
    const auto one = device("E6614103E7452D2F", "/dev/ttyACM0"), two = device("E6614103E7450000", "/dev/ttyACM1");
    const auto board_of = [](const std::string& key, const board::device& d) {
        return board::board{.key = key,
                            .name = key,
                            .mcu = "rp2040",
                            .serial_pattern = std::string(board::without_interface(d.file_name)) + "*"};
    };
    const auto mcu = [](const std::string& name, const board::device& d, const std::string& version) {
        return host::mcu_facts{.name = name,
                               .serial = "/dev/serial/by-id/" + d.file_name,
                               .port = d.resolved,
                               .version = version,
                               .chip = "rp2040"};
    };
    const std::vector said{mcu("mcu", one, "v1"), mcu("head", two, "v2")};
    BOOST_TEST(flash::mcu_of(said, board_of("one", one), one)->version == "v1");
    BOOST_TEST(flash::mcu_of(said, board_of("two", two), two)->version == "v2");
    // A board that klippy does not have gets nobody else's.
    const auto third = device("E661FFFFFFFFFFFF", "/dev/ttyACM2");
    BOOST_TEST(flash::mcu_of(said, board_of("third", third), third) == nullptr);
    // One that is not plugged in is known by its name.
    auto gone = said;
    gone[1].port.clear();
    BOOST_TEST(flash::mcu_of(gone, board_of("two", two), std::nullopt)->version == "v2");
    // On CAN there is no port that could be anybody's.
    gone[1].serial.clear();
    BOOST_TEST(flash::mcu_of(gone, board_of("two", two), two) == nullptr);
}

BOOST_AUTO_TEST_CASE(d17_says_how_the_boards_version_stands_to_the_hosts) {
    using firmware::commit_distance;
    const std::string host = "v0.13.0-45-gaaaaaaa";
    const auto text = [&](const char* board, std::optional<commit_distance> d = {}) {
        return flash::relation_text(host, board, d);
    };
    BOOST_TEST(text("v0.13.0-45-gaaaaaaa") == "current");
    BOOST_TEST(text("v0.13.0-44-gbbbbbbb", commit_distance{1, 0}) == "behind by 1 commit");
    BOOST_TEST(text("v0.13.0-47-gbbbbbbb", commit_distance{0, 2}) == "ahead by 2 commits");
    BOOST_TEST(text("v0.13.0-45-gbbbbbbb", commit_distance{3, 2}) == "another fork");
    BOOST_TEST(text("v0.13.0-45-gbbbbbbb") == "another version"); // git does not know it
    BOOST_TEST(text("v2025.01.00-12-gbbbbbbb") == "another fork");
    BOOST_TEST(text("v0.13.0-45-gaaaaaaa-dirty-20261120_235029-vm", commit_distance{}) == "one commit, with changes");
    BOOST_TEST(text("") == "");
    BOOST_TEST(flash::relation_text("", host, {}) == "");
    BOOST_TEST(flash::relation_text("?", "?-20261120_235046-vm", {}) == "current");
    BOOST_TEST(flash::relation_text(host + "-dirty", host + "-dirty-20261120_235029-vm", {}) ==
               "one commit, both with changes");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace need_test
