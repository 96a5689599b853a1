// SPDX-License-Identifier: MIT
#include <kf/drawing/layer_choice.hpp>

#include <boost/test/unit_test.hpp>

namespace layer_choice_test {

using namespace kf::drawing;

const drawing three{.width = 10,
                    .height = 10,
                    .layers = {{1, "ink", {{{0, 0}, {1, 1}}}}, {2, "", {{{2, 2}}}}, {7, "7-red", {{{3, 3}}}}}};

BOOST_AUTO_TEST_CASE(layers_are_called_by_name_or_number_and_keep_their_order_and_page) {
    const auto chosen = choose_layers(three, {"7", "ink"});
    BOOST_REQUIRE(chosen);
    BOOST_REQUIRE(chosen->layers.size() == 2);
    BOOST_TEST(chosen->layers[0].name == "ink");
    BOOST_TEST(chosen->layers[1].name == "7-red");
    BOOST_TEST(chosen->width == 10);
    BOOST_TEST(choose_layers(three, {"2"})->layers.size() == 1);
}

BOOST_AUTO_TEST_CASE(a_layer_that_is_not_there_is_refused_with_those_that_are) {
    const auto none = choose_layers(three, {"1", "inc"});
    BOOST_REQUIRE(!none);
    BOOST_TEST(name(none.error().code) == "not_found");
    BOOST_TEST(none.error().what == "the drawing has no layer \"inc\"");
    BOOST_TEST(none.error().cause == "it has ink, 2, 7-red; is it ink?");
}

BOOST_AUTO_TEST_CASE(a_pattern_names_layers_and_the_others_stay_when_the_named_go) {
    const auto names = [](const auto& d) {
        std::string all;
        for (const layer& l : d->layers) all += l.name + "," + std::to_string(l.number) + " ";
        return all;
    };
    BOOST_TEST(names(choose_layers(three, {"7*"})) == "7-red,7 ");
    BOOST_TEST(names(choose_layers(three, {"[i7]*", "2"})) == "ink,1 ,2 7-red,7 ");
    BOOST_TEST(names(choose_layers(three, {"?-red", "2"}, layers_named::go)) == "ink,1 ");
    BOOST_TEST(!choose_layers(three, {"8*"}, layers_named::go).has_value());
    drawing odd{.layers = {{1, "a[b]*", {{{0, 0}}}}}};
    BOOST_TEST(choose_layers(odd, {"a[b]*"})->layers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(layers_are_chosen_by_colour_and_one_that_is_not_there_is_refused_with_those_that_are) {
    drawing d = three;
    d.layers[0].colour = "#000000";
    d.layers[2].colour = "#ff0000";
    BOOST_TEST(choose_colours(d, {"#ff0000"})->layers.at(0).name == "7-red");
    BOOST_TEST(choose_colours(d, {"#ff0000"})->layers.size() == 1u);
    BOOST_TEST(choose_colours(d, {"#ff0000"}, layers_named::go)->layers.size() == 2u);
    BOOST_TEST(choose_colours(d, {"#00ff00"}).error().cause == "there are #000000, #ff0000");
    BOOST_TEST(choose_colours(three, {"#00ff00"}).error().cause == "of no layer is the colour known");
}

} // namespace layer_choice_test
