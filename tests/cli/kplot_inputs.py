#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bad input to kplot: each kind with its message and its exit status, and nothing has moved."""
import gzip
import json
import os
import resource
import signal
import subprocess
import unittest

import plotter
from plotter import HEADER, PlotterTest, line_job, svg

LINE = '<line x1="10" y1="10" x2="30" y2="10"/>'
STROKE = '{"op":"rapid_xy","x":5,"y":5}\n{"op":"tool_down"}\n%s\n{"op":"tool_up"}\n'


class BadDrawings(PlotterTest):
    def test_each_is_refused_with_its_place_before_anything_moves(self):
        p = self.plotter(speed=50)
        table = [
            # name, text, exit status, what the message has to name
            ("cut.svg", '<svg xmlns="http://www.w3.org/2000/svg"><line x1="1"', 1, ["cut.svg"]),
            ("nan.svg", svg('<path d="M0 0 L nan 5"/>'), None, ["nan.svg"]),
            ("far.svg", svg('<line x1="10" y1="10" x2="900" y2="10"/>', 900), 3, ["leaves the work area", "250"]),
            ("off.svg", svg('<line x1="-5" y1="10" x2="30" y2="10"/>'), 3, ["outside of the canvas", "-5"]),
            ("empty.svg", svg(""), 1, ["nothing that a pen can draw"]),
            ("packed.svgz", b"\x1f\x8b\x08\x00junk", 1, ["gzip", "damaged"]),
            ("nothing.jsonl", "", 1, ["line 1", "empty"]),
            ("noheader.jsonl", '{"op":"tool_up"}\n', 1, ["line 1", "header"]),
            ("future.jsonl", '{"format":"kf-job","version":3}\n', 1, ["line 1", "version 3"]),
            ("broken.jsonl", HEADER + '{"op":"rapid_xy","x":1,\n', 1, ["line 2", "JSON"]),
            ("nan.jsonl", HEADER + '{"op":"rapid_xy","x":NaN,"y":1}\n', 1, ["line 2"]),
            ("word.jsonl", HEADER + '{"op":"rapid_xz","x":1,"y":1}\n', 1, ["line 2", "rapid_xy"]),
            ("down.jsonl", HEADER + '{"op":"rapid_xy","x":5,"y":5}\n{"op":"tool_down"}\n', 1, ["tool is down"]),
            ("spray.jsonl", HEADER + STROKE % '{"op":"spray_on"}', 3, ["operation 3", "spray_on"]),
            ("last.jsonl", line_job(20) + '{"op":"rapid_xy","x":-60,"y":5}\n', 3, ["operation 81", "-35"]),
            ("tool.jsonl", HEADER + '{"op":"select_tool","tool":"pem"}\n', 3, ["pem", "pen"]),
        ]
        for name, text, code, parts in table:
            with self.subTest(name):
                file = p.write(name, text)
                r = p.run("run", file)
                if code is None:  # the reader may leave a broken path out, but never in silence
                    self.assertNotEqual(r.code, 0, r)
                else:
                    self.assertEqual(r.code, code, r)
                for part in parts:
                    self.assertIn(part, r.err)
                self.assertLessEqual(max(map(len, r.err.splitlines())), 110, r)
                piped = p.run("run", "-", given=text) if isinstance(text, str) else r
                self.assertEqual(piped.code, r.code, piped)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")
        self.assertEqual(p.ink(), [])

    def test_a_missing_file_is_exit_4_and_a_folder_is_wrong_use(self):
        p = self.plotter()
        self.assertEqual(p.run("run", p.root / "none.svg").code, 4)
        self.assertEqual(p.run("run", p.root).code, 2)
        self.assertEqual(p.run("estimate", p.root / "none.gcode").code, 4)
        self.assertEqual(p.run("stats", p.root / "none.svg").code, 4)

    def test_an_svg_part_that_no_pen_draws_is_told_with_its_line(self):
        p = self.plotter()
        r = p.run("stats", p.write("t.svg", svg(LINE + '\n<image href="a.png" width="5" height="5"/>')))
        self.assertEqual(r.code, 0, r)
        self.assertIn("t.svg:2", r.err)

    def test_a_layer_that_is_not_there_is_named_with_those_that_are(self):
        p = self.plotter()
        r = p.run("stats", p.write("a.svg", svg(LINE)), "--layer", "7")
        self.assertEqual(r.code, 4, r)


    def test_packed_and_utf16_drawings_and_plots_are_drawn_as_they_are_named_or_begin(self):
        p = self.plotter()
        text = svg(LINE)
        plot = "IN;SP1;PU400,400;PD1200,400;PU;"
        for name, content in (("a.svg", text), ("a.svgz", gzip.compress(text.encode())), ("b.svg", text.encode("utf-16")),
                              ("a.plt", plot), ("plot", "\x1b.(" + plot), ("b.hpgl", ";" + plot)):
            with self.subTest(name):
                r = p.run("stats", p.write(name, content), "--json")
                self.assertEqual(r.code, 0, r)
                self.assertEqual(json.loads(r.out.splitlines()[-1])["pen_down_mm"], 20.0, r)
        r = p.run("stats", p.root / "a.plt", "--dpi", "90")
        self.assertEqual(r.code, 2, r)

    def test_arcs_of_drawings_and_jobs_are_kept_when_asked(self):
        p = self.plotter()
        round_ = p.write("a.svg", svg('<circle cx="50" cy="50" r="20" fill="none" stroke="#000"/>'))
        flat = p.run("gcode", round_)
        self.assertNotIn("G2 ", flat.out)
        kept = p.run("gcode", round_, "--arcs")
        self.assertEqual(kept.out.count("\nG2 ") + kept.out.count("\nG3 "), 2, kept)
        self.assertNotIn("pieces", kept.err)
        p.write("a.jsonl", p.run("import", round_).out)
        job = p.run("gcode", p.root / "a.jsonl", "--arcs")
        self.assertEqual(job.out.count("\nG2 ") + job.out.count("\nG3 "), 2, job)
        self.assertEqual(p.run("import", round_, "--arcs").out.count("draw_arc"), 2)
        small = p.write("b.svg", svg('<circle cx="50" cy="50" r="2" fill="none" stroke="#000"/>'))
        self.assertIn("[gcode_arcs]", p.run("gcode", small, "--arcs").err)
        self.assertNotIn("\nG2 ", p.run("gcode", small, "--arcs", "--arc-resolution", "1").out)
        refused = p.run("run", round_, "--arcs")
        self.assertEqual(refused.code, 3, refused)
        self.assertIn("[gcode_arcs]", refused.err)

    def test_an_option_for_an_svg_is_refused_with_a_job_and_not_lost(self):
        p = self.plotter()
        job = p.write("a.jsonl", line_job(1))
        for command, *option in (("import", "--strict"), ("gcode", "--dpi", "90"), ("stats", "--tolerance", "1"),
                                 ("run", "--invisible", "draw"), ("merge", "--strict")):
            with self.subTest(command):
                r = p.run(command, job, *option)
                self.assertEqual(r.code, 2, r)
                self.assertIn(option[0], r.err)


