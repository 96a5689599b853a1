// SPDX-License-Identifier: MIT
#include "ksim_commands.hpp"

#include <kf/io/json_fields.hpp>
#include <kf/io/unix_socket.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/simulator_proof.hpp>
#include <kf/sim/onlooker.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

namespace kf::ksim {
namespace {

io::time_point soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(5); }

cli::option_row socket_option() { return {"socket", "PATH", "Klipper's API socket of ksim printer"}; }

/// To a running ksim printer, never to a machine.
result<klippy::client<io::unix_socket>> meet_simulator(const cli::invocation& in) {
    const auto socket = in.get("socket");
    if (!socket) return kf::fail(errc::usage, fmt::format("ksim {} needs --socket", in.command));
    auto link = io::unix_socket::connect(*socket, soon());
    if (!link) {
        error e = std::move(link).error();
        e.command = *socket;
        e.steps = {"ksim printer --socket " + *socket};
        return kf::fail(std::move(e));
    }
    klippy::client k(*std::move(link));
    KF_CHECK(klippy::prove_simulator(k, soon()));
    return k;
}

result<boost::json::object> ask_machine(const cli::invocation& in, std::string_view method,
                                        const boost::json::object& words) {
    KF_TRY(auto k, meet_simulator(in));
    KF_TRY(const auto answer, k.call(method, words, soon()));
    return io::as_object(answer);
}

result<void> handle(cli::invocation& in, std::string_view method) {
    const std::string& name = in.operands[0];
    if (!sim::find_motor(name)) return kf::fail(errc::usage, fmt::format("there is no switch {}", name));
    KF_CHECK(ask_machine(in, method, {{"switch", name}}));
    return {};
}
result<void> press(cli::invocation& in) { return handle(in, sim::press_endpoint); }
result<void> release(cli::invocation& in) { return handle(in, sim::release_endpoint); }

result<void> look(cli::invocation& in) {
    KF_TRY(const auto seen, ask_machine(in, sim::look_endpoint, {}));
    for (const std::string& line : sim::look_lines(seen)) in.results.put(line + "\n");
    return {};
}

/// Once it has let go of everybody it starts anew.
result<void> restart(cli::invocation& in) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    {
        KF_TRY(auto k, meet_simulator(in));
        const auto told = k.call("gcode/restart", {}, until);
        if (!told && told.error().code != errc::connection_lost) return kf::fail(told.error());
        while (k.connected() && std::chrono::steady_clock::now() < until) (void)k.pump(until);
    }
    while (std::chrono::steady_clock::now() < until) {
        if (auto link = io::unix_socket::connect(*in.get("socket"), soon())) {
            klippy::client k(*std::move(link));
            const auto info = k.info(soon());
            if (info && info->state == klippy::printer_state::ready) return {};
            if (info && info->state == klippy::printer_state::error)
                return kf::fail(errc::failed, info->message.substr(0, info->message.find('\n')));
        }
        io::steady_clock{}.sleep_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
    }
    return kf::fail(errc::timeout, "the simulated Klipper did not come back");
}

} // namespace

cli::command_row restart_command() {
    return {"restart",
            "",
            0,
            0,
            "Restarts the Klipper of a running ksim printer: it reads its printer.cfg anew.",
            {socket_option()},
            {{"ksim restart --socket /tmp/klippy_uds", "after printer.cfg was changed"}},
            restart};
}

cli::command_row press_command() {
    return {"press",
            "SWITCH",
            1,
            1,
            "Presses a switch of a running ksim printer and holds it.",
            {socket_option()},
            {{"ksim press y --socket /tmp/klippy_uds", "when kcal bringup y asks for it"}},
            press};
}

cli::command_row release_command() {
    return {"release",
            "SWITCH",
            1,
            1,
            "Lets go of a switch of a running ksim printer.",
            {socket_option()},
            {{"ksim release y --socket /tmp/klippy_uds", "the carriage may press it still"}},
            release};
}

cli::command_row look_command() {
    return {"look",
            "",
            0,
            0,
            "Says what can be seen of the motors and switches of a running ksim printer.",
            {socket_option()},
            {{"ksim look --socket /tmp/klippy_uds", "what each motor did since the last look, and what holds it"}},
            look};
}

} // namespace kf::ksim
