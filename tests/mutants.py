#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts each defect that must stay impossible (ARCHITECTURE.md) back into a copy of the sources and demands that its
test goes red, and that the same test is green without the defect.

mutants.py BUILD [D2 D9 ...]: BUILD is a built Meson folder; nothing in it or in the sources is changed."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# defect -> changes [(file, text, what it becomes)], sources to compile again, tests that must see it.
# A test is "kflash_flash.py CASE", "kplot_defects.py CASE" ... or "area/case" of the Boost tests. The program that is made
# anew is the one that the sources belong to.
FLASH, GUARDIAN, PREPARE = "tools/kflash/flash.cpp", "tools/kflash/guardian.cpp", "tools/kflash/prepare.cpp"
MUTANTS = {
    "D1 make flash takes the tree's last build": (
        [("include/kf/flash/make_flash.hpp", '"OUT=" + (job.out_dir / "").string(),', '"V=0",'),
         ("include/kf/flash/make_flash.hpp", '"KCONFIG_CONFIG=" + job.config.string(),', '"V=0",'),
         ("include/kf/flash/make_flash.hpp", 'KF_CHECK(firmware::still_is(*job.image, built(job)));', ';')],
        [FLASH], ["kflash_flash.py test_d1_make_flash_writes_only_this_boards_image"]),
    "D2 nobody starts the service after kill -9": (
        [("include/kf/host/guardian.hpp", "return !stopped || pay_back(manager, units, clock, owed.file);", "return !stopped;")],
        [GUARDIAN], ["kflash_flash.py test_d2_kill_9_while_writing_brings_the_service_back"]),
    "D2 a signal ends the write": (
        [(FLASH, "io::interrupt::hold_back_all();", "std::signal(SIGHUP, SIG_DFL), std::signal(SIGTERM, SIG_DFL);"),
         (FLASH, "#include <unistd.h>", "#include <csignal>\n#include <unistd.h>")],
        [FLASH], ["kflash_flash.py test_signals_while_writing_are_remembered"]),
    "D3 a stop that failed is not followed by a start": (
        [("include/kf/host/service.hpp", "stopped_ = true; // from here on", "// from here on"),
         ("include/kf/host/service.hpp", "if (asked) return {};\n        error e",
          "if (asked) stopped_ = true;\n        if (asked) return {};\n        error e"),
         ("include/kf/host/guardian.hpp", "        stopped = true;\n        for (const auto& unit : units) KF_CHECK(manager.stop(unit));",
          "        for (const auto& unit : units) KF_CHECK(manager.stop(unit));\n        stopped = true;")],
        [FLASH, GUARDIAN], ["kflash_flash.py test_d3_a_stop_that_times_out_leaves_the_service_running"]),
    "D4 the exit status of systemctl counts as a restart": (
        [("include/kf/host/systemctl_show.hpp", 'return active == "active" && sub != "exited";', "return true;")],
        [FLASH, GUARDIAN], ["kflash_flash.py test_d4_a_restart_that_failed_is_never_called_a_restart"]),
    "D5 the right is not proven": (
        [("include/kf/host/right.hpp", "return ran && ran->first.status == 0;", "return ran.has_value() || true;")],
        ["tests/host/right.cpp"], ["host/d5_sudo_that_would_ask_for_a_password_is_no_right_to_stop_the_service",
                                   "host/d5_polkit_for_one_of_two_units_is_no_right"]),
    "D7 a setting without effect": (
        [("tools/kflash/settings.cpp", "set(fallback, s.allow_flash_fallback);", "")],
        ["tools/kflash/settings.cpp"], ["kflash_registry.py test_d7_every_setting_can_be_seen_and_set"]),
    "D8 any Klipper node is a flashed board": (
        [("include/kf/flash/verify.hpp", "board::usb_firmware::klipper, before, clock",
          "board::usb_firmware::klipper, std::nullopt, clock"),
         ("include/kf/flash/verify.hpp", "if (running->version != wanted.version)", "if (false)")],
        [FLASH], ["kflash_flash.py test_d8_an_old_node_that_never_left_is_no_proof"]),
    "D9 the printer is asked only before the build": (
        [("include/kf/host/print_guard.hpp", "inline std::optional<objection> objection_to_stop(const printer_activity& a) {",
          "inline std::optional<objection> objection_to_stop(const printer_activity& a) {\n    static int asked = 0;\n"
          "    if (asked++ > 0) return std::nullopt;")],
        [FLASH], ["kflash_flash.py test_d9_a_print_that_starts_during_the_build_is_seen"]),
    "D10 no answer is idle": (
        [("include/kf/host/print_guard.hpp", "if (options.assume_idle) {", "if (true) {")],
        [FLASH], ["kflash_flash.py test_d10_a_klippy_that_says_nothing_is_not_idle"]),
    "D11 only print_stats is looked at": (
        [("include/kf/host/print_guard.hpp", 'if (a.idle_state.empty())', "return std::nullopt;\n    if (a.idle_state.empty())")],
        [FLASH], ["kflash_flash.py test_d11_motion_heat_and_pause_count_as_busy"]),
    "D12 only klipper.bin is an image": (
        [("include/kf/firmware/build.hpp",
          "{image_kind::bin, image_kind::uf2, image_kind::elf_hex, image_kind::elf};", "{image_kind::bin};")],
        [PREPARE], ["kflash_flash.py test_d12_an_image_that_is_no_klipper_bin_is_found"]),
    "D13 the build is in the person's tree": (
        [(PREPARE, "return {b.klipper_dir(), b.at.builds / folder, who, b.at.build_as};",
          "return {b.klipper_dir(), b.klipper_dir(), who, b.at.build_as};"),
         ("include/kf/firmware/make.hpp", 'if (!inside.empty() && *inside.begin() != "..")', "if (false)")],
        [PREPARE], ["kflash_flash.py test_d13_the_persons_own_tree_is_never_touched"]),
    "D14 a flasher that writes is ended by the deadline": (
        [("include/kf/io/posix_process.hpp", "const bool held = limits.held && limits.held();", "const bool held = false;")],
        ["tests/io/process.cpp"], ["io/d14_a_flasher_that_writes_is_ended_neither_by_the_deadline_nor_by_a_signal"]),
    "D15 fallback whatever happened": (
        [("include/kf/flash/run.hpp", "if (failed.wrote() != written::nothing || !failed.another_may_try()) return false;",
          "return true;")],
        [FLASH], ["kflash_flash.py test_d15_no_fallback_onto_a_board_that_left"]),
    "D15 a fallback that nobody allowed": (
        [("include/kf/flash/run.hpp", "|| !failed.another_may_try()", "")],
        ["tests/flash/methods.cpp"],
        ["flash/d15_only_a_method_that_wrote_nothing_and_says_that_another_may_try_is_followed"]),
    "D15 an image over Katapult": (
        [("include/kf/firmware/proofs.hpp", "const bool kept = !config.at_flash_base()", "const bool kept = true || !config.at_flash_base()"),
         ("include/kf/flash/any_method.hpp", "if (row.takes_kind(kind)) return {};", "return {};")],
        [FLASH, PREPARE], ["kflash_flash.py test_d15_an_image_at_the_flash_base_never_overwrites_katapult"]),
    "D16 the bootloader's start is not compared": (
        [("include/kf/firmware/proofs.hpp",
          "im.address_known && start == facts.app_start && im.start() == facts.app_start", "true")],
        [FLASH], ["kflash_flash.py test_d16_an_image_linked_elsewhere_is_refused_and_the_old_firmware_goes_on",
                  "kflash_flash.py test_d16_make_flash_onto_a_board_with_katapult_proves_its_start_first"]),
    "D18 a star behind a serial number is more of it": (
        [("include/kf/board/pattern.hpp",
          'const bool more = c.open && !c.names_serial;', 'const bool more = c.open;')],
        ["tests/board/pattern.cpp"], ["board/a_star_behind_a_serial_number_is_no_more_of_it"]),
    "D18 a port is a board": (
        [("include/kf/board/identity.hpp", "if (!face.empty() && face.serial != serial)", "if (false)"),
         ("include/kf/board/identity.hpp", "if (const auto other = detail::another_chip_number(b, d))",
          "if (const auto other = detail::another_chip_number(b, d); other && false)")],
        ["tests/board/identity.cpp"], ["board/another_board_in_the_same_socket_is_refused_with_what_differs"]),
    "D18 a serial number is a board, also where two have it": (
        [("include/kf/board/identity.hpp", "const bool alone = is_own_serial(serial) && d.facts.twins == 0;",
          "const bool alone = is_own_serial(serial);"),
         ("include/kf/board/identity.hpp", "if (d.facts.twins > 0 && !d.place.empty()) b.serial_pattern = d.place;", "")],
        ["tests/board/identity.cpp"], ["board/a_twin_that_is_left_alone_is_not_taken_for_the_other_one"]),
    "D18 everybody's serial number is a board's own": (
        [("include/kf/board/usb_name.hpp", 'return !serial.empty() && serial != "12345";', "return true;")],
        ["tests/board/identity.cpp"], ["board/a_board_with_everybodys_serial_number_is_its_port"]),
    "D18 a pattern that fits is proof enough": (
        [("include/kf/board/match.hpp", "if (judge(b, d).claim == claim::unsure)\n        return kf::fail",
          "if (false)\n        return kf::fail")],
        [FLASH], ["kflash_boards.py test_an_old_pattern_without_a_serial_number_is_no_proof"]),
    "D18 a board is followed by its name": (
        [("include/kf/board/identity.hpp", "if (!t.port().empty()) return d.facts.port == t.port();", "")],
        [FLASH], ["kflash_boards.py test_a_board_whose_two_firmwares_have_nothing_in_common_is_followed_by_its_port"]),
    "D18 what was learned is forgotten": (
        [(PREPARE, "return board::replace(r, board::remember(now, device, firmware, today()));", "return {};")],
        [PREPARE], ["kflash_boards.py test_a_write_that_was_cut_short_is_taken_up_although_the_bootloader_has_another_name"]),
    "D19 chips are compared letter by letter": (
        [("include/kf/board/usb_name.hpp", "return detail::starts_with_nocase(a, b) || detail::starts_with_nocase(b, a);",
          "return a == b;")],
        [FLASH, PREPARE], ["kflash_flash.py test_d19_a_registered_mcu_with_or_without_its_variant_is_one_chip"]),
    "D21 a malformed registry is an empty one": (
        [("include/kf/board/registry.hpp", "        KF_TRY(r, parse_registry(*before, target.string()));",
          "        if (auto p = parse_registry(*before, target.string())) r = std::move(*p);")],
        ["tests/board/registry.cpp"], ["board/d21_a_malformed_file_is_left_untouched"]),
    "D21 updates without a lock": (
        [("include/kf/board/registry.hpp", 'KF_TRY(const auto lock, io::file_lock::take(target.string() + ".lock", who, until));',
          "(void)until, (void)who;")],
        ["tests/board/registry.cpp"], ["board/d21_processes_that_update_at_once_lose_nothing"]),
    "D23 what was down is started": (
        [(FLASH, 'if (u.active == "activating") found.add(u.id);', "found.add(u.id);")],
        [FLASH], ["kflash_flash.py test_d23_a_service_that_was_down_stays_down"]),
    "D23 the service has one name": (
        [(FLASH, "found.add(process.unit);", 'found.add("klipper.service");')],
        [FLASH], ["kflash_flash.py test_d23_the_service_is_found_whatever_its_name_is"]),
    # -- hosts that do not show everything
    "A3 a module is no klippy": (
        [("include/kf/host/proc.hpp", 'return name == "klippy" || name == "klippy.klippy" ||', "if (!name.empty()) return false;\n"
          '    return name == "klippy" || name == "klippy.klippy" ||')],
        ["tests/host/proc.cpp"], ["host/a3_klippy_as_a_module_a_folder_or_a_console_entry_is_klippy"]),
    "A10 what is not seen is not there": (
        [("include/kf/host/klippy_survey.hpp", "if (covered) continue;", "continue;")],
        ["tests/host/klippy_survey.cpp"], ["host/a10_an_active_unit_whose_process_is_hidden_is_a_klippy"]),
    "A10 anybody may answer for a hidden klippy": (
        [("include/kf/host/print_guard.hpp", "const bool its_own_word = ", "const bool its_own_word = true || ")],
        ["tests/host/print_guard.cpp"], ["host/a10_a_hidden_klippy_is_known_by_its_own_word_only"]),
    "A10 nobody looks whether the port is free": (
        [(FLASH, "KF_CHECK(prove_port_free(in, b, target.device()));", "(void)prove_port_free;")],
        [FLASH], ["kflash_hosts.py test_a10_a_port_that_somebody_unseen_holds_is_not_written"]),
    "A11 a list of signals is held back": (
        [(FLASH, "io::interrupt::hold_back_all();", "for (const int n : {SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(n, SIG_IGN);")],
        [FLASH], ["kflash_hosts.py test_a11_no_signal_ends_the_write"]),
    "B25 whoever answers is believed": (
        [("include/kf/run/steering.hpp", "return who.uid == 0 ||", "return true || who.uid == 0 ||")],
        ["tests/run/steering.cpp"], ["run/b25_a_stranger_in_the_place_of_a_run_is_not_believed"]),
    "B26 the name in the lock file is blamed": (
        [("include/kf/io/lock_owner.hpp", "const int owner = text ? flock_owner(*text, file).value_or(0) : 0;",
          "const int owner = name.pid;")],
        ["tests/io/file_lock.cpp"], ["io/a_stale_name_is_not_blamed_for_a_lock_that_another_process_holds"]),
    "B30 a frozen guardian is asked to stop later": (
        [("include/kf/host/guardian.hpp", "if (detail::is_alone(in))", "if (false && detail::is_alone(in))")],
        ["tests/host/guardian.cpp"], ["host/b30_a_stop_from_somebody_who_is_gone_is_not_obeyed"]),
    "B31 no descriptors are kept for the restart": (
        [("include/kf/host/service.hpp", "descriptors_of_a_restart = 12, descriptors_of_a_flash = 12",
          "descriptors_of_a_restart = 0, descriptors_of_a_flash = 0")],
        ["tests/host/service.cpp"], ["host/b31_without_descriptors_for_the_restart_nothing_is_stopped"]),
    "B33 the first line is the handshake": (
        [("include/kf/host/service.hpp", "if (line->ends_with(guardian_hello)) break;",
          "if (line->ends_with(guardian_hello)) break;\n            return kf::fail(unarmed(*line, lease.request_));")],
        ["tests/host/service.cpp"], ["host/b33_what_sudo_says_first_is_a_remark_and_no_handshake"]),
    "GUARD any unit is stopped for whoever may start it": (
        [("include/kf/host/guard_unit.hpp", "if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())", "if (false)")],
        ["tests/host/guard_unit.cpp"], ["host/only_klippys_and_what_goes_down_with_them_are_guarded"]),
    "GUARD what an earlier one owes is forgotten": (
        [("include/kf/host/guard_unit.hpp", "!owed.empty() && !pay_back(", "false && !pay_back(")],
        ["tests/host/guard_unit.cpp"], ["host/a_guard_that_was_killed_pays_back_when_it_is_started_again"]),
    # -- what the first trials found
    "B13 a git that refuses is only warned of": (
        [(PREPARE, "if (!version && version.error().code != errc::timeout) return kf::fail(std::move(version).error());", "")],
        [PREPARE], ["kflash_cheap.py test_what_cannot_be_flashed_is_refused_before_a_build"]),
    "B14 wrong use is told by a simulation": (
        [(FLASH, "    KF_TRY(const auto request, build_request_of(in));\n    KF_TRY(const auto b, open_bench(in));",
          "    KF_TRY(const auto b, open_bench(in));\n    KF_TRY(const auto request, build_request_of(in));")],
        [FLASH], ["kflash_cheap.py test_wrong_use_is_told_before_a_simulation_is_started"]),
    "B14 a method's tools are looked for after the build": (
        [(FLASH, "    KF_CHECK(order_for(job_of(b, board, ready, target)));\n", "")],
        [FLASH], ["kflash_cheap.py test_what_cannot_be_flashed_is_refused_before_a_build"]),
    "B15 a quoted line is cut": (
        [("include/kf/io/line_tail.hpp", "lines_.emplace_back(line);", "lines_.emplace_back(line.substr(0, 76));")],
        ["tests/firmware/build.cpp"], ["firmware/a_compilers_line_is_quoted_as_it_is_however_long_and_indented"]),
    "B16 the ledger forgets what a failed flash did": (
        [(FLASH, "entry.write_time = r.outcome.write_time;", "entry.write_time = r.ended() ? r.outcome.write_time : 0;")],
        [FLASH], ["kflash_flash.py test_d8_an_old_node_that_never_left_is_no_proof"]),
    "B21 a dropped chip becomes the default board's": (
        [("include/kf/firmware/source_config.hpp", "KF_CHECK(check_drift(cached.config, config));", "")],
        ["tests/firmware/build.cpp"], ["firmware/a_chip_that_the_source_tree_drops_never_becomes_its_default_board"]),
    # -- the plotter
    "P1 after a loss it reconnects and draws on": (
        [("include/kf/run/stroke_run.hpp", "if (auto drawn = draw(); !drawn) return broken(std::move(drawn).error());",
          "if (auto drawn = draw(); !drawn) {\n            (void)k_.recover();\n"
          "            if (auto again = draw(); !again) return broken(std::move(again).error());\n        }")],
        ["tools/kplot/run.cpp"],
        ["kplot_defects.py test_p1_a_lost_board_neither_hangs_the_run_nor_is_its_script_sent_again"]),
    "P2 the emergency stop waits for the motion": (
        [("tools/kplot/estop.cpp", "    klippy::estop_line line(*std::move(link));",
          "    klippy::client first(*std::move(link));\n"
          "    KF_CHECK(first.send_gcode(\"M400\", klippy::barrier::processed,\n"
          "                              std::chrono::steady_clock::now() + std::chrono::hours(1)));\n"
          "    link = io::unix_socket::connect(socket, soon());\n    klippy::estop_line line(*std::move(link));"),
         ("tools/kplot/estop.cpp", "#include <kf/klippy/estop_line.hpp>",
          "#include <kf/klippy/client.hpp>\n#include <kf/klippy/estop_line.hpp>")],
        ["tools/kplot/estop.cpp"], ["kplot_defects.py test_p2_an_emergency_stop_and_a_status_do_not_wait_for_the_stroke"]),
    "P3 the next direction is compared with itself": (
        [("include/kf/job/gcode.hpp", "if (!reversal_.turns_back(speed,",
          "reversal_.moved(speed);\n        if (!reversal_.turns_back(speed,")],
        ["tools/kplot/gcode.cpp"], ["kplot_defects.py test_p3_a_fast_reversal_has_its_pause_and_a_slow_one_has_none"]),
    "P4 of an arc only its ends are looked at": (
        [("include/kf/job/limits.hpp", "low = {std::min(low.x, p.x), std::min(low.y, p.y)};", "(void)p;"),
         ("include/kf/job/limits.hpp", "high = {std::max(high.x, p.x), std::max(high.y, p.y)};", "")],
        ["tools/kplot/gcode.cpp"],
        ["kplot_defects.py test_p4_the_bulge_of_an_arc_z_and_ink_beside_the_canvas_are_out_of_bounds"]),
    "P5 a spray operation is left out": (
        [("include/kf/job/gcode.hpp", "[&](const auto&) { return spray(s); }", "[&](const auto&) { return result<void>{}; }")],
        ["tools/kplot/gcode.cpp"], ["kplot_defects.py test_p5_every_spray_and_pump_operation_is_refused_and_nothing_moves"]),
    "P6 a tool's macro is called whether it is there or not": (
        [("include/kf/job/gcode.hpp", "    return std::any_of(objects.begin(), objects.end(), [&](const std::string& object) {",
          "    if (wanted.find(\"TOOL_\") != wanted.npos) return true;\n"
          "    return std::any_of(objects.begin(), objects.end(), [&](const std::string& object) {")],
        ["tools/kplot/gcode.cpp"],
        ["kplot_defects.py test_p6_a_tool_is_changed_without_macros_and_with_them_when_the_printer_has_them"]),
    "P7 an error leaves the pen where it is": (
        [("include/kf/run/stroke_run.hpp", "if (printer_goes_on && lift(k_, machine_, record_)) pen",
          "if (printer_goes_on) pen")],
        ["tools/kplot/run.cpp"],
        ["kplot_defects.py test_p7_an_error_in_the_middle_of_a_job_lifts_the_pen_and_says_what_is_drawn"]),
    "P8 every line repeats F": (
        [("include/kf/job/gcode.hpp", "if (f_ != speed) word(", "word(")],
        ["tools/kplot/gcode.cpp"], ["kplot_defects.py test_p8_a_file_has_one_barrier_and_f_only_where_it_changes"]),
    "P9 a file is written where it is read": (
        [("include/kf/io/atomic_file.hpp",
          'target.string() + ".XXXXXX";\n        unique_fd fd(::mkostemp(name.data(), O_CLOEXEC));',
          "target.string();\n        unique_fd fd(::open(name.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));"),
         ("include/kf/io/atomic_file.hpp", "        ::unlink(temporary_.c_str());\n", "")],
        ["tools/kplot/machine.cpp"], ["kplot_defects.py test_p9_a_file_that_cannot_be_written_whole_leaves_the_one_before"]),
    "P9 the time left is a share of the bytes": (
        [("include/kf/run/file_run.hpp", "        if (!sd) return plan_.timeline.total();",
          "        if (!sd) return plan_.timeline.total();\n        if (sd->file_size > 0)\n"
          "            return plan_.timeline.total() *\n"
          "                   (1 - static_cast<double>(sd->file_position) / static_cast<double>(sd->file_size));")],
        ["tools/kplot/run.cpp"], ["kplot_defects.py test_p9_the_time_left_follows_the_plan_and_not_the_bytes"]),
    "P10 every printer is idle": (
        [("include/kf/run/preflight.hpp", "    const bool paused = now.pause_resume",
          "    if (!status.empty()) return {};\n    const bool paused = now.pause_resume")],
        ["tools/kplot/plotter.cpp"], ["kplot_defects.py test_p10_a_printer_that_works_or_pauses_is_not_idle"]),
    "A8 keys that were typed ahead are an answer": (
        [("tools/cli/prompt.cpp", "void forget_typed_ahead() { ::tcflush(STDIN_FILENO, TCIFLUSH); }",
          "void forget_typed_ahead() {}")],
        ["tools/cli/prompt.cpp"], ["tools_at_large.py test_a8_keys_that_were_typed_ahead_choose_and_confirm_nothing",
                                   "tools_at_large.py test_a8_typed_ahead_keys_remove_no_board"]),
    "B12 a lost result is a success": (
        [("tools/cli/run.cpp", "if (results.flush()) return status;", "return status;")],
        ["tools/cli/run.cpp"], ["tools_at_large.py test_b12_a_result_that_does_not_fit_on_the_disk_is_exit_1_and_said"]),
    "B29 foreign text goes to the terminal as it is": (
        [("include/kf/sink/scrub.hpp", "return c < 0x20 ||", "return false && (c < 0x20 ||"),
         ("include/kf/sink/scrub.hpp", "(c >= 0x2066 && c <= 0x2069);", "(c >= 0x2066 && c <= 0x2069));")],
        ["tests/sink/scrub.cpp"], ["sink/control_characters_become_escapes_that_can_be_read",
                                   "sink/c1_is_scrubbed_as_a_byte_and_as_utf8"]),
    "B27 root follows a link that was planted": (
        [("include/kf/io/ownership.hpp", "if (st.st_uid != 0) return", "if (false) return")],
        ["tests/io/ownership.cpp"], ["io/a_link_that_was_planted_there_leads_nowhere",
                                     "io/nor_does_a_folder_that_is_such_a_link"]),
    "B36 an input without end is read to its end": (
        [("tools/ksim/printer.cpp", "if (::poll(&p, 1, 0) <= 0) return true;",
          "if (::poll(&p, 1, 0) <= 0) return true;\n    while (true) { char b[512]; "
          "if (::read(STDIN_FILENO, b, sizeof b) <= 0) return false; }")],
        ["tools/ksim/printer.cpp"], ["tools_at_large.py test_b36_a_printer_with_endless_input_ends_at_the_first_signal"]),
    "A4 another's PAUSE is taken for Klipper's": (
        [("include/kf/run/preflight.hpp", "if (names.empty() || person == foreign_macros::taken) return {};",
          "if (names.empty() || person == foreign_macros::taken || person == foreign_macros::refused) return {};")],
        ["tools/kplot/run.cpp"], ["kplot_foreign.py test_a4_foreign_macros_are_refused_by_name_and_by_machine_check"]),
    "A7 --sim needs no proof": (
        [("tools/kplot/plotter_site.cpp", "KF_CHECK(prove_simulator(in, site.socket));", "(void)prove_simulator(in, site.socket);")],
        ["tools/kplot/plotter_site.cpp"],
        ["kplot_foreign.py test_a7_sim_takes_no_socket_that_is_not_proven_to_be_a_simulation"]),
    "B2 an order that came while it homed is forgotten": (
        [("include/kf/run/file_run.hpp", "            if (o == order::cancel) {\n                steering_.settle(\"cancelled before",
          "            if (o == order::cancel && !pause_told_) break;\n"
          "            if (o == order::cancel) {\n                steering_.settle(\"cancelled before")],
        ["tools/kplot/run.cpp"], ["kplot_foreign.py test_b2_a_cancel_that_comes_while_it_homes_is_obeyed"]),
    "B4 nobody looks where the machine is": (
        [("include/kf/run/file_run.hpp", "if (const auto at = watch_.stray(k_.status())) return",
          "if (const auto at = watch_.stray(k_.status()); at && asked_ == order::cancel) return")],
        ["tools/kplot/run.cpp"], ["kplot_foreign.py test_b4_a_move_of_another_client_ends_the_run_with_the_pen_up"]),
}


