// SPDX-License-Identifier: MIT
#pragma once
/// What a person and a program are told at the end of a flash: each flashed board, the table of a batch, and the error
/// that the run as a whole ends with.

#include <kf/flash/event.hpp>
#include <kf/flash/outcome.hpp>
#include <kf/flash/plan.hpp>
#include <kf/io/interrupt.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

enum class stage_result { pass, fail, skip };

[[nodiscard]] constexpr const char* name(stage_result v) noexcept {
    switch (v) {
    case stage_result::pass: return "PASS";
    case stage_result::fail: return "FAIL";
    case stage_result::skip: return "SKIP";
    }
    return "?";
}

/// One board of a batch in its table.
struct batch_row {
    std::string key, name;
    stage_result build = stage_result::skip, flash = stage_result::skip, verify = stage_result::skip;
    std::string reason = {}; ///< what runs now, or why not
    std::optional<error> failure = {};
};

namespace detail {

[[nodiscard]] inline batch_row row_of(const left_out& b) {
    batch_row row{b.key, b.name};
    row.reason = b.why;
    row.failure = b.failure;
    if (b.failure && b.in == phase::build) row.build = stage_result::fail;
    if (b.failure && b.in != phase::build) row.flash = stage_result::fail;
    return row;
}

[[nodiscard]] inline batch_row row_of(const outcome& o, std::size_t i) {
    const auto& b = o.boards[i];
    batch_row row{b.key, b.name};
    row.build = b.built ? stage_result::pass : stage_result::skip;
    const auto& ended = o.ended(i);
    if (ended) {
        row.flash = row.verify = stage_result::pass;
        row.reason = b.written.version;
        return row;
    }
    row.failure = ended.error();
    row.reason = ended.error().what;
    const bool was_written = o.reached && b.written.wrote == written::all;
    if (was_written) {
        row.flash = stage_result::pass;
        row.verify = stage_result::fail;
    } else if (ended.error().code != errc::interrupted || b.written.wrote != written::nothing) {
        row.flash = stage_result::fail;
    } // else a signal came before its turn
    return row;
}

} // namespace detail

/// A row for each board that was asked for, in the order of the request.
[[nodiscard]] inline std::vector<batch_row> rows_of(const flash_plan& p, const outcome& o) {
    std::vector<batch_row> rows;
    for (const auto& b : p.without) rows.push_back(detail::row_of(b));
    for (std::size_t i = 0; i < o.boards.size(); ++i) rows.push_back(detail::row_of(o, i));
    const auto asked = [&](const batch_row& row) { return std::ranges::find(p.wanted.boards, row.key); };
    std::ranges::stable_sort(rows, {}, asked);
    return rows;
}

/// The table, no wider than `columns`: a longer reason goes on below itself.
[[nodiscard]] inline std::string table_of(const std::vector<batch_row>& rows, std::size_t columns = 80) {
    constexpr std::size_t most = 24; // a name, in columns
    const auto short_name = [](const batch_row& row) {
        std::string text;
        for (std::string_view rest = row.name; !rest.empty();) {
            const auto c = first_character(rest);
            if (columns_of(text) + columns_of(rest.substr(0, c.bytes)) > most - 3 && columns_of(row.name) > most)
                return text + "...";
            text += rest.substr(0, c.bytes);
            rest.remove_prefix(c.bytes);
        }
        return text;
    };
    const auto padded = [](std::string text, std::size_t width) {
        return text + std::string(width - std::min(width, columns_of(text)), ' ');
    };
    std::size_t width = columns_of("DEVICE");
    for (const auto& row : rows) width = std::max(width, columns_of(short_name(row)));
    std::string text = padded("DEVICE", width) + "  BUILD  FLASH  VERIFY";
    const std::size_t before = width + 2 + 7 + 7 + 8;
    for (const auto& row : rows) {
        std::string line = fmt::format("{}  {:<7}{:<7}{:<8}", padded(short_name(row), width), name(row.build),
                                       name(row.flash), name(row.verify));
        const auto reason = wrap(row.reason, std::max<std::size_t>(columns, before + 20) - before, "");
        for (std::size_t i = 0; i < reason.size(); ++i)
            line += (i == 0 ? "" : "\n" + std::string(before, ' ')) + reason[i];
        while (line.ends_with(' ')) line.pop_back();
        text += "\n" + line;
    }
    return text;
}

