#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kplot against real Klipper and Kalico with the macros of a web interface: random moments. See README.md beside this.

accept_moments.py KPLOT KSIM RIG --client CLIENT.cfg --name NAME --out FILE [--seed N] [--root DIR] [--limit N]

One call is one rig. 40 moments: 8 deeds, each once in 5 ways to run a drawing; the seed says when, and in which order.
Each is one line of JSON in FILE. What is there already is not done again: a call that was ended goes on.

Judged are the moves that the printer planned (kf_moves.py) and where the simulated carriage was, every 2 ms: the pen is
up at every rest, nothing is drawn outside of the drawing, each stroke once, and every end is told truly."""
import argparse
import json
import math
import os
import pathlib
import random
import re
import signal
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from accept_klippy import LENGTH, TRAVEL, Fault, check, covers, expect, first_error, lines, stands  # noqa: E402
from klippy_rig import PEN_DOWN, Carriage, Moves, RealPlotter  # noqa: E402
import plotter  # noqa: E402
from plotter import distance_to_segment, line_job, wait_for  # noqa: E402

STROKES = 5
WAYS = {"file": (), "boundary": (), "interactive": ("--mode", "interactive"),
        "ahead": ("--mode", "interactive", "--ahead", "3"), "detach": ("--detach",)}
DEEDS = ("pause, resume", "pause, cancel", "cancel", "Ctrl+C", "Ctrl+C twice", "e-stop, recover", "UI", "kill -9")
LONGEST_REST = 3.0  # s with the pen on the paper


def moments(name, seed):
    """(number, way, deed, seconds after the start) of each moment, in the order in which they are tried: the ways that
    need another printer.cfg last."""
    r = random.Random(f"{seed} {name}")
    all_of = [(way, deed) for way in WAYS for deed in DEEDS]
    r.shuffle(all_of)
    drawn = []
    for way, deed in all_of:
        if deed == "UI":
            deed = r.choice(("UI pause, resume", "UI pause, cancel", "UI cancel"))
        # Where kplot goes as soon as Klipper has the file, a signal has to come in its start.
        short = way == "detach" and (deed.startswith("Ctrl") or deed.startswith("kill"))
        drawn.append((way, deed, round(0.1 + (1.0 if short else 9.0) * r.random(), 2)))
    drawn.sort(key=lambda d: d[0] != "file")  # stable
    return [(number, *d) for number, d in enumerate(drawn)]


def drawn_once(ink, want):
    """No part of a wanted line is drawn twice; gives the most that is, in mm."""
    worst = 0
    for (ax, ay), (bx, by) in want:
        length = math.dist((ax, ay), (bx, by))
        ux, uy = (bx - ax) / length, (by - ay) / length
        parts = []
        for line in ink:
            for p, q in zip(line, line[1:]):
                if max(distance_to_segment(p, (ax, ay), (bx, by)), distance_to_segment(q, (ax, ay), (bx, by))) < 0.05:
                    parts.append(sorted((s[0] - ax) * ux + (s[1] - ay) * uy for s in (p, q)))
        end, twice = -1e9, 0
        for low, high in sorted(parts):
            twice += max(0, min(end, high) - low)
            end = max(end, high)
        worst = max(worst, twice)
    return worst


class Watch:
    """One moment's eyes: the plan and the carriage."""

    def __init__(self, p):
        self.p, self.plan, self.eye = p, Moves(p), Carriage(p)
        self.hands = []  # when a person had a hand in it: an e-stop, until the pen was lifted

    def judge(self, want, stopped=None, lifted=None):
        """Faults and figures. Between `stopped` (e-stop) and `lifted` (a hand) the pen is where it is."""
        samples = self.eye.end()
        ink = self.plan.ink()
        faults = []
        try:
            done = covers(ink, want)
        except AssertionError as e:
            done = []
            faults.append(f"planned {e}")
        twice = drawn_once(ink, want)
        if twice > 0.2:
            faults.append(f"{twice:.2f} mm drawn twice")
        beside, rest = 0.0, 0.0
        for now, after in zip(samples, samples[1:] + [(time.monotonic(), 0, 0, 0)]):
            t, x, y, z = now
            if stopped is not None and t >= stopped and (lifted is None or t <= lifted):
                continue
            if z > PEN_DOWN:
                beside = max(beside, min(distance_to_segment((x, y), *line) for line in want))
            if z > TRAVEL + 0.05:
                rest = max(rest, min(after[0], stopped or after[0]) - t)
        if beside > 0.1:
            faults.append(f"the carriage was {beside:.2f} mm beside the drawing with the pen down")
        if rest > LONGEST_REST:
            faults.append(f"the pen rested below its travel height for {rest:.1f} s")
        return faults, done, {"beside_mm": round(beside, 3), "twice_mm": round(twice, 2), "rest_s": round(rest, 2)}


