// SPDX-License-Identifier: MIT
#pragma once
/// The idle_timeout object: "Printing" from the first motion on, "Ready" half a second after it ended, "Idle" after the
/// timeout, which turns the motors off and forgets the homing, in the middle of a paused job too.

#include <kf/sim/gcode_host.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace kf::sim {

class idle_timeout {
  public:
    idle_timeout(reactor& r, toolhead& t, gcode_host& g, const printer_config& c)
      : reactor_(r)
      , toolhead_(t)
      , gcode_(g)
      , script_(c.idle_gcode)
      , timeout_(c.idle_timeout) {
        t.queue.on_start = [this] { motion_began(); };
        g.add_simple("SET_IDLE_TIMEOUT", [this](const planner::gcode_line& l) { return set(l); });
    }

    [[nodiscard]] const char* state() const noexcept {
        return state_ == mode::idle ? "Idle" : state_ == mode::ready ? "Ready" : "Printing";
    }
    [[nodiscard]] seconds printing_time() const noexcept {
        return state_ == mode::printing ? reactor_.now() - began_ : 0;
    }
    [[nodiscard]] seconds timeout() const noexcept { return timeout_; }

  private:
    enum class mode : std::uint8_t { idle, ready, printing };
    static constexpr seconds settle = 0.5;

    void look_at(seconds at) {
        if (timer_) reactor_.cancel(*timer_);
        timer_ = reactor_.call_at(at + 1e-6, [this] { // always later: a difference may round to nothing
            timer_.reset();
            look();
        });
    }

    void motion_began() {
        if (state_ == mode::printing) return;
        state_ = mode::printing;
        began_ = reactor_.now();
        look_at(began_ + settle + toolhead_.queue.print_time() - toolhead_.queue.clock());
    }

    void look() {
        if (toolhead_.queue.is_shut_down()) return;
        const seconds now = reactor_.now();
        const seconds ahead = toolhead_.queue.print_time() - toolhead_.queue.clock();
        if (state_ == mode::ready) {
            if (toolhead_.has_pending() || ahead > -1.0) return look_at(now + timeout_);
            if (-ahead < timeout_) return look_at(now + timeout_ + ahead);
            if (gcode_.mutex().held()) return look_at(now + 1.0);
            state_ = mode::printing;
            reactor_.spawn(turn_off());
            return;
        }
        const seconds buffered = std::min(2.0, ahead);
        if (toolhead_.has_pending()) return look_at(now + settle + std::max(0.0, buffered));
        if (buffered > -settle) return look_at(now + settle + buffered);
        if (gcode_.mutex().held()) return look_at(now + settle);
        state_ = mode::ready;
        look_at(now + timeout_);
    }

    task<> turn_off() {
        const gcode_answer a = co_await gcode_.run_section(script_);
        if (!a) {
            state_ = mode::ready;
            look_at(reactor_.now() + 1.0);
            co_return;
        }
        (void)toolhead_.queue.last_move_time();
        state_ = mode::idle;
    }

    gcode_answer set(const planner::gcode_line& line) {
        const auto words = line.extended();
        if (!words) return refuse(fmt::format("Malformed command '{}'", line.text()));
        if (const auto text = words->find("TIMEOUT")) {
            double value = 0;
            if (planner::read_number(*text, value) != planner::word::number)
                return refuse(fmt::format("Error on '{}': unable to parse {}", line.text(), *text));
            if (value <= 0) return refuse(fmt::format("Error on '{}': TIMEOUT must be above 0.0", line.text()));
            timeout_ = value;
        }
        gcode_.inform(fmt::format("idle_timeout: Timeout set to {:.2f} s", timeout_));
        if (state_ == mode::ready) look_at(reactor_.now() + timeout_);
        return {};
    }

    reactor& reactor_;
    toolhead& toolhead_;
    gcode_host& gcode_;
    const std::string& script_;
    seconds timeout_;
    mode state_ = mode::idle;
    seconds began_ = 0;
    std::optional<reactor::timer> timer_;
};

} // namespace kf::sim
