// SPDX-License-Identifier: MIT
// What a klippy says of its micro-controllers, as literal answers.
#include "../temporary_folder.hpp"

#include <kf/host/print_guard.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace mcu_facts_test {

using namespace kf;

result<host::printer_activity> read(const std::string& status) {
    return host::read_activity([&](std::string_view method, const boost::json::object&) -> result<boost::json::value> {
        if (method == "info") return boost::json::parse(R"({"state":"ready"})");
        if (method == "objects/list") return boost::json::parse(R"({"objects":["mcu","mcu head","extruder"]})");
        return boost::json::parse(R"({"eventtime":1.5,"status":)" + status + "}");
    });
}

BOOST_AUTO_TEST_SUITE(host_mcu_facts)

BOOST_AUTO_TEST_CASE(each_controller_has_its_port_and_its_firmware) {
    const auto facts = read(R"({"configfile":{"settings":{
        "mcu":{"serial":"/dev/serial/by-id/usb-Klipper_rp2040_E66-if00"},"mcu head":{"canbus_uuid":"11aa22bb33cc"},
        "mcu_fan":{"serial":"no"}},"warnings":[]},
        "mcu":{"mcu_version":"v0.13.0-1-gaaaaaaa","mcu_build_versions":"gcc: 12","mcu_constants":{"MCU":"rp2040"}},
        "mcu head":{}})");
    BOOST_REQUIRE(facts);
    BOOST_REQUIRE_EQUAL(facts->mcus.size(), 2u);
    const auto &mcu = facts->mcus[0], &head = facts->mcus[1];
    BOOST_TEST(mcu.name == "mcu");
    BOOST_TEST(mcu.serial == "/dev/serial/by-id/usb-Klipper_rp2040_E66-if00");
    BOOST_TEST(mcu.version == "v0.13.0-1-gaaaaaaa");
    BOOST_TEST(mcu.build_versions == "gcc: 12");
    BOOST_TEST(mcu.chip == "rp2040");
    BOOST_TEST(mcu.too_old == "");
    BOOST_TEST(head.name == "head");
    BOOST_TEST(head.canbus_uuid == "11aa22bb33cc");
    BOOST_TEST(head.version == "");
}

BOOST_AUTO_TEST_CASE(klippys_warning_is_about_the_controller_that_it_names) {
    const auto facts = read(R"({"configfile":{"settings":{"mcu":{"serial":"a"},"mcu head":{"serial":"b"}},"warnings":[
        {"type":"deprecated_option","message":"x","section":"mcu","option":"y"}, 7,
        {"type":"deprecated_mcu_code","message":"MCU 'head' has deprecated code","mcu":"head","feature":"f"}]},
        "mcu":{"mcu_version":"v1"},"mcu head":{"mcu_version":"v2"}})");
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->mcus[0].too_old == "");
    BOOST_TEST(facts->mcus[1].too_old == "MCU 'head' has deprecated code");
}

BOOST_AUTO_TEST_CASE(a_controller_that_klippy_does_without_has_no_version_now) {
    const auto facts = read(R"({"configfile":{"settings":{"mcu head":{"serial":"b","is_non_critical":true}}},
        "mcu head":{"mcu_version":"v2","non_critical_disconnected":true}})");
    BOOST_REQUIRE(facts);
    BOOST_REQUIRE_EQUAL(facts->mcus.size(), 1u);
    BOOST_TEST(facts->mcus[0].absent);
    BOOST_TEST(facts->mcus[0].version == "");
}

BOOST_AUTO_TEST_CASE(what_has_another_form_says_nothing) {
    for (const char* status : {"{}", "[]", R"({"configfile":{"settings":[1]},"mcu":7})"}) {
        const auto facts = read(status);
        BOOST_REQUIRE(facts);
        BOOST_TEST(facts->mcus.empty(), status);
    }
}

BOOST_AUTO_TEST_CASE(a_port_is_known_by_where_it_leads_to_whoever_named_it) {
    const test::temporary_folder dir;
    std::ofstream(dir / "pts3") << "";
    std::filesystem::create_symlink(dir / "pts3", dir / "octopus");
    std::vector<host::mcu_facts> mcus{{.name = "mcu", .serial = (dir / "octopus").string()},
                                      {.name = "head", .serial = (dir / "gone").string()}};
    host::follow_ports(mcus);
    BOOST_TEST(mcus[0].port == std::filesystem::canonical(dir / "pts3"));
    BOOST_TEST(mcus[1].port.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace mcu_facts_test
