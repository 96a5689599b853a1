// SPDX-License-Identifier: MIT
#include <kf/sim/macro_template.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace macro_template_test {

using namespace kf;
namespace json = boost::json;

std::string rendered(std::string_view text) {
    sim::template_names names;
    names.values = {{"pause", 1}, {"off", false}, {"name", "abc"}, {"params", json::object{{"X", "12.5"}}}};
    names.printer = [](const std::string& object) -> json::value {
        if (object == "toolhead")
            return json::object{{"homed_axes", "xy"}, {"axis_maximum", json::array{250.0, 350.0, 40.0, 0.0}}};
        if (object == "gcode_move")
            return json::object{{"position", json::array{1.0, 2.0, 20.0, 0.0}},
                                {"gcode_position", json::array{1.0, 2.0, 19.5, 0.0}},
                                {"absolute_coordinates", true}};
        if (object == "gcode_macro RESUME") return json::object{{"restore", 0}};
        return {};
    };
    const auto text_or_fault = sim::render(text, names);
    return text_or_fault ? *text_or_fault : "not understood: " + text_or_fault.error();
}

BOOST_AUTO_TEST_SUITE(macro_template)

// What stands on the right is what Jinja 3.1 made of the same text with the same values.
BOOST_AUTO_TEST_CASE(renders_what_macros_are_made_of) {
    BOOST_TEST(rendered("G1 Z{printer.gcode_move.position.z + 2} F{15 * 60}") == "G1 Z22.0 F900");
    BOOST_TEST(rendered("G1 Z{(10 - printer.gcode_move.position.z + printer.gcode_move.gcode_position.z)|round(4)}") ==
               "G1 Z9.5");
    BOOST_TEST(rendered("{[printer.gcode_move.position.z + 2, 0]|max} {[22, (40 - 1.5)]|min}") == "22.0 22");
    BOOST_TEST(rendered("X{printer.toolhead.axis_maximum.x - 5.0} Y{printer.toolhead.axis_maximum[1]}") ==
               "X245.0 Y350.0");
    BOOST_TEST(rendered("X{params.X} {params.X|float + 1} {params.Y|default(3)} {params.Y}.") == "X12.5 13.5 3 .");
    BOOST_TEST(rendered("{name|upper}{'d' ~ 1}{name|length} {7 / 2} {7 % 4} {- 3|abs} {(-3)|abs} {3.7|int}") ==
               "ABCd13 3.5 33 3 3");
    BOOST_TEST(rendered("{'a' if off else 'b'}{1 == 1.0}{nothing is defined}{name is not none}") == "bTrueFalseTrue");
    BOOST_TEST(rendered("{printer['gcode_macro RESUME'].restore > 0}{printer.extruder is defined}") == "FalseFalse");
}

BOOST_AUTO_TEST_CASE(keeps_the_branch_whose_condition_holds) {
    BOOST_TEST(rendered("A{% if pause %}B{% else %}C{% endif %}D") == "ABD");
    BOOST_TEST(rendered("{% if 'z' in printer.toolhead.homed_axes %}z{% elif 'x' in printer.toolhead.homed_axes %}x"
                        "{% else %}-{% endif %}") == "x");
    BOOST_TEST(rendered("{% if not printer.gcode_move.absolute_coordinates %}G91{% endif %}.") == ".");
    BOOST_TEST(rendered("{% if 'z' not in 'xy' and (off or pause) %}yes{% endif %}") == "yes");
    BOOST_TEST(rendered("{% if off %}{% if pause %}1{% else %}2{% endif %}{% endif %}3") == "3");
    BOOST_TEST(rendered("{% set dz = 2.0 %}{% if off %}{% set dz = 9 %}{% endif %}Z{dz}") == "Z2.0");
    BOOST_TEST(rendered("{# a remark #}G28") == "G28");
}

BOOST_AUTO_TEST_CASE(names_what_it_does_not_understand) {
    BOOST_TEST(rendered("G28\n{% for i in range(3) %}G1{% endfor %}") == "not understood: {% for i in range(3) %}");
    BOOST_TEST(rendered("{action_raise_error('x')}") == "not understood: {action_raise_error('x')}");
    BOOST_TEST(rendered("G1 X{1 +}") == "not understood: {1 +}");
    BOOST_TEST(rendered("G1 X{1") == "not understood: {1");
    BOOST_TEST(rendered("{% if pause %}G1") == "not understood: an if without its endif");
    BOOST_TEST(rendered("{% if (pause %}G1{% endif %}") == "not understood: {% if (pause %}");
    BOOST_TEST(rendered("{printer}") == "not understood: {printer}");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace macro_template_test
