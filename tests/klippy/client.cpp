// SPDX-License-Identifier: MIT
#include "wire.hpp"

#include <kf/klippy/client.hpp>
#include <kf/klippy/estop_line.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace client_test {

using namespace kf;
using namespace kf::klippy;
using namespace kf::test;

using test_client = client<wire, manual_clock>;

struct connection {
    manual_clock clock;
    std::shared_ptr<peer> klippy = std::make_shared<peer>(peer{clock});
    test_client k{wire(klippy), clock};
    [[nodiscard]] io::time_point in(io::duration d) const { return clock.now() + d; }
};

struct replayed {
    manual_clock clock;
    std::shared_ptr<peer> klippy;
    test_client k;
    explicit replayed(const std::string& name, const std::string& connection = "")
      : klippy(replay(name, connection, clock))
      , k(wire(klippy), clock) {}
    [[nodiscard]] io::time_point in(io::duration d) const { return clock.now() + d; }
};

const std::string shutdown_text = "Shutdown due to webhooks request\nOnce the underlying issue is corrected, use the\n"
                                  "\"FIRMWARE_RESTART\" command to reset the firmware, reload the\nconfig, and restart "
                                  "the host software.\nPrinter is shutdown\n";

/// The subscriptions with which most recordings begin.
void begin_as_recorded(replayed& r, test_client::status_handler on_status = nullptr,
                       test_client::output_handler on_output = nullptr) {
    BOOST_REQUIRE(r.k.subscribe_output(std::move(on_output), r.in(5s)));
    BOOST_REQUIRE(r.k.subscribe({{"webhooks", nullptr},
                                 {"toolhead", json::array{"homed_axes", "position"}},
                                 {"idle_timeout", json::array{"state"}},
                                 {"print_stats", json::array{"state", "message"}}},
                                std::move(on_status), r.in(5s)));
}

BOOST_AUTO_TEST_SUITE(client_)

BOOST_AUTO_TEST_CASE(matches_answers_that_come_out_of_order) {
    connection l;
    const auto script = l.k.send_script("G1 X10", barrier::processed, l.in(60s));
    const auto info = l.k.send("info", {}, l.in(5s));
    BOOST_REQUIRE(script && info);
    BOOST_TEST(l.klippy->written == "{\"id\":1,\"method\":\"gcode/script\",\"params\":{\"script\":\"G1 X10\"}}\x03"
                                    "{\"id\":2,\"method\":\"info\"}\x03");
    l.klippy->say("{\"id\":2,\"result\":{\"state\":\"ready\"}}\x03", 1ms);
    l.klippy->say("{\"id\":1,\"result\":{}}\x03", 1300ms);
    BOOST_TEST(!l.k.take(*script).has_value());
    const auto second = l.k.wait(*info);
    BOOST_REQUIRE(second);
    BOOST_TEST(second->at("state").as_string() == "ready");
    BOOST_TEST(l.clock.t() < 0.01);
    BOOST_TEST(l.k.wait(*script).has_value());
    BOOST_TEST(l.clock.t() == 1.3);
    BOOST_TEST(l.k.in_flight() == 0U);
}

BOOST_AUTO_TEST_CASE(each_request_has_its_own_deadline) {
    connection l;
    const auto slow = l.k.send("gcode/script", {{"script", "G1 X1"}}, l.in(20s));
    const auto dropped = l.k.send("info", {}, l.in(2s));
    BOOST_REQUIRE(slow && dropped);
    l.klippy->say("{\"id\":1,\"result\":{}}\x03", 10s);
    const auto none = l.k.wait(*dropped);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == errc::timeout));
    BOOST_TEST(none.error().command == "info");
    BOOST_TEST(l.clock.t() == 2.0);
    BOOST_TEST(l.k.wait(*slow).has_value());
}

BOOST_AUTO_TEST_CASE(drops_an_answer_that_comes_too_late) {
    connection l;
    l.klippy->on_request = [](peer& p, const auto& request) {
        p.answer(request, request.at("id") == 1 ? "{\"late\":1}" : "{\"fresh\":1}", request.at("id") == 1 ? 3s : 4s);
    };
    BOOST_TEST((l.k.call("a", {}, l.in(2s)).error().code == errc::timeout));
    const auto second = l.k.call("b", {}, l.in(5s));
    BOOST_REQUIRE(second);
    BOOST_TEST(json::serialize(*second) == "{\"fresh\":1}");
}

