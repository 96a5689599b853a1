#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/first-hour.md as its reader does it: every command of the page, in its order, on a simulated gantry with the faults
that the page gives it and the printer.cfg that the page makes. What a person is asked is answered out of the ink, and out of
what can be seen of motors and switches. What the page says of what comes out is held against it."""
import math
import os
import pathlib
import re
import subprocess
import tempfile

import plotter
from kcal_routines import Gantry, crosses, machine, middle
from plotter import PlotterTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/first-hour.md").read_text()
COMB, LINES = 26, 47  # of a pair of kcal backlash


def commands():
    """Every line of every block, in order."""
    return [line for block in re.findall(r"^```\n(.*?)^```", PAGE, re.S | re.M) for line in block.splitlines() if line]


def behind(socket, machine_file):
    """What the page puts behind each line of a rehearsal, with the places of this one."""
    words = re.search(r"with `([^`]+)` behind it", PAGE)[1]
    return words.replace("/tmp/klippy_uds", str(socket)).replace("rehearsal.yaml", str(machine_file))


# What is not read in the ink and not seen at the machine: a name, or how it begins.
ANSWERS = {"write": "yes", "free": "yes", "uncoupled": "yes", "circle_": "yes", "lines_distinct": "yes",
           "square_width": 50.5, "square_height": 50, "as": "profile"}


class Reader:
    """A person with a ruler of film, a loupe and the page."""

    def __init__(self, gantry):
        self.gantry = gantry
        self.dots = 0
        self.drawn = 0  # lines of ink before this command

    def at_the_machine(self, name):
        """What was seen of a motor since the last question, and the hand at a switch; nothing when it is not asked."""
        what, _, motor = name.partition("_stepper_")
        if name in ("released", "pressed"):
            self.gantry.ask("ksim/press" if name == "pressed" else "ksim/release", switch=self.axis)
            seen = self.gantry.ask("ksim/look")["result"]["switches"][self.axis]
            return "yes" if seen == {"pressed": "pressed", "released": "free"}[name] else "no"
        if not motor:
            return None
        if what != "direction":
            self.seen = self.gantry.ask("ksim/look")["result"]["motors"][motor]
        turns = self.seen["up"], self.seen["down"]
        yes = {True: "yes", False: "no"}
        return {"locked": lambda: yes[self.seen["held"]],
                "buzzed": lambda: "moved" if min(turns) > 0 else "nothing",
                "turned": lambda: "once" if turns == (1, 1) else "nothing" if turns == (0, 0) else "less",
                "direction": lambda: self.seen["first"],
                "ran": lambda: "smooth" if turns == (1, 1) else "stalled",
                "returned": lambda: yes[turns[0] == turns[1]]}[re.sub(r"_\d+$", "", what)]()

    def answer(self, name, ink):
        if (seen := self.at_the_machine(name)) is not None:
            return seen
        own = ink[self.drawn:]
        if name.startswith("mark_pen"):
            more, self.dots = len(ink) > self.dots, len(ink)
            return "yes" if more else "no"
        if name.startswith("mark_"):
            return self.gantry.read(middle(own[int(name[5:]) - 1])[0] - middle(own[0])[0] + 1.3, 0.1)
        if name in ("ac", "bd", "ad"):
            at = dict(zip("adcb", crosses(own[-8:])))
            return self.gantry.read(math.dist(at[name[0]], at[name[1]]), 0.01)
        if name.startswith("reading_"):
            first = (int(name[8:]) - 1) * LINES
            comb, vernier = (max(own[a:b], key=lambda line: math.dist(line[0], line[-1]))
                             for a, b in ((first, first + COMB), (first + COMB, first + LINES)))
            return self.gantry.read(comb[0][0] - vernier[0][0], 0.05)  # where they meet: Y leans
        if name.startswith("meets_"):
            half, _, other = ink[-3:]
            return "yes" if abs(middle(half)[0] - middle(other)[0]) < 0.1 else "no"
        return next(value for begin, value in ANSWERS.items() if name.startswith(begin))


class FirstHour(PlotterTest):
    def test_the_page_is_done_from_its_first_command_to_its_last(self):
        faults, *rest = commands()
        wrong = subprocess.run(["bash", "-c", faults.rpartition(" > ")[0]], capture_output=True, text=True, check=True).stdout
        begin = next(i for i, line in enumerate(rest) if line.startswith("ksim printer"))
        self.assertRegex(rest[begin], r"^ksim printer --socket /tmp/klippy_uds .*--config printer\.cfg "
                                      r"--wrong wrong\.txt --ink ink\.svg$")
        # Before there is a printer: machine.yaml, and the file for bring-up.
        with tempfile.TemporaryDirectory(prefix="kf-hour.") as folder:
            env = dict(os.environ, HOME=folder, XDG_STATE_HOME=folder, NO_COLOR="1", PATH=self.path())
            file = pathlib.Path(folder) / "machine.yaml"
            for command in rest[:begin]:
                r = self.run_line(folder, env, command, f"--machine {file}", [])
                self.assertEqual(r.returncode, 0, f"{command}\n{r.stdout}\n{r.stderr}")
                if command == "kplot machine init":
                    text = machine(z_rotation_distance="8.0")  # a person sets the lines
                    file.write_text(text.replace('octopus_slot: "TBD"', 'octopus_slot: "Motor 4 (PF9, PF10, PG2)"'))
            g = Gantry(wrong, config=(pathlib.Path(folder) / "printer.cfg").read_text(), text=file.read_text(), speed=1000)
        self.addCleanup(g.close)
        g.machine_file.write_text(g.machine_file.read_text().replace("/home/klipper/gcode_files", str(g.gcodes)))
        reader = Reader(g)
        env = dict(g.env(), PATH=self.path())
        found, squares = {}, []
        for command in rest[begin + 1:]:
            with self.subTest(command):
                reader.drawn = reader.dots = len(g.now())
                reader.axis = command[-1]
                given = []
                for _ in range(120):
                    r = self.run_line(g.root, env, command, behind(g.socket, g.machine_file), given)
                    lacks = [line for line in r.stderr.split("--answer ")[1:]]
                    if r.returncode != 5 or not lacks:
                        break
                    name = re.match(r"\w+", lacks[-1])[0]
                    # A routine remembers what it was told, a check begins anew.
                    given = (given if command.startswith("kcal check") else []) + [
                        f"--answer {name}={reader.answer(name, g.now())}"]
                self.assertEqual(r.returncode, 0, f"{command} {given}\n{r.stdout}\n{r.stderr}")
                found[command] = " ".join(r.stdout.split())
                if command.startswith("kcal bringup"):
                    g.ask("ksim/release", switch=reader.axis)
                if command == "kcal bringup y":
                    self.assertIn("Motor 0 (PF13, !PF12, PF14)", PAGE)
                    g.machine_file.write_text(g.machine_file.read_text().replace('"Motor 0"', '"Motor 0 (PF13, !PF12, PF14)"'))
                if "pattern square" in command:
                    x = [p[0] for line in g.now()[reader.drawn:] for p in line]
                    squares.append(round(max(x) - min(x), 1))
        # Pulleys that are 1 % off, a motor that turns backwards, a pen that touches
        # at 19.37, motors that lose nothing at the fastest that the printer allows.
        self.assertIn("dir_pin: !PF12", found["kcal bringup y"])
        self.assertNotIn("dir_pin", found["kcal bringup x"])
        self.assertRegex(found["kcal steps x --with film"], r"32\.3[0-4]")
        self.assertRegex(found["kcal square"], r"^Y leans by 0\.(39|40|41)")
        self.assertRegex(found["kcal backlash x"], r"^Backlash of X: 0\.1[2-8]")
        text = g.machine_file.read_text()
        self.assertRegex(text, r"pen_work_mm: 19\.[56]")
        self.assertEqual(len(squares), 2)
        self.assertAlmostEqual(squares[0] - squares[1], 0.5, delta=0.11)  # what draws 50.5 draws 50.0
        self.assertTrue((g.root / "sheet.png").read_bytes().startswith(b"\x89PNG"))

    @staticmethod
    def path():
        return f"{pathlib.Path(plotter.KSIM).parent}:{pathlib.Path(plotter.KPLOT).parent}:{os.environ['PATH']}"

    def run_line(self, folder, env, command, behind_it, given):
        """Every tool of the line on the machine of the test; a guided one is not waited for, and gets its answers."""
        parts = []
        for part in command.split(" | "):
            words = [part, re.sub(r"--sim | --machine \S+", "", behind_it) if part.startswith("ksim") else behind_it]
            if part.startswith("kplot machine init"):
                words.append("--force")
            if re.match(r"kcal (steps|square|backlash|speed|endstop|z|bringup|check --level)\b", part):
                words += given
                if "check" not in part:
                    words.append("--yes")
            parts.append(" ".join(words))
        return subprocess.run(["bash", "-c", "set -o pipefail; " + " | ".join(parts)], cwd=folder, env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=plotter.DEADLINE * 4)

    def test_the_pictures_of_the_page_are_there_and_small(self):
        pictures = re.findall(r'src="(pictures/[^"]+)"', PAGE)
        self.assertEqual(len(pictures), 3)
        for picture in pictures:
            data = (ROOT / "docs" / picture).read_bytes()
            self.assertTrue(data.startswith(b"\x89PNG"))
            self.assertLess(len(data), 150_000)


if __name__ == "__main__":
    plotter.main()
