// SPDX-License-Identifier: MIT
#pragma once
/// Unpacks gzip (RFC 1952), as .svgz files are: all members of a text in memory, within a bound, so that a small file
/// that means gigabytes is refused before they are there.

#include <kf/error.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace kf::io {

[[nodiscard]] constexpr bool is_gzip(std::string_view data) noexcept { return data.starts_with("\x1f\x8b"); }

/// What follows the last member is passed over, as gzip does. Errors: malformed (damaged, or its end is lost),
/// out_of_bounds (more than `most` bytes).
[[nodiscard]] inline result<std::string> unpack_gzip(std::string_view packed, std::size_t most) {
    z_stream z{};
    constexpr int gzip_only = 16;
    if (inflateInit2(&z, MAX_WBITS + gzip_only) != Z_OK) return fail(errc::failed, "zlib cannot begin");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> ends(&z, inflateEnd);
    const auto damaged = [](const char* why) {
        return fail({errc::malformed, "the file is packed with gzip, and damaged", why, {}, {"gzip -t FILE"}});
    };
    std::string out;
    std::array<char, std::size_t{64} << 10> piece;
    int last = Z_OK;
    for (;;) {
        if (z.avail_in == 0) {
            if (packed.empty()) return damaged("its end is lost");
            const std::size_t some = std::min<std::size_t>(packed.size(), std::numeric_limits<uInt>::max());
            z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
            z.avail_in = static_cast<uInt>(some);
            packed.remove_prefix(some);
        }
        do {
            z.next_out = reinterpret_cast<Bytef*>(piece.data());
            z.avail_out = static_cast<uInt>(piece.size());
            last = inflate(&z, Z_NO_FLUSH);
            if (last != Z_OK && last != Z_STREAM_END && last != Z_BUF_ERROR)
                return damaged(z.msg != nullptr ? z.msg : "zlib cannot read it");
            const std::size_t made = piece.size() - z.avail_out;
            if (out.size() + made > most)
                return fail({errc::out_of_bounds,
                             fmt::format("unpacked, the file is larger than {} MiB", most >> 20U),
                             "it is packed with gzip",
                             {},
                             {"gunzip -c FILE | wc -c  (says how large it is)"}});
            out.append(piece.data(), made);
        } while (last == Z_OK && z.avail_out == 0);
        if (last != Z_STREAM_END) continue;
        const std::string_view rest(reinterpret_cast<const char*>(z.next_in), z.avail_in);
        if (!is_gzip(rest.empty() ? packed : rest)) return out;
        if (inflateReset(&z) != Z_OK) return damaged("zlib cannot go on");
    }
}

} // namespace kf::io
