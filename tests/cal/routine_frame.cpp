// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/cal/routine_run.hpp>
#include <kf/sink/recording.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace routine_frame_test {

using namespace kf;
using namespace kf::cal;

std::string said(const question& q, std::string_view text) {
    const auto a = understand(q, text);
    return a ? to_text(*a) : a.error().what + " / " + a.error().cause;
}

const question length{"ac", "Length AC", a_number{90, 110, "mm"}};
const question yes{"mark", "Did it mark", yes_or_no{}};
const question way{"as", "How", one_of{{"profile", "racking"}}};

BOOST_AUTO_TEST_SUITE(routine_frame)

BOOST_AUTO_TEST_CASE(an_answer_is_a_number_in_its_range_with_its_unit_or_without) {
    BOOST_TEST(said(length, "100.25") == "100.25");
    BOOST_TEST(said(length, "  100.25 mm ") == "100.25");
    BOOST_TEST(said(length, "10 cm") == "\"10 cm\" is no answer to ac / it is asked for in mm, not in \"cm\"");
    BOOST_TEST(said(length, "100,25") ==
               "\"100,25\" is no answer to ac / a decimal point is a point here, and one number is asked for");
    BOOST_TEST(said(length, "120") == "\"120\" is no answer to ac / a number from 90 to 110 mm is expected");
    BOOST_TEST(said(length, "nan") == "\"nan\" is no answer to ac / a number from 90 to 110 mm is expected");
    BOOST_TEST(said(length, "") == "ac got no answer / a number from 90 to 110 mm is expected");
    BOOST_TEST(said(yes, "Y") == "yes");
    BOOST_TEST(said(yes, "no") == "no");
    BOOST_TEST(said(yes, "perhaps") == "\"perhaps\" is no answer to mark / yes or no is expected");
    BOOST_TEST(said(way, "Racking") == "racking");
    BOOST_TEST(said(way, "raking") == "\"raking\" is no answer to as / is it racking?");
}

BOOST_AUTO_TEST_CASE(a_file_of_answers_is_read_and_what_is_wrong_in_it_is_named_with_its_line) {
    auto a =
        written_answers::read("# readings of Friday\nac: 100.1 mm\n\n as = profile # both\nspan:1\n", "a.txt").value();
    BOOST_TEST(a.ask(length).value() == "100.1 mm");
    BOOST_TEST(a.ask(way).value() == "profile");
    BOOST_TEST(a.unused() == std::vector<std::string>{"span"});
    const auto lacking = a.ask(yes);
    BOOST_TEST((lacking.error().code == errc::needs_person));
    BOOST_TEST(lacking.error().steps.at(1) == "--answer mark=VALUE, or a line \"mark: VALUE\" in a file for --answers");
    BOOST_TEST(written_answers::read("ac: 1\n100.1\n", "a.txt").error().what ==
               "a.txt:2: \"100.1\" is not NAME: VALUE");
    BOOST_TEST(written_answers::read("ac: 1\nac: 2\n", "a.txt").error().what == "a.txt:2: ac is answered twice");
}

/// Deeds are counted; the one that shall fail does.
struct counted_machine {
    int deeds = 0, fails_at = 0;
    bool homed = true;
    std::vector<std::string> did = {};

    result<bool> keeps_place() { return homed; }
    result<json::object> operator()(const act& a) {
        if (++deeds == fails_at) return kf::fail(errc::connection_lost, "the printer is gone");
        did.push_back(std::holds_alternative<make_ready>(a) ? "ready"
                      : std::holds_alternative<draw>(a)     ? "draw"
                                                            : "other");
        if (did.back() == "ready") homed = true;
        return json::object{{"n", deeds}};
    }
};

result<routine_step> two_readings(const routine_notes& notes) {
    if (!notes.done("ready")) return deed{"ready", "homes", make_ready{}};
    if (!notes.done("draw")) return deed{"draw", "draws", draw{}, {"ready"}};
    for (const char* name : {"one", "two"})
        if (!notes.heard(name)) return ask{{name, "How long", a_number{0, 10, "mm"}}};
    return conclusion{.text = fmt::format("{}", *notes.number("one") + *notes.number("two"))};
}

struct journal_at {
    test::temporary_folder folder;
    std::filesystem::path file = folder / "j.jsonl";
    routine_identity who{"two", "--size 5", "/m.yaml"};

    routine_journal open(routine_journal::beginning how = routine_journal::beginning::go_on) {
        return routine_journal::open(file, who, "x: 1\n", how).value();
    }
    void write(std::string_view text) const { BOOST_REQUIRE(io::write_file(file, text).has_value()); }
};

BOOST_AUTO_TEST_CASE(a_routine_runs_to_its_conclusion) {
    journal_at at;
    auto journal = at.open();
    counted_machine machine;
    auto answers = written_answers::read("one: 2\ntwo: 3\n", "a").value();
    recording_sink out;
    BOOST_TEST(run_routine(two_readings, journal, machine, answers, out).value().text == "5");
    BOOST_TEST(machine.did == (std::vector<std::string>{"ready", "draw"}));
}

