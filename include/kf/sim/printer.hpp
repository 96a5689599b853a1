// SPDX-License-Identifier: MIT
#pragma once
/// As much of klippy's API server as the print guard and the ready check meet: info, objects/list, objects/query, on a
/// Unix socket, while its service is up. What the printer is doing is a JSON file that a test rewrites: an object of
/// status objects, {"print_stats": {"state": "printing", ...}, "extruder": {"target": 210}}. "hang": true answers
/// nothing.

#include <kf/io/atomic_file.hpp>
#include <kf/io/fd_stream.hpp>

#include <boost/json.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <list>
#include <string>

namespace kf::sim {

namespace fs = std::filesystem;

class printer {
  public:
    printer(fs::path socket, fs::path scenario)
      : socket_(std::move(socket))
      , scenario_(std::move(scenario)) {}

    /// The state that info and webhooks tell: "startup", "ready", "error", "shutdown".
    void set_state(std::string state, std::string message) {
        state_ = std::move(state);
        message_ = std::move(message);
    }

    /// Like a started klippy: the socket file is made anew.
    [[nodiscard]] result<void> listen() {
        if (listener_) return {};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = socket_.string();
        if (path.size() >= sizeof address.sun_path)
            return kf::fail(errc::usage, "the socket path is too long: " + path);
        path.copy(address.sun_path, path.size());
        io::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        ::unlink(path.c_str());
        if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(fd.get(), 16) != 0)
            return kf::fail(io::system_error("cannot listen on " + path));
        listener_ = std::move(fd);
        return {};
    }

    /// Like a klippy that ended: every connection closes, the socket file stays and refuses.
    void close() {
        listener_.reset();
        clients_.clear();
    }
    [[nodiscard]] bool is_listening() const { return static_cast<bool>(listener_); }

    /// Serves what is there, waiting at most `ms` milliseconds for more.
    void serve(int ms) {
        std::vector<pollfd> fds{{listener_ ? listener_.get() : -1, POLLIN, 0}};
        for (const auto& c : clients_) fds.push_back({c.fd.get(), POLLIN, 0});
        if (::poll(fds.data(), fds.size(), ms) <= 0) return;
        std::size_t i = 1;
        for (auto it = clients_.begin(); it != clients_.end(); ++i) {
            const bool gone = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !read(*it);
            it = gone ? clients_.erase(it) : std::next(it);
        }
        if (fds[0].revents & POLLIN) {
            io::unique_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (fd) clients_.push_back({std::move(fd), {}});
        }
    }

  private:
    struct client {
        io::unique_fd fd;
        std::string partial;
    };

    [[nodiscard]] bool read(client& c) {
        char buffer[4096];
        for (;;) {
            const ssize_t n = ::read(c.fd.get(), buffer, sizeof buffer);
            if (n == 0) return false;
            if (n < 0) return errno == EAGAIN || errno == EINTR;
            for (ssize_t k = 0; k < n; ++k) {
                if (buffer[k] != '\x03') {
                    c.partial += buffer[k];
                    continue;
                }
                answer(c, c.partial);
                c.partial.clear();
            }
        }
    }

    /// Klippy drops what it cannot read, without a word.
    void answer(client& c, const std::string& frame) {
        boost::system::error_code ec;
        const auto value = boost::json::parse(frame, ec);
        if (ec || !value.is_object()) return;
        const auto& o = value.as_object();
        const auto* method = o.if_contains("method");
        const auto* id = o.if_contains("id");
        if (method == nullptr || !method->is_string() || id == nullptr || id->is_null()) return;
        const auto now = scenario();
        if (now.contains("hang")) return;
        boost::json::object reply{{"id", *id}};
        const std::string_view name = method->as_string();
        if (name == "info") {
            reply["result"] =
                boost::json::object{{"state", state_}, {"state_message", message_}, {"software_version", "simulated"}};
        } else if (name == "objects/list") {
            boost::json::array names{"webhooks", "configfile", "idle_timeout", "toolhead"};
            for (const auto& [key, unused] : now)
                if (key != "idle_timeout" && key != "configfile") names.emplace_back(key);
            reply["result"] = boost::json::object{{"objects", std::move(names)}};
        } else if (name == "objects/query") {
            reply["result"] = boost::json::object{{"eventtime", 1.0}, {"status", query(o, now)}};
        } else {
            reply["error"] = boost::json::object{
                {"error", "WebRequestError"},
                {"message", "webhooks: No registered callback for path '" + std::string(name) + "'"}};
        }
        const std::string text = boost::json::serialize(reply) + '\x03';
        (void)io::write_all_fd(c.fd.get(),
                               io::byte_view(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()),
                               std::chrono::steady_clock::now() + std::chrono::seconds(1));
    }

    [[nodiscard]] boost::json::object query(const boost::json::object& request, const boost::json::object& now) const {
        boost::json::object status;
        const auto* params = request.if_contains("params");
        const auto* wanted =
            params != nullptr && params->is_object() ? params->as_object().if_contains("objects") : nullptr;
        if (wanted == nullptr || !wanted->is_object()) return status;
        for (const auto& [name, unused] : wanted->as_object()) {
            if (name == "webhooks")
                status[name] = boost::json::object{{"state", state_}, {"state_message", message_}};
            else if (const auto* v = now.if_contains(name))
                status[name] = *v;
            else
                status[name] = boost::json::object{}; // an unknown object is empty, not an error
        }
        return status;
    }

    [[nodiscard]] boost::json::object scenario() const {
        const auto text = io::read_file(scenario_);
        boost::system::error_code ec;
        if (text)
            if (auto value = boost::json::parse(*text, ec); !ec && value.is_object())
                return std::move(value.as_object());
        return {};
    }

    fs::path socket_, scenario_;
    io::unique_fd listener_;
    std::list<client> clients_;
    std::string state_ = "startup", message_;
};

} // namespace kf::sim
