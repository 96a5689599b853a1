// SPDX-License-Identifier: MIT
#include "../net/ask_http.hpp"
#include "ksim_commands.hpp"

#include <kf/preview/png.hpp>

#include <fmt/format.h>

namespace kf::ksim {
namespace {

/// Signature, then the header chunk: 2 by 1 pixels, 8 bits, grey.
result<void> png() {
    KF_TRY(const std::string bytes, preview::png_bytes({2, 1}, {0, 255}));
    static constexpr std::string_view start("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\0", 26);
    if (!bytes.starts_with(start))
        return kf::fail(errc::failed, fmt::format("{} bytes, not as they should be", bytes.size()));
    return {};
}

} // namespace

const std::vector<cli::check_row>& checks() {
    static const std::vector<cli::check_row> rows{{"png", png}, {"http", net::check_http}};
    return rows;
}

} // namespace kf::ksim