BOOST_AUTO_TEST_CASE(it_goes_on_where_an_answer_lacked_and_moves_nothing_again) {
    journal_at at;
    counted_machine machine;
    recording_sink out;
    {
        auto journal = at.open();
        auto answers = written_answers::read("one: 2\n", "a").value();
        BOOST_TEST((run_routine(two_readings, journal, machine, answers, out).error().code == errc::needs_person));
    }
    auto journal = at.open();
    auto answers = written_answers::read("two: 3\n", "a").value();
    BOOST_TEST(run_routine(two_readings, journal, machine, answers, out).value().text == "5");
    BOOST_TEST(machine.did == (std::vector<std::string>{"ready", "draw"}));
    BOOST_TEST(journal.machine_text() == "x: 1\n");
}

BOOST_AUTO_TEST_CASE(a_printer_that_went_away_in_a_drawing_has_it_drawn_again_on_a_clean_sheet) {
    journal_at at;
    auto answers = written_answers::read("one: 2\ntwo: 3\n", "a").value();
    recording_sink out;
    {
        auto journal = at.open();
        counted_machine machine{.fails_at = 2};
        BOOST_TEST((run_routine(two_readings, journal, machine, answers, out).error().code == errc::connection_lost));
    }
    auto journal = at.open();
    counted_machine machine{.homed = false}; // it restarted
    BOOST_TEST(run_routine(two_readings, journal, machine, answers, out).value().text == "5");
    BOOST_TEST(machine.did == (std::vector<std::string>{"ready", "draw"}));
    BOOST_TEST(out.said("put in a clean sheet"));
}

BOOST_AUTO_TEST_CASE(an_answer_of_a_file_that_makes_no_sense_is_refused_and_not_kept) {
    journal_at at;
    auto journal = at.open();
    counted_machine machine;
    recording_sink out;
    auto wrong = written_answers::read("one: 20\n", "a").value();
    const auto refused = run_routine(two_readings, journal, machine, wrong, out);
    BOOST_TEST((refused.error().code == errc::usage));
    BOOST_TEST(refused.error().cause == "a number from 0 to 10 mm is expected");
    BOOST_TEST(!journal.notes().heard("one"));
}

BOOST_AUTO_TEST_CASE(a_line_that_was_cut_short_is_no_line_whatever_byte_it_ends_at) {
    journal_at at;
    {
        auto journal = at.open();
        BOOST_REQUIRE(journal.begin("draw").has_value());
        BOOST_REQUIRE(journal.end("draw", {{"strokes", 4}}).has_value());
        BOOST_REQUIRE(journal.hear("one", 2.5).has_value());
    }
    const std::string whole = io::read_file(at.file).value();
    const std::size_t begin = whole.rfind("{\"answer\"");
    for (std::size_t cut = begin; cut < whole.size(); ++cut) {
        at.write(whole.substr(0, cut));
        auto journal = at.open();
        BOOST_TEST(journal.notes().done("draw"));
        BOOST_TEST(journal.notes().heard("one") == (cut + 1 == whole.size())); // all of it but its newline
        BOOST_REQUIRE(journal.hear("two", true).has_value());
        BOOST_TEST(io::read_file(at.file).value().ends_with("{\"answer\":\"two\",\"value\":true}\n"));
    }
    auto again = at.open();
    BOOST_TEST(again.notes().flag("two").value());
}

BOOST_AUTO_TEST_CASE(a_run_with_other_options_does_not_go_on_with_this_ones_work) {
    journal_at at;
    { auto journal = at.open(); }
    at.who.options = "--size 7";
    const auto other = routine_journal::open(at.file, at.who, "", routine_journal::beginning::go_on);
    BOOST_TEST((other.error().code == errc::refused));
    BOOST_TEST(other.error().steps.at(0) == "kcal two --size 5  (goes on)");
    BOOST_TEST(other.error().steps.at(1) == "kcal two --size 7 --anew  (begins from the beginning)");
    BOOST_TEST(at.open(routine_journal::beginning::anew).notes().empty());
}

BOOST_AUTO_TEST_CASE(a_run_that_goes_on_with_other_motors_in_printer_cfg_begins_anew) {
    const auto next = [](const routine_notes& notes) -> result<routine_step> {
        if (!notes.done("look")) return deed{"look", "", look_at_motors{}};
        if (!notes.heard("locked")) return ask{{"locked", "Is it locked", yes_or_no{}}};
        if (!notes.heard("right")) return ask{{"right", "The right way", yes_or_no{}}};
        return conclusion{.text = io::text_at(notes.saw("look"), "dir")};
    };
    struct motors {
        std::string dir;
        result<bool> keeps_place() { return true; }
        result<json::object> operator()(const act&) { return json::object{{"dir", dir}, {"turn", 32.0}}; }
    };
    journal_at at;
    recording_sink out;
    const auto run = [&](const char* dir, const char* said) {
        auto journal = at.open();
        motors machine{dir};
        auto answers = written_answers::read(said, "a").value();
        const auto c = run_routine(next, journal, machine, answers, out);
        return c ? c->text : c.error().steps.at(1);
    };
    BOOST_TEST(run("PF14", "locked: yes\n").find("right") != std::string::npos);
    BOOST_TEST(run("PF14", "").find("right") != std::string::npos); // the same: it goes on
    BOOST_TEST(run("!PF14", "right: yes\n").find("locked") != std::string::npos);
    BOOST_TEST(run("!PF14", "locked: yes\nright: yes\n") == "!PF14");
}

BOOST_AUTO_TEST_CASE(two_runs_of_one_routine_do_not_write_one_journal) {
    journal_at at;
    auto first = at.open();
    const auto second = routine_journal::open(at.file, at.who, "", routine_journal::beginning::go_on);
    BOOST_TEST((second.error().code == errc::busy));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace routine_frame_test
