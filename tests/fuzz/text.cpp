// SPDX-License-Identifier: MIT
/// Any bytes: text_drawing() answers with a drawing whose points are finite and in range, or says that they are not
/// UTF-8. The first byte chooses the width and the side. Build and run it with tests/fuzz/run.sh text
#include <kf/drawing/text.hpp>

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
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    kf::drawing::text_options options{.side = static_cast<kf::drawing::text_side>(data[0] % 3), .tolerance = 0.2};
    if (data[0] >= 128) options.width = data[0] - 120;
    const auto d = kf::drawing::text_drawing(text, options);
    demand(d.has_value() == kf::is_utf8(text) || (!d && d.error().code == kf::errc::refused));
    if (!d) return 0;
    demand(std::isfinite(d->width) && std::isfinite(d->height) && d->width >= 0 && d->height >= 0);
    for (const auto& line : d->layers.at(0).lines) {
        demand(!line.empty());
        for (const auto& p : line) demand(std::isfinite(p.x + p.y));
    }
    for (const auto& note : d->notes) demand(note.line > 0 && kf::is_utf8(note.text));
    return 0;
}
