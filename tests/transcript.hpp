// SPDX-License-Identifier: MIT
#pragma once
/// Reads a recording from tests/transcripts: gzip-packed JSON lines.

#include "scripted_link.hpp"

#include <kf/io/transport.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace kf::tests {

struct transcript_line {
    char dir = ' ';         ///< '>' to the device, '<' from it, ' ' a remark
    bool has_bytes = false; ///< '<' with has_bytes and no data: the device is gone
    io::bytes data = {};
    double t = 0;
    std::string note = {};

    [[nodiscard]] bool noted(std::string_view what) const { return note.find(what) != std::string::npos; }
};

[[nodiscard]] inline std::vector<transcript_line> read_transcript(const std::string& name) {
    const std::string path = std::string(KF_TESTS_DIR) + "/transcripts/" + name + ".jsonl.gz";
    gzFile file = ::gzopen(path.c_str(), "rb");
    BOOST_REQUIRE_MESSAGE(file != nullptr, path);
    std::string text;
    char part[65536];
    for (int n; (n = ::gzread(file, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
    ::gzclose(file);
    std::vector<transcript_line> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const auto object = boost::json::parse(text.substr(at, end - at)).as_object();
        at = end == std::string::npos ? text.size() : end + 1;
        transcript_line line;
        if (const auto* v = object.if_contains("dir")) line.dir = v->as_string()[0];
        if (const auto* v = object.if_contains("hex")) {
            line.has_bytes = true;
            line.data = unhex(std::string(v->as_string()));
        }
        if (const auto* v = object.if_contains("t")) line.t = v->to_number<double>();
        if (const auto* v = object.if_contains("note")) line.note = v->as_string();
        lines.push_back(std::move(line));
    }
    BOOST_REQUIRE(!lines.empty());
    return lines;
}

[[nodiscard]] inline io::bytes read_bytes(const std::string& name) {
    std::ifstream in(std::string(KF_TESTS_DIR) + "/transcripts/" + name, std::ios::binary);
    BOOST_REQUIRE(in);
    return io::bytes(std::istreambuf_iterator<char>(in), {});
}

} // namespace kf::tests
