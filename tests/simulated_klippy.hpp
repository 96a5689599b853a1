// SPDX-License-Identifier: MIT
#pragma once
/// A simulated klippy on a manual clock, with a client that asks and waits: no threads, no real time.

#include <kf/sim/klippy_process.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::test {

/// What came in, and when.
struct received {
    seconds at = 0;
    boost::json::object message;
};

class simulated_klippy {
  public:
    explicit simulated_klippy(sim::printer_config c = {})
      : klippy(std::move(c)) {
        klippy.start(0);
        klippy.run_until(2);
    }

    int connect() {
        const auto c = klippy.connect();
        BOOST_REQUIRE(c);
        return *c;
    }
    void send(int c, std::string_view text) { klippy.receive(c, text); }
    void send(int c, const boost::json::object& request) {
        klippy.receive(c, boost::json::serialize(request) + '\x03');
    }

    /// Lets time pass, noting what arrives to a millisecond.
    void run_until(seconds t) {
        collect();
        while (klippy.now() < t) {
            klippy.run_until(std::min(t, std::max(klippy.next(), klippy.now() + 1e-9)));
            collect();
        }
    }
    void run_for(seconds t) { run_until(klippy.now() + t); }

    /// Sends and waits for the answer; gives it with the time that it took.
    std::pair<boost::json::object, seconds> ask(int c, const std::string& method,
                                                const boost::json::object& params = {}, seconds patience = 600) {
        const std::int64_t id = ++last_id_;
        const seconds sent = klippy.now();
        send(c, boost::json::object{{"id", id}, {"method", method}, {"params", params}});
        const seconds until = sent + patience;
        for (;;) {
            klippy.run_until(klippy.now());
            collect();
            for (auto it = inbox[c].begin(); it != inbox[c].end(); ++it)
                if (const auto* v = it->message.if_contains("id"); v != nullptr && *v == id) {
                    auto answer = std::pair(std::move(it->message), it->at - sent);
                    inbox[c].erase(it);
                    return answer;
                }
            BOOST_REQUIRE_MESSAGE(klippy.next() <= until, "no answer to " << method);
            klippy.run_until(klippy.next());
        }
    }
    std::pair<boost::json::object, seconds> script(int c, const std::string& text) {
        return ask(c, "gcode/script", {{"script", text}});
    }
    /// The status of one object.
    boost::json::object status(int c, const std::string& object) {
        const auto [answer, took] = ask(c, "objects/query", {{"objects", boost::json::object{{object, nullptr}}}});
        return answer.at("result").at("status").at(object).as_object();
    }

    sim::klippy_process klippy;
    std::map<int, std::deque<received>> inbox;

  private:
    void collect() {
        for (int c = 1; c < 64; ++c) {
            const std::string bytes = klippy.take_output(c);
            std::string& partial = partial_[c];
            partial += bytes;
            for (std::size_t end; (end = partial.find('\x03')) != std::string::npos; partial.erase(0, end + 1))
                inbox[c].push_back({klippy.now(), boost::json::parse(partial.substr(0, end)).as_object()});
        }
    }

    std::int64_t last_id_ = 0;
    std::map<int, std::string> partial_;
};

} // namespace kf::test
