// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "../plotter/plotter.hpp"
#include "../tui/script_screen.hpp"
#include "../tui/terminal_screen.hpp"
#include "console_loop.hpp"
#include "kjog_commands.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/run/job_check.hpp>
#include <kf/run/whole_job.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

namespace kf::kjog {

using namespace plotting;

namespace {

using step_job_ptr = std::shared_ptr<const jog::step_job>;

/// A job as kplot import writes it, held against the machine to its last operation.
result<step_job_ptr> read_step_job(const std::string& file, const machine::machine& m) {
    KF_TRY(const std::string text, io::read_file(file));
    KF_TRY(auto spool, run::job_spool::make(fs::temp_directory_path(), file));
    KF_CHECK(spool.write(text));
    const run::whole_job job(std::move(spool));
    KF_TRY(const auto summary, run::check_job(job.strokes(), m, {}));
    (void)summary;
    return jog::step_job_of(job.strokes(), fs::path(file).filename().string(), m);
}

/// Where `O` writes the canvas: nowhere for the machine that the simulation has by itself.
fs::path file_of(const cli::invocation& in, const plotter_site& site) {
    return site.simulated && !in.has("machine") ? fs::path() : fs::path(site.machine_name);
}

/// What a conversation stands on, besides its screen.
struct console_parts {
    jog::console_thread& core;
    const plotter_site& site;
    step_job_ptr job;
    std::unique_ptr<gamepad_thread> pad;
};

template<tui::screen Screen>
ending converse(Screen& screen, const console_parts& parts) {
    const plotter_site& site = parts.site;
    const std::string aside = site.simulated ? "SIMULATED" : fs::path(site.machine_name).filename().string();
    auto setup = jog::page_setup_of(site.machine, aside);
    setup.job = parts.job;
    console_loop loop(screen, parts.core, jog::jog_page(std::move(setup)),
                      std::chrono::milliseconds(site.machine.interactive.position_poll_interval_ms.value_or(100)),
                      parts.pad.get());
    return loop();
}

result<void> on_terminal(cli::invocation& in, const console_parts& parts) {
    auto how = ending::asked;
    {
        KF_TRY(auto screen,
               tui::terminal_screen::open(tui::look_by_environment(in.has("plain"), in.coloured, in.unicode)));
        how = converse(screen, parts);
    }
    if (how == ending::signal) return io::interrupt::check();
    if (how == ending::terminal_lost) return kf::fail(errc::interrupted, "the terminal is gone");
    return {};
}

result<std::vector<tui::script_step>> read_script(const std::string& file) {
    KF_TRY(const std::string text, io::read_file(file));
    auto steps = tui::read_key_script(text);
    if (steps) return steps;
    error e = std::move(steps).error();
    e.command = file;
    return kf::fail(std::move(e));
}

result<void> by_script(cli::invocation& in, std::vector<tui::script_step> steps, const console_parts& parts) {
    io::interrupt::catch_signals();
    tui::script_screen screen(std::move(steps), {80, 24}, [&](const std::string& frame) { in.results.put(frame); });
    (void)converse(screen, parts);
    if (screen.failure().empty()) return io::interrupt::check();
    in.results.put(screen.last_frame());
    return kf::fail({errc::failed, screen.failure(), "the last page is on standard output", *in.get("script")});
}

result<void> open_console(cli::invocation& in) {
    KF_TRY(const double speed, number_option(in, "speed", 20, 0.1, 1000));
    const auto script = in.get("script");
    if (script && !in.has("sim"))
        return kf::fail({errc::usage, "--script moves a simulated printer only: add --sim", {}, "--script " + *script});
    if (!script && ::isatty(STDIN_FILENO) == 0)
        return kf::fail({errc::needs_person,
                         "kjog needs a terminal with a person at it",
                         {},
                         {},
                         {"kjog --sim --script FILE takes keys from a file"}});
    std::vector<tui::script_step> steps;
    if (script) {
        KF_TRY(steps, read_script(*script));
    }
    std::optional<pad_device> pad;
    if (const auto device = in.get("gamepad")) {
        // Of a simulated machine a recording may move it, too.
        using kind = io::input_device::kind;
        KF_TRY(pad, pad_device::open(*device, in.has("sim") ? kind::or_named_pipe : kind::device_only));
    }
    KF_TRY(auto chosen, open_machine(in));
    step_job_ptr job;
    if (const auto file = in.get("job")) {
        KF_TRY(job, read_step_job(*file, chosen.value));
    }
    return with_site(open_site(in, std::move(chosen)), [&](const plotter_site& site) -> result<void> {
        KF_CHECK(io::make_directories(site.records));
        KF_TRY(auto held, hold_printer(in, site, holding::others));
        KF_TRY(const auto core,
               jog::console_thread::start(
                   {.machine = site.machine,
                    .socket = site.socket,
                    .held = std::move(held),
                    .setup = {.machine_file = file_of(in, site), .who = touch_off_by(site), .speed = speed}}));
        console_parts parts{*core, site, job, {}};
        if (pad) {
            KF_TRY(parts.pad, gamepad_thread::start(*std::move(pad), [&core] { (void)core->stop(); }));
        }
        auto ended = script ? by_script(in, std::move(steps), parts) : on_terminal(in, parts);
        // Its stop is heard as long as something moves by itself; each of those has a deadline of its own.
        while (parts.pad && core->is_at_work()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return ended;
    });
}

} // namespace

cli::command_row console_command() {
    return {"console",
            "",
            0,
            0,
            "Opens the console; kjog alone on a terminal does the same.",
            {{"plain", "", "lines instead of a screen, for a reader that speaks them"},
             {"speed", "MM_S", "how fast a held key moves (20)"},
             {"job", "FILE", "draws a job stroke by stroke: Space, B back, S skip, R repeat"},
             {"gamepad", "DEVICE", "a gamepad beside the keys: /dev/input/by-id/...-event-joystick"},
             {"script", "FILE", "keys from a file and frames to standard output; needs --sim"}},
            {{"kjog", "the machine of machine.yaml"},
             {"kjog --sim", "a simulated one, to try the keys"},
             {"kjog --job drawing.job", "one stroke at a time, with a map"},
             {"kjog --gamepad /dev/input/by-id/usb-Pad-event-joystick", "with a pad in the hand"},
             {"kjog --plain --speed 5", "slowly, for a screen reader"}},
            open_console};
}

} // namespace kf::kjog
