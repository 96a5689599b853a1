// SPDX-License-Identifier: MIT
#pragma once
/// A filter: gives the layers of a drawing their pens, by layer, by colour, or as a list of pens says. With pens the
/// layers of one pen come together, in the order of the pens, so that there is one change a pen; the layers of one pen
/// keep their order.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/layer_choice.hpp>
#include <kf/drawing/pen.hpp>
#include <kf/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::drawing {

/// A pen of a list, and what it draws. One pen of a list may name neither layers nor colours: it draws the rest.
struct pen_choice {
    struct pen pen;
    std::vector<std::string> layers = {};  ///< by name or number
    std::vector<std::string> colours = {}; ///< "#rrggbb"
    std::size_t line = 0;                  ///< of the list, from 1

    [[nodiscard]] bool takes_the_rest() const noexcept { return layers.empty() && colours.empty(); }
};

[[nodiscard]] inline std::string name_of(const layer& l) {
    return l.name.empty() ? fmt::format("layer {}", l.number) : l.name;
}

[[nodiscard]] inline const pen* find_pen(const drawing& d, std::string_view name) noexcept {
    const auto found = std::find_if(d.pens.begin(), d.pens.end(), [&](const pen& p) { return p.name == name; });
    return found == d.pens.end() ? nullptr : &*found;
}

namespace detail {

inline bool has_ink(const layer& l) noexcept {
    return std::any_of(l.lines.begin(), l.lines.end(), [](const polyline& line) { return !line.empty(); });
}

/// Layers in the order of their pens. Pens without a layer go.
inline drawing by_pens(drawing d) {
    std::erase_if(d.pens, [&](const pen& p) {
        return std::none_of(d.layers.begin(), d.layers.end(), [&](const layer& l) { return l.pen == p.name; });
    });
    const auto place = [&](const layer& l) {
        return std::find_if(d.pens.begin(), d.pens.end(), [&](const pen& p) { return p.name == l.pen; }) -
               d.pens.begin();
    };
    std::stable_sort(d.layers.begin(), d.layers.end(),
                     [&](const layer& a, const layer& b) { return place(a) < place(b); });
    return d;
}

/// A pen for each different `kind_of(layer)`, in the order in which they are met.
template<class Kind, class Make>
drawing pens_by(drawing d, Kind&& kind_of, Make&& make) {
    d.pens.clear();
    std::vector<std::string> kinds;
    std::set<std::string> taken;
    for (layer& l : d.layers) {
        if (!has_ink(l)) {
            l.pen.clear();
            continue;
        }
        const std::string kind = kind_of(l);
        const auto known = std::find(kinds.begin(), kinds.end(), kind);
        if (known == kinds.end()) {
            kinds.push_back(kind);
            d.pens.push_back(make(l));
            pen& made = d.pens.back();
            const std::string wanted = made.name;
            for (int n = 2; !taken.insert(made.name).second; ++n) made.name = fmt::format("{} ({})", wanted, n);
            l.pen = made.name;
        } else
            l.pen = d.pens[static_cast<std::size_t>(known - kinds.begin())].name;
    }
    std::erase_if(d.layers, [](const layer& l) { return !has_ink(l); });
    return by_pens(std::move(d));
}

} // namespace detail

/// One pen a layer. Layers of one number share one.
[[nodiscard]] inline drawing pens_by_layer(drawing d) {
    return detail::pens_by(
        std::move(d), [](const layer& l) { return fmt::format("{}", l.number); },
        [](const layer& l) { return pen{.name = name_of(l), .colour = l.colour}; });
}

/// One pen a colour; what has none, or more than one, has a pen together.
[[nodiscard]] inline drawing pens_by_colour(drawing d) {
    return detail::pens_by(
        std::move(d), [](const layer& l) { return l.colour; },
        [](const layer& l) { return pen{.name = l.colour.empty() ? "no colour" : l.colour, .colour = l.colour}; });
}

/// The pens of a list; `source` is its name in errors. errc::not_found: a layer that no pen draws. errc::malformed: one
/// that two pens draw. Names of the list that nothing of the drawing has are notes.
[[nodiscard]] inline result<drawing> pens_by_list(drawing d, const std::vector<pen_choice>& list,
                                                  const std::string& source) {
    std::erase_if(d.layers, [](const layer& l) { return !detail::has_ink(l); });
    d.pens.clear();
    for (const pen_choice& c : list) d.pens.push_back(c.pen);
    const auto place = [&](const pen_choice& c) { return fmt::format("{}:{}", source, c.line); };
    std::vector<std::string> left;
    for (layer& l : d.layers) {
        const pen_choice *chosen = nullptr, *rest = nullptr;
        for (const pen_choice& c : list) {
            if (c.takes_the_rest()) rest = &c;
            const bool named =
                std::any_of(c.layers.begin(), c.layers.end(), [&](const std::string& w) { return is_called(l, w); });
            const bool coloured =
                !l.colour.empty() && std::find(c.colours.begin(), c.colours.end(), l.colour) != c.colours.end();
            if (!named && !coloured) continue;
            if (chosen != nullptr)
                return kf::fail({errc::malformed,
                                 fmt::format("layer \"{}\" is taken by two pens: {} and {}", name_of(l),
                                             chosen->pen.name, c.pen.name),
                                 fmt::format("{} and {}", place(*chosen), place(c)), source});
            chosen = &c;
        }
        if (chosen == nullptr) chosen = rest;
        if (chosen == nullptr)
            left.push_back(l.colour.empty() ? name_of(l) : fmt::format("{} ({})", name_of(l), l.colour));
        else
            l.pen = chosen->pen.name;
    }
    if (!left.empty())
        return kf::fail(
            {errc::not_found,
             fmt::format("no pen of {} draws {}", source, fmt::join(left, ", ")),
             {},
             source,
             {"name the layer, or its colour, with a pen",
              "or give one pen neither layers nor colours: it draws the rest", "or choose layers: --layer NAME"}});
    for (const pen_choice& c : list) {
        if (std::any_of(d.layers.begin(), d.layers.end(), [&](const layer& l) { return l.pen == c.pen.name; }))
            continue;
        d.notes.push_back({0, fmt::format("{}: pen {} draws nothing of it", place(c), c.pen.name), note_kind::told});
    }
    return detail::by_pens(std::move(d));
}

} // namespace kf::drawing
