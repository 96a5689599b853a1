// SPDX-License-Identifier: MIT
#pragma once
/// Where the time of a job goes, by kind, layer and pen, and why: its G-code (job/gcode) through Klipper's own planner
/// (planner/estimate). The tool is up and at the home position when it begins; homing is not counted.

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/gcode.hpp>
#include <kf/job/layer_name.hpp>
#include <kf/job/stroke.hpp>
#include <kf/planner/estimate.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::job {

struct time_share {
    std::size_t strokes = 0, lifts = 0; ///< a lift is a way of Z, down or up
    mm ink = 0, travel = 0;
    seconds drawing = 0, travelling = 0, lifting = 0, dwelling = 0;

    [[nodiscard]] seconds total() const noexcept { return drawing + travelling + lifting + dwelling; }
};

/// Straight pieces, and how many never get to the speed that was asked for.
struct speed_loss {
    std::size_t segments = 0, slow = 0;
    seconds at_speed = 0;    ///< what all of them would take at the speed that was asked for
    seconds in_slow = 0;     ///< what the slow ones take
    mm most_slow_length = 0; ///< nine of ten slow ones are no longer than about this; 0: there are none
};

struct time_use {
    struct part {
        std::string layer, pen;
        time_share share;
    };
    time_share all;
    std::vector<part> parts; ///< in the order in which they begin
    speed_loss ink, travel;
    std::size_t dwells = 0;
    std::uint64_t unknown = 0; ///< commands whose time is not known, counted as 0 s
};

namespace detail {

class time_meter {
    static constexpr int bins_a_decade = 20, decades = 8; // of lengths from 0.1 um

    struct loss_count {
        speed_loss sum;
        std::array<std::size_t, bins_a_decade * decades> lengths{};

        void add(const planner::planned_move& m) {
            constexpr double reached = 0.99;
            ++sum.segments;
            sum.at_speed += m.distance / m.wanted_v;
            if (m.cruise_v >= reached * m.wanted_v) return;
            ++sum.slow;
            sum.in_slow += m.duration();
            const double bin = std::floor(bins_a_decade * (std::log10(m.distance) + 4));
            ++lengths[static_cast<std::size_t>(std::clamp(bin, 0.0, bins_a_decade * decades - 1.0))];
        }
        [[nodiscard]] speed_loss total() const {
            speed_loss out = sum;
            std::size_t shorter = 0, bin = 0;
            while (bin < lengths.size() && shorter * 10 < sum.slow * 9) shorter += lengths[bin++];
            if (sum.slow != 0) out.most_slow_length = std::pow(10, static_cast<double>(bin) / bins_a_decade - 4);
            return out;
        }
    };
    struct mark {
        std::uint64_t end = 0; ///< byte behind its G-code
        std::size_t part = 0;
    };

    const machine::machine& machine_;
    const job_header& header_;
    planner::gcode_estimator estimator_;
    gcode_writer writer_;
    std::string tool_, text_;
    std::uint64_t fed_ = 0;
    seconds done_ = 0; // of the last move that was seen
    std::deque<mark> marks_;
    time_use out_;
    loss_count ink_, travel_;

