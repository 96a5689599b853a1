# SPDX-License-Identifier: MIT
"""A simulated pen plotter for black-box tests: `ksim printer` in a folder of its own, and kplot run against it.

Nothing here sleeps to wait: it polls for what it waits for, with a deadline."""
import json
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import world
from world import DEADLINE, Result, wait_for

KPLOT, KSIM = "kplot", "ksim"

# The template's machine: canvas 0,0 (top left) is machine X 25 Y 322, canvas Y runs down.
LEFT, TOP = 25.0, 322.0
HEADER = '{"format":"kf-job","version":1}\n'


def ask(klippy, method, **params):
    """One request to a socket of Klipper's, and its answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(DEADLINE)
        s.connect(str(klippy))
        s.sendall(json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\x03")
        got = b""
        while b"\x03" not in got:
            piece = s.recv(65536)
            if not piece:
                raise AssertionError("klippy closed the connection")
            got += piece
        return json.loads(got.split(b"\x03")[0])


def svg(body, width=210, height=297):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
            f'viewBox="0 0 {width} {height}" stroke="#000">{body}</svg>\n')


def template():
    """The text that `kplot machine init` writes."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "machine.yaml"
        subprocess.run([KPLOT, "machine", "init", "--machine", str(file)], check=True, capture_output=True,
                       env=dict(os.environ, HOME=folder, XDG_STATE_HOME=folder))
        return file.read_text()


