// SPDX-License-Identifier: MIT
// The ledger and the images that are kept with it, on a real folder: cuts at every byte, what is pruned, where a
// rollback leads.
#include "../temporary_folder.hpp"

#include <kf/flash/rollback.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace ledger_test {

namespace fs = std::filesystem;
using namespace kf::flash;
using kf::errc;

ledger_entry entry(const std::string& board, const std::string& sha, const std::string& result = "done") {
    ledger_entry e;
    e.board = board;
    e.sha256 = sha;
    e.version = "v-" + sha;
    e.result = result;
    e.wrote = result == "done" ? "all" : "some";
    return e;
}

std::string text_of(const fs::path& file) { return *kf::io::read_file(file); }

BOOST_AUTO_TEST_SUITE(flash_ledger)

BOOST_AUTO_TEST_CASE(a_line_is_read_back_as_it_was_written) {
    kf::test::temporary_folder dir;
    auto e = entry("octopus", "aa");
    e.action = "rollback";
    e.mcu = "stm32h723";
    e.serial = "29001A";
    e.inputs = "in";
    e.protocol = "pr";
    e.build_versions = "gcc 12";
    e.image = "aa.bin";
    e.method = "katapult";
    e.what = "a \"word\"\nand a line";
    e.service = "restored";
    e.write_time = 1.5;
    e.verify_time = 0.25;
    e.downtime = 3;
    BOOST_REQUIRE(append(dir / "ledger.jsonl", e, std::chrono::system_clock::from_time_t(1769342400)));
    const auto all = read_ledger(dir / "ledger.jsonl");
    BOOST_REQUIRE(all);
    BOOST_REQUIRE_EQUAL(all->entries.size(), 1u);
    e.time = "2026-01-25T12:00:00Z";
    BOOST_TEST((all->entries[0] == e));
    BOOST_TEST(read_ledger(dir / "none")->entries.empty());
}

BOOST_AUTO_TEST_CASE(is_whole_after_a_cut_at_any_byte) {
    kf::test::temporary_folder dir;
    const auto file = dir / "ledger.jsonl";
    BOOST_REQUIRE(append(file, entry("octopus", "aa")));
    const auto first = text_of(file).size();
    BOOST_REQUIRE(append(file, entry("octopus", "bb")));
    const auto whole = text_of(file);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        std::ofstream(file, std::ios::trunc | std::ios::binary) << whole.substr(0, cut);
        const auto read = read_ledger(file);
        BOOST_REQUIRE(read);
        // A line without its end is whole all the same.
        const bool one = cut + 1 >= first, two = cut + 1 >= whole.size();
        BOOST_TEST(read->entries.size() == std::size_t{one} + std::size_t{two}, "cut at " << cut);
        const bool torn = cut != 0 && cut + 1 < whole.size() && cut != first && cut + 1 != first;
        BOOST_TEST(read->torn.size() == std::size_t{torn}, "cut at " << cut);
        // The next one begins a line, and none is lost.
        BOOST_REQUIRE(append(file, entry("pico", "cc")));
        const auto after = read_ledger(file);
        BOOST_REQUIRE_EQUAL(after->entries.size(), read->entries.size() + 1);
        BOOST_TEST(after->entries.back().board == "pico");
        BOOST_TEST(after->torn.size() == read->torn.size());
    }
}

BOOST_AUTO_TEST_CASE(a_line_of_another_kind_is_passed_over_and_a_broken_one_is_told) {
    const auto all = parse_ledger("{\"batch\":[\"octopus\"]}\nnonsense\n[1]\n\n"
                                  "{\"board\":\"octopus\",\"result\":\"done\",\"version\":7}\n");
    BOOST_REQUIRE_EQUAL(all.entries.size(), 1u);
    BOOST_TEST(all.entries[0].version == "");
    BOOST_TEST((all.torn == std::vector<std::size_t>{2, 3}));
}

