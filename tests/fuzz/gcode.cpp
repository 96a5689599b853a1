// SPDX-License-Identifier: MIT
// libFuzzer harness of planner/estimate, which reads G-code of anybody: the estimate is a finite number of seconds or
// an error, and the same however the text is cut into pieces.
#include <kf/planner/estimate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void demand(bool truth) {
    if (!truth) std::abort();
}

kf::result<kf::planner::estimate> in_pieces(std::string_view text, std::size_t piece) {
    kf::planner::gcode_estimator estimator;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, piece);
        text.remove_prefix(part.size());
        KF_CHECK(estimator.feed(part));
    }
    return estimator.finish();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto whole = kf::planner::estimate_gcode(text);
    const auto cut = in_pieces(text, data[0] + 1u);
    demand(whole.has_value() == cut.has_value());
    if (!whole) {
        demand(!whole.error().what.empty() && whole.error().what == cut.error().what);
        return 0;
    }
    demand(std::isfinite(whole->total) && whole->total >= 0 && whole->total == cut->total);
    return 0;
}
