#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kcal's patterns, from outside: what they say, what a simulated printer draws of them, and what a person reads in the
picture. Expected points are literal; the canvas of the template is 210 x 297 mm, its upper left corner machine 25, 322."""
import json
import math
import os
import pathlib
import re
import subprocess

import plotter
from kcal_routines import Gantry
from kplot_preview import png_pixels
from manuals import Events
from plotter import LEFT, TOP, DrawingTest, PlotterTest
from world import DEADLINE, Result


def binary(tool):
    """They lie side by side."""
    return str(pathlib.Path(plotter.KPLOT).with_name(tool))


class PatternTest(DrawingTest):
    def kcal(self, *words):
        env = dict(os.environ, HOME=str(self.root), NO_COLOR="1", COLUMNS="80")
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "SUDO_USER"):
            env.pop(name, None)
        r = subprocess.run([binary("kcal"), *map(str, words)], env=env, capture_output=True, text=True, timeout=DEADLINE)
        return Result(r.returncode, r.stdout, r.stderr)

    def names(self):
        return [json.loads(line)["name"] for line in self.kcal("pattern", "--json").out.splitlines()]

    def job(self, *words):
        r = self.kcal("pattern", *words, "--sim")
        self.assertEqual(r.code, 0, r)
        return [json.loads(line) for line in r.out.splitlines()]

    def lines(self, *words):
        return [[tuple(p) for p in step["points"]] for step in self.job(*words) if step.get("op") == "draw_polyline"]


class Patterns(Events, PatternTest):
    def test_the_list_has_every_pattern_with_what_it_measures_and_what_disturbs_it(self):
        rows = [json.loads(line) for line in self.kcal("pattern", "--json").out.splitlines()]
        self.assertEqual([row["name"] for row in rows],
                         ["square", "rectangle", "cross", "grid", "diagonal", "circle", "ruler-x", "ruler-y",
                          "crosshair-grid", "speed-test", "acceleration-test", "backlash-test", "z-touch", "line-weight",
                          "corner-test", "fine-detail", "squareness", "vernier-x", "vernier-y", "offset", "reversal",
                          "sheet"])
        for row in rows:
            self.assertGreater(len(row["measures"]), 10, row)
            self.assertGreater(len(row["disturbs"]), 10, row)
        self.assertEqual(rows[0]["options"], "--size 50")
        self.check(rows)

    def test_every_pattern_goes_through_a_pipe_into_gcode_and_a_picture_without_a_warning(self):
        for name in self.names():
            with self.subTest(name):
                file = self.root / f"{name}.jsonl"
                told = self.kcal("pattern", name, "--sim", "-o", file, "--json").result()
                self.assertEqual((told["name"], told["file"]), (name, str(file)))
                self.check([told])
                r = self.kplot("gcode", "-", "--sim", given=file.read_text())
                self.assertEqual(r.code, 0, r)
                self.assertNotIn("warning", r.err)
                self.assertIn("G1 Z", r.out)
                r = self.kplot("preview", "-", "--sim", "-o", self.root / "a.svg", given=file.read_text())
                self.assertEqual(r.code, 0, r)

    def test_a_pattern_lies_in_the_middle_of_the_canvas_or_where_its_corner_is_put(self):
        self.assertEqual(self.lines("square", "--size", "20"),
                         [[(95, 138.5), (115, 138.5), (115, 158.5), (95, 158.5), (95, 138.5)]])
        self.assertEqual(self.lines("square", "--size", "20", "--origin", "5,7.5"),
                         [[(5, 7.5), (25, 7.5), (25, 27.5), (5, 27.5), (5, 7.5)]])
        self.assertEqual(self.lines("circle", "--diameter", "40", "--origin", "0,0")[0][0], (40, 20))

    def test_what_does_not_fit_is_refused_and_nothing_is_written(self):
        out = self.root / "a.jsonl"
        for words, what in ((["square", "--size", "211"], "the pattern reaches 0.5 mm out of the canvas"),
                            (["square", "--origin", "170,10"], "the pattern reaches 10 mm out of the canvas"),
                            (["square", "--origin=-0.1,10"], "the pattern reaches 0.1 mm out of the canvas"),
                            (["ruler-y", "--length", "298"], "make it smaller, by --length, --tick"),
                            (["backlash-test", "--pitch", "9"], "by --pitch, --divisions, --run-up, --repeats"),
                            (["square", "--feed", "81"], "81 mm/s is faster than the machine may go"),
                            (["speed-test", "--speeds", "20,200"], "200 mm/s is faster than the machine may go"),
                            (["line-weight", "--speeds", "80.1"], "80.1 mm/s is faster than the machine may go")):
            with self.subTest(words):
                r = self.kcal("pattern", *words, "--sim", "-o", out)
                self.assertEqual((r.code, out.exists()), (3, False), r)
                self.assertIn(what, " ".join(r.err.split()))
        self.assertEqual(self.kcal("pattern", "square", "--size", "210", "--sim", "-o", out).code, 0)

    def test_the_margin_of_the_machine_belongs_to_nobody(self):
        machine = self.root / "m.yaml"
        machine.write_text(re.sub(r"margin_mm: 0\.0", "margin_mm: 10.0", plotter.template()))
        r = self.kcal("pattern", "square", "--size", "191", "--machine", machine)
        self.assertEqual(r.code, 3, r)
        self.assertIn("the canvas less its margin is 190 x 277 mm", " ".join(r.err.split()))
        self.assertEqual(self.kcal("pattern", "square", "--size", "190", "--machine", machine).code, 0)

    def test_wrong_use_says_what_the_pattern_takes(self):
        for words, what in ((["squar"], "did you mean square?"),
                            (["square", "--width", "3"], "square has no --width"),
                            (["square", "--size", "0.5"], "--size of square takes a number from 1 to 2000"),
                            (["square", "--size", "10,20"], "--size takes one number"),
                            (["square", "--size", "nan"], "takes a number"),
                            (["grid", "--rows", "2.5"], "--rows of grid takes a whole number from 1 to 200"),
                            (["corner-test", "--angles", "30,,60"], "takes numbers with commas between"),
                            (["speed-test", "--speeds", ",".join(["5"] * 41)], "takes 40 numbers at most"),
                            (["square", "--origin", "5"], "--origin takes a place on the canvas"),
                            (["square", "--second", "airbrush"], "square has one tool only"),
                            (["offset", "--second", "pen"], "both are pen")):
            with self.subTest(words):
                r = self.kcal("pattern", *words, "--sim")
                self.assertEqual((r.code, r.out), (2, ""), r)
                self.assertIn(what, " ".join(r.err.split()))
        self.assertEqual(self.kcal("pattern", "square", "--tool", "brush", "--sim").code, 4)

    def test_the_tools_and_speeds_of_a_pattern_are_in_its_job(self):
        job = self.job("speed-test", "--speeds", "10,40", "--lengths", "20,50")
        feeds = [step["feed"] for step in job if "feed" in step and len(step["points"]) == 2]
        self.assertEqual(feeds, [10, 10, 10, 10, 40, 40, 10, 10])  # half a cross, the rows, the other half
        job = self.job("offset")
        self.assertEqual([step["tool"] for step in job if step.get("op") == "select_tool"], ["pen", "airbrush"])
        self.assertIn("marks by contact", self.kcal("pattern", "offset", "--sim").err)
        job = self.job("z-touch", "--rows", "3", "--step", "0.2", "--no-home")
        self.assertEqual([pen["height"] for pen in job[0]["pens"] if "height" in pen], [0.4, 0.2])
        self.assertNotIn("home_xy", [step.get("op") for step in job])


def dark_runs(at, width, row):
    """Middles of the dark stretches of a row of pixels."""
    runs, begun = [], None
    for x in range(width):
        if sum(at(x, row)) < 384:
            begun = x if begun is None else begun
        elif begun is not None:
            runs.append((begun + x - 1) / 2)
            begun = None
    return runs


def read_vernier(main, second, zero=10, pitch=1.0, divisions=20):
    """As a person does: the two lines that meet best, counted from the zeros."""
    i, k = min(((i, k) for i in range(len(main)) for k in range(len(second))),
               key=lambda pair: abs(main[pair[0]] - second[pair[1]]))
    return (i - zero) * pitch - k * pitch * (divisions - 1) / divisions


# A machine so small that its picture has 17 pixels a millimetre, and nothing at a canvas' edge that looks like a tooth.
SMALL = {"x": "64.0", "y": "24.0", "offset_x_mm": "2.0", "offset_y_mm": "2.0", "width_mm": "60.0", "height_mm": "20.0"}


class Readings(PatternTest):
    def small_machine(self):
        text = plotter.template()
        for name, value in SMALL.items():
            text = re.sub(rf"(?m)^( +{name}:) \S+", rf"\1 {value}", text, count=1)
        file = self.root / "small.yaml"
        file.write_text(text)
        return file

    def test_a_vernier_in_the_picture_says_how_far_the_second_drawing_lies_beside_the_first(self):
        """One comb is drawn, the sheet slips, the other comb is drawn; the reader sees nothing but pixels."""
        machine = self.small_machine()
        whole = self.root / "whole.jsonl"
        r = self.kcal("pattern", "vernier-x", "--machine", machine, "-o", whole)
        self.assertEqual(r.code, 0, r)

        def layer(name, *words):
            r = self.kplot("filter", whole, "--layer", name, "--machine", machine)
            self.assertEqual(r.code, 0, r)
            return r.out if not words else self.kplot("page", "-", *words, "--machine", machine, given=r.out).out

        strokes = ("rapid_xy", "tool_down", "draw_polyline", "tool_up")
        for slip, reads in ((0.35, 0.35), (-2.6, -2.6), (3.17, 3.15)):
            with self.subTest(slip):
                second = [line for line in layer("vernier", f"--move={slip},0").splitlines(True)
                          if json.loads(line).get("op") in strokes]
                out = self.root / "p.png"
                r = self.kplot("preview", "-", "--machine", machine, "--no-travel", "--pen-width", "0.3", "-o", out,
                               "--color", "layer", "--pixels", "1100", given=layer("scale") + "".join(second))
                self.assertEqual(r.code, 0, r)
                width, height, at = png_pixels(out.read_bytes())
                rows = [dark_runs(at, width, y) for y in range(0, height, 4)]
                edges = 2 if [len(row) for row in rows].count(42) else 0  # the canvas itself
                inner = [row[1:-1] if edges else row for row in rows]
                main = next(row for row in inner if len(row) == 40)
                other = [row for row in inner if len(row) == 21][-1]
                self.assertAlmostEqual(read_vernier(main, other), reads, places=9)


class Ink(PlotterTest):
    def run_pattern(self, *words, speed=200):
        p = self.plotter(speed=speed)
        job = p.root / "a.jsonl"
        r = subprocess.run([binary("kcal"), "pattern", *words, "--sim", "-o", str(job)], capture_output=True, text=True,
                           env=p.env(), timeout=DEADLINE)
        self.assertEqual(r.returncode, 0, r.stderr)
        r = p.run("run", job)
        self.assertEqual(r.code, 0, r)
        return p.ink()

    def test_the_ink_of_a_squareness_pattern_has_its_corners_where_they_should_be(self):
        outline = self.run_pattern("squareness")[0]
        step = 0.03  # of a motor, and a rounding
        for name, (x, y) in {"A": (-60, -45), "D": (60, -45), "C": (60, 45), "B": (-60, 45)}.items():
            corner = LEFT + 105 + x, TOP - 148.5 + y
            self.assertLess(min(math.dist(corner, p) for p in outline), step, name)
        self.assertLess(math.dist(outline[0], (LEFT + 45, TOP - 193.5)), step)  # it begins at A


    def test_the_verniers_of_a_drawn_offset_read_where_the_second_tool_marks(self):
        """Machine Y counts up, the canvas down: what lies 1.7 mm below reads 1.7."""
        g = Gantry("touch_mm: 15\nsecond_touch_mm: 2\nsecond_x_mm: 3.2\nsecond_y_mm: -1.7\n", speed=1000)
        self.addCleanup(g.close)
        job = g.root / "offset.jsonl"
        r = subprocess.run([binary("kcal"), "pattern", "offset", "--machine", str(g.machine_file), "-o", str(job)],
                           capture_output=True, text=True, env=g.env(), timeout=DEADLINE)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(g.run("run", job).code, 0)
        ink = g.ink()
        # Each tool: two lines of a crosshair, a spine and its teeth along X, a spine and its teeth along Y; then numbers.
        steps = [json.loads(line) for line in job.read_text().splitlines()]
        layer, lines = 0, []
        for step in steps:
            layer = step.get("layer", layer) if step.get("op") == "begin_layer" else layer
            if step.get("op") == "draw_polyline":
                lines.append(layer)
        ink = ink[len(ink) - len(lines):]  # the second tool has touched when Z was homed
        first, second = lines.index(1), lines.index(3)
        x = lambda line: (line[0][0] + line[-1][0]) / 2
        y = lambda line: TOP - (line[0][1] + line[-1][1]) / 2
        of_x = read_vernier(*(sorted(map(x, ink[at + 3:at + 3 + n])) for at, n in ((first, 40), (second, 21))))
        of_y = read_vernier(*(sorted(map(y, ink[at + 4 + n:at + 4 + 2 * n])) for at, n in ((first, 40), (second, 21))))
        self.assertAlmostEqual(of_x, 3.2, delta=0.051)  # a division, for the steps of the motors
        self.assertAlmostEqual(of_y, 1.7, delta=0.051)


if __name__ == "__main__":
    plotter.main()