class Copy:
    def __init__(self, build, folder):
        self.build, self.root = build, folder
        for name in ("include", "tools", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("transcripts"))
        # recordings are only read
        (folder / "tests/transcripts").symlink_to(ROOT / "tests/transcripts")
        self.commands = {}
        for c in json.loads((build / "compile_commands.json").read_text()):
            self.commands.setdefault(str((build / c["file"]).resolve().relative_to(ROOT)), c["command"])

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

    def compile(self, source):
        words = [w.strip("'") for w in self.commands[source].split()]
        out = self.root / (source.replace("/", "_") + ".o")
        object_in_build = words[words.index("-o") + 1]
        words[words.index("-o") + 1] = str(out)
        for flag in ("-MF", "-MQ"):
            i = words.index(flag)
            del words[i:i + 2]
        words = [w for w in words if w not in ("-MD", "-Werror")]
        words = [w.replace("-I../", f"-I{self.root}/") if w.startswith("-I../") else w for w in words]
        words[-1] = str(self.root / source)
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
        if not sources:
            return None
        folder, name = sources[0].split("/")[:2]
        if name == "cli":  # what all tools have is tried by one of them
            name = "kflash"
        target = f"tools/{name}" if folder == "tools" else f"tests/test_{name}"
        return self.link(target, dict(self.compile(s) for s in sources))


