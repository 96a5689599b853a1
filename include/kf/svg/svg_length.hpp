// SPDX-License-Identifier: MIT
#pragma once
/// SVG lengths ("12.5mm", "3in", "50%", "7"): a number and a unit. 96 px are an inch (CSS Values 3, 5.2).

#include <kf/io/ascii.hpp>
#include <kf/svg/svg_scanner.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

namespace kf::svg {

enum class svg_unit { px, mm, cm, in, pt, pc, q, em, ex, percent };

struct svg_length {
    double number = 0;
    svg_unit unit = svg_unit::px; ///< also when none is written
    bool operator==(const svg_length&) const = default;
};

inline constexpr mm mm_per_px = mm_per_inch / 96;

/// em (and rem, which is one) and ex as a browser has them without any font set: 16 and 8 px. A percent has no size of
/// its own: 0.
[[nodiscard]] constexpr mm mm_per(svg_unit unit) noexcept {
    switch (unit) {
    case svg_unit::px: return mm_per_px;
    case svg_unit::mm: return 1;
    case svg_unit::cm: return 10;
    case svg_unit::in: return mm_per_inch;
    case svg_unit::pt: return mm_per_inch / 72;
    case svg_unit::pc: return mm_per_inch / 6;
    case svg_unit::q: return 0.25;
    case svg_unit::em: return 16 * mm_per_px;
    case svg_unit::ex: return 8 * mm_per_px;
    case svg_unit::percent: return 0;
    }
    return 0;
}

/// In user units; `whole` is what 100 % stands for.
[[nodiscard]] constexpr double in_px(svg_length length, double whole) noexcept {
    if (length.unit == svg_unit::px) return length.number;
    if (length.unit == svg_unit::percent) return length.number / 100 * whole;
    return length.number * mm_per(length.unit) / mm_per_px;
}

[[nodiscard]] inline std::optional<svg_unit> find_svg_unit(std::string_view word) noexcept {
    struct row {
        std::string_view word;
        svg_unit unit;
    };
    static constexpr row rows[] = {{"", svg_unit::px},    {"px", svg_unit::px}, {"mm", svg_unit::mm},
                                   {"cm", svg_unit::cm},  {"in", svg_unit::in}, {"pt", svg_unit::pt},
                                   {"pc", svg_unit::pc},  {"q", svg_unit::q},   {"em", svg_unit::em},
                                   {"rem", svg_unit::em}, {"ex", svg_unit::ex}, {"%", svg_unit::percent}};
    for (const row& r : rows) {
        if (r.word.size() != word.size()) continue;
        bool same = true;
        for (std::size_t i = 0; i < word.size(); ++i) same = same && io::to_lower(word[i]) == r.word[i];
        if (same) return r.unit;
    }
    return std::nullopt;
}

/// One length at the scanner, its unit included.
[[nodiscard]] inline result<svg_length> scan_svg_length(svg_scanner& in) {
    KF_TRY(const double number, in.number());
    const std::string_view word = in.word();
    const auto unit = find_svg_unit(word);
    if (!unit) return fail(errc::malformed, fmt::format("unknown unit \"{}\"", excerpt(word)));
    return svg_length{number, *unit};
}

[[nodiscard]] inline result<svg_length> read_svg_length(std::string_view text) {
    svg_scanner in(text);
    KF_TRY(const svg_length length, scan_svg_length(in));
    if (!in.done()) return in.expected("nothing more");
    return length;
}

/// Lengths among the attributes of one element. `get` gives the text of the attribute of a name, empty when absent.
/// What is not valid counts as absent, and the first of it stays in `fault`.
template<class Get>
struct svg_measures {
    Get get;
    double width, height; ///< of the viewport in user units; NaN when the page has no size
    bool em = false;      ///< a length in em or ex was met: its size is a guess
    std::string fault = {};

    /// Nothing for an absent or automatic length.
    std::optional<svg_length> length(const char* name) {
        const std::string_view text = trimmed(get(name));
        if (text.empty() || text == "auto") return std::nullopt;
        const auto read = read_svg_length(text);
        if (!read) {
            wrong(name, read.error().what);
            return std::nullopt;
        }
        em = em || read->unit == svg_unit::em || read->unit == svg_unit::ex;
        return *read;
    }
    double number(const char* name, double whole, double otherwise = 0) {
        const std::optional<svg_length> read = length(name);
        if (!read) return otherwise;
        if (read->unit == svg_unit::percent && std::isnan(whole)) {
            wrong(name, "a percentage, but the page has no size");
            return otherwise;
        }
        return in_px(*read, whole);
    }
    double x(const char* name, double otherwise = 0) { return number(name, width, otherwise); }
    double y(const char* name, double otherwise = 0) { return number(name, height, otherwise); }
    void wrong(const char* name, std::string_view why) {
        if (fault.empty()) fault = fmt::format("{}: {}", name, why);
    }
};

} // namespace kf::svg
