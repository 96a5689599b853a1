#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Filters of kplot in pipes: each reads an SVG or a job and writes a job, and a pipe of them is what one process does,
byte for byte."""
import json

import plotter
from plotter import DrawingTest, svg

HEADER = '{"format":"kf-job","version":1}\n'
SQUARES = svg('<g id="2-ink" stroke="#00ff00">' + "".join(
    f'<path d="M{10 + 30 * (i * 3 % 5)} {20 + 2 * i}h10.3333333"/><path d="M{20.3333333 + 30 * (i * 3 % 5)} {20 + 2 * i}l3 3.1"/>'
    f'<path d="M60 {200 - i}c5 5 9 -3 17 1"/>' for i in range(20)) + '</g>'
    '<g id="red-3" stroke="red"><path d="M50 50h20v20h-20z"/><path d="M50 50h20"/></g>')


class PipeTest(DrawingTest):
    def pipe(self, *commands):
        """What the last command writes; each reads what the one before it wrote."""
        text = ""
        for words in commands:
            r = self.kplot(*words, given=text)
            self.assertEqual(r.code, 0, (words, r))
            text, self.told = r.out, " ".join(r.err.split())
        return text

    def out(self, *words):
        return self.pipe(words)


class Pipes(PipeTest):
    def test_a_pipe_of_filters_makes_the_job_and_the_gcode_that_one_process_makes(self):
        drawing = self.draw(SQUARES)
        page = ("--scale", "0.8", "--rotate", "auto", "--move", "3,4.5")
        lines = ("--dedupe", "0.01", "--merge", "0.01", "--simplify", "0.02")
        little = ("--effort", "2")  # the same search on both ways, however long
        job = self.out("import", drawing, *page, *lines, "--multipass", "3", "--order", *little, "--seed", "5")
        piped = self.pipe(("import", drawing), ("page", *page), ("dedupe",), ("merge", "-"), ("simplify",),
                          ("multipass", "--multipass", "3"), ("order", *little, "--seed", "5"))
        self.assertEqual(piped, job)
        self.assertGreater(len(piped.splitlines()), 50)
        # From a drawing, from a job with the options, and from the end of the pipe.
        at_once = self.out("gcode", drawing, "--sim", *page, *lines, "--order", *little)
        self.assertEqual(self.pipe(("import", drawing), ("gcode", "--sim", *page, *lines, "--order", *little)), at_once)
        self.assertEqual(self.pipe(("import", drawing, *page, *lines), ("order", *little), ("gcode", "--sim")), at_once)

    def test_a_command_reads_an_svg_as_import_does(self):
        drawing = self.draw(SQUARES)
        self.assertEqual(self.out("merge", drawing), self.pipe(("import", drawing), ("merge",)))
        self.assertEqual(self.out("simplify", drawing, "--simplify", "0.5", "--tolerance", "0.2"),
                         self.pipe(("import", drawing, "--tolerance", "0.2"), ("simplify", "--simplify", "0.5")))

    def test_without_a_value_a_command_works_with_the_usual_one(self):
        drawing = self.draw(SQUARES)
        for name, usual in (("merge", "0.01"), ("dedupe", "0.01"), ("simplify", "0.02"), ("multipass", "2")):
            with self.subTest(name):
                self.assertEqual(self.out(name, drawing), self.out(name, drawing, f"--{name}", usual))
                self.assertNotEqual(self.out(name, drawing), self.out("import", drawing))
        pieces = self.out("split", drawing)
        self.assertTrue(all(len(json.loads(line)["points"]) == 2 for line in pieces.splitlines() if "points" in line))

    def test_stats_and_run_take_the_options_for_a_job_too_and_tell_what_each_filter_did(self):
        job = self.root / "a.jsonl"
        job.write_text(self.out("import", self.draw(SQUARES)))
        before, after = (json.loads(self.out("stats", job, "--json", *words).splitlines()[-1])
                         for words in ((), ("--merge", "0.01", "--order", "--effort", "2")))
        self.assertEqual(before["strokes"], 62)
        self.assertLess(after["strokes"], 45)
        self.assertLess(after["pen_up_mm"], before["pen_up_mm"])
        self.out("run", job, "--sim", "--sim-speed", "1000", "--merge", "0.01", "--order", "--effort", "2")
        self.assertIn("--merge 0.01: 41 lines from 62", self.told)
        self.assertRegex(self.told, r"--order: \d+\.\d mm of travel with the tool up, \d+\.\d mm before; "
                                    r"\d+\.\d s, \d+\.\d s\s+before")


    def test_run_merges_and_orders_a_drawing_unless_it_is_told_not_to_and_leaves_a_job_alone(self):
        drawing, sim = self.draw(SQUARES), ("--sim", "--sim-speed", "1000", "--json")
        merged = json.loads(self.out("stats", drawing, "--merge", "0.01", "--json").splitlines()[-1])
        def drawn(*words):
            events = [json.loads(line) for line in self.out("run", *words, *sim).splitlines()]
            return events[-1]["strokes"], [e["text"] for e in events if e["event"] == "note"]
        strokes, notes = drawn(drawing)
        self.assertEqual(strokes, merged["strokes"])
        self.assertIn("--merge 0.01: 41 lines from 62", notes)
        self.assertTrue([n for n in notes if n.startswith("--order: ")], notes)
        strokes, notes = drawn(drawing, "--file-order")
        self.assertEqual((strokes, [n for n in notes if n.startswith("--")]), (62, []))
        job = self.root / "as_it_is.jsonl"
        job.write_text(self.out("import", drawing))
        self.assertEqual(drawn(job)[0], 62)


class Choices(PipeTest):
    def layers(self, *words):
        job = self.pipe(("import", self.draw(SQUARES)), ("filter", *words))
        return [layer["name"] for layer in json.loads(job.splitlines()[0])["layers"]]

    def test_layers_are_chosen_by_name_number_and_pattern(self):
        self.assertEqual(self.layers("--layer", "2"), ["2-ink"])
        self.assertEqual(self.layers("--layer", "r*"), ["red-3"])
        self.assertEqual(self.layers("--drop-layer", "?-ink"), ["red-3"])
        r = self.kplot("filter", self.draw(SQUARES), "--layer", "blue*")
        self.assertEqual(r.code, 4, r)
        self.assertIn("it has 2-ink, red-3", r.err)

    def test_layers_are_chosen_by_colour(self):
        self.assertEqual(self.layers("--colour", "red"), ["red-3"])
        self.assertEqual(self.layers("--drop-colour", "#F00"), ["2-ink"])
        self.assertEqual(self.layers("--colour", "#f00", "--colour", "rgb(0,255,0)"), ["2-ink", "red-3"])
        r = self.kplot("filter", self.draw(SQUARES), "--colour", "blue")
        self.assertEqual(r.code, 4, r)
        self.assertIn("#00ff00, #ff0000", " ".join(r.err.split()))

    def test_lines_are_chosen_by_length(self):
        r = self.pipe(("import", self.draw(SQUARES)), ("filter", "--max-length", "5"), ("stats", "-", "--json"))
        self.assertEqual(json.loads(r.splitlines()[-1])["strokes"], 20)

    def test_a_filter_that_is_to_do_nothing_is_wrong_use(self):
        r = self.kplot("filter", self.draw(SQUARES))
        self.assertEqual(r.code, 2, r)
        self.assertIn("--min-length", r.err)


class Jobs(PipeTest):
    def job(self, text):
        file = self.root / "job.jsonl"
        file.write_text(text)
        return file

    def test_a_job_of_version_1_is_a_drawing_too(self):
        lines = HEADER + "".join(f'{{"op":"rapid_xy","x":{x},"y":5}}\n{{"op":"tool_down"}}\n'
                                 f'{{"op":"draw_polyline","points":[[{x},5],[{x},9]]}}\n{{"op":"tool_up"}}\n'
                                 for x in (10, 90, 20, 80))
        ordered = self.out("order", self.job(lines))
        places = [json.loads(line)["x"] for line in ordered.splitlines() if "rapid_xy" in line]
        self.assertIn(places, ([10, 20, 80, 90], [90, 80, 20, 10]))
        self.assertEqual(json.loads(ordered.splitlines()[0])["version"], 2)
        self.assertNotIn("home_xy", ordered)
        self.assertNotIn("select_tool", ordered)

    def test_what_a_filter_could_not_keep_is_refused_and_without_a_filter_the_job_is_as_it_is(self):
        stroke = '{"op":"rapid_xy","x":5,"y":5}\n{"op":"tool_down"}\n{"op":"linear_move","x":9,"y":5}\n{"op":"tool_up"}\n'
        job = self.job(HEADER + stroke + '{"op":"rapid_xy","x":50,"y":60}\n' + stroke)
        r = self.kplot("gcode", job, "--sim", "--order")
        self.assertEqual(r.code, 3, r)
        self.assertIn("operation 5 (rapid_xy) stands between two strokes", r.err)
        self.assertEqual(r.out, "")
        r = self.kplot("gcode", job, "--sim")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.out.count("G0 "), 3)

    def test_tool_feed_and_home_of_a_job_are_those_that_are_asked_for(self):
        job = self.out("import", self.draw(SQUARES))
        changed = self.pipe(("import", self.job(job), "--tool", "airbrush", "--feed", "7", "--no-home"))
        steps = [json.loads(line) for line in changed.splitlines()[1:]]
        self.assertEqual({s["tool"] for s in steps if s["op"] == "select_tool"}, {"airbrush"})
        self.assertEqual({s.get("feed") for s in steps if s["op"] == "draw_polyline"}, {7})
        self.assertNotIn("home_xy", changed)
        self.assertEqual(self.out("import", self.job(changed)), changed)


if __name__ == "__main__":
    plotter.main()
