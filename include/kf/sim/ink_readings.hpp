// SPDX-License-Identifier: MIT
#pragma once
/// What a person answers to the questions of `kcal` after a look at the sheet: readings of its marks under the names of
/// those questions, one "NAME: VALUE" a line as kcal's --answers has it. They come from ink and eyes alone.

#include <kf/cal/vernier.hpp>
#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/sim/marks.hpp>
#include <kf/sim/observer.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

struct ink_reading {
    std::string name;
    std::string value;
};

/// One way to look at a sheet.
struct look_row {
    std::string_view name;
    std::string_view purpose;
    std::string_view with; ///< the instrument that is taken when none is named
    result<std::vector<ink_reading>> (*look)(const std::vector<ink_line>&, observer&, int times);
};

namespace detail {

using readings = std::vector<ink_reading>;

inline std::unexpected<error> not_there(std::string what) {
    return kf::fail({.code = errc::not_found,
                     .what = fmt::format("{} are not on this sheet", what),
                     .cause = "something else was drawn, or the pen did not reach the paper"});
}

/// Places of ticks along an axis; the first lies near the zero of the ruler.
inline result<readings> read_steps(const std::vector<ink_line>& ink, observer& eyes, axis of) {
    const std::vector<straight> ticks = ticks_of(straight_marks(ink), of);
    if (ticks.size() < 2) return not_there(fmt::format("ticks across {}", of == axis::x ? 'X' : 'Y'));
    const mm laid = eyes.lays(0.5);
    readings out;
    for (std::size_t k = 0; k < ticks.size(); ++k)
        out.push_back({fmt::format("mark_{}", k + 1),
                       io::to_decimal(eyes.reads(laid + along(of, ticks[k].middle()) - along(of, ticks[0].middle())))});
    return out;
}

using length_between = std::pair<const char*, std::array<drawing::point, 2>>;
inline readings read_lengths(const std::vector<length_between>& lengths, observer& eyes, int times) {
    readings out;
    for (const auto& [name, ends] : lengths)
        for (int k = 1; k <= times; ++k)
            out.push_back({times == 1 ? std::string(name) : fmt::format("{}_{}", name, k),
                           io::to_decimal(eyes.reads(ends[0], ends[1]))});
    return out;
}
inline result<readings> read_square(const std::vector<ink_line>& ink, observer& eyes, int times) {
    const auto crosses = crosses_of(straight_marks(ink));
    const auto c = corners_of(crosses);
    if (!c || crosses.size() < 4) return not_there("four crosses");
    return read_lengths({{"ac", {c->a, c->c}}, {"bd", {c->b, c->d}}, {"ad", {c->a, c->d}}}, eyes, times);
}
inline result<readings> read_triangle(const std::vector<ink_line>& ink, observer& eyes, int times) {
    const auto c = corners_of(crosses_of(straight_marks(ink)));
    if (!c) return not_there("three crosses");
    return read_lengths({{"a", {c->d, c->a}}, {"b", {c->d, c->c}}, {"c", {c->a, c->c}}}, eyes, times);
}

/// How far each vernier's zero lies beyond that of its comb, or before it.
inline result<readings> read_combs(const std::vector<ink_line>& ink, observer& eyes, axis of, std::string_view name,
                                   double sign) {
    const auto combs = combs_of(straight_marks(ink), of);
    if (combs.empty()) return not_there(fmt::format("combs along {} with their verniers", of == axis::x ? 'X' : 'Y'));
    readings out;
    for (std::size_t k = 0; k < combs.size(); ++k)
        out.push_back({fmt::format("{}_{}", name, k + 1),
                       io::to_decimal(sign * cal::displacement({1, 20}, eyes.meets(combs[k])))});
    return out;
}
inline result<readings> read_offset(const std::vector<ink_line>& ink, observer& eyes, int) {
    KF_TRY(readings out, read_combs(ink, eyes, axis::x, "x", 1));
    KF_TRY(readings y, read_combs(ink, eyes, axis::y, "y", 1));
    out.insert(out.end(), y.begin(), y.end());
    return out;
}

/// Halves of ticks, in pairs as they were drawn: whether they meet.
inline result<readings> read_halves(const std::vector<ink_line>& ink, observer& eyes, axis of) {
    constexpr mm seen = 0.3;
    std::vector<straight> halves;
    for (const straight& s : straight_marks(ink))
        if (s.is_tick_of(of)) halves.push_back(s);
    if (halves.size() < 2) return not_there("halves of ticks");
    readings out;
    for (std::size_t k = 0; k + 1 < halves.size(); k += 2) {
        const mm aside = eyes.reads(std::fabs(along(of, halves[k].middle()) - along(of, halves[k + 1].middle())));
        out.push_back({fmt::format("meets_{}", k / 2 + 1), std::fabs(aside) < seen ? "yes" : "no"});
    }
    return out;
}

} // namespace detail

[[nodiscard]] inline const std::vector<look_row>& looks() {
    using drawn = std::vector<ink_line>;
    static const std::vector<look_row> rows{
        {"steps-x", "places of the ticks of kcal steps x on a ruler", "ruler",
         [](const drawn& i, observer& e, int) { return detail::read_steps(i, e, axis::x); }},
        {"steps-y", "of kcal steps y", "ruler",
         [](const drawn& i, observer& e, int) { return detail::read_steps(i, e, axis::y); }},
        {"square", "diagonals and lower side of the crosses of kcal square", "caliper", detail::read_square},
        {"triangle", "the three sides of kcal square --method triangle", "caliper", detail::read_triangle},
        {"backlash-x", "the verniers of kcal backlash x", "vernier",
         [](const drawn& i, observer& e, int) { return detail::read_combs(i, e, axis::x, "reading", -1); }},
        {"backlash-y", "of kcal backlash y", "vernier",
         [](const drawn& i, observer& e, int) { return detail::read_combs(i, e, axis::y, "reading", -1); }},
        {"offset", "the verniers of kcal offset", "vernier", detail::read_offset},
        {"halves-x", "whether the halves of the ticks of kcal speed x or accel x meet", "film",
         [](const drawn& i, observer& e, int) { return detail::read_halves(i, e, axis::x); }},
        {"halves-y", "of kcal speed y or accel y", "film",
         [](const drawn& i, observer& e, int) { return detail::read_halves(i, e, axis::y); }},
    };
    return rows;
}
[[nodiscard]] inline const look_row* find_look(std::string_view name) {
    for (const look_row& row : looks())
        if (row.name == name) return &row;
    return nullptr;
}

} // namespace kf::sim
