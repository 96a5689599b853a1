// SPDX-License-Identifier: MIT
#pragma once
/// Digits lead to the row of that number: "1" to row 1, then "2" to row 12 where there is one. A number that no row has
/// leads nowhere.

#include <kf/tui/key.hpp>

#include <optional>

namespace kf::menu {

class row_number {
  public:
    [[nodiscard]] static bool is_digit(const tui::key& k) {
        return k.code == tui::key_code::number || (tui::is_typed(k) && k.text >= U'0' && k.text <= U'9');
    }
    /// The row that the key leads to, of rows 1 to `most`; nothing for another key, or for no such row.
    [[nodiscard]] std::optional<unsigned> take(const tui::key& k, unsigned most) {
        if (!is_digit(k)) {
            typed_ = 0;
            return std::nullopt;
        }
        if (k.code == tui::key_code::number) {
            typed_ = 0;
            const auto whole = static_cast<unsigned>(k.text);
            return whole >= 1 && whole <= most ? std::optional(whole) : std::nullopt;
        }
        const auto digit = static_cast<unsigned>(k.text - U'0');
        const unsigned longer = typed_ * 10 + digit;
        typed_ = typed_ != 0 && longer <= most ? longer : digit;
        return typed_ >= 1 && typed_ <= most ? std::optional(typed_) : std::nullopt;
    }

  private:
    unsigned typed_ = 0;
};

} // namespace kf::menu
