// SPDX-License-Identifier: MIT
// How short drawing/order makes the pen-up way in a time, and what drawing/merge leaves, for drawings_table.py.
// Time is CPU time of this process, from the drawing in memory to the result. FILE is as tests/bench/drawings.py writes
// it.
//   order order FILE SEED SECONDS    prints: mm seconds
//   order merge FILE                 prints: strokes corners mm seconds
#include <kf/drawing/drawing.hpp>
#include <kf/drawing/merge.hpp>
#include <kf/drawing/order.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

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

} // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 2 ? argv[1] : "";
    const cpu_clock clock;
    if (what == "order" && argc == 5) {
        drawing d = read(argv[2]);
        const auto start = clock.now();
        const ordered o = order(std::move(d), {.seed = std::stoull(argv[3]), .time_limit = std::stod(argv[4])}, clock);
        fmt::print("{:.1f} {:.3f}\n", o.after_mm, kf::to_seconds(clock.now() - start));
        return 0;
    }
    if (what == "merge" && argc == 3) {
        drawing d = read(argv[2]);
        const auto start = clock.now();
        const drawing merged = merge(std::move(d), {}).result;
        const double seconds = kf::to_seconds(clock.now() - start);
        fmt::print("{} {} {:.1f} {:.3f}\n", line_count(merged), corner_count(merged), order(merged, {}).after_mm,
                   seconds);
        return 0;
    }
    fmt::print(stderr, "order: order FILE SEED SECONDS, or merge FILE\n");
    return 2;
}
