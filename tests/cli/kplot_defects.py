#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The defects of the Python plotter (docs/DEFECTS.md, P1 to P10), each tried from outside on the simulated printer."""
import math
import resource
import signal
import unittest

import plotter
from plotter import HEADER, LEFT, TOP, PlotterTest, line_job, svg, wait_for


def stroke(points, feed=None):
    """A job's lines for one stroke over canvas points."""
    speed = f',"feed":{feed}' if feed else ""
    rest = ",".join(f"[{x},{y}]" for x, y in points[1:])
    return (f'{{"op":"rapid_xy","x":{points[0][0]},"y":{points[0][1]}}}\n{{"op":"tool_down"}}\n'
            f'{{"op":"draw_polyline","points":[{rest}]{speed}}}\n{{"op":"tool_up"}}\n')


def ink_mm(ink):
    return sum(math.dist(a, b) for line in ink for a, b in zip(line, line[1:]))


class Defects(PlotterTest):
    def draws(self, p, job, *words):
        """A run whose pen is on the paper."""
        child = p.start("run", p.write("job.jsonl", job), "--json", *words)

        def on_paper():
            told = p.run("status", "--json").events("result")
            return told and told[-1].get("run_state") == "drawing" and p.pen_is_down()

        wait_for("the pen to draw", lambda: child.poll() is not None or on_paper())
        self.assertIsNone(child.poll(), "the run ended")
        return child

    def gcode(self, p, job):
        r = p.run("gcode", given=job)
        self.assertEqual(r.code, 0, r)
        return r.out.splitlines()

    # P1: the first lost connection deadlocks; the failed script is sent again on an un-homed machine.

    def test_p1_a_lost_board_neither_hangs_the_run_nor_is_its_script_sent_again(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=10)
                child = self.draws(p, HEADER + stroke([(0, 10), (200, 10)]) + stroke([(0, 20), (200, 20)]), "--mode", mode)
                p.happens("lose-mcu")
                r = p.finish(child)
                self.assertEqual(r.code, 1, r)
                self.assertEqual(r.events("error")[-1]["errc"], "connection_lost")
                p.happens("return-mcu")
                # The board is there again. Nobody but a person restarts it, and nobody moves it.
                wait_for("a klippy that is not starting", p.has_started)
                p.gcode("FIRMWARE_RESTART")
                wait_for("klippy to be ready", lambda: p.has_started() and p.state() == "ready")
                self.assertEqual(p.status()["toolhead"]["homed_axes"], "")
                ink = p.ink()
                self.assertEqual(len(ink), 1)  # stroke 1, in part
                self.assertLess(ink_mm(ink), 200)

    # P2: the emergency stop and the status wait behind the running stroke.

    def test_p2_an_emergency_stop_and_a_status_do_not_wait_for_the_stroke(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=5)
                zigzag = [(200 * (i % 2), 10 + i) for i in range(101)]  # 20 m: 13 minutes at 25 mm/s
                child = self.draws(p, HEADER + stroke(zigzag), "--mode", mode)
                told = p.run("status", "--json").result()
                self.assertEqual((told["run_state"], told["mode"]), ("drawing", mode))
                self.assertEqual(p.run("estop").code, 0)
                self.assertEqual(p.state(), "shutdown")
                self.assertEqual(p.finish(child).code, 1)
                drawn = ink_mm(p.ink())
                self.assertGreater(drawn, 0)
                self.assertLess(drawn, 20000 / 4)

    # P3: the pause for a fast reversal never comes.

    def test_p3_row_g_a_fast_reversal_has_its_pause_and_a_slow_one_has_none(self):
        p = self.plotter(speed=50)
        job = HEADER + stroke([(0, 50), (100, 50), (0, 50)], 60) + stroke([(0, 60), (20, 60), (0, 60)], 30)
        lines = self.gcode(p, job)
        fast = lines.index("G1 X125 Y272 F3600")
        self.assertEqual(lines[fast:fast + 3], ["G1 X125 Y272 F3600", "G4 P500", "G1 X25 Y272"])
        slow = lines.index("G1 X45 Y262 F1800")
        self.assertEqual(lines[slow + 1], "G1 X25 Y262")
        # There and back from rest to rest: 2 x (100 / 60 + 60 / 3000) s, and the pause.
        there = "G90\nSET_KINEMATIC_POSITION X=25 Y=272 Z=20\n" + "\n".join(lines[fast:fast + 3]) + "\n"
        r = p.run("estimate", p.write("fast.gcode", there), "--limit", "max_accel=3000", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertAlmostEqual(r.result()["seconds"], 2 * (100 / 60 + 60 / 3000) + 0.5, places=6)

    # P4: limits look at end points in X and Y only, from 0 on.

    def test_p4_the_bulge_of_an_arc_z_and_ink_beside_the_canvas_are_out_of_bounds(self):
        good = plotter.template().replace("method: auto", "method: touch_off")
        arc = '{"op":"draw_arc","x":%g,"y":%g,"i":%g,"j":%g,"cw":true}\n'
        wide = good.replace("offset_x_mm: 25.0", "offset_x_mm: 40.0")
        down = '{"op":"rapid_xy","x":%g,"y":%g}\n{"op":"tool_down"}\n'
        up = '{"op":"tool_up"}\n'
        table = [
            # Both ends at canvas X 190, the bulge 25 further: machine X 240 is in the work area, the canvas ends at 210.
            ("an arc leaves the canvas", good, HEADER + down % (190, 90) + arc % (190, 140, 0, 25) + up, "canvas"),
            # The ends at machine X 230, the bulge at 255, the work area ends at 250.
            ("an arc leaves the work area", wide, HEADER + down % (190, 90) + arc % (190, 140, 0, 25) + up, "work area"),
            ("ink beside the canvas", good, HEADER + stroke([(200, 20), (220, 20)]), "canvas"),
            ("ink in the margin", good.replace("margin_mm: 0.0", "margin_mm: 5.0"), HEADER + stroke([(2, 20), (50, 20)]),
             "canvas"),
            # Machine X 5, where the work area begins at 10 and not at 0.
            ("a work area that begins at 10", good.replace("    x: 0.0", "    x: 10.0").replace("park_mm: [0.0,", "park_mm: [10.0,"),
             HEADER + '{"op":"rapid_xy","x":-20,"y":20}\n', "work area"),
        ]
        p = self.plotter(speed=50)
        for what, machine, job, word in table:
            with self.subTest(what):
                r = p.finish(p.start_command([plotter.KPLOT, "run", str(p.write("j.jsonl", job)), "--socket",
                                              str(p.socket), "--machine", str(p.write("m.yaml", machine))]))
                self.assertEqual(r.code, 3, r)
                self.assertIn("operation ", r.err)
                self.assertIn(word, r.err)
        with self.subTest("Z"):  # a pen that works below the travel of Z
            text = good.replace("pen_work_mm: 20.0", "pen_work_mm: 41.0")
            r = p.finish(p.start_command([plotter.KPLOT, "run", str(p.write("j.jsonl", line_job(1))), "--socket",
                                          str(p.socket), "--machine", str(p.write("m.yaml", text))]))
            self.assertEqual(r.code, 1, r)
            self.assertIn("z_states.pen_work_mm", r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")
        self.assertEqual(p.ink(), [])

    # P5: spray operations are skipped, and the job succeeds.

    def test_p5_every_spray_and_pump_operation_is_refused_and_nothing_moves(self):
        p = self.plotter(speed=50)
        for operation in ('{"op":"set_ink_mix","c":0.1,"m":0.2,"y":0.3}', '{"op":"spray_on"}', '{"op":"spray_off"}',
                          '{"op":"purge","volume_ml":1}', '{"op":"refill_pump","pump":"cyan"}',
                          '{"op":"prime_line","pump":"cyan"}'):
            name = operation.split('"')[3]
            for mode in ("file", "interactive"):
                with self.subTest(name, mode=mode):
                    r = p.run("run", "-", "--mode", mode, given=line_job(1) + operation + "\n" + stroke([(0, 9), (9, 9)]))
                    self.assertEqual(r.code, 3, r)
                    self.assertIn("operation 5", r.err)
                    self.assertIn(name, r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")
        self.assertEqual(p.ink(), [])

    # P6: a change of tools calls macros that nobody defined; file mode needs a section that nobody wrote.

    def test_p6_a_tool_is_changed_without_macros_and_with_them_when_the_printer_has_them(self):
        job = HEADER + '{"op":"home_xy"}\n{"op":"select_tool","tool":"pen"}\n' + stroke([(10, 10), (30, 10)])
        p = self.plotter(speed=50)
        self.assertEqual([w for w in self.gcode(p, job) if "TOOL" in w], [])
        for mode in ("file", "interactive"):
            r = p.run("run", p.write("j.jsonl", job), "--mode", mode)
            self.assertEqual(r.code, 0, r)
        self.assert_ink(p.ink(), [[(35, 312), (55, 312)]] * 2)

        # Were it not called, nothing would be drawn 7 mm to the right.
        p = self.plotter(speed=50, config="[gcode_macro TOOL_PEN]\ngcode:\n    G0 X42 Y312 F4800\n    G1 Z20 F2400\n"
                                          "    G1 X43 F1500\n    G1 Z10 F2400\n")
        r = p.run("run", p.write("j.jsonl", job))
        self.assertEqual(r.code, 0, r)
        self.assert_ink(p.ink(), [[(42, 312), (43, 312)], [(35, 312), (55, 312)]])

    def test_p6_what_file_mode_needs_in_printer_cfg_is_printed_and_works(self):
        p = self.plotter(speed=50)
        sections = p.run("machine", "macros").out
        for section in ("[virtual_sdcard]", "[pause_resume]", "[force_move]", "[gcode_macro KPLOT_BOUNDARY]"):
            self.assertIn(section, sections)
        with_them = self.plotter(speed=50, config=sections)
        r = with_them.run("run", with_them.write("a.svg", svg('<line x1="10" y1="10" x2="30" y2="10"/>')))
        self.assertEqual(r.code, 0, r)
        without = p.run("machine", "check")
        self.assertIn("machine macros", without.out + without.err)
        checked = with_them.run("machine", "check")
        self.assertEqual(checked.code, 0, checked)
        self.assertNotIn("machine macros", checked.out + checked.err)
        self.assert_ink(with_them.ink(), [[(35, 312), (55, 312)]])

    # P7: a stroke of more than 30 s is an error that leaves the pen down.

    def test_p7_an_error_in_the_middle_of_a_job_lifts_the_pen_and_says_what_is_drawn(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=10)
                child = self.draws(p, HEADER + stroke([(0, 10), (200, 10)]) + stroke([(0, 20), (200, 20)]), "--mode", mode)
                p.gcode("SET_GCODE_OFFSET X=300")  # another client: the next line leaves the work area
                r = p.finish(child)
                self.assertEqual(r.code, 1, r)
                error = r.events("error")[-1]
                self.assertEqual(error["errc"], "failed")
                self.assertIn("Move out of range", error["what"])
                self.assertIn("the tool is up", error["cause"])
                self.assertEqual((p.state(), p.z(), p.pen_is_down()), ("ready", 10, False))
                self.assertEqual(p.run("status", "--json").result().get("run_state"), None)

    # P8: every stroke waits for a barrier, every line repeats F, and what really plots goes around all of it.

    def test_p8_a_file_has_one_barrier_and_f_only_where_it_changes(self):
        p = self.plotter()
        square = [(10, 10), (20, 10), (20, 20), (10, 20), (10, 10)]
        self.assertEqual(self.gcode(p, HEADER + stroke(square) + stroke([(40, 10), (50, 10)])), [
            "; kplot, mm, absolute machine coordinates", "G90", "G1 Z10 F2400",
            "G0 X35 Y312 F4800", "G1 Z20 F2400",
            "G1 X45 Y312 F1500", "G1 X45 Y302", "G1 X35 Y302", "G1 X35 Y312", "G1 Z10 F2400",
            "G0 X65 Y312 F4800", "G1 Z20 F2400", "G1 X75 Y312 F1500", "G1 Z10 F2400", "M400"])

    # P9: the file may be half written, progress is a share of the bytes, the time left a straight line through it.

    def test_p9_a_file_that_cannot_be_written_whole_leaves_the_one_before(self):
        p = self.plotter(speed=100)
        before = p.run("run", p.write("job.jsonl", line_job(1)))
        self.assertEqual(before.code, 0, before)
        self.assertEqual([f.name for f in p.gcodes.iterdir()], ["kplot-job.gcode"])
        old = (p.gcodes / "kplot-job.gcode").read_bytes()
        # Few bytes as a job, many as G-code.
        arcs = "".join('{"op":"rapid_xy","x":150,"y":%d}\n{"op":"tool_down"}\n'
                       '{"op":"draw_arc","x":150,"y":%d,"i":-50,"j":0,"cw":true}\n{"op":"tool_up"}\n' % (y, y)
                       for y in range(100, 140))

        def small_files_only():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))

        r = p.finish(p.start("run", p.write("job.jsonl", HEADER + arcs), preexec_fn=small_files_only))
        self.assertEqual(r.code, 1, r)
        self.assertIn("kplot-job.gcode", r.err.replace("\n        ", ""))
        self.assertEqual([f.name for f in p.gcodes.iterdir()], ["kplot-job.gcode"])
        self.assertEqual((p.gcodes / "kplot-job.gcode").read_bytes(), old)

    def test_p9_the_time_left_follows_the_plan_and_not_the_bytes(self):
        p = self.plotter(speed=20)
        # Nine tenths of the bytes are one small wave that takes seconds; the long lines behind it take a minute.
        wave = [(i * 0.05, 10 + 0.05 * (i % 2)) for i in range(1500)]
        job = HEADER + stroke(wave) + "".join(stroke([(0, 20 + y), (200, 20 + y)]) for y in range(8))
        child = p.start("run", p.write("job.jsonl", job), "--json")

        def told_early():
            if child.poll() is not None:
                self.fail(f"the run ended before it was asked: {p.finish(child)}")
            s = p.run("status", "--json").result()
            return s if s.get("moving_s", 0) >= 0.15 * s.get("planned_s", 1e9) else None

        told = wait_for("a part of the job", told_early)
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        total = r.result()["seconds"]
        self.assertLess(told["moving_s"], 0.8 * total)
        self.assertAlmostEqual(told["moving_s"] + told["eta_s"], total, delta=0.02 * total)

    # P10: a field that Klipper does not have makes every printer idle.

    def test_p10_a_printer_that_works_or_pauses_is_not_idle(self):
        job = line_job(1)
        for what, objects in (("a file", {"print_stats": {"state": "printing", "filename": "vase.gcode"},
                                          "virtual_sdcard": {"is_active": True}}),
                              ("a file, by virtual_sdcard alone", {"virtual_sdcard": {"is_active": True}}),
                              ("a paused file", {"print_stats": {"state": "paused", "filename": "vase.gcode"},
                                                 "pause_resume": {"is_paused": True}}),
                              ("a pause", {"pause_resume": {"is_paused": True}})):
            with self.subTest(what):
                p = self.plotter(speed=50, state=objects)
                for mode in ("file", "interactive"):
                    r = p.run("run", p.write("j.jsonl", job), "--mode", mode)
                    self.assertEqual(r.code, 3, r)
                self.assertEqual(p.status()["toolhead"]["homed_axes"], "")
                self.assertEqual(p.ink(), [])


if __name__ == "__main__":
    plotter.main()
