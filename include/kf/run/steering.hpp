// SPDX-License-Identifier: MIT
#pragma once
/// Who steers a run: signals, and commands from other shells that come in on the control socket beside Klipper's.
/// Ctrl+C once is a pause at the boundary, twice a cancel with the tool up. The emergency stop does not come this way:
/// it has a connection of its own to Klipper.
///
/// | expression        | meaning                                                                          |
/// | ----------------- | -------------------------------------------------------------------------------- |
/// | s.next(status)    | what was asked for since the last time; status() answers who only wants to look  |
/// | s.settle(text)    | what was asked for is done: whoever asked is told                                |
/// | s.refuse(error)   | ... or cannot be done                                                            |
/// | s.stepped(stroke) | step mode, before a stroke: resume, cancel, or none when no one has answered yet |
///
/// None of them waits.

#include <kf/error.hpp>
#include <kf/io/fd_stream.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/unix_listener.hpp>
#include <kf/io/unix_socket.hpp>
#include <kf/klippy/socket_lock.hpp>

#include <boost/json.hpp>

#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::run {

namespace json = boost::json;

enum class order { none, pause, resume, cancel };

[[nodiscard]] constexpr std::string_view name(order o) noexcept {
    switch (o) {
    case order::none: return "none";
    case order::pause: return "pause";
    case order::resume: return "resume";
    case order::cancel: return "cancel";
    }
    return "none";
}

template<class S>
concept steering = requires(S& s, json::object (*status)(), const error& e) {
    { s.next(status) } -> std::same_as<order>;
    s.settle(std::string());
    s.refuse(e);
    { s.stepped(std::size_t{}) } -> std::same_as<result<order>>;
};

/// Nobody but the emergency stop ends what it steers.
struct unsteered {
    template<class Status>
    [[nodiscard]] order next(Status&&) const noexcept {
        return order::none;
    }
    void settle(const std::string&) const noexcept {}
    void refuse(const error&) const noexcept {}
    [[nodiscard]] result<order> stepped(std::size_t) const noexcept { return order::resume; }
};
static_assert(steering<unsteered>);

/// Instead of an error's name: a run that ended before it did what was asked for.
inline constexpr std::string_view ended_first = "ended";

/// Where a running kplot listens: beside the socket of its printer.
[[nodiscard]] inline std::filesystem::path control_path(const std::filesystem::path& socket) {
    return klippy::real_socket(socket).string() + ".kf-control";
}

/// The listening end. Its owner holds the printer's lock, so a socket file that is there already belongs to nobody.
class control_socket {
    struct caller {
        io::unique_fd fd;
        std::string partial = {};
        bool waits = false; ///< for settle()
    };
    io::unique_fd listener_;
    std::filesystem::path path_;
    std::vector<caller> callers_;

    static void tell(caller& c, json::object answer) {
        const std::string line = json::serialize(answer) + "\n";
        // A caller that does not read its one line is not waited for.
        (void)!::send(c.fd.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        c.fd.reset();
    }
    void tell_waiting(const json::object& answer) {
        for (caller& c : callers_)
            if (c.waits) tell(c, answer);
        std::erase_if(callers_, [](const caller& c) { return !c.fd; });
    }
    control_socket(io::unique_fd listener, std::filesystem::path path)
      : listener_(std::move(listener))
      , path_(std::move(path)) {}

  public:
    [[nodiscard]] static result<control_socket> listen(const std::filesystem::path& path) {
        auto fd = io::listen_at(path, 0700, 8);
        if (!fd) {
            auto e = std::move(fd).error();
            struct stat left{};
            if (::lstat(path.c_str(), &left) == 0 && left.st_uid != ::geteuid()) {
                e.cause = "user " + std::to_string(left.st_uid) + " left a file of that name, which only he may remove";
                e.steps = {"sudo rm " + path.string(), "run this again"};
            }
            return kf::fail(std::move(e));
        }
        return control_socket(std::move(*fd), path);
    }
    control_socket(control_socket&& other) noexcept
      : listener_(std::move(other.listener_))
      , path_(std::exchange(other.path_, {}))
      , callers_(std::move(other.callers_)) {}
    control_socket& operator=(control_socket&&) = delete;
    ~control_socket() {
        if (path_.empty()) return;
        tell_waiting({{"ok", false}, {"errc", ended_first}, {"what", "the run ended first"}});
        ::unlink(path_.c_str());
    }

    /// Takes what came in and never waits. `status()` answers "status".
    template<class Status>
    [[nodiscard]] order next(Status&& status) {
        constexpr std::size_t most_callers = 16;
        while (callers_.size() < most_callers) {
            io::unique_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!fd) break;
            callers_.push_back({std::move(fd)});
        }
        order asked = order::none;
        for (caller& c : callers_) {
            if (c.waits) continue;
            std::array<char, 256> buffer;
            const ssize_t n = ::recv(c.fd.get(), buffer.data(), buffer.size(), 0);
            if (n > 0) c.partial.append(buffer.data(), static_cast<std::size_t>(n));
            const auto end = c.partial.find('\n');
            if (end == std::string::npos) {
                if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || c.partial.size() > buffer.size())
                    c.fd.reset();
                continue;
            }
            const std::string word = c.partial.substr(0, end);
            order wanted = order::none;
            for (const order o : {order::pause, order::resume, order::cancel})
                if (word == name(o)) wanted = o;
            if (wanted != order::none) {
                c.waits = true;
                asked = std::max(asked, wanted);
            } else if (word == "status") {
                json::object answer = status();
                answer["ok"] = true;
                tell(c, std::move(answer));
            } else
                tell(c, {{"ok", false}, {"errc", "usage"}, {"what", "no such command"}});
        }
        std::erase_if(callers_, [](const caller& c) { return !c.fd; });
        return asked;
    }
    void settle(const std::string& text) { tell_waiting({{"ok", true}, {"text", text}}); }
    void refuse(const error& e) { tell_waiting({{"ok", false}, {"errc", kf::name(e.code)}, {"what", e.what}}); }
};

