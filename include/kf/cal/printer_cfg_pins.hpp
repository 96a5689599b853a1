// SPDX-License-Identifier: MIT
#pragma once
/// Which pin of the board does what, for a printer.cfg. A pin is known when machine.yaml names it, when a person does,
/// or when its slot is one of the three that the plan of this machine wired and tried; any other is not guessed.
/// machine.yaml writes "Motor 4 (PF9, PF10, PG2)" (step, direction, enable) and "DIAG0 (PG6)", several joined by " + ".

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/printable.hpp>
#include <kf/klippy/cfg_text.hpp>
#include <kf/machine/machine.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::cal {

/// What a person said about pins: "stepper_z.step_pin" -> "PF9". It goes before anything else.
using told_pins = std::map<std::string, std::string>;

/// errc::usage unless `word` is SECTION.OPTION=PIN, as in "stepper_z.endstop_pin=^PG10".
[[nodiscard]] result<void> tell_pin(std::string_view word, told_pins& into);

/// errc::usage when a pin is told of something that no motor of these axes has.
[[nodiscard]] result<void> check_told_pins(const told_pins& told, const machine::machine& m, std::string_view axes);

struct motor_pins {
    std::string step, dir, enable; ///< with a ! where the slot has one; "" when not known
};

/// A pin without what Klipper takes before it: "^!PG6" -> "PG6".
[[nodiscard]] inline std::string_view bare_pin(std::string_view pin) {
    return pin.substr(std::min(pin.find_first_not_of("^~! "), pin.size()));
}
[[nodiscard]] inline bool is_inverted(std::string_view pin) { return pin.find('!') != std::string_view::npos; }

/// "PG9 is ... of [stepper_x] and ... of [stepper_z]": what Klipper refuses. Motors may share what enables them,
/// and those of one axis their endstop.
[[nodiscard]] std::vector<std::string> pins_used_twice(const std::vector<klippy::cfg_section>& sections);

namespace detail {

/// "Motor 2_1 + Motor 2_2" -> {"Motor 2_1", "Motor 2_2"}
inline std::vector<std::string_view> joined_parts(std::string_view text) { // live as long as the text
    std::vector<std::string_view> out;
    for (;;) {
        const auto plus = std::min(text.find('+'), text.size());
        if (const auto part = io::trim(text.substr(0, plus)); !part.empty()) out.push_back(part);
        if (plus == text.size()) return out;
        text.remove_prefix(plus + 1);
    }
}

/// Whether Klipper could take it for a pin: "^!PG6", "gpio3", "mcu_b:PA1".
inline bool is_pin(std::string_view text) {
    const auto name = bare_pin(text);
    const auto plain = [](char c) { return (c >= '0' && c <= '9') || io::to_lower(c) != c || (c >= 'a' && c <= 'z'); };
    return !name.empty() && name.find_first_of("0123456789") != std::string_view::npos &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return plain(c) || c == ':' || c == '_' || c == '.' || c == '/' || c == '-'; });
}

/// What stands in the parentheses of "NAME (A, B, C)", "" without any.
inline std::string_view in_parentheses(std::string_view text) {
    const auto open = text.find('('), close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
    return io::trim(text.substr(open + 1, close - open - 1));
}

inline std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(", /"), text.size());
        if (end != 0) out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

struct known_slot {
    const char* name;
    motor_pins pins;
};
/// Octopus Pro V1.0.1 H723, as it was wired for this machine.
inline const std::array<known_slot, 3>& known_slots() {
    static const std::array<known_slot, 3> slots{{{"Motor 0", {"PF13", "PF12", "PF14"}},
                                                  {"Motor 2_1", {"PF11", "PG3", "PG5"}},
                                                  {"Motor 2_2", {"PG4", "PC1", "PA0"}}}};
    return slots;
}

