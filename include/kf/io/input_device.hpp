// SPDX-License-Identifier: MIT
#pragma once
/// A device of Linux' input layer, as /dev/input/event* has it: what it can do, and its events as they come. Before it
/// is believed it is looked at: who could write to it could move what it moves. Spec: linux/input.h,
/// Documentation/input/event-codes.rst of the kernel.

#include <kf/error.hpp>
#include <kf/io/printable.hpp>
#include <kf/io/unique_fd.hpp>

#include <fcntl.h>
#include <linux/input.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kf::io {

struct device_event {
    std::uint16_t type = 0, code = 0; ///< EV_KEY, BTN_SOUTH
    std::int32_t value = 0;
    bool operator==(const device_event&) const = default;
};

struct device_axis {
    std::uint16_t code = 0;
    std::int32_t low = 0, high = 0, now = 0;
};

/// Whole events of bytes that a device gave; what is left of one that was cut off stays in `given`.
[[nodiscard]] inline std::vector<device_event> take_events(std::string& given) {
    std::vector<device_event> out;
    std::size_t at = 0;
    for (::input_event e; given.size() - at >= sizeof e; at += sizeof e) {
        std::memcpy(&e, given.data() + at, sizeof e);
        out.push_back({e.type, e.code, e.value});
    }
    given.erase(0, at);
    return out;
}

class input_device {
  public:
    /// What may stand at the path: a recording through a named pipe has no name and nothing to ask.
    enum class kind { device_only, or_named_pipe };

    /// errc::not_found, errc::refused: no input device, or one that anybody may write to; errc::failed by the system.
    [[nodiscard]] static result<input_device> open(const std::string& path, kind allowed) {
        input_device d;
        d.fd_ = unique_fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
        if (!d.fd_) {
            const int number = errno;
            error e = system_error("cannot open " + printable(path), number);
            if (number == EACCES || number == EPERM) e.steps = {"sudo usermod -aG input $USER", "and log in again"};
            if (number == ENOENT || number == ENODEV) e.steps = {"ls -l /dev/input/by-id/*-event-joystick"};
            return kf::fail(std::move(e));
        }
        struct stat s{};
        if (::fstat(d.fd_.get(), &s) != 0) return kf::fail(system_error("cannot look at " + printable(path)));
        if (S_ISFIFO(s.st_mode) && allowed == kind::or_named_pipe) return d;
        constexpr unsigned input_major = 13;
        if (!S_ISCHR(s.st_mode) || major(s.st_rdev) != input_major)
            return kf::fail({errc::refused,
                             printable(path) + " is no input device",
                             "",
                             {},
                             {"ls -l /dev/input/by-id/*-event-joystick"}});
        if ((s.st_uid != 0 && s.st_uid != ::getuid()) || (s.st_mode & S_IWOTH) != 0)
            return kf::fail({errc::refused,
                             printable(path) + " may be written to by others",
                             "whoever writes to it could move the machine",
                             {},
                             {"sudo chown root:input " + path, "sudo chmod 660 " + path}});
        d.real_ = true;
        std::array<char, 128> name{};
        if (::ioctl(d.fd_.get(), EVIOCGNAME(name.size() - 1), name.data()) > 0) d.name_ = printable(name.data());
        return d;
    }

    [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }
    [[nodiscard]] bool is_real() const noexcept { return real_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Whether it has that key or axis (EVIOCGBIT).
    [[nodiscard]] bool has(unsigned type, unsigned code) const {
        std::array<unsigned char, KEY_MAX / 8 + 1> bits{};
        if (::ioctl(fd_.get(), EVIOCGBIT(type, bits.size()), bits.data()) < 0) return false;
        return code / 8 < bits.size() && (bits[code / 8] >> (code % 8) & 1U) != 0;
    }
    [[nodiscard]] std::optional<device_axis> axis(unsigned code) const {
        ::input_absinfo info{};
        if (!has(EV_ABS, code) || ::ioctl(fd_.get(), EVIOCGABS(code), &info) < 0) return std::nullopt;
        return device_axis{static_cast<std::uint16_t>(code), info.minimum, info.maximum, info.value};
    }
    /// Whether that key is held down now; false for a pipe. The kernel drops what it has queued of keys with the
    /// answer: ask only when there was nothing more to read.
    [[nodiscard]] bool is_down(unsigned code) const {
        std::array<unsigned char, KEY_MAX / 8 + 1> bits{};
        if (!real_ || ::ioctl(fd_.get(), EVIOCGKEY(bits.size()), bits.data()) < 0) return false;
        return code / 8 < bits.size() && (bits[code / 8] >> (code % 8) & 1U) != 0;
    }
    /// What there is now; errc::connection_lost when it is gone.
    [[nodiscard]] result<std::vector<device_event>> read() {
        std::array<char, 64 * sizeof(::input_event)> buffer;
        const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return std::vector<device_event>();
        if (n <= 0) return kf::fail(errc::connection_lost, "the device is gone");
        partial_.append(buffer.data(), static_cast<std::size_t>(n));
        return take_events(partial_);
    }

  private:
    input_device() = default;

    unique_fd fd_;
    bool real_ = false;
    std::string name_, partial_;
};

} // namespace kf::io
