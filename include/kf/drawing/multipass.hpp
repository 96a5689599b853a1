// SPDX-License-Identifier: MIT
#pragma once
/// Draws each line several times without lifting the pen: an open one to and fro, a closed one round and round.

#include <kf/drawing/drawing.hpp>

#include <cstddef>

namespace kf::drawing {

struct multipass_options {
    std::size_t passes = 2; ///< at least 1
};

[[nodiscard]] inline drawing multipass(drawing d, const multipass_options& options = {}) {
    for (layer& l : d.layers)
        for (polyline& line : l.lines) {
            if (line.size() < 2) continue;
            const polyline once = line;
            line.reserve((once.size() - 1) * options.passes + 1);
            for (std::size_t pass = 1; pass < options.passes; ++pass)
                if (closed(once) || pass % 2 == 0)
                    line.insert(line.end(), once.begin() + 1, once.end());
                else
                    line.insert(line.end(), once.rbegin() + 1, once.rend());
        }
    return d;
}

} // namespace kf::drawing
