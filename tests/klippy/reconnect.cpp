// SPDX-License-Identifier: MIT
#include "wire.hpp"

#include <kf/klippy/reconnect.hpp>
#include <kf/klippy/session.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

namespace reconnect_test {

using namespace kf;
using namespace kf::klippy;
using namespace kf::test;

/// A Klipper with its life ahead: when it listens, what state it is in, and what a FIRMWARE_RESTART leads to. Times as
/// recorded: the connection ends 30 ms after the answer, refused for 1.0 s, ready 1.7 s after the end.
struct world {
    manual_clock clock;
    std::string state = "ready";
    std::string message = "Printer is ready";
    io::time_point listens_from = clock.now();
    io::time_point ready_from = clock.now(); // "startup" before, for `state` "ready"
    std::vector<std::string> restart_leads_to = {};
    bool restart_is_ignored = false;
    std::vector<std::shared_ptr<peer>> peers = {};
    std::vector<std::string> scripts = {};
    std::multiset<std::string> methods = {};
    int connects = 0;

    void die(io::duration back_after, io::duration ready_after) {
        for (const auto& p : peers) p->hang_up();
        peers.clear();
        listens_from = clock.now() + back_after;
        ready_from = clock.now() + ready_after;
    }
    void push_status(const std::string& status) {
        for (const auto& p : peers)
            p->say("{\"kf\":\"status\",\"params\":{\"eventtime\":9,\"status\":" + status + "}}\x03");
    }
    void stop(const std::string& why) {
        state = "shutdown";
        message = why + "\nOnce the underlying issue is corrected, use the\n...\nPrinter is shutdown\n";
        push_status("{\"webhooks\":" + webhooks() + "}");
    }
    [[nodiscard]] std::string webhooks() const {
        const bool starting = state == "ready" && clock.now() < ready_from;
        return json::serialize(json::object{{"state", starting ? "startup" : state},
                                            {"state_message", starting ? "\nPrinter is not ready\n" : message}});
    }
    [[nodiscard]] result<wire> connect(io::time_point) {
        ++connects;
        if (clock.now() < listens_from) return kf::fail(errc::not_connected, "nobody listens on /tmp/klippy_uds");
        auto p = std::make_shared<peer>(peer{clock});
        p->on_request = [this](peer& self, const json::object& request) { serve(self, request); };
        peers.push_back(p);
        return wire(p);
    }
    void serve(peer& self, const json::object& request) {
        const std::string method(request.at("method").as_string());
        methods.insert(method);
        if (method == "info")
            self.answer(request, webhooks());
        else if (method == "objects/subscribe")
            self.answer(request, "{\"eventtime\":1,\"status\":{\"webhooks\":" + webhooks() +
                                     ",\"motion_report\":{\"live_position\":[12.5,30,10,0],\"live_velocity\":0}}}");
        else if (method == "gcode/script")
            scripts.emplace_back(request.at("params").at("script").as_string()); // answered by the test, or never
        else if (method == "gcode/firmware_restart") {
            self.answer(request, "{}", 1ms);
            if (restart_is_ignored) return;
            state = restart_leads_to.empty() ? "ready" : restart_leads_to.front();
            message =
                state == "ready" ? "Printer is ready" : "Internal error during connect: no data\nPrinter is halted\n";
            if (!restart_leads_to.empty()) restart_leads_to.erase(restart_leads_to.begin());
            for (const auto& p : peers) p->hang_up(30ms);
            peers.clear();
            listens_from = clock.now() + 1030ms;
            ready_from = clock.now() + 1730ms;
        } else
            self.answer(request, "{}");
    }
};

struct connect_to {
    world* w;
    result<wire> operator()(io::time_point until) const { return w->connect(until); }
};
using test_session = session<connect_to, manual_clock>;

struct stage {
    world w;
    test_session s;
    explicit stage(reconnect_policy policy = {})
      : s(connect_to{&w}, policy, w.clock) {}
    void begin() {
        BOOST_REQUIRE(s.open(need::ready));
        BOOST_REQUIRE(s.subscribe(state_objects()));
    }
    [[nodiscard]] io::time_point in(io::duration d) const { return w.clock.now() + d; }
};

BOOST_AUTO_TEST_SUITE(reconnect)

BOOST_AUTO_TEST_CASE(opens_two_connections_before_anything_moves) {
    stage g;
    g.begin();
    BOOST_TEST(g.w.connects == 2);
    BOOST_TEST(g.s.estop().alive(g.w.clock.now()));
    BOOST_TEST(g.s.status().ready());
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 0U);
}

