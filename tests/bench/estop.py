#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the key of the emergency stop to the wire, with a stroke in flight, beside a plain Python client in the same run:
median and 99th percentile. A socket between the program and Klipper notes when the request comes, and lets only the last
one through, so that one stroke serves for hundreds.

    estop.py KSIM -- jog_console {socket} {folder}           on a simulated printer
    estop.py --rig RIG -- jog_console {socket} {folder}      on real klippy: tests/real/README.md
    estop.py --rig RIG --pty --stroke ':G1 X200 F600\\r' -- kjog --socket {socket} --machine ROOT/machine.yaml

The bar: 2 ms in the median, 5 ms at the 99th percentile."""
import argparse
import fcntl
import json
import os
import pathlib
import pty
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

PLAIN = """import json, os, socket, sys, threading
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    return s
moves, stop = connect(), connect()
def work():
    moves.sendall(json.dumps({"id": 1, "method": "gcode/script", "params": {"script": sys.argv[2]}}).encode() + b"\\x03")
    while moves.recv(65536): pass
threading.Thread(target=work, daemon=True).start()
while True:
    key = os.read(0, 1)
    if not key: break
    if key == b"!": stop.sendall(json.dumps({"id": 2, "method": "emergency_stop"}).encode() + b"\\x03")
"""
# Does nothing but tell that a byte has come, and gets a core before all others where it may.
ECHO = """import os
try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
except PermissionError: pass
while os.read(0, 1): os.write(1, b"!")
"""
STROKE = "G90\nG1 X10 Y10 F6000\nG1 X200 F600"  # 19 s


class Gate:
    def __init__(self, path, to):
        self.to, self.open, self.came, self.arrived = str(to), False, threading.Event(), 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.to)
            threading.Thread(target=self.up, args=(near, far), daemon=True).start()
            threading.Thread(target=self.down, args=(far, near), daemon=True).start()

    def up(self, near, far):
        partial = b""
        try:
            while data := near.recv(1 << 16):
                now = time.monotonic_ns()
                *whole, partial = (partial + data).split(b"\x03")
                for text in whole:
                    if b"emergency_stop" in text:
                        self.arrived = now
                        self.came.set()
                        if not self.open:
                            continue
                    far.sendall(text + b"\x03")
        except OSError:
            pass  # the program was ended
        far.close()

    @staticmethod
    def down(far, near):
        try:
            while data := far.recv(1 << 16):
                near.sendall(data)
        except OSError:
            pass
        near.close()


def ask(path, method, **params):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(str(path))
    s.sendall(json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\x03")
    text = b""
    while not text.endswith(b"\x03"):
        text += s.recv(1 << 16)
    s.close()
    return json.loads(text[:-1])


def ready(path):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if ask(path, "info")["result"]["state"] == "ready":
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the printer does not become ready")


def moves(path):
    now = ask(path, "objects/query", objects={"motion_report": ["live_velocity"], "webhooks": ["state"]})
    return now["result"]["status"]["motion_report"]["live_velocity"] > 1


def press(key, gate, count):
    took = []
    for _ in range(count):
        time.sleep(0.012)
        gate.came.clear()
        pressed = time.monotonic_ns()
        os.write(key, b"!")
        if not gate.came.wait(5):
            raise SystemExit("the stop did not come")
        took.append((gate.arrived - pressed) / 1e6)
    return took


def swallow(terminal):
    """What is painted: nobody looks at it."""
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass  # the program has ended


def measure(printer, folder, words, rounds, on_pty, stroke):
    """`stroke` is what has to be typed to begin one; empty: the program begins it by itself."""
    ask(printer, "gcode/firmware_restart")
    time.sleep(3)
    ready(printer)
    ask(printer, "gcode/script", script="G28")
    path = folder / f"gate{len(list(folder.iterdir()))}"
    gate = Gate(path, printer)
    words = [w.replace("{socket}", str(path)).replace("{folder}", str(folder)) for w in words]
    if on_pty:
        key, slave = pty.openpty()
        tty.setraw(slave)  # as every program that reads single keys has it
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        child = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                 preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        threading.Thread(target=swallow, args=(key,), daemon=True).start()
    else:
        end, key = os.pipe()
        child = subprocess.Popen(words, stdin=end, stdout=subprocess.DEVNULL)
        os.close(end)
    try:
        time.sleep(3)
        if stroke:
            for letter in stroke:
                os.write(key, bytes([letter]))
                time.sleep(0.03)
        end = time.monotonic() + 20
        while not moves(printer):
            if time.monotonic() > end:
                raise SystemExit("no stroke is in flight")
        took = press(key, gate, rounds)
        if not moves(printer):
            raise SystemExit("the stroke was over before the last key")
        gate.open = True
        took += press(key, gate, 1)
        time.sleep(0.2)
        state = ask(printer, "info")["result"]["state"]
        if state != "shutdown":
            raise SystemExit(f"after the last stop Klipper is {state}")
    finally:
        child.kill()
        child.wait()
        os.close(key)
    return took


def terminal_alone(rounds):
    """What the system takes to bring a byte through a pseudo terminal: no program can be sooner."""
    key, slave = pty.openpty()
    tty.setraw(slave)
    end, back = os.pipe()
    child = subprocess.Popen([sys.executable, "-c", ECHO], stdin=slave, stdout=back)
    took = []
    try:
        time.sleep(1)
        for _ in range(rounds + 1):
            time.sleep(0.012)
            pressed = time.monotonic_ns()
            os.write(key, b"!")
            os.read(end, 1)
            took.append((time.monotonic_ns() - pressed) / 1e6)
    finally:
        child.kill()
        child.wait()
        for fd in (key, slave, end, back):
            os.close(fd)
    return took


def watch_first():
    """Who notes the moment gets a core before all others, where it may; what it starts does not. Else its own waiting is
    measured, too."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(20))
        return True
    except PermissionError:
        return False