class Moment:
    """One deed in one run. Words are compared with what happened, not only exit statuses."""

    def __init__(self, p, way, deed, at):
        self.p, self.way, self.deed, self.at = p, way, deed, at
        self.faults, self.told, self.stopped, self.lifted = [], [], None, None

    def fault(self, *what):
        self.faults.append(" ".join(map(str, what))[:400])

    def say(self, what, r):
        text = " ".join((r.err if r.code else r.out).split())
        self.told.append(f"{what}: exit {r.code}" + (f", {first_error(r) if r.code else text[-160:]}"))

    def command(self, *words):
        r = self.p.run(*words)
        self.say("kplot " + " ".join(map(str, words)), r)
        if r.code == 0 and re.search(r"tool is up|and lifted", r.out) and words[0] != "recover":
            z = self.p.pen_z()
            if z > TRAVEL + 0.05:
                self.fault(f"kplot {words[0]} says that the tool is up, it is at Z{z:.2f}")
        return r

    def too_late(self, r):
        return r.code == 3 or "ended" in r.err or "came to its end" in r.out

    def job_over(self):
        return self.p.job_state() not in ("printing", "paused")

    def klipper(self, method):
        """A button of the web interface."""
        answer = self.p.ask("pause_resume/" + method)
        self.told.append(f"button {method}: " + ("an error" if "error" in answer else "taken"))

    def deed_of_a_person(self, child):
        """Does it; gives the exit statuses that a true end may have, and whether all must be drawn."""
        running = child.poll() is None
        file_goes_on = self.way in ("file", "boundary", "detach")
        if self.deed.startswith("pause"):
            r = self.command("pause")
            if r.code != 0:
                if not self.too_late(r):
                    self.fault("pause:", r)
                return {0}, True
            if "came to its end" in r.out:
                return {0}, True
            self.is_up("after the pause")
            r = self.command("resume" if self.deed.endswith("resume") else "cancel")
            if r.code != 0 and not self.too_late(r):
                self.fault(r)
            return ({0}, True) if self.deed.endswith("resume") else ({130}, None)
        if self.deed == "cancel":
            r = self.command("cancel")
            if r.code != 0 and not self.too_late(r):
                self.fault("cancel:", r)
            return ({130}, None) if r.code == 0 else ({0}, True)
        if self.deed.startswith("Ctrl"):
            if not running:
                return {0}, True
            child.send_signal(signal.SIGINT)
            if self.deed.endswith("twice"):
                time.sleep(0.8)
                if child.poll() is None:
                    child.send_signal(signal.SIGINT)
                return {130, 0}, None  # 0: it was over before
            try:
                wait_for("the pause", lambda: child.poll() is not None or self.run_state() == "paused", 30)
            except AssertionError as e:
                self.fault(e)
            if child.poll() is not None:
                return {130, 0}, None  # a run that has not begun yet ends
            self.is_up("after Ctrl+C")
            r = self.command("resume")
            if r.code != 0 and not self.too_late(r):
                self.fault(r)
            return {0}, True
        if self.deed.startswith("e-stop"):
            self.stopped = time.monotonic()
            r = self.command("estop")
            if r.code != 0:
                self.fault("estop:", r)
            # 3: it had not begun, and Klipper was not ready any more.
            return ({1, 0} if not running else {1, 3}), None
        if self.deed.startswith("UI"):
            over = self.job_over() if file_goes_on else not running
            if "pause" in self.deed:
                self.klipper("pause")
                if over or not running and self.way != "detach":
                    self.p.gcode("CLEAR_PAUSE")
                    return {0}, True
                time.sleep(2.5)
                self.is_up("after the button", 6)
                self.klipper("resume" if self.deed.endswith("resume") else "cancel")
                if not file_goes_on:  # no button of the interface is a word to kplot: it waits for a person's
                    time.sleep(2)
                    if child.poll() is None and self.run_state() == "paused":
                        self.command("resume" if self.deed.endswith("resume") else "cancel")
            else:
                self.klipper("cancel")
            if self.deed.endswith("resume"):
                return {0}, True
            if not file_goes_on and "pause" not in self.deed:
                return {0, 130, 1}, None  # Klipper has no file that its button could cancel
            return {130, 1, 0} if over else {130, 1}, None
        if running:
            child.kill()
        return {-9, 0}, True if file_goes_on and self.p.job_state() == "printing" else None

    def run_state(self):
        r = self.p.run("status", "--json")
        return r.result().get("run_state") if r.code == 0 else None

    def is_up(self, when, deadline=0.5):
        try:
            wait_for("up", lambda: self.p.pen_z() <= TRAVEL + 0.05, deadline)
        except AssertionError:
            self.fault(f"the pen is at Z{self.p.pen_z():.2f} {when}")

    def settle(self, child):
        """The run's end, and then the printer's."""
        done = self.p.finish(child)
        self.say("kplot run", done)
        if self.stopped is None:
            wait_for("the file's end", lambda: self.p.job_state() != "printing", 60)
            time.sleep(0.3)
            last = None
            while last != self.p.carriage():
                last = self.p.carriage()
                time.sleep(1.0)
            self.is_up("at the end")
        return done

    def recover(self):
        """By the way that kplot tells: a hand lifts the pen when it may be down."""
        r = self.command("recover")
        if r.code == 3:
            self.p.place(2, 12.0)  # a person lifts the pen
            self.lifted = time.monotonic()
            r = self.command("recover", "--pen-is-up")
        elif self.p.pen_is_down():
            self.fault("recover without a word although the pen was down")
        self.lifted = self.lifted or time.monotonic()
        if r.code != 0:
            raise Fault(f"recover: {r}")

    def run(self, number):
        p = self.p
        want = lines(STROKES)
        job = p.write("lines.jsonl", line_job(STROKES, LENGTH))
        words = list(WAYS[self.way])
        row = {"moment": number, "way": self.way, "deed": self.deed, "at": self.at}
        if self.way == "file" and "--foreign-macros" in p.run("run", "--help").out:
            # The macros of the interface would press the pen: refused, unless a person takes it upon himself.
            r = p.run("run", job)
            self.say("kplot run", r)
            if r.code != 3 or "PAUSE" not in r.err:
                self.fault("foreign macros are not refused:", r)
            if self.deed.startswith("UI"):
                return {**row, "ok": not self.faults, "faults": self.faults, "told": self.told, "refused": True}
            words.append("--foreign-macros")
        watch = Watch(p)
        child = p.start("run", job, *words)
        time.sleep(self.at)
        try:
            codes, whole = self.deed_of_a_person(child)
            done = self.settle(child)
            if self.stopped is not None:
                self.recover()
                self.is_up("after recover")
        except AssertionError:
            watch.eye.end()
            raise
        if self.way == "detach" and done.code == 0:
            codes = {0}  # it ended when Klipper had the file
        if done.code not in codes:
            self.fault(f"kplot run ended with {done.code}, not {sorted(codes)}:", first_error(done))
        faults, drawn, figures = watch.judge(want, self.stopped, self.lifted)
        self.faults += faults
        complete = bool(drawn) and all(drawn)
        if done.code == 0 and self.way != "detach" and not complete and not faults:
            self.fault(f"exit 0, but {sum(drawn)} of {STROKES} are drawn")
        if whole and not complete and not faults:
            self.fault(f"all should be drawn: {sum(drawn)} of {STROKES}")
        if "tool is up" in done.out + done.err and self.stopped is None and p.pen_z() > TRAVEL + 0.05:
            self.fault("the run says that the tool is up")
        if p.status(pause_resume=["is_paused"])["pause_resume"]["is_paused"]:
            self.fault("a pause is left behind")
            p.gcode("CLEAR_PAUSE")
        return {**row, "exit": done.code, "drawn": sum(drawn), "ok": not self.faults, "faults": self.faults,
                "told": self.told, **figures}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("kplot")
    a.add_argument("ksim")
    a.add_argument("rig")
    a.add_argument("--client", required=True, help="the interface's macros, client.cfg")
    a.add_argument("--name", required=True)
    a.add_argument("--out", required=True)
    a.add_argument("--seed", type=int, default=20261127)
    a.add_argument("--root", default="/dev/shm/kf-moments", help="work folder; its carriage must not wait for a disk")
    a.add_argument("--limit", type=int, default=1000, help="how many moments at most")
    arguments = a.parse_args()
    plotter.DEADLINE = 90
    plotter.KPLOT, plotter.KSIM = os.path.abspath(arguments.kplot), os.path.abspath(arguments.ksim)
    out = pathlib.Path(arguments.out)
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    known = {row["moment"] for row in rows if row["rig"] == arguments.name}
    p, of = None, None
    for number, way, deed, at in moments(arguments.name, arguments.seed)[:arguments.limit]:
        if number in known:
            continue
        try:
            if p is None or of != (way == "file"):
                if p is not None:
                    p.close()
                p, of = None, way == "file"
                p = RealPlotter(arguments.rig, arguments.root, client=arguments.client, kplot_macros=not of)
                expect(p.run("home"), 0)
            row = Moment(p, way, deed, at).run(number)
        except Exception as e:
            if not isinstance(e, AssertionError):
                traceback.print_exc()
            row = {"moment": number, "way": way, "deed": deed, "at": at, "ok": False, "faults": [str(e)[:1500]]}
        if not row["ok"] and p is not None:  # the next one begins with a printer that nothing happened to
            p.close()
            p = None
        row = {"rig": arguments.name, **row}
        rows.append(row)
        with open(out, "a") as f:
            f.write(json.dumps(row) + "\n")
        print(number, way, deed, at, "ok" if row["ok"] else row["faults"], flush=True)
    if p is not None:
        p.close()
    mine = [row for row in rows if row["rig"] == arguments.name]
    print(f"{sum(row['ok'] for row in mine)} of {len(mine)} ok", flush=True)
    return 0 if all(row["ok"] for row in mine) else 1


if __name__ == "__main__":
    sys.exit(main())
