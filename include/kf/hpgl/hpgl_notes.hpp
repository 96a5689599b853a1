// SPDX-License-Identifier: MIT
#pragma once
/// What the HP-GL reader has to tell: one note a kind, with its count and the line of its first place.

#include <kf/drawing/drawing.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kf::hpgl {

using drawing::note;
using drawing::note_kind;

class hpgl_notes {
  public:
    void tell(std::size_t line, note_kind kind, std::string text) {
        const auto same = [&](const entry& e) { return e.n.text == text; };
        const auto found = std::find_if(kinds_.begin(), kinds_.end(), same);
        if (found == kinds_.end())
            kinds_.push_back({{line, std::move(text), kind}, 1});
        else
            ++found->count;
    }
    /// In the order in which they came up.
    [[nodiscard]] std::vector<note> all() const {
        std::vector<note> out;
        for (const entry& e : kinds_) {
            out.push_back(e.n);
            if (e.count > 1) out.back().text += fmt::format(" ({} times)", e.count);
        }
        return out;
    }

  private:
    struct entry {
        note n;
        std::size_t count;
    };
    std::vector<entry> kinds_ = {};
};

} // namespace kf::hpgl
