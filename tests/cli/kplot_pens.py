#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pens: a change stands at its place with the tool up, in both modes, until a person lets it go on; a cancel, a button, a
lost process there; and what of a list of pens is wrong is told with its line."""
import signal
import unittest

import plotter
from plotter import LEFT, TOP, DrawingTest, PlotterTest, wait_for

INKSCAPE = 'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"'
CHANGE = (200.0, 5.0)
MACHINE = ("pen_change_mm: null", f"pen_change_mm: [{CHANGE[0]}, {CHANGE[1]}]")


def layers(**lines):
    """An SVG with a layer for each name, in which one line of 40 mm at this Y."""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" {INKSCAPE} width="210mm" height="297mm" viewBox="0 0 210 297" '
            'stroke="#000">' + "".join(f'<g inkscape:groupmode="layer" inkscape:label="{name}"><path d="M10 {y}h40"/></g>'
                                       for name, y in lines.items()) + "</svg>\n")


TWO = layers(red=20, blue=40)
# The blue pen's tip sits 3 mm beside the red one's.
PENS = "- {name: red, layers: red}\n- {name: blue, layers: blue, xy_offset_mm: [3, -1], between: {pause: put in blue}}\n"


def line(y, dx=0.0, dy=0.0):
    return [(LEFT + 10 + dx, TOP - y + dy), (LEFT + 50 + dx, TOP - y + dy)]


BOTH = [line(20), line(40, 3, -1)]


class Changes(PlotterTest):
    def at_the_change(self, p, *words, place=CHANGE):
        """A run of two pens that waits for the second one, tool up, at the place for changes."""
        child = p.start("run", p.write("two.svg", TWO), "--pens", p.write("pens.yaml", PENS), "--json", *words)

        def waits():
            status = p.run("status", "--json").events("result")
            return status and status[-1].get("waits_for") == "put in blue" and status[-1]

        status = wait_for("the change", lambda: child.poll() is not None or waits())
        self.assertIsNone(child.poll(), "the run ended: " + str(child.returncode))
        live = p.status(motion_report=["live_position"])["motion_report"]["live_position"]
        self.assertEqual([round(v, 3) for v in live[:3]], [*place, 10])
        self.assertEqual(status["run_state"], "paused")
        return child

    def test_a_change_waits_at_its_place_and_resume_goes_on(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=30, machine=plotter.template().replace(*MACHINE).replace(
                    "endstop_pin: null", 'endstop_pin: "PG10"'))
                child = self.at_the_change(p, "--mode", mode)
                self.assertEqual(p.run("resume").code, 0)
                r = p.finish(child)
                self.assertEqual(r.code, 0, r)
                said = " ".join(r.out.split())
                self.assertIn("pen red: 1 stroke, 40.0 mm of ink", said)
                self.assertIn("put in blue", said)
                self.assert_ink(p.ink(), BOTH)

    def test_a_cancel_at_a_change_leaves_the_tool_up_and_the_next_run_free(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=30)
                child = self.at_the_change(p, "--mode", mode, place=(0, 0))
                if mode == "file":
                    self.assertEqual(p.run("cancel").code, 0)
                else:
                    child.send_signal(signal.SIGTERM)
                self.assertEqual(p.finish(child).code, 130)
                self.assertEqual(p.z(), 10)
                self.assertEqual(p.run("run", p.write("one.svg", layers(a=60))).code, 0)
                self.assert_ink(p.ink(), [line(20), line(60)])

    def test_a_button_goes_on_with_klippers_own_command_and_with_our_macros(self):
        ours = self.plotter(speed=50).run("machine", "macros").out
        for config in (None, ours):
            p = self.plotter(speed=30, config=config)
            child = self.at_the_change(p, place=(0, 0))
            p.gcode("G91\nG1 X30 Y20 F6000\nG90")  # out of the way of a hand
            p.gcode("RESUME")
            r = p.finish(child)
            self.assertEqual(r.code, 0, r)
            self.assert_ink(p.ink(), BOTH)

    def test_a_file_whose_kplot_was_killed_at_a_change_goes_on_from_another_shell(self):
        p = self.plotter(speed=30)
        child = self.at_the_change(p, place=(0, 0))
        child.kill()
        child.wait()
        self.assertEqual(p.job_state(), "paused")
        self.assertEqual(p.run("resume").code, 0)
        wait_for("the end", lambda: p.job_state() == "complete")
        self.assert_ink(p.ink(), BOTH)

    def test_c11_a_layer_that_begins_with_an_exclamation_mark_waits_without_pens(self):
        p = self.plotter(speed=30)
        child = p.start("run", p.write("a.svg", layers(**{"1 a": 20, "%guide": 30, "!2 b": 40})))
        wait_for("the pause", lambda: child.poll() is not None or p.job_state() == "paused")
        self.assertEqual(p.job_state(), "paused")
        wait_for("resume", lambda: p.run("resume").code == 0)
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        self.assertIn("layer !2 b: the tool is up at the place for changes", " ".join(r.err.split()))
        self.assert_ink(p.ink(), [line(20), line(40)])

    def test_a_macro_that_the_printer_lacks_is_refused_before_anything_moves(self):
        p = self.plotter(speed=50)
        pens = p.write("pens.yaml", "- {name: a, layers: red}\n- {name: b, between: {macro: SWAP_PEN}}\n")
        r = p.run("run", p.write("two.svg", TWO), "--pens", pens)
        self.assertEqual(r.code, 4, r)
        self.assertIn("the printer has no macro SWAP_PEN", r.err)
        self.assertEqual(p.status(toolhead=["homed_axes"])["toolhead"]["homed_axes"], "")


class Lists(DrawingTest):
    def gcode(self, text, pens=None, *words):
        option = [] if pens is None else ["--pens", pens]
        return self.kplot("gcode", self.draw(text), "--sim", *option, *words)

    def listed(self, pens):
        file = self.root / "pens.yaml"
        file.write_text(pens)
        return file

    def test_c11_codes_in_the_names_of_layers_are_followed(self):
        r = self.gcode(layers(**{"1 ink": 20, "2 +H50 +S20 +D250": 30, "3": 40}))
        self.assertEqual(r.code, 0, r)
        self.assertIn("G4 P250\nG0 X35 Y292 F4800\nG1 Z15 F2400\nG1 X75 Y292 F300\n", r.out)
        self.assertIn("G1 Z20 F2400\nG1 X75 Y282 F1500\n", r.out)
        told = self.gcode(layers(**{"1 +H250": 20}))
        self.assertEqual(told.code, 0, told)
        self.assertIn("+H250 is not followed", " ".join(told.err.split()))
        self.assertEqual(self.gcode(layers(**{"1 +H250": 20}), None, "--strict").code, 3)

    def test_colours_of_one_layer_are_pens_and_each_is_changed_once(self):
        two = plotter.svg('<path d="M10 10h20" stroke="red"/><path d="M10 20h20" stroke="#00f"/>'
                          '<path d="M10 30h20" stroke="#f00"/>')
        r = self.gcode(two, "color")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.out.count("PAUSE"), 1)
        self.assertLess(r.out.index("Y292"), r.out.index("PAUSE"))  # the second red line comes before
        self.assertIn("M117 pen 0000ff\nM400\nPAUSE\nG90\nG1 Z10", r.out)
        stats = self.kplot("stats", self.draw(two), "--pens", "color")
        self.assertIn("pen #ff0000: 2 strokes, 40.0 mm of ink\npen #0000ff: 1 stroke, 20.0 mm of ink\n1 pause", stats.out)
        listed = self.gcode(two, self.listed("- {name: blue, colours: '#00f'}\n- {name: rest, between: nothing}\n"))
        self.assertEqual(listed.code, 0, listed)
        self.assertNotIn("PAUSE", listed.out)
        self.assertLess(listed.out.index("Y302"), listed.out.index("Y312"))

    def test_what_is_wrong_with_a_list_is_told_with_its_line(self):
        for pens, said in (("- name: a\n  feed_mm_s: 25 mm/s\n", "pens.yaml:2: feed_mm_s takes a number"),
                           ("- {name: a}\n- {name: b, layer: 2, hight: 1}\n", "pens.yaml:2: a pen has no hight"),
                           ("- {name: a, layers: red}\n", "draws blue")):
            r = self.gcode(TWO, self.listed(pens))
            self.assertNotEqual(r.code, 0, pens)
            self.assertIn(said, " ".join(r.err.split()))
            self.assertEqual(r.out, "")
        self.assertEqual(self.gcode(TWO, self.root / "none.yaml").code, 4)
        deep = self.gcode(TWO, self.listed("- {name: a, height_mm: -1}\n"))
        self.assertEqual(deep.code, 3, deep)
        self.assertIn("goes too far", deep.err)

    def test_a_job_keeps_its_pens_through_a_pipe(self):
        pens = self.listed(PENS)
        whole = self.gcode(TWO, pens)
        job = self.root / "a.jsonl"
        self.assertEqual(self.kplot("import", self.draw(TWO), "--sim", "--pens", pens, "-o", job).code, 0)
        self.assertEqual(self.kplot("gcode", job, "--sim").out, whole.out)
        # A filter keeps them, and gives others when asked.
        self.assertEqual(self.kplot("simplify", job, "-o", self.root / "b.jsonl").code, 0)
        self.assertEqual(self.kplot("gcode", self.root / "b.jsonl", "--sim").out, whole.out)
        plain = self.root / "plain.jsonl"
        self.assertEqual(self.kplot("import", self.draw(TWO), "-o", plain).code, 0)
        self.assertEqual(self.kplot("pens", plain, "--pens", pens, "-o", job).code, 0)
        self.assertEqual(self.kplot("gcode", job, "--sim").out, whole.out)
        by_layer = self.kplot("pens", job)
        self.assertIn('"pens":[{"name":"red","colour":"#000000"},{"name":"blue","colour":"#000000"}]', by_layer.out)


if __name__ == "__main__":
    plotter.main()
