#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pause, resume, cancel, emergency stop, recovery, losses: what a person does to a drawing that runs, and what fate
does. The pen is up after every one of them that leaves Klipper alive."""
import os
import pty
import select
import signal
import subprocess
import sys
import unittest

import plotter
from plotter import LEFT, TOP, PlotterTest, line_job, wait_for

LENGTH = 60.0
EXPECTED = [[(LEFT + 5, TOP - 10 - 2 * i), (LEFT + 5 + LENGTH, TOP - 10 - 2 * i)] for i in range(12)]


STRANGER = """
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
print("listens", flush=True)
while True:
    c, _ = s.accept()
    if c.recv(99):
        c.sendall(b'{"ok":true,"text":"a lie: paused, the tool is up"}\\n')
"""


class Control(PlotterTest):
    def drawing(self, p, *words, strokes=12):
        """A run that has drawn something but is far from its end."""
        child = p.start("run", p.write("lines.jsonl", line_job(strokes, LENGTH)), "--json", *words)

        def draws():
            status = p.run("status", "--json").events("result")
            return status and status[-1].get("run_state") == "drawing" and p.pen_is_down()

        wait_for("the pen to draw", lambda: child.poll() is not None or draws())
        self.assertIsNone(child.poll(), "the run ended: " + str(child.returncode))
        return child

    def test_pause_resume_of_a_stroke_run_from_another_shell(self):
        p = self.plotter(speed=10)
        child = self.drawing(p, "--mode", "interactive")
        paused = p.run("pause")
        self.assertEqual(paused.code, 0, paused)
        self.assertIn("the tool is up", paused.out)
        self.assertEqual(p.z(), 10)
        status = p.run("status", "--json").result()
        self.assertEqual((status["run_state"], status["mode"]), ("paused", "interactive"))
        self.assertIsNone(child.poll())
        self.assertEqual(p.run("resume").code, 0)
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        self.assert_ink(p.ink(), EXPECTED)

    @unittest.skipIf(os.geteuid() != 0, "takes another user")
    def test_b25_a_stranger_who_answers_in_the_place_of_a_run_is_not_believed(self):
        p = self.plotter()
        os.chmod(p.root, 0o1777)
        stranger = subprocess.Popen([sys.executable, "-c", STRANGER, str(p.socket) + ".kf-control"], stdout=subprocess.PIPE)
        p.children.append(stranger)
        self.assertEqual(stranger.stdout.readline(), b"listens\n")
        for word in ("pause", "cancel"):
            r = p.run(word)
            self.assertNotIn("a lie", r.out)
            self.assertIn("somebody else listens in the place of a running kplot", " ".join(r.err.split()))
            self.assertNotEqual(r.code, 0, r)  # nothing is being drawn, says the printer

    def test_pause_resume_of_a_file_run_from_another_shell(self):
        p = self.plotter(speed=10)
        child = self.drawing(p)
        paused = p.run("pause")
        self.assertEqual(paused.code, 0, paused)
        self.assertIn("KPLOT_BOUNDARY", paused.out)  # this printer has no such macro, and it is said
        self.assertEqual(p.z(), 10)
        self.assertEqual(p.job_state(), "paused")
        resumed = p.run("resume")
        self.assertEqual(resumed.code, 0, resumed)
        r = p.finish(child)
        self.assertEqual(r.code, 0, r)
        drawn = p.ink()
        # A stroke may be in two pieces; together they are the same ink.
        for want in EXPECTED:
            for q in plotter.along(want, 0.5):
                self.assertLess(min(plotter.distance_to_segment(q, a, b) for l in drawn for a, b in zip(l, l[1:])),
                                0.02)
        self.assertLessEqual(len(drawn), len(EXPECTED) + 1)

    def test_cancel_from_another_shell_leaves_the_tool_up(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=10)
                child = self.drawing(p, "--mode", mode)
                cancelled = p.run("cancel")
                self.assertEqual(cancelled.code, 0, cancelled)
                r = p.finish(child)
                self.assertEqual(r.code, 130, r)
                self.assertEqual(p.z(), 10)
                self.assertNotEqual(p.job_state(), "printing")
                # The next run finds everything in order.
                self.assertEqual(p.run("run", p.write("one.jsonl", line_job(1)), "--mode", mode).code, 0)

    def test_ctrl_c_pauses_and_a_second_one_cancels(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=10)
                child = self.drawing(p, "--mode", mode)
                child.send_signal(signal.SIGINT)
                wait_for("the pause", lambda: p.run("status", "--json").result().get("run_state") == "paused")
                self.assertEqual(p.z(), 10)
                child.send_signal(signal.SIGINT)
                r = p.finish(child)
                self.assertEqual(r.code, 130, r)
                self.assertEqual(p.z(), 10)

    def test_detach_leaves_the_file_to_klipper_and_other_shells_steer_it(self):
        p = self.plotter(speed=10)
        r = p.run("run", p.write("lines.jsonl", line_job(12, LENGTH)), "--detach", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.result()["kind"], "started")
        wait_for("the pen to go down", lambda: p.job_state() == "printing" and p.pen_is_down())
        status = p.run("status", "--json").result()
        self.assertEqual(status["job_state"], "printing")
        self.assertGreater(status["eta_s"], 0)
        self.assertEqual(p.run("pause").code, 0)
        self.assertEqual(p.z(), 10)
        self.assertEqual(p.run("resume").code, 0)
        cancelled = p.run("cancel")
        self.assertEqual(cancelled.code, 0, cancelled)
        self.assertEqual((p.z(), p.job_state()), (10, "cancelled"))

    def test_an_emergency_stop_in_a_stroke_ends_the_run_and_recover_brings_it_back(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=10)
                child = self.drawing(p, "--mode", mode)
                stopped = p.run("estop")
                self.assertEqual(stopped.code, 0, stopped)
                r = p.finish(child)
                self.assertEqual(r.code, 1, r)
                error = r.events("error")[-1]
                self.assertEqual(error["errc"], "connection_lost")
                self.assertEqual(p.state(), "shutdown")
                refused = p.run("home")
                self.assertEqual(refused.code, 3, refused)
                back = p.run("recover", "--json")
                self.assertEqual(back.code, 0, back)
                self.assertEqual(back.result()["homed_axes"], "xyz")
                self.assertEqual(p.z(), 10)
                self.assertEqual(p.run("run", p.write("one.jsonl", line_job(1)), "--mode", mode).code, 0)

    def test_a_lost_micro_controller_ends_the_run_and_nothing_is_drawn_again(self):
        p = self.plotter(speed=10)
        child = self.drawing(p, "--mode", "interactive")
        p.happens("lose-mcu")
        r = p.finish(child)
        self.assertEqual(r.code, 1, r)
        self.assertEqual(r.events("error")[-1]["errc"], "connection_lost")
        self.assertIn("strokes", r.events("error")[-1]["cause"])
        p.happens("return-mcu")
        self.assertEqual(p.run("recover").code, 0)
        ink = p.ink()
        self.assertLess(len(ink), 12)
        self.assert_ink(ink[:-1], EXPECTED[:len(ink) - 1])

    def test_a_killed_klippy_ends_the_run(self):
        for mode in ("file", "interactive"):
            with self.subTest(mode=mode):
                p = self.plotter(speed=10)
                child = self.drawing(p, "--mode", mode)
                p.happens("kill-klippy")
                r = p.finish(child)
                self.assertEqual(r.code, 1, r)
                self.assertEqual(r.events("error")[-1]["errc"], "connection_lost")
                p.happens("start-klippy")
                back = p.run("recover", "--pen-is-up")
                self.assertEqual(back.code, 0, back)

    def cut_in_a_stroke(self, *words):
        """A run whose connection to Klipper breaks while the pen draws, and what came of it."""
        p = self.plotter(speed=10)
        self.assertEqual(p.run("home").code, 0)

        def the_pen_draws(words):
            status = words.get("params", {}).get("status", {})
            return status.get("motion_report", {}).get("live_position", [0, 0, 0])[2] > 15

        cut = plotter.Cut(p.socket, the_pen_draws)
        self.addCleanup(cut.end)
        command = p.command("run", p.write("lines.jsonl", line_job(6, LENGTH)), "--json", *words)
        command[command.index(str(p.socket))] = str(cut.path)
        r = p.finish(p.start_command(command))
        self.assertIsNone(cut.at, r)
        return p, r

    def test_a_broken_connection_does_not_end_a_file_that_klipper_goes_on_with(self):
        p, r = self.cut_in_a_stroke()
        self.assertEqual(r.code, 0, r)
        self.assertTrue(any("Klipper goes on with the file" in e["text"] for e in r.events("step")), r)
        self.assertEqual(p.z(), 10)
        self.assert_ink(p.ink(), EXPECTED[:6])

    def test_a_broken_connection_ends_an_interactive_run_and_no_stroke_is_sent_again(self):
        p, r = self.cut_in_a_stroke("--mode", "interactive")
        self.assertEqual(r.code, 1, r)
        error = r.events("error")[-1]
        self.assertEqual(error["errc"], "connection_lost")
        self.assertIn("stroke 1 may be drawn in part", error["cause"])
        self.assertIn("kplot recover", " ".join(error["steps"]))
        wait_for("the end of the stroke", lambda: not p.pen_is_down())
        self.assertEqual(p.run("home").code, 0)
        self.assert_ink(p.ink(), EXPECTED[:1])

    def test_a_second_kplot_on_one_socket_is_refused_and_told_who_draws(self):
        p = self.plotter(speed=10)
        child = self.drawing(p, "--mode", "interactive")
        second = p.run("run", p.write("one.jsonl", line_job(1)))
        self.assertEqual(second.code, 3, second)
        self.assertIn("kplot run", second.err)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(p.finish(child).code, 130)
        self.assertEqual(p.z(), 10)

    def test_step_mode_waits_for_a_key_before_each_stroke(self):
        p = self.plotter(speed=20)
        mine, its = pty.openpty()
        try:
            child = subprocess.Popen(p.command("run", p.write("lines.jsonl", line_job(3, LENGTH)), "--step"), stdin=its,
                                     stdout=its, stderr=its, env=p.env(), start_new_session=True)
            p.children.append(child)
            seen = b""
            for stroke in (b"stroke 1", b"stroke 2"):
                def told():
                    nonlocal seen
                    while select.select([mine], [], [], 0)[0]:
                        seen += os.read(mine, 4096)
                    self.assertIsNone(child.poll(), seen)
                    return stroke in seen

                wait_for(stroke.decode() + " to be asked for", told)
                self.assertEqual((p.z(), p.pen_is_down()), (10, False))
                os.write(mine, b"\n" if stroke == b"stroke 1" else b"q\n")
            child.wait(plotter.DEADLINE)
        finally:
            os.close(mine)
            os.close(its)
        self.assertEqual(child.returncode, 130, seen)
        self.assert_ink(p.ink(), EXPECTED[:1])

    def test_step_mode_without_a_terminal_is_exit_5(self):
        p = self.plotter()
        r = p.run("run", p.write("lines.jsonl", line_job(3)), "--step")
        self.assertEqual(r.code, 5, r)


class Reference(PlotterTest):
    """The pen and Z on a machine whose owner has to look: no --sim."""

    def machine(self, method="touch_off"):
        return plotter.template().replace("method: auto", "method: " + method)

    def test_tool_down_is_refused_until_the_touch_off_and_homing_while_the_pen_may_be_down(self):
        p = self.plotter(speed=50, machine=self.machine())
        job = p.write("one.jsonl", line_job(1))
        refused = p.run("run", job)
        self.assertEqual(refused.code, 3, refused)
        self.assertIn("kplot touch-off", refused.err)
        asks = p.run("touch-off")
        self.assertEqual(asks.code, 5, asks)
        self.assertEqual(p.run("touch-off", "--touching").code, 0)
        self.assertEqual(p.z(), 10)
        self.assertEqual(p.run("home").code, 0)
        drawn = p.run("run", job)
        self.assertEqual(drawn.code, 0, drawn)

        self.assertEqual(p.run("estop").code, 0)
        refused = p.run("recover")
        self.assertEqual(refused.code, 3, refused)
        self.assertIn("may be down", refused.err)
        self.assertEqual(p.run("home").code, 3)
        self.assertEqual(p.run("recover", "--pen-is-up").code, 0)
        self.assertEqual(p.run("run", job).code, 3)  # Z has no reference in this run of Klipper
        self.assertEqual(p.run("touch-off", "--touching").code, 0)
        self.assertEqual(p.run("run", job).code, 0)


if __name__ == "__main__":
    plotter.main()
