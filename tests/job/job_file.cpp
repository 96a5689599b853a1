// SPDX-License-Identifier: MIT
#include <kf/job/job_file.hpp>
#include <kf/job/job_writer.hpp>
#include <kf/job/stroke.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace job_file_test {

using namespace kf::job;

const std::string header = "{\"format\":\"kf-job\",\"version\":2,\"layers\":[{\"number\":1},{\"number\":7}]}\n";
const std::string header_1 = "{\"format\":\"kf-job\",\"version\":1}\n";

struct outcome {
    std::vector<step> steps;
    std::string fault; // "what: cause"
};

outcome read(std::string_view text, std::size_t chunk = 4096) {
    job_source source(
        [text, chunk]() mutable -> kf::result<std::string_view> {
            const auto piece = text.substr(0, chunk);
            text.remove_prefix(piece.size());
            return piece;
        },
        "j");
    outcome out;
    for (;;) {
        auto taken = source();
        if (!taken) {
            out.fault = taken.error().what + ": " + taken.error().cause;
            return out;
        }
        if (!*taken) return out;
        out.steps.push_back(**taken);
    }
}

const std::string all_operations = header + R"({"op":"home_xy"}
{"op":"select_tool","tool":"pen"}
{"op":"rapid_xy","x":10,"y":20.5}
{"op":"tool_down"}
{"op":"linear_move","x":1,"y":-2,"feed":30}
{"op":"draw_polyline","points":[[0,0],[10,0.125],[10,10]],"feed":25}
{"op":"draw_arc","x":1,"y":2,"i":3,"j":4.5,"cw":true}
{"op":"draw_arc","x":1,"y":2,"i":3,"j":4.5,"cw":false,"feed":12.5}
{"op":"tool_up"}
{"op":"set_ink_mix","c":0.1,"m":0.2,"y":0.7}
{"op":"spray_on"}
{"op":"spray_off"}
{"op":"purge","volume_ml":1.5}
{"op":"refill_pump","pump":"cyan"}
{"op":"prime_line","pump":"magenta"}
{"op":"begin_layer","layer":2}
)";

const std::vector<operation> all_values = {home_xy{},
                                           select_tool{"pen"},
                                           rapid_xy{{10, 20.5}},
                                           tool_down{},
                                           linear_move{{1, -2}, 30},
                                           draw_polyline{{{0, 0}, {10, 0.125}, {10, 10}}, 25},
                                           draw_arc{{1, 2}, {3, 4.5}, turn::clockwise, {}},
                                           draw_arc{{1, 2}, {3, 4.5}, turn::counter_clockwise, 12.5},
                                           tool_up{},
                                           set_ink_mix{0.1, 0.2, 0.7},
                                           spray_on{},
                                           spray_off{},
                                           purge{1.5},
                                           refill_pump{"cyan"},
                                           prime_line{"magenta"},
                                           begin_layer{2}};

BOOST_AUTO_TEST_SUITE(job_file)

BOOST_AUTO_TEST_CASE(reads_every_operation_whatever_the_pieces_it_comes_in) {
    for (const std::size_t chunk : {1u, 2u, 7u, 64u, 100000u}) {
        const outcome got = read(all_operations, chunk);
        BOOST_TEST(got.fault == "");
        BOOST_REQUIRE(got.steps.size() == all_values.size());
        for (std::size_t i = 0; i < all_values.size(); ++i) {
            BOOST_TEST(got.steps[i].number == i + 1);
            BOOST_TEST((got.steps[i].op == all_values[i]), name(all_values[i]));
        }
    }
}

BOOST_AUTO_TEST_CASE(writes_each_operation_as_one_line_in_fixed_notation) {
    std::string out;
    append_job_header(out, {.layers = {{1}, {7}}});
    for (const operation& op : all_values) BOOST_TEST(append_operation(out, op).has_value());
    BOOST_TEST(out == all_operations);
    out.clear();
    BOOST_TEST(append_operation(out, rapid_xy{{1e-5, 123456.789}}).has_value());
    BOOST_TEST(out == "{\"op\":\"rapid_xy\",\"x\":0.00001,\"y\":123456.789}\n");
}

