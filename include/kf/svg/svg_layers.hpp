// SPDX-License-Identifier: MIT
#pragma once
/// Names and numbers of layers: a name that begins with a number ("2-red") has that one, as plotter users write them;
/// the others take the lowest that is free, in order, counting hidden and empty layers, so that hiding one moves no
/// pen.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/layer_control.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/svg/svg_options.hpp>
#include <kf/svg/svg_scanner.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

using drawing::layer;
using drawing::polyline;

/// A name that can be printed: one line, valid UTF-8.
[[nodiscard]] inline std::string layer_name(std::string_view label) {
    label = trimmed(label);
    if (!is_utf8(label)) return excerpt(label, 200);
    std::string name(label);
    for (char& c : name)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return name;
}

/// The layers of a drawing while it is read.
class svg_layers {
  public:
    explicit svg_layers(svg_layering how) noexcept
      : how_(how) {}

    /// A group that is a layer; returns its place.
    std::size_t add(std::string_view label) {
        groups_.push_back({layer_name(label)});
        return groups_.size() - 1;
    }
    /// The layer of what is in no group: made though nothing may come into it, so that what is invisible moves no pen.
    std::size_t loose() {
        if (!loose_) loose_ = add("");
        return *loose_;
    }
    void put(std::size_t place, const std::string& colour, std::vector<polyline> lines) {
        if (lines.empty()) return;
        std::vector<layer>& parts = groups_[place].parts;
        const auto fits = [&](const layer& l) { return how_ == svg_layering::groups || l.colour == colour; };
        auto part = std::find_if(parts.begin(), parts.end(), fits);
        if (part == parts.end())
            part = parts.insert(parts.end(), {.number = 0, .name = {}, .lines = {}, .colour = colour});
        if (part->colour != colour) part->colour.clear();
        part->lines.insert(part->lines.end(), std::make_move_iterator(lines.begin()),
                           std::make_move_iterator(lines.end()));
    }
    /// Those with lines, named and numbered. Several of one number and name are the colours of one group.
    [[nodiscard]] std::vector<layer> take() {
        std::set<int> taken;
        for (const group& g : groups_) taken.insert(drawing::read_layer_control(g.name).number);
        std::vector<layer> all;
        int next = 1;
        for (group& g : groups_) {
            int number = drawing::read_layer_control(g.name).number;
            if (number == 0) {
                while (taken.contains(next)) ++next;
                number = next++;
            }
            for (layer& part : g.parts) {
                part.number = number;
                part.name = g.name;
                all.push_back(std::move(part));
            }
        }
        return all;
    }

  private:
    struct group {
        std::string name;
        std::vector<layer> parts = {};
    };
    svg_layering how_;
    std::vector<group> groups_ = {};
    std::optional<std::size_t> loose_ = {};
};

} // namespace kf::svg
