// SPDX-License-Identifier: MIT
#pragma once
/// Runs the checks of one level in their order and tells of each what it does before it does it, and what came of it. A
/// check that fails does not end the level; a person who stops it and a printer that goes away do.

#include <kf/cal/level_table.hpp>
#include <kf/error.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

struct level_report {
    std::size_t passed = 0, failed = 0, left_out = 0;
    std::size_t not_run = 0; ///< what is left of a level that ended before its end

    [[nodiscard]] bool ok() const noexcept { return failed == 0 && left_out == 0 && not_run == 0; }
};

namespace detail {

/// What of an error is no verdict about the machine.
inline bool ends_level(errc code) noexcept {
    return code == errc::interrupted || code == errc::connection_lost || code == errc::needs_person ||
           code == errc::usage || code == errc::not_connected;
}

} // namespace detail

/// `perform(row)` gives result<verdict>. `report` counts each check as it is done, so that it is true whatever ends it.
template<class Perform, sink Sink>
[[nodiscard]] result<void> run_level(const std::vector<level_row>& rows, Perform&& perform, Sink& out,
                                     level_report& report) {
    report = {.not_run = rows.size()};
    for (const level_row& row : rows) {
        KF_CHECK(io::interrupt::check());
        out.step(phase::run, fmt::format("{}: {}", row.name, row.procedure));
        auto seen = perform(row);
        if (!seen && detail::ends_level(seen.error().code)) return kf::fail(std::move(seen).error());
        if (!seen) {
            const error& e = seen.error();
            const bool refused = e.code == errc::refused || e.code == errc::not_found || e.code == errc::out_of_bounds;
            seen = verdict{refused ? verdict_is::left_out : verdict_is::failed,
                           e.cause.empty() ? e.what : fmt::format("{} ({})", e.what, e.cause)};
        }
        auto& count = seen->is == verdict_is::passed   ? report.passed
                      : seen->is == verdict_is::failed ? report.failed
                                                       : report.left_out;
        ++count;
        --report.not_run;
        out.result({"level_check",
                    fmt::format("{:<8} {:<15} {}", name(seen->is), row.name, seen->seen),
                    {{"level", static_cast<std::int64_t>(row.level)},
                     {"name", row.name},
                     {"outcome", std::string(name(seen->is))},
                     {"procedure", row.procedure},
                     {"criterion", row.criterion},
                     {"seen", seen->seen}}});
    }
    return {};
}

} // namespace kf::cal
