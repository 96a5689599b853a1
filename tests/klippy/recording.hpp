// SPDX-License-Identifier: MIT
#pragma once
/// Recordings of real Klipper under tests/transcripts/klippy: one JSON line for each message, plain or gzipped.

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <string>
#include <vector>

namespace kf::test {

struct recorded {
    double t = 0;           ///< seconds since the recording began
    char direction = '<';   ///< '>' request, '<' from Klipper, '#' a note
    std::string connection; ///< "" when there was one only
    boost::json::value msg; ///< {"EOF":true} when the socket was closed
    [[nodiscard]] bool is_eof() const { return msg.is_object() && msg.get_object().contains("EOF"); }
    [[nodiscard]] std::string bytes() const { return boost::json::serialize(msg) + '\x03'; }
};

inline std::vector<recorded> load_recording(const std::string& name) {
    const std::string path = std::string(KF_TESTS_DIR) + "/transcripts/klippy/" + name;
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
