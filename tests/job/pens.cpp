// SPDX-License-Identifier: MIT
#include "written_gcode.hpp"

#include <kf/drawing/pens.hpp>
#include <kf/job/compose.hpp>
#include <kf/job/decompose.hpp>
#include <kf/job/job_writer.hpp>
#include <kf/job/limits.hpp>
#include <kf/job/measure.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace job_pens_test {

using namespace kf::job;
using kf::drawing::drawing;
using kf::drawing::layer;
using kf::drawing::pen;
using kf::drawing::pen_change;
using kf::test::body;
using kf::test::generate;
using kf::test::written_gcode;

// Canvas 0, 0 is machine 25, 322; travel Z 10, pen Z 20; pen 25 mm/s, travel 80 mm/s, Z 5 mm/s; parks at 0, 0.
kf::machine::machine octopus() { return kf::machine::read_machine(kf::machine::template_text).value; }

std::vector<operation> operations(const drawing& d, compose_options options = {.home = false, .tool = ""}) {
    std::vector<operation> list;
    drawing_source source(d, std::move(options));
    for (;;) {
        const auto s = source();
        BOOST_REQUIRE(s.has_value());
        if (!*s) return list;
        if (!std::holds_alternative<begin_layer>((*s)->op)) list.push_back((*s)->op);
    }
}
std::string kinds(const std::vector<operation>& list) {
    std::string out;
    for (const operation& op : list) {
        if (!needs_tool_up(op) && !std::holds_alternative<draw_polyline>(op)) continue;
        out += (out.empty() ? "" : " ") + std::string(name(op));
    }
    return out;
}
layer a_layer(int number, std::string name, std::string pen_name = {}) {
    return {.number = number, .name = std::move(name), .lines = {{{0, 0}, {1, 0}}}, .pen = std::move(pen_name)};
}

std::string checked(const kf::machine::machine& m, const std::vector<operation>& list) {
    limit_check limits(m);
    stroke_source strokes(operations_of(list));
    for (;;) {
        const auto s = strokes();
        if (!s) return s.error().what;
        if (!*s) return "good";
        if (const auto good = limits.check(**s); !good) return good.error().what + ": " + good.error().cause;
    }
}
std::vector<operation> drawn_by(const pen& p) {
    return {select_pen{p}, rapid_xy{{10, 20}}, tool_down{}, draw_polyline{{{20, 20}}}, tool_up{}};
}

BOOST_AUTO_TEST_SUITE(job_pens)

BOOST_AUTO_TEST_CASE(c11_a_layer_without_a_pen_follows_its_name_and_the_next_one_is_as_ever) {
    const auto list =
        operations({.layers = {a_layer(1, "plain"), a_layer(2, "!2 ink +S50 +H20 +D250"), a_layer(3, "")}});
    BOOST_TEST(kinds(list) == "draw_polyline pause select_pen draw_polyline select_pen draw_polyline");
    BOOST_TEST((list[4] == operation(await_person{"layer !2 ink +S50 +H20 +D250"})));
    BOOST_TEST(
        (list[5] == operation(select_pen{
                        {.name = "!2 ink +S50 +H20 +D250", .feed_percent = 50, .height_percent = 20, .delay = 0.25}})));
    BOOST_TEST((list[10] == operation(select_pen{})));
}

BOOST_AUTO_TEST_CASE(a_drawing_without_pens_is_the_job_that_it_was) {
    BOOST_TEST(kinds(operations({.layers = {a_layer(1, "a"), a_layer(2, "b")}})) == "draw_polyline draw_polyline");
}

BOOST_AUTO_TEST_CASE(there_is_one_change_a_pen_and_none_before_the_first) {
    const drawing d{.layers = {a_layer(1, "a", "red"), a_layer(3, "c", "red"), a_layer(2, "b", "blue")},
                    .pens = {{.name = "red"}, {.name = "blue", .change = {pen_change::way::pause, "the blue one"}}}};
    const auto list = operations(d);
    BOOST_TEST(kinds(list) == "select_pen draw_polyline draw_polyline pause select_pen draw_polyline");
    BOOST_TEST((list[9] == operation(await_person{"the blue one"})));
}

