#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ksim printer as a plain client of Klipper's API meets it: what happens to it, its printer.cfg, the ink.

python3 ksim_printer.py KPLOT KSIM"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

KSIM = "ksim"
DEADLINE = float(os.environ.get("KF_TEST_DEADLINE", "120"))


class Printer:
    def __init__(self, *options):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kf-ksim."))
        self.uds = self.root / "uds"
        options = [str(o).replace("ROOT", str(self.root)) for o in options]
        env = dict(os.environ, HOME=str(self.root), XDG_STATE_HOME=str(self.root / "logs"))
        self.ksim = subprocess.Popen([KSIM, "printer", "--socket", str(self.uds), "--speed", "100", "--stdin", *options],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
        self.at = json.loads(self.ksim.stdout.readline() or "{}")
        self.wire, self.id = None, 0

    def close(self):
        if self.wire:
            self.wire.close()
        self.ksim.terminate()
        self.ksim.wait(30)
        self.ksim.stdin.close()
        self.ksim.stdout.close()

    def remove(self):
        self.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def happens(self, words):
        self.ksim.stdin.write(words.encode() + b"\n")
        self.ksim.stdin.flush()

    def connect(self):
        if self.wire:
            self.wire.close()
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            self.wire = socket.socket(socket.AF_UNIX)
            self.wire.settimeout(DEADLINE)
            try:
                return self.wire.connect(str(self.uds))
            except (ConnectionRefusedError, FileNotFoundError):  # it binds its socket anew
                self.wire.close()
                time.sleep(0.01)
        raise AssertionError("klippy never listened again")

    def ask(self, method, **params):
        self.id += 1
        request = {"id": self.id, "method": method, "params": params}
        self.wire.sendall(json.dumps(request).encode() + b"\x03")
        text = b""
        while not text.endswith(b"\x03"):
            part = self.wire.recv(65536)
            if not part:
                return None
            text += part
        answer = json.loads(text[:-1])
        assert answer["id"] == self.id, answer
        return answer

    def script(self, text):
        answer = self.ask("gcode/script", script=text)
        return answer.get("error", {}).get("message", "")

    def wait_for_state(self, wanted):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            info = self.ask("info")
            if info is None:
                self.connect()
            elif info["result"]["state"] == wanted:
                return info["result"]["state_message"]
            else:
                time.sleep(0.01)
        raise AssertionError("never " + wanted)

    def restart(self, command="FIRMWARE_RESTART"):
        self.script(command)
        while self.wire.recv(65536):
            pass
        self.connect()


class KsimPrinter(unittest.TestCase):
    def printer(self, *options):
        p = Printer(*options)
        self.addCleanup(p.remove)
        p.connect()
        p.wait_for_state("ready")
        return p

    def test_a_lost_mcu_is_noticed_and_a_restart_brings_it_back_unhomed(self):
        p = self.printer()
        self.assertEqual(p.script("G28"), "")
        p.happens("lose-mcu")
        message = p.wait_for_state("shutdown")
        self.assertEqual(message.split("\n")[0], "Lost communication with MCU 'mcu'")
        self.assertIn("Lost communication", p.script("G1 X10"))
        p.happens("return-mcu")
        p.restart()
        p.wait_for_state("ready")
        self.assertEqual(p.script("G1 X10"), "Must home axis first: 10.000 0.000 0.000 [0.000]")

    def ksim(self, *words):
        return subprocess.run([KSIM, *words], capture_output=True, text=True, timeout=DEADLINE)

    def test_hands_and_eyes_at_the_machine_and_a_printer_cfg_that_is_read_anew(self):
        text = (pathlib.Path(__file__).parents[1] / "transcripts/printer_cfg/bring_up.cfg").read_text()
        with tempfile.TemporaryDirectory() as folder:
            cfg = pathlib.Path(folder) / "printer.cfg"
            cfg.write_text(text)
            p = self.printer("--config", cfg)
            here = "--socket", str(p.uds)
            self.assertEqual(self.ksim("press", "y", *here).returncode, 0)
            self.assertEqual(p.ask("query_endstops/status")["result"]["manual_stepper stepper_y"], "TRIGGERED")
            self.assertEqual(p.script("MANUAL_STEPPER STEPPER=stepper_x MOVE=-16 SPEED=32\nM400"), "")
            self.assertEqual(self.ksim("look", *here).stdout.splitlines(),
                             ["motor x: locked, turned down 0.5 times", "motor x1: free to turn", "motor y: free to turn",
                              "motor z: free to turn", "switch x: free", "switch x1: free", "switch y: pressed",
                              "switch z: free"])
            cfg.write_text(text.replace("rotation_distance: 32", "rotation_distance: CHANGE_ME", 1))
            r = self.ksim("restart", *here)
            self.assertEqual(r.returncode, 1, r)
            self.assertIn("Unable to parse option 'rotation_distance' in section 'manual_stepper stepper_x'",
                          " ".join(r.stderr.split()))
            cfg.write_text(text)
            self.assertEqual(self.ksim("restart", *here).returncode, 0)
            self.assertEqual(self.ksim("press", "door", *here).returncode, 2)
        none = self.ksim("look", "--socket", folder + "/none")
        self.assertEqual(none.returncode, 4)
        self.assertIn(f"ksim printer --socket {folder}/none", none.stderr)

    def test_a_config_error_is_found_by_the_next_restart_and_is_gone_after_the_one_behind(self):
        p = self.printer()
        p.happens("config-error Option 'x' is not valid in section 'printer'")
        p.restart("RESTART")
        self.assertTrue(p.wait_for_state("error").startswith("Option 'x' is not valid in section 'printer'\n"))
        p.happens("config-error")
        p.restart("RESTART")
        p.wait_for_state("ready")

    def test_an_endstop_that_never_triggers_fails_the_homing(self):
        p = self.printer()
        p.happens("endstop-y never")
        error = ""
        end = time.monotonic() + DEADLINE
        while not error and time.monotonic() < end:  # the word may still be on its way
            error = p.script("G28 Y")
        self.assertEqual(error, "No trigger on stepper_y after full movement")
        p.happens("endstop-y ok")
        while error and time.monotonic() < end:
            error = p.script("G28 Y")
        self.assertEqual(error, "")

    def test_a_killed_klippy_closes_and_comes_back_ready(self):
        p = self.printer()
        p.happens("kill-klippy")
        self.assertEqual(p.wire.recv(100), b"")
        p.happens("start-klippy")
        p.connect()
        p.wait_for_state("ready")

    def test_macros_of_a_printer_cfg_run(self):
        root = pathlib.Path(tempfile.mkdtemp(prefix="kf-ksim."))
        self.addCleanup(shutil.rmtree, root)
        cfg = root / "p.cfg"
        cfg.write_text("[gcode_macro UP]\nvariable_on: 0\ngcode:\n  {% if on %}\n  G1 Z3 F600\n  {% endif %}\n"
                       "[virtual_sdcard]\npath: /nowhere\non_error_gcode: UP\n")
        p = self.printer("--config", cfg, "--gcodes", "ROOT/files")
        self.assertEqual(p.at["gcodes"], str(p.root / "files"))
        objects = p.ask("objects/list")["result"]["objects"]
        self.assertIn("gcode_macro UP", objects)
        self.assertEqual(p.script("G28\nG1 Z9 F600\nUP\nM400\nG90"), "")
        z = lambda: p.ask("objects/query", objects={"toolhead": ["position"]})["result"]["status"]["toolhead"]["position"][2]
        self.assertEqual(z(), 9)
        self.assertEqual(p.script("SET_GCODE_VARIABLE MACRO=UP VARIABLE=on VALUE=1\nUP\nM400\nG90"), "")
        self.assertEqual(z(), 3)
        cfg.write_text("[heater_bed]\nmax_temp: 3\n")
        r = subprocess.run([KSIM, "printer", "--socket", root / "uds", "--config", cfg], capture_output=True, text=True,
                           env=dict(os.environ, XDG_STATE_HOME=str(root)))
        self.assertEqual(r.returncode, 1)
        self.assertIn("p.cfg:2: Option 'max_temp' is not valid", " ".join(r.stderr.split()))

    def test_a_wrong_machine_draws_what_it_is_and_a_person_reads_it(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kf-ksim."))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        wrong = folder / "wrong.txt"
        wrong.write_text("turn_x_mm: 32.32   # 1 % off\nbacklash_x_mm: 0.15\n")
        p = self.printer("--ink", "ROOT/ink.svg", "--wrong", wrong)
        script = "G28\nG90\nG1 Z10 F1200\n"
        for x in range(20, 201, 30):
            script += f"G1 X{x - 3} Y40 F6000\nG1 X{x}\nG1 Z20 F1200\nG1 Y48 F1500\nG1 Z10 F1200\n"
        self.assertEqual(p.script(script + "M400"), "")
        p.close()

        def measure(ink, *words):
            return subprocess.run([KSIM, "measure", "--ink", ink, *map(str, words)], capture_output=True, text=True)

        ink = p.root / "ink.svg"
        r = measure(ink, "steps-x", "--with", "caliper", "--seed", 3)
        self.assertEqual(r.returncode, 0, r)
        marks = dict(line.split(": ") for line in r.stdout.splitlines())
        self.assertEqual(list(marks), [f"mark_{k}" for k in range(1, 8)])
        self.assertAlmostEqual(float(marks["mark_7"]) - float(marks["mark_1"]), 181.8, delta=0.2)
        self.assertEqual(measure(ink, "steps-x", "--with", "caliper", "--seed", 3).stdout, r.stdout)
        self.assertNotEqual(measure(ink, "steps-x", "--with", "caliper", "--seed", 4).stdout, r.stdout)
        self.assertEqual(measure(ink, "square").returncode, 4)
        self.assertIn("four crosses are not on this sheet", " ".join(measure(ink, "square").stderr.split()))
        self.assertEqual(measure(wrong, "steps-x").returncode, 1)
        self.assertEqual(measure(ink, "steps-x", "--with", "eyes").returncode, 2)
        wrong.write_text("racked_deg: 0.4\ntouch_mm: 19,37\n")
        r = subprocess.run([KSIM, "printer", "--socket", folder / "uds", "--wrong", wrong], capture_output=True, text=True)
        self.assertEqual(r.returncode, 1)
        self.assertIn('wrong.txt:2: touch_mm is "19,37", allowed: a number from -1000 to 1000', " ".join(r.stderr.split()))

    def test_what_the_pen_drew_is_a_picture(self):
        for name, begin in (("ink.svg", b"<?xml"), ("ink.png", b"\x89PNG\r\n\x1a\n")):
            with self.subTest(name):
                p = self.printer("--ink", f"ROOT/{name}")
                self.assertEqual(p.script("G28\nG1 X20 Y30 F6000\nG1 Z20 F900\nG1 X60 F3000\nG1 Z0 F900\nM400\nG90"), "")
                p.close()
                ink = (p.root / name).read_bytes()
                self.assertTrue(ink.startswith(begin) or ink.startswith(b"<svg"), ink[:40])
                if name == "ink.svg":
                    self.assertIn(b'points="20.0000,30.0000 60.0000,30.0000"', ink)


if __name__ == "__main__":
    KSIM = os.path.abspath(sys.argv[2])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
