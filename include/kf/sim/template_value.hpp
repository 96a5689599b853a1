// SPDX-License-Identifier: MIT
#pragma once
/// The values of a macro's template, as Python has them: what is true, what prints how, what compares and adds. They
/// are JSON values because all that a template can look at is status objects; null is "undefined".

#include <kf/planner/gcode_line.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kf::sim {

using template_value = boost::json::value;

[[nodiscard]] inline bool is_true(const template_value& v) {
    if (v.is_bool()) return v.as_bool();
    if (v.is_number()) return v.to_number<double>() != 0;
    if (v.is_string()) return !v.as_string().empty();
    if (v.is_array()) return !v.as_array().empty();
    return v.is_object() && !v.as_object().empty();
}

/// As str() prints it: 10.0, 7, True, nothing for what is undefined.
[[nodiscard]] inline std::string printed(const template_value& v) {
    if (v.is_null()) return {};
    if (v.is_bool()) return v.as_bool() ? "True" : "False";
    if (v.is_string()) return std::string(v.as_string());
    if (v.is_double()) {
        const double d = v.as_double();
        return d == std::floor(d) && std::abs(d) < 1e16 ? fmt::format("{:.1f}", d) : fmt::format("{}", d);
    }
    return boost::json::serialize(v);
}

[[nodiscard]] inline bool both_numbers(const template_value& a, const template_value& b) {
    return a.is_number() && b.is_number();
}

[[nodiscard]] inline bool equal(const template_value& a, const template_value& b) {
    if (both_numbers(a, b)) return a.to_number<double>() == b.to_number<double>();
    return a == b;
}

[[nodiscard]] inline std::partial_ordering compared(const template_value& a, const template_value& b) {
    if (both_numbers(a, b)) return a.to_number<double>() <=> b.to_number<double>();
    if (a.is_string() && b.is_string()) return printed(a) <=> printed(b);
    return std::partial_ordering::unordered;
}

/// `part in whole`: a text in a text, a value in a list, a name in an object.
[[nodiscard]] inline bool contains(const template_value& whole, const template_value& part) {
    if (whole.is_string()) return printed(whole).find(printed(part)) != std::string::npos;
    if (whole.is_object()) return part.is_string() && whole.as_object().contains(part.as_string());
    if (!whole.is_array()) return false;
    for (const auto& one : whole.as_array())
        if (equal(one, part)) return true;
    return false;
}

/// `whole.name` and `whole["name"]`; the x, y, z and e of a place are its first to fourth number.
[[nodiscard]] inline template_value member(const template_value& whole, std::string_view name) {
    if (whole.is_object()) {
        const auto* found = whole.as_object().if_contains(name);
        return found != nullptr ? *found : template_value{};
    }
    constexpr std::string_view axes = "xyze";
    const std::size_t i = name.size() == 1 ? axes.find(name.front()) : std::string_view::npos;
    return whole.is_array() && i < whole.as_array().size() ? whole.as_array()[i] : template_value{};
}

/// A variable of printer.cfg or SET_GCODE_VARIABLE: a literal of Python; what is none is a text.
[[nodiscard]] inline template_value literal(const std::string& text) {
    if (text == "True" || text == "False") return text == "True";
    double number = 0;
    if (planner::read_number(text, number) != planner::word::number) return template_value(text);
    if (text.find_first_of(".eE") == std::string::npos) return static_cast<std::int64_t>(number);
    return number;
}

} // namespace kf::sim
