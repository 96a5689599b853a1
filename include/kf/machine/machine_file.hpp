// SPDX-License-Identifier: MIT
#pragma once
/// machine.yaml to a machine, with every fault that it has. machine/machine_edit writes single values back.

#include <kf/error.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/machine/machine_text.hpp>
#include <kf/machine/validate.hpp>
#include <kf/machine/yaml_index.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kf::machine {

/// What a text says: the machine, and everything found on the way. `value` is fit for use only without errors.
struct reading {
    machine value;
    std::vector<problem> problems; ///< in the order of the file
};

namespace detail {

inline constexpr std::size_t largest_machine_file = 1 << 20;

inline bool is_tool_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 && name.front() >= 'a' && name.front() <= 'z' &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

inline std::string shown(const YAML::Node& node) {
    if (node.IsScalar()) return io::printable(node.Scalar());
    if (node.IsSequence()) return "a list";
    if (node.IsMap()) return "a mapping";
    return "empty";
}

/// Why a text is not the number a field wants.
inline std::string not_a_number(std::string_view text, const rule& r) {
    text = text.substr(0, 64);
    for (std::size_t end = text.size(); end-- > 1;)
        if (const auto value = io::parse_decimal(text.substr(0, end))) {
            std::string_view unit = text.substr(end);
            unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
            if (unit == "mm/min")
                return fmt::format("Speeds are in mm/s: write {}.", io::to_decimal(from_f_word(*value), 3));
            if (unit == r.unit && !unit.empty())
                return fmt::format("Write the number alone, {}: it is in {} already.", io::to_decimal(*value), r.unit);
            return *r.unit == '\0' ? "A plain number is expected."
                                   : fmt::format("A plain number is expected, counted in {}.", r.unit);
        }
    return "A plain number is expected.";
}

/// Fills the members of a machine from the index; what cannot be read becomes a problem.
struct field_reader {
    const yaml_index& index;
    std::vector<problem>& problems;

    void wrong(const std::string& path, const YAML::Node& node, const rule& r, std::string text) const {
        problems.push_back({.field = path, .value = shown(node), .allowed = range_text(r), .text = std::move(text)});
    }

    bool read(const std::string& path, const YAML::Node& node, double& into, const rule& r) const {
        const auto value = node.IsScalar() ? io::parse_decimal(node.Scalar()) : std::nullopt;
        if (!value) {
            wrong(path, node, r, node.IsScalar() ? not_a_number(node.Scalar(), r) : "A number is expected.");
            return false;
        }
        into = *value;
        return true;
    }
    bool read(const std::string& path, const YAML::Node& node, int& into, const rule& r) const {
        double value = 0;
        if (!read(path, node, value, r)) return false;
        if (value != std::floor(value) || std::fabs(value) > 1e9) {
            wrong(path, node, r, "A whole number is expected.");
            return false;
        }
        into = static_cast<int>(value);
        return true;
    }
    bool read(const std::string& path, const YAML::Node& node, bool& into, const rule&) const {
        const std::string text = node.IsScalar() ? node.Scalar() : "";
        for (const char* yes : {"true", "True", "yes", "on"})
            if (text == yes) return into = true, true;
        for (const char* no : {"false", "False", "no", "off"})
            if (text == no) return into = false, true;
        problems.push_back({.field = path, .value = shown(node), .allowed = "true, false"});
        return false;
    }
    bool read(const std::string& path, const YAML::Node& node, std::string& into, const rule& r) const {
        if (!node.IsScalar()) return wrong(path, node, r, "A text is expected."), false;
        into = node.Scalar();
        // It gets into printer.cfg, where a line break begins something else.
        const auto control = [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; };
        if (std::none_of(into.begin(), into.end(), control)) return true;
        wrong(path, node, r, "A text is one line, without control characters.");
        return false;
    }
    bool read(const std::string& path, const YAML::Node& node, xy& into, const rule& r) const {
        if (!node.IsSequence() || node.size() != 2) return wrong(path, node, r, "[x, y] is expected."), false;
        const bool x = read(path + "[0]", node[0], into.x, r), y = read(path + "[1]", node[1], into.y, r);
        return x && y;
    }
    bool read(const std::string& path, const YAML::Node& node, std::vector<double>& into, const rule& r) const {
        constexpr std::size_t most = 32;
        if (!node.IsSequence() || node.size() == 0 || node.size() > most)
            return wrong(path, node, r, "A list of 1 to 32 numbers is expected."), false;
        into.assign(node.size(), 0);
        bool good = true;
        for (std::size_t i = 0; i < node.size(); ++i)
            good = read(fmt::format("{}[{}]", path, i), node[i], into[i], r) && good;
        return good;
    }
    template<class T>
        requires std::is_enum_v<T>
    bool read(const std::string& path, const YAML::Node& node, T& into, const rule&) const {
        const auto words = words_of(into);
        for (std::size_t i = 0; i < words.size(); ++i)
            if (node.IsScalar() && node.Scalar() == words[i]) return into = static_cast<T>(i), true;
        problems.push_back({.field = path, .value = shown(node), .allowed = fmt::format("{}", fmt::join(words, ", "))});
        return false;
    }
    template<class T>
    bool read(const std::string& path, const YAML::Node& node, std::optional<T>& into, const rule& r) const {
        into.reset();
        if (node.IsNull()) return true;
        T value{};
        if (!read(path, node, value, r)) return false;
        into = std::move(value);
        return true;
    }

