// SPDX-License-Identifier: MIT
#include <kf/jog/jog_page.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace jog_page_test {

using namespace kf::jog;
using kf::tui::grid_size;
using kf::tui::key;
using kf::tui::key_code;

/// As step_job_of reads it.
step_stroke detail_of(kf::job::stroke s) {
    const auto one = step_job_of(
        [s = std::move(s), given = false]() mutable -> kf::result<std::optional<kf::job::stroke>> {
            if (std::exchange(given, true)) return std::nullopt;
            return s;
        },
        "", {});
    return one.value()->strokes.front();
}

panel ready() {
    panel p;
    p.klipper = contact::ready;
    p.live = kf::klippy::xyz{105.25, 148.5, 10};
    p.commanded = kf::klippy::xyz{106.25, 148.5, 10};
    p.xy_homed = p.z_referenced = p.stop_armed = true;
    p.tool = "pen";
    p.place = tool_place::up;
    p.speed = 20;
    p.bound = 15;
    p.low = {0, 0, 0};
    p.high = {250, 350, 40};
    p.messages.push_back({panel_message::level::note, "homed", {}});
    return p;
}

panel stopped() {
    panel p = ready();
    p.klipper = contact::stopped;
    p.reason = "MCU 'mcu' shutdown: Command request";
    p.live = p.commanded = std::nullopt;
    p.xy_homed = p.z_referenced = false;
    p.place = tool_place::unknown;
    p.pen_doubt = "an emergency stop";
    p.messages.push_back({panel_message::level::warning, "emergency stop", {"R  restarts Klipper"}});
    return p;
}

panel unhomed() {
    panel p = ready();
    p.xy_homed = p.z_referenced = false;
    p.unreferenced = true;
    p.place = tool_place::unknown;
    p.single_steps = "not homed";
    p.pen_doubt = "an emergency stop";
    p.messages.clear();
    return p;
}

/// A square and a line below it, on a canvas of 210 by 297.
std::shared_ptr<const step_job> two_strokes() {
    namespace job_of = kf::job;
    auto job = std::make_shared<step_job>("two.job", kf::drawing::rectangle{0, 0, 210, 297});
    const auto add = [&](std::size_t number, std::vector<kf::drawing::point> path) {
        const auto begin = path.front();
        path.erase(path.begin());
        job->add(detail_of({.number = number,
                            .steps = {{1, job_of::rapid_xy{begin}},
                                      {2, job_of::tool_down{}},
                                      {3, job_of::draw_polyline{std::move(path), {}}},
                                      {4, job_of::tool_up{}}}}));
    };
    add(1, {{20, 20}, {190, 20}, {190, 150}, {20, 150}, {20, 20}});
    add(2, {{20, 220}, {190, 220}});
    return job;
}

BOOST_AUTO_TEST_CASE(a_job_knows_how_far_it_goes_before_a_map_of_it_is_painted) {
    BOOST_TEST((two_strokes()->around == kf::drawing::rectangle{0, 0, 210, 297}));
    step_job job("", {0, 0, 210, 297});
    job.add({{}, {}, {}, {{-5, 20}, {190, 300}, {250, 1}}, 0});
    BOOST_TEST((job.around == kf::drawing::rectangle{-5, 0, 250, 300}));
    BOOST_TEST((job.canvas == kf::drawing::rectangle{0, 0, 210, 297}));
}

jog_page page_of(panel p, std::shared_ptr<const step_job> job = {}) {
    jog_page out({"machine.yaml", {0.1, 1, 10, 50}, "pen", "airbrush", std::move(job)});
    out.shows(std::move(p));
    return out;
}

struct scene {
    const char* name;
    jog_page page;
};

