// SPDX-License-Identifier: MIT
// How long a G-code file takes, by Klipper's own planner. Needs kf-dev:
//     c++ estimate.cpp $(pkg-config --cflags --libs kf) -o estimate && ./estimate <drawing.gcode
#include <kf/planner/estimate.hpp>

#include <iostream>

int main() {
    kf::planner::motion_limits limits;
    limits.max_velocity = 200; // mm/s
    limits.max_accel = 2000;   // mm/s^2
    const auto sum = kf::planner::estimate_gcode(std::cin, limits);
    if (!sum) {
        std::cerr << sum.error().what << '\n';
        return kf::exit_status(sum.error().code);
    }
    std::cout << sum->total << " s for " << sum->moves << " moves, " << sum->distance << " mm\n";
}
