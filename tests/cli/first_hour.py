#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/first-hour.md as its reader does it: every command of the page, in its order, on a simulated gantry with the faults
that the page gives it. What a person is asked is answered out of the ink. What the page says of what comes out is held
against it."""
import math
import os
import pathlib
import re
import subprocess

import plotter
from kcal_routines import Gantry, crosses, machine, middle
from plotter import PlotterTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/first-hour.md").read_text()
# What ends otherwise than with 0, as the page says.
STATUS = {"kcal printer-cfg --live": 3, "kcal bringup y": 1, "kcal bringup x": 1}
COMB, LINES = 26, 47  # of a pair of kcal backlash


def commands():
    """Every line of every block, in order."""
    return [line for block in re.findall(r"^```\n(.*?)^```", PAGE, re.S | re.M) for line in block.splitlines() if line]


def behind(g):
    """What the page puts behind each line of a rehearsal, with the places of this one."""
    words = re.search(r"each line with `([^`]+)` behind it", PAGE)[1]
    return words.replace("/tmp/klippy_uds", str(g.socket)).replace("rehearsal.yaml", str(g.machine_file))


# What is not read in the ink: a name, or how it begins.
ANSWERS = {"write": "yes", "free": "yes", "uncoupled": "yes", "locked_": "yes", "buzzed_": "moved", "turned_": "once",
           "direction_": "up", "ran_": "smooth", "returned_": "yes", "released": "yes", "pressed": "yes", "circle_": "yes",
           "lines_distinct": "yes", "square_width": 50.5,
           "square_height": 50, "as": "profile"}


class Reader:
    """A person with a ruler of film, a loupe and the page."""

    def __init__(self, gantry):
        self.gantry = gantry
        self.dots = 0
        self.drawn = 0  # lines of ink before this command

    def answer(self, name, ink):
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
        faults, extra, simulator, *rest = commands()
        self.assertRegex(simulator, r"^ksim printer --socket /tmp/klippy_uds .*--config extra\.cfg "
                                    r"--wrong wrong\.txt --ink ink\.svg$")
        wrong, config = (subprocess.run(["bash", "-c", line.rpartition(" > ")[0]], capture_output=True, text=True,
                                        check=True).stdout for line in (faults, extra))
        g = Gantry(wrong, config=config, speed=1000)
        self.addCleanup(g.close)
        reader = Reader(g)
        env = dict(g.env(), PATH=f"{pathlib.Path(plotter.KPLOT).parent}:{os.environ['PATH']}")
        found = {}
        for command in rest:
            with self.subTest(command):
                reader.drawn = reader.dots = len(g.now())
                given = []
                for _ in range(120):
                    r = self.run_line(g, env, command, given)
                    lacks = [line for line in r.stderr.split("--answer ")[1:]]
                    if r.returncode != 5 or not lacks:
                        break
                    name = re.match(r"\w+", lacks[-1])[0]
                    # A routine remembers what it was told, a check begins anew.
                    given = (given if command.startswith("kcal check") else []) + [
                        f"--answer {name}={reader.answer(name, g.now())}"]
                if command == "kplot machine init":
                    g.machine_file.write_text(machine())  # a person sets the lines
                self.assertEqual(r.returncode, STATUS.get(command, 0), f"{command} {given}\n{r.stdout}\n{r.stderr}")
                found[command] = " ".join(r.stdout.split())
        # Pulleys that are 1 % off, a pen that touches at 19.37, motors that lose
        # nothing at the fastest that the printer allows.
        self.assertRegex(found["kcal steps x --with film"], r"32\.3[0-4]")
        self.assertRegex(found["kcal square"], r"^Y leans by 0\.(39|40|41)")
        self.assertRegex(found["kcal backlash x"], r"^Backlash of X: 0\.1[2-8]")
        text = g.machine_file.read_text()
        self.assertRegex(text, r"pen_work_mm: 19\.[56]")
        self.assertEqual(re.findall(r"max_velocity_mm_s: (\d+)", text), ["200"])
        self.assertTrue((g.root / "sheet.png").read_bytes().startswith(b"\x89PNG"))

    def run_line(self, g, env, command, given):
        """Every tool of the line on the machine of the test; a guided one is not waited for, and gets its answers."""
        parts = []
        for part in command.split(" | "):
            words = [part, behind(g)]
            if part.startswith("kplot machine init"):
                words.append("--force")
            if re.match(r"kcal (steps|square|backlash|speed|endstop|z|bringup|check --level)\b", part):
                words += given
                if "check" not in part:
                    words.append("--yes")
            parts.append(" ".join(words))
        return subprocess.run(["bash", "-c", "set -o pipefail; " + " | ".join(parts)], cwd=g.root, env=env, text=True,
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
