// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/serial_port.hpp>

#include <boost/test/unit_test.hpp>

#include <stdlib.h>

#include <fstream>
#include <numeric>

namespace serial_port_test {

using namespace kf::io;
using kf::errc;
using kf::test::temporary_folder;

time_point soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }
constexpr time_point past = time_point::min();

struct pty {
    unique_fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    std::string path;
    pty() {
        BOOST_REQUIRE_EQUAL(::grantpt(master.get()), 0);
        BOOST_REQUIRE_EQUAL(::unlockpt(master.get()), 0);
        char name[128];
        BOOST_REQUIRE_EQUAL(::ptsname_r(master.get(), name, sizeof name), 0);
        path = name;
    }
    [[nodiscard]] termios settings() const {
        termios t{};
        BOOST_REQUIRE_EQUAL(::tcgetattr(master.get(), &t), 0);
        return t;
    }
    [[nodiscard]] bytes read(std::size_t count) const {
        bytes in;
        while (in.size() < count) {
            std::uint8_t chunk[512];
            pollfd p{master.get(), POLLIN, 0};
            if (::poll(&p, 1, 30'000) <= 0) break;
            const ssize_t n = ::read(master.get(), chunk, sizeof chunk);
            if (n <= 0) break;
            in.insert(in.end(), chunk, chunk + n);
        }
        return in;
    }
};

bytes every_byte() {
    bytes all(256);
    std::iota(all.begin(), all.end(), std::uint8_t{0});
    return all;
}

BOOST_AUTO_TEST_SUITE(serial_port_suite)

BOOST_AUTO_TEST_CASE(every_byte_passes_unchanged_in_both_directions) {
    const pty line;
    auto port = serial_port::open(line.path);
    BOOST_REQUIRE(port.has_value());
    BOOST_TEST(port->path() == line.path);
    BOOST_TEST(port->write_all(every_byte(), soon()).has_value());
    BOOST_TEST((line.read(256) == every_byte()));
    BOOST_REQUIRE_EQUAL(::write(line.master.get(), every_byte().data(), 256), 256);
    bytes in;
    while (in.size() < 256) {
        std::array<std::uint8_t, 100> chunk{};
        const auto n = port->read_some(chunk, soon());
        BOOST_REQUIRE(n.has_value());
        in.insert(in.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(*n));
    }
    BOOST_TEST((in == every_byte())); // and nothing was echoed:
    pollfd p{line.master.get(), POLLIN, 0};
    BOOST_TEST(::poll(&p, 1, 0) == 0);
}

BOOST_AUTO_TEST_CASE(the_line_is_raw_and_has_the_wanted_speed) {
    const pty line;
    const auto port = serial_port::open(line.path, 115200);
    BOOST_REQUIRE(port.has_value());
    const auto t = line.settings();
    BOOST_TEST((t.c_lflag & (ICANON | ECHO | ISIG)) == 0U);
    BOOST_TEST((t.c_oflag & OPOST) == 0U);
    BOOST_TEST((t.c_iflag & (ICRNL | IXON)) == 0U);
    BOOST_TEST((t.c_cflag & (CSIZE | CREAD | CLOCAL)) == tcflag_t{CS8 | CREAD | CLOCAL});
    struct { // termios2 of the kernel: the speed as a number
        tcflag_t modes[4];
        cc_t line, control[19];
        speed_t in, out;
    } speeds{};
    static_assert(sizeof speeds == 44);
    BOOST_REQUIRE_EQUAL(::ioctl(line.master.get(), _IOR('T', 0x2A, decltype(speeds)), &speeds), 0);
    BOOST_TEST(speeds.out == 115200U);
    BOOST_TEST(speeds.in == 115200U);
}

BOOST_AUTO_TEST_CASE(the_bootloader_request_is_seen_as_1200_baud) {
    const pty line;
    auto port = serial_port::open(line.path);
    BOOST_REQUIRE(port.has_value());
    auto t = line.settings();
    BOOST_TEST(::cfgetospeed(&t) != speed_t{B1200});
    BOOST_TEST(port->request_bootloader().has_value());
    t = line.settings();
    BOOST_TEST(::cfgetospeed(&t) == speed_t{B1200});
}

BOOST_AUTO_TEST_CASE(a_port_has_one_user) {
    const pty line;
    {
        const auto first = serial_port::open(line.path);
        BOOST_REQUIRE(first.has_value());
        const auto second = serial_port::open(line.path);
        BOOST_REQUIRE(!second);
        BOOST_TEST((second.error().code == errc::busy));
        int exclusive = 0;
        // TIOCGEXCL asks for what TIOCEXCL set; the second opener, though refused, must not have taken it away.
        const unique_fd slave(::open(line.path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        if (slave) { // root may open it all the same
            BOOST_REQUIRE_EQUAL(::ioctl(slave.get(), TIOCGEXCL, &exclusive), 0);
            BOOST_TEST(exclusive == 1);
        } else {
            BOOST_TEST(errno == EBUSY);
        }
    }
    const auto again = serial_port::open(line.path);
    BOOST_TEST(again.has_value());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_replaced_is_free_again) {
    const pty one, two;
    auto port = serial_port::open(one.path);
    BOOST_REQUIRE(port.has_value());
    *port = std::move(serial_port::open(two.path).value());
    BOOST_TEST(port->path() == two.path);
    BOOST_TEST(serial_port::open(one.path).has_value());
    BOOST_TEST(!serial_port::open(two.path).has_value());
    const unique_fd slave(::open(one.path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    BOOST_REQUIRE(static_cast<bool>(slave));
    int exclusive = 1;
    BOOST_REQUIRE_EQUAL(::ioctl(slave.get(), TIOCGEXCL, &exclusive), 0);
    BOOST_TEST(exclusive == 0);
}

BOOST_AUTO_TEST_CASE(a_silent_device_is_a_timeout_at_the_deadline) {
    const pty line;
    auto port = serial_port::open(line.path);
    BOOST_REQUIRE(port.has_value());
    std::array<std::uint8_t, 8> buffer{};
    BOOST_TEST((port->read_some(buffer, past).error().code == errc::timeout));
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
    BOOST_TEST((port->read_some(buffer, until).error().code == errc::timeout));
    BOOST_TEST((std::chrono::steady_clock::now() >= until));
}

BOOST_AUTO_TEST_CASE(old_input_can_be_thrown_away) {
    const pty line;
    auto port = serial_port::open(line.path);
    BOOST_REQUIRE(port.has_value());
    BOOST_REQUIRE_EQUAL(::write(line.master.get(), "old", 3), 3);
    port->discard_input();
    std::array<std::uint8_t, 8> buffer{};
    BOOST_TEST((port->read_some(buffer, past).error().code == errc::timeout));
}

BOOST_AUTO_TEST_CASE(a_device_that_leaves_is_a_lost_connection) {
    pty line;
    auto port = serial_port::open(line.path);
    BOOST_REQUIRE(port.has_value());
    line.master.reset();
    std::array<std::uint8_t, 8> buffer{};
    BOOST_TEST((port->read_some(buffer, soon()).error().code == errc::connection_lost));
    BOOST_TEST((port->write_all(buffer, soon()).error().code == errc::connection_lost));
    BOOST_TEST((port->request_bootloader().error().code == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(no_device_and_no_serial_device_are_told_apart) {
    const temporary_folder folder;
    BOOST_TEST((serial_port::open((folder / "none").string()).error().code == errc::not_found));
    std::ofstream(folder / "file") << "text";
    BOOST_TEST((serial_port::open((folder / "file").string()).error().code == errc::io));
}

BOOST_AUTO_TEST_CASE(a_write_that_is_made_to_fail_sends_nothing) {
    const pty line;
    auto port = serial_port::open(line.path);
    BOOST_REQUIRE(port.has_value());
    installed_effect_probe = [](effect_kind kind, std::string_view) -> kf::result<void> {
        if (kind == effect_kind::port) return kf::fail(errc::io, "made to fail");
        return {};
    };
    const auto written = port->write_all(every_byte(), soon());
    const auto asked = port->request_bootloader();
    const auto opened = serial_port::open(line.path);
    installed_effect_probe = nullptr;
    BOOST_TEST(!written.has_value());
    BOOST_TEST(!asked.has_value());
    BOOST_TEST((opened.error().code == errc::io));
    pollfd p{line.master.get(), POLLIN, 0};
    BOOST_TEST(::poll(&p, 1, 0) == 0);
    const auto t = line.settings();
    BOOST_TEST(::cfgetospeed(&t) != speed_t{B1200});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace serial_port_test
