// SPDX-License-Identifier: MIT
#pragma once
/// The USB serial device of a simulated board: the master side of a PTY, shown in a private by-id directory and sysfs
/// (usb_tree.hpp). The slave side is never held open, so that whoever looks for holders of the port finds only real
/// ones.

#include <kf/error.hpp>
#include <kf/io/transport.hpp>
#include <kf/io/unique_fd.hpp>
#include <kf/sim/usb_tree.hpp>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <time.h>
#include <vector>

namespace kf::sim {

class pty_link {
  public:
    explicit pty_link(usb_socket socket)
      : tree_(std::move(socket)) {}
    pty_link(pty_link&&) = delete;
    ~pty_link() { vanish(); }

    /// A new device on the bus: a fresh PTY in raw mode.
    [[nodiscard]] result<void> appear(const usb_strings& usb) {
        master_ = io::unique_fd(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
        std::array<char, 64> slave{};
        if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
            ::ptsname_r(master_.get(), slave.data(), slave.size()) != 0)
            return kf::fail(io::system_error("cannot make a PTY"));
        set_speed(B115200);
        return tree_.show(usb, slave.data());
    }

    /// The device leaves the bus: whoever has it open gets a hang-up.
    void vanish() {
        if (!master_) return;
        tree_.hide();
        master_.reset();
    }
    /// A fault: the name stays behind although the device has left.
    void leave_name_behind() {
        tree_.leave_name_behind();
        master_.reset();
    }
    /// Names that an earlier, killed run left.
    void sweep(const std::vector<usb_strings>& faces) { tree_.sweep(faces); }

    /// What came in, or nothing after at most `wait`. Also comes back early without data.
    [[nodiscard]] io::bytes receive(std::chrono::milliseconds wait) {
        pollfd p{master_.get(), POLLIN, 0};
        const int n = master_ ? ::poll(&p, 1, static_cast<int>(wait.count())) : 0;
        if (n > 0 && (p.revents & POLLIN) != 0) {
            io::bytes data(4096);
            const ssize_t got = ::read(master_.get(), data.data(), data.size());
            data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
            if (!data.empty()) return data;
        }
        if (!master_ || (n > 0 && (p.revents & POLLHUP) != 0)) { // nobody has it open: poll would spin
            const timespec nap{0, 5'000'000};
            ::nanosleep(&nap, nullptr);
        }
        return {};
    }

    /// Bytes that nobody takes are lost, as on a real bus.
    void send(io::byte_view data) {
        while (!data.empty() && master_) {
            const ssize_t n = ::write(master_.get(), data.data(), data.size());
            if (n > 0) {
                data = data.subspan(static_cast<std::size_t>(n));
                continue;
            }
            pollfd p{master_.get(), POLLOUT, 0};
            if (errno != EAGAIN || ::poll(&p, 1, 1000) <= 0 || (p.revents & POLLOUT) == 0) return;
        }
    }

    /// Somebody set the port to 1200 baud: the request for the bootloader. It stays set after the port is closed.
    [[nodiscard]] bool at_1200_baud() const {
        termios t{};
        return master_ && ::tcgetattr(master_.get(), &t) == 0 && ::cfgetospeed(&t) == B1200;
    }
    void forget_speed() { set_speed(B115200); }

  private:
    /// Through the master: Linux keeps one set of attributes for both sides.
    void set_speed(speed_t speed) {
        termios t{};
        if (::tcgetattr(master_.get(), &t) != 0) return;
        ::cfmakeraw(&t);
        ::cfsetispeed(&t, speed);
        ::cfsetospeed(&t, speed);
        ::tcsetattr(master_.get(), TCSANOW, &t);
    }

    usb_tree tree_;
    io::unique_fd master_;
};

} // namespace kf::sim
