// SPDX-License-Identifier: MIT
#pragma once
/// The bring-up of an axis, motor by motor, as a routine: switched on, buzzed, turned slowly, faster and faster, to and
/// fro; then its switch. Behind each step a person says what was seen, and a wrong answer ends it with what it means.
/// No homing and no reference is needed: every way out has the same way back. Before the planner is trusted, the same
/// motor can be turned by pulses alone.

#include <kf/cal/bringup_motor.hpp>
#include <kf/cal/routine_journal.hpp>
#include <kf/cal/routine_step.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/machine/machine.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

struct bringup_options {
    char axis = 'x';
    bool pulses = false; ///< by the pins alone: proves the wiring without the planner
};

/// Turns a second that are tried, one behind the other, as far as machine.yaml's speed allows.
inline constexpr std::array<double, 6> bringup_ramp{0.25, 0.5, 1.0, 1.5, 2.0, 2.5};

namespace detail {

class bringup {
    const routine_notes& notes_;
    const machine::machine& m_;
    bringup_options o_;
    std::string motor_; ///< that is looked at now

    [[nodiscard]] std::string key(std::string_view what) const { return fmt::format("{}_{}", what, motor_); }
    /// Of a Z that machine.yaml does not know yet, as printer.cfg has it: that is what moves.
    [[nodiscard]] mm a_turn() const {
        if (const auto known = a_turn_of(m_, o_.axis)) return *known;
        return io::value_at<double>(notes_.saw("look"), "turn_" + motor_).value_or(m_.steppers.xy_rotation_distance);
    }
    [[nodiscard]] const char* speed_field() const {
        return o_.axis == 'z' && m_.motion.max_z_velocity_mm_s ? "max_z_velocity_mm_s" : "max_velocity_mm_s";
    }
    [[nodiscard]] mm_per_s most_speed() const {
        return o_.axis == 'z' ? m_.motion.max_z_velocity_mm_s.value_or(m_.motion.max_velocity_mm_s)
                              : m_.motion.max_velocity_mm_s;
    }
    [[nodiscard]] mm_per_s2 accel() const {
        return o_.axis == 'z' ? m_.motion.max_z_accel_mm_s2.value_or(m_.motion.max_accel_mm_s2)
                              : m_.motion.max_accel_mm_s2;
    }
    static routine_step asked(std::string name, std::string text, decltype(question::expects) expects = yes_or_no{}) {
        return ask{{std::move(name), std::move(text), std::move(expects)}};
    }
    [[nodiscard]] bringup_motor motor() const {
        const bool manual = io::value_at<bool>(notes_.saw("look"), "manual_" + motor_).value_or(false);
        return {motor_, manual ? bringup_motor::by::manual_stepper : bringup_motor::by::force_move};
    }

    static constexpr const char* power_off = "Power off before a wire is touched: a driver dies of an open motor.";

    /// The end, with what is wrong and what to do.
    [[nodiscard]] routine_step ends(std::string what, std::vector<std::string> next) const {
        conclusion c;
        c.passed = false;
        c.text = fmt::format("{}: {}", motor_, what);
        c.fields = {{"axis", std::string(1, o_.axis)}, {"motor", motor_}, {"ok", false}, {"found", std::move(what)}};
        c.next = std::move(next);
        return c;
    }