std::vector<scene> scenes() {
    std::vector<scene> all;
    all.push_back({"ready", page_of(ready())});
    all.push_back({"stopped", page_of(stopped())});
    all.push_back({"unhomed", page_of(unhomed())});
    panel gone = stopped();
    gone.klipper = contact::away;
    gone.reason = "cannot connect to /tmp/klippy_uds: Connection refused";
    all.push_back({"away", page_of(gone)});
    jog_page typing = page_of(ready());
    (void)typing.take(key{.text = ':'});
    for (const char c : {'G', '2', '8'}) (void)typing.take(key{.text = static_cast<unsigned char>(c)});
    all.push_back({"typing", std::move(typing)});
    jog_page asked = page_of(unhomed());
    (void)asked.take(key{.text = 'h'});
    all.push_back({"asked", std::move(asked)});
    panel moved = ready();
    moved.origin = origin_proposal{31.5,
                                   28,
                                   {"-  offset_x_mm: 25.0              # X home to the left edge",
                                    "+  offset_x_mm: 31.5              # X home to the left edge",
                                    "-  offset_y_mm: 30.0              # Y home to the lower edge",
                                    "+  offset_y_mm: 28.0              # Y home to the lower edge"}};
    all.push_back({"origin", page_of(moved)});
    panel squared = ready();
    squared.square = "the second X motor went 0.35 mm alone (kcal square)";
    all.push_back({"squared", page_of(squared)});
    all.push_back({"job", page_of(ready(), two_strokes())});
    jog_page help = page_of(ready());
    (void)help.take(key{.text = '?'});
    all.push_back({"help", std::move(help)});
    return all;
}

/// The frame as it lies in tests/tui/frames; KF_WRITE_FRAMES=1 writes it anew.
void compare(const std::string& name, const std::vector<std::string>& rows) {
    const std::string file = std::string(KF_TESTS_DIR) + "/tui/frames/" + name + ".txt";
    std::string now;
    for (const auto& r : rows) now += r + "\n";
    if (std::getenv("KF_WRITE_FRAMES") != nullptr) {
        std::ofstream(file) << now;
        return;
    }
    std::ifstream in(file);
    const std::string golden{std::istreambuf_iterator<char>(in), {}};
    BOOST_TEST(now == golden, name << " is now\n" << now);
}

BOOST_AUTO_TEST_CASE(frames_are_as_they_were_at_four_sizes) {
    for (const scene& s : scenes())
        for (const grid_size size : {grid_size{80, 24}, grid_size{60, 20}, grid_size{40, 20}, grid_size{120, 40}}) {
            const auto frame = s.page.paint(size);
            const std::string name =
                std::string("jog-") + s.name + "-" + std::to_string(size.columns) + "x" + std::to_string(size.rows);
            compare(name, lines(frame));
            if (size != grid_size{80, 24}) continue;
            compare(name + "-looks", marked_lines(frame));
            compare(name + "-ascii", lines(in_ascii(frame)));
        }
}

std::string done(const std::vector<page_effect>& effects) {
    std::string out;
    for (const page_effect& e : effects) {
        if (!out.empty()) out += ' ';
        if (std::holds_alternative<press_stop>(e))
            out += "STOP";
        else if (std::holds_alternative<leave_console>(e))
            out += "leave";
        else
            std::visit(
                [&](const auto& what) {
                    using kind = std::decay_t<decltype(what)>;
                    if constexpr (std::is_same_v<kind, strike>)
                        out += std::string(what.kind == stroke_kind::repeat ? "repeat-" : "strike-") + name(what.to);
                    else if constexpr (std::is_same_v<kind, release>)
                        out += std::string("release-") + name(what.of);
                    else if constexpr (std::is_same_v<kind, let_go>)
                        out += what == let_go::other_key ? "let-go" : what == let_go::focus_lost ? "focus" : "lost";
                    else if constexpr (std::is_same_v<kind, home>)
                        out += what.pen == kf::run::pen_word::is_up ? "home-pen-up" : "home";
                    else if constexpr (std::is_same_v<kind, tool_move>)
                        out += what == tool_move::up ? "up" : "down";
                    else if constexpr (std::is_same_v<kind, console_line>)
                        out += "line(" + what.text + ")";
                    else if constexpr (std::is_same_v<kind, go_to>)
                        out += fmt::format("go({},{})", what.place.x, what.place.y);
                    else if constexpr (std::is_same_v<kind, origin>)
                        out += what == origin::propose ? "propose" : what == origin::write ? "write" : "forget";
                    else if constexpr (std::is_same_v<kind, touch_off>)
                        out += "touch-off";
                    else if constexpr (std::is_same_v<kind, select_tool>)
                        out += "tool(" + what.name + ")";
                    else if constexpr (std::is_same_v<kind, draw_stroke>)
                        out += fmt::format("draw({})", what.index + 1);
                    else if constexpr (std::is_same_v<kind, restart>)
                        out += "restart";
                    else
                        out += "other";
                },
                std::get<person_input>(e));
    }
    return out;
}
std::string struck(jog_page& p, const key& k) { return done(p.take(k)); }
std::string typed(jog_page& p, std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto one = struck(p, key{.text = static_cast<unsigned char>(c)});
        if (!one.empty()) out += (out.empty() ? "" : "; ") + one;
    }
    return out;
}

