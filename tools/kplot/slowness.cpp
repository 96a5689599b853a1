// SPDX-License-Identifier: MIT
#include "slowness.hpp"

#include <kf/drawing/dedupe.hpp>
#include <kf/drawing/merge.hpp>
#include <kf/drawing/order.hpp>
#include <kf/drawing/simplify.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/job/compose.hpp>
#include <kf/job/decompose.hpp>
#include <kf/job/planned_limits.hpp>
#include <kf/sink/counted.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace kf::kplot {
namespace {

struct trial {
    const char* name;
    drawing::drawing (*apply)(drawing::drawing);
};

drawing::drawing ordered(drawing::drawing d) {
    drawing::order_options options;
    options.interrupted = []() noexcept { return io::interrupt::pending() != 0; };
    return drawing::order(std::move(d), options).result;
}
drawing::drawing merged(drawing::drawing d) { return drawing::merge(std::move(d), {.tolerance = 0.01}).result; }
drawing::drawing simplified(drawing::drawing d) { return drawing::simplify(std::move(d), {.tolerance = 0.02}); }
drawing::drawing deduped(drawing::drawing d) { return drawing::dedupe(std::move(d), {.tolerance = 0.01}); }

constexpr const char* all_together = "--dedupe 0.01 --merge 0.01 --simplify 0.02 --order";
constexpr trial trials[] = {
    {"--merge 0.01", merged},
    {"--simplify 0.02", simplified},
    {"--dedupe 0.01", deduped},
    {"--order", ordered},
    {all_together, [](drawing::drawing d) { return ordered(simplified(merged(deduped(std::move(d))))); }},
};

double percent(seconds part, seconds of) noexcept { return of > 0 ? 100 * part / of : 0; }

/// Which of the segments are slower than asked for, and what that costs.
std::string loss_text(const job::speed_loss& l, seconds taken, const char* kind) {
    if (l.slow == 0) return {};
    return fmt::format("{:.0f} % of it is lost to speeding up and slowing down: {} of {} {} never reach the speed "
                       "asked for, nine in ten of them no longer than {:.2g} mm; they take {:.1f} s",
                       percent(taken - l.at_speed, taken), l.slow, l.segments, kind, l.most_slow_length, l.in_slow);
}

result<seconds> time_of(const run::whole_job& job, const machine::machine& m) {
    KF_TRY(const auto header, job.header());
    KF_TRY(const auto use, job::use_of_time(m, header, job.strokes(), job::planned_limits(m)));
    return use.all.total();
}

} // namespace

std::vector<std::string> why_slow(const job::time_use& use, const machine::machine& m) {
    const job::time_share& all = use.all;
    const seconds total = all.total();
    std::vector<std::pair<seconds, std::string>> shares;
    const auto share = [&](seconds taken, const char* what, std::string why) {
        if (taken <= 0) return;
        shares.emplace_back(taken, fmt::format("{:.0f} % {} ({:.1f} s){}{}", percent(taken, total), what, taken,
                                               why.empty() ? "" : ": ", why));
    };
    share(all.drawing, "drawing", loss_text(use.ink, all.drawing, "pieces of lines"));
    share(all.travelling, "travel", loss_text(use.travel, all.travelling, "ways"));
    share(all.lifting, "lifts",
          all.lifts == 0
              ? std::string()
              : fmt::format("{} ways of Z, {:.2f} s each", all.lifts, all.lifting / static_cast<double>(all.lifts)));
    share(all.dwelling, "dwells",
          fmt::format("{}, {:.2f} s each{}", use.dwells,
                      all.dwelling / static_cast<double>(std::max<std::size_t>(use.dwells, 1)),
                      m.steppers.direction_reversal_pause_s > 0
                          ? "; steppers.direction_reversal_pause_s where an axis turns back fast"
                          : ""));
    std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> lines;
    for (auto& [taken, text] : shares) lines.push_back(std::move(text));
    return lines;
}

result<std::vector<remedy>> remedies(const run::whole_job& job, const machine::machine& m,
                                     const job::time_use& as_it_is) {
    const seconds now = as_it_is.all.total(), worth_having = std::max(0.05, 0.005 * now);
    std::vector<remedy> found;
    const auto tried = [&](std::string name, seconds then) {
        if (now - then >= worth_having) found.push_back({std::move(name), now - then});
    };
    // Half as high: whether that is clear of the paper only a person knows.
    const machine::tool& first = m.tools.front();
    if (m.tools.size() == 1 || as_it_is.all.lifting > 0.1 * now) {
        machine::machine lower = m;
        lower.z_states.travel_mm = (m.z_states.travel_mm + first.work_mm) / 2;
        if (auto then = time_of(job, lower))
            tried(fmt::format("half the lift (z_states.travel_mm: {})", io::to_decimal(lower.z_states.travel_mm, 3)),
                  *then);
    }
    // Twice as hard: whether the motors bear it, only a trial shows (kcal pattern acceleration-test draws one).
    machine::machine harder = m;
    harder.motion.max_accel_mm_s2 *= 2;
    if (auto then = time_of(job, harder))
        tried(fmt::format("twice the acceleration (motion.max_accel_mm_s2: {})",
                          io::to_decimal(harder.motion.max_accel_mm_s2, 3)),
              *then);
    KF_TRY(const auto header, job.header());
    KF_TRY(const job::decomposed_job parts, job::decompose(job.strokes(), header));
    for (const trial& t : trials) {
        KF_CHECK(io::interrupt::check());
        job::compose_options how{.home = parts.homes, .tool = "", .first = parts.first, .last = parts.last};
        const run::whole_job changed(job::composed_job(t.apply(parts.drawing), std::move(how)));
        KF_TRY(const seconds then, time_of(changed, m));
        tried(t.name, then);
    }
    // All of them together are told when that is more than the best of them.
    if (!found.empty() && found.back().name == all_together &&
        std::any_of(found.begin(), found.end() - 1,
                    [&](const remedy& r) { return r.saved + worth_having > found.back().saved; }))
        found.pop_back();
    std::stable_sort(found.begin(), found.end(), [](const remedy& a, const remedy& b) { return a.saved > b.saved; });
    return found;
}

} // namespace kf::kplot