def line_job(count, length=10.0, step=2.0):
    """`count` strokes: horizontal lines of `length` mm, `step` mm apart."""
    out = [HEADER]
    for i in range(count):
        y = 10 + step * (i % 100)
        x = 5 + 12 * (i // 100)
        out.append(f'{{"op":"rapid_xy","x":{x},"y":{y}}}\n{{"op":"tool_down"}}\n'
                   f'{{"op":"draw_polyline","points":[[{x + length},{y}]]}}\n{{"op":"tool_up"}}\n')
    return "".join(out)


def read_ink(file):
    """The ink in machine mm: a list of lines, each a list of (x, y)."""
    text = pathlib.Path(file).read_text()
    return [[tuple(map(float, pair.split(","))) for pair in line.split()]
            for line in re.findall(r'points="([^"]*)"', text)]


def distance_to_segment(p, a, b):
    length2 = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
    t = 0 if length2 == 0 else max(0, min(1, ((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / length2))
    return math.hypot(p[0] - a[0] - t * (b[0] - a[0]), p[1] - a[1] - t * (b[1] - a[1]))


def along(line, step=0.05):
    """Points along a polyline, its corners included."""
    for a, b in zip(line, line[1:]):
        n = max(1, int(math.hypot(b[0] - a[0], b[1] - a[1]) / step))
        for i in range(n + 1):
            yield a[0] + (b[0] - a[0]) * i / n, a[1] + (b[1] - a[1]) * i / n


class Cut:
    """A socket in front of Klipper's that can be cut while Klipper lives on; it takes new connections at once. With `at`
    it is cut once by itself, behind the first words of Klipper's for which `at` holds: at one place of what kplot is
    told, however long kplot, Klipper and this test wait for a processor."""

    def __init__(self, path, at=None):
        self.target, self.path, self.pairs, self.threads = path, pathlib.Path(str(path) + ".cut"), [], []
        self.at = at
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.start(self.take)

    def start(self, work, *words):
        thread = threading.Thread(target=work, args=words, daemon=True)
        self.threads.append(thread)
        thread.start()

    def take(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self.target))
            except OSError:
                near.close()
                far.close()
                continue
            self.pairs.append((near, far))
            self.start(self.carry, near, far, lambda words: None)
            self.start(self.carry, far, near, self.look)

    def look(self, words):
        at = self.at
        if at and at(words):
            self.at = None
            self.cut()

    def carry(self, a, c, look):
        try:
            partial = b""
            while piece := a.recv(1 << 16):
                c.sendall(piece)
                *whole, partial = (partial + piece).split(b"\x03")
                for words in whole:
                    look(json.loads(words))
        except OSError:
            pass
        self.shut(a, c)

    @staticmethod
    def shut(*sockets):
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for pair in self.pairs:
            self.shut(*pair)

    def end(self):
        self.shut(self.listener)
        self.cut()
        for thread in self.threads:
            thread.join(10)
        for pair in self.pairs:
            for s in pair:
                s.close()
        self.listener.close()


class Plotter:
    def __init__(self, speed=20, machine=None, state=None, config=None, ksim=()):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kf-plot."))
        self.socket = self.root / "klippy.sock"
        self.gcodes = self.root / "gcodes"
        self.ink_file = self.root / "ink.svg"
        self.state_file = self.root / "state.json"
        self.machine_file = None
        if machine is not None:
            self.machine_file = self.root / "machine.yaml"
            self.machine_file.write_text(machine)
        command = [KSIM, "printer", "--socket", str(self.socket), "--gcodes", str(self.gcodes), "--speed", str(speed),
                   "--ink", str(self.ink_file), "--stdin", "--state", str(self.state_file), *map(str, ksim)]
        if state is not None:
            self.set_state(state)
        if config is not None:  # a printer.cfg that goes over its own
            command += ["--config", str(self.write("printer.cfg", config))]
        with open(self.root / "ksim.err", "w") as err:
            self.ksim = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err,
                                         env=self.env(), start_new_session=True)
        if not self.ksim.stdout.readline():
            raise AssertionError("ksim printer did not start")
        self.children = []
        wait_for("klippy's start", self.has_started)

    def env(self):
        full = dict(os.environ, HOME=str(self.root / "home"), NO_COLOR="1", TMPDIR=str(self.root))
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "SUDO_USER"):
            full.pop(name, None)
        return full

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate()
        self.end_ksim()
        shutil.rmtree(self.root, ignore_errors=True)

    def end_ksim(self):
        if self.ksim.poll() is None:
            self.ksim.send_signal(signal.SIGTERM)
            try:
                self.ksim.wait(30)
            except subprocess.TimeoutExpired:
                self.ksim.kill()
                self.ksim.wait()
        self.ksim.stdin.close()
        self.ksim.stdout.close()

    def ink(self):
        """Ends the printer; what the pen drew."""
        self.end_ksim()
        return read_ink(self.ink_file)

    def happens(self, words):
        """A word for ksim's standard input: lose-mcu, kill-klippy ..."""
        self.ksim.stdin.write(words.encode() + b"\n")
        self.ksim.stdin.flush()

    def set_state(self, objects):
        new = self.state_file.with_suffix(".new")
        new.write_text(json.dumps(objects))
        new.rename(self.state_file)

    def command(self, *words):
        own = ["--machine", str(self.machine_file)] if self.machine_file else ["--sim"]
        return [KPLOT, words[0], "--socket", str(self.socket), *own, *map(str, words[1:])]

    def start(self, *words, **options):
        return self.start_command(self.command(*words), **options)

    def start_command(self, command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=self.env(), start_new_session=True, **options)
        self.children.append(child)
        return child

    def finish(self, child, given=None):
        try:
            out, err = child.communicate(given, timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            told = self.ask("objects/query", objects={"webhooks": None, "print_stats": None, "virtual_sdcard": None,
                                                      "pause_resume": None, "toolhead": None, "idle_timeout": None})
            child.kill()
            raise AssertionError(f"still runs: {child.args}\n{child.communicate()}\n{told}") from None
        return Result(child.returncode, out, err)

    def run(self, *words, given=None):
        options = {} if given is None else {"stdin": subprocess.PIPE}
        return self.finish(self.start(*words, **options), given)

    def write(self, name, text):
        file = self.root / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    # -- Klipper's API, spoken plainly
    def ask(self, method, **params):
        return ask(self.socket, method, **params)

    def gcode(self, script):
        """A script as another client sends it; an error if Klipper refuses it."""
        answer = self.ask("gcode/script", script=script)
        if "error" in answer:
            raise AssertionError(f"{script}: {answer['error']}")

    def listen_to_output(self, script):
        """What Klipper's terminal shows of a script."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(DEADLINE)
            s.connect(str(self.socket))
            for i, (method, params) in enumerate((("gcode/subscribe_output", {"response_template": {"push": 1}}),
                                                  ("gcode/script", {"script": script}))):
                s.sendall(json.dumps({"id": i, "method": method, "params": params}).encode() + b"\x03")
            got, lines = b"", []
            while True:
                got += s.recv(65536)
                *whole, got = got.split(b"\x03")
                for message in map(json.loads, whole):
                    if message.get("push"):
                        lines.append(message["params"]["response"])
                    elif message["id"] == 1:
                        return "\n".join(lines)

    def has_started(self):
        try:
            return self.state() != "startup"
        except OSError:
            return False

    def status(self, **objects):
        return self.ask("objects/query", objects=objects or {"print_stats": None, "toolhead": None})["result"]["status"]

    def job_state(self):
        return self.status(print_stats=["state"])["print_stats"]["state"]

    def pen_is_down(self):
        """Where the pen is now, not where the last accepted move ends."""
        return self.status(motion_report=["live_position"])["motion_report"]["live_position"][2] > 15

    def z(self):
        return self.status(toolhead=["position"])["toolhead"]["position"][2]

    def state(self):
        return self.ask("info")["result"]["state"]


class PlotterTest(unittest.TestCase):
    def plotter(self, **options):
        p = Plotter(**options)
        self.addCleanup(p.close)
        return p

    def assert_ink(self, ink, expected, tolerance=0.02):
        """Ink and expected lines (machine mm) cover each other within `tolerance`."""
        self.assertEqual(len(ink), len(expected), f"{len(ink)} lines of ink, {len(expected)} expected")
        for got, want in zip(ink, expected):
            for a, b in ((got, want), (want, got)):
                segments = list(zip(b, b[1:]))
                worst = max(min(distance_to_segment(p, s, e) for s, e in segments) for p in along(a, 1.0))
                self.assertLess(worst, tolerance)

class DrawingTest(unittest.TestCase):
    """kplot on a drawing, in a home folder of its own and without a printer."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kf-drawing."))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)

    def kplot(self, *words, given=""):
        env = dict(os.environ, HOME=str(self.root), NO_COLOR="1", COLUMNS="80")
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "SUDO_USER"):
            env.pop(name, None)
        r = subprocess.run([KPLOT, *map(str, words)], env=env, capture_output=True, text=True,
                           timeout=DEADLINE, input=given)
        return Result(r.returncode, r.stdout, r.stderr)

    def draw(self, text):
        file = self.root / "a.svg"
        file.write_text(text)
        return file


def main():
    """`python3 x.py KPLOT KSIM [--part 1/3] [unittest words]`."""
    global KPLOT, KSIM
    KPLOT, KSIM = map(os.path.abspath, sys.argv[1:3])
    world.run_cases(sys.argv[3:])
