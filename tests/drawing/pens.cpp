// SPDX-License-Identifier: MIT
#include <kf/drawing/layer_control.hpp>
#include <kf/drawing/pens.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace pens_test {

using namespace kf::drawing;

layer a_layer(int number, std::string name, std::string colour = {}) {
    return {.number = number, .name = std::move(name), .lines = {{{0, 0}, {1, 0}}}, .colour = std::move(colour)};
}
const drawing three{
    .layers = {a_layer(1, "1 red", "#ff0000"), a_layer(2, "blue", "#0000ff"), a_layer(3, "again", "#ff0000")}};

/// "name>pen name>pen": the layers in their order.
std::string layers_of(const drawing& d) {
    std::string out;
    for (const layer& l : d.layers) out += (out.empty() ? "" : " ") + l.name + ">" + l.pen;
    return out;
}
std::string pens_of(const drawing& d) {
    std::string out;
    for (const pen& p : d.pens) out += (out.empty() ? "" : " ") + p.name;
    return out;
}

BOOST_AUTO_TEST_SUITE(pens)

BOOST_AUTO_TEST_CASE(c11_the_name_of_a_layer_says_how_it_is_drawn) {
    const layer_control c = read_layer_control("  !2 ink +S50+H20 +d1500");
    BOOST_TEST(c.pause);
    BOOST_TEST(c.number == 2);
    BOOST_TEST((c.feed_percent == 50.0));
    BOOST_TEST((c.height_percent == 20.0));
    BOOST_TEST(c.delay == 1.5);
    BOOST_TEST(c.faults.empty());
    const layer_control behind_the_number = read_layer_control("12+H7.5");
    BOOST_TEST(behind_the_number.number == 12);
    BOOST_TEST((behind_the_number.height_percent == 7.5));
}

BOOST_AUTO_TEST_CASE(c11_what_only_looks_like_a_code_is_part_of_the_name) {
    for (const char* name : {"C++Draft", "red+S50", "a +x50", "a + S50", "+", "a +", "1 ! ink", ""}) {
        const layer_control c = read_layer_control(name);
        BOOST_TEST(!c.changes_pen(), name);
        BOOST_TEST(!c.pause, name);
        BOOST_TEST(c.faults.empty(), name);
    }
    BOOST_TEST(read_layer_control("12345 far").number == 0);
}

BOOST_AUTO_TEST_CASE(c11_a_value_that_no_code_takes_is_told_and_not_followed) {
    for (const char* name :
         {"+S0", "+S1001", "+Sfast", "+H101", "+H-1", "+D-5", "+D3600001", "+D", "+S5%", "+H1e400"}) {
        const layer_control c = read_layer_control(name);
        BOOST_TEST(!c.changes_pen(), name);
        BOOST_TEST(c.faults.size() == 1u, name);
    }
    BOOST_TEST(read_layer_control("1 +S200 +Hx").faults.front() ==
               "+Hx is not followed: +H takes percent of the way down from 0 to 100");
    BOOST_TEST((read_layer_control("1 +S200 +Hx").feed_percent == 200.0));
}

BOOST_AUTO_TEST_CASE(a_pen_a_layer_keeps_the_order_of_the_layers) {
    const drawing d = pens_by_layer(three);
    BOOST_TEST(layers_of(d) == "1 red>1 red blue>blue again>again");
    BOOST_TEST(pens_of(d) == "1 red blue again");
    BOOST_TEST(d.pens[0].colour == "#ff0000");
    BOOST_TEST((d.pens[0].change.how == pen_change::way::pause));
}

BOOST_AUTO_TEST_CASE(layers_of_one_number_share_a_pen_and_layers_of_one_name_do_not) {
    const drawing d = pens_by_layer(
        {.layers = {
             a_layer(1, "1-a"), a_layer(2, "x"), a_layer(1, "1-b"), a_layer(3, "x"), {.number = 4, .name = "empty"}}});
    BOOST_TEST(layers_of(d) == "1-a>1-a 1-b>1-a x>x x>x (2)");
}

BOOST_AUTO_TEST_CASE(layers_of_one_colour_come_together_in_one_pen) {
    const drawing d = pens_by_colour(three);
    BOOST_TEST(layers_of(d) == "1 red>#ff0000 again>#ff0000 blue>#0000ff");
    BOOST_TEST(pens_of(d) == "#ff0000 #0000ff");
    BOOST_TEST(pens_of(pens_by_colour({.layers = {a_layer(1, "a"), a_layer(2, "b", "#000000")}})) ==
               "no colour #000000");
}

BOOST_AUTO_TEST_CASE(a_list_says_the_pens_and_their_order) {
    const std::vector<pen_choice> list{{.pen = {.name = "rest"}, .line = 1},
                                       {.pen = {.name = "thin", .height = 1}, .layers = {"3"}, .line = 2},
                                       {.pen = {.name = "blue"}, .colours = {"#0000ff"}, .line = 4},
                                       {.pen = {.name = "idle"}, .layers = {"nowhere"}, .line = 6}};
    const auto d = pens_by_list(three, list, "p.yaml");
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(layers_of(*d) == "1 red>rest again>thin blue>blue");
    BOOST_TEST(pens_of(*d) == "rest thin blue");
    BOOST_TEST(find_pen(*d, "thin")->height == 1);
    BOOST_REQUIRE(d->notes.size() == 1u);
    BOOST_TEST(d->notes.front().text == "p.yaml:6: pen idle draws nothing of it");
}

BOOST_AUTO_TEST_CASE(a_layer_with_no_pen_or_with_two_is_refused_by_name) {
    const auto none = pens_by_list(three, {{.pen = {.name = "a"}, .layers = {"1"}, .line = 1}}, "p.yaml");
    BOOST_REQUIRE(!none.has_value());
    BOOST_TEST((none.error().code == kf::errc::not_found));
    BOOST_TEST(none.error().what == "no pen of p.yaml draws blue (#0000ff), again (#ff0000)");
    const auto two = pens_by_list(three,
                                  {{.pen = {.name = "a"}, .layers = {"1"}, .line = 1},
                                   {.pen = {.name = "b"}, .colours = {"#ff0000", "#0000ff"}, .line = 3}},
                                  "p.yaml");
    BOOST_REQUIRE(!two.has_value());
    BOOST_TEST(two.error().what == "layer \"1 red\" is taken by two pens: a and b");
    BOOST_TEST(two.error().cause == "p.yaml:1 and p.yaml:3");
}

BOOST_AUTO_TEST_CASE(only_one_plain_line_is_a_message_and_only_a_plain_word_a_macro) {
    BOOST_TEST(is_message("Put in the red pen, 0.5 mm!"));
    for (const char* text : {"", " x", "x ", "a\nG28", "a;b", "a\"b", "a#b", "a*b", "caf\xc3\xa9", "a\tb"})
        BOOST_TEST(!is_message(text), text);
    BOOST_TEST(is_message(as_message("caf\xc3\xa9; \n2 ")));
    for (const char* name : {"SWAP_PEN", "T1", "_x", "pen2"}) BOOST_TEST(is_macro_name(name), name);
    for (const char* name : {"", "G28", "g1", "M112", "1x", "a b", "a\nb", "a-b", "X", "PEN N=1"})
        BOOST_TEST(!is_macro_name(name), name);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pens_test
