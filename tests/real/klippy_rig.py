# SPDX-License-Identifier: MIT
"""Real klippy on a simulated micro-controller, as a plotter that kplot draws on. See README.md beside this file for what
the rig's folder has to hold; nothing of Klipper is in this repository.

`RealPlotter` has the same face as plotter.Plotter (ksim), so that a case runs on both."""
import json
import math
import mmap
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import plotter  # noqa: E402

STEPS_PER_MM = 50
PEN_DOWN = 15.0  # Z from which on the pen is taken for down, as ksim has it

# seeds/5 section 13 with the virtual pins of the rig, and a Z: Klipper wants one for cartesian kinematics.
PRINTER_CFG = """[mcu]
serial: {root}/mcu_tty
restart_method: command
[printer]
kinematics: cartesian
max_velocity: 200
max_accel: 3000
[stepper_y]
step_pin: gpio8
dir_pin: gpio9
enable_pin: gpio10
microsteps: 4
rotation_distance: 32
full_steps_per_rotation: 400
endstop_pin: ^gpio11
position_endstop: 0
position_max: 350
homing_speed: 30
homing_positive_dir: false
[stepper_x]
step_pin: gpio0
dir_pin: gpio1
enable_pin: gpio2
microsteps: 4
rotation_distance: {x_rotation}
full_steps_per_rotation: 400
endstop_pin: ^gpio3
position_endstop: 0
position_max: 250
homing_speed: 30
homing_positive_dir: false
[stepper_x1]
step_pin: gpio20
dir_pin: gpio21
enable_pin: gpio22
microsteps: 4
rotation_distance: {x_rotation}
full_steps_per_rotation: 400
[stepper_z]
step_pin: gpio12
dir_pin: gpio13
enable_pin: gpio14
microsteps: 4
rotation_distance: 32
full_steps_per_rotation: 400
endstop_pin: ^{z_endstop}
position_endstop: 0
position_min: -5
position_max: 40
homing_speed: 20
[respond]
"""
SD = """[virtual_sdcard]
path: {root}/gcodes
{on_error}
[pause_resume]
"""
# What a newcomer may have: the CANCEL_PRINT of seeds/5, whose relative lift presses a pen.
OLD_CANCEL = """[force_move]
enable_force_move: True
[gcode_macro CANCEL_PRINT]
rename_existing: BASE_CANCEL_PRINT
gcode:
    BASE_CANCEL_PRINT
    G91
    G0 Z5 F1200
    G90
"""


