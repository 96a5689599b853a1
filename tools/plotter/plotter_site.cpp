// SPDX-License-Identifier: MIT
#include "plotter_site.hpp"

#include "simulated_printer.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/output_file.hpp>
#include <kf/io/unix_socket.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/simulator_proof.hpp>

#include <fmt/format.h>

#include <stdlib.h>

namespace kf::plotting {
namespace {

result<chosen_machine> from_file(cli::invocation& in, const fs::path& file) {
    KF_TRY(auto read, machine::read_machine_file(file.string()));
    for (const auto& p : read.problems) in.out.detail(machine::to_text(p, file.string()));
    return chosen_machine{std::move(read.value), file.string()};
}

/// What is known to be wrong before anything is read or begun.
result<void> check_options(const cli::invocation& in) {
    KF_CHECK(number_option(in, "sim-speed", 10, 0.1, 1000));
    const auto ink = in.get("ink");
    if (!ink) return {};
    if (!in.has("sim") || in.has("socket")) // of a simulation of somebody else's he has the picture
        return kf::fail({errc::usage, "--ink needs --sim: only a simulated pen leaves a picture", {}, "--ink"});
    if (!ink->ends_with(".svg") && !ink->ends_with(".png"))
        return kf::fail({errc::usage, "--ink takes a name that ends in .svg or .png", {}, "--ink " + *ink});
    return io::output_file::check(*ink);
}

/// Starts a simulated printer in a folder of its own and waits until its socket answers.
result<void> start_simulator(cli::invocation& in, plotter_site& site) {
    std::string root = fmt::format("/tmp/{}-sim.XXXXXX", in.tool);
    if (::mkdtemp(root.data()) == nullptr) return kf::fail(io::system_error("cannot make a folder in /tmp"));
    site.socket = root + "/klippy.sock";
    site.machine.gcode_directory = root + "/gcodes";
    KF_CHECK(io::make_directories(site.machine.gcode_directory));
    KF_TRY(const double speed, number_option(in, "sim-speed", 10, 0.1, 1000));
    std::vector<std::string> words{"printer", "--until-eof",         "--socket", site.socket,
                                   "--speed", io::to_decimal(speed), "--gcodes", site.machine.gcode_directory};
    if (const auto ink = in.get("ink")) {
        words.emplace_back("--ink");
        words.push_back(fs::absolute(*ink).string());
    }
    std::string like;
    if (in.has("machine")) { // the machine of the simulation is ksim's own
        const std::string cfg = root + "/printer.cfg";
        KF_CHECK(io::write_file(cfg, simulated_printer_cfg(site.machine)));
        words.insert(words.end(), {"--config", cfg});
        for (auto& word : simulated_pen(site.machine)) words.push_back(std::move(word));
        like = fmt::format(" with the axes and the pen of {}", site.machine_name);
    }
    KF_TRY(auto started, cli::simulator::start(in, std::move(words)));
    site.simulator.emplace(std::move(started));
    in.out.step(phase::simulation, fmt::format("a simulated printer{}, {} times as fast", like, io::to_decimal(speed)));
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

const std::vector<cli::option_row>& site_options() {
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
    KF_CHECK(check_options(in));
    if (const auto file = in.get("machine")) return from_file(in, *file);
    if (in.has("sim")) {
        std::error_code ec;
        if (const auto own = default_machine_file(in); fs::exists(own, ec))
            in.out.note(fmt::format("--sim has a machine of its own; for yours add --machine {}", own.string()));
        return chosen_machine{machine::sim_machine(), "the simulated machine"};
    }
    return from_file(in, default_machine_file(in));
}

result<chosen_machine> any_machine(cli::invocation& in) {
    std::error_code ec;
    if (!in.has("machine") && !in.has("sim") && !fs::exists(default_machine_file(in), ec))
        return chosen_machine{machine::sim_machine(), "the machine of the template"};
    return open_machine(in);
}

void plotter_site::close() {
    if (!simulator) return;
    simulator.reset();
    std::error_code ec;
    fs::remove_all(fs::path(socket).parent_path(), ec);
}

result<plotter_site> open_site(cli::invocation& in) {
    KF_TRY(auto chosen, open_machine(in));
    return open_site(in, std::move(chosen));
}

result<plotter_site> open_site(cli::invocation& in, chosen_machine chosen) {
    KF_CHECK(check_options(in));
    plotter_site site{std::move(chosen.value), std::move(chosen.name), {}, in.paths.state / "kplot"};
    site.socket = in.get("socket").value_or(site.machine.connection.socket_path);
    site.simulated = in.has("sim");
    if (site.simulated && !in.has("socket")) {
        if (auto started = start_simulator(in, site); !started) {
            site.close();
            return kf::fail(std::move(started).error());
        }
        site.records = fs::path(site.socket).parent_path();
        return site;
    }
    if (site.simulated) KF_CHECK(prove_simulator(in, site.socket));
    return site;
}

} // namespace kf::plotting
