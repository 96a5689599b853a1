// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "board_fields.hpp"
#include "commands.hpp"
#include "owed.hpp"
#include "prepare.hpp"

#include <kf/flash/ledger.hpp>
#include <kf/flash/run.hpp>
#include <kf/host/guard_unit.hpp>
#include <kf/host/klippy_survey.hpp>
#include <kf/host/print_guard.hpp>
#include <kf/host/ready.hpp>
#include <kf/host/right.hpp>
#include <kf/host/service.hpp>
#include <kf/io/serial_port.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pwd.h>
#include <unistd.h>

namespace kf::kflash {
namespace {

using manager_type = host::systemd<runner_type>;
using lease_type = host::service_lease<manager_type, io::steady_clock>;

result<board::target> find_target(cli::invocation& in, const bench& b, const board::board& board) {
    KF_TRY(const auto seen, board::scan(b.at.devices));
    for (const auto& s : seen.skipped) in.out.detail(fmt::format("{}: {}", s.file_name, s.why));
    return board::match(b.registry, board, seen.devices);
}

/// A klippy has to do with the board when one of its MCUs is on the board's port, or under a name of the board, or when
/// it does not say on which ports its MCUs are.
bool concerns(const host::printer_activity& a, const board::board& board, const board::device& device) {
    if (a.serials.empty()) return true;
    for (const auto& serial : a.serials) {
        std::error_code ec;
        if (fs::canonical(serial, ec) == device.resolved && !ec) return true;
        const std::string name = fs::path(serial).filename().string();
        if (board::same_board(board::parse_usb_name(name), device.usb)) return true;
        for (const auto* known : {&device.place, &board.as_klipper.name, &board.as_katapult.name})
            if (!known->empty() && name == *known) return true;
        if (board::pattern_matches(board.serial_pattern, name)) return true;
    }
    return false;
}

/// `hold_as`: as in host::guard_options.
result<host::idle_proof> guard_printer(const cli::invocation& in, const bench& b, manager_type& manager,
                                       const board::target& target, const std::string& hold_as = {}) {
    KF_TRY(const auto units, manager.klippy_units());
    KF_TRY(const auto instances, host::survey_klippys(b.at.proc, units));
    host::guard_options options;
    options.assume_idle = in.has("assume-idle");
    options.hold_as = hold_as;
    options.concerns = [&](const host::printer_activity& a) { return concerns(a, target.board(), target.device()); };
    return host::check_idle(instances, options);
}

/// What has to be stopped: the units of the klippys that have to do with the board, as far as they are up.
struct to_stop {
    struct klippy {
        std::string unit;
        bool was_ready = false;
    };
    std::vector<klippy> klippys;    ///< run now; each has to be as it was
    std::vector<std::string> units; ///< of the klippys, and those that are owed a start besides
    std::vector<int> pids;

