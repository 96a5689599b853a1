// SPDX-License-Identifier: MIT
#pragma once
/// The whole console on a simulated klippy in this process: time is the simulation's, nothing sleeps, and what the
/// carriage did is the simulation's own record.

#include "../temporary_folder.hpp"

#include <kf/jog/console.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/sim/klippy_process.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kf::test {

using namespace std::chrono_literals;

struct sim_clock {
    sim::klippy_process* klippy;
    static constexpr io::time_point zero = io::time_point{} + 1000s;
    [[nodiscard]] static seconds simulated(io::time_point t) { return to_seconds(t - zero); }
    [[nodiscard]] io::time_point now() const { return zero + to_nanoseconds(klippy->now()); }
    void sleep_until(io::time_point t) const {
        if (t > now()) klippy->run_until(simulated(t) + 1e-9);
    }
};
static_assert(io::clock<sim_clock>);

/// One connection; hung up with its last copy.
class sim_wire {
    struct line {
        sim::klippy_process* klippy;
        int id;
        std::string written = {};
        line(sim::klippy_process* k, int i)
          : klippy(k)
          , id(i) {}
        line(const line&) = delete;
        line& operator=(const line&) = delete;
        ~line() { klippy->hang_up(id); }
    };
    std::shared_ptr<line> line_;
    std::string ready_;

  public:
    sim_wire(sim::klippy_process* k, int id)
      : line_(std::make_shared<line>(k, id)) {}

    [[nodiscard]] result<std::size_t> read_some(std::span<std::uint8_t> in, io::time_point until) {
        sim::klippy_process& k = *line_->klippy;
        const seconds end = std::max(sim_clock::simulated(until), k.now());
        k.run_until(k.now());
        for (;;) {
            ready_ += k.take_output(line_->id);
            if (!ready_.empty()) break;
            if (!k.is_open(line_->id)) return kf::fail(errc::connection_lost, "the other side closed the connection");
            if (k.next() > end) {
                k.run_until(end + 1e-9);
                return kf::fail(errc::timeout, "no answer in time");
            }
            k.run_until(std::max(k.next(), k.now()));
        }
        const std::size_t n = std::min(in.size(), ready_.size());
        std::copy_n(ready_.begin(), n, in.begin());
        ready_.erase(0, n);
        return n;
    }
    [[nodiscard]] result<void> write_all(io::byte_view out, io::time_point) {
        if (!line_->klippy->is_open(line_->id)) return kf::fail(errc::connection_lost, "the other side is gone");
        line_->klippy->receive(line_->id, {reinterpret_cast<const char*>(out.data()), out.size()});
        return {};
    }
};
static_assert(io::transport<sim_wire>);

struct sim_connector {
    sim::klippy_process* klippy;
    const std::function<void()>* connected = nullptr; ///< told of each connection
    [[nodiscard]] result<sim_wire> operator()(io::time_point) const {
        const auto id = klippy->connect();
        if (!id) return kf::fail(errc::not_connected, "nobody listens on /tmp/klippy_uds");
        if (connected != nullptr) (*connected)();
        return sim_wire(klippy, *id);
    }
};

struct recorded_move {
    seconds at = 0; ///< when it was handed to the machine
    sim::carriage_move what;
    [[nodiscard]] std::array<mm, 3> by() const {
        const auto &a = what.move.start, &b = what.move.end;
        return {b.x - a.x, b.y - a.y, b.z - a.z};
    }
};

struct sim_stage {
    using console_type = jog::console<sim_connector, sim_clock>;

    explicit sim_stage(machine::machine m = machine::sim_machine(), run::touch_off_by who = run::touch_off_by::person,
                       sim::printer_config config = {})
      : klippy(std::move(config))
      , machine(std::move(m))
      , session(sim_connector{&klippy, &on_connect}, {.auto_reconnect = true}, sim_clock{&klippy})
      , stop(sim_connector{&klippy})
      , console(session, stop, machine, record, square, {.machine_file = {}, .who = who}, sim_clock{&klippy}) {
        klippy.start(0);
        klippy.machine().on_move = [this](const sim::carriage_move& m2) { moves.push_back({klippy.now(), m2}); };
        pass(3);
    }

    [[nodiscard]] io::time_point now() const { return sim_clock{const_cast<sim::klippy_process*>(&klippy)}.now(); }
    /// Lets time pass; the console turns whenever it wants to or Klipper has said something.
    void pass(seconds s) {
        const seconds end = klippy.now() + s;
        console.turn();
        while (klippy.now() < end) {
            const seconds wake = sim_clock::simulated(console.wake());
            const seconds next =
                std::min({end, std::max(wake, klippy.now() + 1e-5), std::max(klippy.next(), klippy.now() + 1e-5)});
            klippy.run_until(next + 1e-9);
            console.turn();
        }
    }
    void give(jog::person_input what) { console.give({now(), std::move(what)}); }
    void strike(jog::heading h) { give(jog::strike{h}); }
    void hold(jog::heading h, seconds held, seconds delay = 0.5, seconds gap = 0.033) {
        for (seconds t = 0; t < held; t += t == 0 ? delay : gap) {
            strike(h);
            pass(std::min(t == 0 ? delay : gap, held - t));
        }
    }
    void rest(seconds most = 120) {
        for (const seconds end = klippy.now() + most; klippy.now() < end;) {
            pass(0.1);
            if (console.shown().doing == jog::activity::resting && console.keys().rests(now()) &&
                (klippy.printer() == nullptr || !klippy.printer()->head.has_pending()))
                return;
        }
        BOOST_ERROR("it does not come to rest");
    }
    void press_stop() {
        BOOST_TEST(stop.press(now()).has_value());
        give(jog::stop_pressed{});
    }
    void referenced() {
        give(jog::home{run::pen_word::is_up});
        BOOST_REQUIRE_MESSAGE(console.shown().xy_homed && console.shown().z_referenced, said());
    }
    [[nodiscard]] std::string said() const {
        const auto& m = console.shown().messages;
        return m.empty() ? "" : m.back().text;
    }
    [[nodiscard]] bool has_said(std::string_view text) const {
        return std::ranges::any_of(console.shown().messages, [&](const auto& m) { return m.text == text; });
    }
    [[nodiscard]] jog::xyz carriage() {
        const auto& c = klippy.machine().carriage;
        return {c.x, c.y, c.z};
    }

    sim::klippy_process klippy;
    machine::machine machine;
    temporary_folder folder;
    run::pen_record record{folder.path(), "/tmp/klippy_uds"};
    run::square_record square{folder.path(), "/tmp/klippy_uds"};
    std::vector<recorded_move> moves;
    std::function<void()> on_connect = [] {};
    klippy::session<sim_connector, sim_clock> session;
    jog::stop_button<sim_connector> stop;
    console_type console;
};

} // namespace kf::test