BOOST_AUTO_TEST_CASE(arrows_strike_and_every_other_key_lets_go_first) {
    jog_page p = page_of(ready());
    BOOST_TEST(struck(p, {.code = key_code::right}) == "strike-right");
    BOOST_TEST(struck(p, {.code = key_code::up, .action = kf::tui::key_action::repeat}) == "repeat-farther");
    BOOST_TEST(struck(p, {.code = key_code::page_down, .action = kf::tui::key_action::release}) == "release-down");
    BOOST_TEST(struck(p, {.text = 'u'}) == "let-go up");
    BOOST_TEST(struck(p, {.text = 'x'}) == "let-go");
    BOOST_TEST(struck(p, {.code = key_code::focus_out}) == "focus");
}

BOOST_AUTO_TEST_CASE(both_keys_of_the_stop_stop_at_once) {
    jog_page p = page_of(ready());
    BOOST_TEST(struck(p, {.text = '!'}) == "STOP");
    BOOST_TEST(struck(p, {.code = key_code::escape}) == "STOP");
    BOOST_TEST(struck(p, {.text = '!', .modifiers = kf::tui::modifier::alt}) == "STOP");
    BOOST_TEST(typed(p, "?!") == "let-go; STOP"); // over the help
    jog_page q = page_of(unhomed());
    BOOST_TEST(typed(q, "h!") == "let-go; STOP"); // over a question that nobody has seen yet
}

BOOST_AUTO_TEST_CASE(the_stop_is_within_reach_whatever_lies_over_the_panel) {
    const key ctrl_x{.text = 'x', .modifiers = kf::tui::modifier::ctrl};
    const key alt_stop{.text = '!', .modifiers = kf::tui::modifier::alt};
    for (const char* over : {"", "?", "t", ":G28", "g100"})
        for (const key& k : {ctrl_x, alt_stop}) { // Esc and ! behind it arrive as Alt+!
            jog_page p = page_of(ready());
            (void)typed(p, over);
            p.shown();
            BOOST_TEST(struck(p, k) == "STOP", over);
        }
    jog_page typing = page_of(ready());
    (void)typed(typing, ":G28");
    (void)struck(typing, ctrl_x);
    BOOST_TEST(typed(typing, "r") == "let-go restart"); // the field does not swallow what comes next
    panel with = ready();
    with.origin = origin_proposal{30, 25, {"-  offset_x_mm: 25.0"}};
    jog_page asked = page_of(with);
    BOOST_TEST(typed(asked, "!") == "STOP forget");
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, "t") == "let-go");
    BOOST_TEST(struck(p, {.code = key_code::escape}) == "STOP"); // nobody has seen what it would say no to
}

BOOST_AUTO_TEST_CASE(enter_opens_no_line_in_which_the_stop_would_be_text) {
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, ":G1 X240 F600") == "let-go");
    BOOST_TEST(struck(p, {.code = key_code::enter}) == "line(G1 X240 F600)");
    BOOST_TEST(struck(p, {.code = key_code::enter}) == "let-go");
    BOOST_TEST(struck(p, {.text = '!'}) == "STOP");
}

BOOST_AUTO_TEST_CASE(in_an_empty_line_and_in_a_place_the_mark_stops) {
    const key mark{.text = '!'}, escape{.code = key_code::escape};
    for (const char* over : {":", "g", "g100 5"}) {
        jog_page p = page_of(ready());
        (void)typed(p, over);
        BOOST_TEST(!is_stop(escape, p.stops()), over); // it leaves the line
        BOOST_TEST(is_stop(mark, p.stops()), over);
        BOOST_TEST(lines(p.paint({80, 24})).back().starts_with("! E-STOP"), over);
        BOOST_TEST(struck(p, mark) == "STOP", over);
    }
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, ":M117 a!") == "let-go"); // a character of a text
    BOOST_TEST(lines(p.paint({80, 24})).back().starts_with("^X E-STOP"));
    BOOST_TEST(struck(p, {.code = key_code::enter}) == "line(M117 a!)");
    // An old line that is brought back is text again, and what may be a paste is text from the first character on.
    BOOST_TEST(typed(p, ":") == "let-go");
    (void)struck(p, {.code = key_code::up});
    BOOST_TEST(struck(p, mark) == "");
    BOOST_TEST(struck(p, {.code = key_code::enter}) == "line(M117 a!!)");
    jog_page q = page_of(ready());
    (void)typed(q, "g");
    BOOST_TEST(struck(q, {.code = key_code::paste, .pasted = "100 50!q", .guessed = true}) == "STOP");
}