    template<class T>
    void operator()(const std::string& path, T& member, const rule& r) const {
        const yaml_entry* entry = index.find(path);
        if (entry != nullptr) {
            read(path, entry->value, member, r);
            return;
        }
        if (r.presence == need::optional) return;
        problems.push_back({.field = path, .allowed = range_text(r), .text = "It is missing, and it has no default."});
    }
};

inline void read_keep_outs(const YAML::Node& list, machine& m, const field_reader& reader) {
    constexpr std::size_t most = 256;
    if (list.IsNull()) return;
    if (!list.IsSequence() || list.size() > most) {
        reader.wrong("keep_outs", list, {}, "A list of rectangles and circles is expected, 256 at most.");
        return;
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        const YAML::Node item = list[i];
        const std::string at = fmt::format("keep_outs[{}]", i);
        keep_out k;
        k.name = at;
        box rectangle;
        disc circle;
        enum { missing, span, centre } x = missing, y = missing;
        bool round = false;
        if (item.IsMap())
            for (const auto& pair : item) {
                const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
                const std::string path = at + "." + key;
                const auto side = [&](double& low, double& high, double& middle) {
                    if (!pair.second.IsSequence()) return reader.read(path, pair.second, middle, {}), centre;
                    xy ends;
                    if (reader.read(path, pair.second, ends, {})) low = ends.x, high = ends.y;
                    return span;
                };
                if (key == "name")
                    reader.read(path, pair.second, k.name, {});
                else if (key == "when")
                    reader.read(path, pair.second, k.applies, {});
                else if (key == "height_mm")
                    reader.read(path, pair.second, k.height_mm, {});
                else if (key == "x")
                    x = side(rectangle.min.x, rectangle.max.x, circle.centre.x);
                else if (key == "y")
                    y = side(rectangle.min.y, rectangle.max.y, circle.centre.y);
                else if (key == "radius") {
                    round = true;
                    reader.read(path, pair.second, circle.radius, {});
                } else
                    reader.problems.push_back(
                        {.field = path, .text = "A keep-out has name, x, y, radius, height_mm and when."});
            }
        if (const auto wanted = round ? centre : span; x != wanted || y != wanted) {
            reader.wrong(at, item, {},
                         "A keep-out is {name: ..., x: [from, to], y: [from, to]} or {name: ..., x: ..., y: ..., "
                         "radius: ...}.");
            continue;
        }
        if (round)
            k.area = circle;
        else
            k.area = rectangle;
        m.keep_outs.push_back(std::move(k));
    }
}

inline void find_tools(const yaml_index& index, machine& m, std::vector<problem>& problems) {
    constexpr std::size_t most = 32;
    for (const auto& [path, entry] : index.entries()) {
        if (!path.starts_with("tools.") || path.find('.', 6) != std::string::npos) continue;
        const std::string name = path.substr(6);
        if (!is_tool_name(name))
            problems.push_back({.field = "tools." + io::printable(name), .text = "A tool's name is a-z, 0-9 and _."});
        else if (m.tools.size() < most)
            m.tools.push_back({.name = name});
        else
            problems.push_back({.field = path, .text = "There are more than 32 tools."});
    }
    // The file's order, not the alphabet's: its first tool is the one that a job starts with.
    std::sort(m.tools.begin(), m.tools.end(), [&](const tool& a, const tool& b) {
        const yaml_entry *left = index.find("tools." + a.name), *right = index.find("tools." + b.name);
        return std::pair(left->line, a.name != "pen") < std::pair(right->line, b.name != "pen");
    });
}

/// A key that no field has is a note, with the name that was probably meant.
inline void note_unknown_keys(const yaml_index& index, const machine& m, std::vector<problem>& problems) {
    std::vector<std::string> known{"keep_outs"};
    for_each_field(m, [&](const std::string& path, const auto&, const rule&) { known.push_back(path); });
    for (const auto& [path, entry] : index.entries()) {
        const auto is_it_or_above_it = [&key = path](const std::string& k) {
            return k.starts_with(key) && (k.size() == key.size() || k[key.size()] == '.');
        };
        if (std::ranges::any_of(known, is_it_or_above_it)) continue;
        const std::size_t parent = path.rfind('.') + 1; // 0 for a top-level key
        std::vector<std::string> siblings;
        for (const std::string& k : known)
            if (k.compare(0, parent, path, 0, parent) == 0)
                siblings.push_back(k.substr(parent, k.find('.', parent) - parent));
        if (siblings.empty()) continue; // below an unknown key only that key is named
        const auto near = io::near_names(path.substr(parent), siblings);
        problems.push_back({.severity = problem::level::note,
                            .field = io::printable(path, 80),
                            .text = near.empty() ? "Unknown key, not used."
                                                 : fmt::format("Unknown key, not used. Did you mean {}?", near.front()),
                            .line = entry.line});
    }
}

} // namespace detail

