#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bring-up of the plotter in its levels, on the simulated one: connection, motion, drawing (as ink), control.
Expected points are literal or from the closed form of the shape, in machine mm."""
import math
import socket
import stat
import unittest

import plotter
from plotter import HEADER, LEFT, TOP, PlotterTest, line_job, svg, wait_for


class Level1Connection(PlotterTest):
    def test_level1_the_socket_is_a_socket_and_takes_a_connection(self):
        p = self.plotter()
        self.assertTrue(stat.S_ISSOCK(p.socket.stat().st_mode))
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(p.socket))

    def test_level1_info_state_and_position_are_told(self):
        p = self.plotter()
        self.assertEqual(p.ask("info")["result"]["state"], "ready")
        self.assertEqual(p.status(webhooks=["state"])["webhooks"]["state"], "ready")
        toolhead = p.status(toolhead=["position", "homed_axes"])["toolhead"]
        self.assertEqual((len(toolhead["position"]), toolhead["homed_axes"]), (4, ""))
        told = p.run("status", "--json").result()
        self.assertEqual((told["klipper"], told["homed_axes"], told["job_state"]), ("ready", "", "none"))
        self.assertTrue({"x", "y", "z"} <= set(told))

    def test_level1_each_state_is_told_and_a_stopped_printer_with_its_reason(self):
        p = self.plotter()
        p.happens("mcu-shutdown Timer too close")
        wait_for("the shutdown", lambda: p.state() == "shutdown")
        r = p.run("status")
        self.assertEqual(r.code, 0, r)
        self.assertIn("shutdown", r.out)
        self.assertIn("Timer too close", r.out)

    def test_level1_terminal_output_is_pushed(self):
        p = self.plotter()
        got = p.listen_to_output("M115")
        self.assertIn("FIRMWARE_NAME:Klipper", got)


class Level2Motion(PlotterTest):
    def homed(self):
        p = self.plotter(speed=50)
        p.gcode("G28 X Y\nSET_KINEMATIC_POSITION Z=10 SET_HOMED=Z")
        return p

    def assert_at(self, p, x=None, y=None, z=None):
        """After M400 the place that is commanded and the place that is reached are both this."""
        p.gcode("M400")
        reached = p.status(motion_report=["live_position"])["motion_report"]["live_position"]
        commanded = p.status(toolhead=["position"])["toolhead"]["position"]
        for i, want in enumerate((x, y, z)):
            if want is not None:
                self.assertAlmostEqual(reached[i], want, delta=0.1)
                self.assertAlmostEqual(commanded[i], want, delta=0.1)

    def test_level2_x_and_y_home_one_by_one(self):
        p = self.plotter(speed=50)
        p.gcode("G28 X")
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "x")
        p.gcode("G28 Y")
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "xy")
        self.assert_at(p, x=0, y=0)

    def test_level2_moves_of_50_mm_end_where_they_should(self):
        p = self.homed()
        p.gcode("G90\nG1 X50 F3000")
        self.assert_at(p, 50, 0, 10)
        p.gcode("G1 Y50 F3000")
        self.assert_at(p, 50, 50, 10)

    def test_level2_z_reaches_each_state(self):
        p = self.homed()
        for z in (20, 10, 0, 10):  # pen, travel, airbrush
            p.gcode(f"G90\nG1 Z{z} F2400")
            self.assert_at(p, z=z)

    def test_level2_a_rapid_at_the_highest_speed_ends_without_error(self):
        p = self.homed()
        p.gcode("G90\nG0 X240 Y340 F4800\nM400")
        self.assert_at(p, 240, 340, 10)

    def test_level2_a_move_beyond_the_limits_is_rejected_and_nothing_moves(self):
        p = self.homed()
        for move in ("G1 X251 F3000", "G1 X-0.1", "G1 Y350.1", "G1 Z40.1"):
            with self.subTest(move):
                answer = p.ask("gcode/script", script="G90\n" + move)
                self.assertIn("Move out of range", answer["error"]["message"])
                self.assert_at(p, 0, 0, 10)

    def test_row_d_kplot_homes_x_and_y_to_their_minimum_and_looks_where_it_is(self):
        p = self.plotter(speed=50, machine=plotter.template())
        r = p.run("home", "--json")
        self.assertEqual(r.code, 0, r)
        # Z has no endstop: it is not homed, and nothing says so.
        self.assertEqual(r.result()["homed_axes"], "xy")
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "xy")
        self.assert_at(p, 0, 0)

    def test_row_d_a_machine_that_homes_elsewhere_is_refused_before_it_moves(self):
        p = self.plotter(speed=50, machine=plotter.template().replace('homing_side: "min"', 'homing_side: "max"'))
        r = p.run("home")
        self.assertEqual(r.code, 3, r)
        self.assertIn("position_endstop", r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")


class Level4Drawing(PlotterTest):
    def draw(self, p, name, text, *words):
        r = p.run("run", p.write(name, text), "--json", *words)
        self.assertEqual(r.code, 0, r)
        return r.result()

    def test_level4_a_square_of_50_mm_measures_50_mm(self):
        p = self.plotter()
        self.draw(p, "square.svg", svg('<rect x="30" y="40" width="50" height="50"/>'))
        corners = [(55, 282), (105, 282), (105, 232), (55, 232), (55, 282)]
        ink = p.ink()
        self.assert_ink(ink, [corners])
        for axis in (0, 1):
            values = [q[axis] for q in ink[0]]
            self.assertAlmostEqual(max(values) - min(values), 50, delta=0.02)

    def test_level4_a_circle_of_50_mm_is_round_and_closed(self):
        p = self.plotter()
        self.draw(p, "circle.svg", svg('<circle cx="60" cy="60" r="25"/>'))
        ink = p.ink()
        self.assertEqual(len(ink), 1)
        for x, y in plotter.along(ink[0]):
            self.assertAlmostEqual(math.hypot(x - 85, y - 262), 25, delta=0.02)
        self.assertLess(math.dist(ink[0][0], ink[0][-1]), 0.02)
        # All the way round: each degree has ink.
        degrees = {int(math.degrees(math.atan2(y - 262, x - 85)) % 360) for x, y in plotter.along(ink[0])}
        self.assertEqual(len(degrees), 360)

    def test_level4_lines_half_a_millimetre_apart_stay_distinct(self):
        p = self.plotter(speed=40)
        body = "".join(f'<line x1="20" y1="{20 + i / 2}" x2="40" y2="{20 + i / 2}"/>' for i in range(20))
        self.draw(p, "fine.svg", svg(body))
        ink = sorted((sorted(line) for line in p.ink()), key=lambda line: -line[0][1])  # a run orders and turns them
        self.assert_ink(ink, [[(45, 302 - i / 2), (65, 302 - i / 2)] for i in range(20)])
        heights = [line[0][1] for line in ink]
        for a, b in zip(heights, heights[1:]):
            self.assertAlmostEqual(a - b, 0.5, delta=0.02)

    def test_level4_a_job_of_1000_lines_comes_to_its_end(self):
        p = self.plotter(speed=150)
        p.gcode("SET_IDLE_TIMEOUT TIMEOUT=86400")  # 10 minutes are 4 s here: a busy machine is slower
        done = self.draw(p, "long.jsonl", line_job(1000))
        self.assertEqual(done["strokes"], 1000)
        self.assertAlmostEqual(done["pen_down_mm"], 10000, places=3)
        expected = [[(30 + 12 * (i // 100), 312 - 2 * (i % 100)), (40 + 12 * (i // 100), 312 - 2 * (i % 100))]
                    for i in range(1000)]
        self.assert_ink(p.ink(), expected)


class Level5Control(PlotterTest):
    LENGTH = 60.0
    EXPECTED = [[(LEFT + 5, TOP - 10 - 2 * i), (LEFT + 65, TOP - 10 - 2 * i)] for i in range(8)]

    def printer_of_a_plotter(self, **options):
        """A printer with what `kplot machine macros` prints for it."""
        macros = self.plotter().run("machine", "macros").out
        return self.plotter(config=macros, **options)

    def drawing(self, p, strokes=8):
        child = p.start("run", p.write("lines.jsonl", line_job(strokes, self.LENGTH)), "--json")

        def draws():
            told = p.run("status", "--json").events("result")
            return told and told[-1].get("run_state") == "drawing" and p.pen_is_down()

        wait_for("the pen to draw", lambda: child.poll() is not None or draws())
        self.assertIsNone(child.poll(), "the run ended")
        return child

    def test_level5_a_file_pauses_at_the_end_of_a_stroke_and_goes_on(self):
        p = self.printer_of_a_plotter(speed=10)
        child = self.drawing(p)
        paused = p.run("pause")
        self.assertEqual(paused.code, 0, paused)
        self.assertIn("between two strokes", paused.out)
        self.assertEqual((p.z(), p.pen_is_down(), p.job_state()), (10, False, "paused"))
        # It stands at the end of a stroke.
        x, y = p.status(toolhead=["position"])["toolhead"]["position"][:2]
        self.assertLess(min(math.dist((x, y), line[1]) for line in self.EXPECTED), 0.02)
        resumed = p.run("resume")
        self.assertEqual(resumed.code, 0, resumed)
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        # No stroke in two pieces, none twice, none left out.
        self.assert_ink(p.ink(), self.EXPECTED)

    def test_level5_a_cancelled_file_leaves_the_tool_up_and_the_printer_free(self):
        p = self.printer_of_a_plotter(speed=10)
        child = self.drawing(p)
        cancelled = p.run("cancel")
        self.assertEqual(cancelled.code, 0, cancelled)
        self.assertEqual(p.finish(child).code, 130)
        status = p.status(print_stats=["state"], virtual_sdcard=["is_active"], pause_resume=["is_paused"])
        self.assertEqual((status["print_stats"]["state"], status["virtual_sdcard"]["is_active"],
                          status["pause_resume"]["is_paused"]), ("cancelled", False, False))
        self.assertEqual((p.z(), p.pen_is_down()), (10, False))
        again = p.run("run", p.write("one.jsonl", line_job(1)))
        self.assertEqual(again.code, 0, again)

    def test_level5_an_emergency_stop_halts_at_once_and_recover_homes_and_draws_again(self):
        p = self.printer_of_a_plotter(speed=10)
        child = self.drawing(p)
        self.assertEqual(p.run("estop").code, 0)
        self.assertEqual(p.state(), "shutdown")
        self.assertEqual(p.finish(child).code, 1)
        refused = p.run("run", p.write("one.jsonl", line_job(1)))
        self.assertEqual(refused.code, 3, refused)
        back = p.run("recover", "--json")
        self.assertEqual(back.code, 0, back)
        self.assertEqual(back.result()["homed_axes"], "xyz")
        again = p.run("run", p.write("last.jsonl", HEADER + '{"op":"rapid_xy","x":100,"y":200}\n{"op":"tool_down"}\n'
                                     '{"op":"draw_polyline","points":[[120,200]]}\n{"op":"tool_up"}\n'))
        self.assertEqual(again.code, 0, again)
        ink = p.ink()
        self.assert_ink(ink[-1:], [[(125, 122), (145, 122)]])
        self.assertLess(len(ink), 1 + len(self.EXPECTED))


class Conventions(PlotterTest):
    def test_row_c_a_difference_on_any_motor_of_an_axis_is_named(self):
        p = self.plotter(state={"configfile": {"settings": {"stepper_x1": {"rotation_distance": 40},
                                                            "stepper_y": {"microsteps": 16}}}})
        r = p.run("home")
        self.assertEqual(r.code, 3, r)
        for part in ("stepper_x1.rotation_distance is 40", "stepper_y.microsteps is 16"):
            self.assertIn(part, " ".join(r.err.split()))
        self.assertNotIn("stepper_x.rotation_distance", r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")

    def test_row_f_speeds_are_mm_s_and_only_gcode_has_mm_min(self):
        p = self.plotter()
        job = p.run("import", p.write("a.svg", svg('<line x1="10" y1="10" x2="30" y2="10"/>')), "--feed", "12.5")
        self.assertIn('"feed":12.5', job.out)
        r = p.run("gcode", given=job.out)
        self.assertEqual(r.code, 0, r)
        self.assertIn("G1 X55 Y312 F750\n", r.out)  # 12.5 x 60
        self.assertIn("G0 X35 Y312 F4800\n", r.out)  # travel_feed_mm_s: 80


if __name__ == "__main__":
    plotter.main()
