#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The numbered effects of a flash (KF_FAULT_LOG) against the plan that a dry run prints: every program that is run, every
file that is changed and every port that is opened is named there, and what the plan does to the printer happens in its
order. Nothing happens that was not in it."""
import re
import subprocess
import unittest

import world
from terminal import Dialogue
from world import WorldTest, wait_for


def words_of(command):
    """Without the assignments in front and the quotes of a shell."""
    return re.sub(r"^(\w+=\S* )+", "", command).replace("'", "")


class Plan:
    def __init__(self, events):
        self.lines = [e["text"] for e in events if e["kind"] == "plan"]

    def without(self, part):
        """The plan as it would be if it did not say that."""
        less = Plan([])
        less.lines = [line for line in self.lines if part not in line]
        assert len(less.lines) < len(self.lines), f"no line of the plan says {part}"
        return less

    def has_command(self, command):
        command = words_of(command)
        asked = next((x for x in self.lines if x.startswith("ask again whenever it matters: ")), ": ").split(": ", 1)[1]
        if asked and command.startswith(words_of(asked)):
            return True
        scratch = re.sub(r"[^\s='\"]*/kf-config\.\w{6}", "/tmp/kf-config.XXXXXX", command)
        return any(scratch in words_of(line.split(": ", 1)[-1] if line.startswith("in ") else line)
                   for line in self.lines)

    def has_path(self, path):
        """A path is in the plan when it is named there, or lies below a folder that is; and so is its lock."""
        path = re.sub(r"[^\s='\"]*/kf-config\.\w{6}", "/tmp/kf-config.XXXXXX", path)
        named = set(re.findall(r"(?<![\w/.])/[^\s;,'()]+", " ".join(self.lines)))
        named = {n.rstrip(":").rstrip("/") for n in named}  # a place in by-path has colons in it
        parents = ["/".join(path.split("/")[:n]) for n in range(3, len(path.split("/")) + 1)]
        return any(p in named for p in (*parents, path.removesuffix(".lock")))

    def has_port(self, path):
        if self.has_path(path):
            return True
        # The board in its bootloader has a name of its own; its serial number is the same.
        serial = path.split("_")[-1]
        follows = any("follow it to Katapult" in line or "its bootloader" in line for line in self.lines)
        return follows and "usb-katapult_" in path and any(line.endswith(serial) or serial in line for line in self.lines)

    def has(self, kind, what):
        if kind == "spawn":
            return self.has_command(what)
        path = "/" + what.split(" /", 1)[1] if " /" in what else what
        if what.startswith(("mkdir ", "make ")):  # for what is named below it
            return self.has_path(path) or any(path + "/" in line for line in self.lines)
        return self.has_port(path) if kind == "port" else self.has_path(path)


def effects_of(file):
    return [tuple(line.split(" ", 2)[1:]) for line in file.read_text().splitlines()]


class Effects(WorldTest):
    def planned_and_done(self, w, *words, code=0, boards=("octopus", "-s")):
        """The plan of a dry run, and the effects of the run."""
        # The board of the run before comes back by its name first, and by its place a moment later: a plan names both.
        wait_for("the place of the board", lambda: any(p.name.endswith("1.1:1.0") for p in w.root.rglob("by-path/*")))
        r = w.run("flash", *boards, "--json", "--dry-run", *words)
        self.assertEqual(r.code, 0, r)
        plan = Plan(r.events("result"))
        log = w.root / "effects"
        log.unlink(missing_ok=True)
        r = w.run("flash", *boards, "--json", *words, env={"KF_FAULT_LOG": str(log)})
        self.assertEqual(r.code, code, r)
        self.said = r.out
        # A run says the same plan as the dry run before it, and nothing else says it again.
        self.assertEqual(Plan(r.events("result")).lines, plan.lines)
        self.assertEqual([e for e in r.said() if e.get("text") in plan.lines and e.get("kind") != "plan"], [])
        return plan, effects_of(log)

    def not_planned(self, plan, effects):
        return [e for e in effects if not plan.has(*e)]

    def test_a12_every_effect_of_a_flash_is_in_its_plan(self):
        w = self.world()
        for attempt in ("a first build", "the same again"):
            with self.subTest(attempt):
                plan, effects = self.planned_and_done(w)
                self.assertGreater(len(effects), 100)
                self.assertEqual(self.not_planned(plan, effects), [])
        # And it is this plan that has them: with a line less, an effect is left over.
        for part in ("make olddefconfig", "make -j", "pinned/klipper.bin", "guardian --timeout", "stopped-units",
                     "the plot lock", "ledger.jsonl", "flash.lock", "ask again whenever it matters"):
            with self.subTest(part):
                self.assertNotEqual(self.not_planned(plan.without(part), effects), [])

    def test_a12_every_effect_of_a_batch_is_in_its_plan(self):
        w = self.world(options=("--board", "toolhead:mcu=rp2040,serial=E66141040000AA"))
        plan, effects = self.planned_and_done(w, "--yes", "--force", boards=("--all",))
        self.assertEqual(self.not_planned(plan, effects), [])
        # Of two boards with one configuration one is built, and each of the three is written.
        self.assertEqual(sum("make -j" in what for _, what in effects), 2)
        self.assertEqual(sum("1200-baud" in what for _, what in effects), 3)
        for part in ("guardian --timeout", "ledger.jsonl", "pinned/klipper.bin"):
            with self.subTest(part):
                self.assertNotEqual(self.not_planned(plan.without(part), effects), [])

    def test_a12_the_printer_is_stopped_written_and_started_in_the_order_of_the_plan(self):
        w = self.world()
        plan, effects = self.planned_and_done(w)
        wanted = ["make -j", "pinned/klipper.bin", "guardian --timeout", "stopped-units", "1200-baud", "ledger.jsonl"]
        done = [what for _, what in effects]
        first = [next(i for i, what in enumerate(done) if part in what) for part in wanted]
        # That a flash began stands in the ledger before the stop.
        self.assertLess(first[-1], first[-2])
        first[-1] = max(i for i, what in enumerate(done) if "ledger.jsonl" in what)
        self.assertEqual(first, sorted(first), list(zip(wanted, first)))
        in_plan = [next(i for i, line in enumerate(plan.lines) if part in line)
                   for part in ("make -j", "pinned/klipper.bin", "guardian --timeout", "stopped-units", "(1200 baud)",
                                "ledger.jsonl")]
        # The folder of the image is named before the build that fills it; all else has one place.
        self.assertEqual(in_plan, sorted(in_plan), plan.lines)

    def test_a12_another_method_has_its_effects_in_the_plan(self):
        w = self.world()
        plan, effects = self.planned_and_done(w, "--method", "make_flash")
        self.assertEqual(self.not_planned(plan, effects), [])
        self.assertTrue(any("FLASH_DEVICE=" in what for _, what in effects))

    def test_d15_a12_falls_back_to_make_flash_as_planned_when_nothing_was_written(self):
        w = self.world("octopus:refuses-bootloader")
        makefile = w.tree / "Makefile"
        text = makefile.read_text()
        self.assertIn("\nflash: ", text)
        # As a flasher that finds no board in DFU.
        makefile.write_text(text.replace("\nflash: ", "\nflash:\n\t@echo No DFU capable device; exit 1\nwas-flash: "))
        plan, effects = self.planned_and_done(w, code=1)
        self.assertEqual(self.not_planned(plan, effects), [])
        self.assertTrue(any("FLASH_DEVICE=" in what for _, what in effects))
        self.assertIn("make_flash: writing", self.said)
        self.assertIn("make flash failed before it wrote anything", self.said)
        self.assertTrue(w.service_is_up())

    def test_a_plan_is_told_once_also_to_those_who_are_asked(self):
        w = self.world()
        config = w.home / ".config/kflash/configs/octopus/.config"
        # What a person may not have expected is told with the plan, and by it alone.
        config.write_text(config.read_text() + 'CONFIG_USB_SERIAL_NUMBER="12345"\n')
        log = w.root / "logs/kflash/kflash.log"

        def planned():
            wait_for("the place of the board", lambda: any(p.name.endswith("1.1:1.0") for p in w.root.rglob("by-path/*")))
            plan = w.run("flash", "octopus", "-s", "--dry-run", "--json").events("result")
            lines = [(e["phase"], e["text"]) for e in plan]
            log.unlink(missing_ok=True)
            return lines

        with self.subTest("a person who is not asked"):
            self.assertIn("many boards have the serial number 12345", " ".join(text for _, text in planned()))
            r = w.run("flash", "octopus", "-s")
            self.assertEqual(r.code, 0, r)
            said = " ".join(r.err.split())
            for part in ("comes back as", "many boards have the serial number 12345", "klippy is idle"):
                self.assertEqual(said.count(part), 1, r)
        with self.subTest("a program that is asked"):
            lines = planned()
            child = w.start("flash", "octopus", "-s", "--json", "--ask-json", stdin=subprocess.PIPE)
            out, err = child.communicate("y\n", timeout=world.DEADLINE)
            r = world.Result(child.returncode, out, err)
            self.assertEqual(r.code, 0, r)
            said = r.said()
            question = next(i for i, e in enumerate(said) if e["event"] == "question")
            for part in (said[:question], said):
                self.assertEqual([(e["phase"], e["text"]) for e in part if e.get("kind") == "plan"], lines)
            texts = {text for _, text in lines}
            self.assertEqual([e for e in said if e.get("text") in texts and e.get("kind") != "plan"], [])
        with self.subTest("a person who is asked"):
            lines = planned()
            t = Dialogue(w, "flash", "-s", columns=2000)
            t.say("to cancel):", "1\n")
            t.say("Flash Octopus Pro? [Y/n]", "y\n")
            self.assertEqual(t.end(), 0, t.seen)
            logged = log.read_text()
            texts = [text for _, text in lines]  # two methods have some in common
            for text in texts:
                self.assertEqual(t.lines().count(f" {text}\n"), texts.count(text), (text, t.seen))
                if "-password " not in text:  # what follows is masked
                    self.assertEqual(logged.count(f" {text}\n"), texts.count(text), text)


if __name__ == "__main__":
    world.main()
