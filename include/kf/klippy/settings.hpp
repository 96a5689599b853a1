// SPDX-License-Identifier: MIT
#pragma once
/// The configuration that Klipper runs with: configfile.settings, typed, defaults filled in by Klipper itself. This is
/// what machine.yaml is compared with before motion. Section and option names are lower case here.

#include <kf/io/ascii.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/klippy/rpc.hpp>
#include <kf/units.hpp>

#include <boost/json.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::klippy {

class settings {
  public:
    explicit settings(json::object sections)
      : sections_(std::move(sections)) {}

    /// From the status of objects/query {"configfile": ["settings"]}; errc::protocol when it is not there.
    [[nodiscard]] static result<settings> from_status(const json::object& status) {
        const auto sections = io::value_at<const json::object*>(io::object_at(status, "configfile"), "settings");
        if (sections) return settings(**sections);
        return kf::fail({errc::protocol, "Klipper does not show its settings", "it is not ready yet"});
    }

    [[nodiscard]] bool has_section(std::string_view section) const { return find(section) != nullptr; }
    [[nodiscard]] bool has_option(std::string_view section, std::string_view option) const {
        return find(section, option) != nullptr;
    }
    [[nodiscard]] std::vector<std::string> sections() const {
        std::vector<std::string> out;
        for (const auto& s : sections_) out.emplace_back(s.key());
        return out;
    }
    [[nodiscard]] std::optional<double> number(std::string_view section, std::string_view option) const {
        return value<double>(section, option);
    }
    [[nodiscard]] std::optional<bool> flag(std::string_view section, std::string_view option) const {
        return value<bool>(section, option);
    }
    [[nodiscard]] std::optional<std::string> text(std::string_view section, std::string_view option) const {
        return value<std::string>(section, option);
    }

    // Of an axis: 'x', 'y' or 'z', its first stepper.
    [[nodiscard]] std::optional<mm> position_min(char axis) const { return number(stepper(axis), "position_min"); }
    [[nodiscard]] std::optional<mm> position_max(char axis) const { return number(stepper(axis), "position_max"); }
    [[nodiscard]] std::optional<mm> position_endstop(char axis) const {
        return number(stepper(axis), "position_endstop");
    }
    [[nodiscard]] std::optional<mm> rotation_distance(char axis) const {
        return number(stepper(axis), "rotation_distance");
    }
    [[nodiscard]] std::optional<int> microsteps(char axis) const { return whole(stepper(axis), "microsteps"); }
    [[nodiscard]] std::optional<int> full_steps_per_rotation(char axis) const {
        return whole(stepper(axis), "full_steps_per_rotation");
    }
    /// Motor turns for each turn of the last gear, of any motor's section; 1 without gears, nothing where they cannot
    /// be read.
    [[nodiscard]] std::optional<double> gear_ratio(std::string_view section) const {
        const json::value* v = find(section, "gear_ratio");
        if (v == nullptr) return has_section(section) ? std::optional(1.0) : std::nullopt;
        if (!v->is_array()) return std::nullopt;
        double ratio = 1;
        for (const json::value& pair : v->get_array()) {
            const auto teeth = io::value_as<std::array<double, 2>>(pair);
            if (!teeth || pair.get_array().size() != 2 || (*teeth)[1] == 0) return std::nullopt;
            ratio *= (*teeth)[0] / (*teeth)[1];
        }
        return ratio;
    }
    [[nodiscard]] bool has_endstop(char axis) const { return has_option(stepper(axis), "endstop_pin"); }

    [[nodiscard]] std::optional<mm_per_s> max_velocity() const { return number("printer", "max_velocity"); }
    [[nodiscard]] std::optional<mm_per_s2> max_accel() const { return number("printer", "max_accel"); }
    [[nodiscard]] std::optional<mm_per_s> max_z_velocity() const { return number("printer", "max_z_velocity"); }
    [[nodiscard]] std::optional<mm_per_s2> max_z_accel() const { return number("printer", "max_z_accel"); }
    [[nodiscard]] std::optional<mm_per_s> square_corner_velocity() const {
        return number("printer", "square_corner_velocity");
    }
    [[nodiscard]] std::optional<double> minimum_cruise_ratio() const {
        return number("printer", "minimum_cruise_ratio");
    }
    [[nodiscard]] std::optional<std::string> kinematics() const { return text("printer", "kinematics"); }
    /// Where Klipper looks for files, as written: "~" is not expanded.
    [[nodiscard]] std::optional<std::string> gcode_directory() const { return text("virtual_sdcard", "path"); }

  private:
    [[nodiscard]] static std::string stepper(char axis) { return std::string("stepper_") + axis; }
    [[nodiscard]] const json::object* find(std::string_view section) const {
        const json::value* v = sections_.if_contains(io::to_lower(section));
        return v != nullptr ? v->if_object() : nullptr;
    }
    [[nodiscard]] const json::value* find(std::string_view section, std::string_view option) const {
        const json::object* s = find(section);
        return s != nullptr ? s->if_contains(io::to_lower(option)) : nullptr;
    }
    template<class T>
    [[nodiscard]] std::optional<T> value(std::string_view section, std::string_view option) const {
        const json::value* v = find(section, option);
        return v != nullptr ? io::value_as<T>(*v) : std::nullopt;
    }
    [[nodiscard]] std::optional<int> whole(std::string_view section, std::string_view option) const {
        const auto v = number(section, option);
        return v ? std::optional(static_cast<int>(*v)) : std::nullopt;
    }

    json::object sections_;
};

} // namespace kf::klippy
