// SPDX-License-Identifier: MIT
#pragma once
/// The words of an extended command, NAME=VALUE, read as Klipper reads them, with its errors. Texts: a live klippy and
/// a live Kalico.

#include <kf/planner/gcode_line.hpp>
#include <kf/sim/gcode_host.hpp>
#include <kf/sim/printer_config.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::sim {

class gcode_words {
  public:
    enum class limit { none, above_zero, not_below_zero };
    static constexpr limit above_zero = limit::above_zero, not_below_zero = limit::not_below_zero;

    /// `line` has to outlive it.
    explicit gcode_words(const planner::gcode_line& line)
      : text_(line.text())
      , words_(line.extended()) {}

    /// Stays empty when the word is not there.
    [[nodiscard]] gcode_answer take(std::string_view name, std::optional<std::string>& value) const {
        if (!words_) return refuse(fmt::format("Malformed command '{}'", text_));
        if (const auto text = words_->find(name)) value = std::string(*text);
        return {};
    }
    [[nodiscard]] gcode_answer take(std::string_view name, std::optional<double>& value,
                                    limit least = limit::none) const {
        std::optional<std::string> text;
        if (auto a = take(name, text); !a || !text) return a;
        double number = 0;
        if (planner::read_number(*text, number) != planner::word::number)
            return wrong(fmt::format("unable to parse {}", *text));
        if (least == limit::above_zero && number <= 0) return wrong(fmt::format("{} must be above 0.0", name));
        if (least == limit::not_below_zero && number < 0)
            return wrong(fmt::format("{} must have minimum of 0.0", name));
        value = number;
        return {};
    }
    [[nodiscard]] gcode_answer take(std::string_view name, std::optional<int>& value) const {
        std::optional<double> number;
        std::optional<std::string> text;
        if (auto a = take(name, text); !a || !text) return a;
        if (auto a = take(name, number); !a) return a;
        if (*number != std::floor(*number)) return wrong(fmt::format("unable to parse {}", *text));
        value = static_cast<int>(*number);
        return {};
    }
    /// It has to be there.
    template<class Value, class... Limit>
    [[nodiscard]] gcode_answer demand(std::string_view name, std::optional<Value>& value, Limit... least) const {
        if (auto a = take(name, value, least...); !a || value) return a;
        return wrong(fmt::format("missing {}", name));
    }

  private:
    [[nodiscard]] gcode_answer wrong(std::string_view what) const {
        return refuse(fmt::format("Error on '{}': {}", text_, what));
    }

    std::string_view text_;
    std::optional<planner::named_words> words_;
};

/// Of a command that is there once for each of `names`.
[[nodiscard]] inline std::string not_valid_for(std::string_view word, std::string_view value,
                                               const std::vector<std::string>& names, host_program program) {
    const std::string text = fmt::format("The value '{}' is not valid for {}", value, word);
    if (program == host_program::kalico) return text;
    std::string near;
    for (const std::string& name : names)
        if (!value.empty() && name.find(value) != std::string::npos) near = name;
    if (!near.empty()) return fmt::format("{}. Did you mean '{}'?", text, near);
    std::vector<std::string> quoted;
    for (const std::string& name : names) quoted.push_back(fmt::format("'{}'", name));
    return fmt::format("{}. Options: {}", text, fmt::join(quoted, ", "));
}

/// The motor of the configuration that STEPPER= names, or the reason why not.
[[nodiscard]] inline std::expected<std::size_t, gcode_error> stepper_of(const gcode_words& words,
                                                                        const printer_config& c) {
    std::optional<std::string> name;
    if (auto a = words.demand("STEPPER", name); !a) return std::unexpected(a.error());
    std::vector<std::string> all;
    for (std::size_t i = 0; i < c.motors.size(); ++i) {
        if (c.motors[i].section == *name) return i;
        all.push_back(c.motors[i].section);
    }
    if (c.program == host_program::kalico) return refuse(fmt::format("Unknown stepper {}", *name));
    return refuse(not_valid_for("STEPPER", *name, all, c.program));
}

} // namespace kf::sim
