// SPDX-License-Identifier: MIT
#pragma once
/// Operations grouped into strokes, one at a time. A stroke is what runs as a whole: travel, tool down, lines, tool
/// up; between strokes the tool is up, so that a pause, a cancel and the end are safe there. Grouping is total: every
/// list of operations either groups or is refused with the number of the operation and the reason.

#include <kf/error.hpp>
#include <kf/job/operation.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kf::job {

/// Either a drawn stroke, [travel] tool_down ... tool_up, or one operation that is done with the tool up. What begins a
/// layer is none of them: a stroke says whose it is.
struct stroke {
    std::size_t number = 0; ///< of the drawn strokes, from 1; 0 for an operation by itself
    std::vector<step> steps;
    std::size_t layer = 0; ///< of the job's header, from 1; 0 before the first begin_layer
    bool operator==(const stroke&) const = default;

    [[nodiscard]] bool draws() const noexcept { return number != 0; }
    [[nodiscard]] std::size_t first_operation() const noexcept { return steps.empty() ? 0 : steps.front().number; }
};

/// The largest stroke; it is held in memory as a whole.
inline constexpr std::size_t most_stroke_steps = 200000, most_stroke_points = 1000000;

[[nodiscard]] inline std::unexpected<error> refuse(const step& s, errc code, std::string what, std::string cause = {}) {
    return fail({.code = code,
                 .what = fmt::format("operation {} ({}) {}", s.number, name(s.op), what),
                 .cause = std::move(cause)});
}

/// Pulls strokes out of a source of operations: a callable that returns result<std::optional<step>>.
template<class Operations>
class stroke_source {
    Operations operations_;
    std::optional<step> travel_; // waits for the tool_down that may follow it
    std::optional<step> next_;   // read, and not part of the stroke before it
    std::size_t drawn_ = 0, layer_ = 0;

    stroke alone(step s) const {
        stroke out{.number = 0, .steps = {}, .layer = layer_};
        out.steps.push_back(std::move(s));
        return out;
    }
    template<class Op>
    static bool is(const step& s) noexcept {
        return std::holds_alternative<Op>(s.op);
    }
    result<std::optional<step>> take() {
        if (next_) return std::exchange(next_, std::nullopt);
        for (;;) {
            KF_TRY(auto taken, operations_());
            const auto* begin = taken ? std::get_if<begin_layer>(&taken->op) : nullptr;
            if (begin == nullptr) return taken;
            layer_ = begin->layer;
        }
    }
    result<std::optional<stroke>> drawn(step down) {
        stroke out{.number = ++drawn_, .steps = {}, .layer = layer_};
        if (travel_) out.steps.push_back(*std::exchange(travel_, std::nullopt));
        out.steps.push_back(std::move(down));
        std::size_t points = 0;
        for (;;) {
            KF_TRY(auto taken, operations_());
            if (!taken)
                return refuse(out.steps.back(), errc::malformed, "is the last one, and the tool is down",
                              "a job ends with tool_up; the end of this one seems to be lost");
            if (is<rapid_xy>(*taken))
                return refuse(*taken, errc::malformed, "travels with the tool down", "tool_up has to come before it");
            if (needs_tool_up(taken->op))
                return refuse(*taken, errc::malformed, "comes while the tool is down", "tool_up has to come before it");
            if (const auto* line = std::get_if<draw_polyline>(&taken->op)) points += line->points.size();
            const bool up = is<tool_up>(*taken);
            if (out.steps.size() >= most_stroke_steps || points > most_stroke_points)
                return refuse(*taken, errc::malformed, "makes the stroke too long",
                              fmt::format("a stroke has {} operations and {} points at most", most_stroke_steps,
                                          most_stroke_points));
            out.steps.push_back(*std::move(taken));
            if (up) return out;
        }
    }

  public:
    explicit stroke_source(Operations operations)
      : operations_(std::move(operations)) {}

    /// The next stroke; nothing at the end of the job.
    [[nodiscard]] result<std::optional<stroke>> operator()() {
        for (;;) {
            KF_TRY(auto taken, take());
            if (!taken) {
                if (travel_) return alone(*std::exchange(travel_, std::nullopt));
                return std::nullopt;
            }
            if (is<tool_down>(*taken)) return drawn(*std::move(taken));
            if (is<draw_polyline>(*taken) || is<draw_arc>(*taken))
                return refuse(*taken, errc::malformed, "draws with the tool up", "tool_down has to come before it");
            const bool moves = is<rapid_xy>(*taken) || is<linear_move>(*taken);
            if (travel_) {
                step before = *std::exchange(travel_, std::nullopt);
                if (moves)
                    travel_ = *std::move(taken);
                else
                    next_ = *std::move(taken);
                return alone(std::move(before));
            }
            if (!moves) return alone(*std::move(taken));
            travel_ = *std::move(taken);
        }
    }
};

/// The strokes of operations that are all there; they have to outlive it.
[[nodiscard]] inline auto strokes_of(const std::vector<operation>& operations) {
    return stroke_source([ops = &operations, i = std::size_t{0}]() mutable -> result<std::optional<step>> {
        if (i == ops->size()) return std::nullopt;
        step s{i + 1, (*ops)[i]};
        ++i;
        return s;
    });
}

} // namespace kf::job
