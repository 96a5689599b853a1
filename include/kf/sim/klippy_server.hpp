// SPDX-License-Identifier: MIT
#pragma once
/// The simulated klippy behind a Unix socket: one poll loop that moves bytes and tells the time, scaled. Simulated
/// seconds pass `speed` times as fast as real ones.

#include <kf/io/atomic_file.hpp>
#include <kf/io/fd_stream.hpp>
#include <kf/io/unix_listener.hpp>
#include <kf/sim/file_stamps.hpp>
#include <kf/sim/klippy_process.hpp>

#include <boost/json.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kf::sim {

class klippy_server {
  public:
    /// `scenarios` are JSON files whose objects stand over the simulated ones; they are read when they are asked for,
    /// so that a test can rewrite them. "hang": true answers nothing.
    /// `patience` with a client that does not read what it is sent is real time, at any speed.
    klippy_server(fs::path socket, printer_config config, std::vector<fs::path> scenarios, double speed = 1,
                  seconds patience = 5)
      : socket_(std::move(socket))
      , scenarios_(std::move(scenarios))
      , scenario_stamps_(scenarios_)
      , speed_(speed)
      , patience_(patience)
      , klippy_(std::move(config))
      , began_(std::chrono::steady_clock::now()) {
        klippy_.set_overrides([this]() -> const boost::json::object& { return read_scenarios(); });
    }

    [[nodiscard]] klippy_process& klippy() noexcept { return klippy_; }

    /// Starts klippy; its socket file is made anew and refuses until it listens.
    [[nodiscard]] result<void> listen() {
        catch_up();
        klippy_.start(0);
        return follow();
    }
    /// Ends klippy: every connection closes, the socket file stays and refuses.
    void close() {
        catch_up();
        klippy_.kill();
        (void)follow();
    }
    [[nodiscard]] bool is_listening() const { return static_cast<bool>(listener_); }

    /// Serves what is there and what is due, waiting at most `ms` real milliseconds for more.
    [[nodiscard]] result<void> serve(int ms) {
        catch_up();
        KF_CHECK(follow());
        std::vector<pollfd> fds{{listener_ ? listener_.get() : -1, POLLIN, 0}};
        for (const auto& [id, c] : clients_)
            fds.push_back({c.fd.get(), static_cast<short>(c.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
        int wait = ms;
        if (const seconds due = klippy_.next(); due < never) {
            const double left = (due - klippy_.now()) / speed_ * 1000.0;
            if (left < ms) wait = static_cast<int>(std::ceil(std::max(0.0, left)));
        }
        const int ready = ::poll(fds.data(), fds.size(), wait);
        catch_up();
        if (ready > 0) {
            std::size_t i = 1;
            for (auto it = clients_.begin(); it != clients_.end(); ++i) {
                const bool gone = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !read(it->first, it->second);
                if (gone) klippy_.hang_up(it->first);
                it = gone ? clients_.erase(it) : std::next(it);
            }
            if ((fds[0].revents & POLLIN) != 0) accept();
            catch_up();
        }
        return follow();
    }

  private:
    using clock = std::chrono::steady_clock;
    struct client {
        io::unique_fd fd;
        std::string out;
        clock::time_point moved; ///< when it last took something
    };

    /// What a busy computer cannot simulate in time happens later: the simulation becomes slower, but never deaf.
    void catch_up() {
        const auto entered = clock::now();
        const auto due = [&] { return std::chrono::duration<double>(entered - began_).count() * speed_; };
        constexpr seconds slice = 0.02;
        while (klippy_.now() < due()) {
            klippy_.run_until(std::min(due(), klippy_.now() + slice * speed_));
            if (clock::now() - entered > std::chrono::milliseconds(50))
                began_ += std::chrono::duration_cast<clock::duration>(
                    std::chrono::duration<double>(std::max(0.0, due() - klippy_.now()) / speed_));
        }
    }

    /// The sockets follow what klippy has become.
    result<void> follow() {
        // First of all: who sees his connection end must not come into the queue of a listener that ends as well.
        if (!klippy_.is_listening()) listener_.reset();
        for (auto it = clients_.begin(); it != clients_.end();) {
            const bool open = klippy_.is_open(it->first);
            it->second.out += klippy_.take_output(it->first);
            const bool alive = write(it->second);
            if (!alive && open) klippy_.hang_up(it->first);
            it = open && alive ? std::next(it) : clients_.erase(it);
        }
        return listener_ || !klippy_.is_listening() ? result<void>{} : open_listener();
    }

    result<void> open_listener() {
        KF_TRY(listener_, io::listen_at(socket_, 0755, 16));
        return {};
    }

    void accept() {
        io::unique_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd) return;
        if (const auto id = klippy_.connect()) clients_.emplace(*id, client{std::move(fd), {}, clock::now()});
    }

    [[nodiscard]] bool read(int id, client& c) {
        char buffer[4096];
        for (;;) {
            const ssize_t n = ::read(c.fd.get(), buffer, sizeof buffer);
            if (n == 0) return false;
            if (n < 0) return errno == EAGAIN || errno == EINTR;
            klippy_.receive(id, std::string_view(buffer, static_cast<std::size_t>(n)));
        }
    }

    [[nodiscard]] bool write(client& c) {
        while (!c.out.empty()) {
            const ssize_t n = ::send(c.fd.get(), c.out.data(), c.out.size(), MSG_NOSIGNAL);
            if (n > 0) {
                c.out.erase(0, static_cast<std::size_t>(n));
                c.moved = clock::now();
                continue;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return false;
            return std::chrono::duration<double>(clock::now() - c.moved).count() < patience_;
        }
        c.moved = clock::now();
        return true;
    }

    [[nodiscard]] const boost::json::object& read_scenarios() {
        if (scenario_stamps_.rest(io::steady_clock().now())) return scenario_;
        boost::json::object all;
        for (const auto& file : scenarios_) {
            const auto text = io::read_file(file);
            if (!text) continue;
            boost::system::error_code ec;
            if (auto value = boost::json::parse(*text, ec); !ec && value.is_object())
                detail::merge(all, value.as_object());
        }
        scenario_ = std::move(all);
        return scenario_;
    }

    fs::path socket_;
    std::vector<fs::path> scenarios_;
    file_stamps scenario_stamps_;
    boost::json::object scenario_ = {}; ///< what they said last
    double speed_;
    seconds patience_;
    klippy_process klippy_;
    clock::time_point began_;
    io::unique_fd listener_;
    std::map<int, client> clients_;
};

} // namespace kf::sim
