// SPDX-License-Identifier: MIT
/// The figures are those of tests/transcripts/klippy/velocity_at_rest.jsonl.
#include <kf/sim/klippy_process.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

#include <string>

namespace velocity_at_rest_test {

using namespace kf;

BOOST_AUTO_TEST_SUITE(velocity_at_rest)

BOOST_AUTO_TEST_CASE(keeps_the_residue_that_klipper_leaves) {
    namespace json = boost::json;
    sim::klippy_process k(sim::printer_config{});
    k.start(0);
    k.run_until(5);
    const int c = *k.connect();
    const auto ask = [&](const char* method, json::object params) {
        k.receive(c, json::serialize(json::object{{"id", 1}, {"method", method}, {"params", params}}) + '\x03');
        std::string out;
        while (out.find('\x03') == std::string::npos) {
            BOOST_REQUIRE(k.next() < k.now() + 60);
            k.run_until(k.next());
            out += k.take_output(c);
        }
        return json::parse(out.substr(0, out.find('\x03'))).as_object();
    };
    const auto after = [&](const char* move) {
        ask("gcode/script", {{"script", fmt::format("{}\nM400", move)}});
        k.run_until(k.now() + 1);
        const auto answer = ask("objects/query", {{"objects", json::object{{"motion_report", nullptr}}}});
        return answer.at("result").at("status").at("motion_report").at("live_velocity").to_number<double>();
    };
    ask("gcode/script", {{"script", "G28\nG1 X10 Y10 Z5 F6000\nM400"}});
    BOOST_TEST(after("G1 Z20 F2700") == 7.105427357601002e-15);
    BOOST_TEST(after("G1 Z5 F2700") == 7.105427357601002e-15);
    BOOST_TEST(after("G1 Z20 F420") == 8.881784197001252e-16);
    BOOST_TEST(after("G1 Z5 F1350") == 3.552713678800501e-15);
    BOOST_TEST(after("G1 Z20 F1860") == 7.105427357601002e-15);
    BOOST_TEST(after("G1 Z5 F1200") == 0.0);
    BOOST_TEST(after("G1 X70 Y30 F4500") == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace velocity_at_rest_test
