// SPDX-License-Identifier: MIT
#pragma once
/// A job written as JSON lines, for a pipe or a file: what job/job_file reads. Spec: kf-job(5).

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/field_source.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/pen_row.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kf::job {

/// Appends one operation as a line. Fails, with `out` unchanged, when it has what no reader would take: a number that
/// is not finite, a polyline without points, a name with quotes.
[[nodiscard]] inline result<void> append_operation(std::string& out, const operation& op) {
    const std::size_t before = out.size();
    bool good = true;
    const auto number = [&](std::string_view key, double value) {
        good = good && std::fabs(value) <= field_source::largest;
        out += key;
        io::append_decimal(out, value, job_decimals);
    };
    const auto feed = [&](std::optional<mm_per_s> value) {
        if (!value) return;
        good = good && *value >= 0.001;
        number(",\"feed\":", *value);
    };
    const auto word = [&](std::string_view key, const std::string& value) {
        good = good && is_word(value);
        out += fmt::format(",\"{}\":\"{}\"", key, value);
    };
    out += "{\"op\":\"";
    out += name(op);
    out += '"';
    std::visit(overloaded{[&](const select_tool& o) { word("tool", o.tool); },
                          [&](const rapid_xy& o) { number(",\"x\":", o.to.x), number(",\"y\":", o.to.y); },
                          [&](const linear_move& o) {
                              number(",\"x\":", o.to.x), number(",\"y\":", o.to.y);
                              feed(o.feed);
                          },
                          [&](const draw_polyline& o) {
                              good = good && !o.points.empty();
                              out += ",\"points\":[";
                              for (const point& p : o.points) {
                                  number(&p == o.points.data() ? "[" : ",[", p.x);
                                  number(",", p.y);
                                  out += ']';
                              }
                              out += ']';
                              feed(o.feed);
                          },
                          [&](const draw_arc& o) {
                              number(",\"x\":", o.to.x), number(",\"y\":", o.to.y);
                              number(",\"i\":", o.center.x), number(",\"j\":", o.center.y);
                              out += o.way == turn::clockwise ? ",\"cw\":true" : ",\"cw\":false";
                              feed(o.feed);
                          },
                          [&](const select_pen& o) {
                              if (o.pen == drawing::pen{}) return;
                              good = good && !o.pen.name.empty();
                              out += ",\"pen\":";
                              append_pen_row(out, o.pen);
                          },
                          [&](const await_person& o) {
                              good = good && (o.text.empty() || drawing::is_message(o.text));
                              if (!o.text.empty()) out += ",\"text\":" + json_text(o.text);
                          },
                          [&](const show_message& o) {
                              good = good && drawing::is_message(o.text);
                              out += ",\"text\":" + json_text(o.text);
                          },
                          [&](const call_macro& o) {
                              good = good && drawing::is_macro_name(o.macro);
                              out += ",\"name\":" + json_text(o.macro);
                          },
                          [&](const begin_layer& o) { out += fmt::format(",\"layer\":{}", o.layer); },
                          [&](const set_ink_mix& o) {
                              number(",\"c\":", o.c), number(",\"m\":", o.m), number(",\"y\":", o.y);
                          },
                          [&](const purge& o) { number(",\"volume_ml\":", o.volume_ml); },
                          [&](const refill_pump& o) { word("pump", o.pump); },
                          [&](const prime_line& o) { word("pump", o.pump); }, [](const auto&) {}},
               op);
    out += "}\n";
    if (good) return {};
    out.resize(before);
    return fail(errc::malformed, fmt::format("a {} has a value that no job can hold", name(op)));
}

/// Writes the header and all that a source of operations gives, in pieces: `write` takes a string_view and gives a
/// result<void>. The first error of either ends it.
template<class Operations, class Write>
[[nodiscard]] result<void> write_job(const job_header& header, Operations operations, Write&& write) {
    constexpr std::size_t piece = std::size_t{64} << 10;
    std::string lines;
    append_job_header(lines, header);
    for (;;) {
        KF_TRY(const auto taken, operations());
        if (!taken) return write(lines);
        KF_CHECK(append_operation(lines, taken->op));
        if (lines.size() < piece) continue;
        KF_CHECK(write(lines));
        lines.clear();
    }
}

} // namespace kf::job
