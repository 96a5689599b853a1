// SPDX-License-Identifier: MIT
#pragma once
/// A job from wherever it came: composed of a drawing in memory, or spooled from a file or a pipe. Whoever runs, counts
/// or writes it sees operations and strokes.

#include <kf/error.hpp>
#include <kf/job/arc_fit.hpp>
#include <kf/job/compose.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/stroke.hpp>
#include <kf/run/spool.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace kf::run {

/// Operations of either kind of job.
class job_operations {
    std::variant<job::drawing_source, job::job_source<file_pieces>> from_;
    std::optional<job::arc_fit> arcs_ = {};

  public:
    explicit job_operations(job::drawing_source from)
      : from_(std::move(from)) {}
    explicit job_operations(job::job_source<file_pieces> from)
      : from_(std::move(from)) {}

    void keep_arcs(const drawing::arc_fit_options& how) { arcs_.emplace(how); }

    [[nodiscard]] result<std::optional<job::step>> operator()() {
        const auto next = [&] { return std::visit([](auto& from) { return from(); }, from_); };
        return arcs_ ? arcs_->next(next) : next();
    }
};

class whole_job {
    std::variant<job::composed_job, job_spool> job_;
    std::optional<drawing::arc_fit_options> arcs_ = {};

  public:
    explicit whole_job(job::composed_job job)
      : job_(std::move(job)) {}
    explicit whole_job(job_spool job)
      : job_(std::move(job)) {}

    /// From its beginning, as often as wanted. The job outlives what is read from it, and stays where it is.
    [[nodiscard]] job_operations operations() const {
        auto all = std::visit([](const auto& job) { return job_operations(job.operations()); }, job_);
        if (arcs_) all.keep_arcs(*arcs_);
        return all;
    }
    /// From now on the arcs in its lines are arcs.
    void keep_arcs(const drawing::arc_fit_options& how) { arcs_ = how; }
    [[nodiscard]] const std::optional<drawing::arc_fit_options>& arcs() const noexcept { return arcs_; }
    [[nodiscard]] result<job::job_header> header() const {
        if (const auto* composed = std::get_if<job::composed_job>(&job_)) return composed->header();
        return std::get<job_spool>(job_).operations().header();
    }
    [[nodiscard]] job::stroke_source<job_operations> strokes() const { return job::stroke_source(operations()); }
};

} // namespace kf::run