    void add(const std::string& unit) {
        if (std::find(units.begin(), units.end(), unit) == units.end()) units.push_back(unit);
    }
};

result<to_stop> services_of(const host::idle_proof& idle, manager_type& manager) {
    to_stop found;
    KF_TRY(const auto units, manager.klippy_units());
    for (const auto& p : idle.printers()) {
        const auto& process = p.instance.process;
        // The control group alone proves nothing: a klippy that cron or ssh started lies in cron's or ssh's.
        bool runs_it = false;
        result<host::unit_state> state = kf::fail(errc::not_found, "no service runs it");
        if (host::is_unit_name(process.unit)) {
            state = manager.show(process.unit);
            runs_it = state && state->main_pid == process.pid;
            for (const auto& u : units) runs_it = runs_it || u.id == process.unit;
        }
        if (!runs_it && process.pid == 0 && p.state.empty())
            continue; // assumed idle; the port has to be free all the same
        if (!runs_it)
            return kf::fail(
                error{errc::refused,
                      process.pid != 0
                          ? fmt::format("klippy runs as process {}, but no service runs it", process.pid)
                          : fmt::format("klippy answers on {}, but no service is seen to run it", p.instance.socket),
                      "kflash could stop it, but not start it again",
                      {},
                      {"stop it yourself, then run this again"}});
        found.add(process.unit);
        found.klippys.push_back({process.unit, p.state == "ready"});
        found.pids.push_back(process.pid);
        // What systemd takes down with klippy (Requires=, BindsTo=, PartOf=) it does not bring back with it.
        KF_CHECK(state);
        for (const auto& name : state->dependents)
            if (const auto dependent = manager.show(name); dependent && dependent->is_up()) found.add(name);
    }
    // A unit between two of its own restarts has no process now, but would have one in the middle of the flash.
    for (const auto& u : units)
        if (u.active == "activating") found.add(u.id);
    return found;
}

/// A run that was cut short, guardian and all, left its units stopped: they count as having been up.
void add_owed(to_stop& found, const bench& b, cli::invocation& in) {
    for (const auto& unit : owed_now(in, b.at)) {
        if (std::find(found.units.begin(), found.units.end(), unit) != found.units.end()) continue;
        in.out.warn(fmt::format(
            "{} was stopped by an earlier kflash that did not end well: it is started after this flash", unit));
        found.units.push_back(unit);
    }
}

io::command guardian_of(const cli::invocation& in, const workplace& at, const host::right& right,
                        const std::vector<std::string>& units) {
    io::command c{right.prefix};
    c.argv.insert(c.argv.end(), {in.self, "guardian", fmt::format("--timeout={}", at.service_timeout),
                                 "--journal=" + (at.state / journal_name).string()});
    if (at.simulated)
        for (const auto& word : at.systemctl) c.argv.push_back("--systemctl=" + word);
    c.argv.insert(c.argv.end(), units.begin(), units.end());
    return c;
}

std::string own_name() {
    const passwd* person = ::getpwuid(::geteuid());
    return person == nullptr ? std::string() : person->pw_name;
}

result<host::right> right_to_manage(const bench& b, const to_stop& stop, runner_type& runner) {
    if (b.at.simulated || stop.units.empty()) return host::right{"none is needed", {}};
    std::vector<std::string> running; // only these may be touched by a probe
    for (const auto& k : stop.klippys) running.push_back(k.unit);
    return host::find_right(runner, running, ::geteuid() == 0, host::guard_unit_of(own_name()));
}

/// What the person is told about the guardian, and what it does not survive.
std::string guardian_note(const bench& b, const host::right& right) {
    if (b.at.simulated) return "the guardian is a child of kflash";
    if (!right.guard_unit.empty())
        return "the guardian is a unit of its own: it outlives kflash, the login and their control groups";
    return "the guardian is a child of kflash: it outlives kflash, but not the end of a login with "
           "KillUserProcesses=yes, nor systemctl kill of the unit that kflash runs in";
}

host::guardian_access guardian_access_of(const io::command& child, const host::right& right,
                                         const std::vector<std::string>& units, manager_type& privileged,
                                         runner_type& runner) {
    if (right.guard_unit.empty()) return host::guardian_child(child);
    const auto job = [&runner, right](const char* verb) {
        io::command c{right.prefix};
        c.argv.insert(c.argv.end(), {"systemctl", "--no-ask-password", "--no-block", verb, right.guard_unit});
        const io::run_limits limits{.total = 10, .interruptible = false};
        const auto ran = runner.run(c, limits, [](std::string_view) {});
        return ran && ran->status == 0;
    };
    return {right.guard_unit,
            [=]() -> result<host::guard_link> {
                const io::steady_clock clock;
                const auto until = clock.now() + std::chrono::seconds(20);
                result<host::guard_link> link = kf::fail(errc::refused, right.guard_unit + " cannot be started");
                // The one of an earlier run may be at its end: then it is started once more.
                while (clock.now() < until && job("start")) {
                    link = host::connect_to_guard(host::guard_runtime_of(own_name()), units,
                                                  clock.now() + std::chrono::seconds(1));
                    if (link || link.error().code == errc::refused) break;
                }
                return link;
            },
            [=, &privileged] {
                // Frozen or gone: a new one finds in its list what is owed, and pays when we have called and hung up.
                // And whoever may start the units does.
                const io::steady_clock clock;
                if (job("restart"))
                    (void)host::connect_to_guard(host::guard_runtime_of(own_name()), units,
                                                 clock.now() + std::chrono::seconds(10));
                for (const auto& unit : units) (void)privileged.start(unit);
            }};
}

/// How the board will show itself with a firmware of this configuration (Kalico's "USB ids"; Klipper's are a subset).
board::usb_face expected_face(const firmware::kconfig& config, const board::target& target) {
    board::usb_face face;
    face.manufacturer = config.text("USB_MANUFACTURER").value_or("Klipper");
    face.product = config.text("USB_PRODUCT").value_or(config.mcu().value_or(""));
    // The chip's own number is the same in both firmwares, where both print it; one of the configuration is known now.
    const auto& met = target.board().as_katapult.serial;
    face.serial = board::is_chip_number(met) ? met : target.device().usb.serial;
    if (const auto set = config.text("USB_SERIAL_NUMBER"); set && !config.enabled("USB_SERIAL_NUMBER_CHIPID"))
        face.serial = *set;
    face.name = board::by_id_name(face.manufacturer, face.product, face.serial);
    return face;
}

/// A firmware that gives the board another name is no surprise afterwards.
void tell_new_name(cli::invocation& in, const board::target& target, const firmware::kconfig& config) {
    const auto face = expected_face(config, target);
    const auto& board = target.board();
    if (board::pattern_matches(board.serial_pattern, face.name) ||
        board::without_interface(board.as_klipper.name) == board::without_interface(face.name) ||
        (board.as_klipper.manufacturer == face.manufacturer && board.as_klipper.product == face.product &&
         board.as_klipper.serial == face.serial))
        return;
    in.out.step(phase::config, fmt::format("with this configuration the board comes back as {}", face.name));
    if (!board::is_own_serial(face.serial))
        in.out.note(
            fmt::format("many boards have the serial number {}: this one is known by its USB port then", face.serial));
}

flash::fallback fallback_wanted(const cli::invocation& in, const bench& b) {
    const bool wanted = b.registry.settings.allow_flash_fallback && !in.has("no-fallback") && !in.has("method");
    return wanted ? flash::fallback::if_wanted : flash::fallback::no;
}

/// All but the image itself.
flash::write_job job_of(const bench& b, const board::board& board, const ready_board& ready,
                        const board::target& target) {
    flash::write_job job;
    job.kind = ready.kind();
    job.image_file = ready.site.dir / "pinned" / (std::string("klipper") + extension(job.kind));
    job.mcu = ready.source.config.mcu().value_or("");
    job.start = ready.source.config.application_start().value_or(0);
    job.seen_katapult = board.seen_as_katapult.has_value();
    job.watch.at = b.at.devices;
    job.watch.trail = {target.board(), target.device(), expected_face(ready.source.config, target)};
    job.proc = b.at.proc;
    job.klipper_dir = b.klipper_dir();
    job.katapult_dir = b.katapult_dir();
    job.out_dir = ready.site.out();
    job.config = ready.site.config();
    job.run_as = ready.site.run_as;
    return job;
}

/// --dry-run: every command, path, check and reason, from what is there now; nothing is changed.
result<void> print_plan(cli::invocation& in, const bench& b, const board::board& board, const board::target& target,
                        const build_request& request) {
    auto runner = make_runner(in);
    manager_type manager(runner, b.at.systemctl, b.at.service_timeout);
    KF_TRY(const auto idle, guard_printer(in, b, manager, target));
    KF_TRY(auto stop, services_of(idle, manager));
    KF_CHECK(right_to_manage(b, stop, runner));
    KF_TRY(const auto ready, make_ready(in, b, board, request, target.device().usb.mcu));
    const auto job = job_of(b, board, ready, target);
    KF_TRY(const auto order, flash::order_of(ready.method, fallback_wanted(in, b), job, runner, io::steady_clock{}));
    add_owed(stop, b, in);

    std::string text;
    const auto say = [&](phase p, const std::string& line) {
        if (in.json) in.out.result({"plan", {}, {{"phase", std::string(label(p))}, {"text", line}}});
        text += fmt::format("{}[{}] {}", text.empty() ? "" : "\n", label(p), line);
    };
    say(phase::discovery, fmt::format("{} is {}", board.name, target.path().string()));
    say(phase::safety, stop.units.empty() ? "no klippy has to do with this board"
                                          : "klippy is idle: print_stats, idle_timeout, heaters, pause, plot lock");
    for (const auto& a : idle.assumptions()) say(phase::safety, a);
    say(phase::config, fmt::format("{} (MCU {}, as registered{})", b.configs.path(board.key).string(), job.mcu,
                                   ready.source.drift.empty() ? ""
                                                              : fmt::format("; the source tree changes {} options",
                                                                            ready.source.drift.size())));
    const std::string dirs = fmt::format("OUT={}/ KCONFIG_CONFIG={}", job.out_dir.string(), job.config.string());
    say(phase::build, fmt::format("{} is {}", ready.site.tree.string(),
                                  ready.target.tree_version.empty() ? "of a version that only the image will tell"
                                                                    : ready.target.tree_version));
    say(phase::build, fmt::format("make -C {} olddefconfig on a copy of the configuration", ready.site.tree.string()));
    say(phase::build, fmt::format("make -C {} -j {}", ready.site.tree.string(), dirs));
    say(phase::build, "prove from the image: application, version, MCU (config, board, USB name), start, reset vector, "
                      "size, bootloader kept");
    if (!stop.units.empty()) {
        KF_TRY(const auto right, right_to_manage(b, stop, runner));
        say(phase::service, "right to stop and start services: " + right.name);
        say(phase::service,
            fmt::format("{}: starts {} again when kflash and its flashers are gone",
                        right.guard_unit.empty() ? io::to_string(guardian_of(in, b.at, right, stop.units))
                                                 : right.guard_unit,
                        fmt::join(stop.units, ", ")));
        say(phase::service, guardian_note(b, right));
        say(phase::service, "ask klippy once more whether it is idle, and hold the plot lock");
    }
    for (const auto& u : stop.units)
        say(phase::service,
            io::to_string(manager.command("stop", u)) + ", prove that it is down and nobody holds the port");
    for (const auto method : order.methods) {
        if (method != order.methods.front())
            say(phase::flash, "only if nothing was written, another method may try, and the board is where it was:");
        for (const auto& line : flash::make_method(method, runner, io::steady_clock{}).plan(job))
            say(phase::flash, line);
    }
    if (!order.no_fallback.empty()) say(phase::flash, order.no_fallback);
    say(phase::verify, "wait up to 30 s for the board, ask it over serial for its version, demand the image's");
    for (const auto& u : stop.units)
        say(phase::service, io::to_string(manager.command("start", u)) + ", prove that klippy is as it was (ready)");
    if (!in.json) in.out.result({"plan", text});
    return {};
}

/// Before anything is written, whatever the method: nobody is seen to hold the port, and nobody who cannot be seen
/// does.
result<void> prove_port_free(cli::invocation& in, const bench& b, const board::device& device) {
    const auto taken = [&](const std::string& what) {
        return kf::fail(error{errc::busy,
                              what,
                              "whoever it is talks to the board, and no service that was stopped is it",
                              {},
                              {"end that program, then run this again"}});
    };
    const auto holders = host::holders_of(b.at.proc, device.resolved, ::getpid());
    if (!holders.seen.empty())
        return taken(fmt::format("{} is held by process {}: {}", device.file_name, holders.seen[0].pid,
                                 holders.seen[0].command));
    if (holders.hidden > 0)
        in.out.detail(fmt::format("{} processes of others cannot be looked at: the exclusive open of {} decides",
                                  holders.hidden, device.resolved.string()));
    // udev and ModemManager look at a port for a moment.
    const io::steady_clock clock;
    const auto patience = clock.now() + std::chrono::seconds(3);
    auto free = io::serial_port::prove_free(device.resolved.string());
    while (!free && free.error().code == errc::busy && clock.now() < patience) {
        clock.sleep_until(clock.now() + std::chrono::milliseconds(50));
        free = io::serial_port::prove_free(device.resolved.string());
    }
    if (!free && free.error().code == errc::busy)
        return taken(fmt::format("{} is held by a process that cannot be seen", device.file_name));
    return free;
}

/// Everything between the stop and the proven restart. The lease's destructor is the net under each early return.
struct flash_run {
    result<void> reached = {}; ///< nothing was tried when this is an error
    flash::flash_outcome outcome{};
    std::optional<board::device> bootloader = {}; ///< the board as it was met in Katapult
    bool stopped = false;                         ///< a service; nothing was, when no klippy has to do with the board
    result<void> service{};
    seconds downtime = 0;

