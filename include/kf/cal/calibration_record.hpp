// SPDX-License-Identifier: MIT
#pragma once
/// The history of calibrations: one JSON object a line for each routine that came to its conclusion, and for each undo,
/// appended and synced. An entry that changes machine.yaml stands here before the file changes, so that whatever ends
/// the run in between, `kcal undo` knows what the values were.

#include <kf/cal/write_back.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/json_records.hpp>
#include <kf/machine/machine_difference.hpp>
#include <kf/machine/machine_edit.hpp>
#include <kf/sink.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf::cal {

namespace json = boost::json;

struct calibration_record {
    std::string time;    ///< UTC, as 2026-01-25T12:00:00Z
    std::string routine; ///< "square"; of an undo: "undo"
    std::string text;    ///< the conclusion, as a person read it
    json::object found;  ///< its fields
    std::string machine; ///< the file that was changed; empty: none
    std::string kept;    ///< where the file of before is
    std::vector<written_value> values;
};

/// Where the file of before this change is kept: "kept/20260125T120000Z-square.yaml".
[[nodiscard]] inline std::filesystem::path kept_file(const std::filesystem::path& folder, const calibration_record& r) {
    std::string when = r.time;
    std::erase_if(when, [](char c) { return c == ':' || c == '-'; });
    return folder / "kept" / fmt::format("{}-{}.yaml", when, r.routine);
}

[[nodiscard]] inline json::object to_json(const std::vector<field>& fields) {
    json::object out;
    for (const field& f : fields) std::visit([&](const auto& value) { out[f.name] = value; }, f.value);
    return out;
}

namespace detail {

inline json::object record_line(const calibration_record& r) {
    json::array values;
    for (const written_value& v : r.values) {
        json::object value{{"path", v.path}};
        if (v.becomes) value["becomes"] = *v.becomes;
        if (v.was) value["was"] = *v.was;
        values.push_back(std::move(value));
    }
    return {{"time", r.time},       {"routine", r.routine}, {"text", r.text},  {"found", r.found},
            {"machine", r.machine}, {"kept", r.kept},       {"values", values}};
}

inline calibration_record record_of(const json::object& line) {
    calibration_record r{.time = io::text_at(line, "time"),
                         .routine = io::text_at(line, "routine"),
                         .text = io::text_at(line, "text"),
                         .found = io::object_at(line, "found"),
                         .machine = io::text_at(line, "machine"),
                         .kept = io::text_at(line, "kept"),
                         .values = {}};
    for (const json::value& v : io::array_at(line, "values")) {
        const json::object& o = io::as_object(v);
        r.values.push_back(
            {io::text_at(o, "path"), io::value_at<double>(o, "was"), io::value_at<double>(o, "becomes")});
    }
    return r;
}

} // namespace detail

[[nodiscard]] inline result<void> append(const std::filesystem::path& history, const calibration_record& r) {
    return io::append_line(history, json::serialize(detail::record_line(r)));
}

/// From the oldest to the newest; none when there is no file. A line that was cut short is passed over.
[[nodiscard]] inline result<std::vector<calibration_record>> read_history(const std::filesystem::path& history) {
    std::vector<calibration_record> all;
    const auto text = io::read_file(history, std::size_t{16} << 20);
    if (!text && text.error().code == errc::not_found) return all;
    if (!text) return kf::fail(text.error());
    io::each_json_line(*text, [&](const json::object& line) { all.push_back(detail::record_of(line)); });
    return all;
}

namespace detail {

inline bool stands_in(std::string_view text, const std::vector<written_value>& values) {
    return std::ranges::all_of(values, [&](const written_value& v) {
        const auto now = machine::value_at(text, v.path);
        return now && v.becomes && io::to_decimal(*now) == io::to_decimal(*v.becomes);
    });
}

} // namespace detail

/// The newest change of `machine` whose values still stand in its text, one that was undone left out; nothing when
/// there is none.
[[nodiscard]] inline std::optional<calibration_record> last_change(const std::vector<calibration_record>& history,
                                                                   std::string_view machine, std::string_view text) {
    for (auto r = history.rbegin(); r != history.rend(); ++r)
        if (r->routine != "undo" && r->machine == machine && !r->values.empty() && detail::stands_in(text, r->values))
            return *r;
    return std::nullopt;
}

namespace detail {

/// `text` with the values of before that change. A value that was not there becomes the null of its line.
inline result<std::string> with_former_values(std::string text, const std::vector<written_value>& values) {
    for (const written_value& v : values) {
        KF_TRY(text, v.was ? machine::with_value(text, v.path, *v.was) : machine::with_null(text, v.path));
    }
    return text;
}

/// `text` with the values that the change wrote. errc::failed: one of them had a line added.
inline result<std::string> with_latter_values(std::string text, const std::vector<written_value>& values) {
    for (const written_value& v : values)
        if (v.becomes) {
            KF_TRY(text, machine::with_value(text, v.path, *v.becomes));
        }
    return text;
}

} // namespace detail

/// The file as it is, with the values of before that change; byte for byte the file of before, `kept`, when nothing
/// else was changed since.
[[nodiscard]] inline result<write_back> plan_undo(std::string text, const calibration_record& change,
                                                  const result<std::string>& kept) {
    KF_TRY(std::string after, detail::with_former_values(text, change.values));
    if (kept)
        for (const auto& [same, as_kept] : {std::pair(after, detail::with_former_values(*kept, change.values)),
                                            std::pair(text, detail::with_latter_values(*kept, change.values))})
            if (as_kept && *as_kept == same) {
                after = *kept;
                break;
            }
    write_back out{std::move(text), std::move(after), {}};
    for (const written_value& v : change.values) out.values.push_back({v.path, v.becomes, v.was});
    return out;
}

} // namespace kf::cal
