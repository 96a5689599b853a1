// SPDX-License-Identifier: MIT
#pragma once
/// A drawing as a job: home, then for each line travel, tool down, the line, tool up; a layer may have its tool. The
/// step between the importers (job/svg, job/order) and job/stroke or a job file.

#include <kf/error.hpp>
#include <kf/job/drawing.hpp>
#include <kf/job/operation.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::job {

struct compose_options {
    bool home = true;                      ///< begin with home_xy
    std::string tool = "pen";              ///< for layers that are not in `tools`; empty: select none
    std::map<int, std::string> tools = {}; ///< by the layer's number
    std::optional<mm_per_s> feed = {};     ///< none: the tool's own
};

/// A source of operations, as stroke_source and the job file's writer take them. The drawing has to outlive it.
class drawing_source {
    const drawing* drawing_;
    compose_options options_;
    std::size_t layer_ = 0, line_ = 0, number_ = 0;
    int part_ = 0; // of the line: travel, down, the line, up
    bool begun_ = false;
    std::string tool_;

    result<std::optional<step>> give(operation op) { return step{++number_, std::move(op)}; }

  public:
    explicit drawing_source(const drawing& d, compose_options options = {})
      : drawing_(&d)
      , options_(std::move(options)) {}

    [[nodiscard]] result<std::optional<step>> operator()() {
        if (!std::exchange(begun_, true) && options_.home) return give(home_xy{});
        for (; layer_ < drawing_->layers.size(); ++layer_, line_ = 0) {
            const layer& l = drawing_->layers[layer_];
            for (; line_ < l.lines.size(); ++line_) {
                const polyline& points = l.lines[line_];
                if (points.empty()) continue;
                const auto own = options_.tools.find(l.number);
                const std::string& tool = own == options_.tools.end() ? options_.tool : own->second;
                if (tool != tool_ && !tool.empty()) {
                    tool_ = tool;
                    return give(select_tool{tool});
                }
                switch (part_++) {
                case 0: return give(rapid_xy{points.front()});
                case 1: return give(tool_down{});
                case 2: return give(draw_polyline{points, options_.feed});
                default:
                    part_ = 0;
                    ++line_;
                    return give(tool_up{});
                }
            }
        }
        return std::nullopt;
    }
};

} // namespace kf::job
