// SPDX-License-Identifier: MIT
/// Any bytes: read_svg() answers with a drawing whose points are finite and in range, or with an error. Build and run:
///   clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -DFMT_HEADER_ONLY -Iinclude tests/fuzz/svg.cpp
///   -lpugixml -lz -o /tmp/fuzz_svg && /tmp/fuzz_svg -max_len=4096 -timeout=10 CORPUS
#include <kf/svg/svg.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void demand(bool truth) {
    if (!truth) std::abort();
}

void read(std::string_view text) {
    const kf::svg::svg_options options{.tolerance_mm = 0.05,
                                       .max_coordinate_mm = 10'000,
                                       .max_points = 200'000,
                                       .max_elements = 20'000,
                                       .max_depth = 64,
                                       .max_bytes = std::size_t{1} << 20,
                                       .max_clipping = {50'000'000}};
    const auto drawing = kf::svg::read_svg(text, options);
    if (!drawing) {
        demand(!drawing.error().what.empty());
        return;
    }
    demand(std::isfinite(drawing->width) && std::isfinite(drawing->height) && drawing->width >= 0);
    demand(point_count(*drawing) <= options.max_points);
    for (const auto& layer : drawing->layers) {
        demand(layer.number > 0 && !layer.lines.empty() && kf::is_utf8(layer.name));
        for (const auto& line : layer.lines) {
            demand(!line.empty());
            for (std::size_t i = 0; i < line.size(); ++i) {
                demand(std::abs(line[i].x) <= options.max_coordinate_mm &&
                       std::abs(line[i].y) <= options.max_coordinate_mm);
                demand(i == 0 || line[i] != line[i - 1]);
            }
        }
    }
}

} // namespace

/// The first byte chooses: a whole document, or one attribute inside of a good one, where the small grammars are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    const char* attribute = nullptr;
    switch (data[0]) {
    case 'p': attribute = "<path d=\""; break;
    case 't': attribute = "<path d=\"M0 0A5 9 30 1 1 10 10\" transform=\""; break;
    case 's': attribute = "<rect width=\"9\" height=\"9\" rx=\"2\" style=\""; break;
    case 'v': attribute = "<svg viewBox=\"1 2 3 4\" width=\""; break;
    default: read(text); return 0;
    }
    read("<svg width=\"90mm\" height=\"90mm\" viewBox=\"0 0 90 90\">" + (attribute + std::string(text)) + "\"/></svg>");
    return 0;
}
