// SPDX-License-Identifier: MIT
/// Any bytes: read_hpgl() answers with a drawing whose points are finite and on its page, or with an error.
#include <kf/hpgl/hpgl.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void demand(bool truth) {
    if (!truth) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(kf::hpgl::looks_like_hpgl(text));
    const kf::hpgl::hpgl_options options{
        .tolerance_mm = 0.05, .max_coordinate_mm = 10'000, .max_points = 200'000, .max_clipping = {50'000'000}};
    const auto drawing = kf::hpgl::read_hpgl(text, options);
    if (!drawing) {
        demand(!drawing.error().what.empty());
        return 0;
    }
    demand(std::isfinite(drawing->width) && std::isfinite(drawing->height));
    for (const auto& layer : drawing->layers) {
        demand(layer.number > 0 && !layer.lines.empty());
        for (const auto& line : layer.lines) {
            demand(!line.empty());
            for (const auto& p : line) demand(std::isfinite(p.x) && std::isfinite(p.y) && std::abs(p.x) < 1e6);
        }
    }
    return 0;
}