    /// What printer.cfg has to drive the motors with.
    [[nodiscard]] std::optional<routine_step> looked() const {
        if (!notes_.done("look")) return deed{"look", "", look_at_motors{}};
        for (const std::string& name : stepper_sections(o_.axis, axis_of(m_, o_.axis))) {
            const auto has = [&](const char* kind) {
                return io::value_at<bool>(notes_.saw("look"), kind + name).value_or(false);
            };
            if (o_.pulses ? has("pulses_") : has("manual_") || has("own_")) continue;
            conclusion c;
            c.passed = false;
            c.text = o_.pulses ? fmt::format("printer.cfg has no [output_pin {}] and [pwm_tool {}]",
                                             pulse_pin(name, "enable"), pulse_pin(name, "step"))
                               : fmt::format("printer.cfg has neither [manual_stepper {}], nor [{}] with [force_move]",
                                             name, name);
            c.fields = {{"axis", std::string(1, o_.axis)}, {"motor", name}, {"ok", false}, {"found", "no_motor"}};
            const std::string command = fmt::format("kcal bringup {}", o_.axis), pulses = o_.pulses ? " --pulses" : "";
            c.next = {fmt::format("{} --sections{}  (prints them)", command, pulses),
                      "Put them into printer.cfg, in place of others that use the same pins, and send RESTART.",
                      command + pulses};
            if (!o_.pulses) c.next.insert(c.next.begin() + 1, "kcal printer-cfg --kinematics none  (a whole file)");
            return c;
        }
        return std::nullopt;
    }
    /// Asked under this name, before anything turns.
    [[nodiscard]] std::optional<routine_step> room(const std::string& name, const char* why = "") const {
        if (!notes_.heard(name))
            return asked(name,
                         fmt::format("{}Does {} stand in the middle of its way, with {} mm free on both sides, and is "
                                     "a hand at the power switch",
                                     why, io::to_upper(o_.axis), io::to_decimal(a_turn(), 1)));
        if (!*notes_.flag(name))
            return ends("it has no room to turn", {"Push the carriage to the middle by hand, power off."});
        return std::nullopt;
    }
    /// A deed that turns the motor. Of one that was begun before and did not come to its end nobody knows where it left
    /// the carriage: a person says again that there is room.
    [[nodiscard]] routine_step turned(const std::string& name, std::string says, motor_script script) const {
        if (notes_.half_done(name))
            if (auto step = room("free_" + name, "That did not come to its end before. ")) return *std::move(step);
        return deed{name, std::move(says), std::move(script)};
    }
    [[nodiscard]] std::optional<routine_step> free_to_move() const {
        const auto motors = axis_of(m_, o_.axis).motors;
        if (auto step = room("free")) return step;
        if (motors < 2) return std::nullopt;
        if (!notes_.heard("uncoupled"))
            return asked("uncoupled",
                         fmt::format("Are the belts off the {} motors of {}: one alone would rack the gantry", motors,
                                     io::to_upper(o_.axis)));
        if (!*notes_.flag("uncoupled"))
            return ends("its motors are coupled", {"Take the belts off; each motor is turned by itself here."});
        return std::nullopt;
    }

