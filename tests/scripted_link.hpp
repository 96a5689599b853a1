// SPDX-License-Identifier: MIT
#pragma once
/// A transport that is a script: each write must be the next expected frame and brings its answers; a read with nothing
/// to give lets the clock run to the deadline.

#include <kf/io/transport.hpp>
#include <kf/sim/manual_clock.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace kf::tests {

[[nodiscard]] inline io::bytes unhex(std::string_view text) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
    io::bytes out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
    return out;
}

[[nodiscard]] inline std::string hex(io::byte_view data) {
    std::string out;
    for (const auto byte : data) {
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15];
    }
    return out;
}

struct scripted_exchange {
    std::string request;
    std::vector<std::string> answers = {}; ///< each is one read; "" is the end of the connection
};

class scripted_link {
  public:
    scripted_link(sim::manual_clock& clock, std::vector<scripted_exchange> script)
      : clock_(&clock)
      , script_(script.begin(), script.end()) {}

    [[nodiscard]] result<std::size_t> read_some(std::span<std::uint8_t> in, io::time_point until) {
        if (ready_.empty()) {
            clock_->sleep_until(until);
            return kf::fail(errc::timeout, "no answer in time");
        }
        auto& front = ready_.front();
        if (front.empty()) return kf::fail(errc::connection_lost, "the other side is gone");
        const std::size_t n = std::min(in.size(), front.size());
        std::copy_n(front.begin(), n, in.begin());
        front.erase(front.begin(), front.begin() + static_cast<std::ptrdiff_t>(n));
        if (front.empty()) ready_.pop_front();
        return n;
    }

    [[nodiscard]] result<void> write_all(io::byte_view out, io::time_point) {
        ++writes;
        if (!ready_.empty() && ready_.front().empty()) return kf::fail(errc::connection_lost, "the other side is gone");
        BOOST_REQUIRE_MESSAGE(!script_.empty(), "a write after the end of the script: " + hex(out));
        BOOST_REQUIRE_EQUAL(hex(out), script_.front().request);
        for (const auto& answer : script_.front().answers) ready_.push_back(unhex(answer));
        script_.pop_front();
        return {};
    }

    [[nodiscard]] bool finished() const noexcept { return script_.empty(); }
    std::size_t writes = 0;

  private:
    sim::manual_clock* clock_;
    std::deque<scripted_exchange> script_;
    std::deque<io::bytes> ready_;
};
static_assert(io::transport<scripted_link>);

} // namespace kf::tests
