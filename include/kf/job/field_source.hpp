// SPDX-License-Identifier: MIT
#pragma once
/// The fields of one line of a job, be it the header or an operation, read in the words of kf-job(5). Between
/// io/json_fields and job/job_header, job/operation_line.

#include <kf/io/decimal.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/operation.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::job {

/// The name of a tool or a pump: it may end up in G-code, so it is plain.
inline bool is_word(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

/// A colour as a job has it: "#rrggbb" in small letters or large ones.
inline bool is_colour(std::string_view text) noexcept {
    return text.size() == 7 && text[0] == '#' && text.find_first_not_of("0123456789abcdefABCDEF", 1) == text.npos;
}

/// Reads the fields of one object; the first thing wrong stays in why().
class field_source {
    io::json_fields fields_;

    [[nodiscard]] static std::string range(std::string_view field, double min, double max) {
        return fmt::format("\"{}\" must be a number from {} to {}", field, io::to_decimal(min), io::to_decimal(max));
    }
    [[nodiscard]] double number(const boost::json::value& value, std::string_view field, double min, double max) {
        const auto d = io::value_as<double>(value);
        if (d && *d >= min && *d <= max) return *d;
        wrong(range(field, min, max));
        return 0;
    }

    [[nodiscard]] static point place_in(const boost::json::value& pair, std::string& fault) {
        if (!pair.is_array() || pair.get_array().size() != 2) return fault = " must be [x,y]", point{};
        double xy[2]{};
        for (std::size_t i = 0; i < 2; ++i) {
            const auto d = io::value_as<double>(pair.get_array()[i]);
            if (!d || *d < -largest || *d > largest)
                return fault = ": " + range(i == 0 ? "x" : "y", -largest, largest), point{};
            xy[i] = *d;
        }
        return {xy[0], xy[1]};
    }

  public:
    explicit field_source(const boost::json::object& object)
      : fields_(object, io::json_fields::null::is_wrong) {}

    void wrong(std::string why) { fields_.wrong({}, std::move(why)); }
    [[nodiscard]] std::string why() const { return fields_.fault() ? fields_.fault()->what : std::string(); }

    /// No other field than these is allowed: a misspelt one would be lost without a word.
    void only(std::initializer_list<std::string_view> allowed) {
        for (const auto& [key, value] : fields_.object()) {
            const std::string_view text(key.data(), key.size());
            if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) continue;
            const auto near = io::near_names(text, allowed);
            wrong(fmt::format("there is no field \"{}\" here{}", io::printable(text),
                              near.empty() ? "" : fmt::format(", is it \"{}\"?", near.front())));
        }
    }
    [[nodiscard]] bool has(std::string_view field) const noexcept { return fields_.find(field) != nullptr; }
    [[nodiscard]] const boost::json::value* find(std::string_view field) {
        const auto* value = fields_.find(field);
        if (value == nullptr) wrong(fmt::format("the field \"{}\" is missing", field));
        return value;
    }
    [[nodiscard]] double number(std::string_view field, double min, double max) {
        const auto* value = find(field);
        return value != nullptr ? number(*value, field, min, max) : 0;
    }
    [[nodiscard]] double whole(std::string_view field, double min, double max) {
        const double value = number(field, min, max);
        if (value != std::floor(value)) wrong(fmt::format("\"{}\" must be a whole number", field));
        return value;
    }
    [[nodiscard]] double coordinate(std::string_view field) { return number(field, -largest, largest); }

    /// Nothing when it is not there, or null.
    [[nodiscard]] std::optional<mm_per_s> speed(std::string_view field) {
        const auto* value = fields_.find(field);
        if (value == nullptr || value->is_null()) return std::nullopt;
        return number(*value, field, 0.001, 100000);
    }
    [[nodiscard]] std::optional<mm_per_s> feed() { return speed("feed"); }
    [[nodiscard]] bool flag(std::string_view field) {
        const auto* value = find(field);
        const auto on = value != nullptr ? io::value_as<bool>(*value) : std::nullopt;
        if (!on) wrong(fmt::format("\"{}\" must be true or false", field));
        return on.value_or(false);
    }
    [[nodiscard]] std::string word(std::string_view field) {
        const auto* value = find(field);
        std::string text = value != nullptr ? io::value_as<std::string>(*value).value_or("") : "";
        if (!is_word(text)) wrong(fmt::format("\"{}\" must be a name: 1 to 64 of a-z, A-Z, 0-9, _ and -", field));
        return text;
    }
    [[nodiscard]] std::string text(std::string_view field) {
        const auto* value = find(field);
        auto text = value != nullptr ? io::value_as<std::string>(*value) : std::nullopt;
        if (!text) wrong(fmt::format("\"{}\" must be text", field));
        return std::move(text).value_or("");
    }
    [[nodiscard]] std::string colour(std::string_view field) {
        std::string value = text(field);
        if (!is_colour(value)) wrong(fmt::format("\"{}\" must be a colour as #rrggbb", field));
        return value;
    }
    /// Null when there is no such field, or when it has another form: the latter is wrong.
    [[nodiscard]] const boost::json::object* object(std::string_view field) {
        if (!has(field)) return nullptr;
        const auto* value = find(field)->if_object();
        if (value == nullptr) wrong(fmt::format("\"{}\" must be an object", field));
        return value;
    }
    [[nodiscard]] const boost::json::array* list(std::string_view field) {
        if (!has(field)) return nullptr;
        const auto* value = find(field)->if_array();
        if (value == nullptr) wrong(fmt::format("\"{}\" must be a list", field));
        return value;
    }
    [[nodiscard]] std::vector<point> points(std::size_t most) {
        std::vector<point> points;
        const auto* value = find("points");
        if (value == nullptr) return points;
        const auto pairs = io::value_as<const boost::json::array*>(*value);
        if (!pairs || (*pairs)->empty()) return wrong("\"points\" must be [[x,y],...]"), points;
        if ((*pairs)->size() > most)
            return wrong(fmt::format("a polyline has {} points at most; go on in another operation", most)), points;
        points.reserve((*pairs)->size());
        for (const auto& pair : **pairs) {
            std::string fault;
            points.push_back(place_in(pair, fault));
            if (!fault.empty()) return wrong(fmt::format("point {}{}", points.size(), fault)), points;
        }
        return points;
    }
    [[nodiscard]] point place(std::string_view field) {
        const auto* value = find(field);
        std::string fault;
        const point p = value != nullptr ? place_in(*value, fault) : point{};
        if (!fault.empty()) wrong(fmt::format("\"{}\"{}", field, fault));
        return p;
    }

    static constexpr double largest = 1e6; // mm: a kilometre, far from every rounding
};

} // namespace kf::job
