// SPDX-License-Identifier: MIT
#pragma once
/// How many elements a <use> stands for, with those of the <use>s inside of it, found without walking them all: each
/// target is counted once. So that a few lines that mean a billion elements cost nothing to refuse.

#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_tag.hpp>

#include <algorithm>
#include <cstddef>
#include <unordered_map>

namespace kf::svg {

class svg_expansion {
  public:
    svg_expansion(const svg_document& document, std::size_t max_depth) noexcept
      : document_(document)
      , max_depth_(max_depth) {}

    /// Beyond any limit it stays at `plenty`. Nesting deeper than the limit is not followed: walking it is refused.
    [[nodiscard]] std::size_t elements_of(svg_node target) { return count(target, 0, true); }

    static constexpr std::size_t plenty = static_cast<std::size_t>(-1) / 4;

  private:
    std::size_t count(svg_node n, std::size_t depth, bool used) {
        if (depth > max_depth_) return 0;
        const auto tag = find_svg_tag(n.name());
        if (document_.foreign(n) || !tag || *tag == svg_tag::undrawn || (*tag == svg_tag::unseen && !used)) return 1;
        const bool named = n.attribute("id");
        if (named) {
            const auto [known, first] = counted_.try_emplace(n.internal_object(), 0);
            if (!first) return known->second; // 0 while it is being counted: it contains itself, and that is not drawn
        }
        std::size_t total = 1;
        for (const svg_node child : n.children())
            if (is_element(child)) total = std::min(plenty, total + count(child, depth + 1, false));
        if (*tag == svg_tag::use)
            if (const svg_node target = document_.used_by(n))
                total = std::min(plenty, total + count(target, depth + 1, true));
        if (named) counted_[n.internal_object()] = total;
        return total;
    }

    const svg_document& document_;
    std::size_t max_depth_;
    std::unordered_map<const pugi::xml_node_struct*, std::size_t> counted_ = {};
};

} // namespace kf::svg
