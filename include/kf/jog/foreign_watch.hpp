// SPDX-License-Identifier: MIT
#pragma once
/// Whether somebody else moves the machine: a file that runs, a pause, a place that changes without an order of ours.
/// Klipper serves all its clients, and what one of them queued lies before what we send. So the console moves nothing
/// meanwhile, and looks anew where the machine is afterwards.

#include <kf/io/clock.hpp>
#include <kf/klippy/status.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <string>

namespace kf::jog {

class foreign_watch {
  public:
    /// A status is up to a quarter of a second old, and comes as late again after our own motion.
    static constexpr io::duration ours_echoes = std::chrono::milliseconds(700);
    static constexpr io::duration quiet = std::chrono::milliseconds(1000);

    /// We move it, or did so just now.
    void ours(io::time_point now) noexcept { ours_until_ = now + ours_echoes; }

    /// `at` is where we believe it to be. Called with each status, and while time passes.
    void look(const klippy::printer_status& s, const std::optional<klippy::xyz>& at, io::time_point now) {
        job_ = job_of(s);
        if (!s.ready() || now < ours_until_ || !at) return;
        const auto position = s.position();
        const bool moves = s.motion_report && s.motion_report->moves();
        bool elsewhere = false;
        for (std::size_t i = 0; position && i < 3; ++i)
            elsewhere = elsewhere || std::fabs((*position)[i] - (*at)[i]) > 1e-3;
        if (moves || (elsewhere && position != seen_)) moved_at_ = now;
        seen_ = position;
        elsewhere_ = elsewhere;
    }
    /// It is somewhere else than we believe, and stands: the time to look anew.
    [[nodiscard]] bool is_over(io::time_point now) const noexcept {
        return moved_at_ && now - *moved_at_ >= quiet && job_.empty();
    }
    void settled() noexcept {
        moved_at_.reset();
        seen_.reset();
        elsewhere_ = false;
    }
    /// What a person reads, "" when nobody else is at it.
    [[nodiscard]] std::string text() const {
        if (!job_.empty()) return job_;
        return moved_at_ || elsewhere_ ? "somebody else moves the machine" : "";
    }
    /// When it would be over; the end of a file is told by Klipper.
    [[nodiscard]] std::optional<io::time_point> wake() const noexcept {
        return moved_at_ && job_.empty() ? std::optional(*moved_at_ + quiet) : std::nullopt;
    }

  private:
    [[nodiscard]] static std::string job_of(const klippy::printer_status& s) {
        const auto state = s.job();
        const bool active = s.virtual_sdcard && s.virtual_sdcard->is_active;
        const std::string file = s.print_stats ? s.print_stats->filename : std::string();
        // What is left of a file that was read to its end shows as motion; "finishing" would be said of ours, too.
        if (state == klippy::job_state::printing || active)
            return fmt::format("the printer runs {}", file.empty() ? "a file" : file);
        if (state == klippy::job_state::paused || (s.pause_resume && s.pause_resume->is_paused))
            return fmt::format("the printer is in a pause{}{}", file.empty() ? "" : " of ", file);
        if (state == klippy::job_state::unknown && s.ready()) return "Klipper does not say whether it runs a file";
        return {};
    }

    std::string job_;
    std::optional<io::time_point> moved_at_;
    std::optional<klippy::xyz> seen_;
    bool elsewhere_ = false;
    io::time_point ours_until_{};
};

} // namespace kf::jog