def main():
    words = sys.argv[sys.argv.index("--") + 1:]
    parser = argparse.ArgumentParser()
    parser.add_argument("ksim", nargs="?")
    parser.add_argument("--rig")
    parser.add_argument("--root", default="/dev/shm/kf-estop")
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--pty", action="store_true")
    parser.add_argument("--stroke", default="gcode " + STROKE.split("\n")[-1] + "\n", help="what is typed to begin one")
    a = parser.parse_args(sys.argv[1:sys.argv.index("--")])
    first = watch_first()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kf-estop."))
    plot = child = None
    if a.rig:
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "real"))
        import klippy_rig
        klippy_rig.plotter.KPLOT = str(pathlib.Path("build/tools/kplot").resolve())
        plot = klippy_rig.RealPlotter(a.rig, a.root)
        printer = plot.socket
    else:
        printer = folder / "klippy"
        child = subprocess.Popen([os.path.abspath(a.ksim), "printer", "--until-eof", "--socket", str(printer), "--speed",
                                  "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 env=dict(os.environ, XDG_STATE_HOME=str(folder)))
        child.stdout.readline()
    rows = {}
    try:
        rows["kf"] = measure(printer, folder, words, a.rounds, a.pty, a.stroke.encode().decode("unicode_escape").encode())
        rows["plain Python"] = measure(printer, folder, [sys.executable, "-c", PLAIN, "{socket}", STROKE], a.rounds, a.pty, b"")
        if a.pty:
            rows["the terminal"] = terminal_alone(a.rounds)
    finally:
        if plot:
            plot.close()
        if child:
            child.stdin.close()
            child.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
    for name, took in rows.items():
        took.sort()
        print(f"{name:<13} {len(took)} keys: median {statistics.median(took):.3f} ms, 99th percentile "
              f"{took[int(len(took) * 0.99)]:.3f} ms, most {took[-1]:.3f} ms")
    print(f"load {os.getloadavg()[0]:.1f}{'' if first else ', the observer waits like all others'}")
    took = rows["kf"]
    return 0 if statistics.median(took) <= 2 and took[int(len(took) * 0.99)] <= 5 else 1


if __name__ == "__main__":
    sys.exit(main())
