// SPDX-License-Identifier: MIT
#pragma once
/// The transport policy: a stream of bytes with deadlines. Models: unix_socket, serial_port, and in-memory ones in
/// tests.
///
/// | expression               | meaning                                | guarantees                              |
/// | ------------------------ | -------------------------------------- | --------------------------------------- |
/// | t.read_some(span, until) | up to span.size() bytes; their count   | >= 1; errc::timeout at `until`,         |
/// |                          |                                        | errc::connection_lost: the peer is gone |
/// | t.write_all(view, until) | all bytes, as one write where possible | errc::timeout, errc::connection_lost    |
///
/// A frame is handed to write_all whole: half a frame wedges a Katapult bootloader.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

namespace kf::io {

using bytes = std::vector<std::uint8_t>;
using byte_view = std::span<const std::uint8_t>;

template<class T>
concept transport = requires(T& t, std::span<std::uint8_t> in, byte_view out, time_point until) {
    { t.read_some(in, until) } -> std::same_as<result<std::size_t>>;
    { t.write_all(out, until) } -> std::same_as<result<void>>;
};

} // namespace kf::io