BOOST_AUTO_TEST_CASE(row_b_comes_back_after_the_connection_ended) {
    stage g;
    g.begin();
    g.w.die(3s, 4s);
    const auto lost = g.s.pump(g.in(1s));
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == errc::connection_lost));
    BOOST_REQUIRE(g.s.recover());
    BOOST_TEST(g.w.clock.t() >= 4.0);
    BOOST_TEST(g.w.clock.t() < 4.4);
    BOOST_TEST(g.s.generation() == 2);
    BOOST_TEST(g.s.status().ready());
    BOOST_TEST(g.s.estop().alive(g.w.clock.now()));
    BOOST_TEST(g.w.methods.count("objects/subscribe") == 2U); // renewed by itself
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 0U);
    g.w.push_status("{\"toolhead\":{\"homed_axes\":\"\"}}");
    BOOST_REQUIRE(g.s.pump(g.in(10ms)));
    BOOST_TEST((g.s.status().homed("x") == false));
}

BOOST_AUTO_TEST_CASE(p1_a_lost_connection_neither_deadlocks_nor_replays_the_script) {
    stage g;
    g.begin();
    g.w.peers[0]->hang_up(300ms);
    const auto stroke = g.s.send_gcode("G1 X200 F3000", barrier::motion_end, g.in(60s));
    BOOST_REQUIRE(!stroke);
    BOOST_TEST((stroke.error().code == errc::connection_lost));
    BOOST_TEST(stroke.error().command == "G1 X200 F3000");
    BOOST_TEST(stroke.error().cause.find("last seen at X12.50 Y30.00 Z10.00") != std::string::npos);
    g.w.die(1s, 2s);
    BOOST_REQUIRE(g.s.recover());
    BOOST_REQUIRE(g.s.pump(g.in(60s)));
    BOOST_REQUIRE(g.w.scripts.size() == 1U);
    BOOST_TEST(g.w.scripts[0] == "G1 X200 F3000\nM400\nG90");
}

BOOST_AUTO_TEST_CASE(a_shutdown_over_a_live_connection_is_a_loss_too) {
    stage g;
    g.begin();
    g.w.stop("Lost communication with MCU 'mcu'");
    const auto lost = g.s.pump(g.in(1s));
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == errc::connection_lost));
    BOOST_TEST(lost.error().what == "Klipper has stopped the printer: Lost communication with MCU 'mcu'");
    BOOST_TEST(g.s.connected());
    BOOST_REQUIRE(g.s.recover());
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 1U);
    BOOST_TEST(g.s.status().ready());
    BOOST_TEST(g.s.generation() == 2);
}

