// SPDX-License-Identifier: MIT
#pragma once
/// From the canvas to the machine, in one place: canvas offset, Y flip, tool offset. And the head, which knows where
/// the machine stands and which tool is in use while a job is walked through. No G92: what comes out is absolute.

#include <kf/error.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/stroke.hpp>
#include <kf/machine/machine.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
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

/// The tool in use and the last known machine position, both of them changed only by the operations of a job. The
/// machine has at least one tool and outlives the head.
class head {
    const machine::machine* machine_;
    const machine::tool* tool_;
    std::optional<machine::xy> at_;

  public:
    explicit head(const machine::machine& m)
      : machine_(&m)
      , tool_(&m.tools.front()) {}

    [[nodiscard]] const machine::tool& tool() const noexcept { return *tool_; }
    [[nodiscard]] placement where() const noexcept { return place(*machine_, *tool_); }
    [[nodiscard]] std::optional<machine::xy> at() const noexcept { return at_; }
    [[nodiscard]] std::optional<point> on_canvas() const noexcept {
        return at_ ? std::optional(where().to_canvas(*at_)) : std::nullopt;
    }

    void home() noexcept { at_ = machine::home_position(*machine_); }
    void move_to(machine::xy p) noexcept { at_ = p; }
    void lose_position() noexcept { at_.reset(); }

    /// Takes another tool; the machine stands where it stood.
    [[nodiscard]] result<void> select(const step& s, const std::string& name) {
        if (const machine::tool* found = machine::find_tool(*machine_, name)) {
            tool_ = found;
            return {};
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
