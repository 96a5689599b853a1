// SPDX-License-Identifier: MIT
#pragma once
/// The panel of the jog console as rows of text: what is, what the person may do about it, and what was said last.

#include <kf/io/decimal.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/stroke_hand.hpp>
#include <kf/tui/text_grid.hpp>
#include <kf/tui/wrapped.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::jog {

struct panel_view {
    const panel& now;
    const std::vector<mm>& increments;
    const stroke_hand* hand = nullptr; ///< of a step job
    bool leaves = false;               ///< when what moves by itself is done
    std::string refused = {};          ///< what was typed or struck, and why it cannot be taken
};

namespace detail {

[[nodiscard]] inline std::string place_text(const std::optional<klippy::xyz>& at) {
    if (!at) return "unknown";
    return fmt::format("X{:8.3f} Y{:8.3f} Z{:8.3f}", (*at)[0], (*at)[1], (*at)[2]);
}

[[nodiscard]] constexpr const char* text_of(tool_place p) noexcept {
    switch (p) {
    case tool_place::up: return "up";
    case tool_place::down: return "DOWN";
    case tool_place::between: return "between up and down";
    case tool_place::unknown: return "height unknown";
    }
    return "height unknown";
}

/// How it stands, the weightiest line first.
[[nodiscard]] inline std::vector<std::pair<std::string, tui::look>> state_lines(const panel& p, bool leaves) {
    using tui::look;
    std::vector<std::pair<std::string, look>> out;
    const auto why = p.reason.empty() ? std::string() : ": " + p.reason;
    switch (p.klipper) {
    case contact::away:
        out.emplace_back("no Klipper" + why, look::bad);
        out.emplace_back("It is looked for. Q quits.", look::normal);
        break;
    case contact::starting: out.emplace_back("Klipper starts" + why, look::warning); break;
    case contact::recovering: out.emplace_back("Klipper is being restarted", look::warning); break;
    case contact::stopped:
        out.emplace_back("STOPPED" + why, look::bad);
        out.emplace_back("R restarts Klipper; then H homes.", look::normal);
        break;
    case contact::ready:
        out.emplace_back((p.doing == activity::resting ? "ready" : name(p.doing)) +
                             std::string(leaves ? "; kjog leaves when that is done" : ""),
                         p.doing == activity::resting ? look::good : look::strong);
        if (!p.foreign.empty()) out.emplace_back(p.foreign, look::warning);
        if (!p.stop_armed) out.emplace_back("E-STOP has no connection: nothing moves", look::bad);
        if (p.unreferenced)
            out.emplace_back("NO REFERENCE: steps of 1 mm at most, no limits. H homes.", look::warning);
        else if (!p.xy_homed)
            out.emplace_back("X and Y are not homed. H homes.", look::warning);
        break;
    }
    return out;
}

/// The messages as lines, the newest last.
[[nodiscard]] inline std::vector<std::pair<std::string, tui::look>> message_lines(const panel& now,
                                                                                  std::size_t columns) {
    using tui::look;
    std::vector<std::pair<std::string, look>> said;
    for (const panel_message& m : now.messages) {
        const look as = m.kind == panel_message::level::fault     ? look::bad
                        : m.kind == panel_message::level::warning ? look::warning
                                                                  : look::normal;
        for (std::string& part : tui::wrapped(m.text, columns - 2)) said.emplace_back(std::move(part), as);
        for (const std::string& step : m.steps)
            for (std::string& part : tui::wrapped(step, columns - 4))
                said.emplace_back("  " + std::move(part), look::normal);
    }
    return said;
}

} // namespace detail

