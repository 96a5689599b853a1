// SPDX-License-Identifier: MIT
#pragma once
/// The one read loop of the suite: bytes from a transport go into a sans-I/O decoder until it has a message.
///
/// A decoder has feed(byte_view) and next() -> std::optional<Message>; it keeps what is not complete.

#include <kf/io/transport.hpp>

#include <array>
#include <optional>
#include <utility>

namespace kf::io {

template<class D>
concept decoder = requires(D& d, byte_view in) {
    d.feed(in);
    { static_cast<bool>(d.next()) };
    *d.next();
};

/// The next message, or errc::timeout at `until`, errc::connection_lost.
template<decoder D, transport T>
[[nodiscard]] auto receive(T& t, D& d, time_point until) -> result<std::remove_cvref_t<decltype(*d.next())>> {
    std::array<std::uint8_t, 4096> buffer;
    for (;;) {
        if (auto message = d.next()) return std::move(*message);
        KF_TRY(const std::size_t n, t.read_some(buffer, until));
        d.feed(byte_view(buffer.data(), n));
    }
}

/// Sends one whole request and waits for the next message.
template<decoder D, transport T>
[[nodiscard]] auto exchange(T& t, D& d, byte_view request, time_point until)
    -> result<std::remove_cvref_t<decltype(*d.next())>> {
    KF_CHECK(t.write_all(request, until));
    return receive(t, d, until);
}

} // namespace kf::io