BOOST_AUTO_TEST_CASE(a_success_counts_only_while_klipper_is_not_shut_down) {
    stage g;
    g.begin();
    g.w.peers[0]->on_request = [&](peer& self, const json::object& request) {
        g.w.stop("MCU 'mcu' shutdown: Timer too close");
        self.answer(request, "{}", 0ns); // the recorded false success
    };
    const auto moved = g.s.send_gcode("G1 X10\nM400", barrier::processed, g.in(60s));
    BOOST_REQUIRE(!moved);
    BOOST_TEST((moved.error().code == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(an_error_in_a_script_is_a_loss_when_klipper_stopped_meanwhile) {
    stage g;
    g.begin();
    g.w.peers[0]->on_request = [&](peer& self, const json::object& request) {
        if (request.at("method").as_string() == "info") {
            g.w.serve(self, request);
            return;
        }
        g.w.state = "shutdown";
        g.w.message = "MCU 'mcu' shutdown: Stepper too far in past\nOnce the underlying issue is corrected, use the\n";
        self.refuse(request, "Homing failed due to printer shutdown"); // seen on real Klipper
    };
    const auto homed = g.s.home("G28", g.in(60s));
    BOOST_REQUIRE(!homed);
    BOOST_TEST((homed.error().code == errc::connection_lost));
    BOOST_TEST(homed.error().what == "Klipper has stopped the printer: MCU 'mcu' shutdown: Stepper too far in past");
    BOOST_TEST(homed.error().command == "G28");

    stage fine;
    fine.begin();
    fine.w.peers[0]->on_request = [&](peer& self, const json::object& request) {
        if (request.at("method").as_string() == "info")
            fine.w.serve(self, request);
        else
            self.refuse(request, "No trigger on stepper_x after full movement");
    };
    BOOST_TEST((fine.s.home("G28", fine.in(60s)).error().code == errc::failed));
}

BOOST_AUTO_TEST_CASE(row_b_a_restart_that_ends_in_an_error_is_tried_once_more) {
    stage g;
    g.begin();
    g.w.stop("MCU 'mcu' shutdown: Timer too close");
    g.w.restart_leads_to = {"error", "ready"};
    BOOST_TEST(!g.s.pump(g.in(1s)));
    BOOST_REQUIRE(g.s.recover());
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 2U);
}

BOOST_AUTO_TEST_CASE(a_restart_that_keeps_failing_ends_with_klippers_own_reason) {
    stage g;
    g.begin();
    g.w.stop("MCU 'mcu' shutdown: Timer too close");
    g.w.restart_leads_to = {"error", "error", "ready"};
    const auto end = g.s.recover();
    BOOST_REQUIRE(!end);
    BOOST_TEST((end.error().code == errc::failed));
    BOOST_TEST(end.error().what == "Klipper is in error: Internal error during connect: no data");
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 2U);
    BOOST_TEST(g.w.clock.t() < 10.0);
}

BOOST_AUTO_TEST_CASE(who_ends_the_way_back_ends_its_restarts) {
    for (const std::size_t sent : {0U, 1U}) {
        stage g;
        g.begin();
        g.w.stop("MCU 'mcu' shutdown: Timer too close");
        g.w.restart_leads_to = {"error", "ready"};
        const auto end = g.s.recover([&]() -> result<void> {
            if (g.w.methods.count("gcode/firmware_restart") < sent) return {};
            return kf::fail(errc::interrupted, "the emergency stop was pressed");
        });
        BOOST_REQUIRE(!end);
        BOOST_TEST(end.error().what == "the emergency stop was pressed");
        g.w.clock.sleep_until(g.in(60s));
        BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == sent);
        BOOST_TEST(g.s.recover().has_value()); // by a new word
    }
}

BOOST_AUTO_TEST_CASE(a_restart_that_klipper_ignores_does_not_hang) {
    stage g;
    g.begin();
    g.w.stop("MCU 'mcu' shutdown: Timer too close");
    g.w.restart_is_ignored = true;
    BOOST_TEST((g.s.recover().error().code == errc::failed));
    BOOST_TEST(g.w.clock.t() < 15.0);
}

BOOST_AUTO_TEST_CASE(row_b_without_auto_reconnect_nothing_is_restarted) {
    stage g(reconnect_policy{.auto_reconnect = false});
    g.begin();
    g.w.stop("Shutdown due to webhooks request");
    const auto refused = g.s.recover();
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::refused));
    BOOST_TEST(refused.error().what == "Klipper is in shutdown: Shutdown due to webhooks request");
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 0U);
    BOOST_TEST(g.w.clock.t() < 1.0);
}

