// SPDX-License-Identifier: MIT
#pragma once
/// A jogger on a clock of the test, a keyboard for it, and a Klipper that answers as the recordings say: 0.3 ms for a
/// bare G1, the motion and 300 ms for one that is waited for.

#include <kf/jog/jogger.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kf::test {

using namespace std::chrono_literals;

struct sent_order {
    seconds at = 0;
    jog::order what;
};

/// Time is in seconds from 0.
struct keyboard {
    machine::machine machine = machine::sim_machine();
    jog::jogger jogger{machine};
    std::vector<sent_order> sent = {};
    seconds t = 0;
    std::optional<seconds> answer_at = {};
    bool answers_well = true;

    [[nodiscard]] static io::time_point at(seconds s) { return io::time_point{} + 1000s + to_nanoseconds(s); }

    explicit keyboard(jog::xyz place = {100, 100, 10}) {
        jogger.sees(view());
        jogger.stands_at(place);
    }
    [[nodiscard]] static jog::machine_view view() {
        jog::machine_view v;
        v.obstacle.clear();
        v.xy_homed = v.z_referenced = v.force_move = true;
        v.motors = {{{"stepper_x", "stepper_x1"}, {"stepper_y"}, {"stepper_z"}}};
        v.max_velocity = 200;
        v.max_accel = 3000;
        return v;
    }

    void ask() {
        if (auto o = jogger.next(at(t))) {
            const bool waited = o->until == klippy::barrier::motion_end;
            answer_at = t + (waited ? o->takes + 0.3 : 0.0003);
            sent.push_back({t, *std::move(o)});
        }
    }
    /// Lets time pass, answers in it and asks at each moment that the jogger wants.
    void pass_to(seconds until) {
        for (;;) {
            ask();
            seconds next = until;
            if (const auto w = jogger.wake(at(t))) next = std::min(next, to_seconds(*w - at(0)) + 2e-9);
            if (answer_at) next = std::min(next, *answer_at);
            if (next >= until) break;
            t = next;
            if (answer_at && *answer_at <= t) {
                answer_at.reset();
                jogger.answered(answers_well, at(t));
            }
        }
        t = until;
        if (answer_at && *answer_at <= t) {
            answer_at.reset();
            jogger.answered(answers_well, at(t));
        }
        ask();
    }
    void strike(jog::heading h, jog::stroke_kind kind = jog::stroke_kind::unknown) {
        jogger.strike({h, kind}, at(t));
        ask();
    }
    /// As a keyboard repeats it: down at once, up `held` seconds later. Gives when the last repeat came.
    seconds hold(jog::heading h, seconds held, seconds delay = 0.5, seconds gap = 0.033) {
        const seconds begin = t;
        seconds last = t;
        for (seconds due = begin; due < begin + held; due = due == begin ? begin + delay : due + gap) {
            pass_to(due);
            strike(h);
            last = due;
        }
        pass_to(begin + held);
        return last;
    }
    [[nodiscard]] std::string scripts() const {
        std::string all;
        for (const auto& s : sent) all += s.what.script + "\n";
        return all;
    }
    [[nodiscard]] std::string said() {
        const auto m = jogger.take_message();
        return m ? m->text : "";
    }
};

} // namespace kf::test
