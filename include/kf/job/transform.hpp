// SPDX-License-Identifier: MIT
#pragma once
/// From the canvas to the machine, in one place: canvas offset, Y flip, tool offset. And the head, which knows where
/// the machine stands and which tool is in use while a job is walked through. No G92: what comes out is absolute.

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/stroke.hpp>
#include <kf/machine/machine.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::job {

/// Where canvas coordinates lie on the machine while one tool is in use.
struct placement {
    machine::xy origin; ///< machine position of canvas 0, 0
    bool flip_y = true; ///< machine Y grows where canvas Y falls

    [[nodiscard]] machine::xy to_machine(point p) const noexcept {
        return {origin.x + p.x, flip_y ? origin.y - p.y : origin.y + p.y};
    }
    [[nodiscard]] point to_canvas(machine::xy p) const noexcept {
        return {p.x - origin.x, flip_y ? origin.y - p.y : p.y - origin.y};
    }
};

[[nodiscard]] inline placement place(const machine::machine& m, const machine::tool& t) noexcept {
    const double top = m.canvas.offset_y_mm + (m.canvas.flip_y ? m.canvas.height_mm : 0);
    return {{m.canvas.offset_x_mm + t.xy_offset_mm.x, top + t.xy_offset_mm.y}, m.canvas.flip_y};
}

/// The tool in use, the pen in it, and the last known machine position, both of them changed only by the operations of
/// a job. The machine has at least one tool and outlives the head.
class head {
    const machine::machine* machine_;
    const machine::tool* tool_;
    drawing::pen pen_;
    std::optional<machine::xy> at_;

    /// How far the pen goes from the travel height towards the paper.
    [[nodiscard]] mm depth() const noexcept {
        return std::fabs(tool_->work_mm - machine_->z_states.travel_mm) * pen_.height_percent / 100 - pen_.height;
    }
    [[nodiscard]] result<void> fits(const step& s) const {
        const mm travel = machine_->z_states.travel_mm, floor = tool_->floor_mm.value_or(tool_->work_mm);
        const mm least = 2 * machine::up_tolerance(*machine_), most = std::fabs(floor - travel);
        constexpr mm rounding = 1e-9;
        const auto wrong = [&](std::string what, std::string cause) {
            return refuse(s, errc::out_of_bounds, fmt::format("has a pen {}that {}", shown_name(), what),
                          std::move(cause));
        };
        if (changes_height() && depth() > most + rounding)
            return wrong("goes too far", fmt::format("Z would be {}, and {} is {}.", io::to_decimal(work_mm(), 4),
                                                     tool_->floor_mm ? fmt::format("z_states.{}_floor_mm", tool_->name)
                                                                     : fmt::format("the work height of {}, without a "
                                                                                   "z_states.{}_floor_mm,",
                                                                                   tool_->name, tool_->name),
                                                     io::to_decimal(floor, 4)));
        if (changes_height() && depth() < least - rounding)
            return wrong("hardly leaves the travel height",
                         fmt::format("Z would be {}, and a tool that is up cannot be told from one that is down "
                                     "within {} mm of travel_mm ({}). A layer that is not to be drawn is left out by "
                                     "--drop-layer.",
                                     io::to_decimal(work_mm(), 4), io::to_decimal(least, 4),
                                     io::to_decimal(travel, 4)));
        const mm_per_s fastest =
            std::min(machine_->motion.max_velocity_mm_s,
                     machine_->motion.max_z_velocity_mm_s.value_or(std::numeric_limits<double>::infinity()));
        if (plunge_feed() > fastest)
            return wrong("is lowered too fast",
                         fmt::format("Its plunge is {} mm/s, the limit of motion is {}.",
                                     io::to_decimal(plunge_feed(), 3), io::to_decimal(fastest, 3)));
        return {};
    }
    [[nodiscard]] bool changes_height() const noexcept { return pen_.height != 0 || pen_.height_percent != 100; }
    [[nodiscard]] std::string shown_name() const {
        return pen_.name.empty() ? std::string() : fmt::format("({}) ", io::printable(pen_.name));
    }

  public:
    explicit head(const machine::machine& m)
      : machine_(&m)
      , tool_(&m.tools.front()) {}

    [[nodiscard]] const machine::tool& tool() const noexcept { return *tool_; }
    [[nodiscard]] const drawing::pen& pen() const noexcept { return pen_; }
    /// The machine's Z while the pen draws.
    [[nodiscard]] mm work_mm() const noexcept {
        if (!changes_height()) return tool_->work_mm;
        const mm travel = machine_->z_states.travel_mm;
        return travel + std::copysign(depth(), tool_->work_mm - travel);
    }
    [[nodiscard]] mm_per_s plunge_feed() const noexcept { return pen_.plunge.value_or(tool_->plunge_feed_mm_s); }
    [[nodiscard]] mm_per_s feed() const noexcept {
        return pen_.feed.value_or(tool_->feed_mm_s * pen_.feed_percent / 100);
    }
    [[nodiscard]] placement where() const noexcept {
        placement p = place(*machine_, *tool_);
        p.origin = {p.origin.x + pen_.offset.x, p.origin.y + pen_.offset.y};
        return p;
    }
    [[nodiscard]] std::optional<machine::xy> at() const noexcept { return at_; }
    [[nodiscard]] std::optional<point> on_canvas() const noexcept {
        return at_ ? std::optional(where().to_canvas(*at_)) : std::nullopt;
    }

    void home() noexcept { at_ = machine::home_position(*machine_); }
    void move_to(machine::xy p) noexcept { at_ = p; }
    void lose_position() noexcept { at_.reset(); }

    /// Takes another pen into the tool. errc::out_of_bounds when it would go where the tool may not.
    [[nodiscard]] result<void> select_pen(const step& s, drawing::pen p) {
        pen_ = std::move(p);
        return fits(s);
    }
    /// Takes another tool; the machine stands where it stood.
    [[nodiscard]] result<void> select(const step& s, const std::string& name) {
        if (const machine::tool* found = machine::find_tool(*machine_, name)) {
            tool_ = found;
            return fits(s);
        }
        std::vector<std::string> known;
        for (const machine::tool& t : machine_->tools) known.push_back(t.name);
        const auto near = io::near_names(name, known);
        return refuse(s, errc::mismatch, "names no tool of this machine",
                      fmt::format("{}: machine.yaml has {}{}", io::printable(name), fmt::join(known, ", "),
                                  near.empty() ? "." : fmt::format("; is it {}?", near.front())));
    }
};

} // namespace kf::job