inline void paint_panel(tui::pane p, const panel_view& v) {
    using tui::look;
    const panel& now = v.now;
    const std::size_t indent = p.columns() >= 60 ? 12 : 7;
    std::size_t row = 0;
    const auto label = [&](const char* wide, const char* narrow) {
        p.put(1, row, p.columns() >= 60 ? wide : narrow, look::faint);
    };
    const auto line = [&](std::string_view text, look as = look::normal) { p.put(indent, row++, text, as); };
    const auto lines_of = [&](std::string_view text, look as) {
        for (const std::string& part : tui::wrapped(text, p.columns() - indent)) line(part, as);
    };

    label("State", "State");
    for (const auto& [text, as] : detail::state_lines(now, v.leaves)) lines_of(text, as);
    label("Goes to", "To");
    line(detail::place_text(now.commanded), look::strong);
    label("Is at", "At");
    line(detail::place_text(now.live));
    label("Tool", "Tool");
    line(fmt::format("{}, {}", now.tool.empty() ? "unknown" : now.tool, detail::text_of(now.place)),
         now.place == tool_place::down ? look::warning : look::normal);
    label("Reference", "Ref.");
    line(fmt::format("X Y {}, Z {}{}", now.xy_homed ? "homed" : "no", now.z_referenced ? "yes" : "none (T)",
                     now.square.empty() ? "" : ", squared"),
         now.xy_homed && now.z_referenced ? look::normal : look::warning);
    if (!now.square.empty() && p.columns() >= 60) {
        label("Square", "");
        line(now.square);
    }
    label("Step", "Step");
    std::size_t at = indent;
    bool listed = false;
    for (const mm s : v.increments) {
        const bool is = s == now.step;
        listed = listed || is;
        at = p.put(at, row, is ? fmt::format("[{}]", io::to_decimal(s)) : fmt::format(" {} ", io::to_decimal(s)),
                   is ? look::strong : look::faint);
    }
    if (!listed) at = p.put(at, row, fmt::format("[{}]", io::to_decimal(now.step)), look::strong);
    p.put(at, row++, " mm");
    label("Speed", "Speed");
    line(fmt::format("{} mm/s, runs on {} mm at most", io::to_decimal(now.speed, 1), io::to_decimal(now.bound, 1)));
    if (!now.single_steps.empty()) lines_of(fmt::format("single steps only: {}", now.single_steps), look::warning);
    if (v.hand) {
        label("Job", "Job");
        line(v.hand->line(), look::strong);
    }
    label("Limits", "Lim.");
    line(fmt::format("X {}–{}  Y {}–{}  Z {}–{}", io::to_decimal(now.low[0], 1), io::to_decimal(now.high[0], 1),
                     io::to_decimal(now.low[1], 1), io::to_decimal(now.high[1], 1), io::to_decimal(now.low[2], 1),
                     io::to_decimal(now.high[2], 1)));

    std::size_t bottom = p.rows();
    if (const auto why = tui::wrapped(v.refused, p.columns() - 2); bottom >= row + why.size())
        for (auto part = why.rbegin(); part != why.rend(); ++part) p.put(1, --bottom, *part, look::warning);
    if (v.hand && bottom > row + 4) {
        // As wide as the canvas is beside its height: a cell has two by four dots.
        const drawing::rectangle& c = v.hand->job().canvas;
        const double columns = static_cast<double>(bottom - row - 1) * 2 * c.width() / std::max(c.height(), 1.0);
        const auto wide = static_cast<std::size_t>(
            std::clamp(std::ceil(columns), 4.0, std::max(4.0, static_cast<double>(p.columns() / 2))));
        p.rule(row);
        v.hand->paint(p.part(1, row + 1, {wide, bottom - row - 1}));
        p = p.part(wide + 2, 0, p.size());
    }
    // The newest message whole, and as many before it as there is room for.
    const auto said = detail::message_lines(now, p.columns());
    if (said.empty() || bottom < row + 2) return;
    p.rule(row++);
    const std::size_t room = bottom - row, from = said.size() > room ? said.size() - room : 0;
    for (std::size_t i = from; i < said.size(); ++i) p.put(1, row++, said[i].first, said[i].second);
}

} // namespace kf::jog
