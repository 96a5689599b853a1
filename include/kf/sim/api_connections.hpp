// SPDX-License-Identifier: MIT
#pragma once
/// The clients of the simulated API server as byte buffers: frames come in, answers, pushes and the printer's output go
/// out. sim/klippy_server.hpp moves the bytes, sim/api_endpoints.hpp knows what they mean.

#include <kf/sim/api_text.hpp>

#include <boost/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

class api_connections {
  public:
    using object = boost::json::object;
    using value = boost::json::value;

    [[nodiscard]] int open() {
        clients_.emplace(++last_, client{});
        return last_;
    }
    void close(int c) { clients_.erase(c); }
    /// klippy ends every connection; what it wrote before can still be taken.
    void close_all() { closing_ = std::exchange(clients_, {}); }
    [[nodiscard]] bool is_open(int c) const { return clients_.contains(c); }

    /// The frames that `bytes` complete.
    [[nodiscard]] std::vector<std::string> receive(int c, std::string_view bytes) {
        std::vector<std::string> frames;
        const auto it = clients_.find(c);
        if (it == clients_.end()) return frames;
        std::string& in = it->second.in;
        std::size_t seen = in.size(); // what was there before holds no end of a frame
        in += bytes;
        std::size_t begin = 0;
        for (std::size_t end; (end = in.find('\x03', seen)) != std::string::npos; seen = begin = end + 1)
            frames.push_back(in.substr(begin, end - begin));
        in.erase(0, begin);
        return frames;
    }
    /// What has been written there since the last call.
    [[nodiscard]] std::string take_output(int c) {
        if (const auto it = clients_.find(c); it != clients_.end()) return std::exchange(it->second.out, {});
        const auto last = closing_.extract(c);
        return last ? std::move(last.mapped().out) : std::string{};
    }

    void send(int c, const object& message) {
        if (const auto it = clients_.find(c); it != clients_.end()) it->second.out += api_message(message);
    }
    /// A request without an id gets no answer at all.
    void respond(int c, const std::optional<value>& id, value result) {
        if (id) send(c, {{"id", *id}, {"result", std::move(result)}});
    }
    void respond_error(int c, const std::optional<value>& id, std::string_view message) {
        if (id) send(c, {{"id", *id}, {"error", object{{"error", "WebRequestError"}, {"message", message}}}});
    }
    /// A push: the members of the client's template, and "params".
    void push(int c, const object& templ, object params) {
        object message = templ;
        message["params"] = std::move(params);
        send(c, message);
    }

    /// From now on this client sees the printer's output; a second template takes the place of the first.
    void subscribe_output(int c, object templ) {
        if (const auto it = clients_.find(c); it != clients_.end()) it->second.output_template = std::move(templ);
    }
    void output(const std::string& text) {
        for (const auto& [c, it] : clients_)
            if (it.output_template) push(c, *it.output_template, {{"response", text}});
    }

  private:
    struct client {
        std::string in, out;
        std::optional<object> output_template;
    };
    std::map<int, client> clients_;
    std::map<int, client> closing_; ///< with last words that nobody has read yet
    int last_ = 0;
};

} // namespace kf::sim
