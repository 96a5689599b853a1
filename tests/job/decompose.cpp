// SPDX-License-Identifier: MIT
#include <kf/job/compose.hpp>
#include <kf/job/decompose.hpp>
#include <kf/job/job_file.hpp>
#include <kf/job/job_writer.hpp>
#include <kf/job/stroke.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace decompose_test {

using namespace kf::drawing;
using namespace kf::job;

job_source<std::function<kf::result<std::string_view>()>> source_of(const std::string& text) {
    return job_source(
        std::function<kf::result<std::string_view>()>([&text, given = false]() mutable -> kf::result<std::string_view> {
            return std::exchange(given, true) ? std::string_view{} : std::string_view(text);
        }));
}

kf::result<decomposed_job> drawing_of(const std::string& text) {
    auto source = source_of(text);
    KF_TRY(auto header, source.header());
    return decompose(stroke_source(std::move(source)), std::move(header));
}

std::string text_of(const composed_job& job) {
    std::string text;
    BOOST_REQUIRE(write_job(job.header(), job.operations(), [&](std::string_view piece) -> kf::result<void> {
        text += piece;
        return {};
    }));
    return text;
}

/// The job, made a drawing and a job again.
std::string through(const std::string& text) {
    auto parts = drawing_of(text);
    if (!parts) return parts.error().what + ": " + parts.error().cause;
    return text_of(composed_job(
        std::move(parts->drawing),
        {.home = parts->homes, .tool = "", .first = std::move(parts->first), .last = std::move(parts->last)}));
}

const std::string layers = R"({"format":"kf-job","version":2,"page":{"width":100,"height":50},)"
                           R"("layers":[{"number":1,"name":"ink"},{"number":7,"name":"empty"},)"
                           R"({"number":3,"name":"red","colour":"#ff0000"},{"number":4}]})"
                           "\n";
const std::string plain = "{\"format\":\"kf-job\",\"version\":1}\n";

std::string stroke_at(int x, const std::string& more = "") {
    const std::string n = std::to_string(x);
    return "{\"op\":\"rapid_xy\",\"x\":" + n +
           ",\"y\":0}\n{\"op\":\"tool_down\"}\n{\"op\":\"draw_polyline\",\"points\":[[" + n + ",0],[" + n + ",5]]" +
           more + "}\n{\"op\":\"tool_up\"}\n";
}

const std::string up = "{\"op\":\"tool_up\"}\n", down = "{\"op\":\"tool_down\"}\n";

bool same(const drawing& a, const drawing& b) {
    return a.width == b.width && a.height == b.height && a.pens == b.pens &&
           std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                      [](const layer& p, const layer& q) {
                          return p.number == q.number && p.name == q.name && p.lines == q.lines &&
                                 p.colour == q.colour && p.pen == q.pen && p.tool == q.tool && p.feed == q.feed;
                      });
}

BOOST_AUTO_TEST_SUITE(decompose_job)

BOOST_AUTO_TEST_CASE(a_job_becomes_a_drawing_and_the_same_job_again_byte_for_byte) {
    const std::string job = layers + "{\"op\":\"home_xy\"}\n{\"op\":\"begin_layer\",\"layer\":1}\n" +
                            "{\"op\":\"select_tool\",\"tool\":\"pen\"}\n" + stroke_at(1) + stroke_at(2) +
                            "{\"op\":\"begin_layer\",\"layer\":3}\n" + stroke_at(3, ",\"feed\":12.5") +
                            "{\"op\":\"begin_layer\",\"layer\":4}\n{\"op\":\"select_tool\",\"tool\":\"airbrush\"}\n" +
                            stroke_at(4);
    BOOST_TEST(through(job) == job);
    const auto parts = drawing_of(job);
    BOOST_REQUIRE(parts.has_value());
    const drawing& d = parts->drawing;
    BOOST_TEST(d.width == 100.0);
    BOOST_REQUIRE(d.layers.size() == 4u);
    BOOST_TEST((d.layers[0].lines == std::vector<polyline>{{{1, 0}, {1, 5}}, {{2, 0}, {2, 5}}}));
    BOOST_TEST(d.layers[1].name == "empty");
    BOOST_TEST(d.layers[1].lines.empty());
    BOOST_TEST(d.layers[2].colour == "#ff0000");
    BOOST_TEST(d.layers[2].tool == "pen");
    BOOST_TEST((d.layers[2].feed == 12.5));
    BOOST_TEST(d.layers[3].tool == "airbrush");
}

