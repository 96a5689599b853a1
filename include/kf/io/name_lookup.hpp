// SPDX-License-Identifier: MIT
#pragma once
/// The addresses of a host, within a deadline: getaddrinfo() has none, and a thread that hangs in it cannot be ended.
/// So a name is looked up by a child, which can be. A numeric address and "localhost" ask nobody.

#include <kf/io/effect.hpp>
#include <kf/io/fd_stream.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/unique_fd.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <netdb.h>
#include <string>
#include <vector>

namespace kf::io {

/// A lookup: numeric addresses, one a line, or "error " and why.
using name_source = std::string (*)(const std::string& host);

namespace detail {

[[nodiscard]] inline std::string by_getaddrinfo(const std::string& host) {
    addrinfo wanted{}, *first = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &first); code != 0)
        return std::string("error ") + ::gai_strerror(code);
    std::string text;
    char name[NI_MAXHOST];
    for (const addrinfo* a = first; a != nullptr; a = a->ai_next)
        if (::getnameinfo(a->ai_addr, a->ai_addrlen, name, sizeof name, nullptr, 0, NI_NUMERICHOST) == 0)
            text += std::string(name) + "\n";
    ::freeaddrinfo(first);
    return text;
}

[[nodiscard]] inline bool is_numeric(const std::string& host) {
    unsigned char address[sizeof(in6_addr)];
    const auto plain = host.substr(0, host.find('%')); // fe80::1%eth0
    return ::inet_pton(AF_INET, host.c_str(), address) == 1 || ::inet_pton(AF_INET6, plain.c_str(), address) == 1;
}

/// A child that is gone with its owner.
class lookup_child {
  public:
    [[nodiscard]] static result<lookup_child> start(const std::string& host, name_source source) {
        KF_CHECK(effect(effect_kind::spawn, "look up " + host));
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return kf::fail(system_error("pipe"));
        unique_fd read(ends[0]), write(ends[1]);
        const pid_t pid = ::fork();
        if (pid < 0) return kf::fail(system_error("fork"));
        if (pid == 0) {
            for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(number, SIG_DFL);
            const auto text = source(host);
            (void)!::write(write.get(), text.data(), text.size());
            ::_exit(0);
        }
        return lookup_child(pid, std::move(read));
    }
    lookup_child(lookup_child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1))
      , out_(std::move(other.out_)) {}
    lookup_child& operator=(lookup_child&&) = delete;
    ~lookup_child() {
        if (pid_ < 0) return;
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
    }
    [[nodiscard]] int out() const { return out_.get(); }

  private:
    lookup_child(pid_t pid, unique_fd out)
      : pid_(pid)
      , out_(std::move(out)) {}
    pid_t pid_;
    unique_fd out_;
};

} // namespace detail

/// Numeric, in the order in which they are to be tried. errc::not_connected: there is no such name; errc::timeout:
/// whoever knows it did not answer.
[[nodiscard]] inline result<std::vector<std::string>> addresses_of(const std::string& host, time_point until,
                                                                   name_source source = detail::by_getaddrinfo) {
    if (detail::is_numeric(host)) return std::vector{host};
    if (host == "localhost") return std::vector<std::string>{"127.0.0.1", "::1"};
    KF_TRY(const auto child, detail::lookup_child::start(host, source));
    std::string text;
    for (;;) {
        KF_CHECK(interrupt::check());
        const auto now = steady_clock{}.now();
        if (now >= until)
            return kf::fail({errc::timeout,
                             "the name " + host + " could not be looked up in time",
                             "whoever knows names (DNS) does not answer",
                             {},
                             {"name it by its address, as 192.168.1.7"}});
        if (!wait_ready(child.out(), POLLIN, std::min(until, now + std::chrono::milliseconds(100)))) continue;
        char buffer[4096];
        const auto n = ::read(child.out(), buffer, sizeof buffer);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n <= 0) break;
        text.append(buffer, static_cast<std::size_t>(n));
    }
    std::vector<std::string> all;
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        all.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    constexpr std::string_view wrong = "error ";
    if (all.empty() || all.front().starts_with(wrong))
        return kf::fail({errc::not_connected, "there is no host " + host,
                         all.empty() ? "it has no address" : all.front().substr(wrong.size())});
    return all;
}

} // namespace kf::io