    [[nodiscard]] const result<void>& ended() const noexcept { return reached ? outcome.ended : reached; }
};

flash_run stop_write_start(cli::invocation& in, const bench& b, const board::target& target,
                           const flash::write_job& wanted, const std::vector<board::flash_method>& order,
                           manager_type& manager, lease_type& lease, const to_stop& stop, int flash_lock,
                           runner_type& runner) {
    flash_run r;
    const io::steady_clock clock;
    auto job = wanted;
    job.watch.met_bootloader = [&](const board::device& node) { r.bootloader = node; };
    std::optional<host::idle_proof> idle; // holds the plot lock until klippy is proven ready
    const auto go = [&]() -> result<void> {
        KF_CHECK(io::interrupt::check());
        // Minutes may have passed since the first look: a print could have been started.
        KF_TRY(idle, guard_printer(in, b, manager, target, "kflash flash"));
        for (const auto& a : idle->assumptions()) in.out.warn(a);
        for (const auto& p : idle->printers())
            if (p.instance.process.pid != 0 &&
                std::find(stop.pids.begin(), stop.pids.end(), p.instance.process.pid) == stop.pids.end())
                return kf::fail(
                    error{errc::refused,
                          fmt::format("a klippy was started meanwhile (process {})", p.instance.process.pid),
                          "it was not there when the flash was planned",
                          {},
                          {"run this again"}});
        for (const auto& u : lease.units()) in.out.step(phase::service, fmt::format("stopping {}", u));
        for (const auto& u : lease.units()) in.out.detail("through the guardian: systemctl stop " + u);
        KF_CHECK(lease.stop());
        KF_CHECK(io::interrupt::check());
        KF_CHECK(prove_port_free(in, b, target.device()));
        job.keep_open = lease.keep_open();
        job.keep_open.push_back(flash_lock); // nobody flashes while a flasher that we left behind is at work
        r.outcome = flash::write_and_verify(job, order, runner, clock, in.out);
        return {};
    };
    const auto began = clock.now();
    r.reached = go();
    if (lease.holds()) {
        r.stopped = true;
        for (const auto& u : lease.units()) in.out.step(phase::service, fmt::format("starting {}", u));
        for (const auto& u : lease.units()) in.out.detail("through the guardian: systemctl start " + u);
        r.service = lease.start();
        // After a failed flash klippy may find no board: that it runs is all that can be asked for then.
        bool ready = r.ended().has_value();
        for (const auto& k : stop.klippys) {
            if (!r.service || !r.ended()) break;
            ready = ready && k.was_ready;
            r.service = host::prove_ready(
                [&]() -> result<std::vector<host::klippy_instance>> {
                    KF_TRY(const auto units, manager.klippy_units());
                    return host::survey_klippys(b.at.proc, units);
                },
                {k.unit}, k.was_ready, clock, in.out);
        }
        r.downtime = to_seconds(clock.now() - began);
        if (r.service)
            in.out.step(phase::service, fmt::format("{} {} again, down for {:.1f} s", fmt::join(lease.units(), ", "),
                                                    ready ? "is ready" : "runs", r.downtime));
    }
    return r;
}

void write_ledger(cli::invocation& in, const bench& b, const board::board& board, const built_board& built,
                  const flash_run& r) {
    flash::ledger_entry entry;
    entry.board = board.key;
    entry.mcu = board.mcu;
    entry.sha256 = built.image.sha256;
    entry.version = built.image.dictionary ? built.image.dictionary->version : "";
    entry.method = r.reached ? board::name(r.outcome.method) : "";
    entry.result = r.ended() ? "done" : name(r.ended().error().code);
    entry.what = r.ended() ? "" : r.ended().error().what;
    entry.wrote = name(r.outcome.wrote);
    entry.service = !r.stopped ? "not stopped" : r.service ? "restored" : "down";
    entry.write_time = r.outcome.write_time;
    entry.verify_time = r.outcome.verify_time;
    entry.downtime = r.downtime;
    if (const auto done = flash::append(b.at.state / "ledger.jsonl", entry); !done) in.out.warn(done.error().what);
}

/// One flash at a time: each of them stops the printer. With --wait the other one is waited for.
result<io::file_lock> our_turn(cli::invocation& in, const bench& b, const board::board& board) {
    const auto file = b.at.state / "flash.lock";
    const std::string who = "kflash flash " + board.key;
    auto lock = io::file_lock::take(file, who);
    if (lock || lock.error().code != errc::busy) return lock;
    if (!in.has("wait")) {
        error e = std::move(lock).error();
        e.what = "another flash is at work";
        e.command = file.string();
        e.steps = {"wait until it has ended, then run this again", "or let kflash wait for it: --wait"};
        return kf::fail(std::move(e));
    }
    in.out.step(phase::safety, "waiting for another flash: " + lock.error().cause);
    const io::steady_clock clock;
    for (const auto until = clock.now() + std::chrono::hours(1); clock.now() < until;) {
        KF_CHECK(io::interrupt::check());
        lock = io::file_lock::take(file, who, clock.now() + std::chrono::milliseconds(200));
        if (lock || lock.error().code != errc::busy) return lock;
    }
    return lock;
}

result<void> flash(cli::invocation& in, const bench& b, const build_request& request) {
    KF_TRY(auto board, pick_board(in, b));
    KF_TRY(auto target, find_target(in, b, board));
    in.out.step(phase::discovery, fmt::format("{} is {}", board.name, target.by_id_name()));
    if (in.has("dry-run")) { // what was learned just now counts, and is not written
        board = board::remember(board, target.device(), board::firmware_on(board, target.device()), today());
        return print_plan(in, b, board, target, request);
    }
    if (in.operands.empty() && !in.has("device") && !in.has("yes")) {
        KF_TRY(const bool go, cli::confirm(in, fmt::format("Flash {}?", board.name), true, "--yes, or name the board"));
        if (!go) return kf::fail(errc::interrupted, "nothing was flashed");
    }

    KF_TRY(const auto lock, our_turn(in, b, board));
    // Before anything is written: a flash that is cut short leaves a board in Katapult, maybe under a name and serial
    // number that nobody has seen. Its port is what it can be found by then.
    remember_device(in, b, board, target.device());
    auto runner = make_runner(in);
    manager_type manager(runner, b.at.systemctl, b.at.service_timeout);
    KF_TRY(const auto first_look, guard_printer(in, b, manager, target));
    in.out.step(phase::safety,
                first_look.printers().empty() ? "no klippy has to do with this board" : "klippy is idle");
    // One that could not be started again, or not by us, is refused before the build.
    KF_TRY(const auto would_stop, services_of(first_look, manager));
    KF_CHECK(right_to_manage(b, would_stop, runner));

    KF_TRY(const auto ready, make_ready(in, b, board, request, target.device().usb.mcu));
    // Asked before the build, and again behind it: sudo may have forgotten its password meanwhile.
    const auto order_for = [&](const flash::write_job& job) {
        return flash::order_of(ready.method, fallback_wanted(in, b), job, runner, io::steady_clock{});
    };
    KF_CHECK(order_for(job_of(b, board, ready, target)));
    KF_TRY(const auto built, build_ready(in, b, board, request, ready));
    KF_CHECK(io::interrupt::check());

    // From here to the end nobody builds into the folder that `make flash` reads.
    KF_TRY(const auto build_lock, io::file_lock::take(ready.site.dir / "lock", ready.site.who));
    KF_CHECK(firmware::still_is(built.image, built.build.file));
    KF_TRY(target, find_target(in, b, board)); // menuconfig and build took their time
    tell_new_name(in, target, built.build.config);
    auto job = job_of(b, board, ready, target);
    job.image = &built.image;
    KF_CHECK(io::write_file(job.image_file, std::string_view(reinterpret_cast<const char*>(built.image.bytes.data()),
                                                             built.image.bytes.size())));
    KF_TRY(const auto order, order_for(job));
    if (!order.no_fallback.empty()) in.out.detail(order.no_fallback);

    const auto journal = b.at.state / journal_name;
    KF_TRY(const auto idle, guard_printer(in, b, manager, target));
    KF_TRY(auto stop, services_of(idle, manager));
    add_owed(stop, b, in);
    KF_TRY(const auto right, right_to_manage(b, stop, runner));
    in.out.detail("right to manage services: " + right.name);
    if (!stop.units.empty()) in.out.detail(guardian_note(b, right));
    // If the guardian is lost, the lease starts the service by itself, with the same right.
    auto systemctl = right.guard_unit.empty() ? right.prefix : std::vector<std::string>{};
    systemctl.insert(systemctl.end(), b.at.systemctl.begin(), b.at.systemctl.end());
    manager_type privileged(runner, systemctl, b.at.service_timeout);
    auto guardian = guardian_of(in, b.at, right, stop.units);
    guardian.keep_open.push_back(lock.native_handle());
    io::interrupt::hold_back_all();
    const seconds patience = 2 * b.at.service_timeout * static_cast<double>(stop.units.size() + 1);
    KF_TRY(auto lease,
           lease_type::arm(privileged, io::steady_clock{},
                           {stop.units, stop.pids, guardian_access_of(guardian, right, stop.units, privileged, runner),
                            b.at.proc, journal, patience}));
    for (const auto& line : lease.remarks()) in.out.warn(line);
    const auto r =
        stop_write_start(in, b, target, job, order.methods, manager, lease, stop, lock.native_handle(), runner);
    write_ledger(in, b, board, built, r);
    if (r.bootloader) remember_device(in, b, board, *r.bootloader);
    if (r.ended()) remember_device(in, b, board, r.outcome.node, board::usb_firmware::klipper);

    if (!r.ended() && r.service) return kf::fail(r.ended().error());
    if (r.ended())
        in.out.result(
            {"flashed",
             fmt::format("{} runs {} ({}, written in {:.1f} s, {})", board.name, r.outcome.version,
                         board::name(r.outcome.method), r.outcome.write_time,
                         r.stopped ? fmt::format("printer down for {:.1f} s", r.downtime) : "nothing was stopped"),
             {{"key", board.key},
              {"version", r.outcome.version},
              {"method", std::string(board::name(r.outcome.method))},
              {"sha256", built.image.sha256},
              {"bytes", static_cast<std::int64_t>(built.image.bytes.size())},
              {"write_s", r.outcome.write_time},
              {"verify_s", r.outcome.verify_time},
              {"downtime_s", r.downtime},
              {"device", r.outcome.node.file_name}}});
    if (!r.service) {
        if (!r.ended()) in.out.fail(r.ended().error());
        error e = r.service.error();
        if (e.steps.empty()) e = lease.service_error(e.what, e.cause);
        return kf::fail(std::move(e));
    }
    if (const int number = io::interrupt::pending())
        return kf::fail(errc::interrupted,
                        fmt::format("{} came while the board was written; it was finished and verified first",
                                    io::interrupt::signal_name(number)));
    return {};
}

/// A flash that came to nothing brings back what an earlier one owed all the same, unless a live run is at work.
result<void> pay_owed(cli::invocation& in, const bench& b) {
    to_stop owed;
    owed.units = owed_now(in, b.at);
    const auto journal = b.at.state / journal_name;
    if (owed.units.empty()) return {};
    const auto lock = io::file_lock::take(b.at.state / "flash.lock", "kflash flash");
    if (!lock) return {};
    auto runner = make_runner(in);
    in.out.step(phase::service,
                fmt::format("starting {}, which an earlier kflash left stopped", fmt::join(owed.units, ", ")));
    result<host::right> found =
        b.at.simulated ? host::right{"none is needed", {}}
                       : host::find_right(runner, owed.units, ::geteuid() == 0, host::guard_unit_of(own_name()));
    KF_TRY(const auto right, std::move(found));
    auto systemctl = right.guard_unit.empty() ? right.prefix : std::vector<std::string>{};
    systemctl.insert(systemctl.end(), b.at.systemctl.begin(), b.at.systemctl.end());
    manager_type manager(runner, systemctl, b.at.service_timeout);
    if (right.guard_unit.empty() || right.name == "root") {
        KF_CHECK(host::start_each(manager, owed.units));
    } else { // with the right to that unit alone: a stop of what is down and its start
        auto guarded = guardian_access_of({}, right, owed.units, manager, runner);
        KF_TRY(auto lease, lease_type::arm(manager, io::steady_clock{}, {owed.units, {}, guarded, b.at.proc, journal}));
        KF_CHECK(lease.stop());
        KF_CHECK(lease.start());
    }
    return io::remove_file(journal);
}

result<void> run_flash(cli::invocation& in) {
    KF_TRY(const auto request, build_request_of(in));
    KF_TRY(const auto b, open_bench(in));
    io::interrupt::catch_signals();
    auto done = flash(in, b, request);
    if (!done && !in.has("dry-run"))
        if (const auto paid = pay_owed(in, b); !paid) in.out.warn(paid.error().what);
    return done;
}

} // namespace

cli::command_row flash_command() {
    static const std::string methods = board::flash_method_words() + "; no fallback then";
    auto options = build_options();
    options.insert(options.end(), {{"method", "METHOD", methods.c_str()},
                                   {"no-fallback", "", "do not try make_flash when katapult wrote nothing"},
                                   {"assume-idle", "", "go on when klippy cannot be asked, or not be seen"},
                                   {"wait", "", "wait for another flash to end, up to an hour"},
                                   {"dry-run,n", "", "print every command, path, check and reason; change nothing"},
                                   {"yes,y", "", "do not ask"}});
    return {"flash",
            "[BOARD]",
            0,
            1,
            "Builds the firmware of a board, writes it and proves that it runs.",
            std::move(options),
            {{"kflash flash octopus", "menuconfig, build, flash, verify, restart"},
             {"kflash flash octopus -s --dry-run", "see what would happen"},
             {"kflash flash octopus --sim -s", "try it without hardware"}},
            run_flash};
}

} // namespace kf::kflash