BOOST_AUTO_TEST_CASE(a_flash_that_began_and_never_ended_leaves_nobody_who_knows_what_the_board_holds) {
    kf::test::temporary_folder dir;
    const auto file = dir / "ledger.jsonl";
    auto start = entry("octopus", "", std::string(begun));
    start.wrote.clear();
    BOOST_REQUIRE(append(file, entry("octopus", "aa")));
    BOOST_REQUIRE(append(file, start));
    auto all = *read_ledger(file);
    BOOST_TEST(on_board(all, {"octopus"}) == nullptr);
    BOOST_TEST(before_this_one(all, {"octopus"})->sha256 == "aa"); // the way back stays
    BOOST_TEST(all.entries.size() == 2u);                          // and history tells it
    BOOST_REQUIRE(append(file, entry("octopus", "bb")));
    all = *read_ledger(file);
    BOOST_TEST(all.entries.size() == 2u);
    BOOST_TEST(on_board(all, {"octopus"})->sha256 == "bb");
}

BOOST_AUTO_TEST_CASE(another_board_of_the_same_name_has_not_run_what_the_one_before_it_ran) {
    const ledger_board old{"octopus", "29001A001151313433343333"}, other{"octopus", "1D0039000F47393438343535"};
    ledger all;
    for (const char* sha : {"aa", "bb"}) {
        auto e = entry("octopus", sha);
        e.serial = old.serial;
        all.entries.push_back(e);
    }
    BOOST_TEST(before_this_one(all, old)->sha256 == "aa");
    BOOST_TEST(before_this_one(all, other) == nullptr);
    BOOST_TEST(on_board(all, other) == nullptr);
    // A number that everybody has, or none, tells no board from another.
    BOOST_TEST(on_board(all, {"octopus", "12345"})->sha256 == "bb");
    BOOST_TEST(on_board(all, {"octopus"})->sha256 == "bb");
}

BOOST_AUTO_TEST_CASE(a_rollback_leads_to_the_verified_flash_before_this_one) {
    ledger all;
    const auto back = [&] {
        const auto* e = before_this_one(all, {"octopus"});
        return e == nullptr ? std::string("none") : e->sha256;
    };
    BOOST_TEST(back() == "none");
    all.entries = {entry("octopus", "aa")};
    BOOST_TEST(back() == "none");
    all.entries.push_back(entry("pico", "xx"));
    all.entries.push_back(entry("octopus", "bb"));
    all.entries.push_back(entry("octopus", "bb")); // the same once more is no step
    BOOST_TEST(back() == "aa");
    all.entries.push_back(entry("octopus", "cc", "half_written"));
    BOOST_TEST(back() == "bb");
    BOOST_TEST(on_board(all, {"octopus"}) == nullptr);
    auto refused = entry("octopus", "dd", "refused");
    refused.wrote = "nothing";
    all.entries.push_back(entry("octopus", "bb"));
    all.entries.push_back(refused);
    BOOST_TEST(back() == "aa");
    BOOST_TEST(on_board(all, {"octopus"})->sha256 == "bb");
    all.entries.push_back(entry("octopus", "aa")); // rolled back: once more leads forward
    BOOST_TEST(back() == "bb");
}

kf::firmware::image image_of(const std::string& version) {
    auto pinned = kf::firmware::pin_image(kf::sim::make_image({.version = version}), "klipper.bin", 0x8008000);
    BOOST_REQUIRE(pinned);
    return *pinned;
}

