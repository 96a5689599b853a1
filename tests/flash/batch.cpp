// SPDX-License-Identifier: MIT
// The stages of a batch as pure functions: who is ready, who is current, what is asked, what the table says at its end.
#include "../temporary_folder.hpp"

#include <kf/flash/refusal.hpp>
#include <kf/flash/stages.hpp>
#include <kf/sink/json_lines.hpp>
#include <kf/sink/recording.hpp>

#include <boost/test/unit_test.hpp>

namespace batch_test {

using namespace kf;
using flash::need;
using flash::stage_result;

/// Boards that are connected and configured, each named by its own serial number: k1, k2, ...
struct fleet {
    flash::request wanted;
    flash::survey seen;
    flash::ledger known;
    std::vector<board::device> devices;

    explicit fleet(int count, const std::string& mcu = "rp2040") {
        for (int i = 1; i <= count; ++i) {
            board::device d;
            d.file_name = fmt::format("usb-Klipper_{}_E66141040000{}-if00", mcu, i);
            d.path = "/dev/serial/by-id/" + d.file_name;
            d.resolved = fmt::format("/dev/ttyACM{}", i);
            d.usb = board::parse_usb_name(d.file_name);
            devices.push_back(d);
            seen.registry.boards.push_back({.key = fmt::format("k{}", i),
                                            .name = fmt::format("Board {}", i),
                                            .mcu = mcu,
                                            .serial_pattern = d.file_name});
        }
        for (const auto& b : seen.registry.boards) {
            wanted.boards.push_back(b.key);
            flash::board_survey found{b};
            found.target = board::match(seen.registry, b, devices);
            BOOST_REQUIRE(found.target.has_value());
            found.config.source = firmware::source_config{
                {},
                *firmware::kconfig::parse(
                    "CONFIG_BOARD_DIRECTORY=\"rp2040\"\nCONFIG_MCU=\"rp2040\"\n"
                    "CONFIG_RPXXXX_HAVE_BOOTLOADER=y\nCONFIG_USBSERIAL=y\nCONFIG_FLASH_SIZE=0x200000\n"
                    "CONFIG_FLASH_BOOT_ADDRESS=0x10000100\n"
                    "CONFIG_FLASH_APPLICATION_ADDRESS=0x10004000\n"),
                {}};
            found.config.tree_version = "v0.13.0-7-gabcdef0";
            found.config.age = 3 * 86400.;
            seen.boards.push_back(std::move(found));
        }
        host::printer_sight klippy;
        klippy.activity = host::printer_activity{};
        seen.printers = {klippy};
    }
    void runs(std::size_t board, const std::string& version) {
        seen.printers[0].activity->mcus.push_back(
            {.serial = "/dev/serial/by-id/" + devices[board].file_name, .version = version});
    }
    /// What the ledger has of it; `inputs`: what it was made from.
    void flashed(std::size_t board, const std::string& version, const std::string& inputs) {
        flash::ledger_entry e;
        e.board = seen.registry.boards[board].key;
        e.result = "done";
        e.wrote = "all";
        e.version = version;
        e.inputs = inputs;
        known.entries.push_back(e);
    }
    [[nodiscard]] std::vector<need> needs() const {
        std::vector<need> all;
        for (const auto& s : flash::standings_of(wanted, seen, known)) all.push_back(s.board.need.is);
        return all;
    }
};

flash::batch_standing stands(const char* key, need is) {
    return {{key, std::string("Board ") + key, {is, ""}, is == need::no ? "v1" : ""}};
}

struct keeping_reporter {
    std::vector<std::string> told = {};
    std::vector<record> results = {};
    void tell(const flash::event& e) {
        if (const auto* f = std::get_if<flash::failed>(&e.what)) told.push_back(f->why.board + ": " + f->why.what);
        if (const auto* d = std::get_if<flash::done>(&e.what)) results.push_back(d->what);
    }
};

flash::board_outcome outcome_of(const char* key, result<void> ended, flash::written wrote) {
    flash::board_outcome b;
    b.key = key;
    b.name = std::string("Board ") + key;
    b.written.ended = std::move(ended);
    b.written.wrote = wrote;
    b.written.version = "v0.13.0-7-gabcdef0";
    return b;
}

BOOST_AUTO_TEST_SUITE(batch_suite)

BOOST_AUTO_TEST_CASE(d20_all_boards_that_are_not_ready_are_told_together_with_their_age) {
    fleet f(3);
    f.seen.boards[0].config.source = kf::fail(errc::needs_person, "no configuration yet");
    f.seen.boards[0].config.age.reset();
    f.seen.boards[2].board.mcu = "stm32h723";
    f.seen.boards[2].config.age = 100 * 86400.;
    const auto ready = flash::check_ready(flash::readiness_of(f.wanted, f.seen));
    BOOST_REQUIRE(!ready.has_value());
    BOOST_TEST((ready.error().code == errc::needs_person));
    BOOST_TEST(ready.error().what == "2 of 3 boards cannot be built for, nothing was built");
    BOOST_TEST(ready.error().cause ==
               "Board 1: no configuration yet; Board 3: the configuration is for rp2040, Board 3 is registered as "
               "stm32h723 (its configuration was saved 100 days ago (review recommended))");
    BOOST_TEST((ready.error().steps ==
                std::vector<std::string>{"kflash config k1", "kflash config k3", "or leave them out: --skip-unready"}));
    flash::leave_out_unready(f.wanted, flash::readiness_of(f.wanted, f.seen));
    BOOST_TEST(f.wanted.left_out.size() == 2U);
    BOOST_TEST(flash::check_ready(flash::readiness_of(f.wanted, f.seen)).has_value());
}

BOOST_AUTO_TEST_CASE(d18_two_boards_of_one_chip_have_each_its_own_version) {
    const auto with_ledger = [](std::size_t boards) {
        fleet f(static_cast<int>(boards));
        for (std::size_t i = 0; i < boards; ++i) {
            f.seen.boards[i].config.inputs = "1234";
            f.flashed(i, "v2", "1234");
        }
        return f;
    };
    auto f = with_ledger(2);
    f.runs(0, "v2");
    f.runs(1, "v1");
    BOOST_TEST((f.needs() == std::vector{need::no, need::unknown}));
    // By where the port of printer.cfg leads to, where it names no board.
    auto ports = with_ledger(2);
    ports.seen.printers[0].activity->mcus = {{.serial = "/dev/ttyA", .port = "/dev/ttyACM1", .version = "v1"},
                                             {.serial = "/dev/ttyB", .port = "/dev/ttyACM2", .version = "v2"}};
    BOOST_TEST((ports.needs() == std::vector{need::unknown, need::no}));
    // And of one that klippy does not name nothing is known.
    auto one = with_ledger(2);
    one.runs(0, "v2");
    BOOST_TEST((one.needs() == std::vector{need::no, need::unknown}));
    // The name of a twin is its brother's, too.
    auto twins = with_ledger(1);
    twins.runs(0, "v2");
    auto device = twins.devices[0];
    device.facts.port = "1-1.2";
    device.facts.serial = "E661410400001";
    device.facts.twins = 1;
    twins.seen.registry.boards[0].serial_pattern = device.file_name;
    twins.seen.registry.boards[0].usb_port = "1-1.2";
    twins.seen.boards[0].target = board::match(twins.seen.registry, twins.seen.registry.boards[0], std::vector{device});
    BOOST_REQUIRE(twins.seen.boards[0].target.has_value());
    BOOST_TEST((twins.needs() == std::vector{need::unknown}));
}

BOOST_AUTO_TEST_CASE(a_board_that_the_ledger_does_not_know_is_not_current_by_its_version_alone) {
    fleet f(2); // its configuration may be another one
    f.runs(0, "v0.13.0-7-gabcdef0");
    f.runs(1, "v0.13.0-7-gabcdef0");
    for (auto& b : f.seen.boards) b.config.inputs = "1234";
    f.flashed(1, "v0.13.0-7-gabcdef0", "1234");
    BOOST_TEST((f.needs() == std::vector{need::unknown, need::no}));
    const auto q = flash::ask_about(flash::standings_of(f.wanted, f.seen, f.known), {});
    BOOST_REQUIRE(q.has_value());
    BOOST_TEST(q->text == "Flash only what does not run the sources (Board 1)?");
}

BOOST_AUTO_TEST_CASE(a_batch_says_of_each_board_what_list_says) {
    fleet f(3);
    f.runs(0, "v0.13.0-7-gabcdef0");
    f.runs(2, "v2");
    f.seen.boards[2].config.inputs = "1234";
    f.flashed(2, "v2", "9999");
    recording_sink out;
    const flash::answered_by_flags usual;
    const test::temporary_folder state;
    f.seen.at.state = state.path();
    for (const auto& e : f.known.entries) BOOST_REQUIRE(flash::append(f.seen.at.ledger(), e).has_value());
    BOOST_REQUIRE(flash::choose_outdated(f.wanted, f.seen, usual, out).has_value());
    std::vector<std::string> words;
    for (const auto& e : out.events)
        if (e.kind == label(phase::plan)) words.push_back(e.text);
    BOOST_TEST(words == (std::vector<std::string>{
                            "Board 1: runs v0.13.0-7-gabcdef0; flash needed: unknown, the ledger has no verified flash "
                            "of it",
                            "Board 2: flash needed: unknown, no klippy says what runs on it",
                            "Board 3: runs v2; flash needed: yes, sources, configuration or compiler are others than "
                            "when it was flashed"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(d17_what_an_image_was_made_from_decides_where_the_ledger_knows_it) {
    const auto with = [](const char* runs, const char* version, const char* inputs) {
        fleet f(1);
        f.runs(0, runs);
        f.seen.boards[0].config.inputs = "1234";
        f.flashed(0, version, inputs);
        return f.needs().front();
    };
    const char* sources = "v0.13.0-7-gabcdef0";
    const char* before = "v0.13.0-2-g1234567";
    BOOST_TEST((with(before, before, "1234") == need::no));       // 5 commits that change nothing of it
    BOOST_TEST((with(sources, sources, "9999") == need::yes));    // its configuration was changed
    BOOST_TEST((with(sources, before, "1234") == need::unknown)); // somebody else flashed it since
    BOOST_TEST((with(sources, sources, "") == need::unknown));
    BOOST_TEST((with("", sources, "1234") == need::unknown)); // it does not answer
}

BOOST_AUTO_TEST_CASE(d10_of_a_klippy_that_says_nothing_every_board_is_flashed) {
    fleet f(2);
    f.seen.printers[0].activity = kf::fail(errc::timeout, "it does not answer");
    BOOST_TEST((f.needs() == std::vector{need::unknown, need::unknown}));
    BOOST_TEST(!flash::ask_about(flash::standings_of(f.wanted, f.seen, {}), {}).has_value());
    recording_sink out;
    const flash::answered_by_flags usual;
    f.wanted.unknown = flash::unknown_printers::assumed_idle;
    f.seen.right = host::right{"none is needed", {}};
    BOOST_REQUIRE(flash::check_safety(f.wanted, f.seen).has_value());
    BOOST_TEST(flash::choose_boards(f.wanted, f.seen, flash::current_boards::asked_about, usual, out).has_value());
    BOOST_TEST(f.wanted.left_out.empty());
}

BOOST_AUTO_TEST_CASE(d20_a_batch_that_is_refused_as_a_whole_has_a_row_for_each_board_and_is_told_once) {
    fleet f(4);
    f.wanted.left_out = {{"k4", "excluded from flashing"}};
    f.seen.right = host::right{"none is needed", {}};
    f.seen.printers[0].activity->state = "ready";
    f.seen.printers[0].activity->print_state = "printing";
    f.seen.printers[0].activity->filename = "benchy.gcode";
    f.seen.boards[1].target = kf::fail(errc::not_connected, "Board 2 is not connected");
    const auto rows_after = [&](const error& why) {
        keeping_reporter tell;
        const auto done = flash::conclude_refused(f.wanted, f.seen, why, tell);
        BOOST_REQUIRE(!done.has_value());
        BOOST_TEST(done.error().what == why.what);
        BOOST_TEST(tell.told.empty(), boost::test_tools::per_element());
        std::vector<std::string> rows;
        for (const auto& r : tell.results) {
            std::string row;
            for (const auto& field : r.fields)
                if (const auto* text = std::get_if<std::string>(&field.value)) row += *text + ";";
            if (r.kind == "outcome") rows.push_back(std::move(row));
        }
        return rows;
    };
    const error printing{errc::refused, "benchy.gcode is being printed"};
    BOOST_TEST(rows_after(printing) ==
                   (std::vector<std::string>{"k1;Board 1;SKIP;FAIL;SKIP;benchy.gcode is being printed;",
                                             "k2;Board 2;SKIP;FAIL;SKIP;Board 2 is not connected;",
                                             "k3;Board 3;SKIP;FAIL;SKIP;benchy.gcode is being printed;",
                                             "k4;Board 4;SKIP;SKIP;SKIP;excluded from flashing;"}),
               boost::test_tools::per_element());
    // A signal is no board's fault.
    BOOST_TEST(rows_after({errc::interrupted, "SIGINT came"})[0] == "k1;Board 1;SKIP;SKIP;SKIP;SIGINT came;");
    // Where one cannot be built for, that is its reason and not another's.
    f.seen.printers[0].activity->print_state = "standby";
    f.seen.printers[0].activity->idle_state = "Idle";
    f.wanted.unknown = flash::unknown_printers::assumed_idle;
    f.seen.boards[2].config.source = kf::fail(errc::needs_person, "no configuration yet");
    const auto rows = rows_after({errc::needs_person, "1 of 2 boards cannot be built for, nothing was built"});
    BOOST_TEST(rows[0] == "k1;Board 1;SKIP;FAIL;SKIP;1 of 2 boards cannot be built for, nothing was built;");
    BOOST_TEST(rows[2] == "k3;Board 3;SKIP;FAIL;SKIP;no configuration yet;");
}

BOOST_AUTO_TEST_CASE(when_all_boards_are_current_the_usual_answer_flashes_none) {
    const auto q = flash::ask_about({stands("a", need::no), stands("b", need::no)}, {});
    BOOST_REQUIRE(q.has_value());
    BOOST_TEST(q->text == "All 2 boards run what the sources are. Flash them anyhow?");
    BOOST_TEST(!q->usual);
    BOOST_TEST(*flash::answered_by_flags{}.leave_out(*q));
    BOOST_TEST(q->boards.size() == 2U);
    BOOST_TEST(q->boards.at("a") == "runs v1 already");
}

BOOST_AUTO_TEST_CASE(when_some_boards_are_current_the_usual_answer_flashes_the_others) {
    const auto q = flash::ask_about({stands("a", need::no), stands("b", need::yes), stands("c", need::unknown)}, {});
    BOOST_REQUIRE(q.has_value());
    BOOST_TEST(q->text == "Flash only what does not run the sources (Board b, Board c)?");
    BOOST_TEST(q->usual);
    BOOST_TEST(*flash::answered_by_flags{}.leave_out(*q));
    BOOST_TEST(q->boards.size() == 1U);
    BOOST_TEST(!flash::ask_about({stands("b", need::yes)}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(after_a_batch_that_was_cut_short_the_rest_is_offered) {
    const auto last = flash::parse_ledger("{\"batch\":[\"a\",\"b\",\"c\"]}\n"
                                          "{\"board\":\"a\",\"result\":\"done\",\"inputs\":\"1234\"}\n"
                                          "{\"board\":\"b\",\"result\":\"interrupted\"}\n"
                                          "{\"board\":\"c\",\"result\":\"do")
                          .last_batch;
    BOOST_TEST(last.was_cut());
    BOOST_TEST((last.done == std::map<std::string, std::string>{{"a", "1234"}}));
    BOOST_TEST((last.begun == std::set<std::string>{"b", "c"}));
    std::vector silent{stands("a", need::unknown), stands("b", need::unknown), stands("c", need::unknown)};
    // What it would be made from today is something else than it was made from then, or nobody knows.
    BOOST_TEST(!flash::ask_about(silent, last).has_value());
    silent[0].inputs = "5678";
    BOOST_TEST(!flash::ask_about(silent, last).has_value());
    silent[0].inputs = "1234";
    const auto q = flash::ask_about(silent, last);
    BOOST_REQUIRE(q.has_value());
    BOOST_TEST(q->text == "The last batch was cut short. Flash only the rest (Board b, Board c)?");
    BOOST_TEST(q->boards.at("a") == "done in the batch that was cut short");
    // A board that was done then and is outdated now, by klippy's word, belongs to the rest.
    BOOST_TEST(!flash::ask_about({stands("a", need::yes), stands("b", need::unknown)}, last).has_value());
    const auto answers = flash::ask_about({stands("a", need::no), stands("b", need::yes)}, last);
    BOOST_TEST(answers->text == "Flash only what does not run the sources (Board b)?");
    // A rollback brings nothing forward.
    BOOST_TEST(flash::parse_ledger("{\"batch\":[\"a\",\"b\"]}\n"
                                   "{\"board\":\"a\",\"action\":\"rollback\",\"result\":\"done\"}\n")
                   .last_batch.done.empty());
    // One that came to its end offers nothing, also when its boards were done one by one afterwards.
    const std::string cut = "{\"batch\":[\"a\",\"b\"]}\n{\"board\":\"a\",\"result\":\"done\"}\n";
    BOOST_TEST(!flash::parse_ledger(cut + "{\"board\":\"b\",\"result\":\"done\"}\n").last_batch.was_cut());
    BOOST_TEST(!flash::parse_ledger(cut + "{\"batch\":[]}\n").last_batch.was_cut());
    BOOST_TEST(!flash::parse_ledger("").last_batch.was_cut());
}

BOOST_AUTO_TEST_CASE(a_ledger_that_cannot_be_read_or_was_cut_short_is_told_before_boards_are_chosen) {
    const test::temporary_folder dir;
    fleet f(2);
    f.seen.at.state = dir.path();
    const auto warned = [&] {
        recording_sink out;
        flash::answered_by_flags person;
        BOOST_TEST(flash::choose_outdated(f.wanted, f.seen, person, out).has_value());
        std::vector<std::string> all;
        for (const auto& e : out.events)
            if (e.kind == "warning") all.push_back(e.text);
        return all;
    };
    const std::string silent = "of no board is it known whether it needs a flash: all that were asked for are flashed";
    BOOST_TEST((warned() == std::vector<std::string>{silent})); // there is none yet
    const auto ledger = f.seen.at.ledger().string();
    BOOST_REQUIRE(io::append_line(ledger, "{\"board\":\"k1\",\"resu").has_value());
    BOOST_TEST(
        (warned() == std::vector<std::string>{"line 1 of " + ledger + " was cut short and is passed over", silent}));
    std::filesystem::remove(ledger);
    std::filesystem::create_directory(ledger); // root reads every file
    const auto told = warned();
    BOOST_TEST_REQUIRE(told.size() == 2u);
    BOOST_TEST(told[0].find("ledger.jsonl") != std::string::npos);
    BOOST_TEST(told[0].ends_with(": what was flashed before is not known"));
}

BOOST_AUTO_TEST_CASE(all_are_the_boards_that_may_be_flashed_and_the_excluded_are_told) {
    fleet f(2);
    f.seen.registry.boards[1].flashable = false;
    flash::request all;
    flash::take_all(all, f.seen.registry, {});
    BOOST_TEST((all.boards == std::vector<std::string>{"k1", "k2"}));
    BOOST_TEST(all.left_out.at("k2") == "excluded from flashing");
    BOOST_TEST(all.is_batch());
}

BOOST_AUTO_TEST_CASE(all_leave_out_the_device_that_a_person_has_blocked_by_a_pattern) {
    const auto device_of = [](const std::string& name) {
        return board::device{name, "/dev/serial/by-id/" + name, "/dev/tty-" + name, board::parse_usb_name(name)};
    };
    const auto one = device_of("usb-Klipper_rp2040_AAAA1111-if00"),
               other = device_of("usb-Klipper_rp2040_BBBB2222-if00"),
               beacon = device_of("usb-Beacon_Klipper_rp2040_CCCC3333-if00");
    board::registry r;
    for (const auto* d : {&one, &other, &beacon}) {
        board::board b{.key = std::string(1, d->file_name[19]), .name = "x", .mcu = "rp2040"};
        b.serial_pattern = d->file_name.substr(0, d->file_name.size() - 2) + "*";
        r.boards.push_back(std::move(b));
    }
    r.blocked = {{"usb-klipper_rp2040_BBBB*", "the probe"}};
    flash::request all;
    flash::take_all(all, r, std::vector{one, other, beacon});
    BOOST_TEST(all.boards.size() == 3U);
    BOOST_REQUIRE(all.left_out.size() == 1U); // that a Beacon is none is nobody's choice: it fails, and says why
    BOOST_TEST(all.left_out.begin()->first == r.boards[1].key);
    BOOST_TEST(all.left_out.begin()->second == "excluded by a pattern: the probe");
    r.boards[0].serial_pattern = r.boards[1].serial_pattern; // two boards claim it: nobody knows which is meant
    flash::request unsure;
    flash::take_all(unsure, r, std::vector{one, other, beacon});
    BOOST_TEST(unsure.left_out.empty());
}

BOOST_AUTO_TEST_CASE(the_table_of_a_batch_is_no_wider_than_80_columns) {
    std::vector<flash::batch_row> rows{
        {"octopus", "Octopus Pro", stage_result::pass, stage_result::pass, stage_result::pass, "v0.13.0-7-gabcdef0"},
        {"pico", "Pico", stage_result::pass, stage_result::fail, stage_result::skip,
         "the bootloader starts applications at 0x8008000, the image is linked to 0x8020000"},
        {"toolhead", "The toolhead board of the second printer", stage_result::skip, stage_result::skip,
         stage_result::skip, "runs v0.13.0-7-gabcdef0 already"}};
    const auto table = flash::table_of(rows);
    BOOST_TEST(table == "DEVICE                    BUILD  FLASH  VERIFY\n"
                        "Octopus Pro               PASS   PASS   PASS    v0.13.0-7-gabcdef0\n"
                        "Pico                      PASS   FAIL   SKIP    the bootloader starts\n"
                        "                                                applications at 0x8008000, the\n"
                        "                                                image is linked to 0x8020000\n"
                        "The toolhead board of...  SKIP   SKIP   SKIP    runs v0.13.0-7-gabcdef0 already");
}

BOOST_AUTO_TEST_CASE(the_columns_of_the_table_stand_below_one_another_in_every_script) {
    const std::vector<flash::batch_row> rows{
        {"a", "日本", stage_result::pass, stage_result::pass, stage_result::pass, "v1"},
        {"b", "⚡ Toolhead", stage_result::pass, stage_result::fail, stage_result::skip, "why"},
        {"c", "日本語日本語日本語日本語日本語", stage_result::skip, stage_result::skip, stage_result::skip, "why"}};
    BOOST_TEST(flash::table_of(rows) == "DEVICE                   BUILD  FLASH  VERIFY\n"
                                        "日本                     PASS   PASS   PASS    v1\n"
                                        "⚡ Toolhead              PASS   FAIL   SKIP    why\n"
                                        "日本語日本語日本語日...  SKIP   SKIP   SKIP    why");
}

BOOST_AUTO_TEST_CASE(d22_the_conclusion_of_three_boards_has_a_row_for_each_and_ends_with_the_first_failure) {
    flash::flash_plan p;
    p.wanted.boards = {"a", "b", "c", "d", "e"};
    p.without = {{"e", "Board e", {}, "runs v1 already"},
                 {"d", "Board d", error{errc::build_failed, "the firmware did not build", {}, {}, {}, {"main.c:7"}},
                  "the firmware did not build", phase::build},
                 {"c", "Board c", error{errc::not_connected, "Board c is not connected"}, "Board c is not connected"}};
    flash::outcome o;
    o.stopped = true;
    o.boards.push_back(outcome_of("a", {}, flash::written::all));
    o.boards.push_back(outcome_of("b", kf::fail(errc::verify_failed, "the board runs another"), flash::written::all));
    keeping_reporter tell;
    const auto ended = flash::conclude(p, o, tell);
    BOOST_REQUIRE(!ended.has_value());
    BOOST_TEST((ended.error().code == errc::verify_failed));
    BOOST_TEST(ended.error().what == "Board b: the board runs another");
    BOOST_TEST(std::string(to_json(ended.error()).at("board").as_string()) == "b");
    BOOST_TEST((tell.told == std::vector<std::string>{"c: Board c: Board c is not connected",
                                                      "d: Board d: the firmware did not build"}));
    BOOST_REQUIRE(tell.results.size() == 7U); // flashed, five rows, the batch
    BOOST_TEST(tell.results.back().text == "DEVICE   BUILD  FLASH  VERIFY\n"
                                           "Board a  PASS   PASS   PASS    v0.13.0-7-gabcdef0\n"
                                           "Board b  PASS   PASS   FAIL    the board runs another\n"
                                           "Board c  SKIP   FAIL   SKIP    Board c is not connected\n"
                                           "Board d  FAIL   SKIP   SKIP    the firmware did not build\n"
                                           "Board e  SKIP   SKIP   SKIP    runs v1 already");
}

BOOST_AUTO_TEST_CASE(a_batch_of_which_everything_was_left_out_is_no_failure) {
    flash::flash_plan p;
    p.wanted.boards = {"a", "b"};
    p.without = {{"a", "Board a", {}, "runs v1 already"}, {"b", "Board b", {}, "excluded from flashing"}};
    keeping_reporter tell;
    BOOST_TEST(flash::conclude(p, {}, tell).has_value());
    BOOST_TEST(tell.told.empty());
}

BOOST_AUTO_TEST_CASE(a_batch_that_a_signal_cut_tells_it_once_and_its_rest_is_skipped) {
    flash::flash_plan p;
    p.wanted.boards = {"a", "b", "c"};
    flash::outcome o;
    o.boards.push_back(outcome_of("a", {}, flash::written::all));
    for (const char* key : {"b", "c"})
        o.boards.push_back(outcome_of(key, kf::fail(errc::interrupted, "interrupted"), flash::written::nothing));
    keeping_reporter tell;
    const auto ended = flash::conclude(p, o, tell);
    BOOST_TEST((ended.error().code == errc::interrupted));
    BOOST_TEST(tell.told.empty());
    const auto rows = flash::rows_of(p, o);
    BOOST_TEST((rows[1].build == stage_result::pass && rows[1].flash == stage_result::skip));
}

BOOST_AUTO_TEST_CASE(what_kept_a_batch_from_its_stop_is_told_once_and_a_service_that_is_down_ends_it) {
    flash::flash_plan p;
    p.wanted.boards = {"a", "b"};
    flash::outcome o;
    o.reached = kf::fail(errc::refused, "benchy.gcode is being printed");
    o.boards.push_back(outcome_of("a", {}, flash::written::nothing));
    o.boards.push_back(outcome_of("b", {}, flash::written::nothing));
    keeping_reporter tell;
    BOOST_TEST(flash::conclude(p, o, tell).error().what == "benchy.gcode is being printed");
    BOOST_TEST(tell.told.empty());
    o.reached = {};
    o.boards[1].written.ended = kf::fail(errc::mismatch, "the chip is another");
    o.service = kf::fail(errc::service_down, "klipper.service is down");
    BOOST_TEST((flash::conclude(p, o, tell).error().code == errc::service_down));
    BOOST_TEST((tell.told == std::vector<std::string>{"b: Board b: the chip is another"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace batch_test
