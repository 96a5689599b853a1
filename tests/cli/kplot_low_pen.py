# SPDX-License-Identifier: MIT
"""kplot on a machine of another build: the pen is down at a low Z, there is no other tool, Z homes upwards, endstops sit
inside of their axes, and the host program is Kalico.

python3 kplot_low_pen.py KPLOT KSIM"""
import os
import pathlib
import subprocess
import tempfile
import unittest

import plotter
import world
from plotter import LEFT, TOP, PlotterTest, line_job

# 2.5 mm above the paper the pen is clear of it.
KSIM = ("--pen-below", "2.5")
PRINTER = """[stepper_x]
position_min: -10
[stepper_z]
position_min: 0
position_endstop: 38
position_max: 40
homing_positive_dir: true
"""


def low_machine():
    text = plotter.template()
    begin, end = text.index("  airbrush:\n"), text.index("# Motors and drivers")
    text = text[:begin] + text[end:]
    z = text.index("  z:\n    octopus_slot")
    text = text[:z] + text[z:].replace("endstop_pin: null", 'endstop_pin: "PG10"').replace("homing_side: null",
                                                                                           'homing_side: "max"')
    for old, new in (("travel_mm: 10.0 ", "travel_mm: 5.0 "), ("pen_work_mm: 20.0 ", "pen_work_mm: 0.0 "),
                     ("z_rotation_distance: null", "z_rotation_distance: 32.0"),
                     ("work_area_min_mm:\n    x: 0.0", "work_area_min_mm:\n    x: -10.0"),
                     ("  airbrush_work_mm: 0.0          # the airbrush at spray height\n", "")):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


EXPECTED = [[(LEFT + 5, TOP - 10 - 2 * i), (LEFT + 15, TOP - 10 - 2 * i)] for i in range(3)]


class LowPen(PlotterTest):
    def draws(self, *more):
        p = self.plotter(machine=low_machine(), config=PRINTER, ksim=(*KSIM, *more))
        r = p.run("run", p.write("lines.jsonl", line_job(3)))
        self.assertEqual(r.code, 0, r)
        self.assertEqual(p.z(), 5.0)
        self.assert_ink(p.ink(), EXPECTED)

    def test_b8_a_pen_that_is_down_at_a_low_z_draws(self):
        self.draws()

    def test_b3_and_on_kalico_where_homing_ends_away_from_the_endstops(self):
        self.draws("--kalico")

    def test_a_pause_lifts_it_to_the_height_above(self):
        p = self.plotter(machine=low_machine(), config=PRINTER, ksim=KSIM, speed=10)
        child = p.start("run", p.write("lines.jsonl", line_job(4, 40.0)), "--mode", "interactive")
        place = lambda: p.status(motion_report=["live_position"])["motion_report"]["live_position"]
        plotter.wait_for("the pen to be down", lambda: child.poll() is not None or
                         (place()[2] < 0.1 and place()[0] > LEFT + 5))
        r = p.run("pause")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(place()[2], 5.0)
        self.assertEqual(p.run("cancel").code, 0)
        self.assertEqual(p.finish(child).code, 130)


class Simulated(PlotterTest):
    def test_sim_is_the_printer_of_the_machine_file(self):
        """Another pen, ends, endstops and motors: a printer of another build would be refused, or not be drawn on."""
        for what, motors in (("0.9deg", {}), ("1.8deg", {'motor_type: "0.9deg"': 'motor_type: "1.8deg"',
                                                         "klipper_microsteps: 4 ": "klipper_microsteps: 8 "})):
            with self.subTest(what), tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                text = low_machine()
                for old, new in motors.items():
                    self.assertIn(old, text)
                    text = text.replace(old, new, 1)
                (folder / "low.yaml").write_text(text)
                (folder / "lines.jsonl").write_text(line_job(3))
                r = subprocess.run([plotter.KPLOT, "run", "lines.jsonl", "--sim", "--sim-speed", "50", "--machine",
                                    "low.yaml", "--ink", "ink.svg"], cwd=folder, capture_output=True, text=True,
                                   timeout=world.DEADLINE, env={"HOME": str(folder), "PATH": os.environ["PATH"]})
                self.assertEqual(r.returncode, 0, r)
                said = " ".join(r.stderr.split())
                self.assertIn("a simulated printer with the axes and the pen of low.yaml", said)
                self.assert_ink(plotter.read_ink(folder / "ink.svg"), EXPECTED)


if __name__ == "__main__":
    plotter.main()
