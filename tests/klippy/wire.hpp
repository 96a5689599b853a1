// SPDX-License-Identifier: MIT
#pragma once
/// An in-memory transport on a clock of its own: what comes in is scheduled, waiting moves the clock, nothing sleeps.
/// The peer is a function that sees each whole request and schedules answers.

#include "recording.hpp"

#include <kf/io/transport.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::test {

using namespace std::chrono_literals;

struct manual_clock {
    std::shared_ptr<io::time_point> present = std::make_shared<io::time_point>(io::time_point{} + 1000s);
    [[nodiscard]] io::time_point now() const { return *present; }
    void sleep_until(io::time_point t) const { *present = std::max(*present, t); }
    /// Seconds since the test began.
    [[nodiscard]] double t() const {
        return std::chrono::duration<double>(*present - io::time_point{} - 1000s).count();
    }
};
static_assert(io::clock<manual_clock>);

/// The far end of one connection.
struct peer {
    manual_clock clock;
    std::multimap<io::time_point, std::optional<std::string>> coming = {}; // nullopt: end of file
    std::string written = {};                                              // all bytes ever written to it
    std::string partial = {};
    std::function<void(peer&, const boost::json::object&)> on_request = nullptr;
    std::optional<std::size_t> write_fails_after = std::nullopt; // bytes
    bool write_hangs = false;
    bool closed = false;

    void say(std::string bytes, io::duration after = 0ns) { coming.emplace(clock.now() + after, std::move(bytes)); }
    void hang_up(io::duration after = 0ns) { coming.emplace(clock.now() + after, std::nullopt); }
    void answer(const boost::json::object& request, const std::string& result_json, io::duration after = 300us) {
        say("{\"id\":" + boost::json::serialize(request.at("id")) + ",\"result\":" + result_json + "}\x03", after);
    }
    void refuse(const boost::json::object& request, const std::string& text, io::duration after = 300us) {
        say("{\"id\":" + boost::json::serialize(request.at("id")) +
                ",\"error\":{\"error\":\"WebRequestError\",\"message\":" +
                boost::json::serialize(boost::json::string(text)) + "}}\x03",
            after);
    }
};

class wire {
  public:
    explicit wire(std::shared_ptr<peer> far_end)
      : peer_(std::move(far_end)) {}

    [[nodiscard]] result<std::size_t> read_some(std::span<std::uint8_t> in, io::time_point until) {
        const auto first = peer_->coming.begin();
        if (peer_->closed) return kf::fail(errc::connection_lost, "the other side closed the connection");
        if (first == peer_->coming.end() || first->first > std::max(until, peer_->clock.now())) {
            peer_->clock.sleep_until(until);
            return kf::fail(errc::timeout, "no answer in time");
        }
        peer_->clock.sleep_until(first->first);
        if (!first->second) {
            peer_->closed = true;
            return kf::fail(errc::connection_lost, "the other side closed the connection");
        }
        std::string& bytes = *first->second;
        const std::size_t n = std::min(in.size(), bytes.size());
        std::copy_n(bytes.begin(), n, in.begin());
        bytes.erase(0, n);
        if (bytes.empty()) peer_->coming.erase(first);
        return n;
    }

    [[nodiscard]] result<void> write_all(io::byte_view out, io::time_point until) {
        if (peer_->write_hangs) {
            peer_->clock.sleep_until(until);
            return kf::fail(errc::timeout, "no answer in time");
        }
        for (const std::uint8_t byte : out) {
            if (peer_->closed || (peer_->write_fails_after && peer_->written.size() >= *peer_->write_fails_after))
                return kf::fail(errc::connection_lost, "the other side is gone");
            peer_->written += static_cast<char>(byte);
            if (byte != 3) {
                peer_->partial += static_cast<char>(byte);
                continue;
            }
            const auto request = boost::json::parse(std::exchange(peer_->partial, "")).as_object();
            if (peer_->on_request) peer_->on_request(*peer_, request);
        }
        return {};
    }

  private:
    std::shared_ptr<peer> peer_;
};
static_assert(io::transport<wire>);

/// A peer that says what real Klipper said to the same requests: each request is compared with the recorded one (but
/// for its response_template), and then all that was recorded up to the next request follows at its recorded distance.
inline std::shared_ptr<peer> replay(const std::string& name, const std::string& connection, manual_clock clock = {}) {
    auto lines = std::make_shared<std::vector<recorded>>();
    for (auto& line : load_recording(name))
        if (line.connection == connection && line.direction != '#') lines->push_back(std::move(line));
    auto at = std::make_shared<std::size_t>(0);
    auto p = std::make_shared<peer>(peer{clock});
    p->on_request = [lines, at](peer& self, const boost::json::object& request) {
        BOOST_REQUIRE_MESSAGE(*at < lines->size(), "a request that was not recorded");
        const recorded& asked = (*lines)[(*at)++];
        BOOST_REQUIRE(asked.direction == '>');
        const auto without_template = [](boost::json::value v) {
            if (auto* params = v.as_object().if_contains("params")) params->as_object().erase("response_template");
            return v;
        };
        BOOST_TEST(without_template(request) == without_template(asked.msg));
        for (; *at < lines->size() && (*lines)[*at].direction == '<'; ++*at) {
            const recorded& said = (*lines)[*at];
            const auto after =
                std::chrono::duration_cast<io::duration>(std::chrono::duration<double>(said.t - asked.t));
            if (said.is_eof())
                self.hang_up(after);
            else
                self.say(said.bytes(), after);
        }
    };
    return p;
}

} // namespace kf::test
