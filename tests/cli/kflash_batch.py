#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kflash flash of many boards, from outside: one stop for all, each board ends in its own way, and only what is needed
is flashed. Three simulated boards on one host, two of them of one chip and one configuration."""
import json
import os
import resource
import signal
import subprocess
import time
import unittest

import world
from terminal import Dialogue
from world import WorldTest, wait_for

THIRD = ("--board", "toolhead:mcu=rp2040,serial=E66141040000AA")
NAMES = ("Octopus Pro", "Pico", "toolhead")
KEYS = ["octopus", "pico", "toolhead"]


class Batch(WorldTest):
    def fleet(self, *faults, **options):
        w = self.world(*faults, options=THIRD, **options)
        registry = w.registry()
        registry["global"]["stagger_delay"] = 0
        w.write(w.home / ".config/kflash/devices.json", json.dumps(registry))
        return w

    def commit(self, w):
        """The sources become a git checkout: their version can be known before they are built."""
        git = ["git", "-C", str(w.tree), "-c", "user.name=x", "-c", "user.email=x@x"]
        if not (w.tree / ".git").exists():
            subprocess.run(["git", "init", "-q", str(w.tree)], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)

    def rows(self, r):
        return {e["key"]: (e["build"], e["flash"], e["verify"]) for e in r.events("result") if e["kind"] == "outcome"}

    def reasons(self, r):
        return {e["key"]: e["reason"] for e in r.events("result") if e["kind"] == "outcome"}

    def ledger(self, w):
        return w.ledger()

    def done(self, w):
        return [e["board"] for e in self.ledger(w) if e.get("result") == "done"]

    def test_d18_d20_all_boards_are_flashed_in_one_stop_and_then_only_what_is_needed(self):
        w = self.fleet()
        self.commit(w)
        r = w.run("flash-all", "--yes", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.rows(r), {k: ("PASS", "PASS", "PASS") for k in KEYS})
        self.assertEqual(w.jobs(), ["stop", "start"])
        total = next(e for e in r.events("result") if e["kind"] == "batch")
        self.assertEqual((total["passed"], total["failed"], total["skipped"]), (3, 0, 0))
        for phase in ("Build", "Flash"):  # of a build it says what is left of all, once that can be known
            dividers = [e["text"].split(", about ")[0] for e in r.events("step") if "--- " in e["text"] and e["phase"] == phase]
            self.assertEqual(dividers, [f"{k}: --- {i + 1}/3 {n}" for i, (k, n) in enumerate(zip(KEYS, NAMES))])
        self.assertEqual(self.ledger(w)[0]["batch"], KEYS)
        self.assertEqual(self.done(w), KEYS)
        # Two boards of one configuration: one build, and its image is on both.
        builds = w.home / ".cache/kflash/build"
        self.assertEqual(sorted(p.name for p in builds.iterdir()), ["octopus", "pico"])
        image = (builds / "pico/pinned/klipper.bin").read_bytes()
        self.assertEqual([w.flash(k)[:len(image)] == image for k in KEYS], [False, True, True])

        with self.subTest("a second run that changes nothing"):
            began = time.monotonic()
            r = w.run("flash", "--all", "--yes", "--json")
            self.assertEqual(r.code, 0, r)
            self.assertEqual(self.rows(r), {k: ("SKIP", "SKIP", "SKIP") for k in KEYS})
            self.assertIn("already", self.reasons(r)["pico"])
            self.assertEqual(w.jobs(), ["stop", "start"])
            print(f"a second run took {time.monotonic() - began:.2f} s")
        with self.subTest("nobody is there to ask"):
            self.assertEqual(w.run("flash", "--all").code, 5)
            r = w.run("flash", "octopus", "pico")
            self.assertEqual(r.code, 5, r)
            self.assertIn("All 2 boards run what the sources are. Flash them anyhow?", " ".join(r.err.split()))
            self.assertIn("--force", r.err)
        with self.subTest("one board has another configuration: it is built and flashed alone"):
            config = w.home / ".config/kflash/configs/pico/.config"
            config.write_text(config.read_text() + "CONFIG_KF_IMAGE_SIZE=12288\n")
            r = w.run("flash", "--all", "--yes", "--json")
            self.assertEqual(r.code, 0, r)
            self.assertEqual(self.rows(r), {"octopus": ("SKIP",) * 3, "pico": ("PASS",) * 3, "toolhead": ("SKIP",) * 3})
        with self.subTest("nothing is built again that is there already"):
            r = w.run("flash", "octopus", "toolhead", "--force", "--json")
            self.assertEqual(r.code, 0, r)
            said = [e["text"] for e in r.events("step")]
            self.assertTrue(any("octopus: klipper.bin" in t and "was there already" in t for t in said), said)
        with self.subTest("a commit that changes nothing of it needs no flash, one of the sources does"):
            (w.tree / "README").write_text("another commit")
            self.commit(w)
            r = w.run("flash", "--all", "--yes", "--json")
            self.assertEqual((r.code, set(self.rows(r).values())), (0, {("SKIP",) * 3}), r)
            makefile = w.tree / "Makefile"
            makefile.write_text(makefile.read_text() + "# changed\n")
            r = w.run("flash", "--all", "--dry-run", "--json")
            self.assertEqual(r.code, 0, r)
            self.assertFalse([e for e in r.events("result") if "left out" in e["text"]])

    def test_a_plan_of_three_boards_is_printed_and_nothing_is_touched(self):
        w = self.fleet()
        r = w.run("flash", "--all", "--dry-run", "--json")
        self.assertEqual(r.code, 0, r)
        plan = [e for e in r.events("result") if e["kind"] == "plan"]
        self.assertEqual({e.get("board") for e in plan} - {None}, set(KEYS))
        self.assertEqual(sum("stop klipper.service" in e["text"] for e in plan), 1)
        self.assertEqual(w.jobs(), [])
        r = w.run("flash", "--all", "octopus")
        self.assertEqual(r.code, 2, r)
        r = w.run("flash", "octopus", "Octopus Pro")
        self.assertEqual(r.code, 2, r)
        self.assertIn("named twice", r.err)

        with self.subTest("boards that are not ready are told together"):
            (w.home / ".config/kflash/configs/octopus/.config").unlink()
            other = w.home / ".config/kflash/configs/toolhead/.config"
            other.write_text("CONFIG_MCU=\"stm32f446xx\"\n")
            r = w.run("flash", "--all", "--yes")
            self.assertEqual(r.code, 5, r)
            self.assertIn("2 of 3 boards", r.err)
            self.assertIn("kflash config octopus", r.err)
            self.assertIn("kflash config toolhead", r.err)
            self.assertFalse((w.home / ".cache/kflash/build").exists())
            r = w.run("flash", "--all", "--yes", "--skip-unready", "--json")
            self.assertEqual(r.code, 0, r)
            self.assertEqual(self.rows(r), {"octopus": ("SKIP",) * 3, "pico": ("PASS",) * 3, "toolhead": ("SKIP",) * 3})

    def test_at_a_terminal_of_80_columns_each_stage_has_its_question_and_its_usual_answer(self):
        w = self.fleet()
        (w.home / ".config/kflash/configs/octopus/.config").unlink()
        no = Dialogue(w, "flash", "--all", columns=80)
        no.say("Go on without them? [y/N]:", "\n")
        self.assertEqual(no.end(), 5, no.seen)
        self.assertIn("1 of 3 boards", no.seen)
        no = Dialogue(w, "flash", "--all", columns=80)
        no.say("Go on without them? [y/N]:", "y\n")
        no.say("Flash 2 of 3 boards in one stop? [Y/n]:", "n\n")
        self.assertEqual(no.end(), 130, no.seen)
        # The plan in short: boards, methods, units and reasons, and no command of a build.
        said = " ".join(no.lines().split())
        for part in ("Octopus Pro is left out: not ready", "Pico by katapult, or else by make_flash: ",
                     "toolhead by katapult, or else by make_flash: ", "stop klipper.service, prove that it is down"):
            self.assertEqual(said.count(part), 1, no.seen)
        self.assertNotIn("olddefconfig", said)
        self.assertEqual(w.jobs(), [])
        yes = Dialogue(w, "flash", "--all", columns=80)
        yes.say("Go on without them? [y/N]:", "y\n")
        yes.say("Flash 2 of 3 boards in one stop? [Y/n]:", "\n")
        self.assertEqual(yes.end(), 0, yes.seen)
        version = (w.tree / "VERSION").read_text().strip()
        self.assertTrue(yes.lines().endswith(
            "DEVICE       BUILD  FLASH  VERIFY\n"
            "Octopus Pro  SKIP   SKIP   SKIP    not ready: the board octopus has no\n"
            "                                   configuration yet\n"
            f"Pico         PASS   PASS   PASS    {version}\n"
            f"toolhead     PASS   PASS   PASS    {version}\n"), yes.lines()[-600:])
        self.assertEqual(w.jobs(), ["stop", "start"])

    def test_d20_the_failure_of_one_board_never_blocks_another(self):
        w = self.fleet("toolhead:says-version=v0.1.0-0-gold")
        registry = w.registry()
        registry["devices"]["gone"] = dict(registry["devices"]["pico"], name="Gone", serial_pattern="usb-Klipper_rp2040_77*")
        registry["devices"]["beacon"] = dict(registry["devices"]["gone"], name="Beacon", serial_pattern="usb-Klipper_rp2040_78*",
                                             flashable=False)
        w.write(w.home / ".config/kflash/devices.json", json.dumps(registry))
        r = w.run("flash", "--all", "--yes", "--json")
        self.assertEqual(r.code, 4, r)
        self.assertEqual(self.rows(r), {"beacon": ("SKIP",) * 3, "gone": ("SKIP", "FAIL", "SKIP"),
                                        "octopus": ("PASS",) * 3, "pico": ("PASS",) * 3,
                                        "toolhead": ("PASS", "PASS", "FAIL")})
        self.assertEqual({e["board"] for e in r.events("error")}, {"gone", "toolhead"})
        self.assertFalse((w.home / ".cache/kflash/build/gone").exists())
        self.assertEqual(w.jobs(), ["stop", "start"])
        self.assertTrue(w.service_is_up())
        self.assertEqual(self.done(w), ["octopus", "pico"])

    def test_a_build_that_fails_is_the_end_of_its_board_and_is_told_with_its_last_lines(self):
        w = self.fleet()
        (w.tree / "faults").mkdir(exist_ok=True)
        (w.tree / "faults/fail-compile").write_text("")
        before = [w.flash(k) for k in KEYS]
        r = w.run("flash", "--all", "--yes")
        self.assertEqual(r.code, 1, r)
        self.assertEqual(r.out.splitlines()[0], "DEVICE       BUILD  FLASH  VERIFY")
        self.assertEqual(r.out.splitlines()[1], "Octopus Pro  FAIL   SKIP   SKIP    the firmware did not build")
        self.assertIn("error: this source does not compile", r.err)
        self.assertEqual(w.jobs(), [])
        self.assertEqual([w.flash(k) for k in KEYS], before)
        for line in r.out.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_a_signal_before_the_stop_leaves_a_row_for_each_board(self):
        w = self.fleet()
        child = []
        r = self.during_the_build(w, lambda: child[0].send_signal(signal.SIGINT), started=child.append)
        self.assertEqual(r.code, 130, r)
        self.assertEqual(self.rows(r), {k: ("SKIP",) * 3 for k in KEYS}, r)
        self.assertEqual((w.jobs(), self.ledger(w)), ([], []))

    def test_after_a_signal_the_next_batch_offers_the_rest(self):
        w = self.fleet(speed=10)
        child = w.start("flash", "--all", "--yes", "--json")
        said = []
        for line in child.stdout:
            said.append(line)
            if '"Flash"' in line and '"progress"' in line:
                child.send_signal(signal.SIGINT)
                break
        out, err = child.communicate(timeout=world.DEADLINE)
        self.assertEqual(child.returncode, 130, out + err)
        r = world.Result(130, "".join(said) + out, err)
        self.assertEqual(self.rows(r), {"octopus": ("PASS",) * 3, "pico": ("PASS", "SKIP", "SKIP"),
                                        "toolhead": ("PASS", "SKIP", "SKIP")})
        self.assertTrue(w.service_is_up())
        self.assertEqual([(e["board"], e["result"]) for e in self.ledger(w) if "board" in e],
                         [("octopus", "done"), ("pico", "interrupted"), ("toolhead", "interrupted")])
        r = w.run("flash", "--all", "--dry-run", "--json")
        self.assertTrue(any(e["text"].startswith("Octopus Pro is left out: runs v") for e in r.events("result")), r)
        r = w.run("flash", *KEYS)
        self.assertEqual(r.code, 5, r)
        self.assertIn("Flash only the rest (Pico, toolhead)?", " ".join(r.err.split()))

    def batch_with(self, w, events, *words, started=lambda child: None):
        """Runs a batch, and each of `events` {(phase, board): function} at the first progress of that board."""
        child = w.start("flash", "--all", "--yes", "--json", *words)
        started(child)
        said, open_events = [], dict(events)
        for line in child.stdout:
            said.append(line)
            e = json.loads(line)
            if e["event"] == "progress" and (e["phase"], e["board"]) in open_events:
                open_events.pop((e["phase"], e["board"]))()
            if not open_events:
                break
        out, err = child.communicate(timeout=world.DEADLINE)
        r = world.Result(child.returncode, "".join(said) + out, err)
        self.assertFalse(open_events, r)
        return r

    def during_the_build(self, w, event, *words, started=lambda child: None):
        """Runs a batch, and `event` when its first board is built."""
        (w.tree / "faults").mkdir(exist_ok=True)
        (w.tree / "faults/slow").write_text("0.05")
        return self.batch_with(w, {("Build", "octopus"): event}, *words, started=started)

    def put_in_its_port(self, w, key, serial):
        """Another board of the same chip comes in the place of `key`."""
        w.unplug(key)
        argv = list(w.boards[key]["argv"])
        argv[argv.index("--serial") + 1] = serial
        other = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 start_new_session=True, env=dict(os.environ, XDG_STATE_HOME=str(w.root / "logs")))
        w.extra.append(other)
        wait_for("another board", lambda: any(serial in n for n in w.by_id()))
        return other

    def test_d9_a_print_that_begins_between_check_and_stop_refuses_the_whole_batch(self):
        w = self.fleet()
        before = [w.flash(k) for k in KEYS]
        r = self.during_the_build(w, lambda: w.scenario(print_stats={"state": "printing", "filename": "benchy.gcode"}))
        self.assertEqual(r.code, 3, r)
        self.assertIn("benchy.gcode", r.out)
        self.assertEqual(self.rows(r), {k: ("PASS", "FAIL", "SKIP") for k in KEYS}, r)
        again = w.run("flash", "--all", "--yes", "--json")
        self.assertEqual((again.code, self.rows(again)), (3, {k: ("SKIP", "FAIL", "SKIP") for k in KEYS}), again)
        self.assertEqual(w.jobs(), [])
        self.assertEqual([w.flash(k) for k in KEYS], before)

    def test_when_every_board_is_unplugged_each_has_its_row_with_the_reason(self):
        w = self.fleet()

        def event():
            for key in KEYS:
                w.unplug(key)

        r = self.during_the_build(w, event, "--assume-idle")
        self.assertEqual(r.code, 4, r)
        self.assertEqual(self.rows(r), {k: ("PASS", "FAIL", "SKIP") for k in KEYS}, r)
        for key, name in zip(KEYS, NAMES):
            self.assertIn(f"{name} is not connected", self.reasons(r)[key])
        self.assertEqual((w.jobs(), self.done(w)), ([], []))
        self.assertFalse([e for e in self.ledger(w) if "batch" in e], "a batch that never began is none to go on with")
        r = w.run("flash", "--all", "--yes", "--json")
        self.assertEqual(r.code, 4, r)
        self.assertEqual(self.rows(r), {k: ("SKIP", "FAIL", "SKIP") for k in KEYS}, r)
        self.assertEqual(len(r.events("error")), 1, r)

    def test_a_board_that_is_unplugged_during_the_build_and_one_with_another_in_its_port_are_not_written(self):
        w = self.fleet()
        before = w.flash("pico")

        def event():
            self.put_in_its_port(w, "pico", "E6614103E7450000")
            w.unplug("toolhead")

        r = self.during_the_build(w, event, "--assume-idle")
        self.assertNotEqual(r.code, 0, r)
        rows = self.rows(r)
        self.assertEqual(rows, {"octopus": ("PASS",) * 3, "pico": ("PASS", "FAIL", "SKIP"),
                                "toolhead": ("PASS", "FAIL", "SKIP")}, r)
        self.assertEqual(w.flash("pico"), before)
        self.assertTrue(w.service_is_up())

    def test_a_board_whose_device_a_person_has_blocked_is_skipped_with_the_reason_and_fails_nothing(self):
        w = self.fleet()
        before = w.flash("toolhead")
        self.assertEqual(w.run("exclude", "--pattern", "usb-klipper_rp2040_E66141040000AA*", "--reason", "in repair").code, 0)
        why = "excluded by a pattern: in repair"
        r = w.run("flash", "--all", "--yes", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.rows(r), {"octopus": ("PASS",) * 3, "pico": ("PASS",) * 3, "toolhead": ("SKIP",) * 3}, r)
        self.assertEqual(self.reasons(r)["toolhead"], why)
        r = w.run("flash", "--all", "--if-needed", "--yes", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertIn((why, "excluded"), [(e["need_reason"], e["needed"]) for e in r.events("result") if e["kind"] == "need"])
        self.assertEqual(w.flash("toolhead"), before)
        r = w.run("flash", "toolhead", "-s", "--yes")  # one that was named is not what was asked for
        self.assertEqual(r.code, 3, r)
        self.assertIn("is blocked: in repair", r.err)

    def test_what_is_changed_in_the_registry_during_the_build_counts(self):
        w = self.fleet()
        before = {k: w.flash(k) for k in KEYS}

        def event():  # as exclude, edit and remove leave it, in one step: the build goes on meanwhile
            registry = w.registry()
            registry["devices"]["pico"]["flashable"] = False
            registry["devices"]["octopus"]["name"] = "Mainboard"
            del registry["devices"]["toolhead"]
            w.write(w.home / ".config/kflash/devices.json", json.dumps(registry))

        r = self.during_the_build(w, event)
        self.assertEqual(self.rows(r), {"octopus": ("PASS",) * 3, "pico": ("PASS", "FAIL", "SKIP"),
                                        "toolhead": ("PASS", "FAIL", "SKIP")}, r)
        self.assertIn("excluded from flashing", self.reasons(r)["pico"])
        self.assertIn('there is no board "toolhead"', self.reasons(r)["toolhead"])
        self.assertEqual([w.flash(k) for k in ("pico", "toolhead")], [before["pico"], before["toolhead"]])
        with self.subTest("one that cannot be read speaks for no board"):
            done = w.jobs()
            file = w.home / ".config/kflash/devices.json"
            r = self.during_the_build(w, lambda: file.write_text('{"devices": '), "--force")
            self.assertEqual(r.code, 1, r)
            self.assertIn("devices.json is wrong at line 1", r.out)
            self.assertEqual(w.jobs(), done)

    def test_d20_what_happens_to_boards_and_disk_while_the_printer_is_down_is_told_and_it_comes_back(self):
        w = self.fleet(speed=10)
        state = w.home / ".local/state/kflash"
        before = w.flash("toolhead")

        def run(events, *words):
            r = self.batch_with(w, events, "--force", *words)
            self.assertTrue(w.service_is_up(), r)
            w.registry()
            return r, self.rows(r)

        with self.subTest("one is unplugged while it is written, another board comes in the port of the next one"):
            others = []
            r, rows = run({("Flash", "octopus"): lambda: others.append(self.put_in_its_port(w, "toolhead", "E66100BB")),
                           ("Flash", "pico"): lambda: w.unplug("pico")})
            self.assertEqual(r.code, 1, r)
            self.assertEqual(rows, {"octopus": ("PASS",) * 3, "pico": ("PASS", "FAIL", "SKIP"),
                                    "toolhead": ("PASS", "FAIL", "SKIP")}, r)
            self.assertEqual(w.flash("toolhead"), before)
            self.assertEqual([(e["board"], e["result"]) for e in self.ledger(w) if "board" in e],
                             [("octopus", "done"), ("pico", "half_written"), ("toolhead", "not_connected")], r)
            others[0].terminate()  # it takes its names with it
            others[0].wait()
            for key in ("pico", "toolhead"):
                w.power_cycle(key)
            wait_for("both are back", lambda: sum("rp2040" in n for n in w.by_id()) == 2)
        with self.subTest("one is unplugged when it is written, and the disk is full for ledger and images"):
            def full():
                (state / "ledger.jsonl").rename(state / "ledger.before")
                (state / "ledger.jsonl").symlink_to("/dev/full")
                (state / "images").rename(state / "images.before")
                (state / "images").write_text("no folder")

            r, rows = run({("Flash", "octopus"): full, ("Verify", "toolhead"): lambda: w.unplug("toolhead")})
            self.assertEqual(r.code, 1, r)
            self.assertEqual([rows[k] for k in KEYS[:2]], [("PASS",) * 3] * 2, r)
            self.assertIn("FAIL", rows["toolhead"], r)
            told = " ".join(e["text"] for e in r.events("warning"))
            for word in ("ledger.jsonl", "no rollback will lead to it"):
                self.assertIn(word, told)
            (state / "ledger.jsonl").unlink()
            (state / "ledger.before").rename(state / "ledger.jsonl")
            (state / "images").unlink()
            (state / "images.before").rename(state / "images")
            w.power_cycle("toolhead")
            wait_for("it is back", lambda: sum("rp2040" in n for n in w.by_id()) == 2)
        with self.subTest("the list of what is stopped cannot be written: nothing is stopped"):
            (state / "stopped-units").mkdir()
            stops = w.jobs().count("stop")
            r, rows = run({})
            self.assertNotEqual(r.code, 0, r)
            self.assertEqual(set(rows.values()), {("PASS", "FAIL", "SKIP")}, r)
            self.assertEqual(w.jobs().count("stop"), stops)

    def test_d3_d4_a_stop_that_times_out_writes_no_board_and_a_start_that_fails_is_told(self):
        w = self.fleet()
        before = [w.flash(k) for k in KEYS]
        w.change_services(faults={"stop_hangs": True})
        r = w.run("flash", "--all", "--yes", "--json", "--service-timeout", "2")
        self.assertEqual(r.code, 1, r)
        wait_for("the service is up", w.service_is_up)
        self.assertEqual([w.flash(k) for k in KEYS], before)
        self.assertEqual(len(r.events("error")), 1, r)  # it is about all of them
        w.change_services(faults={"start_lies": True})
        r = w.run("flash", "--all", "--yes", "--json", "--service-timeout", "1")
        self.assertEqual(r.code, 1, r)
        self.assertEqual(self.rows(r), {k: ("PASS",) * 3 for k in KEYS})
        self.assertIn("systemctl start klipper.service", r.out)

    def test_a_disk_that_is_full_is_known_before_the_stop_and_a_ledger_that_is_full_is_a_warning(self):
        w = self.fleet()
        before = [w.flash(k) for k in KEYS]
        small = (8192, 8192)  # no file may grow larger: what a full disk does to an image
        child = w.start("flash", "--all", "--yes", "--json",
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, small))
        out, err = child.communicate(timeout=world.DEADLINE)
        self.assertNotEqual(child.returncode, 0, out + err)
        self.assertEqual(w.jobs(), [])
        self.assertEqual([w.flash(k) for k in KEYS], before)
        w.registry()
        ledger = w.home / ".local/state/kflash/ledger.jsonl"
        ledger.parent.mkdir(parents=True, exist_ok=True)
        ledger.unlink(missing_ok=True)
        ledger.symlink_to("/dev/full")
        r = w.run("flash", "octopus", "pico", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertTrue(any("ledger.jsonl" in e["text"] for e in r.events("warning")), r)
        self.assertEqual(w.jobs(), ["stop", "start"])


if __name__ == "__main__":
    world.main()
