// SPDX-License-Identifier: MIT
#pragma once
/// What a real Moonraker (v0.10.0) answered, as recorded: tests/moonraker/replies.

#include <kf/io/atomic_file.hpp>
#include <kf/moonraker/http.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace kf::test {

/// Without the header lines.
[[nodiscard]] inline moonraker::http_reply recorded(const std::string& name) {
    const auto text = io::read_file(std::string(KF_TESTS_DIR) + "/moonraker/replies/" + name + ".http");
    BOOST_REQUIRE(text);
    const auto body = text->find("\n\n");
    BOOST_REQUIRE(body != std::string::npos && text->starts_with("HTTP/1.1 "));
    return {static_cast<unsigned>(std::stoi(text->substr(9, 3))), text->substr(body + 2)};
}

} // namespace kf::test