def is_green(build, program, test):
    if "/" in test:
        area, case = test.split("/")
        for pattern in (case, f"*/{case}"):  # alone or in a suite; 200: there is none of that name
            r = subprocess.run([program or build / f"tests/test_{area}", f"--run_test={pattern}"], cwd=build,
                               capture_output=True)
            if r.returncode != 200:
                return r.returncode == 0
        raise SystemExit(f"there is no test {test}")
    script, case = test.split()
    # ksim lies beside kflash and kplot, as everywhere.
    tool = script.split("_")[0] if script.startswith("k") else "kflash"
    tools = {name: build / "tools" / name for name in (tool, "ksim")}
    if program:
        tools[program.name if program.name == "ksim" else tool] = program
    r = subprocess.run([sys.executable, "-B", ROOT / "tests/cli" / script, tools[tool], tools["ksim"], "-k", case], capture_output=True, text=True,
                       env=dict(os.environ, KF_TEST_DEADLINE="20"))
    if "Ran 0 tests" in r.stderr or "Ran " not in r.stderr:
        raise SystemExit(f"there is no test {test}\n{r.stderr}")
    return r.returncode == 0


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = sys.argv[2:]
    alive = killed = 0
    with tempfile.TemporaryDirectory(prefix="kf-mutants.") as name:
        copy = Copy(build, pathlib.Path(name))
        for beside in ("ksim", "kplot"):
            shutil.copy2(build / "tools" / beside, copy.root / beside)
        for defect, (edits, sources, tests) in MUTANTS.items():
            if wanted and defect.split()[0] not in wanted:
                continue
            copy.change(edits)
            program = copy.program(sources)
            copy.restore(edits)
            for test in tests:
                if not is_green(build, None, test):
                    alive += 1
                    print(f"RED ANYWAY  {defect}: {test}", flush=True)
                elif is_green(build, program, test):
                    alive += 1
                    print(f"NOT SEEN    {defect}: {test}", flush=True)
                else:
                    killed += 1
                    print(f"seen        {defect}: {test}", flush=True)
    print(f"{killed} defects seen, {alive} not")
    return 1 if alive or not killed else 0


if __name__ == "__main__":
    sys.exit(main())