BOOST_AUTO_TEST_CASE(escape_right_before_a_key_of_the_stop_takes_nothing_from_it) {
    const key both{.text = 'x', .modifiers = kf::tui::modifier::ctrl | kf::tui::modifier::alt};
    for (const char* over : {"", "?", "t", ":G28", ":", "g100"}) {
        jog_page p = page_of(ready());
        (void)typed(p, over);
        p.shown();
        BOOST_TEST(struck(p, both) == "STOP", over);
    }
    BOOST_TEST(is_stop(both, stop_reach::while_typing));
}

BOOST_AUTO_TEST_CASE(a_step_that_moves_and_a_klipper_that_is_restarted_are_not_left) {
    const auto shows = [](const jog_page& p, const char* row) {
        const auto now = lines(p.paint({80, 24}));
        return std::ranges::find(now, row) != now.end();
    };
    panel moves = ready();
    moves.doing = activity::stepping;
    jog_page p = page_of(moves);
    BOOST_TEST(p.is_busy());
    BOOST_TEST(typed(p, "q") == "let-go");
    BOOST_TEST(shows(p, " stepping is not done: Q when it is, ! stops it"));
    p.shows(ready());
    BOOST_TEST(typed(p, "q") == "let-go leave");
    moves.doing = activity::holding; // Q lets it go, and it runs on no farther than the bound
    BOOST_TEST(!page_of(moves).is_busy());

    panel back = stopped();
    back.klipper = contact::recovering;
    jog_page r = page_of(back);
    BOOST_TEST(typed(r, "q") == "let-go");
    BOOST_TEST(shows(r, " Klipper is being restarted: Q when it is; Ctrl+C ends the wait"));
    r.shows(stopped());
    BOOST_TEST(typed(r, "q") == "let-go leave");
}

BOOST_AUTO_TEST_CASE(in_a_window_that_is_too_small_nothing_is_asked_of_the_machine) {
    jog_page p = page_of(ready());
    for (const grid_size size : {grid_size{39, 20}, grid_size{80, 13}}) {
        p.window_is(size);
        BOOST_TEST(struck(p, {.code = key_code::right}) == "let-go");
        BOOST_TEST(typed(p, "du:hg") == "let-go; let-go; let-go; let-go; let-go");
        BOOST_TEST(typed(p, "!") == "STOP");
        BOOST_TEST(struck(p, {.code = key_code::escape}) == "STOP");
        BOOST_TEST(typed(p, "q") == "let-go leave");
    }
    p.window_is({80, 24});
    BOOST_TEST(typed(p, "t") == "let-go");
    p.shown();
    p.window_is({30, 5});
    BOOST_TEST(typed(p, "y") == "let-go");
    p.window_is({80, 24});
    BOOST_TEST(typed(p, "y") == "touch-off");
}

BOOST_AUTO_TEST_CASE(why_there_are_single_steps_is_read_whole_in_a_narrow_window) {
    panel edge = ready();
    edge.single_steps = "an edge is within 15 mm";
    const auto rows = lines(page_of(edge).paint({40, 20}));
    BOOST_TEST((std::ranges::find(rows, "       single steps only: an edge is") != rows.end()));
    BOOST_TEST((std::ranges::find(rows, "       within 15 mm") != rows.end()));
}

BOOST_AUTO_TEST_CASE(what_moves_by_itself_is_not_left_behind) {
    panel homes = ready();
    homes.doing = activity::homing;
    jog_page p = page_of(homes);
    BOOST_TEST(typed(p, "q") == "let-go");
    const auto rows = lines(p.paint({80, 24}));
    BOOST_TEST((std::ranges::find(rows, " homing is not done: Q when it is, ! stops it") != rows.end()));
    BOOST_TEST(p.is_busy());
    const auto shows = [&](const char* row) {
        const auto now = lines(p.paint({80, 24}));
        return std::ranges::find(now, row) != now.end();
    };
    p.leaves_when_done();
    BOOST_TEST(shows(" State      homing; kjog leaves when that is done"));
    BOOST_TEST(shows(" homing is not done: kjog leaves when it is; ! stops it"));
    BOOST_TEST(struck(p, {.text = '!'}) == "STOP");
    p.leaves_when_done(); // it was asked to once more
    BOOST_TEST(shows(" homing goes on by itself: kjog waits for it; ! stops it, and then kjog leaves"));
    p.shows(ready());
    BOOST_TEST(!p.is_busy());
    BOOST_TEST(typed(p, "q") == "let-go leave");
}

