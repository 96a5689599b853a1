// SPDX-License-Identifier: MIT
#include <kf/sim/macro_text.hpp>

#include <boost/test/unit_test.hpp>

namespace json = boost::json;
using kf::sim::macro_text;

namespace {

std::string expanded(std::string_view text) {
    const macro_text::lookup own = [](const std::string& name) -> json::value {
        if (name == "pause") return 1.0;
        if (name == "word") return "up";
        return {};
    };
    const macro_text::lookup printer = [](const std::string& name) -> json::value {
        if (name == "toolhead")
            return json::object{{"homed_axes", "xy"}, {"position", json::array{1.0, 2.5, 20.0, 0.0}}};
        if (name == "pause_resume") return json::object{{"is_paused", false}};
        if (name == "gcode_macro A") return json::object{{"y", 7}};
        return {};
    };
    const auto out = macro_text::expand(text, own, printer);
    return out ? *out : "! " + out.error();
}

} // namespace

BOOST_AUTO_TEST_SUITE(macro_texts)

BOOST_AUTO_TEST_CASE(numbers_texts_and_objects_are_put_in) {
    BOOST_TEST(expanded("G1 Z{10 - printer.toolhead.position.z + 5.25} F600") == "G1 Z-4.75 F600");
    BOOST_TEST(expanded("{(1.00004)|round(4)} {7 / 2} {2 + 3 * 4} {-(2)}") == "1 3.5 14 -2");
    BOOST_TEST(expanded("M117 {word} {printer['gcode_macro A'].y}") == "M117 up 7");
    BOOST_TEST(expanded("{% set z = 3 %}G1 Z{z * 2}") == "G1 Z6");
    BOOST_TEST(expanded("{printer.none.x|default(4)}") == "4");
}

BOOST_AUTO_TEST_CASE(only_the_branch_that_is_true_is_there) {
    BOOST_TEST(expanded("{% if pause %}a{% else %}b{% endif %}") == "a");
    BOOST_TEST(expanded("{% if not printer.pause_resume.is_paused %}a{% endif %}") == "a");
    BOOST_TEST(expanded("{% if 'z' in printer.toolhead.homed_axes %}a{% elif 'x' in printer.toolhead.homed_axes %}b"
                        "{% else %}c{% endif %}") == "b");
    BOOST_TEST(expanded("{% if pause == 2 or word == 'up' and pause > 0 %}a{% endif %}") == "a");
    BOOST_TEST(expanded("{% if none %}{% if pause %}a{% endif %}b{% endif %}c") == "c");
}

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_named) {
    BOOST_TEST(expanded("{% for i in x %}") == "! for i in x");
    BOOST_TEST(expanded("{params.X}") == "! params.X");
    BOOST_TEST(expanded("{range(3)}") == "! range(3)");
    BOOST_TEST(expanded("{% if pause %}") == "! an if without its endif");
    BOOST_TEST(macro_text::check("{% if 0 %}{% for i in x %}{% endif %}").error() == "for i in x");
    BOOST_TEST(macro_text::check("{% if 0 %}{1 +}{% endif %}").has_value() == false);
    BOOST_TEST(macro_text::check("{% if 0 %}{% else %}G1 Z{printer.toolhead.position.z}{% endif %}").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
