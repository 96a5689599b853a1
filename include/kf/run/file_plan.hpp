// SPDX-License-Identifier: MIT
#pragma once
/// A job as a file in Klipper's virtual_sdcard directory, with the plan of its time. What file_run.hpp starts.

#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/gcode.hpp>
#include <kf/job/stroke.hpp>
#include <kf/machine/machine.hpp>
#include <kf/planner/estimate.hpp>
#include <kf/planner/timeline.hpp>
#include <kf/run/preflight.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf::run {

/// Plain ASCII, so that it needs no thought in any shell or macro: "my drawing.svg" -> "kplot-my_drawing.gcode".
[[nodiscard]] inline std::string job_file_name(std::string_view source) {
    std::string stem = std::filesystem::path(source).stem().string();
    if (source == "-" || source == "standard input" || stem.empty()) stem = "job";
    std::string out = "kplot-";
    for (const char c : stem.substr(0, 60)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        out += plain ? c : '_';
    }
    return out + ".gcode";
}

/// A source of strokes without the homing it begins with, for a run that has homed already.
template<class Strokes>
[[nodiscard]] auto without_first_homing(Strokes strokes) {
    return [strokes = std::move(strokes), begun = false]() mutable -> result<std::optional<job::stroke>> {
        KF_TRY(auto s, strokes());
        const auto homes = [](const job::stroke& one) {
            return one.steps.size() == 1 && std::holds_alternative<job::home_xy>(one.steps.front().op);
        };
        while (!begun && s && homes(*s)) {
            KF_TRY(s, strokes());
        }
        begun = true;
        return s;
    };
}

struct file_plan {
    std::string name;
    std::filesystem::path file = {}; ///< where it lies on this computer
    planner::timeline timeline;
    planner::estimate sum;
    std::size_t strokes = 0;
    std::vector<job::gcode_stop> stops = {}; ///< where the file waits for a person
    std::uint64_t shift = 0;                 ///< of the timeline's offsets: what stands before the file in the plan
};

/// The job as a file in Klipper's directory: the old one or the new one, never half. With it goes the plan of its time.
template<class Strokes>
[[nodiscard]] result<file_plan> write_job_file(const std::filesystem::path& directory, std::string name,
                                               const machine::machine& m, job::gcode_options options,
                                               const printer_facts& facts, machine::xy begins_at, Strokes&& strokes) {
    std::error_code ec;
    if (!std::filesystem::is_directory(directory, ec))
        return kf::fail({errc::not_found,
                         fmt::format("there is no directory {}", directory.string()),
                         "Klipper's [virtual_sdcard] names it, and kplot has to run on the same computer",
                         "file_execution.gcode_directory",
                         {"Correct file_execution.gcode_directory in machine.yaml."}});
    file_plan plan{.name = std::move(name), .timeline = {}, .sum = {}};
    plan.file = directory / plan.name;
    planner::gcode_estimator estimator(facts.limits);
    // Where the machine stands when the file begins, and the speed factor of now.
    const std::string before =
        fmt::format("SET_KINEMATIC_POSITION X={} Y={} Z={}\nM220 S{}\n", io::to_decimal(begins_at.x, 4),
                    io::to_decimal(begins_at.y, 4), io::to_decimal(m.z_states.travel_mm, 4),
                    io::to_decimal(facts.speed_factor * 100, 2));
    plan.shift = before.size();
    KF_CHECK(estimator.feed(before));
    KF_TRY(auto file, io::atomic_writer::open(plan.file));
    KF_TRY(auto summary, job::write_gcode(m, std::move(options), std::forward<Strokes>(strokes),
                                          [&](std::string_view text) -> result<void> {
                                              KF_CHECK(estimator.feed(text));
                                              return file.write(text);
                                          }));
    KF_TRY(plan.sum, estimator.finish());
    plan.timeline = estimator.plan();
    plan.strokes = summary.strokes;
    plan.stops = std::move(summary.stops);
    KF_CHECK(file.commit());
    return plan;
}

} // namespace kf::run
