#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kplot draws, from outside: what goes in as a drawing or a job comes out as ink. Expected points are literal or from
the closed form of the shape, in machine mm."""
import json
import math
import subprocess
import unittest

import plotter
from plotter import HEADER, LEFT, TOP, PlotterTest, line_job, svg


class Ink(PlotterTest):
    def test_a_square_is_where_it_was_drawn_in_both_modes(self):
        square = [(35, 312), (85, 312), (85, 262), (35, 262), (35, 312)]  # canvas 10..60
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter()
                drawing = p.write("square.svg", svg('<rect x="10" y="10" width="50" height="50"/>'))
                r = p.run("run", drawing, "--mode", mode, "--json")
                self.assertEqual(r.code, 0, r)
                done = r.result()
                self.assertEqual((done["kind"], done["mode"], done["strokes"]), ("plotted", mode, 1))
                self.assertAlmostEqual(done["pen_down_mm"], 200, places=6)
                self.assertEqual(p.z(), 10)
                self.assert_ink(p.ink(), [square])

    def test_a_circle_is_round_within_two_hundredths(self):
        p = self.plotter()
        drawing = p.write("circle.svg", svg('<circle cx="60" cy="60" r="25"/>'))
        r = p.run("run", drawing)
        self.assertEqual(r.code, 0, r)
        ink = p.ink()
        self.assertEqual(len(ink), 1)
        centre = (LEFT + 60, TOP - 60)
        for x, y in plotter.along(ink[0]):
            self.assertAlmostEqual(math.hypot(x - centre[0], y - centre[1]), 25, delta=0.02)
        length = sum(math.dist(a, b) for a, b in zip(ink[0], ink[0][1:]))
        self.assertAlmostEqual(length, 2 * math.pi * 25, delta=0.1)
        self.assertLess(math.dist(ink[0][0], ink[0][-1]), 0.02)

    def test_a_quadratic_curve_follows_its_closed_form(self):
        p = self.plotter()
        drawing = p.write("curve.svg", svg('<path d="M20 20 Q60 120 100 20"/>'))
        self.assertEqual(p.run("run", drawing, "--mode", "interactive").code, 0)
        ink = p.ink()
        self.assertEqual(len(ink), 1)
        exact = []
        for i in range(2001):
            t = i / 2000
            x = (1 - t) ** 2 * 20 + 2 * t * (1 - t) * 60 + t * t * 100
            y = (1 - t) ** 2 * 20 + 2 * t * (1 - t) * 120 + t * t * 20
            exact.append((LEFT + x, TOP - y))
        for q in plotter.along(ink[0], 1.0):
            self.assertLess(min(plotter.distance_to_segment(q, a, b) for a, b in zip(exact, exact[1:])), 0.02)
        for e in exact[::20]:
            self.assertLess(min(plotter.distance_to_segment(e, a, b) for a, b in zip(ink[0], ink[0][1:])), 0.02)

    def test_an_arc_of_a_job_bulges_to_its_side(self):
        p = self.plotter()
        job = HEADER + ('{"op":"rapid_xy","x":40,"y":50}\n{"op":"tool_down"}\n'
                        '{"op":"draw_arc","x":80,"y":50,"i":20,"j":0,"cw":true}\n{"op":"tool_up"}\n')
        r = p.run("run", "-", "--mode", "interactive", given=job)
        self.assertEqual(r.code, 0, r)
        ink = p.ink()
        # Clockwise as seen on the canvas, Y down, from its left end: over the top, canvas y 30.
        for x, y in plotter.along(ink[0]):
            self.assertAlmostEqual(math.hypot(x - (LEFT + 60), y - (TOP - 50)), 20, delta=0.02)
            self.assertGreater(y, TOP - 50 - 0.02)
        self.assertAlmostEqual(max(y for _, y in ink[0]), TOP - 30, delta=0.02)

    def test_strokes_ahead_draw_the_same(self):
        expected = [[(LEFT + 5, TOP - 10 - 2 * i), (LEFT + 15, TOP - 10 - 2 * i)] for i in range(6)]
        p = self.plotter()
        r = p.run("run", p.write("lines.jsonl", line_job(6)), "--ahead", "2", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.result()["strokes"], 6)
        self.assert_ink(p.ink(), expected)

    def test_a_pipe_from_import_to_run_and_from_import_to_gcode(self):
        p = self.plotter()
        drawing = p.write("a.svg", svg('<line x1="10" y1="10" x2="30" y2="10"/>'))
        job = p.run("import", drawing)
        self.assertEqual(job.code, 0, job)
        self.assertTrue(job.out.startswith('{"format":"kf-job","version":2,"page":{"width":210,"height":297},'), job)
        gcode = p.run("gcode", given=job.out)
        self.assertEqual(gcode.code, 0, gcode)
        self.assertEqual(gcode.out, p.run("gcode", drawing).out)
        lines = gcode.out.splitlines()
        self.assertIn("G1 X55 Y312 F1500", lines)
        self.assertTrue(gcode.out.endswith("M400\n"))
        self.assertNotIn("G92", gcode.out)
        self.assertNotIn("G91", gcode.out)
        r = p.run("run", "-", given=job.out)
        self.assertEqual(r.code, 0, r)
        self.assert_ink(p.ink(), [[(35, 312), (55, 312)]])

    def test_sim_starts_a_printer_by_itself_and_leaves_a_picture(self):
        p = self.plotter()
        drawing = p.write("a.svg", svg('<line x1="10" y1="10" x2="30" y2="10"/>'))
        ink = p.root / "own.svg"
        r = subprocess.run([plotter.KPLOT, "run", str(drawing), "--sim", "--sim-speed", "50", "--ink", str(ink)],
                           env=p.env(), capture_output=True, text=True, timeout=plotter.DEADLINE,
                           stdin=subprocess.DEVNULL)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assert_ink(plotter.read_ink(ink), [[(35, 312), (55, 312)]])

    def test_stats_count_strokes_ink_and_travel(self):
        p = self.plotter()
        # Two lines of 10 mm, and 10 back and 2 down between them.
        r = p.run("stats", "-", "--json", given=line_job(2))
        self.assertEqual(r.code, 0, r)
        s = r.result()
        self.assertEqual(s["strokes"], 2)
        self.assertAlmostEqual(s["pen_down_mm"], 20, places=9)
        self.assertAlmostEqual(s["pen_up_mm"], math.hypot(10, 2), places=9)

    def test_estimate_is_the_closed_form_of_one_move(self):
        p = self.plotter()
        # 100 mm from rest to rest: 50 mm/s reached and left at 1000 mm/s2 is 2 s + 50/1000 s.
        file = p.write("a.gcode", "G90\nG1 X100 F3000\n")
        r = p.run("estimate", file, "--limit", "max_accel=1000", "--limit", "max_velocity=200", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertAlmostEqual(r.result()["seconds"], 2.05, places=6)
        self.assertEqual(r.result()["moves"], 1)

    def test_estimate_plans_e_with_its_limits_and_says_what_it_takes_them_for(self):
        p = self.plotter()
        # 2 mm of filament from rest to rest at 20 mm/s and 500 mm/s2, between two ways that are stops for it.
        file = p.write("part.gcode", "M83\nG1 X100 F3000\nG1 E-2 F2100\nG1 X0 F3000\n")
        words = ["--limit", "max_extrude_only_velocity=20", "--limit", "max_extrude_only_accel=500"]
        r = p.run("estimate", file, *words, "--json")
        self.assertEqual(r.code, 0, r)
        self.assertAlmostEqual(r.result()["seconds"], 2 * (2 + 50 / 3000) + 0.1 + 20 / 500, places=6)
        self.assertEqual((r.result()["extruding_moves"], r.result()["extruder_assumed"]), (1, False))
        self.assertEqual(p.run("estimate", file, *words).err, "")
        r = p.run("estimate", file)
        self.assertEqual(r.code, 0, r)
        self.assertIn("nozzle of 0.4 mm", " ".join(r.err.split()))

    def test_estimate_leaves_arcs_out_and_says_so_or_counts_them(self):
        p = self.plotter()
        # A full circle of 10 mm radius in 62 straight pieces of 1.0129 mm, after a way of 10 mm.
        file = p.write("arc.gcode", "G1 X10 F600\nG3 X10 Y0 I-10 F600\n")
        r = p.run("estimate", file, "--json")
        self.assertEqual((r.code, r.result()["arcs_left_out"], r.result()["moves"]), (0, 1, 1), r)
        self.assertIn("G2 and G3 are not counted (lines: 1)", " ".join(p.run("estimate", file).err.split()))
        r = p.run("estimate", file, "--arcs", "--json")
        self.assertEqual((r.code, r.result()["arcs_left_out"], r.result()["moves"]), (0, 0, 63), r)
        self.assertAlmostEqual(r.result()["distance_mm"], 10 + 62 * 20 * math.sin(math.pi / 62), places=3)
        r = p.run("estimate", file, "--limit", "arc_resolution=0.5", "--json")
        self.assertEqual(r.result()["moves"], 1 + 125, r)

    def test_estimate_refuses_what_holds_no_move(self):
        p = self.plotter()
        for name, text, word in (("a.svg", svg("<path d='M10 10H40'/>"), "<SVG"), ("empty.gcode", "", "it is empty"),
                                 ("remarks.gcode", "; one\n\n", "comments only"), ("set.gcode", "G90\nG28\n", "how to move"),
                                 ("cut.gcode", "G1 X5 F600", "no newline")):
            r = p.run("estimate", p.write(name, text))
            self.assertEqual(r.code, 1, r)
            self.assertIn("there is no move in", r.err)
            self.assertIn(word, " ".join(r.err.split()))
        self.assertEqual(p.run("estimate", p.write("wait.gcode", "G4 P500\n"), "--json").result()["seconds"], 0.5)

    def test_the_time_left_is_right_to_a_percent_at_a_tenth(self):
        p = self.plotter(speed=20)
        child = p.start("run", p.write("lines.jsonl", line_job(60, 11.0)), "--json")

        def told_at_a_tenth():
            self.assertIsNone(child.poll(), "the run ended before it was asked")
            s = p.run("status", "--json").result()
            return s if s.get("moving_s", 0) >= 0.1 * s.get("planned_s", 1e9) else None

        told = plotter.wait_for("a tenth of the job", told_at_a_tenth)
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        total = r.result()["seconds"]
        self.assertLess(told["moving_s"], 0.6 * total)
        self.assertAlmostEqual(told["moving_s"] + told["eta_s"], total, delta=0.01 * total)
        bars = r.events("progress")
        self.assertEqual(bars[-1]["done"], bars[-1]["total"])


if __name__ == "__main__":
    plotter.main()
