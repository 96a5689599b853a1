// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "host_klippy.hpp"
#include "host_world.hpp"
#include "ksim_commands.hpp"

#include <kf/io/interrupt.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/posix_process.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::ksim {
namespace {

struct plugged_board {
    io::piped_child child;
    std::string last_error = {};

    /// Passes on what it said. Never waits.
    void listen(cli::tool_sink& out) {
        while (const auto line = child.read_line(io::time_point::min())) {
            boost::system::error_code ec;
            const auto event = json::parse(*line, ec);
            if (ec || !event.is_object()) continue;
            const auto text = [&](const char* name) { return io::text_at(event.get_object(), name); };
            if (text("event") == "step") out.step(phase::simulation, text("text"));
            if (text("event") == "error") last_error = text("what");
        }
    }
};

/// Ends with whoever holds it: its boards, and its folder if nobody named one.
struct running_world {
    std::vector<plugged_board> boards = {};
    fs::path own_folder = {};

    running_world() = default;
    running_world(const running_world&) = delete;
    running_world& operator=(const running_world&) = delete;
    ~running_world() {
        for (auto& b : boards) b.child.end();
        std::error_code ec;
        if (!own_folder.empty()) fs::remove_all(own_folder, ec);
    }
};

/// `left`: nobody waits for this world any more.
result<void> plug_in(const world& w, const std::vector<std::string>& faults, running_world& running, json::array& told,
                     cli::tool_sink& out, const std::function<bool()>& left) {
    for (const auto& b : w.boards) {
        io::command c{{w.self, "board", "--by-id", w.by_id.string(), "--mcu", b.mcu, "--serial", b.serial, "--flash",
                       w.flash_file(b).string(), "--app-start", fmt::format("0x{:x}", b.app_start), "--speed",
                       fmt::format("{}", w.speed), "--port", b.port, "--sysfs", w.sysfs().string()}};
        for (const auto& [name, value] : b.more) c.argv.push_back(fmt::format("--{}={}", name, value));
        for (const auto& f : faults)
            if (f.starts_with(b.key + ":")) {
                c.argv.emplace_back("--fault");
                c.argv.push_back(f.substr(b.key.size() + 1));
            }
        json::array argv;
        for (const auto& word : c.argv) argv.emplace_back(word);
        c.argv.emplace_back("--json"); // we pass on what it says
        KF_TRY(auto child, io::piped_child::start(c));
        told.push_back(json::object{{"key", b.key}, {"port", b.port}, {"pid", child.pid()}, {"argv", std::move(argv)}});
        running.boards.push_back({std::move(child)});
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60); // a busy machine is no fault
    const io::steady_clock clock;
    for (std::size_t i = 0; i < w.boards.size(); ++i)
        while (!fs::exists(sim::usb_socket{w.by_id, w.sysfs(), w.boards[i].port}.by_path())) {
            const auto& b = w.boards[i];
            KF_CHECK(io::interrupt::check());
            if (left()) return kf::fail(errc::interrupted, "nobody waits for the simulation any more");
            auto& plugged = running.boards[i];
            const bool ended = plugged.child.wait(clock.now()).has_value();
            plugged.listen(out);
            if (ended)
                return kf::fail(error{errc::failed,
                                      fmt::format("the simulated board {} ended before it was there", b.key),
                                      plugged.last_error,
                                      {},
                                      {}});
            if (clock.now() >= until)
                return kf::fail(errc::timeout, fmt::format("the simulated board {} did not come up", b.key));
            clock.sleep_until(clock.now() + std::chrono::milliseconds(5));
        }
    return {};
}

bool input_ended() {
    pollfd p{STDIN_FILENO, POLLIN, 0};
    if (::poll(&p, 1, 0) <= 0) return false;
    char buffer[64];
    return ::read(STDIN_FILENO, buffer, sizeof buffer) <= 0;
}

/// `told_where`: where everything is stands on standard output.
result<void> simulate(cli::invocation& in, bool& told_where) {
    world w;
    w.self = in.self;
    KF_TRY(w.speed, cli::number_option(in, "speed", w.speed, 0.1, 1000));
    running_world running;
    if (!in.has("root")) {
        std::string name = "/tmp/kf-sim.XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) return kf::fail(io::system_error("cannot make a folder in /tmp"));
        w.root = running.own_folder = name;
    } else {
        w.root = fs::absolute(*in.get("root"));
        KF_CHECK(io::make_directories(w.root));
    }
    w.home = w.root / "home";
    w.by_id = w.root / "by-id";
    w.proc = w.root / "proc";
    w.klipper = w.root / "klipper";
    w.katapult = in.get("katapult-dir").value_or((w.root / "katapult").string());
    w.socket = w.root / "klippy.sock";
    w.state = w.root / "systemd.json";
    w.scenario = w.root / "printer.json";
    w.mcus = w.root / "mcus.json";
    w.gcodes = w.root / "gcodes";

    w.boards = {octopus(), pico()};
    if (in.has("spare")) w.boards.push_back(spare());
    if (const auto found = in.options.find("board"); found != in.options.end())
        for (const auto& word : found->second) {
            KF_TRY(auto more, board_of(word, w.boards.size()));
            for (const auto& b : w.boards)
                if (b.key == more.key || b.port == more.port)
                    return kf::fail(errc::usage,
                                    fmt::format("two boards have the key {} or the port {}", more.key, more.port));
            w.boards.push_back(std::move(more));
        }

    io::interrupt::catch_signals();
    KF_CHECK(furnish(w));
    std::vector<std::string> faults;
    if (const auto found = in.options.find("fault"); found != in.options.end()) faults = found->second;
    json::array told;
    KF_CHECK(plug_in(w, faults, running, told, in.out, [&] { return in.has("until-eof") && input_ended(); }));
    sim::simulated_services services(w.state);
    std::vector<fs::path> held; // klippy keeps its boards; by their places, which no flash changes
    for (const auto& b : w.boards)
        if (b.registered) held.push_back(sim::usb_socket{w.by_id, w.sysfs(), b.port}.by_path());
    KF_CHECK(services.create(w.proc, held, klipper_unit,
                             {"/usr/bin/python3", (w.klipper / "klippy/klippy.py").string(),
                              (w.root / "printer.cfg").string(), "-a", w.socket.string()}));
    klippy_life klippy(w, services);
    const auto ready_by = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    do {
        KF_CHECK(klippy.step());
    } while (klippy.is_starting() && std::chrono::steady_clock::now() < ready_by);

    const json::object where{{"root", w.root.string()},
                             {"home", w.home.string()},
                             {"by_id", w.by_id.string()},
                             {"proc", w.proc.string()},
                             {"sysfs", w.sysfs().string()},
                             {"socket", w.socket.string()},
                             {"gcodes", w.gcodes.string()},
                             {"scenario", w.scenario.string()},
                             {"systemctl", json::array{w.self, "systemctl", "--state", w.state.string()}},
                             {"state", w.state.string()},
                             {"right", !in.has("no-right")},
                             {"klipper_dir", w.klipper.string()},
                             {"boards", std::move(told)},
                             {"pid", ::getpid()}};
    KF_CHECK(io::write_file(w.root / "sim.json", json::serialize(where)));
    in.results.put(json::serialize(where) + "\n");
    told_where = true;

    std::optional<std::chrono::steady_clock::time_point> leave_by;
    while (io::interrupt::pending() == 0) {
        KF_CHECK(klippy.step());
        for (auto& b : running.boards) b.listen(in.out);
        if (in.has("until-eof") && !leave_by && input_ended())
            leave_by = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        // A killed tool's guardian may still have to start the service in this world.
        if (leave_by &&
            (services.pid_of(klipper_unit).value_or(1) != 0 || std::chrono::steady_clock::now() >= *leave_by))
            break;
    }
    return {};
}

result<void> run_host(cli::invocation& in) {
    bool told_where = false;
    auto done = simulate(in, told_where);
    // Whoever waits for the line is told why it does not come; with --json the sink does that.
    if (!done && !told_where && !in.json) in.results.put(json::serialize(to_json(done.error())) + "\n");
    return done;
}

} // namespace

cli::command_row host_command() {
    return {"host",
            "",
            0,
            0,
            "Simulates a printer's host with two boards, until it is ended.",
            {{"root", "DIR", "where its world is built (a folder in /tmp)"},
             {"speed", "N", "how much faster than real it runs (10)"},
             {"spare", "", "a third board, which is not registered, to try kflash add on"},
             {"board", "KEY:WORDS", "one more board: mcu=M,serial=S,port=1-1.4,new and other options of ksim board"},
             {"fault", "BOARD:WORD", "give a board a fault, see ksim board"},
             {"no-right", "", "the person may not manage the services: a Moonraker has to"},
             {"katapult-dir", "DIR", "a real Katapult tree for katapult_script"},
             {"until-eof", "", "end when standard input ends"}},
            {{"ksim host --root /tmp/printer", "prints as JSON where everything is"},
             {"kflash flash octopus --sim", "starts one by itself"}},
            run_host};
}

} // namespace kf::ksim
