// SPDX-License-Identifier: MIT
#pragma once
/// A pen: what a person, or a macro, puts into the holder of a tool for some layers of a drawing, and how it draws. The
/// tool (machine/machine) says where the holder is, how high and how fast it works; a pen changes that by what stands
/// here. drawing/pens gives layers their pens, job/compose makes operations of them.

#include <kf/drawing/point.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kf::drawing {

/// What happens before a pen draws, when another was in the holder. The tool is up.
struct pen_change {
    enum class way {
        nothing, ///< the next stroke follows
        pause,   ///< at the place of machine.yaml, until a person lets it go on; `text` is shown
        message, ///< `text` is shown, and the drawing goes on
        macro    ///< `text` names a G-code macro of the printer, called at that place
    };
    way how = way::pause;
    std::string text = {}; ///< is_message() or is_macro_name(); a pause may have none
    bool operator==(const pen_change&) const = default;
};

/// In the order of pen_change::way, as they are written.
inline constexpr std::array<std::string_view, 4> pen_change_words = {"nothing", "pause", "message", "macro"};

struct pen {
    std::string name = {};               ///< one line of text; unique in a drawing
    std::string colour = {};             ///< "#rrggbb"; empty: none is known
    std::optional<mm_per_s> feed = {};   ///< none: feed_percent of the tool's
    double feed_percent = 100;           ///< above 0, to 1000
    std::optional<mm_per_s> plunge = {}; ///< lowering; none: the tool's
    mm height = 0;                       ///< of the holder while it draws: above 0 away from the paper
    double height_percent = 100;         ///< 0: the travel height, 100: the tool's work height (and `height`)
    point offset = {};                   ///< of its tip beside the tool's, on the canvas
    seconds delay = 0;                   ///< tool up, before its first stroke
    pen_change change = {};
    bool operator==(const pen&) const = default;
};

/// A text that is shown on a printer's display: printable ASCII, no end of line, nothing that ends a G-code command.
[[nodiscard]] constexpr bool is_message(std::string_view text) noexcept {
    constexpr std::size_t most = 120;
    return !text.empty() && text.size() <= most && text.front() != ' ' && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return c >= ' ' && c <= '~' && c != ';' && c != '"' && c != '#' && c != '*'; });
}

/// A text that is_message(), near to `text`.
[[nodiscard]] inline std::string as_message(std::string_view text) {
    constexpr std::size_t most = 120;
    std::string out;
    for (const char c : text.substr(0, most))
        if (c != '#') out += is_message(std::string_view(&c, 1)) || c == ' ' ? c : '_';
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

/// A plain G-code macro name: a letter or underscore, then letters, digits and underscores; G1 and M112 are commands,
/// T1 is a name.
[[nodiscard]] constexpr bool is_macro_name(std::string_view text) noexcept {
    constexpr std::size_t most = 64;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > most || !letter(text.front())) return false;
    if (!std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); })) return false;
    const bool command = text.size() > 1 && std::all_of(text.begin() + 1, text.end(), digit);
    return text.size() > 1 && (!command || text.front() == 'T' || text.front() == 't');
}

} // namespace kf::drawing