BOOST_AUTO_TEST_CASE(a_paste_starts_nothing) {
    for (const char* over : {"", "?", "t"}) {
        jog_page p = page_of(ready());
        (void)typed(p, over);
        p.shown();
        const std::string out = struck(p, {.code = key_code::paste, .pasted = "hd!\x1by"});
        BOOST_TEST((out == "let-go" || out.empty()), over);
    }
}

BOOST_AUTO_TEST_CASE(a_stop_within_what_only_looks_pasted_stops) {
    const key burst{.code = key_code::paste, .pasted = "hudtgp!q", .guessed = true};
    const key cut{.code = key_code::paste, .pasted = "G28 X\x18Y", .guessed = true};
    const key marked{.code = key_code::paste, .pasted = "hu!\x18tgpq"};
    const key harmless{.code = key_code::paste, .pasted = "hudtgpqa", .guessed = true};
    for (const char* over : {"", "?", "t", ":"}) {
        const bool types = *over == ':';
        const auto becomes = [&](const key& k) {
            jog_page p = page_of(ready());
            (void)typed(p, over);
            p.shown();
            return struck(p, k);
        };
        BOOST_TEST((becomes(burst) == "STOP") == !types, over); // in a line it is text
        BOOST_TEST(becomes(cut) == "STOP", over);
        BOOST_TEST(becomes(marked) != "STOP", over);
        BOOST_TEST(becomes(harmless) != "STOP", over);
    }
    jog_page p = page_of(ready());
    BOOST_TEST(struck(p, harmless) == "let-go");
    const auto seen = lines(p.paint({80, 24}));
    BOOST_TEST(std::ranges::any_of(seen, [](const auto& l) { return l.find("are a paste") != l.npos; }));
}

BOOST_AUTO_TEST_CASE(who_reads_keys_knows_which_of_them_stop_and_which_change_that) {
    using kf::tui::key_action;
    const key ctrl_x{.text = 'x', .modifiers = kf::tui::modifier::ctrl}, mark{.text = '!'},
        escape{.code = key_code::escape};
    jog_page p = page_of(ready());
    const auto stop = [&](const key& k) { return is_stop(k, p.stops()); };
    BOOST_TEST((stop(ctrl_x) && stop(mark) && stop(escape)));
    (void)typed(p, "?");
    BOOST_TEST((stop(ctrl_x) && stop(mark) && !stop(escape)));
    (void)typed(p, "?:M");
    BOOST_TEST((stop(ctrl_x) && !stop(mark) && !stop(escape)));
    (void)struck(p, escape);
    BOOST_TEST(stop(escape));
    (void)typed(p, "t");
    BOOST_TEST(stop(escape)); // nobody has seen the question
    p.shown();
    BOOST_TEST(!stop(escape));
    // Whatever lies over the panel, these leave it there.
    for (const char* over : {"", "?", "t", ":G28", "g100"})
        for (const key& k : {key{.code = key_code::left}, key{.code = key_code::page_down},
                             key{.code = key_code::focus_out}, key{.text = 'q', .action = key_action::release}}) {
            jog_page q = page_of(ready());
            (void)typed(q, over);
            q.shown();
            const auto before = q.stops();
            BOOST_TEST(leaves_stops_alone(k, before));
            (void)q.take(k);
            BOOST_TEST((q.stops() == before), over);
        }
    for (const char* k : {":", "?", "t", "g", "q", "h"})
        BOOST_TEST(!leaves_stops_alone({.text = static_cast<char32_t>(*k)}, stop_reach::all));
    for (const auto old_line : {key_code::up, key_code::down}) // the line may be empty before or after it
        for (const auto where : {stop_reach::line_begins, stop_reach::while_typing})
            BOOST_TEST(!leaves_stops_alone({.code = old_line}, where));
    BOOST_TEST(leaves_stops_alone({.code = key_code::up}, stop_reach::not_escape));
}