    [[nodiscard]] time_share& share_at(std::uint64_t offset) {
        while (marks_.size() > 1 && marks_.front().end < offset) marks_.pop_front();
        return marks_.empty() ? out_.all : out_.parts[marks_.front().part].share;
    }
    void see(const planner::planned_move& m) {
        time_share& share = share_at(m.tag);
        constexpr seconds no_dwell = 1e-9;
        if (const seconds rest = m.at - done_; rest > no_dwell) {
            share.dwelling += rest;
            ++out_.dwells;
        }
        done_ = m.at + m.duration();
        const mm up = machine_.z_states.travel_mm;
        if (m.start.x == m.end.x && m.start.y == m.end.y) {
            ++share.lifts;
            share.lifting += m.duration();
        } else if (std::max(std::fabs(m.start.z - up), std::fabs(m.end.z - up)) < 1e-6) {
            share.travel += m.distance;
            share.travelling += m.duration();
            travel_.add(m);
        } else {
            share.ink += m.distance;
            share.drawing += m.duration();
            ink_.add(m);
        }
    }
    result<void> feed(std::string_view text) {
        fed_ += text.size();
        return estimator_.feed(text, [this](const planner::planned_move& m) { see(m); });
    }
    result<void> stands_at_home() {
        const machine::xy home = machine::home_position(machine_);
        return feed(fmt::format("SET_KINEMATIC_POSITION X={} Y={} Z={}\n", io::to_decimal(home.x, 4),
                                io::to_decimal(home.y, 4), io::to_decimal(machine_.z_states.travel_mm, 4)));
    }
    std::size_t part_of(const stroke& s) {
        const drawing::pen* pen = pen_of(header_, s.layer);
        const std::string layer = layer_name(header_, s.layer), &of = pen != nullptr ? pen->name : tool_;
        const auto found = std::find_if(out_.parts.begin(), out_.parts.end(),
                                        [&](const time_use::part& p) { return p.layer == layer && p.pen == of; });
        if (found != out_.parts.end()) return static_cast<std::size_t>(found - out_.parts.begin());
        out_.parts.push_back({layer, of, {}});
        return out_.parts.size() - 1;
    }

  public:
    time_meter(const machine::machine& m, const job_header& header, const planner::motion_limits& limits)
      : machine_(m)
      , header_(header)
      , estimator_(limits)
      , writer_(m, {})
      , tool_(m.tools.front().name) {}

    result<void> begin() {
        KF_CHECK(stands_at_home());
        writer_.begin(text_);
        return feed(std::exchange(text_, {}));
    }
    result<void> add(const stroke& s) {
        bool homes = false;
        for (const step& each : s.steps) {
            if (const auto* select = std::get_if<select_tool>(&each.op)) tool_ = select->tool;
            homes = homes || std::holds_alternative<home_xy>(each.op);
        }
        text_.clear();
        KF_CHECK(writer_.write(s, text_));
        if (s.draws()) {
            const std::size_t part = part_of(s);
            ++out_.parts[part].share.strokes;
            marks_.push_back({fed_ + text_.size(), part});
        }
        KF_CHECK(feed(text_));
        return homes ? stands_at_home() : result<void>{};
    }
    result<time_use> finish() {
        text_.clear();
        writer_.end(text_);
        KF_CHECK(feed(text_));
        KF_TRY(const planner::estimate sum, estimator_.finish([this](const planner::planned_move& m) { see(m); }));
        if (const seconds rest = sum.total - done_; rest > 1e-9) share_at(fed_).dwelling += rest;
        for (const time_use::part& p : out_.parts) {
            const time_share& s = p.share;
            out_.all.strokes += s.strokes;
            out_.all.lifts += s.lifts;
            out_.all.ink += s.ink;
            out_.all.travel += s.travel;
            out_.all.drawing += s.drawing;
            out_.all.travelling += s.travelling;
            out_.all.lifting += s.lifting;
            out_.all.dwelling += s.dwelling;
        }
        out_.ink = ink_.total();
        out_.travel = travel_.total();
        out_.unknown = sum.unknown;
        return std::move(out_);
    }
};

} // namespace detail

/// `strokes` is a stroke_source of the job that has this header. An error when the machine cannot be told to draw it.
template<class Strokes>
[[nodiscard]] result<time_use> use_of_time(const machine::machine& m, const job_header& header, Strokes&& strokes,
                                           const planner::motion_limits& limits) {
    detail::time_meter meter(m, header, limits);
    KF_CHECK(meter.begin());
    for (;;) {
        KF_TRY(const auto s, strokes());
        if (!s) return meter.finish();
        KF_CHECK(meter.add(*s));
    }
}

} // namespace kf::job