BOOST_AUTO_TEST_CASE(a_value_that_no_reader_would_take_is_not_written) {
    const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    const std::vector<operation> bad = {
        rapid_xy{{nan, 0}}, rapid_xy{{0, inf}}, linear_move{{0, 0}, nan},          linear_move{{0, 0}, 0},
        draw_polyline{},    purge{-inf},        draw_polyline{{{0, 0}, {0, nan}}}, select_tool{"a\"b"},
        select_tool{""},    prime_line{"x\ny"}};
    for (const operation& op : bad) {
        std::string out = "before\n";
        BOOST_TEST(!append_operation(out, op).has_value(), name(op));
        BOOST_TEST(out == "before\n");
    }
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_an_error_with_its_number_and_reason) {
    const auto fault = [](std::string_view line) {
        return read(header + "{\"op\":\"tool_up\"}\n" + std::string(line) + "\n").fault;
    };
    BOOST_TEST(fault("{\"op\":\"rapid_xy\",\"x\":1}") == "j: line 3 is wrong: rapid_xy: the field \"y\" is missing");
    BOOST_TEST(fault("{\"op\":\"rapid_xy\",\"x\":1,\"y\":\"2\"}") ==
               "j: line 3 is wrong: rapid_xy: \"y\" must be a number from -1000000 to 1000000");
    BOOST_TEST(fault("{\"op\":\"linear_move\",\"x\":1,\"y\":2,\"fede\":3}") ==
               "j: line 3 is wrong: linear_move: there is no field \"fede\" here, is it \"feed\"?");
    BOOST_TEST(fault("{\"op\":\"linear_move\",\"x\":1,\"y\":2,\"feed\":0}") ==
               "j: line 3 is wrong: linear_move: \"feed\" must be a number from 0.001 to 100000");
    BOOST_TEST(fault("{\"op\":\"draw_polyline\",\"points\":[[1,2],[3]]}") ==
               "j: line 3 is wrong: draw_polyline: point 2 must be [x,y]");
    BOOST_TEST(fault("{\"op\":\"draw_polyline\",\"points\":[[1,2],[3,1e7]]}") ==
               "j: line 3 is wrong: draw_polyline: point 2: \"y\" must be a number from -1000000 to 1000000");
    BOOST_TEST(fault("{\"op\":\"draw_polyline\",\"points\":[]}") ==
               "j: line 3 is wrong: draw_polyline: \"points\" must be [[x,y],...]");
    BOOST_TEST(fault("{\"op\":\"ToolUp\"}") ==
               "j: line 3 is wrong: there is no operation \"ToolUp\", is it \"tool_up\"?");
    BOOST_TEST(fault("{\"op\":\"\\u001b[31m\"}") == "j: line 3 is wrong: there is no operation \"\\x1b[31m\"");
    BOOST_TEST(fault("{\"op\":\"select_tool\",\"tool\":\"a b\"}")
                   .starts_with("j: line 3 is wrong: select_tool: \"tool\" must be"));
    BOOST_TEST(fault("{\"op\":\"rapid_xy\",\"x\":1,\"x\":2,\"y\":0}") == "j: line 3 is wrong: a field stands twice");
    BOOST_TEST(fault("{\"x\":1}") == "j: line 3 is wrong: the field \"op\" is missing");
    BOOST_TEST(fault("[1]") == "j: line 3 is wrong: a line is one JSON object");
    BOOST_TEST(fault("{\"op\":\"draw_arc\",\"x\":1,\"y\":2,\"i\":1,\"j\":1,\"cw\":1}") ==
               "j: line 3 is wrong: draw_arc: \"cw\" must be true or false");
    BOOST_TEST(fault("{\"op\":\"set_ink_mix\",\"c\":2,\"m\":0,\"y\":0}")
                   .starts_with("j: line 3 is wrong: set_ink_mix: \"c\""));
    for (const char* broken :
         {"{", "{\"op\":\"tool_up\"} x", "{\"op\":}", "NaN", "{\"op\":\"rapid_xy\",\"x\":NaN,\"y\":0}",
          "{\"op\":\"rapid_xy\",\"x\":Infinity,\"y\":0}", "\xff\xfe", "[[[[[[[[[[[[[[[["})
        BOOST_TEST(fault(broken).starts_with("j: line 3 is wrong: "), broken);
    BOOST_TEST(fault("{\"op\":\"rapid_xy\",\"x\":1e999,\"y\":0}").starts_with("j: line 3 is wrong: "));
}

