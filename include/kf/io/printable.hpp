// SPDX-License-Identifier: MIT
#pragma once
/// A name or a value out of a file or from another program inside of a message: on one line, short, and scrubbed.

#include <kf/sink/scrub.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace kf::io {

/// At most `most` characters of it.
[[nodiscard]] inline std::string printable(std::string_view text, std::size_t most = 40) {
    std::size_t end = 0;
    for (std::size_t n = 0; end < text.size() && n < most; ++n) end += first_character(text.substr(end)).bytes;
    return scrubbed(text.substr(0, end), "") + (end < text.size() ? "..." : "");
}

} // namespace kf::io