BOOST_AUTO_TEST_CASE(a_macro_is_called_for_the_first_pen_too_and_a_message_stops_nothing) {
    const drawing d{.layers = {a_layer(1, "a", "red"), a_layer(2, "b", "blue"), a_layer(3, "c", "same")},
                    .pens = {{.name = "red", .change = {pen_change::way::macro, "T0"}},
                             {.name = "blue", .change = {pen_change::way::message, "now blue"}},
                             {.name = "same", .change = {pen_change::way::nothing, ""}}}};
    BOOST_TEST(kinds(operations(d)) ==
               "macro select_pen draw_polyline message select_pen draw_polyline select_pen draw_polyline");
}

BOOST_AUTO_TEST_CASE(a_layers_name_goes_over_its_pen_and_one_pause_is_enough) {
    const drawing d{.layers = {a_layer(1, "a", "red"), a_layer(2, "!2 +S50", "blue"), a_layer(3, "!3", "blue")},
                    .pens = {{.name = "red"}, {.name = "blue", .feed = 10, .delay = 3}}};
    const auto list = operations(d, {.home = false, .tool = "", .feed = 40});
    BOOST_TEST(kinds(list) == "select_pen draw_polyline pause select_pen draw_polyline pause select_pen draw_polyline");
    // Half of --feed in layer 2; its own in layer 3, and its delay only where it comes into the holder.
    BOOST_TEST((list[6] == operation(select_pen{{.name = "blue", .feed_percent = 50, .delay = 3}})));
    BOOST_TEST((list[12] == operation(select_pen{{.name = "blue", .feed = 10}})));
    BOOST_TEST(std::get<draw_polyline>(list[3]).feed.value_or(0) == 40);
    BOOST_TEST(std::get<draw_polyline>(list[9]).feed.value_or(0) == 20);
    BOOST_TEST(!std::get<draw_polyline>(list[15]).feed.has_value());
}

BOOST_AUTO_TEST_CASE(a_pause_comes_once_before_a_layer_that_is_split_by_colour) {
    const auto list = operations({.layers = {a_layer(1, "!1 +D500"), a_layer(1, "!1 +D500"), a_layer(2, "!2")}});
    BOOST_TEST(kinds(list) == "pause select_pen draw_polyline draw_polyline pause select_pen draw_polyline");
}

/// What a filter makes of a job, when it changes nothing.
std::string through_a_filter(std::vector<operation> list, job_header header) {
    auto parts = decompose(stroke_source(operations_of(list)), header);
    if (!parts) return parts.error().what;
    drawing_source again(parts->drawing,
                         {.home = parts->homes, .tool = "", .first = parts->first, .last = parts->last});
    std::vector<operation> back;
    for (auto s = again(); s && *s; s = again()) back.push_back((*s)->op);
    return back == list ? "the same" : "another job";
}

