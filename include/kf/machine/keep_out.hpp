// SPDX-License-Identifier: MIT
#pragma once
/// Toolhead positions that are taken: a clip, a magnet, a pen holder. No line is drawn there; travel goes round it
/// (machine/way), or passes above where the keep-out says from which height on. Spec: machine.yaml(5).

#include <kf/io/decimal.hpp>
#include <kf/machine/xy.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace kf::machine {

struct keep_out {
    enum class when { always, tool_down };
    std::string name;
    std::variant<box, disc> area;
    when applies = when::always;
    std::optional<mm> height_mm = {}; ///< machine Z of its top: a tool that travels there or farther up passes it
};

[[nodiscard]] inline bool contains(const keep_out& k, xy p, mm slack = 0) noexcept {
    return std::visit([&](const auto& area) { return area.contains(p, slack); }, k.area);
}

namespace detail {

inline bool meets(const box& area, xy a, xy b, mm around) noexcept {
    double enter = 0, leave = 1;
    const auto clip = [&](double from, double delta, double low, double high) {
        if (delta == 0) return from >= low && from <= high;
        double first = (low - from) / delta, second = (high - from) / delta;
        if (first > second) std::swap(first, second);
        enter = std::max(enter, first);
        leave = std::min(leave, second);
        return enter <= leave;
    };
    return clip(a.x, b.x - a.x, area.min.x - around, area.max.x + around) &&
           clip(a.y, b.y - a.y, area.min.y - around, area.max.y + around);
}

inline bool meets(const disc& area, xy a, xy b, mm around) noexcept {
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const double part =
        length2 > 0 ? std::clamp(((area.centre.x - a.x) * dx + (area.centre.y - a.y) * dy) / length2, 0.0, 1.0) : 0.0;
    return area.contains({a.x + part * dx, a.y + part * dy}, around);
}

} // namespace detail

/// True when the straight way from a to b comes into it, or within `around` of it.
[[nodiscard]] inline bool meets(const keep_out& k, xy a, xy b, mm around = 0) noexcept {
    return std::visit([&](const auto& area) { return detail::meets(area, a, b, around); }, k.area);
}

/// "X 100 to 120, Y 200 to 220 mm"
[[nodiscard]] inline std::string area_text(const keep_out& k) {
    const auto text = [](mm v) { return io::to_decimal(v, 4); };
    if (const auto* b = std::get_if<box>(&k.area))
        return fmt::format("X {} to {}, Y {} to {} mm", text(b->min.x), text(b->max.x), text(b->min.y), text(b->max.y));
    const disc& d = std::get<disc>(k.area);
    return fmt::format("{} mm round X {} Y {} mm", text(d.radius), text(d.centre.x), text(d.centre.y));
}

} // namespace kf::machine
