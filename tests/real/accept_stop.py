#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The emergency stop of kjog on real klippy while the machine moves: an arrow key is held, or a stroke is in flight. From
the key to the socket of Klipper, from there to the last step of the board, how far the carriage goes on; beside a plain
Python client with the same stroke in the same run. After each stop: nothing moves, kjog says what to do, R restarts the
firmware, H homes.

    accept_stop.py BUILD/tools RIG --rounds 20 --out stop.jsonl     (RIG and its needs: README.md beside this file)
    accept_stop.py BUILD/tools RIG --screens                        what a person sees, in tmux
    accept_stop.py BUILD/tools RIG --record stop.jsonl              a hold, the stop, the restart: for tests/transcripts

What it saw last is in docs/JOG.md, its rows in stops.jsonl."""
import argparse
import fcntl
import json
import math
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import termios
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import klippy_rig  # noqa: E402
from klippy_rig import RealPlotter  # noqa: E402
from terminal import Terminal  # noqa: E402
from tmux_screen import Tmux  # noqa: E402
from world import wait_for  # noqa: E402

RIGHT, LEFT = b"\x1b[C", b"\x1b[D"
SPEED = 20
DELAY, GAP = 0.25, 0.033  # of the console of Linux
PLAIN = """import json, os, socket, sys, threading
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    return s
moves, stop = connect(), connect()
moves.sendall(json.dumps({"id": 1, "method": "gcode/script", "params": {"script": sys.argv[2]}}).encode() + b"\\x03")
while os.read(0, 1) != b"!": pass
stop.sendall(json.dumps({"id": 2, "method": "emergency_stop"}).encode() + b"\\x03")
moves.recv(65536)
sys.stdin.read()
"""


class Wire:
    """Between a program and Klipper: every message of every connection, with its time."""

    def __init__(self, path, to):
        self.lines, self.to, self.stopped = [], str(to), threading.Event()
        self.stop_at = self.told_at = 0
        pathlib.Path(path).unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def again(self):
        self.stopped.clear()
        self.told_at = 0

    def accept(self):
        for number in range(10000):
            near, _ = self.listener.accept()
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self.to)
            except OSError:
                near.close()
                continue
            for a, b, direction in ((near, far, ">"), (far, near, "<")):
                threading.Thread(target=self.carry, args=(a, b, direction, number), daemon=True).start()

    def carry(self, a, b, direction, number):
        partial = b""
        try:
            while data := a.recv(1 << 16):
                now = time.monotonic()
                if direction == ">" and b'"emergency_stop"' in data and not self.stopped.is_set():
                    self.stop_at = now
                    self.stopped.set()
                if direction == "<" and self.stopped.is_set() and not self.told_at and b'"shutdown"' in data:
                    self.told_at = now
                b.sendall(data)
                *whole, partial = (partial + data).split(b"\x03")
                self.lines += [(now, direction, number, json.loads(text)) for text in whole]
        except OSError:
            pass
        self.lines.append((time.monotonic(), direction, number, {"EOF": True}))
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Steps(threading.Thread):
    """Each place of the carriage with its time, as fast as it can be read."""

    def __init__(self, plot):
        super().__init__(daemon=True)
        self.plot, self.samples, self.ended = plot, [(0, *plot.carriage())], False
        self.start()

    def run(self):
        while not self.ended:
            at = self.plot.carriage()
            if at != self.samples[-1][1:]:
                self.samples.append((time.monotonic(), *at))
            time.sleep(0.0002)

    def end(self):
        self.ended = True
        self.join()
        return self.samples


def at_time(samples, t):
    return [s for s in samples if s[0] <= t][-1][1:]


def environment(plot):
    return dict(os.environ, HOME=str(plot.root / "home"), XDG_STATE_HOME=str(plot.root / "home"), LC_ALL="C.UTF-8")


def kjog(tools, plot, path):
    return [f"{tools}/kjog", "--socket", str(path), "--machine", str(plot.machine_file)]


class Panel(Terminal):
    """kjog on a bare pseudo terminal; what it paints is read all the time, or it would wait for that."""

    def __init__(self, tools, plot, path):
        super().__init__(kjog(tools, plot, path), environment(plot), term="xterm-256color",
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.closing = False
        self.reader = threading.Thread(target=self.follow, daemon=True)
        self.reader.start()
        self.says("E-STOP", 0)

    def follow(self):
        while not self.closing:
            self.read()
            time.sleep(0.001)

    def says(self, text, past, seconds=60):
        wait_for(f"kjog says {text}", lambda: text in self.seen[past:], seconds)
        return time.monotonic()

    def line(self, text):
        for letter in text:
            self.type(letter.encode())
            time.sleep(0.03)

    def close(self):
        self.closing = True
        self.reader.join()
        super().close()


def home_and_go(plot, x):
    for script in ("G28", f"G90\nG1 X{x} Y100 Z10 F6000\nM400"):
        answer = plot.ask("gcode/script", script=script)
        assert "result" in answer, answer


def speed_now(plot):
    return plot.status(motion_report=["live_velocity"])["motion_report"]["live_velocity"]


def stand_still(plot, seconds):
    """That nothing moves any more."""
    before = plot.carriage()
    time.sleep(seconds)
    return plot.carriage() == before


def measured(plot, wire, steps, pressed):
    if not wire.stopped.wait(10):
        raise AssertionError("the stop did not come")
    wait_for("Klipper is stopped", lambda: plot.state() == "shutdown", 10)
    time.sleep(0.1)  # Klipper says so before the board has its order
    still = stand_still(plot, 1.0)
    samples = steps.end()
    last = samples[-1][0]
    speed = [s for s in samples if pressed - 0.3 <= s[0] <= pressed]
    return {"key_to_wire_ms": round((wire.stop_at - pressed) * 1e3, 3),
            "wire_to_last_step_ms": round((last - wire.stop_at) * 1e3, 2),
            "told_ms": wire.told_at and round((wire.told_at - pressed) * 1e3, 1),
            "overrun": round(math.dist(at_time(samples, pressed), samples[-1][1:]), 3),
            "speed": round(math.dist(speed[0][1:], speed[-1][1:]) / (speed[-1][0] - speed[0][0]), 2)
            if len(speed) > 2 else 0, "still": still}


def one_stop(plot, panel, wire, kind, seconds):
    """`kind`: held or stroke. The panel is ready and homed."""
    past = len(panel.seen)
    steps = Steps(plot)
    wire.again()
    if kind == "held":
        panel.type(RIGHT)
        due = time.monotonic() + DELAY
        end = due + seconds
        while due < end:
            time.sleep(max(0, due - time.monotonic()))
            panel.type(RIGHT)
            due += GAP
    else:
        panel.line(f":G1 X220 F{SPEED * 60}\r")
        wait_for("it moves", lambda: speed_now(plot) > 1, 10)
        time.sleep(seconds)
    pressed = time.monotonic()
    panel.type(b"!")
    row = {"kind": kind, **measured(plot, wire, steps, pressed)}
    panel.says("restarts Klipper", past)
    past = len(panel.seen)
    asked = time.monotonic()
    panel.type(b"R")
    row["ready_again_s"] = round(panel.says("is ready again", past) - asked, 2)
    row["unhomed"] = plot.status(toolhead=["homed_axes"])["toolhead"]["homed_axes"] == ""
    row["still_after_restart"] = stand_still(plot, 0.5)
    past = len(panel.seen)
    panel.type(b"H")
    panel.says("Is the pen clear of the paper?", past)
    time.sleep(0.3)  # a person reads it
    panel.type(b"y")
    wait_for("it is homed", lambda: plot.status(toolhead=["homed_axes"])["toolhead"]["homed_axes"] == "xyz", 60)
    wait_for("it stands", lambda: speed_now(plot) == 0 and stand_still(plot, 0.4), 60)
    return row


def plain_stop(plot, path, wire, seconds):
    home_and_go(plot, 20)
    steps = Steps(plot)
    wire.again()
    child = subprocess.Popen([sys.executable, "-c", PLAIN, str(path), f"G90\nG1 X220 F{SPEED * 60}"],
                             stdin=subprocess.PIPE)
    try:
        wait_for("it moves", lambda: speed_now(plot) > 1, 10)
        time.sleep(seconds)
        pressed = time.monotonic()
        os.write(child.stdin.fileno(), b"!")
        row = {"kind": "plain Python", **measured(plot, wire, steps, pressed)}
    finally:
        child.kill()
        child.communicate()
    plot.ask("gcode/firmware_restart")
    time.sleep(1)
    plot.wait_ready()
    return row


def rounds(a, plot):
    path, rows = plot.root / "wire", []
    for n in range(a.rounds):
        for kind in ("held", "stroke", "plain Python"):
            wire = Wire(path, plot.socket)
            seconds = 0.9 + 0.17 * (n % 6)
            if kind == "plain Python":
                row = plain_stop(plot, path, wire, seconds)
            else:
                home_and_go(plot, 20)
                panel = Panel(a.tools, plot, path)
                try:
                    panel.says("ready", 0)
                    time.sleep(1.5)
                    row = one_stop(plot, panel, wire, kind, seconds)
                finally:
                    panel.close()
            wire.listener.close()
            rows.append(row)
            with open(a.out, "a") as f:
                f.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)
    for kind in ("held", "stroke", "plain Python"):
        some = [r for r in rows if r["kind"] == kind]

        def spread(name):
            found = sorted(r[name] for r in some)
            return f"{name} {statistics.median(found):.2f} (most {found[-1]:.2f})"

        print(f"{kind}: {len(some)} stops; " + ", ".join(map(spread, ("key_to_wire_ms", "wire_to_last_step_ms",
                                                                      "overrun", "speed"))))
    print(f"load {os.getloadavg()[0]:.1f}")
    wrong = [r for r in rows if not r["still"] or not r.get("unhomed", True) or not r.get("still_after_restart", True)]
    return 1 if wrong or not rows else 0


def screens(a, plot):
    home_and_go(plot, 20)
    t = Tmux(kjog(a.tools, plot, plot.socket), environment(plot), plot.root / "tmux")
    try:
        for what in ("stroke", "held"):
            t.until("ready", "homed")
            time.sleep(1.5)
            if what == "held":
                for pause in (DELAY, *[GAP] * 40):
                    t.keys("Right")
                    time.sleep(max(0, pause - 0.006))
            else:
                for letter in f":G1 X120 F{SPEED * 60}":
                    t.type(letter)
                t.keys("Enter")
                time.sleep(2)
            print(f"--- {what}, moving\n{t.seen()}")
            t.keys("!")
            print(f"--- the stop\n{t.until('STOPPED', 'R  restarts Klipper')}")
            t.keys("R")
            print(f"--- after R\n{t.until('Klipper is ready again', 'NO REFERENCE')}")
            t.keys("H")
            print(f"--- H\n{t.until('Is the pen clear of the paper?')}")
            t.keys("y")
            t.until("X Y homed")
            time.sleep(1)
        return 0
    finally:
        t.end()


def record(a, plot):
    home_and_go(plot, 100)
    time.sleep(1)
    wire = Wire(plot.root / "wire", plot.socket)
    panel = Panel(a.tools, plot, plot.root / "wire")
    try:
        panel.says("ready", 0)
        time.sleep(2)
        one_stop(plot, panel, wire, "held", 1.2)
    finally:
        panel.close()
    time.sleep(0.3)
    begin, hidden, rows = wire.lines[0][0], set(), []
    for t, direction, number, message in sorted(wire.lines, key=lambda l: l[0]):
        # What a printer's configuration is belongs to nobody's recording.
        if direction == ">" and (message.get("method") in ("info", "objects/list") or "configfile" in json.dumps(message)):
            hidden.add((number, message["id"]))
        if (number, message.get("id")) in hidden or ("EOF" in message and direction == ">"):
            continue
        rows.append(json.dumps({"t": round(t - begin, 4), "dir": direction, "conn": chr(65 + number), "msg": message},
                               separators=(",", ":")))
    text = "\n".join(rows) + "\n"
    pathlib.Path(a.record).write_text(text.replace(str(plot.root), "/home/pi").replace(socket.gethostname(), "vm"))
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tools")
    parser.add_argument("rig")
    parser.add_argument("--root", default="/dev/shm/kf-stop")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", default="stop.jsonl")
    parser.add_argument("--screens", action="store_true")
    parser.add_argument("--record")
    a = parser.parse_args()
    a.tools = str(pathlib.Path(a.tools).resolve())
    klippy_rig.plotter.KPLOT = f"{a.tools}/kplot"
    plot = RealPlotter(a.rig, a.root)
    try:
        return screens(a, plot) if a.screens else record(a, plot) if a.record else rounds(a, plot)
    finally:
        plot.close()


if __name__ == "__main__":
    sys.exit(main())
