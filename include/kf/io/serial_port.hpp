// SPDX-License-Identifier: MIT
#pragma once
/// A serial device in raw mode, opened for one user: TIOCEXCL, and a lock for root, whom TIOCEXCL does not bind.
/// Works on USB CDC devices, UARTs and PTYs (whose modem lines do not exist: ENOTTY is not an error there).

#include <kf/io/effect.hpp>
#include <kf/io/fd_stream.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <cstdint>
#include <string>

namespace kf::io {

/// Katapult's and Klipper's usual UART speed. USB devices ignore it.
inline constexpr unsigned default_baud = 250000;
/// The speed that asks a running Klipper, by USB convention, to enter its bootloader.
inline constexpr unsigned bootloader_request_baud = 1200;

class serial_port {
  public:
    /// errc::not_found: no such device; errc::busy: somebody has it.
    [[nodiscard]] static result<serial_port> open(const std::string& path, unsigned baud = default_baud) {
        KF_TRY(auto fd, open_alone(path));
        serial_port port(std::move(fd), path);
        KF_CHECK(port.set_raw(baud));
        return port;
    }

    /// That nobody else has it, whoever may be looking for it: taken for a moment, its speed and lines left as they
    /// are.
    [[nodiscard]] static result<void> prove_free(const std::string& path) {
        KF_TRY(auto fd, open_alone(path));
        serial_port(std::move(fd), path).release();
        return {};
    }

    serial_port(serial_port&&) = default;
    serial_port& operator=(serial_port&& other) noexcept {
        if (this != &other) {
            release();
            fd_ = std::move(other.fd_);
            path_ = std::move(other.path_);
        }
        return *this;
    }
    ~serial_port() { release(); }

    [[nodiscard]] result<std::size_t> read_some(std::span<std::uint8_t> in, time_point until) {
        return read_some_fd(fd_.get(), in, until);
    }
    [[nodiscard]] result<void> write_all(byte_view out, time_point until) {
        KF_CHECK(effect(effect_kind::port, "write " + path_));
        return write_all_fd(fd_.get(), out, until);
    }

    /// The 1200-baud request: DTR on, 1200 baud, DTR off. The device answers by leaving the bus.
    [[nodiscard]] result<void> request_bootloader() {
        KF_CHECK(effect(effect_kind::port, "1200-baud request to " + path_));
        int dtr = TIOCM_DTR;
        (void)::ioctl(fd_.get(), TIOCMBIS, &dtr); // ENOTTY on a PTY
        KF_CHECK(set_raw(bootloader_request_baud));
        (void)::ioctl(fd_.get(), TIOCMBIC, &dtr);
        return {};
    }

    /// Throws away what came in before now.
    void discard_input() noexcept { ::tcflush(fd_.get(), TCIFLUSH); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    serial_port(unique_fd fd, std::string path) noexcept
      : fd_(std::move(fd))
      , path_(std::move(path)) {}

    [[nodiscard]] static result<unique_fd> open_alone(const std::string& path) {
        KF_CHECK(effect(effect_kind::port, "open " + path));
        unique_fd fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
        if (!fd) {
            if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
                return kf::fail(errc::not_found, "there is no device " + path);
            if (errno == EBUSY) return kf::fail(errc::busy, path + " is in use");
            if (errno == EACCES)
                return kf::fail(error{errc::io,
                                      "no permission to open " + path,
                                      "your user is not in the group that owns serial devices",
                                      {},
                                      {"sudo usermod -aG dialout $USER", "log out and in again"}});
            return kf::fail(system_error("cannot open " + path));
        }
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return kf::fail(errc::busy, path + " is in use");
        if (::ioctl(fd.get(), TIOCEXCL) != 0) return kf::fail(system_error("cannot get exclusive use of " + path));
        return fd;
    }

    void release() noexcept {
        if (fd_) ::ioctl(fd_.get(), TIOCNXCL); // else the next opener of a PTY is refused
        fd_.reset();
    }

    [[nodiscard]] result<void> set_raw(unsigned baud) {
        // struct termios2 of the kernel: <asm/termbits.h> cannot be included beside <termios.h>.
        struct kernel_termios2 {
            tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
            cc_t c_line;
            cc_t c_cc[19];
            speed_t c_ispeed, c_ospeed;
        } t{};
        constexpr unsigned long get = _IOR('T', 0x2A, kernel_termios2);
        constexpr unsigned long set = _IOW('T', 0x2B, kernel_termios2);
        constexpr tcflag_t any_speed = 0010000; // BOTHER
        const auto refused = [&](const std::string& what) -> std::unexpected<error> {
            if (errno == EIO || errno == ENXIO || errno == ENODEV)
                return kf::fail(errc::connection_lost, path_ + " is gone");
            return kf::fail(system_error(what));
        };
        if (::ioctl(fd_.get(), static_cast<unsigned>(get), &t) != 0) return refused(path_ + " is not a serial device");
        t.c_iflag = 0;
        t.c_oflag = 0;
        t.c_lflag = 0;
        t.c_cflag = CS8 | CREAD | CLOCAL | (baud == bootloader_request_baud ? tcflag_t{B1200} : any_speed);
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
        t.c_ispeed = t.c_ospeed = baud;
        if (::ioctl(fd_.get(), static_cast<unsigned>(set), &t) != 0) return refused("cannot set the speed of " + path_);
        return {};
    }

    unique_fd fd_;
    std::string path_;
};
static_assert(transport<serial_port>);

} // namespace kf::io