BOOST_AUTO_TEST_CASE(random_drawings_come_back_exactly) {
    std::mt19937 random(11);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const auto coordinate = [&] { return std::round((below(400'000) - 100'000.0) * 1e3 + below(1000)) / 1e6; };
    for (int round = 0; round < 200; ++round) {
        drawing d{.width = 1.0 + below(500), .height = 1.0 + below(500), .pens = {{.name = "fine"}, {.name = "wide"}}};
        for (unsigned l = below(5); l < 5; ++l) {
            layer made{.number = static_cast<int>(below(9)), .name = below(2) != 0 ? "n\"\xc3\xa9" : ""};
            if (below(2) != 0) made.colour = "#0a0B0c";
            if (below(2) != 0) made.pen = "wide";
            for (unsigned n = below(6); n > 0; --n) {
                polyline line;
                for (unsigned p = 1 + below(5); p > 0; --p) {
                    line.push_back({coordinate(), coordinate()});
                    if (below(4) == 0) line.push_back(line.back()); // a point twice
                    if (below(4) == 0) line.push_back(line.front());
                }
                made.lines.push_back(std::move(line));
            }
            if (!made.lines.empty()) made.tool = below(2) != 0 ? "pen" : "airbrush";
            if (!made.lines.empty() && below(2) != 0) made.feed = 0.001 + below(1000);
            d.layers.push_back(std::move(made));
        }
        const std::string text = text_of(composed_job(d, {.home = false, .tool = ""}));
        const auto parts = drawing_of(text);
        BOOST_REQUIRE_MESSAGE(parts.has_value(), (parts ? "" : parts.error().what + parts.error().cause) << text);
        BOOST_REQUIRE_MESSAGE(same(parts->drawing, d), text);
    }
}

BOOST_AUTO_TEST_CASE(a_layer_that_is_begun_again_keeps_its_place_in_the_order) {
    const auto parts = drawing_of(layers + "{\"op\":\"begin_layer\",\"layer\":3}\n" + stroke_at(1) +
                                  "{\"op\":\"begin_layer\",\"layer\":1}\n" + stroke_at(2) +
                                  "{\"op\":\"begin_layer\",\"layer\":3}\n" + stroke_at(3));
    BOOST_REQUIRE(parts.has_value());
    std::string order;
    for (const layer& l : parts->drawing.layers) order += l.name + std::to_string(l.lines.size()) + " ";
    BOOST_TEST(order == "ink0 empty0 red1 ink1 red1 0 ");
}

BOOST_AUTO_TEST_CASE(each_change_of_tool_or_feed_is_a_layer_so_that_none_is_lost) {
    const std::string job = plain + "{\"op\":\"select_tool\",\"tool\":\"pen\"}\n" + stroke_at(1, ",\"feed\":5") +
                            stroke_at(2) + "{\"op\":\"select_tool\",\"tool\":\"airbrush\"}\n" + stroke_at(3);
    const auto parts = drawing_of(job);
    BOOST_REQUIRE(parts.has_value());
    BOOST_REQUIRE(parts->drawing.layers.size() == 3u);
    BOOST_TEST((parts->drawing.layers[0].feed == 5.0));
    BOOST_TEST(!parts->drawing.layers[1].feed.has_value());
    BOOST_TEST(parts->drawing.layers[2].tool == "airbrush");
    for (const layer& l : parts->drawing.layers) BOOST_TEST(l.number == 1);
}

BOOST_AUTO_TEST_CASE(operations_before_the_first_stroke_and_behind_the_last_one_stay_there) {
    const std::string first = "{\"op\":\"home_xy\"}\n{\"op\":\"select_tool\",\"tool\":\"airbrush\"}\n"
                              "{\"op\":\"purge\",\"volume_ml\":1}\n{\"op\":\"set_ink_mix\",\"c\":1,\"m\":0,\"y\":0}\n";
    const std::string last = "{\"op\":\"purge\",\"volume_ml\":2}\n{\"op\":\"rapid_xy\",\"x\":0,\"y\":0}\n";
    const std::string made = through(plain + first + stroke_at(1) + last);
    BOOST_TEST(made == "{\"format\":\"kf-job\",\"version\":2,\"layers\":[{\"number\":1}]}\n" + first +
                           "{\"op\":\"begin_layer\",\"layer\":1}\n" + stroke_at(1) + last);
}

BOOST_AUTO_TEST_CASE(lines_in_several_operations_and_without_a_travel_are_one_line_each) {
    const auto parts = drawing_of(plain + "{\"op\":\"rapid_xy\",\"x\":1,\"y\":1}\n" + down +
                                  "{\"op\":\"linear_move\",\"x\":2,\"y\":1}\n"
                                  "{\"op\":\"draw_polyline\",\"points\":[[2,1],[3,1],[3,1]]}\n"
                                  "{\"op\":\"draw_polyline\",\"points\":[[4,1]]}\n" +
                                  up + down + "{\"op\":\"linear_move\",\"x\":5,\"y\":2}\n" + up + down + up);
    BOOST_REQUIRE(parts.has_value());
    const std::vector<polyline> expected = {{{1, 1}, {2, 1}, {3, 1}, {3, 1}, {4, 1}}, {{4, 1}, {5, 2}}, {{5, 2}}};
    BOOST_REQUIRE(parts->drawing.layers.size() == 1u);
    BOOST_TEST((parts->drawing.layers[0].lines == expected));
}

BOOST_AUTO_TEST_CASE(an_arc_becomes_straight_pieces_and_is_told) {
    const auto parts = drawing_of(plain + "{\"op\":\"rapid_xy\",\"x\":10,\"y\":0}\n" + down +
                                  "{\"op\":\"draw_arc\",\"x\":-10,\"y\":0,\"i\":-10,\"j\":0,\"cw\":true}\n" + up);
    BOOST_REQUIRE(parts.has_value());
    const polyline& line = parts->drawing.layers.at(0).lines.at(0);
    BOOST_TEST((line.front() == point{10, 0}));
    BOOST_TEST((line.back() == point{-10, 0}));
    BOOST_TEST(line.size() > 30u);
    for (const point& p : line) BOOST_TEST(std::hypot(p.x, p.y) == 10.0, boost::test_tools::tolerance(1e-9));
    BOOST_REQUIRE(parts->drawing.notes.size() == 1u);
    BOOST_TEST(parts->drawing.notes[0].text ==
               "arcs become straight pieces, 0.01 mm from the arc at most (1, first at operation 3)");
}

BOOST_AUTO_TEST_CASE(pens_come_back_from_the_table_and_the_layers_and_others_are_refused) {
    using way = kf::drawing::pen_change::way;
    const drawing d{.width = 100,
                    .height = 50,
                    .layers = {{.number = 1, .name = "!1 ink", .lines = {{{0, 0}, {1, 0}}}, .pen = "fine"},
                               {.number = 2, .name = "slow +S25", .lines = {{{0, 1}, {1, 1}}}, .pen = "wide"},
                               {.number = 3, .name = "c", .lines = {{{0, 2}, {1, 2}}}, .pen = "wide"}},
                    .pens = {{.name = "fine", .feed_percent = 50, .delay = 1},
                             {.name = "wide", .plunge = 3, .change = {way::macro, "SWAP"}}}};
    const std::string text = text_of(composed_job(d, {.tool = "", .feed = 12.3}));
    BOOST_TEST(text.find("select_pen") != std::string::npos);
    BOOST_TEST(through(text) == text);
    auto at = text.find("\"SWAP\"", text.find("\n"));
    std::string other = text;
    other.replace(at, 6, "\"WIPE\"");
    BOOST_TEST(through(other).find("is not what its layer and its pen in the header say") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_no_filter_could_keep_at_its_place_is_refused_by_its_number) {
    const auto fault = [](const std::string& ops) {
        const auto parts = drawing_of(plain + ops);
        return parts ? "" : parts.error().what;
    };
    BOOST_TEST(fault(stroke_at(1) + "{\"op\":\"purge\",\"volume_ml\":1}\n" + stroke_at(2)) ==
               "operation 5 (purge) stands between two strokes");
    BOOST_TEST(fault(stroke_at(1) + "{\"op\":\"home_xy\"}\n" + stroke_at(2)) ==
               "operation 5 (home_xy) stands between two strokes");
    BOOST_TEST(fault(stroke_at(1) + "{\"op\":\"rapid_xy\",\"x\":9,\"y\":9}\n" + stroke_at(2)) ==
               "operation 5 (rapid_xy) stands between two strokes");
    BOOST_TEST(fault("{\"op\":\"rapid_xy\",\"x\":1,\"y\":1}\n" + down + "{\"op\":\"spray_on\"}\n" + up) ==
               "operation 3 (spray_on) stands inside of a stroke");
    BOOST_TEST(fault("{\"op\":\"linear_move\",\"x\":1,\"y\":1,\"feed\":2}\n" + down + up) ==
               "operation 1 (linear_move) is a slow travel");
    BOOST_TEST(fault(down + up) == "operation 1 (tool_down) begins a stroke at an unknown place");
    // Another tool stands elsewhere.
    BOOST_TEST(
        fault("{\"op\":\"rapid_xy\",\"x\":5,\"y\":5}\n{\"op\":\"select_tool\",\"tool\":\"airbrush\"}\n" + down + up)
            .ends_with("begins a stroke at an unknown place"));
    BOOST_TEST(fault("{\"op\":\"rapid_xy\",\"x\":1,\"y\":1}\n" + down +
                     "{\"op\":\"linear_move\",\"x\":2,\"y\":1,\"feed\":2}\n{\"op\":\"linear_move\",\"x\":3,\"y\":1}\n" +
                     up) == "operation 4 (linear_move) goes on with a line at another speed");
    std::string many;
    for (int i = 0; i < 2000; ++i) many += stroke_at(1, ",\"feed\":" + std::to_string(1 + i % 2));
    BOOST_TEST(fault(many) == "operation 4001 (rapid_xy) would begin layer 1001 of the drawing");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace decompose_test