BOOST_AUTO_TEST_CASE(the_header_comes_first_and_its_version_is_one_we_read) {
    BOOST_TEST(read("").fault == "j: line 1 is wrong: the job is empty; its first line must be "
                                 "{\"format\":\"kf-job\",\"version\":2}");
    BOOST_TEST(read("{\"op\":\"tool_up\"}\n").fault ==
               "j: line 1 is wrong: the first line must be the header {\"format\":\"kf-job\",\"version\":2}");
    BOOST_TEST(read("{\"format\":\"kf-job\",\"version\":3}\n").fault ==
               "j: line 1 is wrong: this is a job of version 3, and we read versions 1 and 2");
    BOOST_TEST(read("{\"format\":\"kf-job\"}\n").fault == "j: line 1 is wrong: the field \"version\" is missing");
    BOOST_TEST(read("<svg xmlns='...'>\n").fault.starts_with("j: line 1 is wrong: it is not JSON"));
    BOOST_TEST(read("\xef\xbb\xbf{\"format\":\"kf-job\",\"version\":2}\r\n{\"op\":\"tool_up\"}\r\n").fault == "");
    for (const char* version : {"1", "2"})
        BOOST_TEST(read("{\"format\":\"kf-job\",\"version\":" + std::string(version) + ",\"meta\":{\"title\":\"a\"}}\n")
                       .fault == "");
}

BOOST_AUTO_TEST_CASE(a_job_of_version_1_has_no_layers_and_is_read_as_ever) {
    const outcome got = read(
        header_1 + all_operations.substr(header.size(), all_operations.rfind("{\"op\":\"begin_layer") - header.size()));
    BOOST_TEST(got.fault == "");
    BOOST_TEST(got.steps.size() == all_values.size() - 1);
    BOOST_TEST(read(header_1 + "{\"op\":\"begin_layer\",\"layer\":1}\n").fault ==
               "j: line 2 is wrong: begin_layer: the header says version 1, and layers came with version 2");
    BOOST_TEST(read("{\"format\":\"kf-job\",\"version\":1,\"layers\":[]}\n").fault ==
               "j: line 1 is wrong: there is no field \"layers\" here");
}

