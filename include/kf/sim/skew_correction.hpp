// SPDX-License-Identifier: MIT
#pragma once
/// [skew_correction] of the simulated printer, its XY plane. What `current_profile_name` says is the last profile that
/// was asked for: SET_SKEW bends every later move and the name stays empty, CLEAR ends every skew and the name stays,
/// and a profile that is not there gives its name and no skew. Until the next move nothing at all shows that SET_SKEW
/// is on.

#include <kf/sim/gcode_host.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>

namespace kf::sim {

class skew_correction {
  public:
    skew_correction(toolhead& t, gcode_host& g, const printer_config& c)
      : toolhead_(t)
      , gcode_(g)
      , profiles_(c.skew_profiles) {
        if (!c.has("skew_correction")) return;
        using line = planner::gcode_line;
        g.add_simple("SET_SKEW", [this](const line& l) { return set(l); });
        g.add_simple("GET_CURRENT_SKEW", [this](const line&) -> gcode_answer {
            gcode_.inform(fmt::format("Current Printer Skew:\nXY Skew: {}\nXZ Skew: {}\nYZ Skew: {}", in_words(xy_),
                                      in_words(0), in_words(0)));
            return {};
        });
        g.add_simple("CALC_MEASURED_SKEW", [this](const line& l) { return calculate(l); });
        g.add_simple("SKEW_PROFILE", [this](const line& l) { return profile(l); });
    }
    [[nodiscard]] boost::json::object status() const { return {{"current_profile_name", name_}}; }

  private:
    using lengths = std::array<mm, 3>;

    /// From both diagonals and one side of what was drawn as a square.
    static double factor(const lengths& l) {
        const auto [ac, bd, ad] = l;
        const mm side = std::sqrt(2 * ac * ac + 2 * bd * bd - 4 * ad * ad) / 2;
        return std::tan(std::numbers::pi / 2 - std::acos((ac * ac - side * side - ad * ad) / (2 * side * ad)));
    }
    static std::string in_words(double factor) {
        return fmt::format("{:.6f} radians, {:.2f} degrees", factor, factor * 180 / std::numbers::pi);
    }
    /// Three numbers with commas between them.
    static std::optional<lengths> read(std::string_view text) {
        lengths l{};
        for (std::size_t i = 0; i < l.size(); ++i) {
            const std::size_t comma = text.find(',');
            if ((comma == std::string_view::npos) != (i == 2)) return std::nullopt;
            if (planner::read_number(text.substr(0, comma), l[i]) != planner::word::number) return std::nullopt;
            text.remove_prefix(i == 2 ? 0 : comma + 1);
        }
        return l;
    }

    gcode_answer set(const planner::gcode_line& line) {
        const auto words = line.extended();
        if (!words) return refuse(fmt::format("Malformed command '{}'", line.text()));
        if (words->find("CLEAR").value_or("0") != "0") {
            bend(0);
            return {};
        }
        if (const auto text = words->find("XY")) {
            const auto l = read(*text);
            if (!l)
                return refuse(
                    fmt::format("skew_correction: improperly formatted entry for plane [XY]\n{}", line.text()));
            xy_ = factor(*l);
            toolhead_.set_skew(xy_);
        }
        return {};
    }
    /// A whole skew, of which klippy takes note where G-code is by that.
    void bend(double xy) {
        xy_ = xy;
        toolhead_.set_skew(xy_);
        toolhead_.look_anew_where_gcode_is();
    }
    gcode_answer profile(const planner::gcode_line& line) {
        const auto words = line.extended();
        if (!words) return refuse(fmt::format("Malformed command '{}'", line.text()));
        if (const auto wanted = words->find("LOAD")) {
            name_ = *wanted;
            const auto known = profiles_.find(name_);
            if (known == profiles_.end())
                gcode_.inform(fmt::format("skew_correction:  Load failed, unknown profile [{}]", name_));
            else
                bend(known->second.xy);
        } else if (const auto saved = words->find("SAVE")) {
            profiles_[std::string(*saved)] = {xy_, 0, 0};
            gcode_.inform(fmt::format("Skew Correction state has been saved to profile [{}]\nfor the current session.  "
                                      "The SAVE_CONFIG command will\nupdate the printer config file and restart the "
                                      "printer.",
                                      *saved));
        } else if (const auto removed = words->find("REMOVE")) {
            if (profiles_.erase(std::string(*removed)) > 0)
                gcode_.inform(
                    fmt::format("Profile [{}] removed from storage for this session.\nThe SAVE_CONFIG command "
                                "will update the printer\nconfiguration and restart the printer",
                                *removed));
        }
        return {};
    }
    gcode_answer calculate(const planner::gcode_line& line) {
        const auto words = line.extended();
        if (!words) return refuse(fmt::format("Malformed command '{}'", line.text()));
        lengths l{};
        constexpr std::array<const char*, 3> names{"AC", "BD", "AD"};
        for (std::size_t i = 0; i < l.size(); ++i) {
            const auto text = words->find(names[i]);
            if (!text) return refuse(fmt::format("Error on '{}': missing {}", line.text(), names[i]));
            if (planner::read_number(*text, l[i]) != planner::word::number)
                return refuse(fmt::format("Error on '{}': unable to parse {}", line.text(), *text));
        }
        gcode_.inform("Calculated Skew: " + in_words(factor(l)));
        return {};
    }

    toolhead& toolhead_;
    gcode_host& gcode_;
    std::map<std::string, skew_profile> profiles_;
    double xy_ = 0;
    std::string name_;
};

} // namespace kf::sim
