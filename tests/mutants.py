#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts each defect that must stay impossible (docs/DEFECTS.md) back into a copy of the sources and demands that a test of
its label goes red, and that the same test is green without the defect.

mutants.py BUILD [D2 D9 ...]: BUILD is a built Meson folder; nothing in it or in the sources is changed.
mutants.py --texts: no more than whether each defect can still be put in and has tests that could see it."""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/house"))
import labels  # noqa: E402

# label and what is wrong -> changes [(file, text, what it becomes)], and who must see it: the tests of that label, of an
# area of tests ("host") or, against a tool whose sources these are, of tests/cli.
FLASH, GUARDIAN, BUILD = "tools/kflash/flash.cpp", "tools/kflash/guardian.cpp", "tools/kflash/build.cpp"
RUN, STOPPING = "include/kf/flash/run.hpp", "include/kf/flash/stopping.hpp"
WINDOW = "include/kf/flash/stopped_window.hpp"
MUTANTS = {
    "D1 make flash takes the tree's last build": (
        [("include/kf/flash/methods/make_flash.hpp", '"OUT=" + (job.out_dir / "").string(),', '"V=0",'),
         ("include/kf/flash/methods/make_flash.hpp", '"KCONFIG_CONFIG=" + job.config.string(),', '"V=0",'),
         ("include/kf/flash/methods/make_flash.hpp", 'KF_CHECK(firmware::still_is(*job.image, built(job)));', ';')],
        [FLASH]),
    "D2 nobody starts the service after kill -9": (
        [("include/kf/host/guardian.hpp", "return !stopped || pay_back(manager, units, clock, owed.file);", "return !stopped;")],
        [GUARDIAN]),
    "D2 a signal ends the write": (
        [(RUN, "io::interrupt::hold_back_all();", "std::signal(SIGHUP, SIG_DFL), std::signal(SIGTERM, SIG_DFL);"),
         (RUN, "#include <kf/host/service.hpp>", "#include <kf/host/service.hpp>\n#include <csignal>")],
        [FLASH]),
    "D3 a stop that failed is not followed by a start": (
        [("include/kf/host/service.hpp", "stopped_ = true; // from here on", "// from here on"),
         ("include/kf/host/service.hpp", "if (asked) return {};\n        error e",
          "if (asked) stopped_ = true;\n        if (asked) return {};\n        error e"),
         ("include/kf/host/guardian.hpp", "        stopped = true;\n        for (const auto& unit : units) KF_CHECK(manager.stop(unit));",
          "        for (const auto& unit : units) KF_CHECK(manager.stop(unit));\n        stopped = true;")],
        "host"),
    "D4 the exit status of systemctl counts as a restart": (
        [("include/kf/host/systemctl_show.hpp", 'return active == "active" && sub != "exited";', "return true;")],
        [FLASH, GUARDIAN]),
    "D5 the right is not proven": (
        [("include/kf/host/right.hpp", "return ran && ran->first.status == 0;", "return ran.has_value() || true;")],
        "host"),
    "D6 an arrow key is a letter": (
        [("include/kf/menu/menu_page.hpp", "if (cursor_.take(k, lines_, 10)) return std::nullopt;",
          "if (k.code == tui::key_code::down) return action::flash_all;")],
        "menu"),
    "D7 a setting without effect": (
        [("tools/kflash/settings.cpp", "KF_CHECK(board::set(row, changed, kept));", "")],
        ["tools/kflash/settings.cpp"]),
    "D7 a number without a row takes one all the same": (
        [("include/kf/menu/settings_page.hpp", "if (const auto number = number_.take(k, static_cast<unsigned>(board::setting_rows.size()))) {",
          "if (const auto number = number_.take(k, 99)) {\n            if (*number == 9) return {&row(), {}};")],
        "menu"),
    "D8 any Klipper node is a flashed board": (
        [("include/kf/flash/verify.hpp", "board::usb_firmware::klipper, before, clock",
          "board::usb_firmware::klipper, std::nullopt, clock"),
         ("include/kf/flash/verify.hpp", "if (running->version != wanted.version)", "if (false)")],
        [FLASH]),
    "D9 the printer is asked only before the build": (
        [("include/kf/host/print_guard.hpp", "inline std::optional<objection> objection_to_stop(const printer_activity& a) {",
          "inline std::optional<objection> objection_to_stop(const printer_activity& a) {\n    static int asked = 0;\n"
          "    if (asked++ > 0) return std::nullopt;")],
        [FLASH]),
    "D10 no answer is idle": (
        [("include/kf/host/print_guard.hpp", "if (options.assume_idle) {", "if (true) {")],
        [FLASH]),
    "D11 only print_stats is looked at": (
        [("include/kf/host/print_guard.hpp", 'if (a.idle_state.empty())', "return std::nullopt;\n    if (a.idle_state.empty())")],
        [FLASH]),
    "D12 only klipper.bin is an image": (
        [("include/kf/firmware/build.hpp",
          "{image_kind::bin, image_kind::uf2, image_kind::elf_hex, image_kind::elf};", "{image_kind::bin};")],
        [BUILD, FLASH]),
    "D13 the build is in the person's tree": (
        [("include/kf/flash/place.hpp", "return {at.klipper_dir(settings), at.builds / folder, who, at.build_as};",
          "return {at.klipper_dir(settings), at.klipper_dir(settings), who, at.build_as};"),
         ("include/kf/firmware/make.hpp", 'if (!inside.empty() && *inside.begin() != "..")', "if (false)")],
        [FLASH]),
    "D14 a flasher that writes is ended by the deadline": (
        [("include/kf/io/posix_process.hpp", "const bool held = limits.held && limits.held();", "const bool held = false;")],
        "io"),
    "D15 fallback whatever happened": (
        [("include/kf/flash/write.hpp", "if (failed.wrote() != written::nothing || !failed.another_may_try()) return false;",
          "return true;")],
        [FLASH]),
    "D15 a fallback that nobody allowed": (
        [("include/kf/flash/write.hpp", "|| !failed.another_may_try()", "")],
        "flash"),
    "D15 an image over Katapult": (
        [("include/kf/firmware/proofs.hpp", "const bool kept = !config.at_flash_base()", "const bool kept = true || !config.at_flash_base()"),
         ("include/kf/flash/any_method.hpp", "if (row.takes_kind(kind)) return {};", "return {};")],
        [FLASH, BUILD]),
    "D16 the bootloader's start is not compared": (
        [("include/kf/firmware/proofs.hpp",
          "im.address_known && start == facts.app_start && im.start() == facts.app_start", "true")],
        [FLASH]),
    "D18 a star behind a serial number is more of it": (
        [("include/kf/board/pattern.hpp",
          'const bool more = c.open && !c.names_serial;', 'const bool more = c.open;')],
        "board"),
    "D18 a port is a board": (
        [("include/kf/board/identity.hpp", "if (!face.empty() && face.serial != serial)", "if (false)"),
         ("include/kf/board/identity.hpp", "if (const auto other = detail::another_chip_number(b, d))",
          "if (const auto other = detail::another_chip_number(b, d); other && false)")],
        "board"),
    "D18 a serial number is a board, also where two have it": (
        [("include/kf/board/identity.hpp", "const bool alone = is_own_serial(serial) && d.facts.twins == 0;",
          "const bool alone = is_own_serial(serial);"),
         ("include/kf/board/identity.hpp", "if (d.facts.twins > 0 && !d.place.empty()) b.serial_pattern = d.place;", "")],
        "board"),
    "D18 everybody's serial number is a board's own": (
        [("include/kf/board/usb_name.hpp", 'return !serial.empty() && serial != "12345";', "return true;")],
        "board"),
    "D18 a pattern that fits is proof enough": (
        [("include/kf/board/match.hpp", "if (judge(b, d).claim == claim::unsure)\n        return kf::fail",
          "if (false)\n        return kf::fail")],
        [FLASH]),
    "D18 a board is followed by its name": (
        [("include/kf/board/identity.hpp", "if (!t.port().empty()) return d.facts.port == t.port();", "")],
        [FLASH]),
    "D18 what was learned is forgotten": (
        [("include/kf/flash/learn.hpp", "return board::replace(r, board::remember(now, device, firmware, day));",
          "return {};")],
        [FLASH]),
    "D19 chips are compared letter by letter": (
        [("include/kf/board/usb_name.hpp", "return detail::starts_with_nocase(a, b) || detail::starts_with_nocase(b, a);",
          "return a == b;")],
        [FLASH, BUILD]),
    "D21 a malformed registry is an empty one": (
        [("include/kf/board/registry.hpp", "        KF_TRY(r, parse_registry_of(target, *before));",
          "        if (auto p = parse_registry(*before, target.string())) r = std::move(*p);")],
        "board"),
    "D21 updates without a lock": (
        [("include/kf/board/registry.hpp", 'KF_TRY(const auto lock, io::file_lock::take(target.string() + ".lock", who, until));',
          "(void)until, (void)who;")],
        "board"),
    "D23 what was down is started": (
        [(STOPPING, 'if (u.active == "activating") found.add(u.id);', "found.add(u.id);")],
        [FLASH]),
    "D23 the service has one name": (
        [(STOPPING, "found.add(process.unit);", 'found.add("klipper.service");')],
        [FLASH]),
    # -- a plan and what is done
    "A12 a file is changed that no plan named": (
        [("include/kf/flash/plan_text.hpp",
          'all.push_back({phase::verify, b.board.key, fmt::format("append how it ended to {}", p.at.ledger().string())});',
          "(void)b;")],
        [FLASH]),
    "A12 a second survey is believed whatever it shows": (
        [("include/kf/flash/agreement.hpp", "if (a == was.end() && b == is.end())", "if (true || a == was.end() || b == is.end())")],
        "flash"),
    "A12 somebody else may hold the port": (
        [("include/kf/flash/survey.hpp", "if (!goes)", "if (false)")],
        "flash"),
    # -- hosts that do not show everything
    "A3 a module is no klippy": (
        [("include/kf/host/proc.hpp", 'return name == "klippy" || name == "klippy.klippy" ||', "if (!name.empty()) return false;\n"
          '    return name == "klippy" || name == "klippy.klippy" ||')],
        "host"),
    "A10 what is not seen is not there": (
        [("include/kf/host/klippy_survey.hpp", "if (covered) continue;", "continue;")],
        "host"),
    "A10 anybody may answer for a hidden klippy": (
        [("include/kf/host/print_guard.hpp", "const bool its_own_word = ", "const bool its_own_word = true || ")],
        "host"),
    "A10 nobody looks whether the port is free": (
        [(WINDOW, "if (none.ended = port_is_free(b, out); !none.ended) return none;",
          "")],
        "flash"),
    "A12 one board that fails ends the flash of all": (
        [(WINDOW, "written = write_one(i, o.boards[i].bootloader);",
          "written = write_one(i, o.boards[i].bootloader);\n                if (!written.ended) return;")],
        "flash"),
    "A12 a flash agrees only with the same process": (
        [("include/kf/flash/agreement.hpp", "return p.whose == a.whose && p.why == a.why;", "return p.text == a.text;")],
        "flash"),
    "A11 a list of signals is held back": (
        [(RUN, "io::interrupt::hold_back_all();", "for (const int n : {SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(n, SIG_IGN);")],
        [FLASH]),
    "B25 whoever answers is believed": (
        [("include/kf/run/steering.hpp", "return who.uid == 0 ||", "return true || who.uid == 0 ||")],
        "run"),
    "B26 the name in the lock file is blamed": (
        [("include/kf/io/lock_owner.hpp", "const int owner = text ? flock_owner(*text, file).value_or(0) : 0;",
          "const int owner = name.pid;")],
        "io"),
    "B30 a frozen guardian is asked to stop later": (
        [("include/kf/host/guardian.hpp", "if (detail::is_alone(in))", "if (false && detail::is_alone(in))")],
        "host"),
    "B31 no descriptors are kept for the restart": (
        [("include/kf/host/service.hpp", "descriptors_of_a_restart = 12, descriptors_of_a_flash = 12",
          "descriptors_of_a_restart = 0, descriptors_of_a_flash = 0")],
        "host"),
    "B33 the first line is the handshake": (
        [("include/kf/host/service.hpp", "if (line->ends_with(guardian_hello)) break;",
          "if (line->ends_with(guardian_hello)) break;\n            return kf::fail(unarmed(*line, lease.request_));")],
        "host"),
    "GUARD any unit is stopped for whoever may start it": (
        [("include/kf/host/guardian_unit.hpp", "if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())", "if (false)")],
        "host"),
    "GUARD what an earlier one owes is forgotten": (
        [("include/kf/host/guardian_unit.hpp", "!owed.empty() && !pay_back(", "false && !pay_back(")],
        "host"),
    # -- what the first trials found
    "B13 a git that refuses is only warned of": (
        [("include/kf/flash/firmware_plan.hpp",
          "if (!found.tree_version && found.tree_version.error().code != errc::timeout)", "if (false)")],
        [FLASH, BUILD]),
    "B14 wrong use is told by a simulation": (
        [(FLASH, "    KF_TRY(const auto words, flash_words_of(in));",
          "    KF_TRY(const auto world, open_boards(in));\n    (void)world;\n    KF_TRY(const auto words, flash_words_of(in));")],
        [FLASH]),
    "B14 a method's tools are looked for after the build": (
        [("include/kf/flash/survey.hpp",
          "b.lacks.emplace(method, make_method(method, runner, io::steady_clock{}).needs(job));",
          "b.lacks.emplace(method, result<void>{});")],
        [FLASH]),
    "B15 a quoted line is cut": (
        [("include/kf/io/line_tail.hpp", "lines_.emplace_back(line);", "lines_.emplace_back(line.substr(0, 76));")],
        "firmware"),
    "B16 the ledger forgets what a failed flash did": (
        [(RUN, "entry.write_time = r.write_time;", "entry.write_time = ended ? r.write_time : 0;")],
        [FLASH]),
    "B21 a dropped chip becomes the default board's": (
        [("include/kf/firmware/source_config.hpp", "KF_CHECK(check_drift(cached.config, config));", "")],
        "firmware"),
    # -- the plotter
    "P1 after a loss it reconnects and draws on": (
        [("include/kf/run/stroke_run.hpp", "if (auto drawn = draw(); !drawn) return broken(std::move(drawn).error());",
          "if (auto drawn = draw(); !drawn) {\n            (void)k_.recover();\n"
          "            if (auto again = draw(); !again) return broken(std::move(again).error());\n        }")],
        ["tools/kplot/run.cpp"]),
    "P2 the emergency stop waits for the motion": (
        [("tools/kplot/estop.cpp", "    klippy::estop_line line(*std::move(link));",
          "    klippy::client first(*std::move(link));\n"
          "    KF_CHECK(first.send_gcode(\"M400\", klippy::barrier::processed,\n"
          "                              std::chrono::steady_clock::now() + std::chrono::hours(1)));\n"
          "    link = io::unix_socket::connect(socket, soon());\n    klippy::estop_line line(*std::move(link));"),
         ("tools/kplot/estop.cpp", "#include <kf/klippy/estop_line.hpp>",
          "#include <kf/klippy/client.hpp>\n#include <kf/klippy/estop_line.hpp>")],
        ["tools/kplot/estop.cpp"]),
    "P3 the next direction is compared with itself": (
        [("include/kf/job/gcode.hpp", "if (!reversal_.turns_back(speed,",
          "reversal_.moved(speed);\n        if (!reversal_.turns_back(speed,")],
        ["tools/kplot/gcode.cpp"]),
    "P4 of an arc only its ends are looked at": (
        [("include/kf/job/limits.hpp", "low = {std::min(low.x, p.x), std::min(low.y, p.y)};", "(void)p;"),
         ("include/kf/job/limits.hpp", "high = {std::max(high.x, p.x), std::max(high.y, p.y)};", "")],
        ["tools/kplot/gcode.cpp"]),
    "P5 a spray operation is left out": (
        [("include/kf/job/gcode.hpp", "[&](const auto&) { return spray(s); }", "[&](const auto&) { return result<void>{}; }")],
        ["tools/kplot/gcode.cpp"]),
    "P6 a tool's macro is called whether it is there or not": (
        [("include/kf/job/gcode.hpp", "    return std::any_of(objects.begin(), objects.end(), [&](const std::string& object) {",
          "    if (wanted.find(\"TOOL_\") != wanted.npos) return true;\n"
          "    return std::any_of(objects.begin(), objects.end(), [&](const std::string& object) {")],
        ["tools/kplot/gcode.cpp"]),
    "P7 an error leaves the pen where it is": (
        [("include/kf/run/stroke_run.hpp", "if (printer_goes_on && lift(k_, machine_, record_)) pen",
          "if (printer_goes_on) pen")],
        "run"),
    "P8 every line repeats F": (
        [("include/kf/job/gcode.hpp", "if (f_ != speed) append_feed(", "append_feed(")],
        ["tools/kplot/gcode.cpp"]),
    "P9 a file is written where it is read": (
        [("include/kf/io/atomic_file.hpp",
          'target.string() + ".XXXXXX";\n        unique_fd fd(::mkostemp(name.data(), O_CLOEXEC));',
          "target.string();\n        unique_fd fd(::open(name.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));"),
         ("include/kf/io/atomic_file.hpp", "        ::unlink(temporary_.c_str());\n", "")],
        ["tools/kplot/machine.cpp"]),
    "P9 the time left is a share of the bytes": (
        [("include/kf/run/file_run.hpp", "        if (!sd) return plan_.timeline.total();",
          "        if (!sd) return plan_.timeline.total();\n        if (sd->file_size > 0)\n"
          "            return plan_.timeline.total() *\n"
          "                   (1 - static_cast<double>(sd->file_position) / static_cast<double>(sd->file_size));")],
        ["tools/kplot/run.cpp"]),
    "P10 every printer is idle": (
        [("include/kf/run/preflight.hpp", "    const bool paused = now.pause_resume",
          "    if (now.ready()) return {};\n    const bool paused = now.pause_resume")],
        ["tools/plotter/plotter.cpp"]),
    "A8 keys that were typed ahead are an answer": (
        [("tools/cli/prompt.cpp", "void forget_typed_ahead() { ::tcflush(STDIN_FILENO, TCIFLUSH); }",
          "void forget_typed_ahead() {}")],
        ["tools/cli/prompt.cpp"]),
    "A8 a question counts as seen before its frame is out": (
        [("include/kf/menu/menu_loop.hpp", "if (unseen.comes_in_sight(screen)) menu.shown();",
          "if (menu.has_question_to_show()) menu.shown();")],
        "menu"),
    "A8 any answer of the terminal brings a question in sight": (
        [("include/kf/tui/sight.hpp", "if (is_ != stage::on_its_way || answered_ < wanted_) return false;",
          "if (is_ != stage::on_its_way) return false;")],
        "tui"),
    "A8 a key that is hammered through is an answer": (
        [("include/kf/tui/sight.hpp", "return is_ == stage::seen;\n    }\n\n  private", "return false;\n    }\n\n  private")],
        "tui"),
    "B12 a lost result is a success": (
        [("tools/cli/run.cpp", "if (results.flush()) return status;", "return status;")],
        ["tools/cli/run.cpp"]),
    "B29 foreign text goes to the terminal as it is": (
        [("include/kf/sink/scrub.hpp", "return c < 0x20 ||", "return false && (c < 0x20 ||"),
         ("include/kf/sink/scrub.hpp", "(c >= 0x2066 && c <= 0x2069);", "(c >= 0x2066 && c <= 0x2069));")],
        "sink"),
    "B27 root follows a link that was planted": (
        [("include/kf/io/ownership.hpp", "if (st.st_uid != 0) return", "if (false) return")],
        "io"),
    "B36 an input without end is read to its end": (
        [("tools/ksim/printer.cpp", "if (::poll(&p, 1, 0) <= 0) return true;",
          "if (::poll(&p, 1, 0) <= 0) return true;\n    while (true) { char b[512]; "
          "if (::read(STDIN_FILENO, b, sizeof b) <= 0) return false; }")],
        ["tools/ksim/printer.cpp"]),
    "A4 another's PAUSE is taken for Klipper's": (
        [("include/kf/run/preflight.hpp", "if (names.empty() || person == foreign_macros::taken) return {};",
          "if (names.empty() || person == foreign_macros::taken || person == foreign_macros::refused) return {};")],
        ["tools/kplot/run.cpp"]),
    "A7 --sim needs no proof": (
        [("tools/plotter/plotter_site.cpp", "KF_CHECK(prove_simulator(in, site.socket));", "(void)prove_simulator(in, site.socket);")],
        ["tools/plotter/plotter_site.cpp"]),
    "B2 an order that came while it homed is forgotten": (
        [("include/kf/run/file_run.hpp", "            if (o == order::cancel) {\n                steering_.settle(\"cancelled before",
          "            if (o == order::cancel && !pause_told_) break;\n"
          "            if (o == order::cancel) {\n                steering_.settle(\"cancelled before")],
        ["tools/kplot/run.cpp"]),
    "B4 nobody looks where the machine is": (
        [("include/kf/run/file_run.hpp", "if (const auto at = watch_.stray(k_.status())) return",
          "if (const auto at = watch_.stray(k_.status()); at && asked_ == order::cancel) return")],
        ["tools/kplot/run.cpp"]),
}


class Copy:
    def __init__(self, build, folder):
        self.build, self.root = build, folder
        for name in ("include", "tools", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("transcripts"))
        # recordings are only read
        (folder / "tests/transcripts").symlink_to(ROOT / "tests/transcripts")
        # source -> (what is compiled with it in one go, the command). In a unity build that is all of a tool.
        self.units = {}
        for c in json.loads((build / "compile_commands.json").read_text()):
            file = (build / c["file"]).resolve()
            made = file.is_relative_to(build)
            sources = [pathlib.Path(s).resolve() for s in re.findall(r"#include *<(.*)>", file.read_text())] if made else [file]
            unit = tuple(str(s.relative_to(ROOT)) for s in sources)
            for source in unit:
                self.units.setdefault(source, (unit, c["command"]))

    def change(self, edits):
        for file, old, new in edits:
            path = self.root / file
            text = path.read_text()
            if old not in text:
                raise SystemExit(f"{file} has no longer: {old}")
            path.write_text(text.replace(old, new))

    def restore(self, edits):
        for file, _, _ in edits:
            shutil.copy2(ROOT / file, self.root / file)

    def compile(self, unit, command):
        words = [w.strip("'") for w in command.split()]
        together = self.root / (unit[0].replace("/", "_") + ".together.cpp")
        together.write_text("".join(f'#include "{self.root / source}"\n' for source in unit))
        out = together.with_suffix(".o")
        object_in_build = words[words.index("-o") + 1]
        words[words.index("-o") + 1] = str(out)
        for flag in ("-MF", "-MQ"):
            i = words.index(flag)
            del words[i:i + 2]
        words = [w for w in words if w not in ("-MD", "-Werror")]
        words = [w.replace("-I../", f"-I{self.root}/") if w.startswith("-I../") else w for w in words]
        words[-1] = str(together)
        subprocess.run(words, cwd=self.build, check=True)
        return object_in_build, out

    def link(self, target, replaced):
        """`target` of the build with some of its objects replaced."""
        rule = subprocess.run(["ninja", "-C", str(self.build), "-t", "commands", "-s", target], check=True,
                              capture_output=True, text=True).stdout.splitlines()[-1]
        words = [w.strip("'") for w in rule.split() if w != ":"]
        out = self.root / pathlib.Path(target).name
        at = words.index("-o")
        words[at + 1] = str(out)
        # First in line: of an inline function in several objects the linker takes the first.
        words = words[:at + 2] + [str(o) for o in replaced.values()] + [w for w in words[at + 2:] if w not in replaced]
        subprocess.run(words, cwd=self.build, check=True)
        return out

    def program(self, sources):
        folder, name = sources[0].split("/")[:2]
        target = f"tools/{tool_of(sources)}" if folder == "tools" else f"tests/test_{name}"
        return self.link(target, dict(self.compile(*unit) for unit in {self.units[s] for s in sources}))


def tool_of(sources):
    name = sources[0].split("/")[1]
    return {"cli": "kflash", "plotter": "kplot"}.get(name, name)  # what several tools have is tried by one of them


@functools.cache
def tests_by_label():
    known = [row for _, _, sections in labels.declared(ROOT) for _, _, rows in sections for row, _, _ in rows]
    return labels.tests(ROOT, known)[0]


def trials(label, seen_by):
    """(sources to compile again, tests (file, name) to run against that program), one after the other."""
    mine = tests_by_label().get(label, [])
    if isinstance(seen_by, str):
        for file in sorted({f for f, _ in mine if f.startswith(f"{seen_by}/")}):
            yield [f"tests/{file}"], [t for t in mine if t[0] == file]
    elif own := [t for t in mine if t[0].startswith((f"cli/{tool_of(seen_by)}_", "cli/tools_at_large"))]:
        yield seen_by, own


def is_green(build, program, test):
    file, case = test
    if not file.startswith("cli/"):
        for pattern in (case, f"*/{case}"):  # alone or in a suite; 200: there is none of that name
            r = subprocess.run([program or build / f"tests/test_{file.split('/')[0]}", f"--run_test={pattern}"], cwd=build,
                               capture_output=True)
            if r.returncode != 200:
                return r.returncode == 0
        raise SystemExit(f"{build} has no test {case}: build it anew")
    # ksim lies beside kflash and kplot, as everywhere.
    tool = file.split("/")[1].split("_")[0] if file.startswith("cli/k") else "kflash"
    tools = {name: build / "tools" / name for name in (tool, "ksim")}
    if program:
        tools[program.name if program.name == "ksim" else tool] = program
    r = subprocess.run([sys.executable, "-B", ROOT / "tests" / file, tools[tool], tools["ksim"], "-k", case],
                       capture_output=True, text=True, env=dict(os.environ, KF_TEST_DEADLINE="20"))
    if "Ran 0 tests" in r.stderr or "Ran " not in r.stderr:
        raise SystemExit(f"{file} does not run {case}\n{r.stderr}")
    return r.returncode == 0


def verdict(build, copy, label, seen_by):
    """What became of a defect that lies in the copy now, and the tests that say so."""
    asked = []
    for sources, tests in trials(label, seen_by):
        program = copy.program(sources)
        for test in tests:
            asked.append(": ".join(test))
            if is_green(build, program, test):
                continue
            return ("seen", asked[-1:]) if is_green(build, None, test) else ("RED ANYWAY", asked[-1:])
    return "NOT SEEN", asked


def stale():
    """Defects that cannot be put in any more, and those that nobody would see."""
    for defect, (edits, seen_by) in MUTANTS.items():
        for file, old, _ in edits:
            if not (ROOT / file).exists() or old not in (ROOT / file).read_text():
                yield f"{defect}: {file} has no longer: {old}"
        tried = list(trials(defect.split()[0], seen_by))
        if not tried:
            yield f"{defect}: no test of its label against {seen_by}"
        yield from (f"{defect}: there is no {s}" for sources, _ in tried for s in sources if not (ROOT / s).exists())


def main():
    if sys.argv[1] == "--texts":
        wrong = list(stale())
        print("\n".join(wrong) or f"{len(MUTANTS)} defects can be put in")
        return 1 if wrong else 0
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = sys.argv[2:]
    alive = killed = 0
    with tempfile.TemporaryDirectory(prefix="kf-mutants.") as name:
        copy = Copy(build, pathlib.Path(name))
        for beside in ("ksim", "kplot"):
            shutil.copy2(build / "tools" / beside, copy.root / beside)
        for defect, (edits, seen_by) in MUTANTS.items():
            label = defect.split()[0]
            if wanted and label not in wanted:
                continue
            copy.change(edits)
            what, tests = verdict(build, copy, label, seen_by)
            copy.restore(edits)
            killed += what == "seen"
            alive += what != "seen"
            print(f"{what:10}  {defect}: {', '.join(tests)}", flush=True)
    print(f"{killed} defects seen, {alive} not")
    return 1 if alive or not killed else 0


if __name__ == "__main__":
    sys.exit(main())
