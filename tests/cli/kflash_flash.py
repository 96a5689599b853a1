#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kflash flash, from outside: each case is named after what must happen, or must not. D numbers are defects of the
program that kflash follows (docs/DEFECTS.md)."""
import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import unittest

import world
from world import WorldTest, wait_for


def version_in(tree):
    return (tree / "VERSION").read_text().strip()


class Flash(WorldTest):
    def test_flashes_verifies_and_brings_the_service_back(self):
        w = self.world()
        r = w.run("flash", "octopus", "-s", "--json")
        self.assertEqual(r.code, 0, r)
        done = r.events("result")[-1]
        self.assertEqual(done["kind"], "flashed")
        self.assertEqual(done["version"], version_in(w.tree))
        self.assertEqual(done["method"], "katapult")
        self.assertEqual(done["device"], w.device("octopus"))
        self.assertGreater(done["downtime_s"], 0)
        self.assertEqual(w.jobs(), ["stop", "start"])
        self.assertTrue(w.service_is_up())
        self.assertEqual([(e["board"], e["result"], e["wrote"], e["service"]) for e in w.ledger()],
                         [("octopus", "done", "all", "restored")])
        self.assertEqual(w.flash("octopus")[:done["bytes"]],
                         (w.home / ".cache/kflash/build/octopus/pinned/klipper.bin").read_bytes())
        self.assertIn("seen_as_katapult", json.dumps(w.registry()["devices"]["octopus"]))

    def test_what_a_flash_says_begins_with_its_phase_and_ends_with_its_result(self):
        w = self.world()
        r = w.run("flash", "octopus", "-s", "-v")
        self.assertEqual(r.code, 0, r)
        said = re.sub(r"\n +", " ", r.err)
        phases = re.findall(r"^\[(\w+)\]", said, re.M)
        self.assertEqual(list(dict.fromkeys(phases)),
                         ["Discovery", "Safety", "Config", "Build", "Service", "Flash", "Verify"], r)
        self.assertEqual(phases[-1], "Service")
        self.assertRegex(said, r"(?m)^\[Build\] klipper\.bin: 8192 bytes, SHA-256 [0-9a-f]{16}")
        self.assertRegex(r.err, r"  Compiling \S+/out/src/adc\.o\n")
        self.assertRegex(r.out, r"\AOctopus Pro runs v\S+ \(katapult, written in .* s, printer down for .* s\)\n\Z")

    def test_dry_run_prints_the_plan_and_touches_nothing(self):
        w = self.world()
        before = snapshot(w.home)
        r = w.run("flash", "octopus", "--dry-run")
        self.assertEqual(r.code, 0, r)
        for part in ("make -C", "stop klipper.service", "start klipper.service", "CONNECT", "0x8020000", "idle",
                     "kflash guardian --timeout=", "right to stop and start services: ", "pinned/klipper.bin"):
            self.assertIn(part, r.out)
        config = w.home / ".config/kflash/configs/pico/.config"
        config.write_text((w.tree / "sample_configs/rp2040-noboot.config").read_text())
        r = w.run("flash", "pico", "--dry-run", "--method", "make_flash")
        self.assertIn("klipper.uf2", r.out)  # what that configuration builds
        self.assertNotIn("klipper.bin", r.out)
        config.write_text(before[str(config)].decode())
        self.assertEqual(snapshot(w.home), before)
        self.assertEqual(w.jobs(), [])

    def test_without_a_terminal_and_without_a_config_it_is_exit_5(self):
        w = self.world()
        (w.home / ".config/kflash/configs/octopus/.config").unlink()
        r = w.run("flash", "octopus")
        self.assertEqual(r.code, 5, r)
        self.assertEqual(w.jobs(), [])

    def test_an_unknown_board_is_exit_4_with_the_nearest_name(self):
        w = self.world()
        r = w.run("flash", "octupus", "-s")
        self.assertEqual(r.code, 4, r)
        self.assertIn("octopus", r.err)

    def test_katapult_board_left_in_its_bootloader_is_flashed(self):
        w = self.world()
        w.power_cycle("octopus")
        wait_for("the board is back", lambda: w.device("octopus") in w.by_id())
        blank = w.root / "w/flash/octopus"
        os.kill(w.boards["octopus"]["pid"], signal.SIGKILL)
        blank.write_bytes(b"\xff" * len(blank.read_bytes()))
        w.power_cycle("octopus")
        wait_for("it waits in Katapult", lambda: w.device("octopus", "katapult") in w.by_id())
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 0, r)

    def test_d1_make_flash_writes_only_this_boards_image(self):
        w = self.world()
        self.assertEqual(w.run("build", "octopus", "-s").code, 0)
        self.assertEqual(w.run("build", "pico", "-s").code, 0)  # the last build is another board's
        before = w.flash("pico")
        r = w.run("flash", "octopus", "-s", "--method", "make_flash")
        self.assertEqual(r.code, 0, r)
        image = (w.home / ".cache/kflash/build/octopus/out/klipper.bin").read_bytes()
        self.assertEqual(w.flash("octopus")[:len(image)], image)
        self.assertEqual(w.flash("pico"), before)

    def test_d3_a_stop_that_times_out_leaves_the_service_running(self):
        w = self.world()
        w.change_services(faults={"stop_hangs": True})
        r = w.run("flash", "octopus", "-s", "--service-timeout", "2")
        self.assertEqual(r.code, 1, r)
        wait_for("the service is up", w.service_is_up)
        self.assertEqual(w.jobs()[-1], "start")
        self.assertEqual(w.by_id(), sorted([w.device("octopus"), w.device("pico")]))

    def test_d4_a_restart_that_failed_is_never_called_a_restart(self):
        w = self.world()
        w.change_services(faults={"start_lies": True})
        r = w.run("flash", "octopus", "-s", "--service-timeout", "1")
        self.assertEqual(r.code, 1, r)
        self.assertIn("systemctl start klipper.service", r.err)
        self.assertNotIn("again, down for", r.err)

    def test_d8_b16_an_old_node_that_never_left_is_no_proof(self):
        w = self.world("octopus:old-names-stay", "octopus:says-version=v0.1.0-0-gold")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 1, r)
        self.assertIn("not the image's", r.err)
        self.assertTrue(w.service_is_up())
        # The ledger has what is known although the flash failed.
        entry, = w.ledger()
        self.assertEqual((entry["method"], entry["wrote"], entry["result"]), ("katapult", "all", "verify_failed"))
        self.assertIn("not the image's", entry["what"])
        self.assertGreater(entry["write_s"], 0)
        self.assertGreater(entry["verify_s"], 0)

    def test_d9_a_print_that_starts_during_the_build_is_seen(self):
        w = self.world()
        (w.tree / "faults").mkdir(exist_ok=True)
        (w.tree / "faults/slow").write_text("0.2")
        child = w.start("flash", "octopus", "-s", "--json")
        for line in child.stdout:
            if '"Build"' in line and '"progress"' in line:
                w.scenario(print_stats={"state": "printing", "filename": "benchy.gcode"},
                           virtual_sdcard={"is_active": True, "progress": 0.426})
                break
        out, err = child.communicate(timeout=world.DEADLINE)
        self.assertEqual(child.returncode, 3, out + err)
        self.assertIn("benchy.gcode", out)
        self.assertIn("42 %", out)
        self.assertEqual(w.jobs(), [])

    def test_d10_a_klippy_that_says_nothing_is_not_idle(self):
        w = self.world()
        w.scenario(hang=True)
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn("--assume-idle", r.err)
        w.scenario(hang=None, print_stats={})
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertEqual(w.jobs(), [])

    def test_d11_motion_heat_and_pause_count_as_busy(self):
        w = self.world()
        for objects in ({"idle_timeout": {"state": "Printing"}}, {"extruder": {"target": 210.0}},
                        {"pause_resume": {"is_paused": True}},
                        {"print_stats": {"state": "paused", "filename": "x.gcode"}}):
            with self.subTest(objects):
                good = json.loads(pathlib.Path(w.at["scenario"]).read_text())
                w.scenario(**objects)
                r = w.run("flash", "octopus", "-s")
                self.assertEqual(r.code, 3, r)
                w.scenario(**{k: good[k] for k in objects})
        self.assertEqual(w.jobs(), [])

    def test_a_plots_lock_counts_as_printing(self):
        w = self.world()
        with open(w.at["socket"] + ".kf-lock", "w") as lock:
            lock.write(f"{os.getpid()} kplot run sheep.svg\n")
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn("kplot run sheep.svg", r.err)

    def test_no_plot_can_begin_while_the_printer_is_down(self):
        w = self.world(speed=5)
        child = w.start("flash", "octopus", "-s", "--json")
        for line in child.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["phase"] == "Flash":
                with open(w.at["socket"] + ".kf-lock") as lock:
                    with self.assertRaises(BlockingIOError):
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.assertEqual(lock.read(), f"{child.pid} kflash flash\n")
                break
        out, err = child.communicate(timeout=world.DEADLINE)
        self.assertEqual(child.returncode, 0, out + err)
        with open(w.at["socket"] + ".kf-lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free again

    def test_a_service_that_goes_down_with_klipper_comes_back_with_it(self):
        w = self.world()
        units = w.services()["units"]
        unit = {"active": "active", "sub": "running", "pid": 0, "argv": ["/usr/bin/screen"], "part_of": "klipper.service"}
        units["klipper-screen.service"] = unit
        units["klipper-lamp.service"] = {**unit, "active": "inactive", "sub": "dead"}
        w.change_services(units=units)
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 0, r)
        self.assertTrue(w.service_is_up("klipper-screen.service"))
        self.assertFalse(w.service_is_up("klipper-lamp.service"))  # was down before

    def test_a_configuration_that_leaves_usb_is_refused_before_anything_stops(self):
        w = self.world()
        config = w.home / ".config/kflash/configs/octopus/.config"
        config.write_text(config.read_text().replace("CONFIG_USBSERIAL=y", "CONFIG_SERIAL=y"))
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn("UART", r.err)
        self.assertEqual(w.jobs(), [])

    def test_a_key_with_blanks_as_the_original_has_them_is_built_and_flashed(self):
        w = self.world()
        registry = w.registry()
        registry["devices"]["my octopus"] = registry["devices"].pop("octopus")
        (w.home / ".config/kflash/devices.json").write_text(json.dumps(registry))
        configs = w.home / ".config/kflash/configs"
        (configs / "octopus").rename(configs / "my octopus")
        r = w.run("flash", "my octopus", "-s")
        self.assertEqual(r.code, 0, r)

    def test_numbers_out_of_their_range_are_wrong_use(self):
        w = self.world()
        for words in (("--jobs", "many"), ("--jobs", "-1"), ("--service-timeout", "0"), ("--service-timeout", "nan")):
            r = w.run("flash", "octopus", "-s", *words)
            self.assertEqual(r.code, 2, r)
            self.assertRegex(r.err, "takes a (whole )?number from")
        self.assertEqual(w.jobs(), [])

    def test_d12_an_image_that_is_no_klipper_bin_is_found(self):
        w = self.world()
        config = w.home / ".config/kflash/configs/pico/.config"
        config.write_text((w.tree / "sample_configs/rp2040-noboot.config").read_text())
        r = w.run("edit", "pico", "--method", "make_flash")
        self.assertEqual(r.code, 0, r)
        r = w.run("build", "pico", "-s")
        self.assertEqual(r.code, 0, r)
        self.assertTrue(r.out.strip().endswith("klipper.uf2"), r)

    def test_d13_the_persons_own_tree_is_never_touched(self):
        w = self.world()
        own = w.tree / ".config"
        own.write_text("CONFIG_MCU=\"mine\"\n")
        (w.tree / "out").mkdir(exist_ok=True)
        (w.tree / "out/mine").write_text("mine")
        before = snapshot(w.tree)
        self.assertEqual(w.run("flash", "octopus", "-s").code, 0)
        self.assertEqual(snapshot(w.tree), before)

    def test_d15_no_fallback_onto_a_board_that_left(self):
        w = self.world("octopus:die-at-block=1")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 1, r)
        self.assertNotIn("make_flash: writing", r.err)
        self.assertTrue(w.service_is_up())

    def test_d15_an_image_at_the_flash_base_never_overwrites_katapult(self):
        w = self.world()
        config = w.home / ".config/kflash/configs/pico/.config"
        config.write_text((w.tree / "sample_configs/rp2040-noboot.config").read_text())
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertEqual(w.run("edit", "pico", "--method", "make_flash").code, 0)
        registry = w.registry()
        registry["devices"]["pico"]["seen_as_katapult"] = "2026-01-02"
        (w.home / ".config/kflash/devices.json").write_text(json.dumps(registry))
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertEqual(w.jobs(), [])

    def test_d16_an_image_linked_elsewhere_is_refused_and_the_old_firmware_goes_on(self):
        w = self.world("octopus:says-start=134234112")  # 0x8004000
        before = w.flash("octopus")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertEqual(w.flash("octopus"), before)
        self.assertTrue(w.service_is_up())
        wait_for("the old firmware runs again", lambda: w.device("octopus") in w.by_id())

    def test_a_bootloader_of_another_chip_is_refused_before_the_first_block(self):
        w = self.world("octopus:says-mcu=stm32f446xx")
        before = w.flash("octopus")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertEqual(w.flash("octopus"), before)

    def test_d19_a_registered_mcu_with_or_without_its_variant_is_one_chip(self):
        w = self.world()
        for mcu in ("stm32h723xx", "stm32h723"):
            self.assertEqual(w.run("edit", "octopus", "--mcu", mcu).code, 0)
            self.assertEqual(w.run("flash", "octopus", "-s", "--dry-run").code, 0)
        self.assertEqual(w.run("edit", "octopus", "--mcu", "stm32f446").code, 0)
        self.assertEqual(w.run("flash", "octopus", "-s").code, 3)

    def test_d23_a_service_that_was_down_stays_down(self):
        w = self.world()
        w.stop_klipper()
        wait_for("klippy is gone", lambda: not w.processes())
        done = len(w.jobs())
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(w.jobs()[done:], [])
        self.assertFalse(w.service_is_up())

    def test_d23_the_service_is_found_whatever_its_name_is(self):
        w = self.world()
        w.stop_klipper()
        state = w.services()
        state["units"]["klipper-left.service"] = state["units"].pop("klipper.service")
        w.change_services(units=state["units"])
        subprocess.run([*w.at["systemctl"], "start", "klipper-left.service"], check=True)
        r = w.run("flash", "octopus", "-s", "--dry-run", "--assume-idle")
        self.assertEqual(r.code, 0, r)
        self.assertIn("stop klipper-left.service", r.out)

    def test_a_verify_mismatch_leaves_the_board_in_its_bootloader(self):
        w = self.world("octopus:flip-at-read=40")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 1, r)
        self.assertIn(w.device("octopus", "katapult"), w.by_id())
        self.assertTrue(w.service_is_up())

    def test_a_wedged_bootloader_ends_the_flash_at_once(self):
        w = self.world("octopus:wedge-at-block=40")
        r = w.run("flash", "octopus", "-s", "--json")
        self.assertEqual(r.code, 1, r)
        self.assertIn("reset", r.out)
        self.assertEqual(r.events("error")[-1]["board"], "octopus")
        self.assertTrue(w.service_is_up())

    def test_a_power_cut_in_the_middle_is_mended_by_the_next_run(self):
        w = self.world("pico:die-at-block=50")
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 1, r)
        self.assertTrue(w.service_is_up())
        w.power_cycle("pico")
        wait_for("the board stays in Katapult", lambda: w.device("pico", "katapult") in w.by_id())
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 0, r)

    def test_d2_d22_signals_while_writing_are_remembered(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                w = self.world(speed=5)
                child = w.start("flash", "octopus", "-s", "--json")
                for line in child.stdout:
                    event = json.loads(line)
                    if event["event"] == "progress" and event["phase"] == "Flash":
                        child.send_signal(number)
                        break
                out, err = child.communicate(timeout=world.DEADLINE)
                self.assertEqual(child.returncode, 130, out + err)
                self.assertIn('"flashed"', out)
                self.assertTrue(w.service_is_up())

    def test_d2_kill_9_while_writing_brings_the_service_back(self):
        w = self.world(speed=5)
        child = w.start("flash", "octopus", "-s", "--json")
        for line in child.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["phase"] == "Flash":
                self.assertFalse(w.service_is_up())
                child.kill()
                break
        child.communicate(timeout=world.DEADLINE)
        wait_for("the guardian started the service", w.service_is_up)
        wait_for("the guardian is gone", lambda: not lock_is_held(w.home / ".local/state/kflash/flash.lock"))
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 0, r)

    def test_a_terminal_that_goes_away_does_not_end_the_write(self):
        w = self.world(speed=5)
        child = w.start("flash", "octopus", "-s", "-v")
        for line in child.stderr:
            if "[Flash] 25 %" in line:
                break
        child.stderr.close()  # every further word has nobody to go to
        child.send_signal(signal.SIGHUP)
        out = child.stdout.read()
        child.stdout.close()
        self.assertEqual(child.wait(world.DEADLINE), 130, out)
        self.assertIn("Octopus Pro runs", out)
        self.assertTrue(w.service_is_up())

    def test_kill_9_leaves_an_external_flasher_to_finish_and_the_service_waits_for_it(self):
        w = self.world(speed=2)
        image = w.home / ".cache/kflash/build/octopus/out/klipper.bin"
        child = w.start("flash", "octopus", "-s", "--method", "make_flash")
        for line in child.stderr:
            if "left to finish" in line:
                child.kill()
                break
        child.wait()
        self.assertFalse(w.service_is_up())  # the flasher is at work, so the guardian waits
        wait_for("the guardian started the service", w.service_is_up)
        child.communicate(timeout=world.DEADLINE)
        data = image.read_bytes()
        self.assertEqual(w.flash("octopus")[:len(data)], data)

    def test_d16_make_flash_onto_a_board_with_katapult_proves_its_start_first(self):
        w = self.world("octopus:says-start=134234112")
        registry = w.registry()
        registry["devices"]["octopus"]["seen_as_katapult"] = "2026-01-02"
        (w.home / ".config/kflash/devices.json").write_text(json.dumps(registry))
        before = w.flash("octopus")
        r = w.run("flash", "octopus", "-s", "--method", "make_flash")
        self.assertEqual(r.code, 3, r)
        self.assertEqual(w.flash("octopus"), before)
        self.assertTrue(w.service_is_up())

    def test_two_runs_at_once_are_refused_by_name(self):
        w = self.world(speed=5)
        child = w.start("flash", "octopus", "-s", "--json")
        child.stdout.readline()
        wait_for("the lock is there", lambda: (w.home / ".local/state/kflash/flash.lock").exists())
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn("kflash flash octopus", r.err)
        out, err = child.communicate(timeout=world.DEADLINE)
        self.assertEqual(child.returncode, 0, out + err)

    def test_identify_never_stops_the_service(self):
        w = self.world()
        r = w.run("identify", "octopus")
        self.assertEqual(r.code, 3, r)
        self.assertIn("klippy.py", r.err)
        w.stop_klipper()
        r = w.run("identify", "octopus", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.events("result")[0]["version"], "v0.12.0-9-g0000000")

    def test_a_failing_compile_shows_its_last_lines_and_stops_nothing(self):
        w = self.world()
        (w.tree / "faults").mkdir(exist_ok=True)
        (w.tree / "faults/fail-compile").write_text("")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 1, r)
        self.assertIn("error: this source does not compile", r.err)
        self.assertEqual(w.jobs(), [])

    def test_the_image_of_a_stale_build_is_refused(self):
        w = self.world()
        (w.tree / "faults").mkdir(exist_ok=True)
        (w.tree / "faults/stale-version").write_text("v0.0.1-0-gstale")
        subprocess.run(["git", "init", "-q", str(w.tree)], check=True)
        for words in (["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"], ["tag", "v9"]):
            subprocess.run(["git", "-C", str(w.tree), *words], check=True)
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn("v0.0.1-0-gstale", r.err)


def lock_is_held(file):
    with open(file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True


def snapshot(folder):
    """Every file below it with its bytes; locks aside, which say who looked last."""
    return {str(p): p.read_bytes() for p in sorted(pathlib.Path(folder).rglob("*"))
            if p.is_file() and not p.name.endswith(".lock")}


if __name__ == "__main__":
    world.main()