BOOST_AUTO_TEST_CASE(row_b_the_connect_budget_is_attempts_times_interval) {
    stage g(reconnect_policy{.attempts = 5, .interval = 2.0});
    g.begin();
    g.w.die(1h, 1h);
    const auto gone = g.s.recover();
    BOOST_REQUIRE(!gone);
    BOOST_TEST((gone.error().code == errc::connection_lost));
    BOOST_TEST(gone.error().what == "Klipper did not come back within 10 s");
    BOOST_TEST(g.w.clock.t() >= 10.0);
    BOOST_TEST(g.w.clock.t() < 10.3);
    BOOST_TEST(!g.s.connected());
    BOOST_TEST((g.s.pump(g.in(1s)).error().code == errc::connection_lost));
    BOOST_TEST((g.s.send_gcode("G1 X1", barrier::processed, g.in(1s)).error().code == errc::connection_lost));
    g.w.listens_from = g.w.ready_from = g.w.clock.now(); // and a later try may still succeed
    BOOST_TEST(g.s.recover().has_value());
}

BOOST_AUTO_TEST_CASE(a_start_has_a_budget_of_its_own) {
    for (const auto mcu_back : {60s, 94s}) {
        stage g(reconnect_policy{.attempts = 1, .interval = 2.0});
        g.begin();
        g.w.die(1s, 1s + mcu_back);
        BOOST_TEST(!g.s.pump(g.in(1ms)));
        BOOST_REQUIRE(g.s.recover());
        BOOST_TEST(g.w.clock.t() < 1.0 + std::chrono::duration<double>(mcu_back).count() + 0.5);
    }
}

BOOST_AUTO_TEST_CASE(a_start_that_never_ends_is_given_up_and_never_restarted) {
    stage g;
    g.begin();
    g.w.die(1s, 1h);
    BOOST_TEST(!g.s.pump(g.in(1ms)));
    const auto stuck = g.s.recover();
    BOOST_REQUIRE(!stuck);
    BOOST_TEST((stuck.error().code == errc::not_connected));
    BOOST_TEST(g.w.clock.t() > 95.0);
    BOOST_TEST(g.w.clock.t() < 98.0);
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 0U);
}

BOOST_AUTO_TEST_CASE(a_klipper_that_keeps_dying_while_it_starts_comes_to_an_end) {
    stage g;
    g.begin();
    g.w.die(0s, 1h);
    for (auto& p : g.w.peers) p->hang_up();
    // Every new connection dies 50 ms after it was made.
    struct dying {
        world* w;
        result<wire> operator()(io::time_point until) const {
            auto made = w->connect(until);
            if (made) w->peers.back()->hang_up(50ms);
            return made;
        }
    };
    session<dying, manual_clock> s(dying{&g.w}, {}, g.w.clock);
    BOOST_TEST(!s.recover().has_value());
    BOOST_TEST(g.w.clock.t() < 120.0);
}

BOOST_AUTO_TEST_CASE(opening_never_restarts_and_looking_needs_no_ready_printer) {
    stage g;
    g.w.stop("Shutdown due to webhooks request");
    const auto refused = g.s.open(need::ready);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::refused));
    BOOST_TEST(refused.error().cause == ""); // nothing of auto_reconnect, which is on
    BOOST_REQUIRE(g.s.open(need::contact));
    BOOST_TEST((g.s.status().webhooks.state == printer_state::shutdown));
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 0U);
}

BOOST_AUTO_TEST_CASE(reattaching_finds_klipper_again_and_restarts_nothing) {
    stage g;
    g.begin();
    g.w.peers[0]->hang_up(1ms);
    BOOST_TEST(!g.s.pump(g.in(1s)).has_value());
    BOOST_REQUIRE(g.s.reattach());
    BOOST_TEST(g.s.connected());
    BOOST_TEST(g.s.generation() == 2);
    g.w.stop("Shutdown due to webhooks request");
    const auto refused = g.s.reattach();
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::refused));
    BOOST_TEST(g.w.methods.count("gcode/firmware_restart") == 0U);
    BOOST_TEST(g.w.scripts.empty());
}