inline motor_pins pins_of_slot(std::string_view slot) {
    const auto named = words_of(in_parentheses(slot));
    if (named.size() == 3 && std::all_of(named.begin(), named.end(), is_pin)) return {named[0], named[1], named[2]};
    for (const auto& known : known_slots())
        if (io::to_lower(slot) == io::to_lower(known.name)) return known.pins;
    return {};
}

} // namespace detail

/// The stepper sections of an axis, its first motor first: {"stepper_x", "stepper_x1"}.
[[nodiscard]] inline std::vector<std::string> stepper_sections(char axis, const machine::axis& a) {
    std::vector<std::string> out{fmt::format("stepper_{}", axis)};
    for (int i = 1; i < a.motors; ++i) out.push_back(fmt::format("stepper_{}{}", axis, i));
    return out;
}

[[nodiscard]] inline const machine::axis& axis_of(const machine::machine& m, char axis) noexcept {
    return axis == 'x' ? m.axes.x : axis == 'y' ? m.axes.y : m.axes.z;
}

/// What an axis travels in one turn of its motor; nothing while machine.yaml does not say what drives Z.
[[nodiscard]] inline std::optional<mm> a_turn_of(const machine::machine& m, char axis) noexcept {
    if (axis == 'z') return m.steppers.z_rotation_distance;
    return axis == 'x' ? m.steppers.rotation_of_x() : m.steppers.rotation_of_y();
}

/// Of the nth motor of an axis, 0 the first.
[[nodiscard]] inline motor_pins pins_of_motor(const machine::machine& m, char axis, std::size_t nth) {
    const auto slots = detail::joined_parts(axis_of(m, axis).octopus_slot);
    return nth < slots.size() ? detail::pins_of_slot(slots[nth]) : motor_pins{};
}

/// The polarity at which a driver is on: the wiring's, or that of its own slot.
[[nodiscard]] inline bool enable_is_inverted(const machine::machine& m, const motor_pins& pins) {
    return m.steppers.enable_pin_inverted || is_inverted(pins.enable);
}

/// How an endstop is read: the pull-up always, since a switch to ground needs it, and ! where ground means pressed:
/// Klipper takes a high pin for triggered.
[[nodiscard]] inline std::optional<std::string> endstop_modifiers(const std::optional<std::string>& type) {
    if (type == "NO_to_GND") return "^!";
    if (type == "NC_to_GND") return "^";
    return std::nullopt;
}

/// The endstop of the nth motor of an axis as printer.cfg writes it; nothing when machine.yaml names none, or no pin.
[[nodiscard]] inline std::optional<std::string> endstop_pin_of(const machine::machine& m, char axis, std::size_t nth) {
    const machine::axis& a = axis_of(m, axis);
    if (!a.endstop_pin) return std::nullopt;
    const auto ends = detail::joined_parts(*a.endstop_pin);
    if (nth >= ends.size()) return std::nullopt;
    const auto inside = detail::in_parentheses(ends[nth]);
    std::string pin(inside.empty() ? ends[nth] : inside);
    if (!detail::is_pin(pin) || (inside.empty() && io::to_upper(pin).starts_with("DIAG"))) return std::nullopt;
    if (pin.find_first_of("^~!") != std::string::npos) return pin; // whoever wrote that knows
    return endstop_modifiers(a.endstop_type).value_or("^") + pin;
}

namespace detail {

/// The last word for one option of one motor.
struct pin_use {
    std::string section, option, value;

