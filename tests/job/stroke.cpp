// SPDX-License-Identifier: MIT
#include <kf/job/job_file.hpp>
#include <kf/job/stroke.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace stroke_test {

using namespace kf::job;

/// Strokes as text: "1:rapid_xy,tool_down,...,tool_up" for drawn ones, "-:home_xy" for others; an error ends it.
std::string grouped(const std::vector<operation>& list) {
    stroke_source strokes(operations_of(list));
    std::string out;
    for (;;) {
        const auto s = strokes();
        if (!s) return out + "! " + s.error().what + ": " + s.error().cause;
        if (!*s) return out;
        out += (*s)->draws() ? std::to_string((*s)->number) : std::string("-");
        for (const step& each : (*s)->steps)
            out +=
                (&each == &(*s)->steps.front() ? ":" : ",") + std::to_string(each.number) + std::string(name(each.op));
        out += ' ';
    }
}

const operation up = tool_up{}, down = tool_down{}, rapid = rapid_xy{{1, 2}}, home = home_xy{},
                line = draw_polyline{{{1, 2}, {3, 4}}}, arc_op = draw_arc{}, slow = linear_move{{5, 5}},
                pen = select_tool{"pen"};

BOOST_AUTO_TEST_SUITE(strokes)

BOOST_AUTO_TEST_CASE(a_stroke_is_travel_tool_down_lines_tool_up) {
    BOOST_TEST(grouped({home, pen, rapid, down, line, arc_op, up, rapid, down, slow, up}) ==
               "-:1home_xy -:2select_tool 1:3rapid_xy,4tool_down,5draw_polyline,6draw_arc,7tool_up "
               "2:8rapid_xy,9tool_down,10linear_move,11tool_up ");
}

BOOST_AUTO_TEST_CASE(what_belongs_to_no_stroke_comes_by_itself) {
    BOOST_TEST(grouped({}) == "");
    BOOST_TEST(grouped({up, rapid, rapid, slow, up, home}) ==
               "-:1tool_up -:2rapid_xy -:3rapid_xy -:4linear_move -:5tool_up -:6home_xy ");
    BOOST_TEST(grouped({rapid}) == "-:1rapid_xy ");
    BOOST_TEST(grouped({rapid, pen, down, line, up}) ==
               "-:1rapid_xy -:2select_tool 1:3tool_down,4draw_polyline,5tool_up ");
    BOOST_TEST(grouped({rapid, home, spray_on{}, purge{1}}) == "-:1rapid_xy -:2home_xy -:3spray_on -:4purge ");
}

BOOST_AUTO_TEST_CASE(a_tool_that_is_already_down_stays_down) {
    BOOST_TEST(grouped({down, down, line, up}) == "1:1tool_down,2tool_down,3draw_polyline,4tool_up ");
}

BOOST_AUTO_TEST_CASE(what_cannot_group_is_refused_with_number_and_reason) {
    BOOST_TEST(grouped({home, line}) ==
               "-:1home_xy ! operation 2 (draw_polyline) draws with the tool up: tool_down has to come before it");
    BOOST_TEST(grouped({rapid, arc_op}) ==
               "! operation 2 (draw_arc) draws with the tool up: tool_down has to come before it");
    BOOST_TEST(grouped({rapid, down, rapid}) ==
               "! operation 3 (rapid_xy) travels with the tool down: tool_up has to come before it");
    BOOST_TEST(grouped({down, home}) ==
               "! operation 2 (home_xy) comes while the tool is down: tool_up has to come before it");
    BOOST_TEST(grouped({down, pen}) ==
               "! operation 2 (select_tool) comes while the tool is down: tool_up has to come before it");
    BOOST_TEST(grouped({rapid, down, line}) ==
               "! operation 3 (draw_polyline) is the last one, and the tool is down: a job ends with tool_up; the end "
               "of this one seems to be lost");
}

BOOST_AUTO_TEST_CASE(a_stroke_that_never_ends_is_refused_before_it_fills_memory) {
    stroke_source endless([n = std::size_t{0}]() mutable -> kf::result<std::optional<step>> {
        ++n;
        return step{n, n == 1 ? operation(tool_down{}) : operation(linear_move{{1, 1}})};
    });
    const auto s = endless();
    BOOST_REQUIRE(!s.has_value());
    BOOST_TEST(s.error().what == "operation 200001 (linear_move) makes the stroke too long");
}

BOOST_AUTO_TEST_CASE(every_list_of_operations_groups_or_is_refused_and_none_is_lost) {
    const std::vector<operation> kinds = {up, down, rapid, line, slow, home, pen, spray_off{}};
    unsigned state = 3;
    for (int round = 0; round < 5000; ++round) {
        std::vector<operation> list;
        for (int n = round % 9; n > 0; --n) {
            state = state * 1664525u + 1013904223u;
            list.push_back(kinds[(state >> 16) % kinds.size()]);
        }
        stroke_source strokes(operations_of(list));
        std::size_t seen = 0;
        for (;;) {
            const auto s = strokes();
            if (!s) {
                BOOST_TEST(!s.error().cause.empty());
                break;
            }
            if (!*s) {
                BOOST_TEST(seen == list.size());
                break;
            }
            for (const step& each : (*s)->steps) BOOST_TEST(each.number == ++seen);
            if ((*s)->draws()) BOOST_TEST((std::holds_alternative<tool_up>((*s)->steps.back().op)));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace stroke_test
