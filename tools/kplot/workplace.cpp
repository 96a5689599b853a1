// SPDX-License-Identifier: MIT
#include "workplace.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/unix_socket.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/simulator.hpp>

#include <fmt/format.h>

#include <stdlib.h>

namespace kf::kplot {
namespace {

/// ksim lies beside us, in the build tree as in /usr/bin.
std::string ksim_program(const cli::invocation& in) {
    const auto beside = fs::path(in.self).parent_path() / "ksim";
    std::error_code ec;
    return fs::exists(beside, ec) ? beside.string() : "ksim";
}

result<chosen_machine> from_file(cli::invocation& in, const fs::path& file) {
    KF_TRY(auto read, machine::read_machine_file(file.string()));
    for (const auto& p : read.problems) in.out.detail(machine::to_text(p, file.string()));
    return chosen_machine{std::move(read.value), file.string()};
}

/// Starts a simulated printer in a folder of its own and waits until its socket answers.
result<void> start_simulator(cli::invocation& in, workplace& w) {
    std::string root = "/tmp/kplot-sim.XXXXXX";
    if (::mkdtemp(root.data()) == nullptr) return kf::fail(io::system_error("cannot make a folder in /tmp"));
    w.socket = root + "/klippy.sock";
    w.machine.gcode_directory = root + "/gcodes";
    KF_CHECK(io::make_directories(w.machine.gcode_directory));
    KF_TRY(const double speed, number_option(in, "sim-speed", 10, 0.1, 1000));
    io::command c{{ksim_program(in), "printer", "--until-eof", "--socket", w.socket, "--speed", io::to_decimal(speed),
                   "--gcodes", w.machine.gcode_directory}};
    if (const auto ink = in.get("ink")) {
        if (!ink->ends_with(".svg") && !ink->ends_with(".png"))
            return kf::fail({errc::usage, "--ink takes a name that ends in .svg or .png", {}, "--ink " + *ink});
        c.argv.emplace_back("--ink");
        c.argv.push_back(fs::absolute(*ink).string());
    }
    KF_TRY(auto child, io::piped_child::start(c));
    if (const auto line = child.read_line(std::chrono::steady_clock::now() + std::chrono::seconds(30)); !line)
        return kf::fail({errc::failed, "the simulated printer did not start", line.error().what, io::to_string(c)});
    w.simulator.emplace(std::move(child));
    in.out.step(phase::simulation, fmt::format("a simulated printer, {} times as fast", io::to_decimal(speed)));
    return {};
}

/// What --sim and --socket name has to prove that it is no machine. Klipper's recovery begins with a socket that may
/// not be there yet: then it is waited for.
result<void> prove_simulator(const cli::invocation& in, const std::string& socket) {
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto patience = now() + std::chrono::seconds(in.command == "recover" ? 30 : 0);
    for (;;) {
        auto link = io::unix_socket::connect(socket, now() + std::chrono::seconds(5));
        if (link) {
            klippy::client k(*std::move(link));
            auto proven = klippy::prove_simulator(k, now() + std::chrono::seconds(5));
            if (proven || proven.error().code != errc::connection_lost || now() >= patience) return proven;
        } else if (now() >= patience) {
            error e = std::move(link).error();
            if (e.code == errc::not_found || e.code == errc::not_connected) e.what = "there is no ksim: " + e.what;
            e.command = socket;
            e.steps = {"ksim printer --socket " + socket};
            return kf::fail(std::move(e));
        }
        io::steady_clock{}.sleep_until(now() + std::chrono::milliseconds(100));
    }
}

} // namespace

const std::vector<cli::option_row>& workplace_options() {
    static const std::vector<cli::option_row> options{
        {"machine", "FILE", "the machine (kplot/machine.yaml in the configuration folder)"},
        {"socket", "PATH", "Klipper's API socket (connection.socket_path of the machine)"},
        {"sim", "", "work on a simulated printer, no hardware; with --socket on a running ksim"},
        {"sim-speed", "N", "how much faster than real the simulation runs (10)"},
    };
    return options;
}

fs::path default_machine_file(const cli::invocation& in) { return in.paths.config / "kplot/machine.yaml"; }

result<chosen_machine> open_machine(cli::invocation& in) {
    if (const auto file = in.get("machine")) return from_file(in, *file);
    if (in.has("sim")) return chosen_machine{machine::sim_machine(), "the simulated machine"};
    return from_file(in, default_machine_file(in));
}

result<chosen_machine> any_machine(cli::invocation& in) {
    std::error_code ec;
    if (!in.has("machine") && !in.has("sim") && !fs::exists(default_machine_file(in), ec))
        return chosen_machine{machine::sim_machine(), "the machine of the template"};
    return open_machine(in);
}

void workplace::close() {
    if (!simulator) return;
    simulator->close_input();
    if (!simulator->wait(std::chrono::steady_clock::now() + std::chrono::seconds(20))) simulator->end();
    simulator.reset();
    std::error_code ec;
    fs::remove_all(fs::path(socket).parent_path(), ec);
}

result<workplace> open_workplace(cli::invocation& in) {
    KF_TRY(auto chosen, open_machine(in));
    return open_workplace(in, std::move(chosen));
}

result<workplace> open_workplace(cli::invocation& in, chosen_machine chosen) {
    workplace w{std::move(chosen.value), std::move(chosen.name), {}, in.paths.state / "kplot"};
    w.socket = in.get("socket").value_or(w.machine.connection.socket_path);
    w.simulated = in.has("sim");
    if (w.simulated && !in.has("socket")) {
        if (auto started = start_simulator(in, w); !started) {
            w.close();
            return kf::fail(std::move(started).error());
        }
        w.records = fs::path(w.socket).parent_path();
        return w;
    }
    if (w.simulated) KF_CHECK(prove_simulator(in, w.socket));
    if (in.has("ink"))
        return kf::fail({errc::usage, "--ink needs --sim: only a simulated pen leaves a picture", {}, "--ink"});
    return w;
}

} // namespace kf::kplot
