// SPDX-License-Identifier: MIT
#pragma once
/// A klippy API server that answers with literal text, on a socket in a folder of its own, from a thread.

#include <kf/io/unique_fd.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace kf::test {

class fake_klippy {
  public:
    /// The results by method, as Klipper writes them; each connection gets the next of several sets, and the last one
    /// from then on. A method without a result is never answered.
    using results = std::map<std::string, std::string>;

    fake_klippy(const std::string& path, std::vector<results> by_connection)
      : by_connection_(std::move(by_connection))
      , listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener_.get(), 16) != 0)
            throw std::runtime_error("cannot listen on " + path);
        thread_ = std::thread([this] { serve(); });
    }
    fake_klippy(const fake_klippy&) = delete;
    fake_klippy& operator=(const fake_klippy&) = delete;
    ~fake_klippy() {
        leave_ = true;
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] std::size_t connections() const { return connections_; }

  private:
    void serve() {
        while (!leave_) {
            const io::unique_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!fd) continue;
            const auto& answers = by_connection_[std::min<std::size_t>(connections_++, by_connection_.size() - 1)];
            std::string frame;
            for (char c = 0; !leave_;) {
                pollfd p{fd.get(), POLLIN, 0};
                if (::poll(&p, 1, 10) <= 0) continue;
                if (::read(fd.get(), &c, 1) != 1) break;
                if (c != '\x03') {
                    frame += c;
                    continue;
                }
                answer(fd.get(), frame, answers);
                frame.clear();
            }
        }
    }
    static void answer(int fd, const std::string& frame, const results& answers) {
        const auto after = [&](const std::string& key) {
            const auto at = frame.find(key) + key.size();
            return frame.substr(at, frame.find_first_of(",}\"", at) - at);
        };
        const auto found = answers.find(after("\"method\":\""));
        if (found == answers.end()) return;
        const std::string text = "{\"id\": " + after("\"id\":") + ", \"result\": " + found->second + "}\x03";
        (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    }

    std::vector<results> by_connection_;
    io::unique_fd listener_;
    std::atomic<bool> leave_ = false;
    std::atomic<std::size_t> connections_ = 0;
    std::thread thread_;
};

/// An idle printer, as Klipper answers about one.
inline const std::string idle_info = R"({"state": "ready", "state_message": "Printer is ready"})";
inline const std::string idle_list =
    R"({"objects": ["gcode", "webhooks", "configfile", "mcu", "heaters", "heater_bed", "fan", "virtual_sdcard",
        "pause_resume", "idle_timeout", "print_stats", "toolhead", "extruder"]})";
inline const std::string idle_status = R"({"eventtime": 3793.2, "status": {
    "webhooks": {"state": "ready", "state_message": "Printer is ready"},
    "print_stats": {"filename": "", "total_duration": 0.0, "print_duration": 0.0, "state": "standby", "message": ""},
    "virtual_sdcard": {"file_path": null, "progress": 0.0, "is_active": false},
    "pause_resume": {"is_paused": false},
    "idle_timeout": {"state": "Idle", "printing_time": 0.0},
    "heater_bed": {"target": 0.0}, "extruder": {"target": 0.0},
    "configfile": {"settings": {"mcu": {"serial": "/dev/serial/by-id/usb-Klipper_rp2040_E66-if00"},
        "mcu toolhead": {"canbus_uuid": "aabbccddeeff"}, "mcu bed": {"serial": "/dev/ttyAMA0"}, "printer": {}}}}})";

} // namespace kf::test