BOOST_AUTO_TEST_CASE(the_header_of_version_2_carries_page_layers_and_pens) {
    const std::string line =
        R"({"format":"kf-job","version":2,"page":{"width":210,"height":297.5},)"
        R"("layers":[{"number":3,"name":"3-\"rot\"","colour":"#ff0000","pen":"fine"},{"number":1}],)"
        R"("pens":[{"name":"fine"},{"name":"wide","colour":"#00ff00","feed":12.5,"feed_percent":50,"plunge":3,)"
        R"("height":-0.25,"height_percent":90,"offset":[1,-0.5],"delay":0.75,"change":{"how":"macro","text":"SWAP"}},)"
        R"({"name":"third","change":{"how":"message","text":"the blue one"}}],)"
        R"("meta":{"by":["a",1]}})"
        "\n";
    job_reader reader;
    reader.feed(line);
    BOOST_REQUIRE(reader.next());
    BOOST_REQUIRE(reader.header().has_value());
    const job_header& got = *reader.header();
    BOOST_TEST(got.width == 210.0);
    BOOST_TEST(got.height == 297.5);
    BOOST_TEST((got.layers == std::vector<job_layer>{{3, "3-\"rot\"", "#ff0000", "fine"}, {1, "", "", ""}}));
    using way = kf::drawing::pen_change::way;
    const std::vector<kf::drawing::pen> pens = {{.name = "fine"},
                                                {.name = "wide",
                                                 .colour = "#00ff00",
                                                 .feed = 12.5,
                                                 .feed_percent = 50,
                                                 .plunge = 3,
                                                 .height = -0.25,
                                                 .height_percent = 90,
                                                 .offset = {1, -0.5},
                                                 .delay = 0.75,
                                                 .change = {way::macro, "SWAP"}},
                                                {.name = "third", .change = {way::message, "the blue one"}}};
    BOOST_TEST((got.pens == pens));
    BOOST_TEST(got.meta == R"({"by":["a",1]})");
    std::string out;
    append_job_header(out, got);
    BOOST_TEST(out == line);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_header_is_named) {
    const auto fault = [](const std::string& fields) {
        return read("{\"format\":\"kf-job\",\"version\":2," + fields + "}\n{\"op\":\"begin_layer\",\"layer\":1}\n")
            .fault;
    };
    BOOST_TEST(fault("\"layer\":[]") == "j: line 1 is wrong: there is no field \"layer\" here, is it \"layers\"?");
    BOOST_TEST(fault("\"layers\":{}") == "j: line 1 is wrong: \"layers\" must be a list");
    BOOST_TEST(fault("\"layers\":[{\"number\":1},7]") == "j: line 1 is wrong: layer 2: a layer is an object");
    BOOST_TEST(fault("\"layers\":[{\"number\":1.5}]") ==
               "j: line 1 is wrong: layer 1: \"number\" must be a whole number");
    BOOST_TEST(fault("\"layers\":[{\"number\":1,\"color\":\"#000000\"}]") ==
               "j: line 1 is wrong: layer 1: there is no field \"color\" here, is it \"colour\"?");
    BOOST_TEST(fault("\"layers\":[{\"number\":1,\"colour\":\"red\"}]") ==
               "j: line 1 is wrong: layer 1: \"colour\" must be a colour as #rrggbb");
    BOOST_TEST(fault("\"layers\":[{\"number\":1,\"number\":2}]") == "j: line 1 is wrong: a field stands twice");
    BOOST_TEST(fault("\"pens\":[{\"name\":\"a\"},{\"name\":\"a\"}]") == "j: line 1 is wrong: there are two pens \"a\"");
    BOOST_TEST(fault("\"layers\":[{\"number\":1,\"pen\":\"b\"}],\"pens\":[{\"name\":\"a\"}]") ==
               "j: line 1 is wrong: layer 1: there is no pen \"b\"");
    BOOST_TEST(fault("\"pens\":[{\"colour\":\"#000000\"}]") ==
               "j: line 1 is wrong: pen 1: the field \"name\" is missing");
    BOOST_TEST(fault(R"("pens":[{"name":"a","change":{"how":"macro","text":"G28"}}])") ==
               "j: line 1 is wrong: pen 1: change: \"text\" must be the name of a G-code macro");
    BOOST_TEST(fault(R"("pens":[{"name":"a","change":{"how":"pause","text":"a\nG28"}}])")
                   .starts_with("j: line 1 is wrong: pen 1: change: \"text\" must be 1 to 120 printable"));
    BOOST_TEST(fault(R"("pens":[{"name":"a","change":{"how":"stop"}}])") ==
               "j: line 1 is wrong: pen 1: change: \"how\" is one of nothing, pause, message, macro");
    BOOST_TEST(fault(R"("pens":[{"name":"a","offset":[1]}])") == "j: line 1 is wrong: pen 1: \"offset\" must be [x,y]");
    BOOST_TEST(fault("\"page\":[1,2]") == "j: line 1 is wrong: \"page\" must be an object");
    BOOST_TEST(fault("\"page\":{\"width\":1}") == "j: line 1 is wrong: page: the field \"height\" is missing");
    BOOST_TEST(fault("\"layers\":[]") == "j: line 2 is wrong: begin_layer: the header has no layers");
    BOOST_TEST(read(header + "{\"op\":\"begin_layer\",\"layer\":3}\n").fault ==
               "j: line 2 is wrong: begin_layer: \"layer\" must be a number from 1 to 2");
}

BOOST_AUTO_TEST_CASE(blank_lines_windows_ends_and_a_missing_last_newline_are_read) {
    const outcome got =
        read("{\"format\":\"kf-job\",\"version\":2}\r\n\r\n  \n{\"op\":\"tool_up\"}\r\n{\"op\":\"tool_down\"}");
    BOOST_TEST(got.fault == "");
    BOOST_TEST(got.steps.size() == 2u);
    BOOST_TEST(read(header + "\n\n{\"op\":\"x\"}\n").fault.starts_with("j: line 4 is wrong"));
}

