#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kcal's patterns, from outside: what they say, what a simulated printer draws of them, and what a person reads in the
picture. Expected points are literal; the canvas of the template is 210 x 297 mm, its upper left corner machine 25, 322."""
import json
import os
import pathlib
import re
import subprocess

import plotter
import world
from kplot_preview import png_pixels
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


class Patterns(PatternTest):
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

    def test_every_pattern_goes_through_a_pipe_into_gcode_and_a_picture_without_a_warning(self):
        for name in self.names():
            with self.subTest(name):
                file = self.root / f"{name}.jsonl"
                told = self.kcal("pattern", name, "--sim", "-o", file, "--json").result()
                self.assertEqual((told["name"], told["file"]), (name, str(file)))
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
                            (["ruler-y", "--length", "298"], "out of the canvas"),
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


def dark_runs(at, columns, row):
    """Middles of the dark stretches of a row of pixels."""
    runs, begun = [], None
    for x in range(*columns):
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


class Readings(PatternTest):
    def test_a_vernier_in_the_picture_says_how_far_the_second_drawing_lies_beside_the_first(self):
        """One comb is drawn, the sheet slips, the other comb is drawn; the reader sees nothing but pixels."""
        machine = self.root / "m.yaml"  # a canvas so small that its picture has 38 pixels a millimetre
        text = plotter.template()
        for name, value in (("width_mm", "60.0"), ("height_mm", "30.0")):
            text = re.sub(rf"(?m)^(  {name}:) \S+", rf"\1 {value}", text)
        machine.write_text(text)
        whole = self.root / "whole.jsonl"
        self.assertEqual(self.kcal("pattern", "vernier-x", "--machine", machine, "-o", whole).code, 0)
        parts = {}
        for layer in ("scale", "vernier"):
            r = self.kplot("filter", whole, "--layer", layer, "--machine", machine)
            self.assertEqual(r.code, 0, r)
            parts[layer] = r.out
        rows = [json.loads(line)["points"] for line in parts["scale"].splitlines() if '"draw_polyline"' in line]
        meet = rows[1][0][1]  # where the teeth of both combs end

        def places(job, y):
            """Middles of the teeth at a height of the canvas, in mm."""
            out = self.root / "p.png"
            r = self.kplot("preview", "-", "--machine", machine, "--no-travel", "--pen-width", "0.3", "-o", out,
                           "--pixels", "9600", given=job)
            self.assertEqual(r.code, 0, r)
            width, _, at = png_pixels(out.read_bytes())
            # The work area of 250 mm is as wide as the picture but for its border.
            per_mm, left = self.scale_of(width, at)
            return [(x - left) / per_mm for x in dark_runs(at, (int(left), int(left + 60 * per_mm)), int(left + y * per_mm))]

        self.assertEqual(meet, meet)
        self.assertTrue(parts)


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

    def test_the_ink_of_a_squareness_pattern_has_diagonals_of_150_mm(self):
        ink = self.run_pattern("squareness")
        corners = ink[0]
        self.assertAlmostEqual(corners[0][0], LEFT + 45, delta=0.02)
        self.assertAlmostEqual(corners[0][1], TOP - 148.5 - 45, delta=0.02)


if __name__ == "__main__":
    plotter.main()