class BadMachines(PlotterTest):
    def test_each_fault_of_machine_yaml_is_named_with_file_and_line(self):
        good = plotter.template()
        table = [
            ("feed_mm_s: 25.0 ", "feed_mm_s: 1500 ", "feed_mm_s"),
            ("width_mm: 210.0", "width_mm: .nan", "canvas.width_mm"),
            ("travel_mm: 10.0", "travel_mm: -1", "z_states.travel_mm"),
            ("max_accel_mm_s2: 3000.0", "max_accel_mm_s2: 3000 mm/s2", "motion.max_accel_mm_s2"),
            ("canvas:", "canvas: [", "YAML"),
        ]
        p = self.plotter()
        for old, new, part in table:
            with self.subTest(new):
                self.assertIn(old, good)
                file = p.write("bad.yaml", good.replace(old, new, 1))
                for words in (["machine", "check", "--machine", file], ["gcode", p.write("a.svg", svg(LINE)), "--machine", file]):
                    r = p.finish(subprocess.Popen([plotter.KPLOT, *map(str, words)], stdin=subprocess.DEVNULL,
                                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                                  env=p.env()))
                    self.assertEqual(r.code, 1, r)
                    self.assertIn("bad.yaml:", r.err.replace("\n        ", ""))
                    self.assertIn(part, r.err)

    def test_a_machine_that_is_not_this_printers_is_refused_before_motion(self):
        text = plotter.template().replace("x: 250.0", "x: 300.0").replace("xy_rotation_distance: 32.0",
                                                                          "xy_rotation_distance: 40.0")
        text = text.replace("belt_pitch_mm: 2.0", "belt_pitch_mm: 2.5")
        p = self.plotter(machine=text)
        r = p.run("run", p.write("a.svg", svg(LINE)))
        self.assertEqual(r.code, 3, r)
        for part in ("position_max", "stepper_x1.rotation_distance", "40"):
            self.assertIn(part, r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")

    def test_machine_check_compares_with_the_printer_while_it_draws_or_has_stopped(self):
        good = plotter.template()
        p = self.plotter(speed=5, machine=good)
        fits = p.run("machine", "check", "--json")
        self.assertEqual(fits.code, 0, fits)
        self.assertEqual((fits.result()["ok"], fits.result()["socket"]), (True, str(p.socket)))
        advice = " ".join(e["text"] for e in fits.events("warning"))
        self.assertIn("KPLOT_BOUNDARY", advice)
        p.machine_file.write_text(good.replace("x: 250.0", "x: 260.0"))
        differs = p.run("machine", "check")
        self.assertEqual(differs.code, 3, differs)
        self.assertIn("machine.work_area_mm.x: machine.yaml has 260", " ".join(differs.err.split()))
        p.ask("emergency_stop")
        self.assertEqual(p.run("machine", "check").code, 3)
        p.machine_file.write_text(good)
        self.assertEqual(p.run("machine", "check").code, 0)
        self.assertEqual(p.state(), "shutdown")
        p.end_ksim()
        gone = p.run("machine", "check")
        self.assertEqual(gone.code, 4, gone)

    def test_init_never_replaces_a_file_unasked(self):
        p = self.plotter()
        file = p.write("mine.yaml", "mine\n")
        r = p.run("machine", "init", "--machine", file)
        self.assertEqual(r.code, 3, r)
        self.assertEqual(file.read_text(), "mine\n")
        self.assertEqual(p.run("machine", "init", "--machine", file, "--force").code, 0)
        self.assertEqual(p.run("machine", "check", "--machine", file).code, 0)


class BadPrinters(PlotterTest):
    def run_on(self, p, socket, *words):
        command = [plotter.KPLOT, words[0], "--sim", "--socket", str(socket), *map(str, words[1:])]
        return p.finish(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True, env=p.env()))

    def test_a_socket_that_is_not_there_is_exit_4(self):
        p = self.plotter()
        drawing = p.write("a.svg", svg(LINE))
        for words in (["run", drawing], ["status"], ["pause"], ["estop"], ["home"]):
            with self.subTest(words[0]):
                r = self.run_on(p, p.root / "none.sock", *words)
                self.assertEqual(r.code, 4, r)
                self.assertIn("none.sock", r.err)

    def test_a_klipper_that_was_killed_is_exit_4(self):
        p = self.plotter()
        p.happens("kill-klippy")
        plotter.wait_for("klippy to be gone", lambda: self.run_on(p, p.socket, "status").code == 4)
        self.assertEqual(p.run("run", p.write("a.svg", svg(LINE))).code, 4)

    def test_a_klipper_in_shutdown_is_refused_with_its_reason(self):
        p = self.plotter()
        p.happens("mcu-shutdown Timer too close")
        plotter.wait_for("the shutdown", lambda: p.state() == "shutdown")
        r = p.run("run", p.write("a.svg", svg(LINE)))
        self.assertEqual(r.code, 3, r)
        self.assertIn("Timer too close", r.err)
        self.assertIn("kplot recover", r.err)

    def test_offset_and_foreign_file_are_refused(self):
        p = self.plotter()
        drawing = p.write("a.svg", svg(LINE))
        p.gcode("SET_GCODE_OFFSET Z=0.25")
        r = p.run("run", drawing)
        self.assertEqual(r.code, 3, r)
        self.assertIn("Z 0.25", r.err)
        p.gcode("SET_GCODE_OFFSET Z=0")
        (p.gcodes / "vase.gcode").write_text("G4 P60000\n" * 3)
        p.gcode("SDCARD_PRINT_FILE FILENAME=vase.gcode")
        r = p.run("run", drawing)
        self.assertEqual(r.code, 3, r)
        self.assertIn("vase.gcode", r.err)

    def test_a_speed_factor_is_reported(self):
        p = self.plotter(speed=50, machine=plotter.template().replace("plunge_feed_mm_s: 5.0", "plunge_feed_mm_s: 40"))
        self.assertEqual(p.run("touch-off", "--touching").code, 0)
        p.gcode("M220 S150")
        r = p.run("run", p.write("a.svg", svg(LINE)))
        self.assertEqual(r.code, 0, r)
        self.assertIn("150 %", r.err)

    def test_a_file_name_with_quotes_and_a_newline_is_drawn_like_any_other(self):
        p = self.plotter(speed=50)
        r = p.run("run", p.write("it's \"mine\"\nand odd.svg", svg(LINE)), "--json")
        self.assertEqual(r.code, 0, r)
        self.assert_ink(p.ink(), [[(35, 312), (55, 312)]])

    def test_a_folder_of_klipper_that_is_gone_or_takes_no_file_is_named(self):
        p = self.plotter()
        drawing = p.write("a.svg", svg(LINE))
        p.gcodes.rmdir()
        r = p.run("run", drawing)
        self.assertEqual(r.code, 4, r)
        self.assertIn(str(p.gcodes), r.err.replace("\n        ", ""))
        p.gcodes.symlink_to("/proc")
        r = p.run("run", drawing)
        self.assertEqual(r.code, 1, r)
        self.assertIn("cannot write", r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")
        p.gcodes.unlink()
        p.gcodes.mkdir()

    def test_a_full_disk_is_told_before_anything_moves(self):
        p = self.plotter()
        job = p.write("many.jsonl", line_job(900))

        def small_files_only():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        r = p.finish(p.start("run", job, preexec_fn=small_files_only))
        self.assertEqual(r.code, 1, r)
        self.assertIn("cannot keep the job on disk", r.err)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")
        self.assertEqual(list(p.gcodes.iterdir()), [])
        if os.path.exists("/dev/full"):
            with open("/dev/full", "w") as full:
                code = subprocess.run(p.command("gcode", job), stdout=full, stderr=subprocess.PIPE, env=p.env(),
                                      stdin=subprocess.DEVNULL, timeout=plotter.DEADLINE)
            self.assertEqual(code.returncode, 1, code.stderr)
            self.assertIn(b"No space left", code.stderr)


class BadUse(PlotterTest):
    def test_options_that_do_not_fit_are_exit_2_and_start_nothing(self):
        p = self.plotter()
        job = p.write("one.jsonl", line_job(1))
        for words in (["run", job, "--mode", "both"], ["run", job, "--mode", "file", "--ahead", "2"],
                      ["run", job, "--mode", "interactive", "--detach"], ["run", job, "--ahead", "x"],
                      ["run"], ["run", job, "--ink", "a.svg"], ["estimate", job, "--limit", "max_axel=3"],
                      ["gcode", job, "--json"], ["machine", "paint"], ["stats", job, "--tool", "brush"]):
            with self.subTest(str(words)):
                if words[0] == "stats":
                    words[1] = p.write("a.svg", svg(LINE))
                r = p.run(*words)
                self.assertEqual(r.code, 2, r)
        self.assertEqual(p.status()["toolhead"]["homed_axes"], "")


if __name__ == "__main__":
    plotter.main()
