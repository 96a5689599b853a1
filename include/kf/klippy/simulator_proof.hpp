// SPDX-License-Identifier: MIT
#pragma once
/// Is the other end a simulated printer? --sim loosens guards, so it has to be proven: ksim answers a challenge that
/// Klipper has no word for. What does not answer it is taken for a machine.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/klippy/client.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

namespace kf::klippy {

inline constexpr std::string_view simulator_endpoint = "ksim/prove";

/// What ksim answers to `challenge`.
[[nodiscard]] inline std::string simulator_answer(std::string_view challenge) {
    return "ksim " + std::string(challenge.rbegin(), challenge.rend());
}

/// errc::refused when the other end is no ksim.
template<class Client>
[[nodiscard]] result<void> prove_simulator(Client& k, io::time_point until) {
    const std::string challenge = fmt::format("{:x}", std::chrono::steady_clock::now().time_since_epoch().count());
    const auto answer = k.call(simulator_endpoint, {{"challenge", challenge}}, until);
    if (!answer && answer.error().code == errc::connection_lost) return kf::fail(answer.error());
    if (answer && io::text_at(io::as_object(*answer), "answer") == simulator_answer(challenge)) return {};
    return kf::fail(
        {errc::refused,
         "this is no simulated printer",
         "with --sim the guards of a machine are off, so only a running ksim is taken",
         std::string(simulator_endpoint),
         {"Leave --sim out to work on the machine.", "ksim printer --socket PATH  (starts a simulated one)"}});
}

} // namespace kf::klippy
