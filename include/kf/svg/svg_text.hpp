// SPDX-License-Identifier: MIT
#pragma once
/// The bytes of an SVG file before and after its XML is parsed: which encoding they are in, and which line an offset
/// is.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kf::svg {

/// Line and column of byte offsets, both from 1. The line table is made on the first question only.
class line_index {
  public:
    explicit line_index(std::string_view text) noexcept
      : text_(text) {}

    [[nodiscard]] std::size_t line_at(std::size_t offset) {
        if (ends_.empty()) {
            for (std::size_t i = text_.find('\n'); i != text_.npos; i = text_.find('\n', i + 1)) ends_.push_back(i);
            ends_.push_back(text_.size());
        }
        offset = std::min(offset, text_.size());
        return static_cast<std::size_t>(std::lower_bound(ends_.begin(), ends_.end(), offset) - ends_.begin()) + 1;
    }
    [[nodiscard]] std::size_t column_at(std::size_t offset) {
        const std::size_t line = line_at(offset);
        return std::min(offset, text_.size()) - (line > 1 ? ends_[line - 2] + 1 : 0) + 1;
    }

  private:
    std::string_view text_;
    std::vector<std::size_t> ends_ = {};
};

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xF0 && c < 0xF5 ? 3 : 0;
        if (more == 0 || i + more >= text.size()) return false;
        unsigned long code = c & (0x3FU >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0U) != 0x80U) return false;
            code = code << 6U | (next & 0x3FU);
        }
        if (more == 2 && (code < 0x800 || (code >= 0xD800 && code < 0xE000))) return false;
        if (more == 3 && (code < 0x10000 || code > 0x10FFFF)) return false;
        i += more + 1;
    }
    return true;
}

/// Appends one code point; false, with nothing appended, for what is none.
inline bool append_utf8(std::string& out, std::uint32_t code) {
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    const auto last = [&](unsigned shift) { out += static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
    if (code < 0x80)
        out += static_cast<char>(code);
    else if (code < 0x800) {
        out += static_cast<char>(0xC0U | code >> 6U);
        last(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0U | code >> 12U);
        last(6);
        last(0);
    } else {
        out += static_cast<char>(0xF0U | code >> 18U);
        last(12);
        last(6);
        last(0);
    }
    return true;
}

/// What is not UTF-8 is taken for Latin-1, as old drawing programs wrote it.
[[nodiscard]] inline std::string utf8_from_latin1(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text)
        if (!append_utf8(out, static_cast<unsigned char>(c))) out += c;
    return out;
}

} // namespace kf::svg
