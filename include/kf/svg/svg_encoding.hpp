// SPDX-License-Identifier: MIT
#pragma once
/// The bytes of an SVG file as UTF-8: unpacked (.svgz), and out of the encoding that its byte order mark or its XML
/// declaration names. XML 1.0, 4.3.3 and F; of one-byte encodings those of Western Europe, as drawing programs write.

#include <kf/error.hpp>
#include <kf/io/gzip.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/svg/svg_scanner.hpp>
#include <kf/svg/svg_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace kf::svg {

/// The text of a file: a view of its bytes, or of what was made of them.
struct svg_source {
    std::string_view bytes;
    std::optional<std::string> made = {};

    [[nodiscard]] std::string_view text() const noexcept { return made ? std::string_view(*made) : bytes; }
};

namespace detail {

/// The value of encoding="..." in the XML declaration; empty when there is none.
[[nodiscard]] constexpr std::string_view declared_encoding(std::string_view text) noexcept {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (!text.starts_with("<?xml")) return {};
    text = text.substr(0, std::min(text.find("?>"), text.size()));
    const std::size_t name = text.find("encoding");
    if (name == text.npos) return {};
    const std::size_t open = text.find_first_of("\"'", name);
    if (open == text.npos) return {};
    const std::size_t close = text.find(text[open], open + 1);
    return close == text.npos ? std::string_view{} : text.substr(open + 1, close - open - 1);
}

/// The order of the two bytes of a UTF-16 text, by its mark or by how XML begins; 0 for other texts.
enum class byte_order { none, little, big };
[[nodiscard]] constexpr byte_order utf16_order(std::string_view text) noexcept {
    if (text.starts_with("\xff\xfe")) return byte_order::little;
    if (text.starts_with("\xfe\xff")) return byte_order::big;
    if (text.size() < 2 || (text[0] == '\0') == (text[1] == '\0')) return byte_order::none;
    return text[0] == '\0' ? byte_order::big : byte_order::little;
}

[[nodiscard]] constexpr bool is_utf32(std::string_view text) noexcept {
    constexpr std::string_view begins[] = {{"\xff\xfe\0\0", 4}, {"\0\0\xfe\xff", 4}, {"<\0\0\0", 4}, {"\0\0\0<", 4}};
    return std::any_of(std::begin(begins), std::end(begins), [&](std::string_view b) { return text.starts_with(b); });
}

[[nodiscard]] inline result<std::string> utf8_from_utf16(std::string_view text, byte_order order) {
    const auto unit = [&](std::size_t i) {
        const auto a = static_cast<unsigned char>(text[i]), b = static_cast<unsigned char>(text[i + 1]);
        return static_cast<std::uint32_t>(order == byte_order::little ? b << 8 | a : a << 8 | b);
    };
    const auto broken = [](std::size_t at) {
        return fail({errc::malformed,
                     fmt::format("the UTF-16 text is broken at byte {}", at + 1),
                     "half of a character is lost",
                     {},
                     {"check that the file is complete", "or save the drawing again as UTF-8"}});
    };
    std::string out;
    out.reserve(text.size() / 2 + 16);
    std::size_t i = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ? 2 : 0;
    for (; i + 1 < text.size(); i += 2) {
        std::uint32_t code = unit(i);
        if (code >= 0xD800 && code < 0xDC00) {
            if (i + 3 >= text.size() || unit(i + 2) < 0xDC00 || unit(i + 2) >= 0xE000) return broken(i);
            code = 0x10000 + ((code - 0xD800) << 10U) + (unit(i + 2) - 0xDC00);
            i += 2;
        }
        if (!append_utf8(out, code)) return broken(i);
    }
    if (i < text.size()) return broken(i);
    return out;
}

/// Windows-1252, of which ISO 8859-1 and US-ASCII are parts as the web has it; 0x80 to 0x9F are its own.
[[nodiscard]] inline std::string utf8_from_windows1252(std::string_view text) {
    static constexpr char16_t own[] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                       0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                       0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                       0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        append_utf8(out, byte >= 0x80 && byte < 0xA0 ? static_cast<char32_t>(own[byte - 0x80]) : byte);
    }
    return out;
}

[[nodiscard]] inline bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

[[nodiscard]] inline result<svg_source> decoded(svg_source source) {
    const std::string_view text = source.text();
    if (is_utf32(text))
        return fail(error{.code = errc::malformed,
                          .what = "the SVG is UTF-32 text, which is not read",
                          .steps = {"save the drawing as UTF-8", "or: iconv -f UTF-32 -t UTF-8 IN.svg > OUT.svg"}});
    if (const byte_order order = utf16_order(text); order != byte_order::none) {
        KF_TRY(source.made, utf8_from_utf16(text, order));
        return source;
    }
    const std::string_view declared = declared_encoding(text);
    std::string name(declared);
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool utf8 = is_utf8(text);
    if (text.starts_with("\xef\xbb\xbf") || name.starts_with("utf") || name.empty()) {
        // What is not UTF-8 although it says so, or says nothing, is as old drawing programs wrote it.
        if (!utf8) source.made = utf8_from_windows1252(text);
        return source;
    }
    const bool plain = std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
    if (plain) return source;
    if (is_one_of(name, {"iso-8859-1", "iso_8859-1", "iso8859-1", "latin1", "latin-1", "l1", "windows-1252", "cp1252",
                         "us-ascii", "ascii"})) {
        source.made = utf8_from_windows1252(text);
        return source;
    }
    return fail(
        {errc::malformed,
         fmt::format("the encoding \"{}\" is not read", excerpt(declared)),
         "known are UTF-8, UTF-16, ISO-8859-1, windows-1252 and US-ASCII",
         {},
         {"save the drawing as UTF-8",
          fmt::format("or: iconv -f {} -t UTF-8 IN.svg > OUT.svg, and delete encoding=\"...\" in its first line",
                      excerpt(declared))}});
}

} // namespace detail

/// `most` bounds what a packed file may unpack to. Errors: malformed (damaged, an encoding that is not known),
/// out_of_bounds.
[[nodiscard]] inline result<svg_source> read_svg_source(std::string_view bytes, std::size_t most) {
    svg_source source{bytes};
    if (io::is_gzip(bytes)) {
        KF_TRY(source.made, io::unpack_gzip(bytes, most));
        if (io::is_gzip(*source.made))
            return fail(error{.code = errc::malformed,
                              .what = "the SVG is packed twice",
                              .steps = {"unpack it once: gunzip -c FILE.svgz > FILE2.svgz"}});
    }
    return detail::decoded(std::move(source));
}

} // namespace kf::svg
