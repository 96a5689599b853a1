// SPDX-License-Identifier: MIT
#pragma once
/// A job stroke by stroke, by a person's word: its drawn strokes in memory, each with the tool and the pen that it is
/// drawn by, so that any of them can be drawn at any time. What stands between strokes (messages, macros, changes of
/// pens) is left to the person.

#include <kf/drawing/rectangle.hpp>
#include <kf/job/stroke.hpp>
#include <kf/jog/tool_verbs.hpp>
#include <kf/run/steering.hpp>
#include <kf/run/stroke_run.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::jog {

struct step_stroke {
    job::stroke what;
    std::optional<job::step> tool, pen; ///< chosen before it in the job
    std::vector<drawing::point> path;   ///< its corners on the canvas, Y down; of an arc the ends
    mm length = 0;                      ///< of the path
};

struct step_job {
    std::string name;
    drawing::rectangle canvas;
    drawing::rectangle around; ///< the canvas and all that is drawn: a map is painted often, and a job may be huge
    std::vector<step_stroke> strokes = {};

    explicit step_job(std::string n = {}, drawing::rectangle c = {})
      : name(std::move(n))
      , canvas(c)
      , around(c) {}
    void add(step_stroke s) {
        for (const drawing::point at : s.path)
            around = {std::min(around.left, at.x), std::min(around.top, at.y), std::max(around.right, at.x),
                      std::max(around.bottom, at.y)};
        strokes.push_back(std::move(s));
    }
};

namespace detail {

[[nodiscard]] inline step_stroke as_step_stroke(job::stroke s) {
    step_stroke out{std::move(s), {}, {}, {}, 0};
    std::optional<drawing::point> at;
    bool down = false;
    for (const job::step& step : out.what.steps) {
        down = down || std::holds_alternative<job::tool_down>(step.op);
        if (const auto* line = std::get_if<job::draw_polyline>(&step.op)) {
            if (out.path.empty() && at) out.path.push_back(*at);
            out.path.insert(out.path.end(), line->points.begin(), line->points.end());
        }
        const auto end = job::end_of(step.op, at);
        if (down && end && !std::holds_alternative<job::draw_polyline>(step.op)) {
            if (out.path.empty() && at) out.path.push_back(*at);
            if (out.path.empty() || out.path.back() != *end) out.path.push_back(*end);
        }
        at = end;
    }
    for (std::size_t i = 1; i < out.path.size(); ++i)
        out.length += std::hypot(out.path[i].x - out.path[i - 1].x, out.path[i].y - out.path[i - 1].y);
    return out;
}

} // namespace detail

/// Reads all strokes; errc::malformed for a job without any.
template<class Strokes>
[[nodiscard]] result<std::shared_ptr<const step_job>> step_job_of(Strokes strokes, std::string name,
                                                                  const machine::machine& m) {
    const drawing::rectangle canvas{0, 0, m.canvas.width_mm, m.canvas.height_mm};
    auto out = std::make_shared<step_job>(std::move(name), canvas);
    std::optional<job::step> tool, pen;
    for (;;) {
        KF_TRY(auto s, strokes());
        if (!s) break;
        if (!s->draws()) {
            for (const job::step& step : s->steps) {
                if (std::holds_alternative<job::select_tool>(step.op)) tool = step;
                if (std::holds_alternative<job::select_pen>(step.op)) pen = step;
            }
            continue;
        }
        step_stroke fresh = detail::as_step_stroke(*std::move(s));
        fresh.tool = tool;
        fresh.pen = pen;
        out->add(std::move(fresh));
    }
    if (out->strokes.empty()) return kf::fail({errc::malformed, "the job has no strokes", {}, out->name});
    return out;
}

/// Draws that stroke, from wherever the tool is; afterwards it is up.
template<class Session>
[[nodiscard]] result<void> draw_one(verb_stage<Session> w, const step_job& job, std::size_t index) {
    KF_CHECK(demand_homed(w.facts));
    const step_stroke& s = job.strokes[index];
    std::vector<job::stroke> parts;
    for (const auto& chosen : {s.tool, s.pen})
        if (chosen) parts.push_back({.number = 0, .steps = {*chosen}, .layer = s.what.layer});
    parts.push_back(s.what);
    parts.back().number = 1;
    const auto source = [parts = std::move(parts),
                         next = std::size_t{0}]() mutable -> result<std::optional<job::stroke>> {
        if (next == parts.size()) return std::nullopt;
        return parts[next++];
    };
    run::unsteered nobody;
    silent_sink quiet;
    job::gcode_options options;
    options.live_objects = w.facts.objects;
    options.pause.clear();
    run::stroke_run run(w.k, w.machine, w.facts, std::move(options), source, nobody, w.record, quiet,
                        {.total = 1, .job = job.name});
    KF_TRY(const auto outcome, run());
    (void)outcome; // one stroke, or an error
    return {};
}

} // namespace kf::jog
