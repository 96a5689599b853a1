// SPDX-License-Identifier: MIT
#include "health.hpp"
#include "kflash_commands.hpp"
#include "owed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kf::kflash {
namespace {

result<void> run_doctor(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    if (in.has("fix")) KF_CHECK(pay_owed(in, b)); // all else that can be wrong needs a person
    const auto all = look_at_health(in, b);
    std::int64_t ill = 0;
    for (const auto& c : all) {
        if (!c.well) ++ill;
        if (in.json)
            in.out.result({"check",
                           {},
                           {{"name", c.name},
                            {"ok", c.well},
                            {"says", c.says},
                            {"todo", fmt::format("{}", fmt::join(c.steps, "; "))}}});
    }
    if (!in.json) in.out.result({"check", health_text(all)});
    if (ill == 0) return {};
    return kf::fail(errc::failed, fmt::format("{} of {} checks are not well", ill, all.size()));
}

} // namespace

cli::command_row doctor_command() {
    return {"doctor",
            "",
            0,
            0,
            "Looks at everything that a flash needs, and tells what to do.",
            {{"fix", "", "start services that an earlier kflash left stopped"}},
            {{"kflash doctor", "before the first flash, or when something is wrong"},
             {"kflash doctor --json", "one JSON object a check, for scripts"}},
            run_doctor};
}

} // namespace kf::kflash
