// SPDX-License-Identifier: MIT
#pragma once
/// Options that are numbers: the whole word, finite, within its range, or errc::usage that says the range.

#include "command.hpp"

#include <kf/io/decimal.hpp>

#include <fmt/format.h>

#include <charconv>

namespace kf::cli {

/// The option's number, or `otherwise` when it is not given.
[[nodiscard]] inline result<double> number_option(const invocation& in, const std::string& name, double otherwise,
                                                  double min, double max) {
    const auto text = in.get(name);
    if (!text) return otherwise;
    const auto value = io::parse_decimal(*text);
    if (!value || *value < min || *value > max)
        return kf::fail(
            {errc::usage,
             fmt::format("--{} takes a number from {} to {}", name, io::to_decimal(min), io::to_decimal(max)),
             {},
             fmt::format("--{} {}", name, *text)});
    return *value;
}

/// The same of a whole number.
[[nodiscard]] inline result<unsigned> count_option(const invocation& in, const std::string& name, unsigned otherwise,
                                                   unsigned min, unsigned max) {
    const auto text = in.get(name);
    if (!text) return otherwise;
    unsigned value = 0;
    const auto [end, bad] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (bad != std::errc{} || end != text->data() + text->size() || value < min || value > max)
        return kf::fail({errc::usage,
                         fmt::format("--{} takes a whole number from {} to {}", name, min, max),
                         {},
                         fmt::format("--{} {}", name, *text)});
    return value;
}

} // namespace kf::cli
