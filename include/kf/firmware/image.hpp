// SPDX-License-Identifier: MIT
#pragma once
/// A firmware image, pinned: its bytes are read once, hashed once, and whatever is proven or written later is these
/// bytes. Every container that Klipper's build gives (.bin, .uf2, .elf.hex, .elf) becomes the same flat segments.
/// Formats: UF2 (microsoft/uf2), Intel HEX (1988), System V ABI ELF, ARM's vector table (initial SP, reset vector).

#include <kf/board/flash_method.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/transport.hpp>
#include <kf/mcu/dictionary.hpp>

#include <fmt/format.h>
#include <sha256.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::firmware {

namespace fs = std::filesystem;

using board::extension;
using board::image_kind;

struct segment {
    std::uint64_t address = 0;
    io::bytes data = {};
    bool operator==(const segment&) const = default;
};

/// The first two words of an ARM image.
struct vector_words {
    std::uint32_t initial_sp = 0, reset = 0;
    bool operator==(const vector_words&) const = default;
};

struct image {
    fs::path path = {}; ///< where it was read from; never read again
    image_kind kind = image_kind::bin;
    io::bytes bytes = {};               ///< the file
    std::string sha256 = {};            ///< of the file, lower case hex
    std::vector<segment> segments = {}; ///< what goes into flash, by address; never empty
    std::optional<mcu::dictionary> dictionary = {};
    std::string protocol = {};  ///< mcu::protocol_hash of it
    bool address_known = false; ///< false for a .bin whose place nobody has said
    /// Where a .bin was linked, when the .elf that it was made from says so.
    std::optional<std::uint64_t> linked_at = {};

    [[nodiscard]] std::uint64_t start() const noexcept { return segments.front().address; }
    [[nodiscard]] std::uint64_t end() const noexcept { return segments.back().address + segments.back().data.size(); }
    /// Bytes of flash that it covers, gaps included.
    [[nodiscard]] std::uint64_t size() const noexcept { return end() - start(); }
};

[[nodiscard]] inline std::string sha256_hex(io::byte_view data) {
    char text[SHA256_DIGEST_STRING_LENGTH] = {};
    ::SHA256Data(data.data(), data.size(), text);
    return text;
}