    /// Switched on it is locked; the other way round, the polarity of its enable pin is wrong.
    [[nodiscard]] std::optional<routine_step> locks() const {
        if (!notes_.done(key("on")))
            return deed{key("on"), fmt::format("{} is switched on; nothing turns", motor_),
                        motor_script{motor().enable(true), 1}};
        if (!notes_.heard(key("locked")))
            return asked(key("locked"), fmt::format("Is {} locked now: can its shaft not be turned by hand", motor_));
        if (*notes_.flag(key("locked"))) return std::nullopt;
        if (!notes_.done(key("off")))
            return deed{key("off"), fmt::format("{} is switched off; nothing turns", motor_),
                        motor_script{motor().enable(false), 1}};
        if (!notes_.heard(key("locked_off")))
            return asked(key("locked_off"), fmt::format("Is {} locked now, switched off", motor_));
        if (*notes_.flag(key("locked_off"))) {
            const bool inverted = m_.steppers.enable_pin_inverted;
            return ends(
                "the enable polarity is the wrong way round",
                {fmt::format("steppers.enable_pin_inverted: {} in machine.yaml", inverted ? "false" : "true"),
                 fmt::format("enable_pin of [{}] in printer.cfg {} the !", motor_, inverted ? "without" : "with")});
        }
        return ends(
            "it is never locked: its driver is not switched on",
            {"Enable polarity: try enable_pin with and without ! (common anode: without).",
             "Look at the driver's power, its motor wires, and the enable wire at the pin that printer.cfg has.",
             power_off});
    }
    [[nodiscard]] std::optional<routine_step> buzzes() const {
        if (!notes_.done(key("buzz")))
            return turned(key("buzz"), fmt::format("{} moves 1 mm to and fro, ten times (STEPPER_BUZZ)", motor_),
                          motor_script{motor().buzz(), 12});
        if (!notes_.heard(key("buzzed")))
            return asked(key("buzzed"), fmt::format("What did {} do", motor_), one_of{{"moved", "hummed", "nothing"}});
        const std::string did = notes_.word(key("buzzed"));
        if (did == "moved") return std::nullopt;
        if (did == "hummed")
            return ends(
                "it hums and does not move: pulses are lost on the way to the driver",
                {fmt::format("A wider pulse: step_pulse_duration (0.000005 for a driver behind a buffer; now {}).",
                             io::to_decimal(m_.steppers.step_pulse_duration_s, 9)),
                 "A motor coil that is not connected hums, too: look at its four wires.", power_off});
        return ends("no pulse reaches its driver",
                    {fmt::format("kcal bringup {} --pulses  (proves the wiring without the planner)", o_.axis),
                     "Look at the step wire, and at step_pin.", power_off});
    }
    /// One turn out and back: how far, and which way.
    [[nodiscard]] std::optional<routine_step> turns() const {
        const mm turn = a_turn();
        const mm_per_s speed = std::min(turn / 4, most_speed());
        constexpr mm_per_s2 gentle = 100;
        constexpr seconds pause = 2;
        if (!notes_.done(key("turn")))
            return turned(key("turn"),
                          fmt::format("{} turns once, {} mm, slowly; waits {} s, and turns back", motor_,
                                      io::to_decimal(turn, 3), pause),
                          motor_script{motor().there_and_back(turn, speed, gentle, pause, 1),
                                       lasts(turn, speed, gentle, pause, 1)});
        if (!notes_.heard(key("turned")))
            return asked(key("turned"), fmt::format("How far did {} turn, each way", motor_),
                         one_of{{"once", "less", "more", "nothing"}});
        const std::string did = notes_.word(key("turned"));
        const int full = machine::full_steps_per_rev(m_.steppers.motor_type);
        if (did == "nothing")
            return ends("it buzzes and does not turn",
                        {"Motor current, and its wires; then step_pulse_duration.", power_off});
        if (did != "once")
            return ends(fmt::format("a turn is {} than a turn", did),
                        {fmt::format("{} full steps x {} microsteps = {} pulses: the driver's switches say how many a "
                                     "turn takes, and steppers.driver_pulses_per_rev is {}.",
                                     full, m_.steppers.klipper_microsteps, full * m_.steppers.klipper_microsteps,
                                     m_.steppers.driver_pulses_per_rev),
                         "kcal printer-cfg --live  (whether printer.cfg has the same)"});
        if (!notes_.heard(key("direction")))
            return asked(key("direction"),
                         fmt::format("Which way was the first turn: up is to a larger {}", io::to_upper(o_.axis)),
                         one_of{{"up", "down"}});
        return std::nullopt;
    }
    /// Of an axis that is slower than the first of them, its own speed.
    [[nodiscard]] std::vector<double> ramp() const {
        std::vector<double> out;
        for (const double turns : bringup_ramp)
            if (turns * a_turn() <= most_speed() + 1e-9) out.push_back(turns);
        if (out.empty()) out.push_back(most_speed() / a_turn());
        return out;
    }
    [[nodiscard]] std::string at(double turns) const {
        return fmt::format("{} turns a second, {} mm/s", io::to_decimal(turns, 2), io::to_decimal(turns * a_turn(), 2));
    }
    /// Faster and faster, until it is not smooth any more.
    [[nodiscard]] std::optional<routine_step> speeds_up() const {
        const auto steps = ramp();
        const seconds pause = m_.steppers.direction_reversal_pause_s;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const std::string step = key(fmt::format("ramp_{}", i + 1)), word = key(fmt::format("ran_{}", i + 1));
            const mm_per_s speed = steps[i] * a_turn();
            if (!notes_.done(step))
                return turned(step, fmt::format("{} turns once and back at {}", motor_, at(steps[i])),
                              motor_script{motor().there_and_back(a_turn(), speed, accel(), pause, 1),
                                           lasts(a_turn(), speed, accel(), pause, 1)});
            if (!notes_.heard(word))
                return asked(word, fmt::format("How did {} run", motor_), one_of{{"smooth", "rough", "stalled"}});
            if (notes_.word(word) == "smooth") continue;
            if (i == 0)
                return ends(fmt::format("it is {} at {}", notes_.word(word), at(steps[i])),
                            {"Motor current, supply voltage, something that binds."});
            break;
        }
        return std::nullopt;
    }
    /// The last speed at which it was smooth, in turns a second.
    [[nodiscard]] double smooth_up_to(const std::string& motor) const {
        double most = 0;
        const auto steps = ramp();
        for (std::size_t i = 0; i < steps.size(); ++i)
            if (notes_.word(fmt::format("ran_{}_{}", i + 1, motor)) == "smooth") most = steps[i];
        return most;
    }
    [[nodiscard]] std::optional<routine_step> reverses() const {
        const double turns = smooth_up_to(motor_);
        const mm_per_s speed = turns * a_turn();
        const seconds pause = m_.steppers.direction_reversal_pause_s;
        constexpr int times = 5;
        if (!notes_.done(key("reverse")))
            return turned(key("reverse"),
                          fmt::format("{} turns to and fro {} times at {}, {} s of rest at each end", motor_, times,
                                      at(turns), io::to_decimal(pause, 3)),
                          motor_script{motor().there_and_back(a_turn(), speed, accel(), pause, times),
                                       lasts(a_turn(), speed, accel(), pause, times)});
        if (!notes_.heard(key("returned")))
            return asked(key("returned"), fmt::format("Does {} stand exactly where it began", motor_));
        if (*notes_.flag(key("returned"))) return std::nullopt;
        return ends("it loses steps when it is turned round",
                    {fmt::format("A longer steppers.direction_reversal_pause_s (now {}).", io::to_decimal(pause, 3)),
                     fmt::format("A lower motion.max_accel_mm_s2 (now {}) or speed.", io::to_decimal(accel(), 1)),
                     fmt::format("kcal bringup {}", o_.axis)});
    }
    /// The motors of the axis that have a switch of their own: the first ones.
    [[nodiscard]] std::vector<std::string> with_switch() const {
        auto motors = stepper_sections(o_.axis, axis_of(m_, o_.axis));
        const auto& wired = axis_of(m_, o_.axis).endstop_pin;
        motors.resize(std::min(motors.size(), wired ? joined_parts(*wired).size() : 0));
        return motors;
    }
    /// Klipper calls the switch of a motor by its section, of a second one, and Kalico of any, by what is behind
    /// "stepper_".
    static std::string switch_of(const json::object& saw, const std::string& motor) {
        constexpr std::size_t before = std::string_view("stepper_").size();
        for (const std::string& name : {motor, motor.substr(before), "manual_stepper " + motor})
            if (auto state = io::text_at(saw, name); !state.empty()) return state;
        return {};
    }
    /// The switch of this motor, released and pressed.
    [[nodiscard]] std::optional<routine_step> switches() const {
        const auto motors = with_switch();
        const std::string axis(1, o_.axis);
        const std::string behind = motor_ == motors.front() ? "" : "_" + motor_;
        const std::string whose = motors.size() == 1 ? io::to_upper(axis) : motor_;
        for (const auto& [word, text] : {std::pair("released", "Is the switch of {} free, not pressed"),
                                         std::pair("pressed", "Press the switch of {} and hold it: is it pressed")}) {
            const std::string name = word + behind;
            if (!notes_.heard(name)) return asked(name, fmt::format(fmt::runtime(text), whose));
            if (!*notes_.flag(name))
                return ends("its switch was not looked at", {fmt::format("kcal bringup {}", axis)});
            if (!notes_.done("switch_" + name)) return deed{"switch_" + name, "", look_at_endstops{}};
        }
        const auto& released = notes_.saw("switch_released" + behind);
        const auto& pressed = notes_.saw("switch_pressed" + behind);
        const std::string free = switch_of(released, motor_), held = switch_of(pressed, motor_);
        if (free.empty() || held.empty())
            return ends("Klipper knows no switch of it", {"endstop_pin is missing in printer.cfg."});
        if (free == held) {
            for (const std::string& other : motors)
                if (other != motor_ && switch_of(released, other) != switch_of(pressed, other))
                    return ends(fmt::format("its switch is that of {}", other),
                                {fmt::format("Exchange endstop_pin of [{}] and [{}].", motor_, other)});
            return ends(fmt::format("its switch is always {}: homing would {}", free,
                                    free == "open" ? "drive past it" : "end where the carriage stands"),
                        {"Look at the wire, the pin, and the pull-up: endstop_pin with ^."});
        }
        if (free != "open")
            return ends("its switch is read the wrong way round: homing would end where the carriage stands",
                        {fmt::format("endstop_pin of [{}]: put the ! in, or take it out.", motor_),
                         "axes." + axis + ".endstop_type of machine.yaml: NO_to_GND is ^!, NC_to_GND is ^."});
        return std::nullopt;
    }

