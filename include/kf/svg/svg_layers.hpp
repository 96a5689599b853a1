// SPDX-License-Identifier: MIT
#pragma once
/// Names and numbers of layers: a name that begins with a number ("2-red") has that one, as plotter users write them;
/// the others take the lowest that is free, in order, counting hidden and empty layers, so that hiding one moves no
/// pen.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/layer_control.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/svg/svg_scanner.hpp>
#include <kf/svg/svg_text.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kf::svg {

using drawing::layer;

/// A name that can be printed: one line, valid UTF-8.
[[nodiscard]] inline std::string layer_name(std::string_view label) {
    label = trimmed(label);
    if (!is_utf8(label)) return excerpt(label, 200);
    std::string name(label);
    for (char& c : name)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return name;
}

inline void number_layers(std::vector<layer>& layers) {
    std::set<int> taken;
    for (layer& l : layers) {
        l.number = drawing::read_layer_control(l.name).number;
        if (l.number > 0) taken.insert(l.number);
    }
    int next = 1;
    for (layer& l : layers) {
        if (l.number > 0) continue;
        while (taken.contains(next)) ++next;
        l.number = next++;
    }
}

} // namespace kf::svg
