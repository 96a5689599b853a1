// SPDX-License-Identifier: MIT
// How short drawing/order makes the pen-up way in a time, and how few strokes drawing/merge leaves: one line a case,
// the middle of some seeds. Time is CPU time of this process, from the drawing in memory to the ordered one. Arguments:
// the folder that tests/bench/drawings.py wrote, and the number of seeds (5). Ends with 1 when a figure is over its
// bar.
#include <kf/drawing/drawing.hpp>
#include <kf/drawing/merge.hpp>
#include <kf/drawing/order.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace kf::drawing;

/// CPU time of this process: the machine may be shared.
struct cpu_clock {
    [[nodiscard]] kf::io::time_point now() const {
        timespec t{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return kf::io::time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
    }
    void sleep_until(kf::io::time_point) const {}
};

/// The paths of a drawing that drawings.py wrote: M x,y L x,y ... alone.
drawing read(const std::string& path) {
    drawing d{.width = 420, .height = 297, .layers = {{}}};
    std::ifstream in(path);
    for (std::string text; std::getline(in, text);) {
        const std::size_t begin = text.find(" d=\"M");
        if (begin == std::string::npos) continue;
        polyline line;
        for (const char* at = text.c_str() + begin + 5; *at != '"' && *at != '\0';) {
            char* end = nullptr;
            const double x = std::strtod(at, &end), y = std::strtod(end + 1, &end);
            line.push_back({x, y});
            at = *end == ' ' ? end + 2 : end;
        }
        d.layers[0].lines.push_back(std::move(line));
    }
    return d;
}

struct bar {
    const char* name;
    double cpu_s;
    double most_mm;
};
constexpr bar bars[] = {{"rand10k", 0.06, 18150}, {"rand10k", 0.6, 16700}, {"rand10k", 5, 16550},
                        {"rand10k", 30, 16499},   {"hatch", 2, 3021},      {"rand100k", 0.75, 52900},
                        {"rand100k", 8, 49700},   {"text", 1, 58800},      {"text", 8, 57200}};

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "order: FOLDER of tests/bench/drawings.py [SEEDS] [NAME]\n");
        return 2;
    }
    const std::string folder = argv[1];
    const std::size_t seeds = argc > 2 ? std::max(1UL, std::stoul(argv[2])) : 5;
    const std::string only = argc > 3 ? argv[3] : "";
    const auto wanted = [&](const std::string& name) { return only.empty() || only == name; };
    bool over = false;
    cpu_clock clock;
    for (const bar& b : bars) {
        if (!wanted(b.name)) continue;
        const drawing d = read(folder + "/" + b.name + ".svg");
        std::vector<double> after, took;
        for (std::size_t seed = 1; seed <= seeds; ++seed) {
            drawing copy = d;
            const auto start = clock.now();
            const ordered o = order(std::move(copy), {.seed = seed, .time_limit = b.cpu_s}, clock);
            took.push_back(kf::to_seconds(clock.now() - start));
            after.push_back(o.after_mm);
        }
        std::ranges::sort(after);
        std::ranges::sort(took);
        const double middle = after[seeds / 2];
        fmt::print("order {:<9} {:>6} strokes {:>6.2f} s wanted {:>6.3f} s taken {:>9.1f} mm ({:.1f} to {:.1f}) bar "
                   "{:.0f}{}\n",
                   b.name, line_count(d), b.cpu_s, took[seeds / 2], middle, after.front(), after.back(), b.most_mm,
                   middle > b.most_mm ? "  OVER" : "");
        std::fflush(stdout);
        over = over || middle > b.most_mm;
    }
    if (wanted("gridcut")) {
        const drawing d = read(folder + "/gridcut.svg");
        const auto start = clock.now();
        const drawing merged = merge(d, {}).result;
        const double merging = kf::to_seconds(clock.now() - start);
        const ordered o = order(merged, {.effort = 0}, clock);
        const std::size_t strokes = line_count(merged), corners = corner_count(merged);
        const bool bad = strokes > 338 || o.after_mm > 676 || corners > 10 || merging > 0.2;
        fmt::print(
            "merge gridcut   {:>6} edges {:.3f} s {:>4} strokes {:>6} corners {:>8.1f} mm, bars 0.2 s 338 10 676{}\n",
            line_count(d), merging, strokes, corners, o.after_mm, bad ? "  OVER" : "");
        over = over || bad;
    }
    return over ? 1 : 0;
}
