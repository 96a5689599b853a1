// SPDX-License-Identifier: MIT
// How klippys are asked about the firmware of the boards: each once, and Moonraker where none answers.
#include "../host/fake_klippy.hpp"
#include "../host/fake_proc.hpp"
#include "../host/scripted_runner.hpp"

#include <kf/flash/need_survey.hpp>

#include <boost/test/unit_test.hpp>

namespace need_survey_test {

using namespace kf;

constexpr auto pico = "usb-Klipper_rp2040_E66-if00";

/// A host with one klippy, process 812, and a board that it knows.
struct host_with_board {
    test::fake_proc proc;
    test::temporary_folder folder;
    std::string socket = folder / "klippy.sock";
    test::scripted_runner runner;
    flash::place at;
    board::registry registry;

    host_with_board() {
        proc.add(812, {"python3", "/k/klippy.py", "p.cfg", "-a", socket}, "0::/system.slice/klipper.service\n");
        std::filesystem::create_directories(folder / "by-id");
        at.proc = proc.root();
        at.home = folder.path();
        at.devices.by_id = folder / "by-id";
        at.devices.sysfs = folder / "sys";
        registry.boards = {{.key = "pico", .name = "Pico", .mcu = "rp2040", .serial_pattern = pico}};
    }
    [[nodiscard]] flash::board_standing pico_now() {
        const auto seen = flash::look_at_needs(runner, at, registry, {}, {"pico"}, {});
        BOOST_REQUIRE_MESSAGE(seen.has_value(), (seen ? "" : seen.error().what));
        return seen->boards.at(0);
    }
};

const std::string status_with_version = [] {
    auto text = test::idle_status;
    const std::string before = "\"configfile\":";
    return text.insert(text.find(before), R"("mcu": {"mcu_version": "v0.13.0-7-gabcdef0"}, )");
}();

BOOST_AUTO_TEST_SUITE(flash_need_survey)

BOOST_FIXTURE_TEST_CASE(each_klippy_is_asked_once, host_with_board) {
    const test::fake_klippy klippy(
        socket,
        {{{"info", test::idle_info}, {"objects/list", test::idle_list}, {"objects/query", status_with_version}}});
    BOOST_TEST(pico_now().version == "v0.13.0-7-gabcdef0");
    BOOST_TEST(klippy.connections() == 1U);
}

BOOST_FIXTURE_TEST_CASE(moonraker_is_asked_where_no_klippy_answers, host_with_board) {
    at.moonraker = [](io::duration) {
        host::printer_activity word;
        word.mcus = {{.name = "mcu", .serial = std::string("/dev/serial/by-id/") + pico, .version = "v2"}};
        return word;
    };
    BOOST_TEST(pico_now().version == "v2");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace need_survey_test