BOOST_AUTO_TEST_CASE(opening_waits_for_a_start_but_not_for_a_missing_klipper) {
    stage g;
    g.w.ready_from = g.in(3s);
    BOOST_REQUIRE(g.s.open(need::ready));
    BOOST_TEST(g.w.clock.t() >= 3.0);
    BOOST_TEST(g.w.clock.t() < 3.5);
    stage none;
    none.w.listens_from = none.in(1h);
    BOOST_TEST((none.s.open(need::ready).error().code == errc::not_connected));
    BOOST_TEST(none.w.clock.t() < 0.1);
}

BOOST_AUTO_TEST_CASE(homing_is_believed_from_its_answer_on) {
    stage g;
    g.begin();
    bool known_meanwhile = true;
    g.w.peers[0]->on_request = [&](peer& self, const json::object& request) {
        BOOST_TEST(request.at("params").at("script").as_string() == "G28 X Y\nM400\nG90");
        g.w.push_status("{\"toolhead\":{\"homed_axes\":\"xy\"}}");
        self.say("{\"other\":\"x\",\"params\":{}}\x03", 1s);
        self.answer(request, "{}", 4s);
    };
    g.s.link().on_push([&](const push&) { known_meanwhile = g.s.status().homed("xy").has_value(); });
    BOOST_REQUIRE(g.s.home("G28 X Y", g.in(60s)));
    BOOST_TEST(!known_meanwhile);
    BOOST_TEST((g.s.status().homed("xy") == true));
}

BOOST_AUTO_TEST_CASE(a_person_can_end_the_wait) {
    stage g;
    g.begin();
    g.w.die(1h, 1h);
    io::interrupt::remember(SIGINT);
    const auto ended = g.s.recover();
    io::interrupt::clear();
    BOOST_REQUIRE(!ended);
    BOOST_TEST((ended.error().code == errc::interrupted));
}

BOOST_AUTO_TEST_CASE(a_status_that_cannot_be_read_is_told) {
    stage g;
    g.begin();
    g.w.push_status("{\"toolhead\":{\"position\":\"here\"}}");
    const auto told = g.s.pump(g.in(1ms));
    BOOST_REQUIRE(!told);
    BOOST_TEST((told.error().code == errc::protocol));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_connection_at_any_request_of_a_recovery_is_survived) {
    // The Nth request after the loss is answered by the end of the connection instead.
    for (int nth = 0; nth < 7; ++nth) {
        stage g;
        int seen = -1000; // counted from the loss on
        struct failing {
            world* w;
            int* count;
            int at;
            result<wire> operator()(io::time_point until) const {
                auto made = w->connect(until);
                if (!made) return made;
                auto& serve = w->peers.back()->on_request;
                serve = [inner = serve, count_ = count, at_ = at](peer& self, const json::object& request) {
                    if ((*count_)++ == at_)
                        self.hang_up();
                    else
                        inner(self, request);
                };
                return made;
            }
        };
        session<failing, manual_clock> s(failing{&g.w, &seen, nth}, {}, g.w.clock);
        BOOST_REQUIRE(s.open(need::ready));
        BOOST_REQUIRE(s.subscribe(state_objects()));
        g.w.stop("MCU 'mcu' shutdown: Timer too close");
        seen = 0;
        const auto back = s.recover();
        BOOST_TEST(back.has_value(), "request " << nth);
        BOOST_TEST(seen > nth);
        BOOST_TEST(s.status().motion_report.has_value()); // the subscription is back
        BOOST_TEST(g.w.clock.t() < 20.0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace reconnect_test
