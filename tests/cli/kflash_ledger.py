#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What was on each board and the way back: the ledger, its kept images, kflash history and kflash rollback."""
import hashlib
import json
import pathlib
import subprocess
import unittest

import world
from world import WorldTest


class Ledger(WorldTest):
    def state(self, w):
        return w.home / ".local/state/kflash"

    def entries(self, w):
        return w.ledger()

    def version(self, w, text):
        (w.tree / "VERSION").write_text(text + "\n")

    def flash(self, w, text, key="octopus"):
        self.version(w, text)
        r = w.run("flash", key, "-s", "--json")
        self.assertEqual(r.code, 0, r)
        return w.flash(key)

    def test_a_rollback_writes_the_image_before_this_one_and_once_more_leads_forward(self):
        w = self.world()
        r = w.run("rollback", "octopus", "--json")
        self.assertEqual(r.code, 4, r)
        self.assertIn("no earlier verified flash", r.out)
        first = self.flash(w, "v0.13.0-1-gaaaaaaa")
        second = self.flash(w, "v0.13.0-2-gbbbbbbb")
        self.assertNotEqual(first, second)
        self.flash(w, "v0.13.0-2-gbbbbbbb", "pico")
        # Nothing of the tree is needed, and nothing of it is built.
        (w.tree / "faults").mkdir(exist_ok=True)
        (w.tree / "faults/fail-compile").write_text("")
        plan = w.run("rollback", "octopus", "--dry-run", "--json")
        self.assertEqual(plan.code, 0, plan)
        text = " ".join(e["text"] for e in plan.events("result"))
        self.assertIn("v0.13.0-1-gaaaaaaa, as it was flashed and verified on", text)
        self.assertNotIn("make -j", text)
        self.assertEqual(w.flash("octopus"), second)
        r = w.run("rollback", "octopus", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.result()["version"], "v0.13.0-1-gaaaaaaa")
        self.assertEqual(w.flash("octopus"), first)
        self.assertTrue(w.service_is_up())
        was, now = self.entries(w)[0], self.entries(w)[-1]
        self.assertEqual([now[x] for x in ("action", "result", "sha256", "inputs", "image", "protocol")],
                         ["rollback", "done", was["sha256"], was["inputs"], was["image"], was["protocol"]])
        self.assertEqual(len(now["inputs"]), 64)
        r = w.run("rollback", "octopus")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(w.flash("octopus"), second)

    def test_history_tells_each_flash_and_which_image_is_kept(self):
        w = self.world()
        r = w.run("history")
        self.assertEqual((r.code, r.out), (0, "nothing was flashed yet\n"), r)
        self.assertEqual(w.run("settings", "--keep-images", "1").code, 0)
        self.flash(w, "v0.13.0-1-gaaaaaaa")
        self.flash(w, "v0.13.0-2-gbbbbbbb")
        with open(self.state(w) / "ledger.jsonl", "a") as f:
            f.write('{"board": "pico", "result": "begun"}\n{"board": "octopus", "resu')
        self.assertIn("begun, its end is not known\n", w.run("history", "pico").out)
        r = w.run("history", "octopus", "--json")
        self.assertEqual(r.code, 0, r)
        seen = r.events("result")
        self.assertEqual([(e["version"], e["result"], e["kept"]) for e in seen],
                         [("v0.13.0-1-gaaaaaaa", "done", False), ("v0.13.0-2-gbbbbbbb", "done", True)])
        self.assertIn("line 6", r.events("warning")[0]["text"])
        files = sorted((self.state(w) / "images").iterdir())
        self.assertEqual([f.suffix for f in files], [".bin", ".config"])
        self.assertEqual(hashlib.sha256(files[0].read_bytes()).hexdigest(), seen[1]["sha256"])
        r = w.run("history")
        self.assertIn("verified", r.out)
        self.assertEqual(w.run("history", "nobody").code, 4)
        # The first one is gone: a rollback says so and stops nothing.
        stops = len(w.jobs())
        r = w.run("rollback", "octopus")
        self.assertEqual(r.code, 4, r)
        self.assertIn("not kept any more", " ".join(r.err.split()))
        self.assertEqual(len(w.jobs()), stops)

    def test_a_kept_image_that_was_changed_is_not_written(self):
        w = self.world()
        self.flash(w, "v0.13.0-1-gaaaaaaa")
        second = self.flash(w, "v0.13.0-2-gbbbbbbb")
        image = self.state(w) / "images" / self.entries(w)[0]["image"]
        data = bytearray(image.read_bytes())
        data[700] ^= 1
        image.write_bytes(bytes(data))
        stops = len(w.jobs())
        r = w.run("rollback", "octopus")
        self.assertEqual(r.code, 3, r)
        self.assertIn("not the one that was flashed then", " ".join(r.err.split()))
        self.assertEqual(len(w.jobs()), stops)
        self.assertEqual(w.flash("octopus"), second)

    def git(self, w, *words):
        subprocess.run(["git", "-C", str(w.tree), "-c", "user.name=t", "-c", "user.email=t@localhost", *words], check=True,
                       capture_output=True)

    def need(self, w, key="octopus"):
        r = w.run("list", "--json")
        self.assertEqual(r.code, 0, r)
        row = next(e for e in r.events("result") if e["key"] == key)
        r = w.run("show", key, "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual([r.result()[x] for x in ("version", "needed", "relation", "host_version")],
                         [row[x] for x in ("version", "needed", "relation", "host_version")])
        return row

    def test_list_and_show_tell_each_boards_version_and_whether_it_needs_a_flash(self):
        w = self.world()
        self.git(w, "init", "-q")
        (w.tree / ".gitignore").write_text("faults\n")
        self.git(w, "add", "-A")
        self.git(w, "commit", "-qm", "one")
        self.git(w, "tag", "v0.13.0")
        row = self.need(w)
        self.assertEqual((row["version"], row["needed"]), ("v0.12.0-9-g0000000", "unknown"), row)
        self.assertIn("no verified flash", row["need_reason"])
        self.assertEqual(w.run("flash", "octopus", "-s").code, 0)
        row = self.need(w)
        self.assertEqual((row["needed"], row["relation"], row["version"]), ("no", "current", row["host_version"]), row)
        # The host goes on, and nothing of it is the firmware's.
        (w.tree / "klippy.py").write_text("host\n")
        self.git(w, "add", "-A")
        self.git(w, "commit", "-qm", "two")
        row = self.need(w)
        self.assertEqual((row["needed"], row["relation"]), ("no", "behind by 1 commit"), row)
        r = w.run("list")
        self.assertIn("behind by 1 commit; flash needed: no", r.out)
        self.assertIn("host: " + row["host_version"], r.out)
        # An edit that nobody committed counts; so does the configuration.
        source = w.tree / "src/stepper.c"
        text = source.read_text()
        source.write_text(text + "/* edited */\n")
        self.assertEqual(self.need(w)["needed"], "yes")
        source.write_text(text)
        self.assertEqual(self.need(w)["needed"], "no")
        config = w.home / ".config/kflash/configs/octopus/.config"
        config.write_text(config.read_text() + "CONFIG_KF_EXTRA=y\n")
        self.assertEqual(self.need(w)["needed"], "yes")
        self.assertEqual(self.need(w, "pico")["needed"], "unknown")
        # klippy's own word.
        configfile = json.loads(pathlib.Path(w.at["scenario"]).read_text())["configfile"]
        warning = {"type": "deprecated_mcu_code", "mcu": "pico", "message": "lacks it"}
        w.scenario(configfile=configfile | {"warnings": [warning]})
        row = self.need(w, "pico")
        self.assertEqual((row["needed"], row["need_reason"]),
                         ("yes", "klippy says that its firmware is too old: lacks it"), row)
        # A printer that prints needs its processor.
        w.scenario(print_stats={"state": "printing", "filename": "a.gcode"}, configfile=configfile)
        self.assertIn("being printed", self.need(w)["need_reason"])

    def test_if_needed_flashes_what_needs_it_and_touches_nothing_else(self):
        w = self.world()
        files = lambda: {p: p.stat().st_mtime_ns for p in w.home.rglob("*") if p.is_file() and p.name != "kflash.log"}
        # Nobody knows: exit 3, one line a board, and nothing is touched.
        before = files()
        r = w.run("flash", "--all", "--if-needed", "--json")
        self.assertEqual(r.code, 3, r)
        self.assertEqual([(e["key"], e["needed"]) for e in r.events("result")],
                         [("octopus", "unknown"), ("pico", "unknown")], r)
        self.assertEqual((w.jobs(), files()), ([], before))
        r = w.run("flash", "octopus", "pico", "-s", "--yes")
        self.assertEqual(r.code, 0, r)
        jobs, before = w.jobs(), files()
        r = w.run("flash", "--all", "--if-needed", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual([(e["kind"], e["needed"]) for e in r.events("result")], [("need", "no")] * 2, r)
        self.assertEqual((w.jobs(), files()), (jobs, before))
        # The configuration of one changes: that one is flashed, the other is left alone.
        config = w.home / ".config/kflash/configs/pico/.config"
        config.write_text(config.read_text() + "CONFIG_KF_EXTRA=y\n")
        r = w.run("flash", "octopus", "pico", "--if-needed", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual([e["key"] for e in r.events("result") if e["kind"] == "flashed"], ["pico"], r)
        # One is needed, of the other it is not known: the one is flashed, and the exit status tells of the other.
        (self.state(w) / "ledger.jsonl").write_text("".join(
            json.dumps(e) + "\n" for e in self.entries(w) if e.get("board") == "pico"))
        (w.tree / "src/stepper.c").write_text("/* another */\n")
        r = w.run("flash", "--all", "--if-needed", "--json")
        self.assertEqual(r.code, 3, r)
        self.assertEqual([e["key"] for e in r.events("result") if e["kind"] == "flashed"], ["pico"], r)
        r = w.run("flash", "pico", "--if-needed")
        self.assertEqual((r.code, r.out.count("flash needed: no")), (0, 1), r)
        self.assertEqual(w.run("flash", "pico", "--if-needed", "--force").code, 2)

    def test_if_needed_says_of_an_excluded_board_that_it_is(self):
        w = self.world()
        self.assertEqual(w.run("flash", "octopus", "pico", "-s", "--yes").code, 0)
        self.assertEqual(w.run("exclude", "octopus").code, 0)
        jobs = w.jobs()
        needs = lambda r: [(e["key"], e["needed"], e["need_reason"]) for e in r.events("result") if e["kind"] == "need"]
        # With --all it was left out by a person: said, and no failure.
        r = w.run("flash", "--all", "--if-needed", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual([n[:2] for n in needs(r)], [("octopus", "excluded"), ("pico", "no")], r)
        self.assertEqual(needs(r)[0][2], "excluded from flashing")
        # Named, it is not what was asked for; the other has its turn all the same.
        for words in (("octopus",), ("octopus", "pico")):
            r = w.run("flash", *words, "--if-needed")
            self.assertEqual(r.code, 3, r)
            self.assertIn("Octopus Pro: excluded from flashing", r.out)
            self.assertIn("kflash edit octopus --include", r.err)
        config = w.home / ".config/kflash/configs/pico/.config"
        config.write_text(config.read_text() + "CONFIG_KF_EXTRA=y\n")
        r = w.run("flash", "octopus", "pico", "--if-needed", "--json")
        self.assertEqual(r.code, 3, r)
        self.assertEqual([n[:2] for n in needs(r)], [("octopus", "excluded"), ("pico", "yes")], r)
        rows = {e["key"]: (e["flash"], e["reason"]) for e in r.events("result") if e["kind"] == "outcome"}
        self.assertEqual(rows["octopus"], ("SKIP", "excluded from flashing"), r)
        self.assertEqual(rows["pico"][0], "PASS", r)
        self.assertEqual(w.jobs(), jobs + ["stop", "start"])

    def test_doctor_tells_what_lacks_and_what_to_do(self):
        w = self.world()
        r = w.run("doctor", "--json")
        self.assertEqual((r.code, [e["name"] for e in r.events("result") if not e["ok"]]), (0, []), r)
        names = {e["name"] for e in r.events("result")}
        self.assertLessEqual({"sources", "compiler of octopus", "port of pico", "services", "klippy", "starts owed",
                              "space for builds", "ledger", "clock"}, names)
        (w.tree / "toolchain/arm-none-eabi-gcc").unlink()
        (w.home / ".config/kflash/configs/pico/.config").unlink()
        (self.state(w)).mkdir(parents=True, exist_ok=True)
        (self.state(w) / "ledger.jsonl").write_text(
            '{"board": "octopus", "result": "done", "time": "2099-01-01T00:00:00Z"}\n{"torn')
        r = w.run("doctor", "--json")
        self.assertEqual(r.code, 1, r)
        ill = {e["name"]: e for e in r.events("result") if not e["ok"]}
        self.assertEqual(set(ill), {"compiler of octopus", "compiler of pico", "clock"}, r)
        self.assertIn("apt install gcc-arm-none-eabi", ill["compiler of octopus"]["todo"])
        self.assertIn("kflash config pico", ill["compiler of pico"]["todo"])
        (w.home / ".cache/kflash").mkdir(parents=True, exist_ok=True)
        (w.home / ".cache/kflash/build").write_text("no folder")
        r = w.run("doctor")
        self.assertIn("-> sudo apt install gcc-arm-none-eabi", r.out)
        self.assertRegex(r.out, r"no +space for builds +you may not write in .*build: Permission denied")

    def test_doctor_starts_what_an_earlier_run_left_stopped(self):
        w = self.world()
        w.stop_klipper()
        (self.state(w)).mkdir(parents=True, exist_ok=True)
        (self.state(w) / "stopped-units").write_text("klipper.service\n")
        r = w.run("doctor", "--json")
        self.assertEqual(r.code, 1, r)
        self.assertIn("starts owed", [e["name"] for e in r.events("result") if not e["ok"]])
        self.assertFalse(w.service_is_up())
        r = w.run("doctor", "--fix", "--json")
        self.assertNotIn("starts owed", [e["name"] for e in r.events("result") if not e["ok"]])
        self.assertTrue(w.service_is_up())

    def test_a_report_has_no_serial_number_and_no_home(self):
        w = self.world()
        self.flash(w, "v0.13.0-1-gaaaaaaa")
        r = w.run("report", "octopus")
        self.assertEqual(r.code, 0, r)
        for part in ("v0.13.0-1-gaaaaaaa katapult done", "compiler of octopus", 'CONFIG_MCU="stm32h723xx"', "<serial>"):
            self.assertIn(part, r.out)
        for secret in ("29001A001151313433343333", "E6614103E7452D2F", str(w.home)):
            self.assertNotIn(secret, r.out)

    def test_exclude_and_include_say_whether_a_board_may_be_flashed(self):
        w = self.world()
        flashable = lambda: {k: d["flashable"] for k, d in w.registry()["devices"].items()}
        self.assertEqual(w.run("exclude", "pico").code, 0)
        self.assertEqual(flashable(), {"octopus": True, "pico": False})
        self.assertRegex(w.run("list").out, r"(?m)^registered, excluded +pico ")
        self.assertEqual(w.run("flash", "pico", "-s").code, 3)
        self.assertEqual(w.run("include", "Pico").code, 0)
        self.assertEqual(flashable(), {"octopus": True, "pico": True})
        self.assertEqual(w.run("exclude", "nobody").code, 4)

    def test_devices_are_blocked_by_a_pattern_with_its_reason(self):
        w = self.world()
        r = w.run("exclude", "--pattern", "usb-klipper_RP2040*", "--reason", "the neighbour's", "--json")
        self.assertEqual((r.code, r.result()["blocked"]), (0, True), r)
        self.assertIn("is one of them", r.events("warning")[0]["text"])
        self.assertIn({"pattern": "usb-klipper_RP2040*", "reason": "the neighbour's"}, w.registry()["blocked_devices"])
        r = w.run("list")
        self.assertIn("the neighbour's", r.out)
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 3)
        self.assertIn("kflash include --pattern 'usb-klipper_RP2040*'", " ".join(r.err.split()))
        self.assertEqual(w.run("include", "--pattern", "usb-klipper_rp2040*").code, 0)
        self.assertEqual(w.registry()["blocked_devices"], [])
        self.assertEqual(w.run("include", "--pattern", "usb-klipper_rp2040*").code, 4)
        self.assertEqual(w.run("include", "--pattern", "usb-beacon_*").code, 3)
        self.assertEqual([w.run("exclude").code, w.run("exclude", "pico", "--pattern", "x*").code,
                          w.run("exclude", "pico", "--reason", "x").code], [2, 2, 2])


if __name__ == "__main__":
    world.main()
