// SPDX-License-Identifier: MIT
// One case of tests/bench/klippy.py with kf/klippy: `klippy_client SOCKET CASE COUNT` prints one number.
//   sequential  info requests a second, one after the other
//   pipelined   info requests a second, 32 in flight
//   scripts     gcode/script requests a second ("G90"), one after the other
//   keywire     median seconds from the call to the bytes at the other end, which is this program's own listener
//   estop       median seconds from press() in the middle of a stroke to Klipper's answer
#include <kf/io/unix_socket.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/estop_line.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace kf;
using connection = klippy::client<io::unix_socket>;

io::time_point soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

template<class T>
T need(result<T> r) {
    if (r) return std::move(*r);
    fmt::print(stderr, "{}\n", r.error().what);
    std::exit(1);
}
void need(const result<void>& r) {
    if (r) return;
    fmt::print(stderr, "{}\n", r.error().what);
    std::exit(1);
}

io::unix_socket open_socket(const std::string& path) { return need(io::unix_socket::connect(path, soon())); }

double since(io::time_point t) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count(); }

double median(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

double requests(const std::string& socket, int count, std::size_t in_flight, const char* method,
                const boost::json::object& params) {
    connection c(open_socket(socket));
    std::deque<klippy::request_id> open;
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
        open.push_back(need(c.send(method, params, soon())));
        if (open.size() < in_flight) continue;
        (void)need(c.wait(open.front()));
        open.pop_front();
    }
    for (const auto id : open) (void)need(c.wait(id));
    return count / since(began);
}

double key_to_wire(int count) {
    const std::string path = fmt::format("/tmp/kf-bench-{}", ::getpid());
    const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.c_str(), path.size());
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 1) != 0)
        return 0;
    std::atomic<std::int64_t> arrived = 0;
    std::thread peer([&] {
        const int fd = ::accept(listener, nullptr, nullptr);
        char buffer[4096];
        for (;;) {
            const ssize_t n = ::read(fd, buffer, sizeof buffer);
            if (n <= 0) break;
            if (buffer[n - 1] == '\x03') arrived = std::chrono::steady_clock::now().time_since_epoch().count();
        }
        ::close(fd);
    });
    std::vector<double> took;
    {
        connection c(open_socket(path));
        for (int i = 0; i < count; ++i) {
            arrived = 0;
            const auto pressed = std::chrono::steady_clock::now();
            (void)need(
                c.send_script(fmt::format("G1 X{:.3f} F6000", 10 + i * 0.01), klippy::barrier::processed, soon()));
            while (arrived == 0) std::this_thread::yield();
            took.push_back(static_cast<double>(arrived - pressed.time_since_epoch().count()) / 1e9);
        }
    }
    peer.join();
    ::close(listener);
    ::unlink(path.c_str());
    return median(took);
}

/// A connection to a ready printer; a restart closes all connections, so each look is a new one.
connection ready_printer(const std::string& socket) {
    const auto until = soon();
    while (std::chrono::steady_clock::now() < until) {
        auto s = io::unix_socket::connect(socket, soon());
        if (!s) continue;
        connection c(std::move(*s));
        if (const auto info = c.info(soon()); info && info->state == klippy::printer_state::ready) return c;
    }
    fmt::print(stderr, "the printer did not become ready\n");
    std::exit(1);
}

double estop(const std::string& socket, int count) {
    std::vector<double> took;
    for (int i = 0; i < count; ++i) {
        {
            connection c = ready_printer(socket);
            klippy::estop_line line(open_socket(socket));
            need(c.send_gcode("G28 X Y\nG1 X10 Y10 F12000", klippy::barrier::processed, soon()));
            (void)need(c.send_script("G1 X200 F600", klippy::barrier::motion_end, soon()));
            const auto pressed = std::chrono::steady_clock::now();
            need(line.press(soon()));
            need(line.confirm(soon()));
            took.push_back(since(pressed));
        }
        connection again(open_socket(socket));
        (void)again.send("gcode/firmware_restart", {}, soon());
        (void)again.pump(std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
    }
    return median(took);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string socket = argv[1], which = argv[2];
    const int count = std::atoi(argv[3]);
    double value = 0;
    if (which == "sequential") value = requests(socket, count, 1, "info", {});
    if (which == "pipelined") value = requests(socket, count, 32, "info", {});
    if (which == "scripts") value = requests(socket, count, 1, "gcode/script", {{"script", "G90"}});
    if (which == "keywire") value = key_to_wire(count);
    if (which == "estop") value = estop(socket, count);
    fmt::print("{:.9f}\n", value);
    return value > 0 ? 0 : 1;
}