[[nodiscard]] inline error error_of(const flash_plan& p, const batch_row& row) {
    error e = row.failure.value_or(error{});
    e.board = row.key;
    if (p.wanted.is_batch()) e.what = row.name + ": " + e.what;
    return e;
}

/// Of a plan that is not run.
[[nodiscard]] inline result<void> first_failure(const flash_plan& p) {
    for (const auto& row : rows_of(p, {}))
        if (row.failure) return kf::fail(error_of(p, row));
    return {};
}

/// Each flashed board is a result, a batch has a row for each board besides, and the error is what the run as a whole
/// ends with: the first failure. What a person chose to leave out is none.
template<reporter Reporter>
[[nodiscard]] result<void> conclude(const flash_plan& p, const outcome& o, Reporter& tell) {
    owned_sink<Reporter> job(tell, {});
    for (std::size_t i = 0; i < o.boards.size(); ++i) {
        const auto& b = o.boards[i];
        if (!o.ended(i)) continue;
        const auto& r = b.written;
        const std::string method = r.method ? board::name(*r.method) : "";
        owned_sink<Reporter>(tell, b.key)
            .result(
                {"flashed",
                 fmt::format("{} runs {} ({}, written in {:.1f} s, {})", b.name, r.version, method, r.write_time,
                             o.stopped ? fmt::format("printer down for {:.1f} s", o.downtime) : "nothing was stopped"),
                 {{"key", b.key},
                  {"version", r.version},
                  {"method", method},
                  {"sha256", b.sha256},
                  {"bytes", static_cast<std::int64_t>(b.bytes)},
                  {"write_s", r.write_time},
                  {"verify_s", r.verify_time},
                  {"downtime_s", o.downtime},
                  {"device", r.node.file_name}}});
    }
    const auto rows = rows_of(p, o);
    std::optional<error> first;
    if (!o.reached) first = o.reached.error(); // about all of them, and told once
    for (const auto& row : rows) {
        const bool own = o.reached || std::ranges::find(o.boards, row.key, &board_outcome::key) == o.boards.end();
        if (!row.failure || !own) continue;
        if (!first)
            first = error_of(p, row);
        else if (row.failure->code != errc::interrupted)
            owned_sink<Reporter>(tell, row.key).fail(error_of(p, row));
    }
    if (p.wanted.is_batch()) {
        for (const auto& row : rows)
            owned_sink<Reporter>(tell, row.key)
                .result({"outcome",
                         {},
                         {{"key", row.key},
                          {"name", row.name},
                          {"build", name(row.build)},
                          {"flash", name(row.flash)},
                          {"verify", name(row.verify)},
                          {"reason", row.reason}}});
        const auto failed = std::ranges::count_if(rows, [](const auto& row) { return row.failure.has_value(); });
        const auto passed = std::ranges::count_if(
            rows, [](const auto& row) { return !row.failure && row.verify == stage_result::pass; });
        job.result({"batch",
                    table_of(rows),
                    {{"passed", static_cast<std::int64_t>(passed)},
                     {"failed", static_cast<std::int64_t>(failed)},
                     {"skipped", static_cast<std::int64_t>(rows.size()) - passed - failed},
                     {"downtime_s", o.downtime}}});
    }
    if (!o.service) {
        if (first) owned_sink<Reporter>(tell, first->board).fail(*first);
        return kf::fail(o.service.error());
    }
    if (first) return kf::fail(std::move(*first));
    if (const int number = io::interrupt::pending())
        return kf::fail(errc::interrupted,
                        fmt::format("{} came while the board was written; it was finished and verified first",
                                    io::interrupt::signal_name(number)));
    return {};
}

} // namespace kf::flash
