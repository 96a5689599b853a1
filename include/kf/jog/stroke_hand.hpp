// SPDX-License-Identifier: MIT
#pragma once
/// The strokes of a step job as a person steps through them: which is in hand, which are drawn, and the one that was
/// asked for and is not done.

#include <kf/io/decimal.hpp>
#include <kf/jog/job_map.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/person_input.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::jog {

class stroke_hand {
  public:
    explicit stroke_hand(std::shared_ptr<const step_job> job)
      : job_(std::move(job))
      , drawn_(job_->strokes.size()) {}

    /// Each gives what to ask of the console; nothing while a stroke is under way, or when there is none.
    [[nodiscard]] std::optional<draw_stroke> next() { return draws(in_hand_); }
    [[nodiscard]] std::optional<draw_stroke> once_more() { return draws(in_hand_ == 0 ? 0 : in_hand_ - 1); }
    void back() noexcept {
        if (!waits_ && in_hand_ > 0) --in_hand_;
    }
    void skip() noexcept {
        if (!waits_ && in_hand_ < drawn_.size()) ++in_hand_;
    }
    void shows(const panel& before, const panel& now) {
        if (now.strokes_tried != before.strokes_tried) waits_ = false;
        if (now.strokes_drawn == before.strokes_drawn) return;
        drawn_[sent_] = true;
        in_hand_ = sent_ + 1;
    }
    [[nodiscard]] const step_job& job() const noexcept { return *job_; }
    [[nodiscard]] std::string line() const {
        const auto& strokes = job_->strokes;
        const auto done = std::ranges::count(drawn_, true);
        if (in_hand_ >= strokes.size()) return fmt::format("{}: {} of {} drawn", job_->name, done, strokes.size());
        return fmt::format("stroke {} of {}, {} mm{}; {} drawn", in_hand_ + 1, strokes.size(),
                           io::to_decimal(strokes[in_hand_].length, 1), drawn_[in_hand_] ? ", drawn already" : "",
                           done);
    }
    void paint(tui::pane p) const { paint_map(p, *job_, in_hand_, drawn_); }

  private:
    [[nodiscard]] std::optional<draw_stroke> draws(std::size_t index) {
        if (waits_ || index >= drawn_.size()) return {};
        waits_ = true;
        sent_ = index;
        return draw_stroke{job_, index};
    }

    std::shared_ptr<const step_job> job_;
    std::size_t in_hand_ = 0; ///< behind the last one when all are done
    std::size_t sent_ = 0;    ///< the one that was asked for last
    bool waits_ = false;      ///< it is not done yet
    std::vector<bool> drawn_;
};

} // namespace kf::jog