BOOST_AUTO_TEST_CASE(an_answer_that_lay_there_before_the_deadline_counts) {
    connection l;
    const auto id = l.k.send("info", {}, l.in(1s));
    l.klippy->say("{\"id\":1,\"result\":{}}\x03", 10ms);
    l.clock.sleep_until(l.in(30s)); // the owner was busy elsewhere
    BOOST_TEST(l.k.wait(*id).has_value());
}

BOOST_AUTO_TEST_CASE(a_flood_of_news_does_not_hide_a_deadline) {
    connection l;
    std::size_t seen = 0;
    l.k.on_push([&](const push&) { ++seen; });
    for (int i = 0; i < 2000; ++i) l.klippy->say("{\"params\":{}}\x03", i * 10ms);
    const auto none = l.k.call("info", {}, l.in(2s));
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == errc::timeout));
    BOOST_TEST(l.clock.t() < 2.1);
    BOOST_TEST(seen >= 199U);
}

BOOST_AUTO_TEST_CASE(pump_reads_what_is_there_and_comes_back_in_time) {
    connection l;
    std::string heard;
    l.k.on_push([&](const push& p) { heard += p.key; });
    l.klippy->say("{\"ev\":\"a\",\"params\":{}}\x03", 100ms);
    l.klippy->say("{\"ev\":\"b\",\"params\":{}}\x03", 900ms);
    BOOST_TEST(l.k.pump(l.in(500ms)).has_value());
    BOOST_TEST(heard == "a");
    BOOST_TEST(l.clock.t() == 0.5);
    BOOST_TEST(l.k.pump(l.in(500ms)).has_value());
    BOOST_TEST(heard == "ab");
}

