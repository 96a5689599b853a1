// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "board_fields.hpp"
#include "commands.hpp"
#include "prepare.hpp"

#include <kf/flash/ledger.hpp>
#include <kf/flash/run.hpp>
#include <kf/host/print_guard.hpp>
#include <kf/host/ready.hpp>
#include <kf/host/right.hpp>
#include <kf/host/service.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

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
result<host::idle_proof> guard_printer(const cli::invocation& in, const bench& b, const board::target& target,
                                       const std::string& hold_as = {}) {
    KF_TRY(const auto instances, host::find_klippy(b.at.proc));
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

result<to_stop> services_of(const host::idle_proof& idle, manager_type& manager, const fs::path& journal,
                            cli::invocation& in) {
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
        if (!runs_it)
            return kf::fail(error{errc::refused,
                                  fmt::format("klippy runs as process {}, but no service runs it", process.pid),
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
    // A run that was cut short, guardian and all, left its units stopped: they count as having been up.
    if (const auto text = io::read_file(journal, 1 << 16)) {
        std::size_t from = 0;
        while (from < text->size()) {
            const auto end = std::min(text->find('\n', from), text->size());
            const std::string unit = text->substr(from, end - from);
            from = end + 1;
            if (!host::is_unit_name(unit) ||
                std::find(found.units.begin(), found.units.end(), unit) != found.units.end())
                continue;
            in.out.warn(fmt::format(
                "{} was stopped by an earlier kflash that did not end well: it is started after this flash", unit));
            found.units.push_back(unit);
        }
    }
    return found;
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

result<host::right> right_to_manage(const bench& b, const to_stop& stop, runner_type& runner) {
    if (b.at.simulated || stop.units.empty()) return host::right{"none is needed", {}};
    std::vector<std::string> running; // only these may be touched by a probe
    for (const auto& k : stop.klippys) running.push_back(k.unit);
    return host::find_right(runner, running, ::geteuid() == 0);
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
    face.name = fmt::format("usb-{}_{}_{}-if00", board::udev_text(face.manufacturer), board::udev_text(face.product),
                            board::udev_text(face.serial));
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

/// The methods in the order in which they are tried, each with its tools there.
result<std::vector<board::flash_method>> methods(const cli::invocation& in, const bench& b, const board::board& board,
                                                 const flash::write_job& job, runner_type& runner,
                                                 cli::tool_sink& out) {
    KF_TRY(const auto first, method_of(in, b, board));
    std::vector<board::flash_method> order{first};
    KF_CHECK(flash::make_method(first, runner, io::steady_clock{}).needs(job));
    const bool fallback = b.registry.settings.allow_flash_fallback && !in.has("no-fallback") && !in.has("method");
    if (fallback && first != board::flash_method::make_flash) {
        const auto possible =
            flash::make_method(board::flash_method::make_flash, runner, io::steady_clock{}).needs(job);
        if (possible)
            order.push_back(board::flash_method::make_flash);
        else
            out.detail("no fallback to make_flash: " + possible.error().what);
    }
    return order;
}

flash::write_job job_of(const bench& b, const firmware::build_site& site, const board::target& target,
                        const firmware::kconfig& config) {
    flash::write_job job;
    job.watch.at = b.at.devices;
    job.watch.trail = {target.board(), target.device(), expected_face(config, target)};
    job.mcu = config.mcu().value_or("");
    job.start = config.application_start().value_or(0);
    job.proc = b.at.proc;
    job.klipper_dir = b.klipper_dir();
    job.katapult_dir = b.katapult_dir();
    job.out_dir = site.out();
    job.config = site.config();
    return job;
}

/// --dry-run: every command, path, check and reason, from what is there now; nothing is changed.
result<void> print_plan(cli::invocation& in, const bench& b, const board::board& board, const board::target& target) {
    const auto site = site_of(b, board, "kflash");
    KF_TRY(const auto cached, b.configs.load(board.key));
    KF_CHECK(check_config_mcu(board, cached.config));
    KF_TRY(const auto method, method_of(in, b, board));
    auto runner = make_runner(in);
    manager_type manager(runner, b.at.systemctl, b.at.service_timeout);
    KF_TRY(const auto idle, guard_printer(in, b, target));
    KF_TRY(const auto stop, services_of(idle, manager, b.at.state / journal_name, in));

    std::string text;
    const auto say = [&](phase p, const std::string& line) {
        if (in.json) in.out.result({"plan", {}, {{"phase", std::string(label(p))}, {"text", line}}});
        text += fmt::format("{}[{}] {}", text.empty() ? "" : "\n", label(p), line);
    };
    say(phase::discovery, fmt::format("{} is {}", board.name, target.path().string()));
    say(phase::safety, stop.units.empty() ? "no klippy has to do with this board"
                                          : "klippy is idle: print_stats, idle_timeout, heaters, pause, plot lock");
    for (const auto& a : idle.assumptions()) say(phase::safety, a);
    say(phase::config, fmt::format("{} (MCU {}, as registered)", b.configs.path(board.key).string(),
                                   cached.config.mcu().value_or("")));
    const std::string dirs = fmt::format("OUT={}/ KCONFIG_CONFIG={}", site.out().string(), site.config().string());
    say(phase::build, fmt::format("make -C {} olddefconfig on a copy of the configuration", site.tree.string()));
    say(phase::build, fmt::format("make -C {} -j {}", site.tree.string(), dirs));
    say(phase::build, "prove from the image: application, version, MCU (config, board, USB name), start, reset vector, "
                      "size, bootloader kept");
    auto job = job_of(b, site, target, cached.config);
    firmware::image image;
    image.kind = firmware::expected_kind(cached.config);
    image.path = site.out() / (std::string("klipper") + extension(image.kind));
    job.image = &image;
    job.image_file = site.dir / "pinned" / image.path.filename();
    job.has_katapult = board.seen_as_katapult.has_value() || target.kind() == board::usb_firmware::katapult;
    if (!stop.units.empty()) {
        KF_TRY(const auto right, right_to_manage(b, stop, runner));
        say(phase::service, "right to stop and start services: " + right.name);
        say(phase::service,
            fmt::format("{}: starts {} again when kflash and its flashers are gone",
                        io::to_string(guardian_of(in, b.at, right, stop.units)), fmt::join(stop.units, ", ")));
        say(phase::service, "ask klippy once more whether it is idle, and hold the plot lock");
    }
    for (const auto& u : stop.units)
        say(phase::service,
            io::to_string(manager.command("stop", u)) + ", prove that it is down and nobody holds the port");
    for (const auto& line : flash::make_method(method, runner, io::steady_clock{}).plan(job)) say(phase::flash, line);
    if (b.registry.settings.allow_flash_fallback && !in.has("no-fallback") && !in.has("method") &&
        method != board::flash_method::make_flash) {
        say(phase::flash, "only if nothing was written and the board is where it was:");
        for (const auto& line :
             flash::make_method(board::flash_method::make_flash, runner, io::steady_clock{}).plan(job))
            say(phase::flash, line);
    }
    say(phase::verify, "wait up to 30 s for the board, ask it over serial for its version, demand the image's");
    for (const auto& u : stop.units)
        say(phase::service, io::to_string(manager.command("start", u)) + ", prove that klippy is as it was (ready)");
    if (!in.json) in.out.result({"plan", text});
    return {};
}

/// Everything between the stop and the proven restart. The lease's destructor is the net under each early return.
struct flash_run {
    std::optional<board::device> bootloader = {}; ///< the board as it was met in Katapult
    result<flash::flash_outcome> outcome = kf::fail(errc::failed, "nothing was done");
    flash::written wrote = flash::written::nothing;
    result<void> service{};
    seconds downtime = 0;
};

flash_run stop_write_start(cli::invocation& in, const bench& b, const board::target& target,
                           const flash::write_job& wanted, const std::vector<board::flash_method>& order,
                           lease_type& lease, const to_stop& stop, int flash_lock, runner_type& runner) {
    flash_run r;
    const io::steady_clock clock;
    auto job = wanted;
    job.watch.met_bootloader = [&](const board::device& node) { r.bootloader = node; };
    std::optional<host::idle_proof> idle; // holds the plot lock until klippy is proven ready
    const auto go = [&]() -> result<flash::flash_outcome> {
        KF_CHECK(io::interrupt::check());
        // Minutes may have passed since the first look: a print could have been started.
        KF_TRY(idle, guard_printer(in, b, target, "kflash flash"));
        for (const auto& a : idle->assumptions()) in.out.warn(a);
        for (const auto& p : idle->printers())
            if (std::find(stop.pids.begin(), stop.pids.end(), p.instance.process.pid) == stop.pids.end())
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
        if (const auto holders = host::holders_of(b.at.proc, target.device().resolved, ::getpid()); !holders.empty())
            return kf::fail(error{
                errc::busy,
                fmt::format("{} is held by process {}: {}", target.by_id_name(), holders[0].pid, holders[0].command),
                "the service is stopped, somebody else uses the board",
                {},
                {"end that process, then run this again"}});
        job.keep_open = lease.keep_open();
        job.keep_open.push_back(flash_lock); // nobody flashes while a flasher that we left behind is at work
        return flash::write_and_verify(job, order, runner, clock, in.out, r.wrote);
    };
    const auto began = clock.now();
    r.outcome = go();
    if (lease.holds()) {
        for (const auto& u : lease.units()) in.out.step(phase::service, fmt::format("starting {}", u));
        for (const auto& u : lease.units()) in.out.detail("through the guardian: systemctl start " + u);
        r.service = lease.start();
        // After a failed flash klippy may find no board: that it runs is all that can be asked for then.
        bool ready = r.outcome.has_value();
        for (const auto& k : stop.klippys) {
            if (!r.service || !r.outcome) break;
            ready = ready && k.was_ready;
            r.service = host::prove_ready(b.at.proc, {k.unit}, k.was_ready, clock, in.out);
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
    entry.method = r.outcome ? board::name(r.outcome->method) : "";
    entry.result = r.outcome ? "done" : name(r.outcome.error().code);
    entry.wrote = r.wrote == flash::written::nothing ? "nothing" : r.wrote == flash::written::some ? "some" : "all";
    entry.service = r.service ? "restored" : "down";
    entry.write_time = r.outcome ? r.outcome->write_time : 0;
    entry.downtime = r.downtime;
    if (const auto done = flash::append(b.at.state / "ledger.jsonl", entry); !done) in.out.warn(done.error().what);
}

result<void> run(cli::invocation& in) {
    KF_TRY(const auto b, open_bench(in));
    io::interrupt::catch_signals();
    KF_TRY(auto board, pick_board(in, b));
    KF_TRY(auto target, find_target(in, b, board));
    in.out.step(phase::discovery, fmt::format("{} is {}", board.name, target.by_id_name()));
    if (in.has("dry-run")) return print_plan(in, b, board, target);
    if (in.operands.empty() && !in.has("device") && !in.has("yes")) {
        KF_TRY(const bool go, cli::confirm(in, fmt::format("Flash {}?", board.name), true, "--yes, or name the board"));
        if (!go) return kf::fail(errc::interrupted, "nothing was flashed");
    }

    KF_TRY(const auto lock, io::file_lock::take(b.at.state / "flash.lock", "kflash flash " + board.key));
    // Before anything is written: a flash that is cut short leaves a board in Katapult, maybe under a name and serial
    // number that nobody has seen. Its port is what it can be found by then.
    remember_device(in, b, board, target.device());
    KF_TRY(const auto first_look, guard_printer(in, b, target));
    in.out.step(phase::safety,
                first_look.printers().empty() ? "no klippy has to do with this board" : "klippy is idle");

    KF_TRY(auto built, prepare(in, b, board, target.device().usb.mcu));
    KF_CHECK(firmware::require_all(built.proofs));
    KF_CHECK(io::interrupt::check());

    const auto site = site_of(b, board, "kflash flash " + board.key);
    // From here to the end nobody builds into the folder that `make flash` reads.
    KF_TRY(const auto build_lock, io::file_lock::take(site.dir / "lock", site.who));
    KF_CHECK(firmware::still_is(built.image, built.build.file));
    KF_TRY(target, find_target(in, b, board)); // menuconfig and build took their time
    tell_new_name(in, target, built.build.config);
    auto job = job_of(b, site, target, built.build.config);
    job.image = &built.image;
    job.image_file = site.dir / "pinned" / built.image.path.filename();
    job.has_katapult = board.seen_as_katapult.has_value();
    KF_CHECK(io::write_file(job.image_file, std::string_view(reinterpret_cast<const char*>(built.image.bytes.data()),
                                                             built.image.bytes.size())));
    auto runner = make_runner(in);
    KF_TRY(const auto order, methods(in, b, board, job, runner, in.out));

    const auto journal = b.at.state / journal_name;
    manager_type manager(runner, b.at.systemctl, b.at.service_timeout);
    KF_TRY(const auto idle, guard_printer(in, b, target));
    KF_TRY(const auto stop, services_of(idle, manager, journal, in));
    KF_TRY(const auto right, right_to_manage(b, stop, runner));
    in.out.detail("right to manage services: " + right.name);
    // If the guardian is lost, the lease starts the service by itself, with the same right.
    auto systemctl = right.prefix;
    systemctl.insert(systemctl.end(), b.at.systemctl.begin(), b.at.systemctl.end());
    manager_type privileged(runner, systemctl, b.at.service_timeout);
    auto guardian = guardian_of(in, b.at, right, stop.units);
    guardian.keep_open.push_back(lock.native_handle());
    const seconds patience = 2 * b.at.service_timeout * static_cast<double>(stop.units.size() + 1);
    KF_TRY(auto lease, lease_type::arm(privileged, io::steady_clock{},
                                       {stop.units, stop.pids, guardian, b.at.proc, journal, patience}));
    io::interrupt::refuse_stops();
    const auto r = stop_write_start(in, b, target, job, order, lease, stop, lock.native_handle(), runner);
    write_ledger(in, b, board, built, r);
    if (r.bootloader) remember_device(in, b, board, *r.bootloader);
    if (r.outcome) remember_device(in, b, board, r.outcome->node, board::usb_firmware::klipper);

    if (!r.outcome && r.service) return kf::fail(r.outcome.error());
    if (r.outcome)
        in.out.result(
            {"flashed",
             fmt::format("{} runs {} ({}, written in {:.1f} s, printer down for {:.1f} s)", board.name,
                         r.outcome->version, board::name(r.outcome->method), r.outcome->write_time, r.downtime),
             {{"key", board.key},
              {"version", r.outcome->version},
              {"method", std::string(board::name(r.outcome->method))},
              {"sha256", built.image.sha256},
              {"bytes", static_cast<std::int64_t>(built.image.bytes.size())},
              {"write_s", r.outcome->write_time},
              {"verify_s", r.outcome->verify_time},
              {"downtime_s", r.downtime},
              {"device", r.outcome->node.file_name}}});
    if (!r.service) {
        if (!r.outcome) in.out.fail(r.outcome.error());
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

} // namespace

cli::command_row flash_command() {
    return {"flash",
            "[BOARD]",
            0,
            1,
            "Builds the firmware of a board, writes it and proves that it runs.",
            {{"device,d", "BOARD", "the board"},
             {"skip-menuconfig,s", "", "use the cached configuration without menuconfig"},
             {"method", "METHOD", "katapult, katapult_script or make_flash; no fallback then"},
             {"no-fallback", "", "do not try make_flash when katapult wrote nothing"},
             {"assume-idle", "", "go on when klippy cannot be asked whether it is idle"},
             {"dry-run,n", "", "print every command, path, check and reason; change nothing"},
             {"jobs,j", "N", "compilers at once (all cores)"},
             {"yes,y", "", "do not ask"}},
            {{"kflash flash octopus", "menuconfig, build, flash, verify, restart"},
             {"kflash flash octopus -s --dry-run", "see what would happen"},
             {"kflash flash octopus --sim -s", "try it without hardware"}},
            run};
}

} // namespace kf::kflash
