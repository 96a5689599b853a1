// SPDX-License-Identifier: MIT
#include "selftest.hpp"

#include <kf/firmware/image.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/unix_socket.hpp>
#include <kf/version.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace kf::cli {
namespace {

result<void> expect(bool holds, const std::string& what) {
    if (holds) return {};
    return kf::fail(errc::failed, what);
}

result<void> json() {
    try {
        const auto value = boost::json::parse(R"({"z":[0.1,-2,true,null,"\u00e9"],"n":18446744073709551615})");
        const std::string text = boost::json::serialize(value);
        return expect(text == R"({"z":[1E-1,-2,true,null,"é"],"n":18446744073709551615})", "it became " + text);
    } catch (const std::exception& e) {
        return kf::fail(errc::failed, e.what());
    }
}

result<void> broken_json() {
    try {
        (void)boost::json::parse("{\"a\":");
    } catch (const std::exception&) {
        return {};
    }
    return kf::fail(errc::failed, "half an object was taken for a whole one");
}

/// The unwinder is ours: it has to work in threads, all at once.
result<void> exceptions_across_threads() {
    std::atomic<int> caught = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&caught] {
            for (int i = 0; i < 1000; ++i) {
                try {
                    throw std::runtime_error(std::to_string(i));
                } catch (const std::exception& e) {
                    if (e.what() == std::to_string(i)) ++caught;
                }
            }
        });
    for (auto& t : threads) t.join();
    return expect(caught == 8000, fmt::format("{} of 8000 were caught", caught.load()));
}

/// musl gives a thread 128 KiB unless told otherwise; 100 KiB of locals must fit.
void* use_stack(void* done) {
    constexpr std::size_t size = 100 * 1024;
    volatile char room[size];
    for (std::size_t i = 0; i < size; i += 512) room[i] = 1;
    *static_cast<bool*>(done) = room[0] == 1;
    return nullptr;
}

result<void> thread_stack() {
    pthread_t thread{};
    bool done = false;
    if (::pthread_create(&thread, nullptr, use_stack, &done) != 0) return kf::fail(errc::failed, "no thread");
    ::pthread_join(thread, nullptr);
    return expect(done, "the thread did not come to its end");
}

/// Our own client against a listener of the system, through a name in the file system.
result<void> unix_socket() {
    std::string folder = (std::filesystem::temp_directory_path() / "kf-selftest.XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return kf::fail(errc::failed, "no temporary folder");
    struct sweep {
        std::string folder;
        ~sweep() {
            std::error_code ec;
            std::filesystem::remove_all(folder, ec);
        }
    } clean{folder};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder + "/s";
    if (path.size() >= sizeof address.sun_path) return kf::fail(errc::failed, "TMPDIR is too long for a socket");
    path.copy(address.sun_path, path.size());
    const io::unique_fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!listener || ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 1) != 0)
        return kf::fail(errc::failed, "no listener");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    KF_TRY(auto client, io::unix_socket::connect(path, until));
    const io::unique_fd peer(::accept(listener.get(), nullptr, nullptr));
    const std::array<std::uint8_t, 4> sent{'p', 'i', 'n', 'g'};
    KF_CHECK(client.write_all(sent, until));
    std::array<char, 4> seen{};
    const bool whole = ::recv(peer.get(), seen.data(), seen.size(), MSG_WAITALL) == 4;
    if (!whole || std::string(seen.data(), 4) != "ping" || ::send(peer.get(), "pong", 4, MSG_NOSIGNAL) != 4)
        return kf::fail(errc::failed, "four bytes did not arrive");
    std::string answer;
    while (answer.size() < 4) {
        std::array<std::uint8_t, 4> some{};
        KF_TRY(const std::size_t n, client.read_some(some, until));
        if (n == 0) break;
        answer.append(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
    }
    return expect(answer == "pong", "the answer was \"" + answer + "\"");
}

result<void> sha256() {
    const std::array<std::uint8_t, 3> abc{'a', 'b', 'c'};
    const auto text = firmware::sha256_hex(abc);
    return expect(text == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", text);
}

result<void> inflate() {
    // zlib.compress(b"a" * 20) of Python
    const std::array<std::uint8_t, 11> packed{0x78, 0x9c, 0x4b, 0x4c, 0xc4, 0x04, 0x00, 0x4f, 0xa6, 0x07, 0x95};
    std::array<unsigned char, 20> text{};
    uLongf size = text.size();
    const int status = ::uncompress(text.data(), &size, packed.data(), packed.size());
    return expect(status == Z_OK && size == 20 && text[19] == 'a', fmt::format("status {}, {} bytes", status, size));
}

result<void> numbers() {
    const auto value = io::parse_decimal("-1234.5625");
    if (!value || *value != -1234.5625) return kf::fail(errc::failed, "-1234.5625 is not read back");
    const auto text = fmt::format("{} {:.4f} {}", 0.1, 2.0 / 3, std::numeric_limits<double>::max());
    return expect(text == "0.1 0.6667 1.7976931348623157e+308", text);
}

const std::vector<check_row>& common_checks() {
    static const std::vector<check_row> checks{{"json", json},
                                               {"broken JSON", broken_json},
                                               {"exceptions across threads", exceptions_across_threads},
                                               {"stack of a thread", thread_stack},
                                               {"unix socket", unix_socket},
                                               {"sha256", sha256},
                                               {"zlib", inflate},
                                               {"numbers", numbers}};
    return checks;
}

} // namespace

int selftest(const tool_row& tool) {
    std::size_t good = 0, bad = 0;
    const auto run = [&](const check_row& check) {
        const auto done = check.run();
        ++(done ? good : bad);
        if (done)
            std::printf("ok      %s\n", check.name);
        else
            std::printf("FAILED  %s: %s\n", check.name, done.error().what.c_str());
    };
    for (const auto& check : common_checks()) run(check);
    for (const auto& check : tool.checks) run(check);
    // Said rather than left out: nobody shall take these for tested.
    for (const auto& [name, lacks] : {std::pair{"http", "speaks no HTTP"}, {"terminfo", "does not link ncurses"}})
        if (std::ranges::none_of(tool.checks, [&](const auto& row) { return std::string_view(row.name) == name; }))
            std::printf("absent  %s: %s %s\n", name, tool.name, lacks);
    std::printf("%s %s: %zu ok, %zu failed\n", tool.name, KF_VERSION_STRING, good, bad);
    return bad == 0 ? 0 : 1;
}

} // namespace kf::cli
