// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/calibration_record.hpp>
#include <kf/machine/machine_difference.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

namespace kf::kcal {
namespace {

result<void> list_history(cli::invocation& in) {
    KF_TRY(const auto history, cal::read_history(calibration_folder(in) / "history.jsonl"));
    if (history.empty() && !in.json) in.out.note("no routine has come to its conclusion yet");
    for (const cal::calibration_record& r : history) {
        std::string text = fmt::format("{}  {}\n", r.time, r.routine);
        for (const std::string_view line : machine::lines_of(r.text)) text += fmt::format("    {}\n", line);
        std::string values;
        for (const cal::written_value& v : r.values) {
            const auto number = [](const std::optional<double>& n) { return n ? io::to_decimal(*n) : "null"; };
            const std::string line = fmt::format("{}: {} -> {}", v.path, number(v.was), number(v.becomes));
            text += fmt::format("    {}\n", line);
            values += fmt::format("{}{}", values.empty() ? "" : "\n", line);
        }
        text.pop_back();
        in.out.result({"calibration_record",
                       text,
                       {{"time", r.time},
                        {"routine", r.routine},
                        {"text", r.text},
                        {"machine", r.machine},
                        {"kept", r.kept},
                        {"values", values},
                        {"found", boost::json::serialize(r.found)}}});
    }
    return {};
}

} // namespace

cli::command_row history_command() {
    return {"history",
            "",
            0,
            0,
            "Lists what routines found and wrote.",
            {},
            {{"kcal history", "from the oldest to the newest"}},
            list_history};
}

} // namespace kf::kcal