class Connection:
    """One API connection: requests, and everything that comes in, on a thread, with its time."""

    def __init__(self, path, record=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.answers, self.pushes, self.ended = {}, [], False
        self.changed = threading.Condition()
        self.last_id = 0
        self.record = record
        threading.Thread(target=self.read, daemon=True).start()

    def note(self, direction, message):
        if self.record is not None:
            self.record.append({"t": round(time.monotonic(), 4), "dir": direction, "msg": message})

    def read(self):
        partial = b""
        while True:
            try:
                piece = self.socket.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                piece = b""
            if not piece:
                with self.changed:
                    self.ended = True
                    self.note("<", {"EOF": True})
                    self.changed.notify_all()
                return
            *whole, partial = (partial + piece).split(b"\x03")
            for text in whole:
                message = json.loads(text)
                with self.changed:
                    self.note("<", message)
                    if "id" in message:
                        self.answers[message["id"]] = message
                    else:
                        self.pushes.append((time.monotonic(), message))
                    self.changed.notify_all()

    def send(self, method, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        self.note(">", message)
        self.socket.sendall(json.dumps(message).encode() + b"\x03")
        return self.last_id

    def wait(self, number, deadline=120):
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.answers or self.ended, deadline):
                raise AssertionError("no answer")
            return self.answers.get(number)

    def call(self, method, **params):
        answer = self.wait(self.send(method, **params))
        if answer is None or "error" in answer:
            raise AssertionError(f"{method}: {answer}")
        return answer["result"]

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Moves:
    """The moves that a printer plans from now on: (time, duration, v0, a, start, direction), a homing move left out.

    Of real klippy they come from the extra kf_moves.py: Klipper's own motion_report/dump_trapq hides what begins
    before the end time of a homing move that was cut short. ksim has dump_trapq alone."""

    def __init__(self, plot):
        self.plot = plot
        self.from_ksim = None
        if isinstance(plot, RealPlotter):
            self.begin = plot.moves_file.stat().st_size if plot.moves_file.exists() else 0
        else:
            self.from_ksim = Connection(plot.socket)
            self.from_ksim.call("motion_report/dump_trapq", name="toolhead", response_template={"trapq": 1})

    def moves(self, quiet=1.2):
        """All so far; of ksim when no more have come for a while, for batches come every 0.5 s."""
        return self.of_ksim(quiet) if self.from_ksim else list(self.of_klippy())

    def of_klippy(self):
        with open(self.plot.moves_file) as f:
            f.seek(self.begin)
            rows = [json.loads(line) for line in f if line.endswith("\n")]
        homing = False
        for row in rows:
            if row[0] == "drip":
                homing = row[1]
            elif row[0] == "move" and not homing:
                _, t, accel_t, cruise_t, decel_t, start, direction, start_v, cruise_v, accel = row
                for duration, v, a in ((accel_t, start_v, accel), (cruise_t, cruise_v, 0), (decel_t, cruise_v, -accel)):
                    if duration <= 0:
                        continue
                    yield t, duration, v, a, tuple(start), tuple(direction)
                    length = v * duration + 0.5 * a * duration * duration
                    t, start = t + duration, [s + d * length for s, d in zip(start, direction)]

    def of_ksim(self, quiet):
        c = self.from_ksim
        while True:
            with c.changed:
                n = len(c.pushes)
                if not c.changed.wait_for(lambda: len(c.pushes) > n or c.ended, quiet) or c.ended:
                    break
        seen, out = set(), []
        for _, push in c.pushes:
            for move in push.get("params", {}).get("data", []):
                if (move[0], move[1]) not in seen:  # a part of no duration shares its time with the next
                    seen.add((move[0], move[1]))
                    out.append(move)
        return sorted(out, key=lambda m: m[0])

    def close(self):
        if self.from_ksim:
            self.from_ksim.close()

    @staticmethod
    def segments(moves):
        """Start and end of every move that goes somewhere: the three parts of one move become one."""
        out = []
        for t, duration, v, a, start, direction in moves:
            length = v * duration + 0.5 * a * duration * duration
            if length <= 1e-9:
                continue
            end = tuple(s + d * length for s, d in zip(start, direction))
            if out and out[-1][2] == direction and all(abs(p - q) < 1e-6 for p, q in zip(out[-1][1], start)):
                out[-1] = (out[-1][0], end, direction)
            else:
                out.append((tuple(start), end, direction))
        return [(s, e) for s, e, _ in out]

    @staticmethod
    def drawn(moves):
        """What the pen drew by these moves: lines of (x, y). A lift ends a line."""
        lines, at = [], None
        for start, end in Moves.segments(moves):
            if start[2] <= PEN_DOWN or end[2] <= PEN_DOWN:
                at = None
                continue
            if start[:2] == end[:2]:
                continue
            if at is not None and math.dist(at, start[:2]) < 1e-6:
                lines[-1].append(end[:2])
            else:
                lines.append([start[:2], end[:2]])
            at = end[:2]
        return lines

    def ink(self, **options):
        return self.drawn(self.moves(**options))


class Carriage(threading.Thread):
    """Where the simulated carriage is, sampled: what a person would see the pen do."""

    def __init__(self, plot, period=0.002):
        super().__init__(daemon=True)
        self.plot, self.period, self.samples, self.stop = plot, period, [], False
        self.start()

    def run(self):
        last = None
        while not self.stop:
            at = self.plot.carriage()
            if at != last:
                self.samples.append((time.monotonic(), *at))
                last = at
            time.sleep(self.period)

    def end(self):
        self.stop = True
        self.join()
        return self.samples


class RealPlotter(plotter.Plotter):
    def __init__(self, rig, root, machine=None, endstop=True, kplot_macros=False, x_rotation=32,
                 idle_timeout=None, client=None, config="", printer_cfg=None):
        """`client` is a UI's file of macros, outside of this repository; `kplot_macros` come behind it, and then
        `config`. Without either of the first two there is the CANCEL_PRINT that presses a pen. `printer_cfg(self)` makes
        a whole file instead."""
        self.rig, self.root = pathlib.Path(rig), pathlib.Path(root)
        self.klippy = self.mcu = None
        self.children = []
        self.z_shift = 0.0  # what a touch-off moved: Klipper's Z less the carriage's
        shutil.rmtree(self.root, ignore_errors=True)
        (self.root / "gcodes").mkdir(parents=True)
        (self.root / "home").mkdir()
        self.socket = self.root / "klippy_uds"
        self.gcodes = self.root / "gcodes"
        (self.root / "carriage").write_bytes(struct.pack("<3i", 1000, 750, 400) + bytes(4084))
        with open(self.root / "carriage", "r+b") as f:
            self.pins = mmap.mmap(f.fileno(), 4096)
        self.machine_file = self.root / "machine.yaml"
        self.machine_file.write_text(machine if machine is not None else fast_machine(endstop))
        cfg = PRINTER_CFG.format(root=self.root, x_rotation=x_rotation,
                                 z_endstop="gpio15" if endstop else "gpio16")
        if printer_cfg:
            cfg = printer_cfg(self)
        elif client:
            cfg += f"[include {pathlib.Path(client).resolve()}]\n[virtual_sdcard]\npath: {self.gcodes}\n"
        if kplot_macros:
            cfg += macros(self.machine_file, self.gcodes)
        elif not client and not printer_cfg:
            cfg += SD.format(root=self.root, on_error="") + OLD_CANCEL
        self.moves_file = self.root / "moves.jsonl"
        cfg += f"[kf_moves]\npath: {self.moves_file}\n" + config
        take_along(pathlib.Path(__file__).parent / "kf_moves.py", self.rig / "klipper/klippy/extras/kf_moves.py")
        if idle_timeout is not None:
            cfg += f"[idle_timeout]\ntimeout: {idle_timeout}\n"
        (self.root / "printer.cfg").write_text(cfg)
        self.start_mcu()
        self.start_klippy()

    # -- the rig
    def start_mcu(self):
        tty = self.root / "mcu_tty"
        tty.unlink(missing_ok=True)
        self.mcu = subprocess.Popen([str(self.rig / "klipper.elf"), "-r", "-I", str(tty)], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                    env=dict(os.environ, KF_RIG_CARRIAGE=str(self.root / "carriage")))
        plotter.wait_for("the MCU", tty.exists, 20)

    def start_klippy(self, ready=True):
        command = ["nice", "-n", "-15", "/usr/bin/python3", str(self.rig / "klipper/klippy/klippy.py"),
                   str(self.root / "printer.cfg"), "-a", str(self.socket), "-l", str(self.root / "klippy.log"),
                   "-I", str(self.root / "klippy_tty")]
        self.klippy = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
        if ready:
            self.wait_ready()

    def wait_ready(self, deadline=60):
        def ready():
            try:
                return self.state() == "ready"
            except (OSError, AssertionError):
                return False

        plotter.wait_for("klippy is ready", ready, deadline)

    def happens(self, words):
        if words == "lose-mcu":
            self.mcu.kill()
            self.mcu.wait()
        elif words == "return-mcu":
            self.start_mcu()
        elif words == "kill-klippy":
            self.klippy.kill()
            self.klippy.wait()
        elif words == "start-klippy":
            self.start_klippy(ready=False)
        else:
            raise AssertionError(words)

    def carriage(self):
        return tuple(s / STEPS_PER_MM for s in struct.unpack("<3i", self.pins[:12]))

    def place(self, axis, mm):
        """A person moves an axis by hand; the motors have to be off for that."""
        self.pins[4 * axis:4 * axis + 4] = struct.pack("<i", round(mm * STEPS_PER_MM))

    def command(self, *words):
        return [plotter.KPLOT, words[0], "--socket", str(self.socket), "--machine", str(self.machine_file),
                *map(str, words[1:])]

    # -- what is seen
    def pen_is_down(self):
        return self.carriage()[2] + self.z_shift > PEN_DOWN

    def pen_z(self):
        return self.carriage()[2] + self.z_shift

    def end_ksim(self):
        for p in (self.klippy, self.mcu):
            if p is not None and p.poll() is None:
                p.send_signal(signal.SIGTERM)
                try:
                    p.wait(10)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate()
        self.end_ksim()


def take_along(file, to):
    """Klipper finds an extra only in its own folder."""
    if not to.exists() or to.read_bytes() != file.read_bytes():
        shutil.copyfile(file, to.with_suffix(".new"))
        to.with_suffix(".new").rename(to)


def macros(machine_file, gcodes):
    """What `kplot machine macros` wants to have in printer.cfg."""
    home = dict(os.environ, HOME=str(pathlib.Path(machine_file).parent), XDG_STATE_HOME=str(pathlib.Path(gcodes).parent))
    text = subprocess.run([plotter.KPLOT, "machine", "macros", "--machine", str(machine_file)], check=True,
                          capture_output=True, text=True, env=home).stdout
    return text.replace("/home/klipper/gcode_files", str(gcodes))


def fast_machine(endstop=True):
    """The template with the speeds that its printer.cfg allows, so that 1000 strokes end in minutes."""
    text = plotter.template()
    if endstop:
        text = text.replace("endstop_pin: null", 'endstop_pin: "gpio15"')
    for old, new in (("z_rotation_distance: null", "z_rotation_distance: 32.0"),
                     ("feed_mm_s: 25.0  ", "feed_mm_s: 80.0  "),
                     ("travel_feed_mm_s: 80.0  ", "travel_feed_mm_s: 150.0 "),
                     ("plunge_feed_mm_s: 5.0  ", "plunge_feed_mm_s: 100.0 "),
                     ("max_velocity_mm_s: 80.0", "max_velocity_mm_s: 200.0")):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
