// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/calibration_record.hpp>
#include <kf/io/time_stamp.hpp>
#include <kf/machine/machine_difference.hpp>

#include <fmt/format.h>

#include <ctime>

namespace kf::kcal {
namespace {

result<void> take_back(cli::invocation& in) {
    const auto file = machine_file(in);
    if (!file)
        return kf::fail({errc::usage,
                         "the machine of --sim is no file: there is nothing to take back",
                         {},
                         "--sim",
                         {"kcal undo --machine FILE"}});
    KF_TRY(std::string text, machine::read_text(file->string()));
    const auto folder = calibration_folder(in);
    KF_TRY(const auto history, cal::read_history(folder / "history.jsonl"));
    const auto change = cal::last_change(history, file->string(), text);
    if (!change)
        return kf::fail({errc::not_found,
                         fmt::format("no change of {} that kcal made still stands", file->string()),
                         {},
                         file->string(),
                         {"kcal history"}});
    KF_TRY(const auto plan, cal::plan_undo(std::move(text), *change, machine::read_text(change->kept)));
    const std::string diff = machine::difference(plan.before, plan.after, file->string());
    in.out.result({"machine_diff",
                   fmt::format("kcal {} of {}\n{}", change->routine, change->time, diff),
                   {{"file", file->string()}, {"routine", change->routine}, {"time", change->time}, {"diff", diff}}});
    if (!in.has("yes")) {
        KF_TRY(const bool yes, cli::confirm(in, "Shall it be taken back so", false, "--yes"));
        if (!yes) return kf::fail(errc::interrupted, "nothing was written");
    }
    cal::calibration_record record{io::time_stamp(std::time(nullptr)),
                                   "undo",
                                   "took back kcal " + change->routine,
                                   {},
                                   file->string(),
                                   {},
                                   plan.values};
    record.kept = cal::kept_file(folder, record).string();
    KF_CHECK(cal::append(folder / "history.jsonl", record));
    KF_CHECK(cal::write(plan, *file, record.kept));
    in.out.result(
        {"written",
         fmt::format("{} is as before kcal {}; printer.cfg is yours to change back", file->string(), change->routine),
         {{"file", file->string()}, {"kept", record.kept}}});
    return {};
}

} // namespace

cli::command_row undo_command() {
    return {"undo",
            "",
            0,
            0,
            "Takes back what the last routine wrote into machine.yaml.",
            {{"yes,y", "", "do not ask"}},
            {{"kcal undo", "shows what changes, and asks"}},
            take_back};
}

} // namespace kf::kcal
