// SPDX-License-Identifier: MIT
#pragma once
/// Connections to the API socket of a Klipper, one for each call: what a session, and an emergency stop, are made over.

#include <kf/io/unix_socket.hpp>
#include <kf/klippy/session.hpp>

#include <string>

namespace kf::klippy {

struct socket_connector {
    std::string path;
    [[nodiscard]] result<io::unix_socket> operator()(io::time_point until) const {
        return io::unix_socket::connect(path, until);
    }
};
static_assert(connector<socket_connector>);

} // namespace kf::klippy
