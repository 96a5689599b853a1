#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A printer that is not ours alone: macros that somebody wrote, buttons of a web interface, other clients, sections of
printer.cfg that move by themselves, a socket that is no simulation. No pen where nobody asked."""
import json
import os
import socket
import threading
import unittest

import plotter
from plotter import LEFT, TOP, PlotterTest, line_job, svg, wait_for

LENGTH = 60.0
EXPECTED = [[(LEFT + 5, TOP - 10 - 2 * i), (LEFT + 5 + LENGTH, TOP - 10 - 2 * i)] for i in range(12)]
SQUARE = svg('<rect x="10" y="10" width="20" height="20" fill="none" stroke="#000"/>')

# As the usual ones do: up by a relative move, then to a corner. On this machine +Z presses the pen.
PARK = "    G91\n    G1 Z2 F600\n    G90\n    G1 X245 Y345 F6000\n"
FOREIGN = ("[gcode_macro PAUSE]\nrename_existing: PAUSE_BASE\ngcode:\n    PAUSE_BASE\n" + PARK +
           "[gcode_macro CANCEL_PRINT]\nrename_existing: CANCEL_PRINT_BASE\ngcode:\n" + PARK + "    CANCEL_PRINT_BASE\n")


class Stranger:
    """Something behind a socket that is no ksim: it refuses every request and keeps what it was asked."""

    def __init__(self, path):
        self.path, self.asked = path, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client):
        got = b""
        with client:
            while piece := client.recv(65536):
                *frames, got = (got + piece).split(b"\x03")
                for request in map(json.loads, frames):
                    self.asked.append(request["method"])
                    text = f"webhooks: No registered callback for path '{request['method']}'"
                    client.sendall(json.dumps({"id": request["id"], "error": {"error": "WebRequestError",
                                                                              "message": text}}).encode() + b"\x03")

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Foreign(PlotterTest):
    def drawing(self, p, *words):
        """A run whose pen is on the paper."""
        child = p.start("run", p.write("lines.jsonl", line_job(12, LENGTH)), "--json", *words)

        def draws():
            status = p.run("status", "--json").events("result")
            return status and status[-1].get("run_state") == "drawing" and p.pen_is_down()

        wait_for("the pen to draw", lambda: child.poll() is not None or draws())
        self.assertIsNone(child.poll(), "the run ended")
        return child

    def assert_on_the_lines(self, ink):
        """No ink beside the drawing, whatever pieces it is in."""
        for q in (q for line in ink for q in plotter.along(line, 0.5)):
            near = min(plotter.distance_to_segment(q, a, b) for want in EXPECTED for a, b in zip(want, want[1:]))
            self.assertLess(near, 0.02, q)

    def assert_all_drawn(self, ink):
        self.assert_on_the_lines(ink)
        for q in (q for want in EXPECTED for q in plotter.along(want, 0.5)):
            self.assertLess(min(plotter.distance_to_segment(q, a, b) for l in ink for a, b in zip(l, l[1:])), 0.02, q)

    def test_a4_foreign_macros_are_refused_by_name_and_by_machine_check(self):
        p = self.plotter(speed=50, config=FOREIGN, machine=plotter.template().replace("method: auto", "method: touch_off"))
        for mode in ("file", "interactive"):
            r = p.run("run", p.write("one.jsonl", line_job(1)), "--mode", mode)
            self.assertEqual(r.code, 3, r)
            said = " ".join(r.err.split())
            self.assertIn("[gcode_macro PAUSE], [gcode_macro CANCEL_PRINT]", said)
            self.assertIn("kplot machine macros", said)
        checked = p.run("machine", "check")
        self.assertEqual(checked.code, 3, checked)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")

    def test_a4_taken_foreign_macros_are_called_on_no_way_out(self):
        p = self.plotter(speed=10, config=FOREIGN)
        child = self.drawing(p, "--foreign-macros")
        self.assertEqual(p.run("pause").code, 0)
        self.assertEqual(p.z(), 10)
        self.assertEqual(p.run("resume").code, 0)
        wait_for("the pen to draw again", p.pen_is_down)
        cancelled = p.run("cancel")
        self.assertEqual(cancelled.code, 0, cancelled)
        self.assertEqual(p.finish(child).code, 130)
        at = p.status()["toolhead"]["position"]
        self.assertEqual(at[2], 10)
        self.assertLess(at[0], 200)  # not in the corner
        self.assert_on_the_lines(p.ink())

    def test_a4_with_our_macros_the_buttons_of_a_web_interface_are_safe(self):
        sections = self.plotter(speed=50).run("machine", "macros").out
        p = self.plotter(speed=10, config=sections)
        child = self.drawing(p)
        p.ask("pause_resume/pause")
        wait_for("the lift", lambda: p.z() == 10 and not p.pen_is_down())
        p.gcode("G91\nG1 X3 Y-4 F6000\nG90")  # somebody looks beneath the pen
        p.ask("pause_resume/resume")
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        self.assert_all_drawn(p.ink())

    def test_b4_a_move_of_another_client_ends_the_run_with_the_pen_up(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=10)
                child = self.drawing(p, "--mode", mode)
                p.gcode("G90\nG1 X240 Y340 F6000")
                r = p.finish(child)
                self.assertEqual(r.code, 1, r)
                error = r.events("error")[-1]
                self.assertIn("something else moves the machine", error["what"])
                self.assertIn("the tool is up", error["cause"])
                self.assertEqual(p.z(), 10)
                self.assertNotEqual(p.job_state(), "printing")

    def test_b2_a_cancel_that_comes_while_it_homes_is_obeyed(self):
        p = self.plotter(speed=5)
        child = p.start("run", p.write("lines.jsonl", line_job(12, LENGTH)), "--detach")
        wait_for("the run to listen", lambda: child.poll() is not None or os.path.exists(str(p.socket) + ".kf-control"))
        cancelled = p.run("cancel")
        self.assertEqual(cancelled.code, 0, cancelled)
        self.assertEqual(p.finish(child).code, 130)
        self.assertNotEqual(p.job_state(), "printing")
        self.assertEqual(p.ink(), [])

    def test_b5_an_error_that_cancels_the_file_is_told_with_klippers_reason(self):
        cfg = ("[virtual_sdcard]\non_error_gcode:\n    CANCEL_PRINT\n")
        p = self.plotter(speed=10, config=cfg)
        child = self.drawing(p)
        p.gcode("SET_GCODE_OFFSET X=300")  # the next line leaves the range
        r = p.finish(child)
        self.assertEqual(r.code, 1, r)
        self.assertIn("Move out of range", r.events("error")[-1]["what"])
        self.assertEqual(p.z(), 10)

    def test_b6_the_pause_button_stops_an_interactive_run_between_two_strokes(self):
        p = self.plotter(speed=10)
        child = self.drawing(p, "--mode", "interactive")
        p.ask("pause_resume/pause")
        wait_for("the pause", lambda: p.run("status", "--json").result().get("run_state") == "paused")
        self.assertEqual(p.z(), 10)
        self.assertEqual(p.run("resume").code, 0)
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        self.assertTrue(any("paused by somebody else after stroke" in e["text"] for e in r.events("step")), r)
        self.assert_ink(p.ink(), EXPECTED)

    def test_a5_a_section_that_moves_inside_of_g28_is_named_before_anything_moves(self):
        p = self.plotter(speed=50, state={"configfile": {"settings": {"safe_z_home": {"z_hop": 10.0}}}})
        for words in (["home"], ["run", p.write("one.jsonl", line_job(1))]):
            r = p.run(*words)
            self.assertEqual(r.code, 3, r)
            self.assertIn("[safe_z_home]", r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")

    def test_a6_a_g92_is_refused(self):
        p = self.plotter(speed=50)
        p.gcode("G92 X5")
        r = p.run("run", p.write("one.jsonl", line_job(1)))
        self.assertEqual(r.code, 3, r)
        self.assertIn("G92", r.err)
        self.assertEqual(p.ink(), [])

    def test_b7_the_endstop_may_sit_between_the_ends_of_the_axis(self):
        machine = plotter.template().replace("    x: 0.0", "    x: -10.0").replace("method: auto", "method: touch_off")
        p = self.plotter(speed=50, machine=machine, config="[stepper_x]\nposition_min: -10\n")
        self.assertEqual(p.run("touch-off", "--touching").code, 0)
        r = p.run("run", p.write("one.jsonl", line_job(1)))
        self.assertEqual(r.code, 0, r)

    def test_b8_up_is_the_travel_height_on_whichever_side_it_lies(self):
        machine = plotter.template().replace("travel_mm: 10.0", "travel_mm: 5.0").replace("pen_work_mm: 20.0", "pen_work_mm: 0.0")
        machine = machine.replace("  airbrush_work_mm: 0.0          # the airbrush at spray height\n", "")
        machine = machine[:machine.index("  airbrush:")] + machine[machine.index("# Motors and drivers."):]
        p = self.plotter(speed=50, machine=machine)
        r = p.run("gcode", p.write("one.jsonl", line_job(1)))
        self.assertEqual(r.code, 0, r)
        self.assertIn("G1 Z5 F300\nG0 X30 Y312 F4800\nG1 Z0 F300\n", r.out)


class Simulation(PlotterTest):
    def test_a7_sim_takes_no_socket_that_is_not_proven_to_be_a_simulation(self):
        p = self.plotter(speed=50)
        stranger = Stranger(p.root / "real.sock")
        self.addCleanup(stranger.end)
        job = str(p.write("a.svg", SQUARE))
        for words in (["run", job], ["estop"], ["cancel"], ["home"], ["status"]):
            r = p.finish(p.start_command([plotter.KPLOT, *words, "--sim", "--socket", str(stranger.path)]))
            self.assertEqual(r.code, 3, r)
            self.assertIn("no simulated printer", r.err)
        self.assertEqual(set(stranger.asked), {"ksim/prove"})

    def test_a7_an_emergency_stop_with_sim_leaves_the_machines_socket_alone(self):
        p = self.plotter(speed=50)
        stranger = Stranger(p.root / "real.sock")
        self.addCleanup(stranger.end)
        file = p.write("real.yaml", plotter.template().replace("/tmp/klippy_uds", str(stranger.path)))
        r = p.finish(p.start_command([plotter.KPLOT, "estop", "--sim", "--machine", str(file), "--json"]))
        self.assertEqual(r.code, 0, r)
        self.assertNotEqual(r.result()["socket"], str(stranger.path))
        self.assertEqual(stranger.asked, [])

    def test_a9_gcode_and_macros_are_made_for_no_machine_by_silence(self):
        p = self.plotter(speed=50)
        file = str(p.write("a.svg", SQUARE))
        for words in (["gcode", file], ["machine", "macros"]):
            self.assertEqual(p.finish(p.start_command([plotter.KPLOT, *words])).code, 4, words)
        r = p.finish(p.start_command([plotter.KPLOT, "gcode", file, "--sim"]))
        self.assertEqual(r.code, 0, r)
        self.assertIn("for the simulated machine", r.err)

    def test_b18_the_status_of_a_simulation_of_our_own_waits_for_its_start(self):
        p = self.plotter(speed=50)
        r = p.finish(p.start_command([plotter.KPLOT, "status", "--sim", "--json"]))
        self.assertEqual(r.result()["klipper"], "ready")

    def test_machine_check_says_what_it_did_not_look_at(self):
        p = self.plotter(speed=50, machine=plotter.template())
        r = p.finish(p.start_command([plotter.KPLOT, "machine", "check", "--machine", str(p.machine_file)]))
        self.assertEqual(r.code, 0, r)
        self.assertIn("no printer was asked", r.out)
        self.assertIn("CHANGE", r.err)


if __name__ == "__main__":
    plotter.main()