    [[nodiscard]] routine_step passed() const {
        conclusion c;
        const auto motors = stepper_sections(o_.axis, axis_of(m_, o_.axis));
        double slowest = bringup_ramp.back();
        for (const std::string& name : motors) {
            slowest = std::min(slowest, smooth_up_to(name));
            if (notes_.word("direction_" + name) == "down") {
                const std::string was = io::text_at(notes_.saw("look"), "dir_" + name);
                const bool inverted = was.find('!') != std::string::npos;
                std::string becomes = was;
                if (inverted) becomes.erase(becomes.find('!'), 1);
                c.printer.push_back({name, "dir_pin", was, inverted ? becomes : "!" + was});
            }
        }
        c.text =
            fmt::format("{} is brought up: {} locked, buzzed, turned, smooth up to {}, turned round without a loss{}.",
                        io::to_upper(o_.axis), fmt::join(motors, ", "), at(slowest),
                        with_switch().empty()       ? ""
                        : with_switch().size() == 1 ? "; its switch is read right"
                                                    : "; its switches are read right");
        c.fields = {{"axis", std::string(1, o_.axis)},
                    {"ok", true},
                    {"smooth_turns_per_s", slowest},
                    {"max_velocity_mm_s", slowest * a_turn()},
                    {"microsteps", static_cast<std::int64_t>(m_.steppers.klipper_microsteps)},
                    {"rotation_distance", a_turn()},
                    {"step_pulse_duration_s", m_.steppers.step_pulse_duration_s},
                    {"enable_pin_inverted", m_.steppers.enable_pin_inverted},
                    {"reversal_pause_s", m_.steppers.direction_reversal_pause_s},
                    {"directions_to_turn", static_cast<std::int64_t>(c.printer.size())}};
        if (slowest * a_turn() < most_speed() - 1e-9)
            c.next.push_back(fmt::format("motion.{} is {}: {} was smooth.", speed_field(),
                                         io::to_decimal(most_speed(), 3), io::to_decimal(slowest * a_turn(), 3)));
        c.next.push_back("When all axes are: kcal printer-cfg -o printer.cfg, then kcal check --level 1.");
        return c;
    }