[[nodiscard]] inline std::string sha256_hex(std::string_view text) {
    return sha256_hex(io::byte_view(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

[[nodiscard]] result<std::vector<segment>> parse_uf2(io::byte_view file);
[[nodiscard]] result<std::vector<segment>> parse_intel_hex(io::byte_view file);
[[nodiscard]] result<std::vector<segment>> parse_elf(io::byte_view file);

namespace detail {

/// A little-endian number of `n` bytes; the caller has checked the bounds.
[[nodiscard]] inline std::uint64_t little(io::byte_view data, std::size_t at, std::size_t n) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = n; i-- > 0;) value = value << 8 | data[at + i];
    return value;
}
[[nodiscard]] inline std::uint32_t word(io::byte_view data, std::size_t at) noexcept {
    return static_cast<std::uint32_t>(little(data, at, 4));
}

/// Sorts, joins neighbours. Linkers leave a few bytes between sections; objcopy fills them with zeros, so do we.
[[nodiscard]] inline result<std::vector<segment>> joined(std::vector<segment> parts) {
    constexpr std::uint64_t alignment_gap = 64;
    std::erase_if(parts, [](const segment& s) { return s.data.empty(); });
    if (parts.empty()) return kf::fail(errc::malformed, "the image holds no bytes for the flash");
    std::stable_sort(parts.begin(), parts.end(),
                     [](const segment& a, const segment& b) { return a.address < b.address; });
    std::vector<segment> whole;
    for (auto& part : parts) {
        if (whole.empty()) {
            whole.push_back(std::move(part));
            continue;
        }
        auto& last = whole.back();
        const std::uint64_t end = last.address + last.data.size();
        if (part.address < end)
            return kf::fail(errc::malformed, fmt::format("two parts of the image both claim 0x{:x}", part.address));
        if (part.address - end >= alignment_gap) {
            whole.push_back(std::move(part));
            continue;
        }
        last.data.resize(static_cast<std::size_t>(part.address - last.address), 0);
        last.data.insert(last.data.end(), part.data.begin(), part.data.end());
    }
    return whole;
}

[[nodiscard]] constexpr int hex_value(std::uint8_t c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

} // namespace detail

inline result<std::vector<segment>> parse_uf2(io::byte_view file) {
    constexpr std::size_t block_size = 512, header = 32, most = 476;
    if (file.empty() || file.size() % block_size != 0)
        return kf::fail(errc::malformed,
                        fmt::format("a .uf2 file has blocks of 512 bytes, this one has {} bytes", file.size()));
    std::vector<segment> parts;
    const std::size_t blocks = file.size() / block_size;
    for (std::size_t n = 0; n < blocks; ++n) {
        const auto block = file.subspan(n * block_size, block_size);
        if (detail::word(block, 0) != 0x0a324655u || detail::word(block, 4) != 0x9e5d5157u ||
            detail::word(block, 508) != 0x0ab16f30u)
            return kf::fail(errc::malformed, fmt::format("block {} of the .uf2 file has no UF2 mark", n));
        const std::uint32_t flags = detail::word(block, 8), length = detail::word(block, 16);
        if (detail::word(block, 20) != n || detail::word(block, 24) != blocks)
            return kf::fail(errc::malformed,
                            fmt::format("block {} of the .uf2 file says that it is {} of {}, the file has {}", n,
                                        detail::word(block, 20), detail::word(block, 24), blocks));
        if (length > most)
            return kf::fail(errc::malformed, fmt::format("block {} of the .uf2 file claims {} bytes", n, length));
        if (flags & 0x1) continue; // not for the main flash
        const auto data = block.subspan(header, length);
        parts.push_back({detail::word(block, 12), io::bytes(data.begin(), data.end())});
    }
    return detail::joined(std::move(parts));
}

inline result<std::vector<segment>> parse_intel_hex(io::byte_view file) {
    std::vector<segment> parts;
    std::uint64_t base = 0;
    bool ended = false;
    int number = 0;
    const auto bad = [&](std::string_view why) {
        return kf::fail(errc::malformed, fmt::format("line {} of the .hex file {}", number, why));
    };
    for (std::size_t at = 0; at < file.size();) {
        auto line = file.subspan(at);
        const auto newline = std::find(line.begin(), line.end(), std::uint8_t{'\n'});
        line = line.first(static_cast<std::size_t>(newline - line.begin()));
        at += line.size() + 1;
        ++number;
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line = line.first(line.size() - 1);
        if (line.empty()) continue;
        if (ended) return bad("comes after the end record");
        if (line[0] != ':' || line.size() < 11 || line.size() % 2 == 0) return bad("is no record");
        io::bytes record;
        unsigned sum = 0;
        for (std::size_t i = 1; i < line.size(); i += 2) {
            const int high = detail::hex_value(line[i]), low = detail::hex_value(line[i + 1]);
            if (high < 0 || low < 0) return bad("is no record");
            record.push_back(static_cast<std::uint8_t>(high << 4 | low));
            sum += record.back();
        }
        if (record.size() != record[0] + std::size_t{5}) return bad("is not as long as it says");
        if ((sum & 0xff) != 0) return bad("has a wrong checksum");
        const io::byte_view data = io::byte_view(record).subspan(4, record[0]);
        const unsigned address = static_cast<unsigned>(record[1]) << 8 | record[2];
        switch (record[3]) {
        case 0: {
            const std::uint64_t place = base + address;
            if (!parts.empty() && parts.back().address + parts.back().data.size() == place)
                parts.back().data.insert(parts.back().data.end(), data.begin(), data.end());
            else
                parts.push_back({place, io::bytes(data.begin(), data.end())});
            break;
        }
        case 1: ended = true; break;
        case 2:
        case 4:
            if (data.size() != 2) return bad("has an address of a wrong length");
            base = (std::uint64_t{data[0]} << 8 | data[1]) << (record[3] == 2 ? 4 : 16);
            break;
        case 3:
        case 5: break; // where a program would be entered: of no use to a flash
        default: return bad("has a type that nobody knows");
        }
    }
    if (!ended) return kf::fail(errc::malformed, "the .hex file has no end record: it is cut off");
    return detail::joined(std::move(parts));
}

inline result<std::vector<segment>> parse_elf(io::byte_view file) {
    const auto cut = [] { return kf::fail(errc::malformed, "the .elf file is cut off or damaged"); };
    if (file.size() < 52 || detail::word(file, 0) != 0x464c457fu || file[5] != 1 || (file[4] != 1 && file[4] != 2))
        return kf::fail(errc::malformed, "this is no little-endian ELF file");
    const bool wide = file[4] == 2; // the linux process is built for the host
    if (wide && file.size() < 64) return cut();
    const std::uint64_t table = wide ? detail::little(file, 32, 8) : detail::little(file, 28, 4);
    const std::uint64_t entry = detail::little(file, wide ? 54 : 42, 2),
                        count = detail::little(file, wide ? 56 : 44, 2);
    if (entry < (wide ? 56u : 32u) || table > file.size() || entry * count > file.size() - table) return cut();
    std::vector<segment> parts;
    for (std::uint64_t n = 0; n < count; ++n) {
        const auto header = file.subspan(static_cast<std::size_t>(table + n * entry), static_cast<std::size_t>(entry));
        constexpr std::uint32_t load = 1;
        if (detail::word(header, 0) != load) continue;
        const std::uint64_t offset = wide ? detail::little(header, 8, 8) : detail::word(header, 4);
        const std::uint64_t physical = wide ? detail::little(header, 24, 8) : detail::word(header, 12);
        const std::uint64_t length = wide ? detail::little(header, 32, 8) : detail::word(header, 16);
        if (offset > file.size() || length > file.size() - offset) return cut();
        const auto data = file.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
        parts.push_back({physical, io::bytes(data.begin(), data.end())});
    }
    return detail::joined(std::move(parts));
}

/// The container, from the file's first bytes; what is no container is a flat .bin.
[[nodiscard]] inline image_kind kind_of(io::byte_view file) noexcept {
    if (file.size() >= 8 && detail::word(file, 0) == 0x464c457fu) return image_kind::elf;
    if (file.size() >= 8 && detail::word(file, 0) == 0x0a324655u && detail::word(file, 4) == 0x9e5d5157u)
        return image_kind::uf2;
    const auto record = [](std::uint8_t c) { return c == '\r' || c == '\n' || c == ':' || detail::hex_value(c) >= 0; };
    if (file.size() >= 11 && file[0] == ':' && std::all_of(file.begin(), file.begin() + 11, record))
        return image_kind::elf_hex;
    return image_kind::bin;
}

/// `bin_start`: where a flat image belongs, CONFIG_FLASH_APPLICATION_ADDRESS. Containers say it themselves.
[[nodiscard]] inline result<image> pin_image(io::bytes file, fs::path path, std::optional<std::uint64_t> bin_start) {
    image pinned;
    pinned.path = std::move(path);
    pinned.kind = kind_of(file);
    pinned.address_known = pinned.kind != image_kind::bin || bin_start.has_value();
    pinned.sha256 = sha256_hex(file);
    const auto segments = [&]() -> result<std::vector<segment>> {
        switch (pinned.kind) {
        case image_kind::uf2: return parse_uf2(file);
        case image_kind::elf_hex: return parse_intel_hex(file);
        case image_kind::elf: return parse_elf(file);
        case image_kind::bin: break;
        }
        return detail::joined({segment{bin_start.value_or(0), file}});
    };
    auto parsed = segments();
    if (!parsed) {
        auto e = std::move(parsed).error();
        e.command = pinned.path.string();
        return kf::fail(std::move(e));
    }
    pinned.segments = std::move(*parsed);
    for (const auto& part : pinned.segments) {
        const auto text = mcu::find_dictionary_text(part.data);
        if (!text) continue;
        if (auto found = mcu::parse_dictionary(*text)) pinned.dictionary = std::move(*found);
        pinned.protocol = mcu::protocol_hash(*text);
        break;
    }
    pinned.bytes = std::move(file);
    return pinned;
}

[[nodiscard]] inline result<image> load_image(const fs::path& path, std::optional<std::uint64_t> bin_start = {}) {
    constexpr std::size_t most = std::size_t{16} << 20; // ten times the largest .elf
    KF_TRY(const std::string text, io::read_file(path, most));
    return pin_image(io::bytes(text.begin(), text.end()), path, bin_start);
}

/// Says where a .bin was linked, if `elf` is what it was made from (byte for byte); otherwise changes nothing.
inline void locate(image& bin, const image& elf) {
    if (bin.kind != image_kind::bin || elf.kind != image_kind::elf) return;
    if (elf.segments.front().data == bin.bytes) bin.linked_at = elf.start();
}

/// The words at `at`, where the vector table of an ARM image is; nothing when the image does not cover it.
[[nodiscard]] inline std::optional<vector_words> vectors(const image& pinned, std::uint64_t at) noexcept {
    for (const auto& part : pinned.segments) {
        if (at < part.address || at - part.address + 8 > part.data.size()) continue;
        const auto offset = static_cast<std::size_t>(at - part.address);
        return vector_words{detail::word(part.data, offset), detail::word(part.data, offset + 4)};
    }
    return std::nullopt;
}

/// errc::mismatch when the file at `path` is not this image any more: asked right before and right after some other
/// program reads it.
[[nodiscard]] inline result<void> still_is(const image& pinned, const fs::path& path) {
    KF_TRY(const std::string text, io::read_file(path));
    const auto now = sha256_hex(text);
    if (now == pinned.sha256) return {};
    return kf::fail(error{errc::mismatch,
                          "the image file was changed after it had been checked",
                          "SHA-256 was " + pinned.sha256 + ", is " + now,
                          path.string(),
                          {"find out what else builds firmware at this time", "run this again"}});
}

} // namespace kf::firmware
