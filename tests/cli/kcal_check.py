#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kcal from the wiring to a proven plotter: printer.cfg, bring-up, levels, on the simulated printer.

python3 kcal_check.py KPLOT KSIM     KCAL is beside KPLOT"""
import pathlib
import signal
import tempfile

import plotter
from plotter import PlotterTest, wait_for

Z_PINS = ("stepper_z.step_pin=PF9", "stepper_z.dir_pin=PF10", "stepper_z.enable_pin=PG2", "stepper_z.endstop_pin=^PG10")
LOOKED = "pen_touches: yes\npen_clear: yes\nsecond_right: yes\nboth_right: yes\n"


class KcalTest(PlotterTest):
    def kcal(self, p, *words):
        child = p.start_command([str(pathlib.Path(plotter.KPLOT).parent / "kcal"), *p.command(*words)[1:]])
        return p.finish(child)

    def checks(self, r):
        return {e["name"]: e["outcome"] for e in r.events("result") if e.get("kind") == "level_check"}


class PrinterCfg(KcalTest):
    def setUp(self):
        self.p = self.plotter(machine=plotter.template().replace("z_rotation_distance: null", "z_rotation_distance: 8"))
        self.pins = [w for pin in Z_PINS for w in ("--pin", pin)]

    def test_row_e_what_it_writes_fits_and_what_is_added_or_changed_is_named(self):
        p, file = self.p, self.p.root / "written.cfg"
        self.assertEqual(self.kcal(p, "printer-cfg", *self.pins, "-o", file).code, 0)
        r = self.kcal(p, "printer-cfg", "--check", file)
        self.assertEqual((r.code, r.err), (0, ""), r)
        # What a file includes counts, and what stands behind it.
        text = file.read_text().replace("microsteps: 4 ", "microsteps: 16 ", 1)
        file.write_text(text + "\n[include more/*.cfg]\n")
        (p.root / "more").mkdir()
        (p.root / "more/mesh.cfg").write_text("[bed_mesh]\nspeed: 120\n[delayed_gcode go]\ninitial_duration: 2\ngcode:\n  G28\n")
        r = self.kcal(p, "printer-cfg", "--check", file)
        self.assertEqual(r.code, 3, r)
        self.assertIn("stepper_x.microsteps is 16", r.out)
        self.assertIn("[bed_mesh]: moves Z inside of every other move", r.out)
        self.assertIn("[delayed_gcode go]: moves 2 s after every start of Klipper", r.out)
        self.assertEqual(len(r.out.splitlines()), 3, r)

    def test_without_the_pins_of_z_it_is_for_bring_up(self):
        r = self.kcal(self.p, "printer-cfg")
        self.assertEqual(r.code, 0, r)
        self.assertIn("kinematics: none", r.out)
        self.assertIn("[manual_stepper stepper_x1]", r.out)
        self.assertIn("stepper_z.step_pin", r.err)
        self.assertNotIn("CHANGE_ME", r.out.replace("serial: CHANGE_ME", ""))
        # A pin that no motor has is a slip, not a pin to be forgotten.
        for pin in ("stepper_z.endstop=^PG10", "stepper_z.rotation_distance=8"):
            r = self.kcal(self.p, "printer-cfg", "--pin", pin)
            self.assertEqual((r.code, r.out), (2, ""), r)
            self.assertIn(pin.split("=")[0], r.err)
        r = self.kcal(self.p, "printer-cfg", "--pin", "stepper_z", "--machine", "/nowhere")
        self.assertEqual(r.code, 2, r)
        # A reader of lines takes a carriage return for an end of one.
        for serial in ("/dev/x\r[force_move]", "/dev/x\n", "/dev/\x1b[2Jx", "/dev/x\x7f", "/dev/x # y"):
            r = self.kcal(self.p, "printer-cfg", "--serial", serial, "--machine", "/nowhere")
            self.assertEqual((r.code, r.out), (2, ""), r)

    def test_the_running_printer_is_held_against_the_machine_too(self):
        r = self.kcal(self.p, "printer-cfg", "--live", "--json")
        self.assertEqual(r.code, 3, r)
        texts = [e["text"] for e in r.events("result")]
        self.assertTrue(any("[stepper_y] step_pin is gpio8" in t for t in texts), r)


class Levels(KcalTest):
    def proven(self, **options):
        return self.plotter(config=self.plotter().run("machine", "macros").out, **options)

    def test_levels_1_2_and_5_run_alone(self):
        p = self.proven(speed=20)
        for level, count in ((1, 6), (2, 7), (5, 5)):
            with self.subTest(level):
                r = self.kcal(p, "check", "--level", level, "--json")
                self.assertEqual(r.code, 0, r)
                self.assertEqual(list(self.checks(r).values()), ["passed"] * count)
                report = r.events("result")[-1]
                self.assertEqual((report["kind"], report["passed"], report["ok"]), ("level_report", count, True))
        # A level leaves no pen on the paper and no pause.
        self.assertEqual((p.z(), p.status(pause_resume=["is_paused"])["pause_resume"]["is_paused"]), (10, False))

    def test_level3_what_a_person_denies_fails_its_check_and_the_others_go_on(self):
        p = self.plotter(speed=20)
        file = p.write("looked.txt", LOOKED.replace("second_right: yes", "second_right: no"))
        r = self.kcal(p, "check", "--level", 3, "--answers", file, "--json")
        self.assertEqual(r.code, 1, r)
        self.assertEqual(self.checks(r), {"pen_down": "passed", "pen_up": "passed", "airbrush_down": "failed",
                                          "tool_switch": "passed"})
        self.assertEqual(p.z(), 10)
        self.assertEqual(p.status(toolhead=["homed_axes"])["toolhead"]["homed_axes"], "xyz")

    def test_without_a_z_reference_nothing_travels_until_somebody_says_that_the_pen_is_up(self):
        p = self.plotter(speed=20, machine=plotter.template())
        r = self.kcal(p, "check", "--level", 2, "--json")
        self.assertEqual(r.code, 3, r)
        seen = self.checks(r)
        self.assertEqual([n for n, outcome in seen.items() if outcome == "passed"], ["home_x", "home_y"])
        self.assertEqual(set(seen.values()), {"passed", "left_out"})
        r = self.kcal(p, "check", "--level", 2, "--pen-is-up", "--json")
        self.assertEqual(r.code, 3, r)
        self.assertEqual([n for n, outcome in self.checks(r).items() if outcome != "passed"], ["move_z"])
        self.assertEqual(p.run("touch-off", "--touching").code, 0)
        self.assertEqual(self.kcal(p, "check", "--level", 2).code, 0)

    def test_without_a_person_nothing_moves(self):
        p = self.plotter()
        r = self.kcal(p, "check", "--level", 3)
        self.assertEqual(r.code, 5, r)
        self.assertIn("pen_touches", r.err)
        self.assertEqual(p.status(toolhead=["homed_axes"])["toolhead"]["homed_axes"], "")

    def test_an_answer_that_is_none_is_known_before_anything_moves(self):
        p = self.plotter()
        for wrong in ("square_width=fifty", "square_width=5"):
            r = self.kcal(p, "check", "--level", 4, "--only", "square", "--answer", wrong, "--answer", "square_height=50")
            self.assertEqual(r.code, 2, r)
            self.assertIn("a number from 30 to 70 mm", r.err)
        self.assertEqual(p.status(toolhead=["homed_axes"])["toolhead"]["homed_axes"], "")

    def test_ctrl_c_ends_a_level_with_the_tool_up_and_the_motors_on(self):
        p = self.plotter(speed=5)
        words = p.command("check", "--level", 4, "--only", "long_job", "--json")[1:]
        child = p.start_command([str(pathlib.Path(plotter.KPLOT).parent / "kcal"), *words])
        wait_for("the pen to draw", lambda: p.pen_is_down() or child.poll() is not None)
        child.send_signal(signal.SIGINT)
        r = p.finish(child)
        self.assertEqual(r.code, 130, r)
        report = [e for e in r.events("result") if e["kind"] == "level_report"][0]
        self.assertEqual((report["passed"], report["not_run"], report["ok"]), (0, 1, False))
        self.assertEqual(p.z(), 10)
        status = p.status(toolhead=["homed_axes"], idle_timeout=["idle_timeout"])
        self.assertEqual(status["toolhead"]["homed_axes"], "xyz")


class Bringup(KcalTest):
    GOOD = ("locked_stepper_y=yes", "buzzed_stepper_y=moved", "turned_stepper_y=once", "direction_stepper_y=up")

    def said(self, *answers):
        return [w for a in answers for w in ("--answer", a)]

    def test_it_goes_on_where_it_was_and_a_hum_is_the_pulse(self):
        p = self.plotter(speed=50, machine=plotter.template())
        first = self.kcal(p, "bringup", "y", "--json", *self.said("free=yes", self.GOOD[0]))
        self.assertEqual(first.code, 5, first)
        self.assertIn("What did stepper_y do", first.out)
        steps = [e["text"] for e in first.events("step")]
        self.assertEqual(len(steps), 2, steps)
        again = self.kcal(p, "bringup", "y", "--json", *self.said("buzzed_stepper_y=hummed"))
        self.assertEqual(again.code, 1, again)
        self.assertEqual(again.events("step"), [])
        end = [e for e in again.events("result") if e["kind"] == "calibration"][0]
        self.assertEqual((end["ok"], end["motor"]), (False, "stepper_y"))
        self.assertIn("step_pulse_duration", end["next"])

    def brought_up(self, wrong):
        """Y of a machine that is wired so, until its switch is pressed by a hand."""
        config = (pathlib.Path(__file__).parents[1] / "transcripts/printer_cfg/bring_up.cfg").read_text()
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(wrong)
            file.flush()
            p = self.plotter(speed=1000, machine=plotter.template(), config=config, ksim=("--wrong", file.name))
        words = "bringup", "y", "--json", "--yes"
        first = self.kcal(p, *words, *self.said("free=yes", *self.GOOD, *(f"ran_{k}_stepper_y=smooth" for k in range(1, 7)),
                                                "returned_stepper_y=yes", "released=yes"))
        self.assertEqual(first.code, 5, first)
        self.assertIn("Press the switch of Y", first.out)
        p.ask("ksim/press", switch="y")
        last = self.kcal(p, *words, *self.said("pressed=yes"))
        return last, [e for e in last.events("result") if e["kind"] == "calibration"][0]

    def test_a_switch_that_a_hand_presses_is_read_right(self):
        r, end = self.brought_up("")
        self.assertEqual((r.code, end["ok"]), (0, True), r)

    def test_a_switch_that_is_wired_the_other_way_round_or_to_another_pin_is_told(self):
        for wrong, found in (("switch_inverted_y: 1", "its switch is read the wrong way round"),
                             ("switches_swapped_xy: 1", "its switch is always open")):
            with self.subTest(wrong):
                r, end = self.brought_up(wrong)
                self.assertEqual((r.code, end["ok"]), (1, False), r)
                self.assertIn(found, end["found"])

    def test_the_sections_that_are_printed_are_those_of_the_machine(self):
        p = self.plotter(machine=plotter.template())
        r = self.kcal(p, "bringup", "x", "--sections")
        self.assertEqual(r.code, 0, r)
        self.assertEqual([line for line in r.out.splitlines() if line.startswith("[")],
                         ["[manual_stepper stepper_x]", "[manual_stepper stepper_x1]"])


if __name__ == "__main__":
    plotter.main()