    [[nodiscard]] std::string_view pin() const { return bare_pin(value); }
    /// "stepper_x1" moves what "stepper_x" moves.
    [[nodiscard]] std::string_view rail() const {
        const std::string_view name = section;
        return name.substr(0, name.find_last_not_of("0123456789") + 1);
    }
    /// The enable pin of any motors, the endstop of those of one axis.
    [[nodiscard]] bool may_share(const pin_use& o) const {
        if (option != o.option) return false;
        return option == "enable_pin" ||
               (option == "endstop_pin" && section.starts_with("stepper_") && rail() == o.rail());
    }
    [[nodiscard]] bool same_polarity(const pin_use& o) const {
        const auto differs = [&](char c) { return value.contains(c) != o.value.contains(c); };
        return !differs('!') && !differs('^') && !differs('~');
    }
};

inline std::vector<pin_use> pins_in_use(const std::vector<klippy::cfg_section>& sections) {
    std::vector<pin_use> out;
    for (const klippy::cfg_section& s : sections) {
        if (!s.name.starts_with("stepper_") && !s.name.starts_with("manual_stepper ")) continue;
        for (const klippy::cfg_option& o : s.options) {
            if (o.key != "step_pin" && o.key != "dir_pin" && o.key != "enable_pin" && o.key != "endstop_pin") continue;
            const auto same = [&](const pin_use& u) { return u.section == s.name && u.option == o.key; };
            if (const auto old = std::find_if(out.begin(), out.end(), same); old != out.end())
                old->value = o.value;
            else
                out.push_back({s.name, o.key, o.value});
        }
    }
    std::erase_if(out,
                  [](const pin_use& u) { return !is_pin(u.pin()) || u.pin().find(':') != std::string_view::npos; });
    return out;
}

} // namespace detail

inline std::vector<std::string> pins_used_twice(const std::vector<klippy::cfg_section>& sections) {
    if (std::any_of(sections.begin(), sections.end(),
                    [](const klippy::cfg_section& s) { return s.name == "duplicate_pin_override"; }))
        return {};
    std::vector<std::string> out;
    const auto uses = detail::pins_in_use(sections);
    for (std::size_t i = 0; i < uses.size(); ++i)
        for (std::size_t k = 0; k < i; ++k) {
            const auto &first = uses[k], &second = uses[i];
            if (first.pin() != second.pin()) continue;
            const bool shared = first.may_share(second);
            if (shared && first.same_polarity(second)) continue;
            out.push_back(
                fmt::format("{} is {} of [{}] and {} of [{}]: Klipper {}.", second.pin(), first.option, first.section,
                            second.option, second.section,
                            shared ? "wants the same ^, ~ and ! before both" : "refuses a pin that is used twice"));
            break;
        }
    return out;
}

inline result<void> tell_pin(std::string_view word, told_pins& into) {
    const auto equals = word.find('='), dot = word.find('.');
    if (equals == std::string_view::npos || dot == std::string_view::npos || dot > equals || dot == 0 ||
        dot + 1 == equals || !detail::is_pin(io::trim(word.substr(equals + 1))))
        return kf::fail({errc::usage,
                         "a pin is told as SECTION.OPTION=PIN",
                         {},
                         std::string(word),
                         {"--pin stepper_z.step_pin=PF9"}});
    into[io::to_lower(io::trim(word.substr(0, equals)))] = std::string(io::trim(word.substr(equals + 1)));
    return {};
}

inline result<void> check_told_pins(const told_pins& told, const machine::machine& m, std::string_view axes) {
    constexpr std::array options{"step_pin", "dir_pin", "enable_pin", "endstop_pin"};
    std::vector<std::string> known;
    for (const char axis : axes)
        for (const std::string& section : stepper_sections(axis, axis_of(m, axis))) known.push_back(section);
    for (const auto& [name, pin] : told) {
        const auto dot = name.find('.');
        const bool motor = std::find(known.begin(), known.end(), name.substr(0, dot)) != known.end();
        if (motor && std::find(options.begin(), options.end(), name.substr(dot + 1)) != options.end()) continue;
        return kf::fail(
            {errc::usage, fmt::format("no motor here has a {}", io::printable(name, 60)),
             fmt::format("the motors are {}; each has {}", fmt::join(known, ", "), fmt::join(options, ", ")),
             fmt::format("--pin {}={}", io::printable(name, 60), pin)});
    }
    return {};
}

} // namespace kf::cal