BOOST_AUTO_TEST_CASE(a_stop_that_is_on_its_way_is_one_wherever_the_page_has_come_to) {
    for (const char* over : {"", "?", "t", ":G28"}) {
        jog_page p = page_of(ready());
        (void)typed(p, over);
        p.shown(); // Esc was read before that
        const auto out = p.take({.code = key_code::escape, .heeded = true});
        BOOST_REQUIRE(out.size() == 1);
        const auto* stop = std::get_if<press_stop>(&out[0]);
        BOOST_REQUIRE(stop != nullptr);
        BOOST_TEST(stop->done);
        BOOST_TEST((p.stops() == stop_reach::all));
    }
}

BOOST_AUTO_TEST_CASE(a_held_letter_asks_once) {
    jog_page p = page_of(ready());
    BOOST_TEST(struck(p, {.text = 'd', .action = kf::tui::key_action::repeat}) == "let-go");
    BOOST_TEST(struck(p, {.text = '+', .action = kf::tui::key_action::repeat}) == "let-go other");
}

BOOST_AUTO_TEST_CASE(in_the_line_of_gcode_letters_are_letters) {
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, ":M117 !hdq") == "let-go");
    BOOST_TEST(struck(p, {.code = key_code::enter}) == "line(M117 !hdq)");
    BOOST_TEST(typed(p, ":") == "let-go");
    BOOST_TEST(struck(p, {.code = key_code::up}) == "");
    BOOST_TEST(struck(p, {.code = key_code::enter}) == "line(M117 !hdq)");
    BOOST_TEST(typed(p, ":d") == "let-go");
    BOOST_TEST(struck(p, {.code = key_code::escape}) == ""); // leaves the field, and stops nothing
    BOOST_TEST(struck(p, {.text = 'd'}) == "let-go down");
}

BOOST_AUTO_TEST_CASE(a_place_is_two_numbers) {
    for (const char* text : {"100 50.5", "X100 Y50.5", "100,50.5", " x100y50.5 "}) {
        jog_page p = page_of(ready());
        (void)typed(p, std::string("g") + text);
        BOOST_TEST(struck(p, {.code = key_code::enter}) == "go(100,50.5)", text);
    }
    for (const char* text : {"100", "100 50 3", "100 fifty", "nan 3", " "}) {
        jog_page p = page_of(ready());
        (void)typed(p, std::string("g") + text);
        BOOST_TEST(struck(p, {.code = key_code::enter}) == "", text);
    }
}

BOOST_AUTO_TEST_CASE(a_question_is_answered_only_when_it_was_seen) {
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, "ty") == "let-go");
    BOOST_TEST(p.has_question_to_show());
    p.shown();
    BOOST_TEST(typed(p, "y") == "touch-off");
    BOOST_TEST(typed(p, "t") == "let-go");
    p.shown();
    BOOST_TEST(struck(p, {.code = key_code::escape}) == ""); // the way back, and no stop
}

BOOST_AUTO_TEST_CASE(homing_asks_for_the_pen_only_when_it_may_be_down) {
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, "h") == "let-go home");
    jog_page q = page_of(unhomed());
    BOOST_TEST(typed(q, "h") == "let-go");
    q.shown();
    BOOST_TEST(typed(q, "y") == "home-pen-up");
}

BOOST_AUTO_TEST_CASE(the_canvas_is_written_after_its_change_was_shown) {
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, "o") == "let-go propose");
    panel with = ready();
    with.origin = origin_proposal{30, 25, {"-  offset_x_mm: 25.0", "+  offset_x_mm: 30"}};
    p.shows(with);
    BOOST_TEST(p.has_question_to_show());
    const auto rows = lines(p.paint({80, 24}));
    BOOST_TEST((std::ranges::find(rows, " +  offset_x_mm: 30") != rows.end()));
    p.shown();
    p.shows(with); // the panel comes again and again: it is one question
    BOOST_TEST(!p.has_question_to_show());
    BOOST_TEST(typed(p, "y") == "write");
    BOOST_TEST(typed(p, "o") == "let-go propose");
    p.shows(ready());
    p.shows(with);
    p.shown();
    BOOST_TEST(typed(p, "n") == "forget");
}