/// Reads the text of a machine.yaml. Syntax that YAML does not have ends the reading; everything else is collected.
[[nodiscard]] inline reading read_machine(std::string_view text) {
    reading out;
    const auto broken = [&](std::string why, std::size_t line) {
        out.problems.push_back({.field = "YAML", .text = std::move(why), .line = line});
        return std::move(out);
    };
    if (text.size() > detail::largest_machine_file) return broken("The file is larger than 1 MiB.", 0);
    detail::yaml_index index;
    try {
        const YAML::Node root = YAML::Load(std::string(text));
        if (!root.IsMap()) return broken("A machine file is a mapping: 'machine:', 'canvas:', and so on.", 1);
        constexpr int levels_below_top = 2;
        index.add(root, "", levels_below_top, [&](std::string path, std::size_t line, std::string why) {
            out.problems.push_back({.field = io::printable(path, 80), .text = std::move(why), .line = line});
        });
        detail::find_tools(index, out.value, out.problems);
        const detail::field_reader reader{index, out.problems};
        for_each_field(out.value, reader);
        if (const auto* list = index.find("keep_outs")) detail::read_keep_outs(list->value, out.value, reader);
    } catch (const YAML::Exception& e) {
        return broken(e.msg + ".", static_cast<std::size_t>(std::max(e.mark.line, -1) + 1));
    }
    out.problems = validate(out.value, std::move(out.problems));
    detail::note_unknown_keys(index, out.value, out.problems);
    for (problem& p : out.problems) {
        if (p.line == 0) p.line = index.line_of(p.field);
        const auto* entry = index.find(p.field);
        if (p.value.empty() && entry != nullptr && entry->value.IsScalar()) p.value = entry->value.Scalar();
    }
    std::stable_sort(out.problems.begin(), out.problems.end(),
                     [](const problem& a, const problem& b) { return a.line < b.line; });
    return out;
}

/// A whole small text file; the one place below tools/ that opens machine.yaml.
[[nodiscard]] inline result<std::string> read_text(const std::string& path) {
    auto text = io::read_file(path, detail::largest_machine_file);
    if (text) return text;
    error e = std::move(text).error();
    if (e.cause.empty()) e.cause = std::exchange(e.what, fmt::format("cannot read {}", path));
    e.command = path;
    if (e.code == errc::not_found) e.steps = {"kplot machine init  (writes a commented machine.yaml)"};
    return fail(std::move(e));
}

/// The machine of a file; notes are in `problems`. The error lists every fault with file, line, field and range.
[[nodiscard]] inline result<reading> read_machine_file(const std::string& path) {
    KF_TRY(const std::string text, read_text(path));
    reading r = read_machine(text);
    if (has_errors(r.problems)) return fail(to_error(r.problems, path));
    return r;
}

/// The machine that --sim has: the template's, with a Z that does not bore anybody.
[[nodiscard]] inline machine sim_machine() {
    machine m = read_machine(template_text).value;
    constexpr mm_per_s fast_z = 40;
    for (tool& t : m.tools) t.plunge_feed_mm_s = fast_z;
    m.motion.max_z_velocity_mm_s = 50;
    m.motion.max_z_accel_mm_s2 = 1000;
    m.axes.z.endstop_pin = "simulated";
    return m;
}

} // namespace kf::machine
