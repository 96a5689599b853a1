// SPDX-License-Identifier: MIT
#pragma once
/// How motors and switches are wired to the board, with what may be wrong there. The first printer.cfg that names a pin
/// is taken for the right one, so that a later one can be wrong, and a wrong wire can be made good by a ! in it.

#include <kf/sim/motor.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace kf::sim {

/// What is wrong with the wires; by motor, or by the switch of the motor.
struct wiring_faults {
    std::array<bool, 4> backwards{};
    std::array<bool, 4> dead{};                 ///< its driver never switches it on
    std::array<std::optional<bool>, 4> stuck{}; ///< what the switch is whatever happens: pressed, or not
    std::array<bool, 4> inverted{};             ///< the switch closes where another one opens
    bool swapped_x = false;                     ///< the two switches of X
    bool swapped_xy = false;                    ///< that of X and that of Y
    bool enable_inverted = false;               ///< of all drivers
    seconds needs_pulse = 0;                    ///< a driver that gets shorter ones hums and does not turn

    bool operator==(const wiring_faults&) const = default;
};

class wiring {
  public:
    [[nodiscard]] const wiring_faults& faults() const noexcept { return faults_; }
    void set_faults(const wiring_faults& f) {
        faults_ = f;
        ++changes_;
    }
    void set_stuck(motor m, std::optional<bool> state) { faults_.stuck[index_of(m)] = state; }
    /// Another number each time that something of it may answer otherwise.
    [[nodiscard]] int changes() const noexcept { return changes_; }

    /// What the printer.cfg of a start says; what was there at an earlier start stays.
    void connect(const std::vector<motor_config>& motors) {
        ++changes_;
        for (const motor_config& m : motors) {
            const auto which = m.drives();
            if (!which) continue;
            auto& wires = motors_[index_of(*which)];
            if (!wires) wires = polarity{pin::of(m.dir_pin).inverted, pin::of(m.enable_pin).inverted};
            if (!m.endstop_pin) continue;
            const pin p = pin::of(*m.endstop_pin);
            bool has_one = false;
            for (const auto& [name, end] : switches_) has_one = has_one || end.of == *which;
            if (!has_one) switches_.try_emplace(p.name, line{*which, p.inverted});
        }
    }

    enum class drive : std::uint8_t { forwards, backwards, stands, hums };
    /// What the motor does when Klipper has it go up.
    [[nodiscard]] drive of(const motor_config& m) const {
        const auto which = m.drives();
        if (!which || faults_.dead[index_of(*which)] || is_on(m, true) == false) return drive::stands;
        if (m.pulse.value_or(0.000002) < faults_.needs_pulse - 1e-12) return drive::hums;
        const auto& wires = motors_[index_of(*which)];
        const bool turned = wires && wires->dir_inverted != pin::of(m.dir_pin).inverted;
        return turned != faults_.backwards[index_of(*which)] ? drive::backwards : drive::forwards;
    }
    /// +1, -1 or 0.
    [[nodiscard]] int sign(const motor_config& m) const {
        const drive d = of(m);
        return d == drive::forwards ? 1 : d == drive::backwards ? -1 : 0;
    }
    /// Is it held, when Klipper takes it for switched on, or off?
    [[nodiscard]] bool is_on(const motor_config& m, bool enabled) const {
        const auto which = m.drives();
        if (!which || faults_.dead[index_of(*which)]) return false;
        const auto& wires = motors_[index_of(*which)];
        const bool turned = wires && wires->enable_inverted != pin::of(m.enable_pin).inverted;
        return enabled != (turned != faults_.enable_inverted);
    }
    /// The switch that a pin reads; nothing is wired to any other pin.
    [[nodiscard]] std::optional<motor> switch_at(const pin& p) const {
        const auto found = switches_.find(p.name);
        if (found == switches_.end()) return std::nullopt;
        const motor right = found->second.of;
        if (faults_.swapped_x && axis_of(right) == 0) return right == motor::x ? motor::x1 : motor::x;
        if (faults_.swapped_xy && (right == motor::x || right == motor::y))
            return right == motor::x ? motor::y : motor::x;
        return right;
    }
    /// Does Klipper read "TRIGGERED", when the switch there is pressed, or not? An open pin with a pull-up is high.
    [[nodiscard]] bool reads(const pin& p, bool pressed) const {
        const auto found = switches_.find(p.name);
        if (found == switches_.end()) return p.pulled_up != p.inverted;
        const auto which = switch_at(p);
        const bool other_way = p.inverted != found->second.inverted;
        return pressed != (other_way != faults_.inverted[index_of(*which)]);
    }

  private:
    struct polarity {
        bool dir_inverted = false, enable_inverted = false;
    };
    struct line {
        motor of;
        bool inverted;
    };
    wiring_faults faults_{};
    int changes_ = 0;
    std::array<std::optional<polarity>, 4> motors_{};
    std::map<std::string, line> switches_;
};

} // namespace kf::sim
