// SPDX-License-Identifier: MIT
#include <kf/job/pens_file.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace pens_file_test {

using namespace kf::job;
using kf::drawing::pen_change;

std::string faults(const std::string& text) {
    const auto read = read_pens(text, "p");
    return read ? "none" : read.error().cause;
}

BOOST_AUTO_TEST_SUITE(pens_file)

BOOST_AUTO_TEST_CASE(a_list_is_yaml_or_json) {
    const auto list = read_pens("# pens\n"
                                "- name: red\n"
                                "  layers: [1, '2 ink']\n"
                                "  colours: ['#F00', \"#00aa00\"]\n"
                                "  feed_mm_s: 20\n"
                                "  plunge_feed_mm_s: 4.5\n"
                                "  height_mm: -0.25\n"
                                "  xy_offset_mm: [0.5, -1]\n"
                                "  delay_s: 2\n"
                                "  between: {pause: put in red}\n"
                                "- {name: rest, between: {macro: T1}}\n",
                                "p");
    BOOST_REQUIRE_MESSAGE(list, (list ? "" : list.error().cause));
    BOOST_REQUIRE(list->size() == 2u);
    const auto& red = list->front();
    BOOST_TEST((red.pen == kf::drawing::pen{.name = "red",
                                            .feed = 20,
                                            .plunge = 4.5,
                                            .height = -0.25,
                                            .offset = {0.5, -1},
                                            .delay = 2,
                                            .change = {pen_change::way::pause, "put in red"}}));
    BOOST_TEST((red.layers == std::vector<std::string>{"1", "2 ink"}));
    BOOST_TEST((red.colours == std::vector<std::string>{"#ff0000", "#00aa00"}));
    BOOST_TEST(red.line == 2u);
    BOOST_TEST(list->back().takes_the_rest());
    BOOST_TEST((list->back().pen.change == pen_change{pen_change::way::macro, "T1"}));
    const auto json = read_pens(R"([{"name":"a","layers":["1"]},{"name":"b","between":{"message":"hello"}}])", "p");
    BOOST_REQUIRE(json);
    BOOST_TEST((json->back().pen.change == pen_change{pen_change::way::message, "hello"}));
    BOOST_TEST((read_pens("- {name: a, colour: '#123456', between: nothing}", "p")->front().pen ==
                kf::drawing::pen{.name = "a", .colour = "#123456", .change = {pen_change::way::nothing, ""}}));
}

BOOST_AUTO_TEST_CASE(every_fault_is_told_with_its_line) {
    BOOST_TEST(faults("- name: a\n  feed_mm_s: fast\n- nme: b\n  height_mm: 2000\n  between: {macro: G28}\n") ==
               "p:2: feed_mm_s takes a number from 0.01 to 2000 mm/s\n"
               "p:3: a pen has no nme, is it name?\n"
               "p:4: height_mm takes a number from -1000 to 1000 mm\n"
               "p:5: macro takes the name of a G-code macro: a-z, A-Z, 0-9 and _\n"
               "p:3: a pen has a name");
    BOOST_TEST(faults("- {name: a, layers: 1}\n- {name: a, layers: 2}\n") ==
               "p:2: pen a is here twice; first on line 1");
    BOOST_TEST(faults("- {name: a}\n- {name: b}\n") ==
               "p:2: two pens without layers and colours: that of line 1 draws the rest");
    BOOST_TEST(faults("- name: a\n  name: b\n").find("p:2: name is here twice") != std::string::npos);
    BOOST_TEST(faults("- {name: a, colours: [red]}") == "p:1: a colour is written \"#rrggbb\", with its quotes");
    BOOST_TEST(faults("- name: a\n  colours: #ff0000\n") == "p:2: a colour is written \"#rrggbb\", with its quotes");
    BOOST_TEST(faults("- {name: a, between: {pause: \"two\\nlines\"}}") ==
               "p:1: a text is 1 to 120 printable ASCII characters of one line, without ; \" # *");
    BOOST_TEST(faults("- {name: a, between: stop}") ==
               "p:1: between is nothing, pause, {pause: TEXT}, {message: TEXT} or {macro: NAME}");
    BOOST_TEST(faults("- {name: a, between: macro}").starts_with("p:1: macro takes the name"));
    BOOST_TEST(faults("- {name: a, xy_offset_mm: 3}") == "p:1: xy_offset_mm takes [x, y]");
    BOOST_TEST(faults("- {name: \"a\\nb\"}") == "p:1: name takes one line of 1 to 100 bytes");
}

BOOST_AUTO_TEST_CASE(what_is_no_list_of_pens_is_refused) {
    for (const char* text :
         {"", "name: a", "[]", "5", "[[1]]", "- a", "{", "- {name: a\n", "&a [*a]", "- *x", "\"\xff"})
        BOOST_TEST(!read_pens(text, "p").has_value(), text);
    BOOST_TEST(faults("- name: a\n  colours: [#ff0000]\n- name: b\n").find("in quotes") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pens_file_test
