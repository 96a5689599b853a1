// SPDX-License-Identifier: MIT
#pragma once
/// HTTP, compiled once for all tools: what carries it has a hundred thousand lines.

#include <kf/moonraker/http.hpp>

namespace kf::net {

/// As http_exchange has it.
[[nodiscard]] result<moonraker::http_reply> ask_http(const moonraker::http_address& at,
                                                     const moonraker::http_request& request, io::time_point until);

/// For --selftest: a request and its reply, with a server of our own.
[[nodiscard]] result<void> check_http();

} // namespace kf::net
