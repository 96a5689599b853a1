// SPDX-License-Identifier: MIT
/// Random keys on a simulated printer, judged by the simulation's own record of the carriage. KF_JOG_KEYS says how many
/// (`make soak`: 10000), KF_JOG_SEED with which seed.
#include "sim_stage.hpp"

#include <array>
#include <cstdlib>
#include <random>

namespace random_keys_test {

using namespace kf;
using namespace kf::test;
using cause = sim::carriage_move::cause;
using jog::heading;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// What was asked for by arrow keys since the last rest.
struct asked {
    std::array<mm, 6> steps{}; ///< by taps, at most: each strike is a tap at the most
    std::array<int, 6> strikes{};
    std::array<seconds, 6> first{}, last{};
    bool verbs = false; ///< something else besides, which moves as it likes within the limits
};

struct soak {
    sim_stage s;
    std::mt19937_64 random;
    asked now;
    int keys = 0;

    soak(std::uint64_t seed, machine::machine m)
      : s(std::move(m))
      , random(seed) {}

    double between(double low, double high) {
        return low + (high - low) * (static_cast<double>(random() >> 11) / 0x1p53);
    }
    std::size_t below(std::size_t n) { return random() % n; }

    void strike(heading h) {
        const auto i = static_cast<std::size_t>(h);
        if (now.strikes[i]++ == 0) now.first[i] = s.klippy.now();
        now.last[i] = s.klippy.now();
        now.steps[i] += s.console.shown().step;
        s.strike(h);
        ++keys;
    }
    void some_key() {
        const heading h = jog::headings[below(6)];
        switch (below(14)) {
        case 0:
        case 1:
        case 2:
        case 3: return strike(h);
        case 4:
        case 5: { // held, and perhaps another key or a lost focus in the midst of it
            const seconds delay = between(0.25, 0.66), gap = between(0.02, 0.092);
            const auto repeats = below(40);
            strike(h);
            s.pass(delay);
            for (std::size_t i = 0; i < repeats; ++i) {
                strike(below(60) == 0 ? jog::headings[below(6)] : h);
                s.pass(below(40) == 0 ? 0.0 : gap);
            }
            if (below(3) == 0) s.give(jog::release{h});
            return;
        }
        case 6: s.give(below(2) == 0 ? jog::person_input(jog::let_go::other_key) : jog::let_go::focus_lost); break;
        case 7: s.give(below(2) == 0 ? jog::step_change::longer : jog::step_change::shorter); break;
        case 8: s.give(below(2) == 0 ? jog::speed_change::faster : jog::speed_change::slower); break;
        case 9:
            now.verbs = true;
            s.give(below(2) == 0 ? jog::tool_move::up : jog::tool_move::down);
            break;
        case 10:
            now.verbs = true;
            s.give(jog::select_tool{below(2) == 0 ? "pen" : "airbrush"});
            break;
        case 11:
            now.verbs = true;
            if (below(2) == 0)
                s.give(jog::go_to{{between(-30, 280), between(-30, 380)}});
            else
                s.give(jog::touch_off{});
            break;
        case 12:
            if (below(4) != 0) break;
            now.verbs = true;
            s.give(jog::home{below(2) == 0 ? run::pen_word::is_up : run::pen_word::nothing});
            break;
        default:
            if (below(6) != 0) break;
            now.verbs = true; // what was cut is not whole
            s.press_stop();
            s.pass(between(0, 0.5));
            if (below(4) == 0) { // Klipper itself goes away
                s.klippy.kill();
                s.pass(1);
                s.klippy.start();
            }
            s.give(jog::restart{});
            s.pass(4);
        }
        ++keys;
    }

    void judge() {
        std::array<mm, 6> went{};
        const machine::box area = s.machine.work_area();
        for (const recorded_move& r : s.moves) {
            const auto by = r.by();
            const auto& to = r.what.move.end;
            const bool referenced = r.what.homed[0] && r.what.homed[1];
            switch (r.what.by) {
            case cause::homing: BOOST_TEST(now.verbs); continue;
            case cause::forced:
                // Half a step of one of two motors, or a whole one; never of an axis that has its reference.
                for (std::size_t i = 0; i < 3; ++i) {
                    BOOST_TEST(std::fabs(by[i]) <= 1 + 1e-9);
                    BOOST_TEST((by[i] == 0 || !r.what.homed[i]));
                }
                break;
            case cause::driven:
                for (std::size_t i = 0; i < 3; ++i) BOOST_TEST((by[i] == 0 || r.what.homed[i]));
                if (referenced) BOOST_TEST(area.contains({to.x, to.y}, 1e-6));
                break;
            }
            for (const heading h : jog::headings) {
                const mm way = by[jog::axis_of(h)] * jog::sign_of(h, s.machine, s.console.keys().tool());
                if (way > 0) went[static_cast<std::size_t>(h)] += way;
            }
        }
        // Towards the paper only from where it is known: in this simulation the paper begins at Z 15.
        for (const recorded_move& r : s.moves)
            if (r.what.by == cause::driven && r.by()[2] > 1e-9 && commanded_z(r) > 15)
                BOOST_TEST((r.what.homed[0] && r.what.homed[1] && r.what.homed[2]));
        if (!now.verbs)
            for (std::size_t i = 0; i < 6; ++i) {
                if (now.strikes[i] == 0) {
                    BOOST_TEST(went[i] < 1e-9);
                    continue;
                }
                // A long hold may go as far as its time and the bound that is shown, and two steps before.
                const mm held = now.strikes[i] < 3 ? 0
                                                   : s.console.keys().speed() * (now.last[i] - now.first[i]) +
                                                         s.console.keys().bound();
                BOOST_TEST(went[i] <= now.steps[i] + held + 1e-6);
            }
        s.moves.clear();
        now = {};
    }
    [[nodiscard]] static mm commanded_z(const recorded_move& r) { return r.what.move.end.z; }
};

BOOST_AUTO_TEST_SUITE(random_keys)

BOOST_AUTO_TEST_CASE(move_nothing_that_was_not_asked_for) {
    const auto wanted = static_cast<int>(from_environment("KF_JOG_KEYS", 400));
    machine::machine by_hand = machine::sim_machine();
    by_hand.axes.z.endstop_pin.reset();
    std::size_t moves = 0;
    int keys = 0;
    for (std::uint64_t seed = from_environment("KF_JOG_SEED", 14); keys < wanted; ++seed) {
        soak k(seed, seed % 2 == 0 ? machine::sim_machine() : by_hand);
        BOOST_TEST_CONTEXT("KF_JOG_SEED=" << seed) {
            if (seed % 4 != 1) { // else it begins without a reference
                k.s.give(jog::home{run::pen_word::is_up});
                if (seed % 2 != 0) k.s.give(jog::touch_off{});
                k.now.verbs = true;
                k.judge();
            }
            while (k.keys < 200) {
                for (std::size_t n = 1 + k.below(5); n > 0; --n) {
                    k.some_key();
                    k.s.pass(k.between(0, 0.4));
                }
                k.s.rest();
                moves += k.s.moves.size();
                k.judge();
            }
        }
        keys += k.keys;
    }
    BOOST_TEST(moves > static_cast<std::size_t>(wanted) / 20); // else it proved nothing
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace random_keys_test