    /// By pulses alone.
    [[nodiscard]] std::optional<routine_step> spins() const {
        constexpr seconds duration = 2;
        if (!notes_.done(key("spin")))
            return turned(
                key("spin"),
                fmt::format("{} is switched on and turns for {} s, a quarter of a turn a second", motor_, duration),
                motor_script{pulse_script(motor_, duration) + "\n" + pulse_pins_off(motor_), duration + 1});
        if (!notes_.heard(key("spun")))
            return asked(key("spun"), fmt::format("What did {} do", motor_), one_of{{"turned", "locked", "nothing"}});
        const std::string did = notes_.word(key("spun"));
        if (did == "turned") return std::nullopt;
        if (did == "locked")
            return ends("its driver is on and gets no pulses", {"Look at the step wire and at step_pin.", power_off});
        return ends("its driver is not switched on",
                    {"Enable polarity: pin with and without ! (common anode: without).", "Look at the driver's power.",
                     power_off});
    }

  public:
    bringup(const routine_notes& notes, const machine::machine& m, bringup_options o)
      : notes_(notes)
      , m_(m)
      , o_(o)
      , motor_(fmt::format("stepper_{}", o.axis)) {}

    [[nodiscard]] routine_step next() {
        if (auto step = looked()) return *std::move(step);
        if (auto step = free_to_move()) return *std::move(step);
        const auto motors = stepper_sections(o_.axis, axis_of(m_, o_.axis));
        for (const std::string& name : motors) {
            motor_ = name;
            if (o_.pulses) {
                if (auto step = spins()) return *std::move(step);
                continue;
            }
            for (const auto part :
                 {&bringup::locks, &bringup::buzzes, &bringup::turns, &bringup::speeds_up, &bringup::reverses})
                if (auto step = (this->*part)()) return *std::move(step);
        }
        if (!o_.pulses) {
            for (const std::string& name : with_switch()) {
                motor_ = name;
                if (auto step = switches()) return *std::move(step);
            }
            return passed();
        }
        conclusion c;
        c.text = fmt::format("{} turned by pulses alone: wires, driver and polarity of {} are right.",
                             io::to_upper(o_.axis), fmt::join(motors, ", "));
        c.fields = {{"axis", std::string(1, o_.axis)}, {"ok", true}, {"found", "wiring_right"}};
        c.next = {
            fmt::format("Put the sections of kcal bringup {} in place of these, send RESTART, and run it.", o_.axis)};
        return c;
    }
};

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_bringup(const routine_notes& notes, const machine::machine& m,
                                                          const bringup_options& o) {
    return detail::bringup(notes, m, o).next();
}

} // namespace kf::cal
