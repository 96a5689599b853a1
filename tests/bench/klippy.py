#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kf/klippy beside a plain Python client on the same simulated printer, in turn, in one go: requests a second, from
a key to the wire, and the emergency stop. klippy.py KLIPPY_CLIENT KSIM [--rounds 3]; medians and ratios."""
import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

CASES = (("sequential", 2000, "requests/s"), ("pipelined", 4000, "requests/s"), ("scripts", 1000, "scripts/s"),
         ("keywire", 2000, "s"), ("estop", 5, "s"))


class Plain:
    """What a person writes in a quarter of an hour: one socket, json, one request at a time or several."""

    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(30)
        self.s.connect(path)
        self.buffer, self.id = b"", 0

    def send(self, method, **params):
        self.id += 1
        self.s.sendall(json.dumps({"id": self.id, "method": method, "params": params}).encode() + b"\x03")
        return self.id

    def receive(self, number):
        while True:
            while b"\x03" in self.buffer:
                message, _, self.buffer = self.buffer.partition(b"\x03")
                message = json.loads(message)
                if message.get("id") == number:
                    return message
            data = self.s.recv(65536)
            if not data:
                raise ConnectionError("the printer closed the connection")
            self.buffer += data

    def call(self, method, **params):
        return self.receive(self.send(method, **params))


def requests(path, count, in_flight, method, **params):
    c = Plain(path)
    open_ids = []
    began = time.monotonic()
    for _ in range(count):
        open_ids.append(c.send(method, **params))
        if len(open_ids) >= in_flight:
            c.receive(open_ids.pop(0))
    for number in open_ids:
        c.receive(number)
    return count / (time.monotonic() - began)


def key_to_wire(count):
    folder = tempfile.mkdtemp()
    path = folder + "/s"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    arrived = [0.0]

    def peer():
        s, _ = listener.accept()
        while data := s.recv(4096):
            if data.endswith(b"\x03"):
                arrived[0] = time.monotonic()

    thread = threading.Thread(target=peer)
    thread.start()
    c = Plain(path)
    took = []
    for i in range(count):
        arrived[0] = 0.0
        pressed = time.monotonic()
        c.send("gcode/script", script=f"G1 X{10 + i * 0.01:.3f} F6000")
        while arrived[0] == 0.0:
            time.sleep(0)
        took.append(arrived[0] - pressed)
    c.s.close()
    thread.join()
    listener.close()
    shutil.rmtree(folder)
    return statistics.median(took)


def ready_printer(path):
    """A restart closes all connections, so each look is a new one."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            c = Plain(path)
            if c.call("info")["result"]["state"] == "ready":
                return c
        except OSError:
            pass
    raise TimeoutError("the printer did not become ready")


def estop(path, count):
    took = []
    for _ in range(count):
        c = ready_printer(path)
        stop = Plain(path)
        c.call("gcode/script", script="G28 X Y\nG1 X10 Y10 F12000")
        c.send("gcode/script", script="G1 X200 F600\nM400")
        pressed = time.monotonic()
        stop.call("emergency_stop")
        took.append(time.monotonic() - pressed)
        again = Plain(path)
        again.send("gcode/firmware_restart")
        again.s.settimeout(0.05)
        try:
            again.s.recv(4096)
        except (TimeoutError, OSError):
            pass
    return statistics.median(took)


def plain(path, case, count):
    if case == "keywire":
        return key_to_wire(count)
    if case == "estop":
        return estop(path, count)
    method, params = ("gcode/script", {"script": "G90"}) if case == "scripts" else ("info", {})
    return requests(path, count, 32 if case == "pipelined" else 1, method, **params)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("client")
    parser.add_argument("ksim")
    parser.add_argument("--rounds", type=int, default=3)
    a = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="kf-bench.")
    path = folder + "/klippy"
    printer = subprocess.Popen([os.path.abspath(a.ksim), "printer", "--until-eof", "--socket", path, "--speed", "10"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=dict(os.environ, XDG_STATE_HOME=folder))
    rows = {}
    try:
        if not printer.stdout.readline():
            raise SystemExit("ksim printer did not start")
        for _ in range(a.rounds):
            for case, count, _unit in CASES:
                r = subprocess.run([os.path.abspath(a.client), path, case, str(count)], capture_output=True, text=True)
                if r.returncode != 0:
                    raise SystemExit(f"{case}: {r.stderr}")
                rows.setdefault((case, "kf"), []).append(float(r.stdout))
                rows.setdefault((case, "python"), []).append(plain(path, case, count))
    finally:
        printer.stdin.close()
        printer.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{a.rounds} rounds in turn, medians; load {os.getloadavg()[0]:.1f}")
    for case, count, unit in CASES:
        kf, py = (statistics.median(rows[(case, who)]) for who in ("kf", "python"))
        ratio = py / kf if unit == "s" else kf / py
        figures = (f"{kf * 1e6:10.1f} us {py * 1e6:10.1f} us" if unit == "s" else f"{kf:10.0f}/s  {py:10.0f}/s ")
        print(f"{case:<12} kf {figures} python   kf is {ratio:.2f} times as fast")
    return 0


if __name__ == "__main__":
    sys.exit(main())
