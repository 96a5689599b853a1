// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "ksim_commands.hpp"

#include <kf/io/interrupt.hpp>
#include <kf/sim/ink_image.hpp>
#include <kf/sim/klippy_server.hpp>
#include <kf/sim/printer_cfg.hpp>
#include <kf/sim/wrong_machine.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kf::ksim {
namespace {

namespace fs = std::filesystem;

/// A word on standard input: what happens to the printer.
void obey(sim::klippy_process& k, const std::string& words) {
    if (words == "lose-mcu")
        k.set_mcu(sim::mcu_condition::absent);
    else if (words == "return-mcu")
        k.set_mcu(sim::mcu_condition::alive);
    else if (words == "kill-klippy")
        k.kill();
    else if (words == "start-klippy")
        k.start();
    else if (words == "fail-next-restart")
        k.fail_next_restart();
    else if (words.starts_with("mcu-shutdown "))
        k.mcu_reports_shutdown(words.substr(13));
    else if (words.starts_with("config-error"))
        k.set_config_error(words.substr(std::min<std::size_t>(13, words.size())));
    else if (words.starts_with("endstop-")) {
        const std::size_t blank = std::min(words.find(' '), words.size());
        if (const auto which = sim::find_motor(words.substr(8, blank - 8)))
            k.set_switch(*which, words.ends_with(" never")    ? std::optional(false)
                                 : words.ends_with(" always") ? std::optional(true)
                                                              : std::nullopt);
    }
}

/// False when the other end has closed.
template<class Obey>
bool read_words(std::string& partial, Obey&& obey_word) {
    pollfd p{STDIN_FILENO, POLLIN, 0};
    if (::poll(&p, 1, 0) <= 0) return true;
    // One piece a turn: the printer goes on and signals are looked at, however fast somebody writes.
    char buffer[4096];
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (n <= 0) return false;
    partial.append(buffer, static_cast<std::size_t>(n));
    for (std::size_t end; (end = partial.find('\n')) != std::string::npos; partial.erase(0, end + 1))
        obey_word(partial.substr(0, end));
    if (partial.size() > sizeof buffer) partial.clear(); // no word is that long
    return true;
}

/// The gantry of the simulation with what --config says over it, or instead of it.
result<sim::printer_config> configure(const std::vector<std::string>& files, sim::host_program program,
                                      const fs::path& gcodes) {
    sim::printer_config config;
    config.program = program;
    for (const auto& file : files) {
        KF_TRY(const std::string text, io::read_file(file));
        KF_CHECK(sim::read_printer_cfg(text, file, config));
    }
    // Not the folder that a printer.cfg names: that is the real printer's.
    config.gcodes = gcodes;
    return config;
}

/// The machine behind the socket: as it should be, or as --wrong says. It stays what it is, whatever a later
/// printer.cfg takes it for.
result<sim::wrong_machine> machine_of(const cli::invocation& in, const sim::printer_config& config) {
    sim::wrong_machine wrong;
    if (const auto file = in.get("wrong")) {
        KF_TRY(const std::string text, io::read_file(*file));
        KF_TRY(wrong, sim::read_wrong_machine(text, *file));
        if ((wrong.touch_mm || wrong.touch_below_mm) && (in.has("pen-down") || in.has("pen-below")))
            return kf::fail(errc::usage, fmt::format("{} says where the pen touches, and so does an option", *file));
    }
    if (!wrong.turn_x_mm) wrong.turn_x_mm = config.first_motor(0).rotation_distance;
    if (!wrong.turn_y_mm) wrong.turn_y_mm = config.first_motor(1).rotation_distance;
    if (!wrong.driver_pulses) wrong.driver_pulses = config.first_motor(0).steps_per_turn();
    return wrong;
}

/// Klipper reads its printer.cfg anew with each restart. What cannot be read then is its error.
void read_anew(sim::klippy_process& k, const std::vector<std::string>& files, const sim::wrong_machine& wrong,
               sim::touch touch) {
    k.set_reader([files, wrong, touch](sim::printer_config& config, sim::gantry& machine) {
        auto read = configure(files, config.program, config.gcodes);
        if (!read) {
            config.config_error = read.error().what;
            return;
        }
        read->carriage = config.carriage;
        config = *std::move(read);
        machine.count_anew(sim::mechanics_of(wrong, config, touch).scale);
    });
}

result<void> run_printer(cli::invocation& in) {
    const auto socket = in.get("socket");
    if (!socket) return kf::fail(errc::usage, "ksim printer needs --socket");
    KF_TRY(const double speed, cli::number_option(in, "speed", 10, 0.1, 1000));
    sim::touch touch;
    KF_TRY(touch.at, cli::number_option(in, "pen-down", touch.at, -1000, 1000));
    if (in.has("pen-below")) {
        if (in.has("pen-down"))
            return kf::fail(errc::usage, "--pen-down and --pen-below are two ways to say one thing");
        KF_TRY(touch.at, cli::number_option(in, "pen-below", 0, -1000, 1000));
        touch.towards = -1;
    }
    const auto ink = in.get("ink");
    if (ink && !ink->ends_with(".svg") && !ink->ends_with(".png"))
        return kf::fail(errc::usage, "--ink takes a name that ends in .svg or .png");
    std::vector<std::string> files;
    if (const auto found = in.options.find("config"); found != in.options.end())
        files.assign(found->second.begin(), found->second.end());
    const fs::path gcodes =
        fs::absolute(in.get("gcodes").value_or((fs::path(*socket).parent_path() / "gcodes").string()));
    KF_TRY(sim::printer_config config,
           configure(files, in.has("kalico") ? sim::host_program::kalico : sim::host_program::klipper, gcodes));
    for (std::size_t i = 0; i < 3; ++i) { // at power-up it stands somewhere on its rails; for bring-up in their middle
        double& at = sim::along(config.carriage, i);
        if (!config.is_cartesian) at = (config.axes[i].min + config.axes[i].max) / 2;
        at = std::clamp(at, config.axes[i].min, std::max(config.axes[i].min, config.axes[i].max));
    }
    KF_CHECK(io::make_directories(config.gcodes));
    std::vector<fs::path> scenarios;
    if (const auto found = in.options.find("state"); found != in.options.end())
        for (const auto& file : found->second) scenarios.emplace_back(file);

    const sim::paper paper{config.axes[0].max, config.axes[1].max};
    sim::klippy_server server(fs::absolute(*socket), config, std::move(scenarios), speed);
    KF_TRY(const sim::wrong_machine wrong, machine_of(in, config));
    sim::put_together(server.klippy().machine(), wrong, config, touch, ink ? sim::ink::kept : sim::ink::forgotten);
    if (!files.empty()) read_anew(server.klippy(), files, wrong, touch);
    io::interrupt::catch_signals();
    KF_CHECK(server.listen());
    const boost::json::object where{
        {"socket", fs::absolute(*socket).string()}, {"gcodes", config.gcodes.string()}, {"pid", ::getpid()}};
    in.results.put(boost::json::serialize(where) + "\n");

    std::string partial;
    bool has_input = in.has("until-eof") || in.has("stdin");
    std::size_t drawn = 0;
    auto next_picture = std::chrono::steady_clock::now();
    while (io::interrupt::pending() == 0) {
        KF_CHECK(server.serve(has_input ? 20 : 200));
        bool shows_ink = false;
        const auto obey_word = [&](const std::string& words) {
            if (words == "show-ink")
                shows_ink = true;
            else
                obey(server.klippy(), words);
        };
        if (has_input && !read_words(partial, obey_word)) {
            if (in.has("until-eof")) break;
            has_input = false;
        }
        // Somebody may look at the picture while the pen moves.
        const auto& lines = server.klippy().machine().trace.lines();
        if (ink && (shows_ink || (lines.size() != drawn && std::chrono::steady_clock::now() >= next_picture))) {
            KF_CHECK(sim::write_ink(*ink, lines, paper));
            drawn = lines.size();
            next_picture = std::chrono::steady_clock::now() + std::chrono::seconds(2);
        }
    }
    if (ink) KF_CHECK(sim::write_ink(*ink, server.klippy().machine().trace.lines(), paper));
    return {};
}

} // namespace

