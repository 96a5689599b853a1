// SPDX-License-Identifier: MIT
#pragma once
/// PE, the packed lines of HP-GL/2: moves as numbers to the base 64 or 32, with flags between them. HP-GL/2 Technical
/// Reference, "PE, Polyline Encoded".

#include <kf/drawing/point.hpp>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kf::hpgl {

class packed_lines {
  public:
    explicit packed_lines(std::string_view text) noexcept
      : text_(text) {}

    struct item {
        enum { move, pen } kind = move;
        drawing::point to = {};
        bool up = false, absolute = false;
        double pen_number = 0;
    };
    /// Nothing at the end, and where the text makes no sense: wrong() says which.
    [[nodiscard]] std::optional<item> next() {
        item i;
        while (at_ < text_.size()) {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '<')
                i.up = true;
            else if (c == '=')
                i.absolute = true;
            else if (c == '7')
                base32_ = true;
            else if (c == '>' || c == ':') {
                ++at_;
                const auto n = number();
                if (!n) return std::nullopt;
                if (c == ':') return item{.kind = item::pen, .pen_number = *n};
                fraction_ = *n >= 0 && *n <= 26 ? *n : 0;
                continue;
            } else if (c >= 63 && c != 127) {
                const auto x = number(), y = x ? number() : std::nullopt;
                if (!y) return std::nullopt;
                i.to = {std::ldexp(*x, -static_cast<int>(fraction_)), std::ldexp(*y, -static_cast<int>(fraction_))};
                return i;
            }
            ++at_;
        }
        return std::nullopt;
    }
    [[nodiscard]] bool wrong() const noexcept { return wrong_; }

  private:
    /// The last digit is from a range of its own; bit 0 is the sign.
    std::optional<double> number() {
        const int base = base32_ ? 32 : 64, last = base32_ ? 95 : 191;
        double value = 0, weight = 1;
        for (int digits = 0; at_ < text_.size() && digits < 9;) {
            const auto c = static_cast<unsigned char>(text_[at_++]);
            const int digit = c >= last ? c - last : c - 63;
            if (c < 63) {
                if (c <= ' ') continue;
                break;
            }
            if (digit >= base) break;
            value += digit * weight;
            weight *= base;
            ++digits;
            if (c < last) continue;
            const double size = std::floor(value / 2);
            return std::fmod(value, 2) == 0 ? size : -size;
        }
        wrong_ = true;
        return std::nullopt;
    }
    std::string_view text_;
    std::size_t at_ = 0;
    double fraction_ = 0;
    bool base32_ = false, wrong_ = false;
};

} // namespace kf::hpgl
