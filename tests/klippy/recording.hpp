// SPDX-License-Identifier: MIT
#pragma once
/// Recordings of real Klipper under tests/transcripts/klippy: one JSON line for each message, plain or gzipped.

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <filesystem>
#include <string>
#include <vector>

namespace kf::test {

struct recorded {
    double t = 0;           ///< seconds since the recording began
    char direction = '<';   ///< '>' request, '<' from Klipper, '#' a note
    std::string connection; ///< "" when there was one only
    boost::json::value msg; ///< {"EOF":true} when the socket was closed
    [[nodiscard]] bool has(const char* field) const { return msg.is_object() && msg.get_object().contains(field); }
    [[nodiscard]] bool is_eof() const { return has("EOF"); }
    [[nodiscard]] bool is_response() const { return direction == '<' && has("id"); }
    /// As it was on the wire. Bytes that were no message are recorded as Latin-1.
    [[nodiscard]] std::string bytes() const {
        if (!has("raw")) return boost::json::serialize(msg) + '\x03';
        const std::string text(msg.at("raw").as_string());
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const auto c = static_cast<unsigned char>(text[i]);
            if (c < 0x80)
                out += text[i];
            else
                out += static_cast<char>((c & 0x03u) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fu));
        }
        return out;
    }
};

/// `name` as the file has it; where there is only NAME.gz, that.
inline std::vector<recorded> load_recording(const std::string& name) {
    std::string path = std::string(KF_TESTS_DIR) + "/transcripts/klippy/" + name;
    if (!std::filesystem::exists(path)) path += ".gz";
    gzFile file = ::gzopen(path.c_str(), "rb"); // reads plain files as they are
    BOOST_REQUIRE_MESSAGE(file != nullptr, "cannot open " << path);
    std::string text;
    char buffer[65536];
    for (int n = 0; (n = ::gzread(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    ::gzclose(file);
    std::vector<recorded> all;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const auto line = boost::json::parse(text.substr(at, end - at)).as_object();
        recorded r;
        r.t = line.at("t").to_number<double>();
        r.direction = line.at("dir").as_string()[0];
        if (const auto* conn = line.if_contains("conn")) r.connection = conn->as_string();
        r.msg = line.at("msg");
        all.push_back(std::move(r));
        at = end == std::string::npos ? text.size() : end + 1;
    }
    BOOST_REQUIRE(!all.empty());
    return all;
}

} // namespace kf::test
