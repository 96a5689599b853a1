#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kplot changes lines and their order when asked, from outside: the ink stays, the travel is less and is told."""
import json
import math
import random

import plotter
from plotter import DrawingTest, svg


def strewn(count=60):
    """Lines of 7 mm, no two of which touch, in an order by chance."""
    places = [(20 + 15 * (i % 10), 20 + 15 * (i // 10)) for i in range(count)]
    random.Random(7).shuffle(places)
    return svg("".join(f'<path d="M{x} {y}h7"/>' for x, y in places))


def length(line):
    return sum(math.dist(a, b) for a, b in zip(line, line[1:]))


def travel(lines):
    return sum(math.dist(a[-1], b[0]) for a, b in zip(lines, lines[1:]))


def pieces(lines):
    """The straight pieces that are inked, whatever their order and direction."""
    return sorted(tuple(sorted(piece)) for line in lines for piece in zip(line, line[1:]))


class FilterTest(DrawingTest):
    def lines(self, text, *words):
        """The lines of the job that it becomes."""
        r = self.kplot("import", self.draw(text), *words)
        self.assertEqual(r.code, 0, r)
        self.told = " ".join(r.err.split())
        lines, at = [], None
        for step in map(json.loads, r.out.splitlines()):
            if step.get("op") == "rapid_xy":
                at = (step["x"], step["y"])
            elif step.get("op") == "draw_polyline":
                points = [tuple(p) for p in step["points"]]
                lines.append(points if points[0] == at else [at, *points])
        return lines


class Orders(FilterTest):
    def test_the_ink_stays_and_the_travel_is_less_and_is_told(self):
        before = self.lines(strewn())
        self.assertNotIn("--order", self.told)
        after = self.lines(strewn(), "--merge", "0.01", "--order")
        self.assertEqual(len(before), 60)
        self.assertEqual(pieces(after), pieces(before))
        # The least is 507 mm: six rows of nine gaps of 8 mm, and five ways of 15 mm to the next row.
        self.assertLess(travel(after), 1.05 * (6 * 9 * 8 + 5 * 15))
        self.assertGreater(travel(before), 3000)
        self.assertIn(f"{travel(after):.1f} mm of travel with the tool up, {travel(before):.1f} mm before", self.told)

    def test_the_same_seed_draws_the_same_and_stats_and_gcode_take_it(self):
        words = ["--order", "--effort", "3", "--seed", "5"]
        self.assertEqual(self.lines(strewn(), *words), self.lines(strewn(), *words))
        r = self.kplot("stats", self.draw(strewn()), *words, "--json")
        self.assertAlmostEqual(r.result()["pen_down_mm"], 420, places=5)
        self.assertLess(r.result()["pen_up_mm"], 600)
        one, two = (self.kplot("gcode", self.draw(strewn()), "--sim", *words) for _ in range(2))
        self.assertEqual(one.code, 0, one)
        self.assertEqual(one.out, two.out)

    def test_a_time_limit_is_taken(self):
        self.assertLess(travel(self.lines(strewn(), "--order", "--time-limit", "0.05")), 600)

    def test_order_leaves_the_starts_of_reloop_alone(self):
        rings = svg("".join(f'<path d="M{20 + 20 * i} 20h8v8h-8z"/>' for i in range(9)))
        given = sorted(line[0] for line in self.lines(rings))
        scattered = self.lines(rings, "--reloop", "--seed", "4")
        starts = sorted(line[0] for line in scattered)
        self.assertNotEqual(starts, given)
        self.assertEqual(pieces(scattered), pieces(self.lines(rings)))
        self.assertEqual(sorted(line[0] for line in self.lines(rings, "--reloop", "--seed", "4", "--order")), starts)


class Lines(FilterTest):
    def test_each_option_does_what_it_says(self):
        path = '<path d="{}"/>'.format
        table = [
            (path("M10 10h10") + path("M30 10h-10"), ["--merge", "0"], [20]),
            (path("M10 10h10") + path("M20.05 10h10"), ["--merge", "0"], [10, 10]),
            (path("M10 10h10") + path("M20.05 10h10"), ["--merge", "0.1"], [20.05]),
            (path("M10 10h10") + path("M20 10h-10"), ["--dedupe", "0.01"], [10]),
            (path("M10 10h10") + path("M10 20h2"), ["--min-length", "5"], [10]),
            (path("M10 10h10"), ["--split", "4"], [2, 4, 4]),
            (path("M10 10h10"), ["--multipass", "3"], [30]),
            # Cut apart first, then joined: the order of the table, not of argv.
            (path("M10 10h10"), ["--merge", "0", "--split", "4"], [10]),
        ]
        for body, words, expected in table:
            with self.subTest(words):
                got = sorted(length(line) for line in self.lines(svg(body), *words))
                self.assertEqual(len(got), len(expected))
                for a, b in zip(got, expected):
                    self.assertAlmostEqual(a, b, places=5)
        self.assertEqual(self.lines(svg(path("M10 10L15 10.01L20 10")), "--simplify", "0.02"), [[(10, 10), (20, 10)]])

    def test_what_leaves_no_line_is_refused_with_the_longest(self):
        r = self.kplot("import", self.draw(svg('<path d="M10 10h3"/>')), "--min-length", "5")
        self.assertEqual(r.code, 3, r)
        self.assertIn("the longest has 3 mm", r.err)


class WrongUse(FilterTest):
    def test_each_is_told_before_the_drawing_is_read(self):
        nothing = self.root / "not-there.svg"
        for words, part in ((["--merge=-1"], "--merge takes"), (["--merge", "wide"], "--merge takes"),
                            (["--dedupe", "11"], "--dedupe takes"), (["--simplify", "nan"], "--simplify takes"),
                            (["--split", "0"], "--split takes"), (["--min-length=-1"], "--min-length takes"),
                            (["--multipass", "0"], "--multipass takes"), (["--multipass", "1.5"], "--multipass takes"),
                            (["--order", "--effort=-1"], "--effort takes"),
                            (["--order", "--seed", "4294967296"], "--seed takes"),
                            (["--order", "--time-limit", "0"], "--time-limit takes"),
                            (["--effort", "2"], "--effort belongs to --order"),
                            (["--time-limit", "2"], "--time-limit belongs to --order"),
                            (["--merge", "0", "--seed", "2"], "--seed belongs to --order or --reloop")):
            with self.subTest(words):
                r = self.kplot("import", nothing, *words)
                self.assertEqual(r.code, 2, r)
                self.assertIn(part, r.err)
        self.assertNotEqual(self.kplot("import", nothing, "--order", "--effort", "0").code, 2)


if __name__ == "__main__":
    plotter.main()
