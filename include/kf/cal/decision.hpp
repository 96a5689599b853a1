// SPDX-License-Identifier: MIT
#pragma once
/// Whether a correction is worth being applied: only when it is larger than its own uncertainty. One that is not would
/// move a good machine to a worse place as often as to a better one; then it is said how well one would have to read.

#include <kf/cal/uncertainty.hpp>
#include <kf/io/decimal.hpp>

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <string_view>

namespace kf::cal {

struct decision {
    double correction = 0; ///< what was measured less what was to be
    double bound = 0;      ///< U95 of it
    double deciding_u = 0; ///< the standard uncertainty at which this very correction would be proven

    [[nodiscard]] bool applies() const noexcept { return std::fabs(correction) > bound; }
};

[[nodiscard]] inline decision decide(const measurement& measured, double wanted) {
    const double correction = measured.value - wanted;
    return {correction, measured.expanded(), std::fabs(correction) / t95(measured.dof)};
}

/// "0.12 mm is less than its uncertainty of 0.20 mm: not applied. A result that is sure to 0.12 mm would decide."
[[nodiscard]] inline std::string in_words(const decision& d, std::string_view unit, int decimals) {
    const auto number = [&](double v) {
        return io::to_decimal(v, decimals) + (unit.empty() ? "" : " ") + std::string(unit);
    };
    if (d.applies())
        return fmt::format("{} is more than its uncertainty of {}: to be applied.", number(d.correction),
                           number(d.bound));
    std::string out =
        fmt::format("{} is no more than its uncertainty of {}: not applied.", number(d.correction), number(d.bound));
    if (const std::string sure = number(std::fabs(d.correction)); sure != number(0))
        out += fmt::format(" A result that is sure to {} would decide.", sure);
    return out;
}

} // namespace kf::cal