BOOST_AUTO_TEST_CASE(tells_which_command_a_lost_connection_hit) {
    connection l;
    l.klippy->hang_up(200ms);
    const auto lost = l.k.send_gcode("G1 X20 Y30 F3000\nG1 X0", barrier::motion_end, l.in(60s));
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == errc::connection_lost));
    BOOST_TEST(lost.error().command == "G1 X20 Y30 F3000");
    BOOST_TEST(!lost.error().cause.empty());
    BOOST_TEST(!l.k.connected());
    BOOST_TEST((l.k.call("info", {}, l.in(1s)).error().code == errc::connection_lost));
    BOOST_TEST((l.k.pump(l.in(1s)).error().code == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(an_answer_that_came_before_the_end_is_not_lost_with_it) {
    connection l;
    const auto id = l.k.send("info", {}, l.in(5s));
    l.klippy->say("{\"id\":1,\"result\":{}}\x03", 1ms);
    l.klippy->hang_up(2ms);
    l.klippy->write_fails_after = l.klippy->written.size();
    l.clock.sleep_until(l.in(10ms));
    BOOST_TEST((l.k.send("list_endpoints", {}, l.in(5s)).error().code == errc::connection_lost));
    BOOST_TEST(l.k.wait(*id).has_value());
}

BOOST_AUTO_TEST_CASE(a_request_cut_off_at_any_byte_ends_the_connection) {
    // "{"id":1,...}": whatever came next would be glued to the half that is out.
    for (std::size_t n = 0; n < 24; ++n) {
        connection l;
        l.klippy->write_fails_after = n;
        const auto first = l.k.call("info", {}, l.in(5s));
        BOOST_REQUIRE(!first);
        BOOST_TEST((first.error().code == errc::connection_lost));
        l.klippy->write_fails_after.reset();
        BOOST_TEST((l.k.call("info", {}, l.in(5s)).error().code == errc::connection_lost));
        BOOST_TEST(l.klippy->written.size() == n);
    }
}

BOOST_AUTO_TEST_CASE(a_klipper_that_does_not_read_is_given_up_after_5_s) {
    connection l;
    l.klippy->write_hangs = true;
    const auto stuck = l.k.send_gcode("G1 X1", barrier::motion_end, l.in(600s));
    BOOST_REQUIRE(!stuck);
    BOOST_TEST((stuck.error().code == errc::connection_lost));
    BOOST_TEST(l.clock.t() == 5.0);
}

BOOST_AUTO_TEST_CASE(an_answer_to_nothing_we_asked_ends_the_connection) {
    connection l;
    l.klippy->say("{\"id\":77,\"result\":{}}\x03", 1ms);
    const auto wrong = l.k.call("info", {}, l.in(5s));
    BOOST_REQUIRE(!wrong);
    BOOST_TEST((wrong.error().code == errc::protocol));
    BOOST_TEST(!l.k.connected());
}

BOOST_AUTO_TEST_CASE(malformed_bytes_end_the_connection_as_a_protocol_error) {
    connection l;
    l.klippy->say("HTTP/1.1 400 Bad Request\r\n\x03", 1ms);
    BOOST_TEST((l.k.call("info", {}, l.in(5s)).error().code == errc::protocol));
    BOOST_TEST(!l.k.connected());
}

BOOST_AUTO_TEST_CASE(a_second_subscription_replaces_the_first_exactly_at_its_answer) {
    connection l;
    std::string first, second;
    const auto into = [](std::string& out) {
        return [&out](const json::object& status, seconds) { out += json::serialize(status); };
    };
    l.klippy->on_request = [](peer& p, const auto& request) {
        if (request.at("id") == 2) p.say("{\"params\":{\"eventtime\":2,\"status\":{\"old\":1}}}\x03");
        p.answer(request, "{\"eventtime\":1,\"status\":{\"all\":1}}", 1ms);
        p.say("{\"params\":{\"eventtime\":3,\"status\":{\"new\":1}}}\x03", 2ms);
    };
    BOOST_REQUIRE(l.k.subscribe({{"toolhead", nullptr}}, into(first), l.in(1s)));
    BOOST_TEST(first == "{\"all\":1}");
    BOOST_REQUIRE(l.k.pump(l.in(10ms)));
    BOOST_REQUIRE(l.k.subscribe({{"webhooks", json::array{"state"}}}, into(second), l.in(1s)));
    BOOST_REQUIRE(l.k.pump(l.in(10ms)));
    BOOST_TEST(first == "{\"all\":1}{\"new\":1}{\"old\":1}");
    BOOST_TEST(second == "{\"all\":1}{\"new\":1}");
    BOOST_TEST(l.klippy->written.ends_with(
        "{\"id\":2,\"method\":\"objects/subscribe\",\"params\":{\"objects\":{\"webhooks\":[\"state\"]},"
        "\"response_template\":{\"kf\":\"status\"}}}\x03"));
    BOOST_REQUIRE(l.k.unsubscribe(l.in(1s)));
    BOOST_REQUIRE(l.k.pump(l.in(10ms)));
    BOOST_TEST(second == "{\"all\":1}{\"new\":1}");
    BOOST_TEST(
        l.klippy->written.ends_with("\"params\":{\"objects\":{},\"response_template\":{\"kf\":\"status\"}}}\x03"));
}

BOOST_AUTO_TEST_CASE(a_refused_subscription_leaves_the_old_one) {
    connection l;
    int calls = 0;
    l.klippy->on_request = [](peer& p, const auto& request) {
        if (request.at("id") == 1)
            p.answer(request, "{\"eventtime\":1,\"status\":{}}");
        else
            p.refuse(request, "Invalid argument");
    };
    BOOST_REQUIRE(l.k.subscribe({{"toolhead", nullptr}}, [&](const auto&, seconds) { ++calls; }, l.in(1s)));
    BOOST_TEST((l.k.subscribe({{"toolhead", 5}}, nullptr, l.in(1s)).error().code == errc::failed));
    l.klippy->say("{\"params\":{\"eventtime\":2,\"status\":{}}}\x03");
    BOOST_REQUIRE(l.k.pump(l.in(10ms)));
    BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(a_handler_may_send) {
    connection l;
    l.k.on_push([&](const push&) { BOOST_TEST(l.k.send("info", {}, l.in(1s)).has_value()); });
    l.klippy->say("{\"params\":{}}\x03");
    BOOST_REQUIRE(l.k.pump(l.in(1ms)));
    BOOST_TEST(l.klippy->written == "{\"id\":1,\"method\":\"info\"}\x03");
}

BOOST_AUTO_TEST_CASE(a_wait_for_motion_ends_in_a_command_that_fails_after_a_stop) {
    connection l;
    l.klippy->on_request = [](peer& p, const auto& request) { p.answer(request, "{}"); };
    BOOST_REQUIRE(l.k.send_gcode("G1 X10 F600\n", barrier::motion_end, l.in(5s)));
    BOOST_REQUIRE(l.k.send_gcode("", barrier::motion_end, l.in(5s)));
    BOOST_TEST(l.klippy->written ==
               "{\"id\":1,\"method\":\"gcode/script\",\"params\":{\"script\":\"G1 X10 "
               "F600\\nM400\\nG90\"}}\x03"
               "{\"id\":2,\"method\":\"gcode/script\",\"params\":{\"script\":\"M400\\nG90\"}}\x03");
}

BOOST_AUTO_TEST_CASE(row_b_a_stop_during_motion_is_an_error_and_not_a_success) {
    replayed r("sentinel_after_m400_on_estop.jsonl");
    std::string shown;
    begin_as_recorded(r, nullptr, [&](std::string_view text) { shown += text; });
    const auto homed = r.k.send_script("G28\nG1 X10 Y10 Z5 F6000\nM400", barrier::processed, r.in(20s));
    BOOST_REQUIRE(homed);
    BOOST_REQUIRE(r.k.wait(*homed));
    const auto moved = r.k.send_gcode("G1 X200 F3000", barrier::motion_end, r.in(20s));
    BOOST_REQUIRE(!moved);
    BOOST_TEST((moved.error().code == errc::connection_lost));
    BOOST_TEST(moved.error().what == "Klipper has stopped the printer: Shutdown due to webhooks request");
    BOOST_TEST(moved.error().command == "G1 X200 F3000");
    BOOST_TEST(shown.find("// Klipper state: Shutdown") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_recorded_klippy_calls_a_stopped_M400_a_success) {
    // Why the barrier has a command after M400: this is what a plain M400 gets.
    replayed r("false_success_on_estop.jsonl");
    begin_as_recorded(r);
    BOOST_REQUIRE(r.k.send_gcode("G28\nG1 X10 Y10 Z5 F6000\nM400", barrier::processed, r.in(20s)));
    BOOST_TEST(r.k.send_gcode("G1 X200 F3000\nM400", barrier::processed, r.in(20s)).has_value());
    BOOST_TEST((r.k.pump(r.in(2s)).error().code == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(scripts_of_two_clients_are_answered_as_klippy_runs_them) {
    replayed a("concurrency.jsonl", "A");
    BOOST_REQUIRE(a.k.send_gcode("G1 X10 Y10 F6000\nM400", barrier::processed, a.in(20s)));
    const auto one = a.k.send_script("G1 X60 F3000\nM400\nM117 one", barrier::processed, a.in(20s));
    const auto two = a.k.send_script("G1 X10 F3000\nM400\nM117 two", barrier::processed, a.in(20s));
    BOOST_REQUIRE(one && two);
    BOOST_TEST(a.k.wait(*two).has_value());
    BOOST_TEST(a.k.take(*one).has_value());
    const auto out = a.k.send_script("G1 X999", barrier::processed, a.in(20s));
    const auto after = a.k.send_script("M117 after error", barrier::processed, a.in(20s));
    const auto refused = a.k.wait(*out);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::failed));
    BOOST_TEST(refused.error().what == "Klipper refused: Move out of range: 999.000 10.000 0.000 [0.000]");
    BOOST_TEST(refused.error().command == "G1 X999");
    BOOST_TEST(a.k.wait(*after).has_value()); // an error in one does not touch the next
}

BOOST_AUTO_TEST_CASE(each_kind_of_error_text_has_its_errc) {
    const struct {
        std::string text;
        errc code;
        std::string what;
    } cases[] = {
        {shutdown_text, errc::connection_lost, "Klipper has stopped the printer: Shutdown due to webhooks request"},
        {"Lost communication with MCU 'mcu'\nOnce the underlying issue is corrected, use the\n...\nPrinter is "
         "shutdown\n",
         errc::connection_lost, "Klipper has stopped the printer: Lost communication with MCU 'mcu'"},
        {"Unable to parse option 'max_velocity' in section 'printer'\n\nOnce the underlying issue is corrected, use "
         "the "
         "\"RESTART\"\ncommand to reload the config and restart the host software.\nPrinter is halted\n",
         errc::connection_lost,
         "Klipper has stopped the printer: Unable to parse option 'max_velocity' in section 'printer'"},
        {"mcu 'mcu': Unable to connect\nOnce the underlying issue is corrected, use the\n...\nError configuring "
         "printer\n",
         errc::connection_lost, "Klipper has stopped the printer: mcu 'mcu': Unable to connect"},
        {"\nPrinter is not ready\nThe klippy host software is attempting to connect.  Please\nretry in a few "
         "moments.\n",
         errc::not_connected, "Klipper is still starting"},
        {"SD busy", errc::busy, "Klipper is busy with another file"},
        {"Unable to open file", errc::not_found, "Klipper cannot open that file"},
        {"webhooks: No registered callback for path 'pause_resume/pause'", errc::not_found,
         "Klipper refused: webhooks: No registered callback for path 'pause_resume/pause'"},
        {"Must home axis first: 10.000 0.000 0.000 [0.000]", errc::failed,
         "Klipper refused: Must home axis first: 10.000 0.000 0.000 [0.000]"},
        {"No trigger on stepper_x after full movement", errc::failed,
         "Klipper refused: No trigger on stepper_x after full movement"},
        {"", errc::failed, "Klipper refused: no reason given"},
    };
    for (const auto& c : cases) {
        connection l;
        l.klippy->on_request = [&](peer& p, const auto& request) { p.refuse(request, c.text); };
        const auto refused = l.k.send_gcode("G28", barrier::processed, l.in(5s));
        BOOST_REQUIRE(!refused);
        BOOST_TEST((refused.error().code == c.code), c.text);
        BOOST_TEST(refused.error().what == c.what);
        for (const auto& line : refused.error().steps) BOOST_TEST(line.size() <= 80U);
        BOOST_TEST(l.k.connected());
    }
    BOOST_TEST(api_error(cases[2].text, "G28").steps[2] == "Send RESTART.");
    BOOST_TEST(api_error(cases[0].text, "G28").steps[2] == "Send FIRMWARE_RESTART.");
}

BOOST_AUTO_TEST_CASE(never_sends_what_shuts_the_printer_down_or_stops_too_late) {
    for (const char* script :
         {"SDCARD_PRINT_FILE FILENAME=\"\"", "SDCARD_PRINT_FILE FILENAME=''",
          "SDCARD_PRINT_FILE FILENAME=", "G90\nsdcard_print_file filename=  \nG91",
          "N10 SDCARD_PRINT_FILE FILENAME=\"\"", "M112", "G1 X1\n m112 ; stop", "SDCARD_PRINT_FILE FILENAME= ; x"}) {
        connection l;
        const auto refused = l.k.send_gcode(script, barrier::processed, l.in(5s));
        BOOST_REQUIRE_MESSAGE(!refused, script);
        BOOST_TEST((refused.error().code == errc::usage));
        BOOST_TEST(l.klippy->written.empty());
    }
    BOOST_TEST((check_script(std::string_view("G1\0X1", 5)).error().code == errc::usage));
    for (const char* script :
         {"", "G1 X1", "SDCARD_PRINT_FILE FILENAME=\"a.gcode\"", "SDCARD_PRINT_FILE FILENAME=a.gcode",
          "SDCARD_PRINT_FILE", "M1120", "M117 M112", "N10 G1 X1", "N"})
        BOOST_TEST(check_script(script).has_value(), script);
    connection l;
    BOOST_TEST((l.k.send_gcode(std::string(1'000'000, ';'), barrier::processed, l.in(5s)).error().code == errc::usage));
    BOOST_TEST(l.k.connected());
}

BOOST_AUTO_TEST_CASE(p7_a_motion_of_two_minutes_is_waited_for) {
    connection l;
    l.klippy->on_request = [](peer& p, const auto& request) { p.answer(request, "{}", 120s); };
    BOOST_TEST(l.k.send_gcode("G1 X10 F10", barrier::motion_end, l.in(motion_allowance(120))).has_value());
    BOOST_TEST(l.clock.t() == 120.0);
    BOOST_TEST((motion_allowance(120) == 190s));
}

BOOST_AUTO_TEST_CASE(p2_row_b_the_emergency_stop_waits_for_nobody) {
    connection l;
    auto second = std::make_shared<peer>(peer{l.clock});
    second->on_request = [](peer& p, const auto& request) { p.answer(request, "{}", 2ms); };
    estop_line<wire> stop{wire(second)};
    BOOST_TEST(stop.alive(l.clock.now()));

    // The client is deep in a wait for 60 s of motion when somebody presses; a second script is queued behind it.
    double pressed_at = -1;
    l.k.on_push([&](const push&) {
        BOOST_TEST(l.k.in_flight() == 2U);
        BOOST_REQUIRE(stop.press(l.in(1s)));
        pressed_at = l.clock.t();
        l.klippy->say("{\"id\":1,\"error\":{\"error\":\"WebRequestError\",\"message\":" +
                          json::serialize(json::string(shutdown_text)) + "}}\x03",
                      3ms);
    });
    l.klippy->say("{\"params\":{}}\x03", 1s);
    const auto stroke = l.k.send_script("G1 X200 F200", barrier::motion_end, l.in(100s));
    BOOST_REQUIRE(l.k.send_script("G1 X0", barrier::motion_end, l.in(100s)));
    const auto ended = l.k.wait(*stroke);
    BOOST_REQUIRE(!ended);
    BOOST_TEST((ended.error().code == errc::connection_lost));
    BOOST_TEST(pressed_at == 1.0);
    BOOST_TEST(l.clock.t() < 1.01);
    BOOST_TEST(second->written == "{\"id\":1,\"method\":\"emergency_stop\"}\x03");
    BOOST_TEST(stop.confirm(l.in(1s)).has_value());
}

BOOST_AUTO_TEST_CASE(an_emergency_stop_that_cannot_get_out_says_what_to_do) {
    manual_clock clock;
    auto gone = std::make_shared<peer>(peer{clock});
    gone->hang_up();
    estop_line<wire> stop{wire(gone)};
    BOOST_TEST(!stop.alive(clock.now()));
    const auto pressed = stop.press(clock.now() + 1s);
    BOOST_REQUIRE(!pressed);
    BOOST_TEST((pressed.error().code == errc::connection_lost));
    BOOST_TEST(pressed.error().steps.size() == 1U);
}

BOOST_AUTO_TEST_CASE(row_b_reads_info_and_objects_of_a_recorded_klippy) {
    replayed r("basic.jsonl");
    BOOST_TEST(
        r.k.call("info", {{"client_info", json::object{{"name", "probe"}, {"version", "1"}}}}, r.in(5s)).has_value());
    BOOST_TEST(r.k.call("list_endpoints", {}, r.in(5s)).has_value());
    const auto objects = r.k.list_objects(r.in(5s));
    BOOST_REQUIRE(objects);
    BOOST_TEST(objects->size() == 17U);
    BOOST_TEST(objects->at(11) == "stepper_enable");

    connection l;
    l.klippy->on_request = [](peer& p, const auto& request) {
        p.answer(request, "{\"state\":\"startup\",\"state_message\":\"\\nPrinter is not ready\\nThe klippy host\","
                          "\"process_id\":23160,\"software_version\":\"v0.13.0-730\",\"config_file\":\"/p.cfg\"}");
    };
    const auto info = l.k.info(l.in(1s));
    BOOST_REQUIRE(info);
    BOOST_TEST((info->state == printer_state::startup));
    BOOST_TEST(first_line(info->message) == "Printer is not ready");
    BOOST_TEST(info->process_id == 23160);
    BOOST_TEST(info->software_version == "v0.13.0-730");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace client_test
