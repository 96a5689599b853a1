#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The G-code of kplot, read by gcode_reader, which shares nothing with kplot: a dozen drawings of tests/drawings laid on
A4, and text. tests/real/place_drawings.py does the same with drawings of others."""
import pathlib
import sys
import unittest

import gcode_reader
import plotter
from gcode_reader import Fault
from plotter import LEFT, TOP, DrawingTest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "real"))
import place_drawings  # noqa: E402
from place_drawings import RULES  # noqa: E402

START = "G90\nG1 Z10 F300\nG28 X Y\n"
STROKE = "G0 X30 Y40 F4800\nG1 Z20 F300\nG1 X60 Y80 F1500\nG1 Z10 F300\n"


class Reader(unittest.TestCase):
    def test_a_stroke_is_its_ink_and_the_way_between_strokes_is_travel(self):
        ink = gcode_reader.read(START + STROKE + "G0 X60 Y180 F4800 ; over there\nG1 Z20 F300\nG1 Z10\nM400\n", RULES)
        self.assertEqual(ink.strokes, [[(30, 40), (60, 80)], [(60, 180)]])
        self.assertEqual(ink.length(), 50)
        self.assertEqual(ink.travel_mm, 100)
        self.assertEqual(ink.box(), (30, 40, 60, 180))

    def test_whatever_could_move_otherwise_is_a_fault(self):
        for text, says in (
                ("G0 X30 Y40 F4800\n", "moves before G90"),
                ("G90\nG1 Z10\n", "moves before any F"),
                (START + "G91\n", "G91 is not taken"),
                (START + "G92 X0\n", "G92 is not taken"),
                (START + "G2 X30 Y40 I5\n", "G2 is not taken"),
                (START + "MOVE_AWAY\n", "is no number"),
                (START + "G1 X5 Y5 E1\n", "G1 with"),
                (START + "G1 X1e2 Y5\n", "X1e2 is no number"),
                (START + "G1 X5 X6\n", "X stands twice"),
                (START + "G0 X30\n", "needs X and Y"),
                (START + "G0 X30 Y40 F25\n", "no speed"),
                (START + "G0 X30 Y40 F4801\n", "no speed"),
                (START + "G0 X30 Y40 F-5\n", "no speed"),
                (START + "G1 Z20\n", "comes down nowhere"),
                (START + "G0 X30 Y40\nG1 Z15\n", "neither up nor down"),
                (START + "G0 X30 Y40 Z20\n", "X or Y with Z"),
                (START + "G0 X251 Y40\n", "outside of the work area"),
                (START + "G0 X30 Y40\nG1 Z20\nG1 X24.9999 Y40\n", "outside of the canvas"),
                (START + "G0 X20 Y40\nG1 Z20\n", "outside of the canvas"),
                (START + "G0 X30 Y40\nG1 Z20\nG28 X Y\n", "pen not up"),
                (START + "G28\n", "homes Z"),
                ("G90\nG1 Z10 F300\nG0 X30 Y40\n", "before homing"),
                (START + "G0 X30 Y40\nG1 Z20\n", "ends with the pen not up")):
            with self.subTest(text):
                with self.assertRaises(Fault) as fault:
                    gcode_reader.read(text, RULES)
                self.assertIn(says, str(fault.exception))

    def test_ink_that_is_not_as_large_as_it_could_be_is_a_fault(self):
        ink = gcode_reader.Ink([[(25, 25), (235, 25)], [(25, 322), (235, 322)]])
        place_drawings.check_placed(ink, (21, 29.7), 420, 0)
        for strokes, before, length in (([[(26, 25), (234, 322)]], (208, 297), 362.6),  # not in ratio to what it was
                                        ([[(25, 25), (235, 25)], [(25, 321), (235, 321)]], (210, 296), 420),  # not in the middle
                                        ([[(35, 35), (225, 312)]], (190, 277), 335.9),  # too small
                                        ([[(25, 25), (235, 25)], [(25, 322), (235, 322)]], (21, 29.7), 421)):  # ink is gone
            with self.subTest(strokes), self.assertRaises(Fault):
                place_drawings.check_placed(gcode_reader.Ink(strokes), before, length, 0)


class Placed(DrawingTest):
    def setUp(self):
        super().setUp()
        place_drawings.KPLOT, place_drawings.HOME = [plotter.KPLOT], self.root
        place_drawings.MACHINE = self.root / "machine.yaml"
        place_drawings.kplot("machine", "init").check_returncode()

    def test_a_dozen_drawings_fill_a4_as_g_code_that_another_reader_takes(self):
        for name, becomes in (("geometry_in_css", "ok"), ("layers_below_a_group", "ok"),
                              ("opacity_of_groups_multiplies", "ok"), ("page_size_in_css", "ok"),
                              ("path_data_in_css", "ok"), ("path_data_up_to_the_error", "told"),
                              ("points_up_to_the_error", "told"), ("root_transform_is_of_the_page", "ok"),
                              ("selectors", "ok"), ("use_of_itself_and_of_nothing", "told"), ("white_background", "ok"),
                              ("entities_that_multiply_are_refused", "refused")):
            with self.subTest(name):
                how, told = place_drawings.place(TESTS / "drawings" / name / "in.svg")
                self.assertEqual(how, becomes, told)


class Text(DrawingTest):
    def ink(self, *words):
        job = self.root / "job.jsonl"
        r = self.kplot("text", *words, "-o", job)
        self.assertEqual(r.code, 0, r)
        self.told = " ".join(r.err.split())
        machine = self.root / "machine.yaml"
        if not machine.exists():
            self.kplot("machine", "init", "--machine", machine)
        r = self.kplot("gcode", job, "--machine", machine)
        self.assertEqual(r.code, 0, r)
        return gcode_reader.read(r.out, RULES).strokes

    def test_its_letters_are_where_they_were_asked_for(self):
        # A capital has 28 units, I stands 3 from its left edge and takes 7; canvas to machine as in the template.
        i = [(LEFT + 53, TOP - 100), (LEFT + 53, TOP - 128)]
        self.assertEqual(self.ink("I", "--height", "28", "--at", "50,100"), [i])
        self.assertEqual(self.ink(r"I\nI", "--height", "28", "--at", "50,100", "--line-spacing", "2"),
                         [i, [(x, y - 56) for x, y in i]])
        self.assertEqual(self.ink("I", "--height", "28", "--at", "57,100", "--align", "right"), [i])
        self.assertEqual(self.ink("I", "--height", "28", "--at", "50,100", "--angle", "90"),
                         [[(LEFT + 50, TOP - 103), (LEFT + 22, TOP - 103)]])
        self.assertEqual(len(self.ink("I I I", "--height", "28", "--width", "25")), 3)

    def test_without_a_place_it_is_on_the_canvas_marks_on_capitals_too(self):
        for words in ([], ["--align", "centre"], ["--align", "right"]):
            self.ink("ÅÉŰ gjpqy @µΩ↗½", "--height", "9", *words)
            self.assertNotIn("warning", self.told)

    def test_what_it_cannot_draw_is_a_box_or_refused(self):
        self.assertEqual(len(self.ink("日")), 1)
        self.assertIn('the font has no character U+65E5 "日": a box is drawn', self.told)
        r = self.kplot("text", "日", "--strict")
        self.assertEqual((r.code, r.out), (3, ""), r)

    def test_wrong_words_are_told(self):
        for words, code, says in ((["x", "--align", "middle"], 2, "left, centre"), (["x", "--at", "7"], 2, "20,50"),
                                  (["x", "--height", "0"], 2, "--height"), ([" "], 2, "nothing that a pen can draw"),
                                  (["-"], 2, "nothing that a pen can draw"), ([], 2, "TEXT")):
            with self.subTest(words):
                r = self.kplot("text", *words)
                self.assertEqual(r.code, code, r)
                self.assertIn(says, r.err)
        r = self.kplot("text", "far beyond the edge", "--height", "60")
        self.assertEqual(r.code, 0, r)
        self.assertIn("out of the canvas of 210 x 297 mm", " ".join(r.err.split()))


if __name__ == "__main__":
    plotter.main()