/// The one line that a running kplot answers with.
[[nodiscard]] inline result<json::object> read_answer(std::string_view line) {
    boost::system::error_code ec;
    const json::value v = json::parse(line, ec);
    if (ec || !v.is_object()) return kf::fail(errc::protocol, "a running kplot gave an answer without form");
    return v.get_object();
}

/// Whose word about a printer is believed: root's, our own, and that of whoever owns the printer's socket. In a folder
/// where everybody may write anybody can listen in the place of a run.
[[nodiscard]] inline bool is_believed(const ucred& who, uid_t owner_of_printer) noexcept {
    return who.uid == 0 || who.uid == ::geteuid() || who.uid == owner_of_printer;
}

/// Asks a running kplot. Nothing when there is none; errc::refused when somebody listens there who is not believed.
[[nodiscard]] inline result<std::optional<json::object>> ask_running(const std::filesystem::path& path,
                                                                     std::string_view word, io::time_point until) {
    auto link = io::unix_socket::connect(path.string(), until);
    if (!link) {
        if (link.error().code == errc::not_found || link.error().code == errc::not_connected) return std::nullopt;
        return kf::fail(std::move(link).error());
    }
    struct stat printer{};
    const std::string socket = path.string().substr(0, path.string().rfind(".kf-control"));
    const bool known = ::stat(socket.c_str(), &printer) == 0;
    const auto peer = link->peer();
    if (!peer || !is_believed(*peer, known ? printer.st_uid : 0))
        return kf::fail(error{errc::refused,
                              "somebody else listens in the place of a running kplot",
                              peer
                                  ? "it is user " + std::to_string(peer->uid) + ", process " + std::to_string(peer->pid)
                                  : "who it is cannot be known",
                              path.string(),
                              {"look who that is", "sudo rm " + path.string()}});
    const std::string line = std::string(word) + "\n";
    KF_CHECK(link->write_all(io::byte_view(reinterpret_cast<const std::uint8_t*>(line.data()), line.size()), until));
    std::string answer;
    while (answer.find('\n') == std::string::npos) {
        std::array<std::uint8_t, 4096> buffer;
        auto n = link->read_some(buffer, until);
        if (!n) {
            if (n.error().code == errc::connection_lost)
                return kf::fail(errc::connection_lost, "the running kplot ended before it answered");
            return kf::fail(std::move(n).error());
        }
        answer.append(reinterpret_cast<const char*>(buffer.data()), *n);
        if (answer.size() > (std::size_t{1} << 16)) return kf::fail(errc::protocol, "a running kplot talks too much");
    }
    return read_answer(answer);
}

/// Turns signals into orders, one at a time.
class signal_orders {
    int seen_ = 0;

  public:
    [[nodiscard]] order next() {
        const int count = io::interrupt::count();
        if (count == seen_) return order::none;
        const bool first = seen_ == 0 && count == 1;
        seen_ = count;
        return first && io::interrupt::pending() == SIGINT ? order::pause : order::cancel;
    }
};

} // namespace kf::run
