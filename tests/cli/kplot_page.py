#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kplot lays a drawing on the canvas, from outside: where its ink comes to be, and what is told of ink that does not fit.
Expected points are literal, in canvas mm; the canvas of the template is 210 x 297 mm without a margin."""
import json

import plotter
from plotter import LEFT, TOP, DrawingTest, svg

LINE = '<line x1="10" y1="20" x2="50" y2="40"/>'  # 40 x 20 mm


class PageTest(DrawingTest):
    def kplot(self, *words, machine=None):
        if machine is not None:
            file = self.root / "machine.yaml"
            file.write_text(machine)
            words = (*words, "--machine", file)
        return super().kplot(*words)

    def lines(self, text, *words, **options):
        """The ink of the job that it becomes."""
        r = self.kplot("import", self.draw(text), *words, **options)
        self.assertEqual(r.code, 0, r)
        self.told = " ".join(r.err.split())
        steps = [json.loads(line) for line in r.out.splitlines()]
        return [[tuple(p) for p in s["points"]] for s in steps if s.get("op") == "draw_polyline"]


class Places(PageTest):
    def test_each_option_puts_the_ink_where_it_says(self):
        table = [
            ([], [(10, 20), (50, 40)]),
            (["--scale", "2"], [(20, 40), (100, 80)]),
            (["--scale", "50%"], [(5, 10), (25, 20)]),
            (["--size", "80mm"], [(20, 40), (100, 80)]),
            (["--size", "x1cm"], [(5, 10), (25, 20)]),
            (["--size", "80x10"], [(5, 10), (25, 20)]),
            (["--fit"], [(0, 96), (210, 201)]),
            (["--fit", "--margin", "5"], [(5, 98.5), (205, 198.5)]),
            (["--fit", "--align", "top"], [(0, 0), (210, 105)]),
            (["--rotate", "90"], [(277, 10), (257, 50)]),
            (["--rotate", "auto"], [(10, 20), (50, 40)]),
            (["--rotate", "auto", "--fit"], [(179.25, 0), (30.75, 297)]),
            (["--align", "bottom-right", "--margin", "1cm"], [(160, 267), (200, 287)]),
            (["--align", "centre"], [(85, 138.5), (125, 158.5)]),
            (["--move", "5,2mm"], [(15, 22), (55, 42)]),
            (["--move=-5,-2"], [(5, 18), (45, 38)]),
            (["--fit", "--move", "0,1"], [(0, 97), (210, 202)]),
        ]
        for words, expected in table:
            with self.subTest(words):
                got = self.lines(svg(LINE), *words)
                self.assertEqual(len(got), 1)
                for (x, y), (u, v) in zip(got[0], expected, strict=True):
                    self.assertAlmostEqual(x, u, places=5)
                    self.assertAlmostEqual(y, v, places=5)

    def test_a_wide_page_is_turned_only_where_it_does_not_fit(self):
        self.assertEqual(self.lines(svg(LINE, 297, 210), "--rotate", "auto"), [[(190, 10), (170, 50)]])
        self.assertEqual(self.lines(svg(LINE, 200, 100), "--rotate", "auto"), [[(10, 20), (50, 40)]])

    def test_a_curve_that_becomes_larger_stays_as_round(self):
        ring = self.lines(svg('<circle cx="5" cy="5" r="1"/>'), "--fit")[0]
        # A chord of a circle of 105 mm that is at most 0.01 mm inside of it is at most 2.9 mm long.
        longest = max(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in zip(ring, ring[1:]))
        self.assertLess(longest, 2.9)

    def test_dots_per_inch_are_those_of_the_program_that_drew(self):
        text = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><path d="M0 0H90" stroke="red"/></svg>'
        self.assertEqual(self.lines(text, "--dpi", "90"), [[(0, 0), (25.4, 0)]])

    def test_gcode_and_stats_take_them_too(self):
        file = self.draw(svg(LINE))
        r = self.kplot("gcode", file, "--sim", "--size", "80mm", "--align", "top-left")
        self.assertEqual(r.code, 0, r)
        self.assertIn(f"G1 X{LEFT + 80:g} Y{TOP - 40:g}", r.out)
        r = self.kplot("stats", file, "--scale", "2", "--json")
        self.assertAlmostEqual(r.result()["pen_down_mm"], 2 * 2000 ** 0.5, places=5)


class Run(plotter.PlotterTest):
    def test_what_is_fitted_is_drawn_there(self):
        p = self.plotter(speed=50)
        r = p.run("run", p.write("a.svg", svg('<path d="M-50 0H350V100"/>')), "--size", "40mm", "--align", "top-left",
                  "--margin", "10")
        self.assertEqual(r.code, 0, r)
        self.assert_ink(p.ink(), [[(LEFT + 10, TOP - 10), (LEFT + 50, TOP - 10), (LEFT + 50, TOP - 20)]])


class Edges(PageTest):
    def test_lines_are_cut_exactly_at_page_canvas_and_margin(self):
        cross = '<path d="M-20 50H320M50 -20V320"/>'
        table = [
            ("page", [], [[(0, 50), (100, 50)], [(50, 0), (50, 80)]]),
            ("canvas", [], [[(0, 50), (210, 50)], [(50, 0), (50, 297)]]),
            ("margin", ["--margin", "10"], [[(10, 50), (200, 50)], [(50, 10), (50, 287)]]),
        ]
        for where, words, expected in table:
            with self.subTest(where):
                self.assertEqual(self.lines(svg(cross, 100, 80), "--crop", where, *words), expected)
        # The page is cut off before the drawing is scaled, the canvas after.
        self.assertEqual(self.lines(svg(cross, 100, 80), "--crop", "page", "--scale", "3", "--crop", "canvas"),
                         [[(0, 150), (210, 150)], [(150, 0), (150, 240)]])

    def test_ink_a_hair_outside_is_cropped_and_told_and_drawn(self):
        frame = '<rect x="-0.0011" y="0" width="100" height="50"/>'
        self.assertEqual(self.lines(svg(frame)), [[(0, 0), (99.9989, 0), (99.9989, 50), (0, 50), (0, 0)]])
        self.assertIn("ink up to 0.0011 mm outside of the canvas is cropped", self.told)
        r = self.kplot("gcode", self.draw(svg(frame)), "--sim")
        self.assertEqual(r.code, 0, r)

    def test_ink_outside_is_told_with_its_size_the_canvas_and_what_helps(self):
        table = [
            (svg('<line x1="-5" y1="10" x2="30" y2="10"/>'),
             ["35 x 0 mm", "X -5 to 30", "5 mm of it", "210 x 297 mm", "--align centre", "--fit", "--crop canvas"]),
            (svg('<line x1="10" y1="10" x2="260" y2="110"/>', 297, 210), ["250 x 100 mm", "--rotate 90 --align centre"]),
            (svg('<rect width="400" height="300"/>', 400, 300), ["400 x 300 mm", "--fit gives it the size that fits"]),
        ]
        for text, parts in table:
            file = self.draw(text)
            r = self.kplot("gcode", file, "--sim")
            self.assertEqual(r.code, 3, r)
            for part in parts:
                self.assertIn(part, " ".join(r.err.split()))
            self.assertEqual(self.kplot("stats", file).code, 0)
            self.assertEqual(self.kplot("gcode", file, "--sim", "--fit").code, 0)

    def test_what_was_advised_helps(self):
        wide = self.draw(svg('<line x1="10" y1="10" x2="260" y2="110"/>', 297, 210))
        for words in (["--rotate", "90", "--align", "centre"], ["--crop", "canvas"], ["--rotate", "auto"]):
            with self.subTest(words):
                r = self.kplot("gcode", wide, "--sim", *words)
                self.assertEqual(r.code, 0, r)
                self.assertNotIn("outside", r.err)

    def test_ink_beyond_the_page_is_told_and_not_faithful(self):
        text = svg('<path d="M10 10H130"/>', 100, 80)
        self.assertEqual(self.lines(text), [[(10, 10), (130, 10)]])
        self.assertIn("ink up to 30 mm beyond the page of 100 x 80 mm", self.told)
        self.assertIn("--crop page", self.told)
        self.assertEqual(self.kplot("stats", self.draw(text), "--strict").code, 3)
        self.assertEqual(self.kplot("stats", self.draw(text), "--strict", "--crop", "page").code, 0)
        self.lines(svg('<path d="M10 10H100.04"/>', 100, 80))
        self.assertNotIn("beyond", self.told)

    def test_the_margin_of_the_machine_holds(self):
        machine = plotter.template().replace("margin_mm: 0.0", "margin_mm: 5.0")
        self.assertIn("margin_mm: 5.0", machine)
        self.assertEqual(self.lines(svg(LINE), "--fit", machine=machine), [[(5, 98.5), (205, 198.5)]])
        r = self.kplot("gcode", self.draw(svg(LINE)), "--margin", "2", machine=machine)
        self.assertEqual(r.code, 2, r)
        self.assertIn("canvas.margin_mm", r.err)
        self.lines(svg('<path d="M2 2H50"/>'), machine=machine)
        self.assertIn("210 x 297 mm less its margin of 5 mm", self.told)
        self.assertIn("--crop margin", self.told)


class WrongUse(PageTest):
    def test_each_is_told_before_anything_is_made(self):
        file = self.draw(svg(LINE))
        for words, part in ((["--scale", "0"], "--scale takes"), (["--scale", "nan"], "--scale takes"),
                            (["--size", "wide"], "--size takes"), (["--size", "0mm"], "--size takes"),
                            (["--size", "50%"], "--size takes"), (["--rotate", "half"], "--rotate takes"),
                            (["--move", "5"], "--move takes"), (["--margin", "105"], "--margin takes"),
                            (["--margin=-1"], "--margin takes"), (["--align", "middle"], "middle"),
                            (["--crop", "edge"], "edge"), (["--dpi", "0"], "--dpi takes"),
                            (["--fit", "--scale", "2"], "exclude each other"),
                            (["--size", "5", "--scale", "2"], "exclude each other")):
            with self.subTest(words):
                r = self.kplot("import", file, *words, "-o", self.root / "out.jsonl")
                self.assertEqual(r.code, 2, r)
                self.assertIn(part, r.err)
                self.assertFalse((self.root / "out.jsonl").exists())

    def test_what_leaves_nothing_is_refused_with_where_the_ink_is(self):
        r = self.kplot("import", self.draw(svg('<path d="M-20 10H-5"/>')), "--crop", "page")
        self.assertEqual(r.code, 3, r)
        self.assertIn("X -20 to -5", r.err)
        r = self.kplot("import", self.draw(svg('<path d="M20 10V50"/>')), "--size", "80mm")
        self.assertEqual(r.code, 3, r)
        self.assertIn("vertical line", r.err)


if __name__ == "__main__":
    plotter.main()
