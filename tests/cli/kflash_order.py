#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What of a flash comes before what: a cheap no before a lock and a build, a signal before the next step, what is learned
before a refusal."""
import fcntl
import os
import pathlib
import signal

import world
from terminal import Dialogue
from world import WorldTest, wait_for


class Order(WorldTest):
    @staticmethod
    def shows(w):
        return sum(e["verb"] == "show" for e in w.service_log())

    @staticmethod
    def log(w):
        return "".join(f.read_text(errors="replace") for f in (w.root / "logs").rglob("*.log"))

    def test_a_signal_during_the_second_look_is_130_and_no_change_of_plan(self):
        w = self.world()
        child = w.start("flash", "octopus", "-s", "--json")
        for line in child.stdout:
            if '"Build"' in line:
                w.scenario(hang=True)  # klippy is asked for five seconds then
                break
        for line in child.stdout:
            if "SHA-256" in line and '"step"' in line:
                break
        before = self.shows(w)
        wait_for("the services are looked at", lambda: self.shows(w) > before)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=world.DEADLINE)
        self.assertEqual(child.returncode, 130, out + err)
        self.assertIn('"interrupted"', out)
        self.assertEqual(w.jobs(), [])

    def test_a_signal_during_the_first_look_opens_no_menuconfig(self):
        w = self.world()
        w.scenario(hang=True)
        t = Dialogue(w, "flash", "octopus", "--assume-idle")
        wait_for("the services are looked at", lambda: self.shows(w) > 0)
        t.type(b"\x03")
        self.assertEqual(t.end(), 130, t.text)
        self.assertNotIn("menuconfig for", t.text)
        self.assertNotIn("s saves and ends", t.text)

    def test_the_cached_configuration_is_not_completed_before_menuconfig_opens(self):
        w = self.world()
        t = Dialogue(w, "flash", "octopus")
        t.pass_by("s saves and ends")
        self.assertNotIn("olddefconfig", self.log(w))
        t.type(b"\x03")
        t.end()

    def test_the_setting_to_skip_menuconfig_opens_none_and_tells_what_lacks(self):
        w = self.world()
        self.assertEqual(w.run("settings", "--skip-menuconfig-always", "on").code, 0)
        (w.home / ".config/kflash/configs/octopus/.config").unlink()
        t = Dialogue(w, "flash", "octopus")
        self.assertEqual(t.end(), 5, t.seen)
        self.assertNotIn("s saves and ends", t.seen)
        self.assertIn("kflash config octopus", t.seen)

    def test_a_question_that_nobody_can_answer_ends_it_at_once(self):
        w = self.world()
        r = w.run("flash", "-s")
        self.assertEqual(r.code, 5, r)
        self.assertEqual(w.run("remove", "pico", "--yes").code, 0)  # with one board left, it is: flash it?
        before = self.shows(w)
        for more in ((), ("--wait",), ("--json",)):
            r = w.run("flash", "-s", *more)
            self.assertEqual(r.code, 5, r)
            self.assertIn("Flash ", r.err + r.out)
        self.assertEqual(self.shows(w), before)
        self.assertFalse((w.home / ".local/state/kflash/flash.lock").exists())
        self.assertEqual(w.run("flash", "-s", "--dry-run").code, 0)  # which asks nothing

    def test_a_board_that_is_not_there_is_told_before_a_lock_is_waited_for(self):
        w = self.world()
        state = w.home / ".local/state/kflash"
        state.mkdir(parents=True, exist_ok=True)
        with open(state / "flash.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.kill(w.boards["octopus"]["pid"], signal.SIGKILL)
            for link in pathlib.Path(w.at["by_id"]).parent.glob("by-*/*"):
                if os.path.basename(link) == w.device("octopus"):
                    link.unlink()
            r = w.run("flash", "octopus", "-s", "--wait", "--json")
        self.assertEqual(r.code, 4, r)
        self.assertEqual(r.events("error")[0]["board"], "octopus")

    def test_a_board_met_in_katapult_is_learned_also_when_the_flash_is_refused(self):
        w = self.world()
        w.power_cycle("octopus")
        wait_for("the board is back", lambda: w.device("octopus") in w.by_id())
        os.kill(w.boards["octopus"]["pid"], signal.SIGKILL)
        blank = w.root / "w/flash/octopus"
        blank.write_bytes(b"\xff" * len(blank.read_bytes()))
        w.power_cycle("octopus")
        wait_for("it waits in Katapult", lambda: w.device("octopus", "katapult") in w.by_id())
        self.assertNotIn("katapult_usb", w.registry()["devices"]["octopus"])
        # A klippy that has noticed that its board is gone prints nothing; this one never will.
        w.scenario(webhooks={"state": "ready"}, print_stats={"state": "printing", "filename": "benchy.gcode"})
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        entry = w.registry()["devices"]["octopus"]
        self.assertEqual(entry["katapult_usb"]["name"], w.device("octopus", "katapult"))
        self.assertTrue(entry["usb_port"])


if __name__ == "__main__":
    world.main()
