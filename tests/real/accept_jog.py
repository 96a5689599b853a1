#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Held keys on real klippy: how far the carriage runs on after the release, beside the bound that the panel shows; how
long from a key to the first step; how smooth. Keys come as keyboards send them: a first delay, then repeats.

    accept_jog.py JOG_CONSOLE RIG --holds 200 --out result.jsonl     (RIG and its needs: README.md beside this file)
    accept_jog.py JOG_CONSOLE RIG --keys                 every key, faults in between, on Klipper or Kalico
    accept_jog.py JOG_CONSOLE RIG --record jog.jsonl     a tap, taps, a hold: for tests/transcripts/klippy

JOG_CONSOLE is tests/bench/jog_console.cpp, built as in `make bench`. What it saw last is in docs/JOG.md."""
import argparse
import json
import math
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import klippy_rig  # noqa: E402
from klippy_rig import Carriage, RealPlotter  # noqa: E402

# (delay, gap) of key repeat in seconds: Xorg, wlroots, the Linux console, a PS/2 keyboard at power-on
KEYBOARDS = {"Xorg 660/25": (0.66, 0.040), "wlroots 600/25": (0.6, 0.040), "console 250/30": (0.25, 0.033),
             "PS/2 500/10.9": (0.5, 0.092)}
WAYS = {"left": (-1, 0), "right": (1, 0), "nearer": (0, -1), "farther": (0, 1)}
AREA = ((0, 250), (0, 350))


class Console:
    def __init__(self, program, plot, speed, socket=None):
        self.p = subprocess.Popen([program, str(socket or plot.socket), str(plot.root / "home"), str(speed)], text=True, bufsize=1,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.panel, self.seen = {}, threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.p.stdout:
            with self.seen:
                self.panel = json.loads(line)
                self.seen.notify_all()

    def say(self, line):
        self.p.stdin.write(line + "\n")

    def wait(self, true, what, deadline=60):
        with self.seen:
            if not self.seen.wait_for(lambda: self.panel and true(self.panel), deadline):
                raise AssertionError(f"not within {deadline} s: {what}; the panel: {self.panel}")

    def rests(self):
        # A verb begins a moment after it was said.
        time.sleep(0.1)
        self.wait(lambda p: p["doing"] == "resting", "it rests")

    def close(self):
        self.p.stdin.close()
        self.p.wait(10)


def place_at(samples, t, otherwise):
    """The last place that was seen until then."""
    low, high = 0, len(samples)
    while low < high:
        middle = (low + high) // 2
        if samples[middle][0] <= t:
            low = middle + 1
        else:
            high = middle
    return samples[low - 1][1:3] if low else otherwise


def one_hold(console, plot, rng, speed, seen):
    name = rng.choice(sorted(KEYBOARDS))
    delay, gap = KEYBOARDS[name]
    duration = rng.uniform(delay + 3 * gap, delay + 2.0)
    way = rng.choice(sorted(WAYS))
    dx, dy = WAYS[way]
    # Anywhere: some run into the zone of an edge.
    start = (rng.uniform(20, 230), rng.uniform(20, 330))
    console.say(f"go {start[0]:.3f} {start[1]:.3f}")
    console.rests()
    time.sleep(0.4)
    begin = plot.carriage()[:2]
    pressed = time.monotonic()
    released = pressed + duration
    due = pressed
    last = pressed
    while due < released:
        time.sleep(max(0, due - time.monotonic()))
        console.say(f"strike {way}")
        last = time.monotonic()
        due = last + gap if due > pressed else pressed + delay
    time.sleep(max(0, released - time.monotonic()))
    released = time.monotonic()
    time.sleep(0.3)
    console.rests()
    time.sleep(0.5)
    end = plot.carriage()[:2]
    samples = [s for s in seen.samples if s[0] >= pressed]
    at_release = place_at(samples, released, begin)
    moving = [s for s in samples if s[1:3] != begin]
    first = moving[0][0] if moving else None
    # The hold itself: from half a second after the second step to the release.
    smooth = smoothness([s for s in samples if pressed + delay + 0.9 <= s[0] <= released], speed, dx, dy)
    return {"keyboard": name, "way": way, "speed": speed, "held": round(released - pressed, 3),
            "since_repeat": round(released - last, 4), "start": begin, "end": end,
            "went": round(math.dist(begin, end), 3), "overrun": round(math.dist(at_release, end), 3),
            "bound": console.panel["bound"], "key_to_motion": first and round(first - pressed, 4), **smooth}


def smoothness(samples, speed, dx, dy):
    if len(samples) < 20 or samples[-1][0] - samples[0][0] < 0.5:
        return {}
    period = samples[-1][0] - samples[0][0]
    # A step takes 1/50 mm: what is longer without one, and longer than a ramp, is a stand.
    longest = max(0.030, 3 / 50 / speed)
    stands = sum(b[0] - a[0] for a, b in zip(samples, samples[1:]) if b[0] - a[0] > longest)
    return {"mean": round(math.dist(samples[0][1:3], samples[-1][1:3]) / period, 2), "stands": round(stands / period, 4)}


class Wire:
    """Between a console and Klipper: what goes over its first connection, with the time."""

    def __init__(self, path, to):
        self.lines, self.to = [], str(to)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        for number in range(100):
            near, _ = self.listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.to)
            for a, b, direction in ((near, far, ">"), (far, near, "<")):
                threading.Thread(target=self.carry, args=(a, b, direction if number == 0 else None), daemon=True).start()

    def carry(self, a, b, direction):
        partial = b""
        while data := a.recv(1 << 16):
            now = time.monotonic()
            b.sendall(data)
            *whole, partial = (partial + data).split(b"\x03")
            if direction:
                self.lines += [(now, direction, json.loads(text)) for text in whole]
        b.shutdown(socket.SHUT_RDWR)


def record(a, plot):
    console = Console(a.console, plot, 20)
    console.wait(lambda p: p["armed"] and p["klipper"] == "ready", "ready")
    console.say("home")
    console.wait(lambda p: p["xy_homed"] and p["z_referenced"], "homed")
    console.rests()
    console.say("go 100 100")
    console.rests()
    console.close()
    time.sleep(1)
    wire = Wire(plot.root / "wire", plot.socket)
    console = Console(a.console, plot, 20, plot.root / "wire")
    console.wait(lambda p: p["armed"] and p["klipper"] == "ready" and p["commanded"], "ready")
    time.sleep(1.5)
    for pauses in ((1.5,), (0.15, 0.15, 1.5), (0.5, *[0.04] * 30, 2), (0.5, *[0.033] * 50, 2.5)):
        for pause in pauses:
            console.say("strike right")
            time.sleep(pause)
    console.close()
    time.sleep(0.3)
    begin, hidden, rows = wire.lines[0][0], set(), []
    for t, direction, message in wire.lines:
        # What a printer's configuration is belongs to nobody's recording.
        if direction == ">" and (message["method"] in ("info", "objects/list") or "configfile" in json.dumps(message)):
            hidden.add(message["id"])
        if message.get("id") in hidden:
            continue
        rows.append(json.dumps({"t": round(t - begin, 4), "dir": direction, "msg": message}, separators=(",", ":")))
    pathlib.Path(a.record).write_text("\n".join(rows) + "\n")


def keys(a, plot):
    """Each line: what was done, and what had to come of it."""
    def check(what, true, got=""):
        print("ok  " if true else "FAIL", what, got if not true else "", flush=True)
        failed.append(not true)

    def near(a, b, slack=0.03):
        return all(abs(x - y) <= slack for x, y in zip(a, b))

    failed = []
    c = Console(a.console, plot, 20)
    c.wait(lambda p: p["armed"] and p["klipper"] == "ready" and p["commanded"], "ready")
    begin = plot.carriage()

    def do(line, quiet=0.6):
        c.say(line)
        c.rests()
        time.sleep(quiet)

    at = time.monotonic()
    do("strike right")
    check("unhomed: X a millimetre by FORCE_MOVE of both motors", near(plot.carriage(), (begin[0] + 1, *begin[1:])),
          plot.carriage())
    print(f"     {time.monotonic() - at - 0.7:.2f} s for that step")
    do("strike farther")
    check("unhomed: Y a millimetre", near(plot.carriage(), (begin[0] + 1, begin[1] + 1, begin[2])), plot.carriage())
    do("strike down")
    check("unhomed: Z a millimetre towards the paper", near(plot.carriage(), (begin[0] + 1, begin[1] + 1, begin[2] + 1)),
          plot.carriage())
    before = plot.carriage()
    for line in ("down", "up", "go 100 100"):
        do(line)
    check("unhomed: no tool up or down, no travel", plot.carriage() == before, (before, plot.carriage()))
    check("and it says why", "first" in c.panel["said"], c.panel["said"])
    c.say("home")
    c.wait(lambda p: p["xy_homed"] and p["z_referenced"], "homed")
    c.rests()
    # Kalico goes 5 mm back from an endstop.
    check("H homes with the tool up", near(plot.carriage(), (0, 0, 10)) or near(plot.carriage(), (5, 5, 10)),
          plot.carriage())
    do("go 100 120")
    check("G goes there", near(plot.carriage(), (100, 120, 10)), plot.carriage())
    do("strike right")
    do("strike nearer")
    check("steps are exact", near(plot.carriage(), (101, 119, 10)), plot.carriage())
    do("down")
    check("D lowers", near(plot.carriage(), (101, 119, 20)), plot.carriage())
    do("up")
    check("U lifts", near(plot.carriage(), (101, 119, 10)), plot.carriage())
    do("tool airbrush")
    do("down")
    check("A, D: the airbrush's own height", near(plot.carriage(), (101, 119, 0)), plot.carriage())
    do("tool pen")
    check("P lifts first", near(plot.carriage(), (101, 119, 10)), plot.carriage())
    do("touch_off")
    check("T is refused where Z has an endstop", "endstop" in c.panel["said"], c.panel["said"])
    # somebody else
    other = klippy_rig.Connection(plot.socket)
    time.sleep(1)
    other.send("gcode/script", script="G90\nG1 X150 F1200")
    c.wait(lambda p: p["foreign"], "foreign motion is shown")
    c.say("strike farther")
    time.sleep(5)
    c.wait(lambda p: not p["foreign"], "and its end")
    check("nothing was added to the motion of somebody else", near(plot.carriage(), (150, 119, 10)), plot.carriage())
    do("strike left")
    check("a step goes on from there", near(plot.carriage(), (149, 119, 10)), plot.carriage())
    (plot.gcodes / "a.gcode").write_text("G90\nG1 X100 F1200\nM400\n")
    other.call("gcode/script", script="SDCARD_PRINT_FILE FILENAME=a.gcode")
    c.wait(lambda p: "a.gcode" in p["foreign"], "a file is shown")
    c.say("strike farther")
    c.wait(lambda p: not p["foreign"], "and its end", 20)
    time.sleep(1)
    check("nothing was added to a file", near(plot.carriage(), (100, 119, 10)), plot.carriage())
    # the emergency stop in a hold
    for pause in (0.5, *[0.033] * 60):
        c.say("strike right")
        time.sleep(pause)
    before = plot.carriage()
    check("a hold moves it", before[0] > 105, (before, c.panel))
    c.p.stdin.write("!")
    c.p.stdin.flush()
    c.wait(lambda p: p["klipper"] == "stopped", "the stop")
    time.sleep(1)
    check("! stops in a hold", math.dist(before, plot.carriage()) < 1.5, (before, plot.carriage()))
    print(f"     {math.dist(before, plot.carriage()):.2f} mm from the key to the standing carriage, at 20 mm/s")
    before = plot.carriage()
    for line in ("strike right", "home", "down"):
        c.say(line)
    time.sleep(2)
    check("and nothing follows", plot.carriage() == before)
    c.say("restart")
    c.wait(lambda p: p["klipper"] == "ready" and p["armed"] and not p["xy_homed"], "ready again")
    check("R brings it back, without a reference", plot.carriage() == before)
    # Klipper dies and comes back; the board is lost and comes back
    for lose, back, seconds in (("kill-klippy", "start-klippy", 30), ("lose-mcu", "return-mcu", 60)):
        c.say("home")
        c.wait(lambda p: p["xy_homed"] and p["commanded"], "homed")
        c.rests()
        plot.happens(lose)
        c.wait(lambda p: p["klipper"] != "ready", lose, 20)
        plot.happens(back)
        before = plot.carriage()
        c.wait(lambda p: p["klipper"] == "ready" and p["armed"] and not p["xy_homed"], back, seconds)
        time.sleep(1)
        check(f"{lose}, {back}: found again by itself, without a reference", plot.carriage() == before)
    c.close()
    other.close()
    return 1 if any(failed) else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("console")
    parser.add_argument("rig")
    parser.add_argument("--root", default="/dev/shm/kf-jog")
    parser.add_argument("--holds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="jog.jsonl")
    parser.add_argument("--record")
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--kplot", default="build/tools/kplot")
    a = parser.parse_args()
    klippy_rig.plotter.KPLOT = str(pathlib.Path(a.kplot).resolve())
    rng = random.Random(a.seed)
    plot = RealPlotter(a.rig, a.root)
    if a.record or a.keys:
        try:
            return keys(a, plot) if a.keys else record(a, plot)
        finally:
            plot.close()
    rows = []
    seen = Carriage(plot, 0.001)
    try:
        left = a.holds
        first = True
        while left:
            speed = round(5 * 20 ** rng.random(), 1)  # 5 to 100, each ratio as often
            console = Console(a.console, plot, speed)
            console.wait(lambda p: p["armed"] and p["klipper"] == "ready", "ready")
            if first:
                console.say("home")
                console.wait(lambda p: p["xy_homed"] and p["z_referenced"], "homed")
                console.rests()
                first = False
            for _ in range(min(10, left)):
                rows.append(one_hold(console, plot, rng, speed, seen))
                with open(a.out, "a") as f:
                    f.write(json.dumps(rows[-1]) + "\n")
                left -= 1
            console.close()
    finally:
        plot.close()
    samples = seen.end()
    for axis, (low, high) in enumerate(AREA):
        places = [s[1 + axis] for s in samples]
        assert low - 0.03 <= min(places) and max(places) <= high + 0.03, "outside of the work area"
    over = [r for r in rows if r["overrun"] > r["bound"]]
    report(rows)
    print(f"{len(rows)} holds, {len(over)} beyond the bound")
    for r in over:
        print(json.dumps(r))
    return 1 if over or not rows else 0


def report(rows):
    for low, high in ((5, 10), (10, 20), (20, 40), (40, 70), (70, 101)):
        some = [r for r in rows if low <= r["speed"] < high]
        if not some:
            continue
        share = [r["overrun"] / r["bound"] for r in some]
        keys = [r["key_to_motion"] for r in some if r["key_to_motion"]]
        stands = [r["stands"] for r in some if "stands" in r]
        mean = [r["mean"] / r["speed"] for r in some if "mean" in r]
        print(f"{low:>3}-{high - 1:<3} mm/s: {len(some):>3} holds, overrun {statistics.median(share):.2f} of the bound, "
              f"most {max(share):.2f}; key to motion {statistics.median(keys) * 1000:.0f} ms "
              f"({min(keys) * 1000:.0f} to {max(keys) * 1000:.0f}); "
              + (f"mean speed {statistics.median(mean):.2f}, stands {statistics.median(stands) * 100:.1f} %"
                 if mean else ""))


if __name__ == "__main__":
    sys.exit(main())
