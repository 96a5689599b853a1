// SPDX-License-Identifier: MIT
#pragma once
/// The text of an SVG after its entities were put in place, and from where each byte of it came: errors name lines of
/// the file. Made by svg/svg_entities.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

namespace kf::svg {

/// A document without references to entities, and where each part of it stood.
struct expanded_document {
    struct piece {
        std::size_t at, source; ///< from `at` on; the whole of an expansion stands at its reference
        bool expansion;
    };
    struct remark {
        std::size_t source;
        std::string text;
    };
    std::string text = {};
    std::vector<piece> pieces = {};
    std::vector<remark> remarks = {}; ///< references that lead nowhere, in order

    [[nodiscard]] std::size_t source_of(std::size_t offset) const noexcept {
        const auto after = std::upper_bound(pieces.begin(), pieces.end(), offset,
                                            [](std::size_t o, const piece& p) { return o < p.at; });
        if (after == pieces.begin()) return offset;
        const piece& p = *std::prev(after);
        return p.expansion ? p.source : p.source + (offset - p.at);
    }
};

} // namespace kf::svg