BOOST_AUTO_TEST_CASE(keeps_the_last_images_of_each_board_and_no_others) {
    kf::test::temporary_folder dir;
    const kept_images images(dir / "images");
    ledger all;
    const auto flash = [&](const std::string& board, const std::string& version) {
        const auto image = image_of(version);
        auto e = entry(board, image.sha256);
        e.image = *images.keep(image, "CONFIG_MCU=\"" + version + "\"\n");
        e.version = version;
        e.time = "then";
        e.inputs = "in";
        all.entries.push_back(e);
        BOOST_REQUIRE(images.prune(all, 2));
        return e;
    };
    fs::create_directories(dir / "images");
    std::ofstream(dir / "images/notes.txt") << "a person's";
    const auto one = flash("octopus", "v1"), two = flash("octopus", "v2"), pico = flash("pico", "v1");
    const auto three = flash("octopus", "v3"), again = flash("octopus", "v3");
    (void)again;
    BOOST_TEST(images.has(one)); // pico still has it
    BOOST_TEST(images.has(two));
    BOOST_TEST(images.has(three));
    (void)flash("pico", "v4");
    (void)flash("pico", "v5");
    BOOST_TEST(!images.has(one));
    BOOST_TEST(!images.has(pico));
    const auto found = images.find(two);
    BOOST_REQUIRE(found);
    BOOST_TEST(text_of(found->config) == "CONFIG_MCU=\"v2\"\n");
    const auto bytes = text_of(found->file);
    BOOST_TEST(kf::firmware::sha256_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}) ==
               two.sha256);
    BOOST_TEST((images.find(one).error().code == errc::not_found));
    BOOST_REQUIRE(images.prune(all, 0));
    BOOST_TEST(!images.has(three));
    BOOST_TEST(std::distance(fs::directory_iterator(dir / "images"), {}) == 1); // the person's
}

BOOST_AUTO_TEST_CASE(a_name_in_the_ledger_leads_nowhere_else) {
    kf::test::temporary_folder dir;
    std::ofstream(dir / "secret.bin") << "x";
    std::ofstream(dir / "secret.config") << "x";
    auto e = entry("octopus", "aa");
    for (const auto& name : {std::string("../secret.bin"), std::string(64, 'a') + "./../secret.bin", std::string()}) {
        e.image = name;
        BOOST_TEST(!kept_images(dir / "images").has(e), name);
    }
}

BOOST_AUTO_TEST_CASE(warns_when_the_protocol_is_not_the_hosts) {
    const std::string host = "v0.13.0-9-gbbbbbbb";
    auto old = entry("octopus", "aa"), now = entry("octopus", "bb");
    old.version = "v0.12.0-1-gaaaaaaa";
    now.version = host;
    old.protocol = "p1";
    now.protocol = "p2";
    ledger all{{old, now}, {}};
    const auto differs = protocol_warning(all, old, host);
    BOOST_REQUIRE(differs);
    BOOST_TEST(*differs == "its protocol is not the host's: Klipper here is v0.13.0-9-gbbbbbbb, this image is "
                           "v0.12.0-1-gaaaaaaa; klippy may refuse the board until Klipper is set back too");
    BOOST_TEST(!protocol_warning(all, now, host)); // the host's own version
    all.entries[1].protocol = "p1";
    BOOST_TEST(!protocol_warning(all, old, host)); // another version, one protocol
    all.entries[1].board = "pico";                 // another chip's is no witness
    const auto unknown = protocol_warning(all, old, host);
    BOOST_REQUIRE(unknown);
    BOOST_TEST(unknown->starts_with("whether its protocol is the host's is not known"));
    BOOST_TEST(protocol_warning(all, old, "").has_value());
}

BOOST_AUTO_TEST_CASE(a_protocol_is_what_is_said_and_not_who_says_it) {
    const auto hash = [](const char* text) { return kf::mcu::protocol_hash(text); };
    const auto one = hash(R"({"app":"Klipper","version":"v1","commands":{"reset":2},"responses":{"up":3}})");
    BOOST_TEST(one.size() == 64u);
    BOOST_TEST(hash(R"({"responses":{"up":3},"commands":{"reset":2},"version":"v2"})") == one);
    BOOST_TEST(hash(R"({"responses":{"up":3},"commands":{"reset":4},"version":"v2"})") != one);
    BOOST_TEST(hash(R"({"responses":{"up":3,"down":4},"commands":{"reset":2}})") != one);
    BOOST_TEST(hash(R"({"version":"v1"})") == "");
    BOOST_TEST(hash("nonsense") == "");
    BOOST_TEST(image_of("v1").protocol == image_of("v2").protocol);
    BOOST_TEST(!image_of("v1").protocol.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ledger_test