BOOST_AUTO_TEST_CASE(a_job_with_pens_goes_through_a_filter_and_what_the_header_does_not_say_is_refused) {
    const drawing d{.layers = {a_layer(1, "a", "red"), a_layer(2, "!2 +S50 +D100", "blue"), a_layer(3, "c", "red")},
                    .pens = {{.name = "red", .change = {pen_change::way::macro, "T0"}},
                             {.name = "blue", .height = 0.5, .delay = 1}}};
    std::vector<operation> list;
    drawing_source source(d, {.tool = "", .feed = 40});
    for (auto s = source(); s && *s; s = source()) list.push_back((*s)->op);
    const job_header header = header_of(d);
    BOOST_TEST(through_a_filter(list, header) == "the same");
    auto with_more = list;
    with_more.insert(with_more.begin() + 8, await_person{"a coffee"});
    BOOST_TEST(through_a_filter(with_more, header) ==
               "operation 9 (pause) is not what its layer and its pen in the header say");
    auto with_less = list;
    std::erase_if(with_less, [](const operation& op) { return std::holds_alternative<await_person>(op); });
    BOOST_TEST(through_a_filter(with_less, header).find("its layer and its pen in the header say") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(operations_of_pens_go_through_a_pipe_and_come_back) {
    const std::vector<operation> list{select_pen{{.name = "caf\xc3\xa9 \"1\"",
                                                  .colour = "#ff0000",
                                                  .feed = 12.5,
                                                  .plunge = 3,
                                                  .height = -0.5,
                                                  .height_percent = 20,
                                                  .offset = {1, -2.5},
                                                  .delay = 0.25}},
                                      select_pen{},
                                      await_person{"the blue one"},
                                      await_person{},
                                      show_message{"now"},
                                      call_macro{"SWAP"}};
    std::string text(plain_job_header);
    text += '\n';
    for (const operation& op : list) BOOST_REQUIRE(append_operation(text, op));
    BOOST_TEST(text.find("{\"op\":\"pause\",\"text\":\"the blue one\"}\n{\"op\":\"pause\"}\n"
                         "{\"op\":\"message\",\"text\":\"now\"}\n{\"op\":\"macro\",\"name\":\"SWAP\"}\n") !=
               std::string::npos);
    job_reader reader;
    reader.feed(text);
    reader.finish();
    for (const operation& op : list) {
        const auto read = reader.next();
        BOOST_REQUIRE(read && *read);
        BOOST_TEST(((*read)->op == op));
    }
    for (const operation& bad : {operation(show_message{"a\nG28"}), operation(call_macro{"G28"}),
                                 operation(await_person{"a;"}), operation(show_message{""})}) {
        std::string none;
        BOOST_TEST(!append_operation(none, bad));
        BOOST_TEST(none.empty());
    }
    for (const char* line : {R"({"op":"macro","name":"G28"})", R"({"op":"macro"})", R"({"op":"message","text":"a\nb"})",
                             R"({"op":"pause","text":7})", R"({"op":"select_pen","pen":{"name":"a","feed":0}})",
                             R"({"op":"select_pen","name":"a"})"}) {
        job_reader wrong;
        wrong.feed(std::string(plain_job_header) + "\n" + line + "\n");
        wrong.finish();
        BOOST_TEST(!wrong.next(), line);
    }
}

BOOST_AUTO_TEST_CASE(a_change_with_the_pen_on_the_paper_is_refused) {
    for (const operation& op :
         {operation(await_person{}), operation(select_pen{}), operation(show_message{"a"}), operation(call_macro{"A"})})
        BOOST_TEST(checked(octopus(), {rapid_xy{{1, 1}}, tool_down{}, op, tool_up{}}) ==
                   "operation 3 (" + std::string(name(op)) + ") comes while the tool is down");
}

BOOST_AUTO_TEST_CASE(a_pen_changes_speed_height_and_place) {
    const pen p{
        .name = "a", .feed = 10, .plunge = 2, .height = 1, .height_percent = 50, .offset = {1, -2}, .delay = 0.5};
    BOOST_TEST(body(generate(octopus(), drawn_by(p)).text) == "G4 P500\n"
                                                              "G0 X36 Y300 F4800\n"
                                                              "G1 Z14 F120\n"
                                                              "G1 X46 Y300 F600\n"
                                                              "G1 Z10 F300\n");
    BOOST_TEST(body(generate(octopus(), drawn_by({.name = "a", .feed_percent = 50})).text) == "G0 X35 Y302 F4800\n"
                                                                                              "G1 Z20 F300\n"
                                                                                              "G1 X45 Y302 F750\n"
                                                                                              "G1 Z10 F300\n");
}

BOOST_AUTO_TEST_CASE(a_pen_works_on_the_other_side_of_the_travel_height_too) {
    auto m = octopus();
    m.tools.front().work_mm = 0;
    BOOST_TEST(
        body(generate(m, drawn_by({.name = "a", .height = 2, .height_percent = 50})).text).find("G1 Z7 F300\n") !=
        std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_pen_goes_below_the_floor_or_stays_at_the_travel_height) {
    auto m = octopus();
    BOOST_TEST(checked(m, drawn_by({.name = "a", .height = -0.5})) ==
               "operation 1 (select_pen) has a pen (a) that goes too far: Z would be 20.5, and the work height of pen, "
               "without a z_states.pen_floor_mm, is 20.");
    BOOST_TEST(!generate(m, drawn_by({.name = "a", .height = -0.5})).fault.empty());
    m.tools.front().floor_mm = 21;
    BOOST_TEST(checked(m, drawn_by({.name = "a", .height = -1})) == "good");
    BOOST_TEST(checked(m, drawn_by({.name = "a", .height = -1.01})) ==
               "operation 1 (select_pen) has a pen (a) that goes too far: Z would be 21.01, and z_states.pen_floor_mm "
               "is 21.");
    BOOST_TEST(checked(m, drawn_by({.name = "a", .height_percent = 10})) == "good");
    BOOST_TEST(checked(m, drawn_by({.name = "a", .height_percent = 9.9})).find("hardly leaves the travel height") !=
               std::string::npos);
    BOOST_TEST(checked(m, drawn_by({.name = "a", .height_percent = 0})).find("--drop-layer") != std::string::npos);
    BOOST_TEST(checked(m, drawn_by({.name = "a", .height = 20})).find("hardly leaves the travel height") !=
               std::string::npos);
    BOOST_TEST(checked(m, drawn_by({.name = "a", .plunge = 81})).find("is lowered too fast") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_offset_that_leaves_the_work_area_is_refused) {
    BOOST_TEST(checked(octopus(), drawn_by({.name = "a", .offset = {-36, 0}}))
                   .starts_with("operation 2 (rapid_xy) leaves the work area"));
}

BOOST_AUTO_TEST_CASE(a_pause_goes_to_the_place_for_changes_with_the_tool_up_and_klipper_waits_there) {
    auto m = octopus();
    m.pen_change_mm = kf::machine::xy{200, 5};
    std::vector<operation> list = drawn_by({.name = "a"});
    list.insert(list.end(),
                {await_person{"pen b"}, rapid_xy{{10, 20}}, tool_down{}, draw_polyline{{{20, 20}}}, tool_up{}});
    const std::string stroke = "G0 X35 Y302\nG1 Z20 F300\nG1 X45 Y302 F1500\nG1 Z10 F300\n";
    const written_gcode w = generate(m, list);
    BOOST_TEST(body(w.text) == "G0 X35 Y302 F4800\nG1 Z20 F300\nG1 X45 Y302 F1500\nG1 Z10 F300\n"
                               "G0 X200 Y5 F4800\nM117 pen b\nM400\nPAUSE\nG90\nG1 Z10 F300\nG0 X200 Y5 F4800\nM117\n" +
                                   stroke);
    BOOST_REQUIRE(w.stops.size() == 1u);
    BOOST_TEST(w.stops.front().text == "pen b");
    BOOST_TEST(w.text.substr(0, w.stops.front().bytes).ends_with("M400\nPAUSE\n"));
    // Stroke by stroke the sender waits.
    const written_gcode waits = generate(m, list, {.pause = ""});
    BOOST_TEST(waits.text.find("PAUSE") == std::string::npos);
    BOOST_TEST(waits.text.find("G0 X200 Y5 F4800\nM117 pen b\nG0 X35 Y302\n") != std::string::npos);
    BOOST_TEST(waits.stops.empty());
    BOOST_TEST(generate(m, {await_person{}}, {.pause = "BASE_PAUSE"}).text.find("M400\nBASE_PAUSE\nG90\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_way_to_the_place_for_changes_avoids_keep_outs_and_a_macro_is_called_there) {
    auto m = octopus();
    const std::vector<operation> list{rapid_xy{{10, 20}}, call_macro{"SWAP"}, rapid_xy{{10, 20}}};
    BOOST_TEST(checked(m, list) == "good");
    BOOST_TEST(body(generate(m, list).text) == "G0 X35 Y302 F4800\nG0 X0 Y0\nSWAP\nG90\nG1 Z10 F300\nG0 X0 Y0 F4800\n"
                                               "G0 X35 Y302\n");
    m.park_mm = {251, 0};
    BOOST_TEST(checked(m, list).starts_with("operation 2 (macro) leaves the work area"));
}

BOOST_AUTO_TEST_CASE(ink_and_strokes_are_counted_by_pen) {
    job_meter meter;
    std::vector<operation> list = drawn_by({.name = "a", .colour = "#ff0000"});
    for (const operation& op : {operation(await_person{}), operation(call_macro{"T1"}), operation(call_macro{"T1"})})
        list.push_back(op);
    for (const operation& op : drawn_by({.name = "b"})) list.push_back(op);
    for (const operation& op : drawn_by({.name = "a"})) list.push_back(op);
    stroke_source strokes(operations_of(list));
    for (auto s = strokes(); s && *s; s = strokes()) meter.add(**s);
    const job_measure& sum = meter.total();
    BOOST_REQUIRE(sum.pens.size() == 2u);
    BOOST_TEST(sum.pens[0].name == "a");
    BOOST_TEST(sum.pens[0].strokes == 2u);
    BOOST_TEST(sum.pens[0].pen_down_mm == 20);
    BOOST_TEST(sum.pens[1].pen_down_mm == 10);
    BOOST_TEST(sum.pauses == 1u);
    BOOST_TEST((sum.macros == std::vector<std::string>{"T1"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace job_pens_test
