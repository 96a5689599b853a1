// SPDX-License-Identifier: MIT
// Planner throughput on one core: planner segments/s of planner/lookahead alone and of G-code text through
// planner/estimate, on dense10k.gcode (repeated) and on generated paths. One line a case, the number last, to be
// divided by another machine's or another program's. Arguments: [FOLDER with dense10k.gcode] [millions of segments a
// case]. Ends with 1 when the planner alone stays under the bar of 5 million segments/s on dense10k, or when memory,
// 200 MB of G-code included (at 10 million segments, the default), went past 64 MiB.
#include <kf/planner/estimate.hpp>
#include <kf/planner/gcode_line.hpp>
#include <kf/planner/gcode_motion.hpp>
#include <kf/planner/lookahead.hpp>

#include <fmt/format.h>

#include <sys/resource.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using kf::planner::xyz;

struct step {
    xyz to;
    double speed;
};

/// CPU seconds of this process: the machine may be shared.
double cpu() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// The segments of a G-code text as points and speeds.
std::vector<step> steps_of(const std::string& text) {
    std::vector<step> steps;
    kf::planner::gcode_motion machine;
    std::istringstream in(text);
    const auto none = [](const kf::planner::planned_move&) {};
    for (std::string line; std::getline(in, line);)
        if (machine.run(kf::planner::gcode_line(line), none) == kf::planner::gcode_effect::move)
            steps.push_back({machine.planner().position(), machine.state().speed});
    return steps;
}

std::vector<step> random_walk(double shortest, double longest, double turn) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> unit(0, 1);
    std::vector<step> steps;
    double angle = 0;
    xyz at;
    for (int i = 0; i < 100000; ++i) {
        angle += turn * (unit(random) - 0.5);
        const double d = shortest * std::pow(longest / shortest, unit(random));
        at = {at.x + d * std::cos(angle), at.y + d * std::sin(angle), 0};
        steps.push_back({at, 100});
    }
    return steps;
}

double planner_alone(std::string_view name, const std::vector<step>& steps, std::size_t wanted) {
    kf::planner::lookahead planner;
    double sum = 0;
    std::size_t moves = 0;
    const auto emit = [&](const kf::planner::planned_move& m) {
        sum += m.accel_t + m.cruise_t + m.decel_t;
        ++moves;
    };
    const double start = cpu();
    while (moves < wanted)
        for (const step& s : steps) planner.move_to(s.to, s.speed, emit);
    planner.stop(emit);
    const double rate = static_cast<double>(moves) / (cpu() - start);
    fmt::print("planner {:<10} {:>10} segments {:>14.3f} s planned  segments/s {:.0f}\n", name, moves, sum, rate);
    return rate;
}

double with_text(std::string_view name, const std::string& text, std::size_t wanted) {
    kf::planner::gcode_estimator estimator;
    std::size_t moves = 0;
    std::size_t bytes = 0;
    const auto each = [&](const kf::planner::planned_move&) { ++moves; };
    const double start = cpu();
    while (moves < wanted) {
        for (std::size_t at = 0; at < text.size(); at += 65536) {
            if (!estimator.feed(std::string_view(text).substr(at, 65536), each)) return 0;
        }
        bytes += text.size();
    }
    if (!estimator.finish(each)) return 0;
    const double took = (cpu() - start);
    const double rate = static_cast<double>(moves) / took;
    fmt::print("gcode   {:<10} {:>10} segments {:>10.1f} MB {:>8.1f} MB/s  segments/s {:.0f}\n", name, moves,
               static_cast<double>(bytes) / 1e6, static_cast<double>(bytes) / 1e6 / took, rate);
    return rate;
}

} // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "tests/planner/data";
    const std::size_t wanted = (argc > 2 ? std::stoul(argv[2]) : 10U) * 1'000'000U;
    std::ifstream in(folder + "/dense10k.gcode", std::ios::binary);
    std::ostringstream dense;
    dense << in.rdbuf();
    if (!in) {
        fmt::print(stderr, "planner: {}/dense10k.gcode cannot be read\n", folder);
        return 1;
    }
    const double rate = planner_alone("dense10k", steps_of(dense.str()), wanted);
    planner_alone("smooth", random_walk(0.05, 0.5, 0.2), wanted);
    planner_alone("jagged", random_walk(0.5, 20, 6), wanted);
    planner_alone("straight", random_walk(0.01, 0.02, 0), wanted);
    with_text("dense10k", dense.str(), wanted);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print("peak memory {} KiB\n", usage.ru_maxrss);
    return rate >= 5e6 && usage.ru_maxrss < 64 * 1024 ? 0 : 1;
}
