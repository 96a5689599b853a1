// SPDX-License-Identifier: MIT
#pragma once
/// What the HP-GL reader has to tell: one note a kind, with its count and the line of its first place. A plot may hold
/// any number of texts: they are one kind.

#include <kf/drawing/drawing.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::hpgl {

using drawing::note;
using drawing::note_kind;

class hpgl_notes {
  public:
    void tell(std::size_t line, note_kind kind, std::string text) {
        const auto [found, is_new] = places_.try_emplace(text, kinds_.size());
        if (is_new)
            kinds_.push_back({{line, std::move(text), kind}, 1});
        else
            ++kinds_[found->second].count;
    }
    /// `label` as it may be shown.
    void tell_label(std::size_t line, std::string label) {
        if (labels_++ > 0) return;
        first_label_ = kinds_.size();
        kinds_.push_back({{line, std::move(label), note_kind::lacking}, 1});
    }
    /// In the order in which they came up.
    [[nodiscard]] std::vector<note> all() const {
        std::vector<note> out;
        for (const entry& e : kinds_) {
            out.push_back(e.n);
            if (e.count > 1) out.back().text += fmt::format(" ({} times)", e.count);
        }
        if (labels_ > 0) {
            std::string& text = out[first_label_].text;
            text = labels_ == 1 ? fmt::format("the text \"{}\" is not drawn", text)
                                : fmt::format("{} texts are not drawn, the first is \"{}\"", labels_, text);
        }
        return out;
    }

  private:
    struct entry {
        note n;
        std::size_t count;
    };
    std::vector<entry> kinds_ = {};
    std::unordered_map<std::string, std::size_t> places_ = {}; ///< of the kinds, by their texts
    std::size_t labels_ = 0, first_label_ = 0;                 ///< how many, and the place of their kind
};

} // namespace kf::hpgl