BOOST_AUTO_TEST_CASE(a_polyline_of_ten_thousand_points_is_one_line) {
    std::string line = header + "{\"op\":\"draw_polyline\",\"points\":[";
    for (int i = 0; i < 10000; ++i) line += (i ? ",[" : "[") + std::to_string(i) + ".25," + std::to_string(2 * i) + "]";
    const outcome got = read(line + "]}\n", 1000);
    BOOST_TEST(got.fault == "");
    BOOST_REQUIRE(got.steps.size() == 1u);
    const auto& points = std::get<draw_polyline>(got.steps[0].op).points;
    BOOST_REQUIRE(points.size() == 10000u);
    BOOST_TEST(points[9999].x == 9999.25);
    BOOST_TEST(points[9999].y == 19998.0);
}

BOOST_AUTO_TEST_CASE(no_line_takes_more_memory_than_the_limits_say) {
    job_reader reader("j", {.line_bytes = 100, .points = 2});
    reader.feed(header + "{\"op\":\"draw_polyline\",\"points\":[[0,0],[1,1],[2,2]]}\n");
    BOOST_TEST(reader.next().error().cause ==
               "draw_polyline: a polyline has 2 points at most; go on in another operation");
    job_reader endless("j", {.line_bytes = 100, .points = 2});
    endless.feed(header);
    BOOST_TEST(endless.next().has_value());
    endless.feed(std::string(101, ' '));
    BOOST_TEST(endless.next().error().what == "j: line 2 is wrong");
    endless.feed("\n{\"op\":\"tool_up\"}\n");
    BOOST_TEST(!endless.next().has_value()); // it stays broken
}

BOOST_AUTO_TEST_CASE(a_job_file_streams_into_strokes) {
    stroke_source strokes{job_source([n = 0]() mutable -> kf::result<std::string_view> {
        static const std::string one = "{\"op\":\"tool_down\"}\n{\"op\":\"tool_up\"}\n";
        ++n;
        return n == 1 ? std::string_view(header) : n <= 1001 ? std::string_view(one) : std::string_view();
    })};
    std::size_t drawn = 0;
    for (;;) {
        const auto s = strokes();
        BOOST_REQUIRE(s.has_value());
        if (!*s) break;
        BOOST_TEST((*s)->number == ++drawn);
    }
    BOOST_TEST(drawn == 1000u);
}

BOOST_AUTO_TEST_CASE(the_manual_page_names_every_operation_and_its_examples_are_jobs) {
    std::ifstream in(std::string(KF_TESTS_DIR) + "/../man/kf-job.5.scd");
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    for (const std::string_view op : operation_names) BOOST_TEST((page.find(op) != std::string::npos), op);
    std::size_t jobs = 0;
    const std::string begin = "\n{\"format\":\"kf-job\"";
    for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
        const outcome got = read(std::string_view(page).substr(at + 1, page.find("```", at) - at - 1));
        BOOST_TEST(got.fault == "");
        if (!got.steps.empty()) ++jobs;
    }
    BOOST_TEST(jobs == 2u);
}

BOOST_AUTO_TEST_CASE(the_error_of_the_bytes_is_handed_on) {
    job_source source([]() -> kf::result<std::string_view> { return kf::fail(kf::errc::io, "the disk is gone"); });
    BOOST_TEST(source().error().what == "the disk is gone");
}

BOOST_AUTO_TEST_CASE(damaged_jobs_are_read_or_refused_without_a_crash) {
    unsigned state = 7;
    for (int round = 0; round < 3000; ++round) {
        std::string text = all_operations;
        for (int change = 0; change < 3; ++change) {
            state = state * 1664525u + 1013904223u;
            text[(state >> 8) % text.size()] = static_cast<char>(state >> 24);
        }
        const outcome got = read(text, 1 + state % 50);
        for (const step& s : got.steps)
            if (const auto* move = std::get_if<rapid_xy>(&s.op)) BOOST_TEST(std::abs(move->to.x) <= 1e6);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace job_file_test
