// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's identify dictionary: zlib-packed JSON that every firmware image carries and every running MCU hands out.
/// What an image says offline (find_dictionary) is compared with what the board says after the flash (identify).

#include <kf/error.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/transport.hpp>

#include <boost/json.hpp>

#include <sha256.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace kf::mcu {

struct dictionary {
    std::string app;            ///< "Klipper"
    std::string version;        ///< exactly as git describe and the build made it
    std::string build_versions; ///< compiler and binutils
    std::string mcu;            ///< config.MCU: the same word as CONFIG_MCU, the USB product and Katapult's CONNECT

    bool operator==(const dictionary&) const = default;
};

/// Real dictionaries unpack to 10 to 20 KiB; what is larger is not one.
inline constexpr std::size_t dictionary_limit = 1 << 20;

/// Unpacks one zlib stream at the front of `packed`; what follows it is ignored. errc::malformed: not zlib, cut short,
/// or larger than `limit`.
[[nodiscard]] inline result<std::string> inflate(io::byte_view packed, std::size_t limit = dictionary_limit) {
    z_stream stream{};
    stream.next_in = const_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(std::min<std::size_t>(packed.size(), 1u << 30));
    if (::inflateInit(&stream) != Z_OK) return kf::fail(errc::failed, "zlib cannot be started");
    std::string text;
    int state = Z_OK;
    while (state == Z_OK && text.size() <= limit) {
        const std::size_t have = text.size();
        text.resize(std::max<std::size_t>(256, have * 2));
        stream.next_out = reinterpret_cast<Bytef*>(text.data() + have);
        stream.avail_out = static_cast<uInt>(text.size() - have);
        state = ::inflate(&stream, Z_NO_FLUSH);
        text.resize(text.size() - stream.avail_out);
    }
    ::inflateEnd(&stream);
    if (text.size() > limit) return kf::fail(errc::malformed, "the packed data is larger than any dictionary");
    if (state != Z_STREAM_END) return kf::fail(errc::malformed, "the packed data is damaged or cut short");
    return text;
}

/// Reads the unpacked JSON. Anything but an object with the texts "app" and "version" is errc::malformed.
[[nodiscard]] inline result<dictionary> parse_dictionary(std::string_view json) {
    boost::json::error_code bad;
    const boost::json::value value = boost::json::parse(json, bad);
    if (bad || !value.is_object()) return kf::fail(errc::malformed, "the firmware dictionary is not a JSON object");
    const boost::json::object& object = value.get_object();
    dictionary d{io::text_at(object, "app"), io::text_at(object, "version"), io::text_at(object, "build_versions"),
                 io::text_at(io::object_at(object, "config"), "MCU")};
    if (d.app.empty() || d.version.empty())
        return kf::fail(errc::malformed, "the firmware dictionary does not name its application and version");
    return d;
}

/// One hash of what host and firmware say to each other: commands, responses and enumerations with their numbers. Two
/// firmwares of one protocol are the same to a host, whatever they call themselves. Empty for what is no dictionary.
[[nodiscard]] inline std::string protocol_hash(std::string_view json) {
    boost::json::error_code bad;
    const boost::json::value value = boost::json::parse(json, bad);
    if (bad || !value.is_object()) return {};
    std::map<std::string, std::string> words; // in an order of ours
    for (const char* part : {"commands", "responses", "enumerations"})
        for (const auto& [name, number] : io::object_at(value.get_object(), part))
            words[std::string(part) + ' ' + std::string(std::string_view(name))] = boost::json::serialize(number);
    if (words.empty()) return {};
    std::string all;
    for (const auto& [word, number] : words) all += word + '=' + number + '\n';
    char text[SHA256_DIGEST_STRING_LENGTH] = {};
    ::SHA256Data(reinterpret_cast<const std::uint8_t*>(all.data()), all.size(), text);
    return text;
}

[[nodiscard]] inline result<dictionary> unpack_dictionary(io::byte_view packed) {
    KF_TRY(const std::string json, inflate(packed));
    return parse_dictionary(json);
}

/// The JSON text of the first zlib stream in a flat image that is a dictionary. errc::malformed when there is none.
[[nodiscard]] inline result<std::string> find_dictionary_text(io::byte_view image) {
    for (std::size_t at = 0; at + 2 <= image.size(); ++at) {
        const unsigned header = image[at] * 256u + image[at + 1];
        const bool zlib = (image[at] & 0x0f) == 8 && (image[at] >> 4) <= 7 && header % 31 == 0 && (header & 0x20) == 0;
        if (!zlib) continue;
        if (auto text = inflate(image.subspan(at)); text && parse_dictionary(*text)) return text;
    }
    return kf::fail(errc::malformed, "the file carries no firmware dictionary: it is not a Klipper image");
}

[[nodiscard]] inline result<dictionary> find_dictionary(io::byte_view image) {
    KF_TRY(const std::string text, find_dictionary_text(image));
    return parse_dictionary(text);
}

} // namespace kf::mcu