cli::command_row printer_command() {
    return {
        "printer",
        "",
        0,
        0,
        "Simulates Klipper with a pen gantry behind its API socket, until it is ended.",
        {{"socket", "PATH", "where Klipper's API socket appears"},
         {"speed", "N", "how much faster than real it runs (10)"},
         {"gcodes", "DIR", "its virtual_sdcard folder (gcodes beside the socket)"},
         {"ink", "FILE", "a picture of what the pen drew, .svg or .png"},
         {"pen-down", "MM", "the Z from which on the pen touches the paper (15)"},
         {"pen-below", "MM", "instead, where a low Z is down: the Z from which downwards it touches"},
         {"wrong", "FILE",
          "what is wrong with the machine: wires, switches, pulleys, racking, backlash, touch, stalls, scatter"},
         {"config", "FILE",
          "a printer.cfg: a whole one, as kcal printer-cfg writes it, or sections that go over its own"},
         {"kalico", "", "behave as Kalico where that differs: G28 ends a retract away from the endstop"},
         {"state", "FILE", "JSON objects that stand over its status objects; read again at each look"},
         {"stdin", "",
          "obey words on standard input: lose-mcu, return-mcu, mcu-shutdown TEXT, kill-klippy, start-klippy, "
          "fail-next-restart, config-error TEXT, endstop-x never|always|ok, show-ink"},
         {"until-eof", "", "as --stdin, and end when standard input ends"}},
        {{"ksim printer --socket /tmp/klippy_uds --ink /tmp/ink.svg", "a printer to draw on"},
         {"kplot machine macros --sim > macros.cfg && ksim printer --socket /tmp/klippy_uds --config macros.cfg",
          "with the macros that kplot likes to find"},
         {"kcal printer-cfg --serial ksim > printer.cfg && ksim printer --socket /tmp/klippy_uds --config printer.cfg",
          "the printer of a machine.yaml, to rehearse on"},
         {"kplot run drawing.svg --sim", "starts one by itself"}},
        run_printer};
}

} // namespace kf::ksim