BOOST_AUTO_TEST_CASE(a_change_of_the_canvas_waits_until_nothing_else_is_asked) {
    panel with = ready();
    with.origin = origin_proposal{30, 25, {"+  offset_x_mm: 30"}};
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, "ot") == "let-go propose; let-go");
    p.shown();
    p.shows(with);
    BOOST_TEST(typed(p, "y") == "touch-off"); // what was asked when it was struck
    BOOST_TEST(!p.has_question_to_show());
    p.shows(with);
    BOOST_TEST(p.has_question_to_show());
    p.shown();
    BOOST_TEST(typed(p, "y") == "write");

    jog_page line = page_of(ready());
    BOOST_TEST(typed(line, "o:M118 a") == "let-go propose; let-go");
    line.shows(with);
    BOOST_TEST((line.stops() == stop_reach::while_typing));
    BOOST_TEST(typed(line, "!") == "");
    BOOST_TEST(struck(line, {.text = U'x', .modifiers = kf::tui::modifier::ctrl}) == "STOP forget");
    line.shows(with);
    BOOST_TEST(!line.has_question_to_show());

    jog_page gone = page_of(ready());
    BOOST_TEST(typed(gone, "ot") == "let-go propose; let-go");
    gone.shown();
    gone.shows(with);
    gone.shows(ready());
    BOOST_TEST(typed(gone, "n") == "");
    gone.shows(ready());
    BOOST_TEST(!gone.has_question_to_show());
}

BOOST_AUTO_TEST_CASE(whoever_leaves_with_the_tool_down_is_asked) {
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, "q") == "let-go leave");
    panel down = ready();
    down.place = tool_place::down;
    jog_page q = page_of(down);
    BOOST_TEST(typed(q, "q") == "let-go");
    q.shown();
    BOOST_TEST(typed(q, "y") == "leave");
    for (const auto place : {tool_place::between, tool_place::unknown, tool_place::up})
        for (const bool lowered : {true, false}) {
            panel at = ready();
            at.place = place;
            at.lowered = lowered;
            jog_page r = page_of(at);
            const bool asks = lowered && place != tool_place::up;
            BOOST_TEST(typed(r, "q") == (asks ? "let-go" : "let-go leave"));
            BOOST_TEST(r.has_question_to_show() == asks);
        }
}

BOOST_AUTO_TEST_CASE(a_job_goes_stroke_by_stroke_at_a_persons_word) {
    jog_page p = page_of(ready(), two_strokes());
    panel now = ready();
    const auto tried = [&](bool drawn) {
        ++now.strokes_tried;
        now.strokes_drawn += drawn ? 1 : 0;
        p.shows(now);
    };
    const auto shows = [&](std::string_view text) {
        for (const auto& l : lines(p.paint({80, 24})))
            if (l.find(text) != std::string::npos) return true;
        return false;
    };
    BOOST_TEST(shows("stroke 1 of 2, 600 mm; 0 drawn"));
    BOOST_TEST(typed(p, "  ") == "let-go draw(1); let-go"); // it is one stroke, however often Space is struck
    BOOST_TEST(typed(p, "s ") == "let-go; let-go");
    tried(false); // refused, or stopped: it is still in hand
    BOOST_TEST(typed(p, " ") == "let-go draw(1)");
    tried(true);
    BOOST_TEST(shows("stroke 2 of 2, 170 mm; 1 drawn"));
    BOOST_TEST(typed(p, "r") == "let-go draw(1)");
    tried(true);
    BOOST_TEST(typed(p, "b ") == "let-go; let-go draw(1)");
    tried(true);
    BOOST_TEST(typed(p, "s ") == "let-go; let-go"); // left out: nothing is behind the last one
    BOOST_TEST(shows("two.job: 1 of 2 drawn"));
    now.klipper = contact::stopped;
    p.shows(now);
    BOOST_TEST(typed(p, "r") == "let-go restart");
}

BOOST_AUTO_TEST_CASE(tools_lie_under_their_keys) {
    kf::machine::machine m;
    m.tools = {{.name = "airbrush"}, {.name = "pen"}};
    BOOST_TEST(page_setup_of(m, "").first_tool == "pen");
    BOOST_TEST(page_setup_of(m, "").second_tool == "airbrush");
    m.tools = {{.name = "brush"}};
    BOOST_TEST(page_setup_of(m, "").first_tool == "brush");
    BOOST_TEST(page_setup_of(m, "").second_tool.empty());
    jog_page p = page_of(ready());
    BOOST_TEST(typed(p, "pa") == "let-go tool(pen); let-go tool(airbrush)");
}

} // namespace jog_page_test
