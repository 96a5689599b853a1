#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kplot against real klippy on a simulated micro-controller: acceptance 2 of the plotter. See README.md beside this.

accept_klippy.py KPLOT KSIM RIG [--only NAME,...] [--out FILE] [--strokes N] [--seed N] [--sim]

Each case says what it saw, with figures, as one line of JSON in FILE. --sim runs the same cases on ksim: what differs
is a fault of one of the two."""
import argparse
import json
import math
import os
import pathlib
import random
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from klippy_rig import OLD_CANCEL, Carriage, Moves, RealPlotter, fast_machine, macros  # noqa: E402
import plotter  # noqa: E402
from plotter import LEFT, TOP, Cut, along, distance_to_segment, line_job, svg, wait_for  # noqa: E402

TRAVEL, WORK = 10.0, 20.0
CASES = []


def case(function):
    CASES.append(function)
    return function


class Fault(AssertionError):
    pass


def check(condition, *what):
    if not condition:
        raise Fault(" ".join(map(str, what)))


class Bench:
    """What the cases get: printers, and a place for what they saw."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.open, self.rows, self.case = [], [], ""
        self.random = random.Random()

    def printer(self, machine=None, **options):
        self.end()
        if self.arguments.sim:
            machine = machine or fast_machine()
            config = OLD_CANCEL
            if options.pop("kplot_macros", False):
                with tempfile.TemporaryDirectory() as folder:
                    file = pathlib.Path(folder) / "machine.yaml"
                    file.write_text(machine)
                    # ksim has a folder of its own.
                    config = "".join(line + "\n" for line in macros(file, folder).splitlines() if "path:" not in line)
            config += options.pop("config", "")
            for real_only in ("endstop", "x_rotation", "idle_timeout"):
                options.pop(real_only, None)
            p = plotter.Plotter(speed=options.pop("speed", 4), machine=machine, config=config)
            p.pen_z = lambda: p.status(motion_report=["live_position"])["motion_report"]["live_position"][2]
        else:
            options.pop("speed", None)
            p = RealPlotter(self.arguments.rig, self.arguments.root, machine=machine, **options)
        self.open.append(p)
        return p

    def end(self):
        while self.open:
            self.open.pop().close()

    def saw(self, command, text, **figures):
        row = {"case": self.case, "command": command, "saw": text, **figures}
        self.rows.append(row)
        print("   ", command, "->", text, figures or "", flush=True)


def expect(r, code, *words):
    check(r.code == code, f"exit {r.code}, not {code}:", r)
    for word in words:
        check(word in r.out + r.err, f"no word of {word!r}:", r)
    return r


def first_error(r):
    text = r.err[r.err.index("error:"):] if "error:" in r.err else r.err
    return " ".join(text.split())[:300]


# ---- 1 ---------------------------------------------------------------------------------------------------------------
@case
def connect_and_home(b):
    p = b.printer()
    r = expect(p.run("status", "--json"), 0)
    b.saw("kplot status", f"klipper {r.result()['klipper']}, homed {r.result()['homed_axes']!r}")
    t = time.monotonic()
    r = expect(p.run("home"), 0, "homed xyz")
    b.saw("kplot home", r.out.strip(), seconds=round(time.monotonic() - t, 1))
    check(p.z() == TRAVEL, "tool is not up")
    if not b.arguments.sim:
        check(p.carriage() == (0, 0, TRAVEL), p.carriage())
        b.saw("", "carriage stands at X0 Y0 Z10, to a step of 0.02 mm")


@case
def machine_check_live(b):
    p = b.printer()
    r = expect(p.run("machine", "check"), 0, "fits the printer")
    b.saw("kplot machine check --socket", " ".join(r.out.split()), warnings=r.err.count("warning:"))
    for old, new, word in (("xy_rotation_distance: 32.0", "xy_rotation_distance: 40.0", "rotation_distance"),
                           ("klipper_microsteps: 4", "klipper_microsteps: 8", "microsteps"),
                           ("x: 250.0", "x: 260.0", "position_max"),
                           ("max_accel_mm_s2: 3000.0", "max_accel_mm_s2: 9000.0", "max_accel")):
        good = p.machine_file.read_text()
        text = good.replace(old, new, 1).replace("belt_pitch_mm: 2.0", "belt_pitch_mm: 2.5" if "40.0" in new
                                                 else "belt_pitch_mm: 2.0")
        if "klipper_microsteps: 8" in new:
            text = text.replace("driver_pulses_per_rev: 1600", "driver_pulses_per_rev: 3200")
        p.machine_file.write_text(text)
        r = expect(p.run("machine", "check"), 3, word)
        job = p.write("one.jsonl", line_job(1))
        expect(p.run("run", job), 3, word)
        expect(p.run("home"), 3, word)
        b.saw(f"machine.yaml: {new}", "check, run and home: exit 3, " + first_error(r))
        p.machine_file.write_text(good)


@case
def touch_off(b):
    """The printer has no Z endstop: its pin is not wired, as Klipper wants one all the same."""
    p = b.printer(machine=fast_machine(endstop=False), endstop=False)
    job = p.write("one.jsonl", line_job(2))
    r = expect(p.run("run", job), 3, "Z is not referenced", "touch-off")
    b.saw("kplot run, Z not referenced", "exit 3, " + first_error(r))
    expect(p.run("touch-off"), 5)
    b.saw("kplot touch-off without a terminal", "exit 5")
    before = p.carriage() if not b.arguments.sim else None
    r = expect(p.run("home"), 0, "Z is not referenced")
    if before:
        check(p.carriage()[2] == before[2], "homing X and Y moved Z", before, p.carriage())
    b.saw("kplot home", "X and Y homed, Z did not move: " + first_error(r))
    if not b.arguments.sim:
        p.ask("gcode/script", script="M84")
        p.place(2, 27.0)  # where the pen touches, by hand
        p.z_shift = WORK - 27.0
    r = expect(p.run("touch-off", "--touching"), 0)
    check(p.z() == TRAVEL, p.z())
    if not b.arguments.sim:
        check(abs(p.carriage()[2] - 17.0) < 0.021, p.carriage())
    b.saw("kplot touch-off --touching", r.out.strip() + "; the carriage went up 10 mm from where it was put")
    watch = Moves(p)
    expect(p.run("run", job), 0)
    lines = watch.ink()
    want = [[(LEFT + 5, TOP - 10 - 2 * i), (LEFT + 15, TOP - 10 - 2 * i)] for i in range(2)]
    check(worst_distance(lines, want) < 0.02, lines)
    b.saw("kplot run", "drawn after the touch-off")
    p.ask("gcode/script", script="M84")
    expect(p.run("run", job), 3, "Z is not referenced")
    b.saw("kplot run after M84", "exit 3: the reference went with the motors")


# ---- 2 ---------------------------------------------------------------------------------------------------------------
def worst_distance(got, want, step=0.25):
    """Lines one by one, both ways."""
    check(len(got) == len(want), f"{len(got)} lines, {len(want)} expected")
    worst = 0
    for one, other in zip(got, want):
        for a, c in ((one, other), (other, one)):
            segments = list(zip(c, c[1:]))
            worst = max(worst, max(min(distance_to_segment(q, s, e) for s, e in segments) for q in along(a, step)))
    return worst


def drawing(random, count):
    """`count` strokes as SVG, and where each must be in machine mm: lines, polylines, circles in closed form."""
    body, want = [], []
    columns = math.ceil(math.sqrt(count * 194 / 281))
    rows = math.ceil(count / columns)
    for i in range(count):
        column, row = i % columns, i // columns
        if row % 2:
            column = columns - 1 - column  # to and fro, with short ways between the strokes
        x, y = 8 + 194 * (column + random.random()) / columns, 8 + 281 * (row + random.random()) / rows
        kind = i % 10
        if kind == 9:
            r = round(1 + 3 * random.random(), 3)
            body.append(f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{r}"/>')
            want.append(("circle", LEFT + round(x, 3), TOP - round(y, 3), r))
            continue
        points = [(round(x, 3), round(y, 3))]
        for _ in range(1 if kind < 5 else 1 + kind % 4):
            angle, length = 2 * math.pi * random.random(), 1 + 6 * random.random()
            points.append((round(points[-1][0] + length * math.cos(angle), 3),
                           round(points[-1][1] + length * math.sin(angle), 3)))
            points[-1] = (min(209, max(1, points[-1][0])), min(296, max(1, points[-1][1])))
        if kind < 5:
            (x1, y1), (x2, y2) = points
            body.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
        else:
            body.append('<polyline points="' + " ".join(f"{px},{py}" for px, py in points) + '"/>')
        want.append(("line", [(LEFT + px, TOP - py) for px, py in points]))
    return svg('<g fill="none" stroke="black">' + "\n".join(body) + "</g>"), want


def compare_drawing(got, want):
    check(len(got) == len(want), f"{len(got)} strokes in the plan, {len(want)} in the drawing")
    worst = 0
    for line, wanted in zip(got, want):
        if wanted[0] == "line":
            worst = max(worst, worst_distance([line], [wanted[1]]))
            continue
        _, cx, cy, r = wanted
        worst = max(worst, max(abs(math.hypot(x - cx, y - cy) - r) for x, y in along(line, 0.05)))
        turned = 0
        for (x1, y1), (x2, y2) in zip(line, line[1:]):
            d = math.atan2(y2 - cy, x2 - cx) - math.atan2(y1 - cy, x1 - cx)
            turned += math.remainder(d, 2 * math.pi)
        check(abs(abs(turned) - 2 * math.pi) < 0.01, "a circle is not closed", turned)
    return worst


@case
def file_job(b):
    n = b.arguments.strokes
    machine = fast_machine().replace("direction_reversal_pause_s: 0.5", "direction_reversal_pause_s: 0.05")
    p = b.printer(machine=machine, kplot_macros=True, speed=10)
    text, want = drawing(b.random, n)
    job = p.write("thousand.svg", text)
    expect(p.run("home"), 0)
    watch = Moves(p)
    t = time.monotonic()
    r = expect(p.run("run", job, "--json"), 0)
    seconds = time.monotonic() - t
    result = r.result()
    check(result["strokes"] == n, result)
    moves = watch.moves()
    (p.root / "moves.json").write_text(json.dumps(moves))  # so that a fault can be looked into
    (p.root / "want.json").write_text(json.dumps(want))
    worst = compare_drawing(watch.drawn(moves), want)
    check(worst < 0.02, f"{worst:.4f} mm beside the drawing")
    progress = r.events("progress")
    planned = float(next(e["text"] for e in r.events("step") if "strokes" in e["text"]).split(", ")[-1].split()[0])
    late = [e for e in progress if e["done"] >= 0.1 * planned]
    eta_total = late[0]["elapsed_s"] + planned - late[0]["elapsed_s"] if late else 0
    b.saw("kplot run thousand.svg", f"{n} strokes complete; plan {planned:.1f} s, Klipper's clock "
          f"{result['seconds']:.1f} s", seconds=round(seconds, 1), moves=len(moves), worst_mm=round(worst, 5),
          eta_error_percent=round(100 * (result["seconds"] - planned) / planned, 2), eta=round(eta_total, 1))
    check(p.z() == TRAVEL)
    check(abs(result["seconds"] - planned) < 0.01 * planned + 1.0, "the plan is not what it took")


def residue(feed, accel=3000.0):
    """What Klipper's live_velocity is at rest after a move at `feed` mm/s: v - a * t in doubles, not always 0."""
    v2 = (feed * 60 * (1.0 / 60.0)) ** 2
    v = math.sqrt(v2)
    return v - accel * (v2 * (0.5 / accel) / (v * 0.5))


@case
def lift_feeds(b):
    """A file ends with the lift: a rest whose velocity is 7e-15 mm/s is one."""
    p = b.printer(kplot_macros=True)
    text = p.machine_file.read_text()
    expect(p.run("home"), 0)
    feeds = [i / 2 for i in range(1, 201) if residue(i / 2) > 0]
    # The printer's macros have another lift now.
    anyway = ["--foreign-macros"] if "--foreign-macros" in p.run("run", "--help").out else []
    hung, seconds, deadline = [], [], plotter.DEADLINE
    plotter.DEADLINE = 45
    for feed in feeds:
        p.machine_file.write_text(text.replace("lift_feed_mm_s: null", f"lift_feed_mm_s: {feed}", 1))
        t = time.monotonic()
        try:
            expect(p.run("run", p.write("lift.jsonl", line_job(1)), *anyway), 0)
            seconds.append(time.monotonic() - t)
        except AssertionError as e:
            if "still runs" not in str(e):
                raise
            hung.append(feed)
            p.ask("gcode/script", script="SDCARD_RESET_FILE")
    plotter.DEADLINE = deadline
    b.saw("kplot run, lift_feed_mm_s with a residue", f"{len(feeds) - len(hung)} of {len(feeds)} end", hung=hung,
          slowest_s=round(max(seconds, default=0), 1))
    check(not hung, "these never end:", hung)


# ---- 3 ---------------------------------------------------------------------------------------------------------------
LENGTH = 60.0


def lines(count):
    return [[(LEFT + 5 + 12 * (i // 100), TOP - 10 - 2 * (i % 100)),
             (LEFT + 5 + LENGTH + 12 * (i // 100), TOP - 10 - 2 * (i % 100))] for i in range(count)]


@case
def interactive(b):
    for words in ((), ("--ahead", "3")):
        p = b.printer()
        expect(p.run("home"), 0)
        watch = Moves(p)
        t = time.monotonic()
        r = expect(p.run("run", p.write("lines.jsonl", line_job(20, LENGTH)), "--mode", "interactive", "--json",
                         *words), 0)
        seconds = time.monotonic() - t
        worst = worst_distance(watch.ink(), lines(20))
        check(worst < 0.02, worst)
        check(p.z() == TRAVEL)
        b.saw("kplot run --mode interactive " + " ".join(words), "20 strokes", seconds=round(seconds, 1),
              planned=round(r.result()["seconds"], 1), worst_mm=round(worst, 5))


# ---- 4 ---------------------------------------------------------------------------------------------------------------
def stands(p, still=0.3):
    """Where the carriage is, when it has not moved for a while."""
    if isinstance(p, RealPlotter):
        at = p.carriage()
        time.sleep(still)
        check(p.carriage() == at, "it still moves", at, p.carriage())
    return p.pen_z()


def covers(ink, want, tolerance=0.02):
    """All of `ink` lies on the wanted lines; gives which of these are drawn to their end."""
    segments = [(a, c) for line in want for a, c in zip(line, line[1:])]
    for line in ink:
        for q in along(line, 1.0):
            check(min(distance_to_segment(q, *s) for s in segments) < tolerance, "ink beside the drawing at", q)
    drawn = [(a, c) for line in ink for a, c in zip(line, line[1:])]
    return [bool(drawn) and all(min(distance_to_segment(q, *s) for s in drawn) < tolerance for q in along(line, 1.0))
            for line in want]


def comes_down_from_above(samples, since):
    """Between the resume and the pen's being down, X and Y stand whenever Z is below travel."""
    lowered = [(t, x, y, z) for t, x, y, z in samples if t > since and z > TRAVEL + 0.05]
    if not lowered:
        return None
    down = next((s for s in lowered if s[3] >= WORK - 0.05), None)
    if down is None:
        return None
    way = [s for s in lowered if s[0] <= down[0]]
    return max(math.hypot(x - way[0][1], y - way[0][2]) for _, x, y, _ in way)


@case
def random_moments(b):
    modes = (("file",), ("file", "boundary"), ("interactive",), ("interactive", "--ahead", "3"))
    deeds = ("pause", "cancel", "pause and cancel", "signals", "pause twice")
    job_lines = lines(12)
    slowest, worst_resume, total, told = 0, 0, 0, {}
    p = None
    for number, mode in enumerate(modes):
        if b.arguments.modes and str(number) not in b.arguments.modes:
            continue
        b.random.seed(f"{b.arguments.seed} {mode}")
        p = b.printer(kplot_macros="boundary" in mode)
        expect(p.run("home"), 0)
        job = p.write("lines.jsonl", line_job(12, LENGTH))
        words = ["--mode", mode[0], *[w for w in mode[1:] if w != "boundary"]]
        # Some of the moments lie in the last strokes and after the end.
        for round_number in range(math.ceil(b.arguments.rounds / len(modes))):
            deed = deeds[round_number % len(deeds)]
            moment = 0.2 + b.random.random() * 17
            where = f"{' '.join(mode)}, {deed} at {moment:.2f} s"
            watch = Moves(p)
            eye = Carriage(p) if not b.arguments.sim else None
            child = p.start("run", job, "--json", *words)
            time.sleep(moment)
            total += 1
            try:
                if deed == "signals":
                    child.send_signal(2)
                    r = None
                    wait_for("the pause", lambda: child.poll() is not None or
                             p.run("status", "--json").result().get("run_state") == "paused")
                else:
                    t = time.monotonic()
                    r = p.run("cancel" if deed == "cancel" else "pause")
                    if r.code == 0:
                        slowest = max(slowest, time.monotonic() - t)
                ended = r is not None and r.code != 0
                if ended:
                    check(r.code == 3 or "ended" in r.err, r)
                    told[" ".join(r.err.split())[:90]] = told.get(" ".join(r.err.split())[:90], 0) + 1
                elif child.poll() is None or deed == "cancel":
                    z = stands(p)
                    check(abs(z - TRAVEL) < 0.03, "the pen stands at", z)
                want_code = 0
                if ended:
                    pass
                elif deed == "cancel":
                    want_code = 130
                elif deed == "pause and cancel":
                    expect(p.run("cancel"), 0)
                    want_code = 130
                elif deed == "signals":
                    if child.poll() is None:
                        child.send_signal(2)
                        want_code = 130
                else:
                    for again in range(2 if deed == "pause twice" else 1):
                        if again:
                            time.sleep(1.0)
                            second = p.run("pause")
                            if second.code != 0:
                                check(second.code == 3 or "ended" in second.err, second)
                                break
                            check(abs(stands(p) - TRAVEL) < 0.03, "second pause")
                        since = time.monotonic()
                        expect(p.run("resume"), 0)
                        if eye:
                            time.sleep(1.0)
                            side = comes_down_from_above(list(eye.samples), since)
                            worst_resume = max(worst_resume, side or 0)
                            check(side is None or side < 0.05, "the pen was lowered while it moved", side)
                done = p.finish(child)
                check(done.code == want_code, f"the run ended with {done.code}, not {want_code}", done)
                check(abs(stands(p) - TRAVEL) < 0.03, "the pen is down at the end")
                check(p.job_state() not in ("printing", "paused"), p.job_state())
                drawn = covers(watch.ink(), job_lines)
                if want_code == 0:
                    check(all(drawn), "not all is drawn", drawn)
                after = expect(p.run("status", "--json"), 0).result()
                check("pen_doubt" not in after, after)
            except AssertionError as e:
                if eye:
                    eye.end()
                raise Fault(where + ": " + str(e)) from e
            finally:
                watch.close()
            if eye:
                eye.end()
            print("      ", where, "ended with", want_code, f"{sum(drawn)} of 12", flush=True)
        b.saw(f"random moments, {' '.join(mode)}", "pen up after each, the rest drawn after resume")
    b.saw("pause, resume, cancel", f"{total} random moments (seed {b.arguments.seed})",
          slowest_s=round(slowest, 1), sideways_while_lowering_mm=round(worst_resume, 3), answers=told)


@case
def moments_at_the_end(b):
    """A pause or a cancel that comes as the drawing ends: it is obeyed, or told that it came too late; the next run
    finds nothing in its way."""
    answers = {}
    for mode in (("file",), ("file", "boundary"), ("interactive",)):
        p = b.printer(kplot_macros="boundary" in mode)
        expect(p.run("home"), 0)
        job = p.write("lines.jsonl", line_job(1, 30))
        for _ in range(2):  # the first begins far away
            t = time.monotonic()
            expect(p.run("run", job, "--mode", mode[0]), 0)
            whole = time.monotonic() - t
        for round_number in range(8):
            deed = ("pause", "cancel")[round_number % 2]
            moment = whole - 0.3 - 1.5 * b.random.random()
            child = p.start("run", job, "--json", "--mode", mode[0])
            time.sleep(max(0, moment))
            r = p.run(deed)
            check(r.code == 0 or r.code == 3 or "ended" in r.err, r)
            text = f"{deed}: exit {r.code} " + " ".join((r.out if r.code == 0 else first_error(r)).split())[:100]
            answers[text] = answers.get(text, 0) + 1
            if r.code == 0 and deed == "pause" and "came to its end" not in r.out:
                if child.poll() is None:
                    check(abs(stands(p) - TRAVEL) < 0.03, "the pen stands at", p.pen_z())
                    r = p.run("resume")
                    check(r.code == 0 or r.code == 3 or "ended" in r.err, r)
            done = p.finish(child)
            too_late = r.code != 0 or "came to its end" in r.out
            check(done.code == (130 if deed == "cancel" and not too_late else 0), deed, r, done)
            check(abs(stands(p) - TRAVEL) < 0.03, "the pen is down at the end")
            check(not p.status(pause_resume=["is_paused"])["pause_resume"]["is_paused"], deed, "left a pause behind", r)
        expect(p.run("run", job, "--mode", mode[0]), 0)
    b.saw("pause, cancel as the drawing ends", "24 random moments before the end; the next run draws",
          answers=answers)


# ---- pens ------------------------------------------------------------------------------------------------------------
TWO_PENS = ('<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
            'width="210mm" height="297mm" viewBox="0 0 210 297" stroke="#000">'
            '<g inkscape:groupmode="layer" inkscape:label="red"><path d="M10 20h40"/></g>'
            '<g inkscape:groupmode="layer" inkscape:label="blue"><path d="M10 40h40"/></g></svg>')


@case
def pens_are_changed(b):
    """Two pens, the second with an offset: the change stands at its place, tool up, and a person or a button goes on."""
    machine = fast_machine().replace("pen_change_mm: null", "pen_change_mm: [200.0, 5.0]")
    for mode, ours, deed in (("file", False, "resume"), ("file", False, "RESUME"), ("file", True, "RESUME"),
                             ("file", True, "kill, resume"), ("file", False, "cancel"), ("interactive", True, "resume"),
                             ("interactive", True, "cancel")):
        p = b.printer(machine=machine, kplot_macros=ours)
        expect(p.run("home"), 0)
        pens = p.write("pens.yaml", "- {name: red, layers: red}\n"
                       "- {name: blue, layers: blue, xy_offset_mm: [3, -1], between: {pause: put in blue}}\n")
        watch = Moves(p)
        words = () if ours else ("--foreign-macros",)
        child = p.start("run", p.write("two.svg", TWO_PENS), "--pens", pens, "--mode", mode, *words)
        wait_for("the change", lambda: child.poll() is not None or
                 p.run("status", "--json").result().get("waits_for") == "put in blue")
        check(child.poll() is None, "the run ended", child.communicate() if child.poll() is not None else "")
        z = stands(p)
        check(abs(z - TRAVEL) < 0.03, "the pen stands at", z)
        if not b.arguments.sim:
            check(math.dist(p.carriage()[:2], (200, 5)) < 0.03, p.carriage())
        p.gcode("G91\nG1 X-30 Y20 F6000\nG90\nM400")  # out of the way of a hand
        if deed == "kill, resume":
            child.kill()
            child.wait()
        if deed == "RESUME":
            p.gcode("RESUME")
        else:
            expect(p.run(deed.split()[-1]), 0)
        if deed == "kill, resume":
            wait_for("the end", lambda: p.job_state() == "complete")
        else:
            expect(p.finish(child), 130 if deed == "cancel" else 0)
        stands(p)
        want = [[(LEFT + 10, TOP - 20), (LEFT + 50, TOP - 20)], [(LEFT + 13, TOP - 41), (LEFT + 53, TOP - 41)]]
        got = watch.ink()
        watch.close()
        want = want[:1] if deed == "cancel" else want
        check(len(got) == len(want), "ink", got)
        worst = max(math.dist(a, e) for line, wanted in zip(got, want) for a, e in zip((line[0], line[-1]), wanted))
        check(worst < 0.02, "beside its place", worst, got)
        b.saw(f"run --pens, {mode}{', our macros' if ours else ''}: {deed}",
              f"waited at X200 Y5 Z10, moved away by hand, {len(got)} of 2 lines drawn, {worst:.3f} mm beside their place")


@case
def motors_go_off_in_a_pause(b):
    """[idle_timeout] of printer.cfg must not take the reference away in a pause of ours."""
    if b.arguments.sim:
        return
    for mode in ("file", "interactive"):
        p = b.printer(idle_timeout=6)
        expect(p.run("home"), 0)
        child = p.start("run", p.write("lines.jsonl", line_job(3, LENGTH)), "--mode", mode, "--json")
        time.sleep(2)
        expect(p.run("pause"), 0)
        time.sleep(14)
        check(p.status(toolhead=["homed_axes"])["toolhead"]["homed_axes"] == "xyz", "the motors went off")
        expect(p.run("resume"), 0)
        r = p.finish(child)
        check(r.code == 0, r)
        timeout = p.status(idle_timeout=["idle_timeout"])["idle_timeout"].get("idle_timeout")
        b.saw(f"pause of 14 s, idle_timeout 6 s, {mode}", "the motors stay on, the drawing goes on", timeout=timeout)


# ---- 5 ---------------------------------------------------------------------------------------------------------------
def place(p):
    if isinstance(p, RealPlotter):
        x, y, z = p.carriage()
        return x, y, z + p.z_shift
    return p.status(motion_report=["live_position"])["motion_report"]["live_position"][:3]


def started(p, job, *words):
    """A run with the pen on the paper, in the middle of a stroke."""
    child = p.start("run", job, "--json", *words)
    begun = []

    def draws():
        x, y, z = place(p)
        if z < WORK - 0.1:
            begun.clear()
            return False
        begun.append((x, y))
        return math.dist(begun[0], (x, y)) > LENGTH / 4

    wait_for("the pen to draw", lambda: child.poll() is not None or draws())
    check(child.poll() is None, "the run ended:", child.returncode)
    return child


def lost(child, p):
    r = p.finish(child)
    check(r.code == 1, r)
    e = r.events("error")[-1]
    check(e["errc"] == "connection_lost", e)
    return e


@case
def emergency_stop(b):
    for mode in ("file", "interactive"):
        p = b.printer()
        expect(p.run("home"), 0)
        job = p.write("lines.jsonl", line_job(12, LENGTH))
        child = started(p, job, "--mode", mode)
        eye = Carriage(p) if not b.arguments.sim else None
        t = time.monotonic()
        r = expect(p.run("estop"), 0)
        took = time.monotonic() - t
        e = lost(child, p)
        figures = {"command_ms": round(1000 * took)}
        if eye:
            time.sleep(0.5)
            moved = [s for s in eye.end() if s[0] >= t]
            check(moved, "it did not move before the stop")
            figures["stood_after_ms"] = round(1000 * (moved[-1][0] - t))
            check(moved[-1][0] - t < took + 0.05, "it moved on")
            check(p.pen_is_down(), "the stop was not in a stroke")
        b.saw(f"kplot estop in a stroke, {mode}", e["what"] + "; " + e["cause"], **figures)
        r = expect(p.run("status", "--json"), 0).result()
        check(r["klipper"] == "shutdown" and "pen_doubt" in r, r)
        refused = expect(p.run("home"), 3)
        b.saw("kplot home", "exit 3, " + first_error(refused))
        if not b.arguments.sim:
            refused = expect(p.run("recover"), 3, "may be down")
            b.saw("kplot recover", "exit 3, " + first_error(refused))
            expect(p.run("home"), 3, "may be down")
            p.place(2, 12.0)  # a person lifts the pen
        t = time.monotonic()
        r = expect(p.run("recover", "--pen-is-up"), 0)
        b.saw("kplot recover --pen-is-up", r.out.strip(), seconds=round(time.monotonic() - t, 1))
        check(abs(stands(p) - TRAVEL) < 0.03)
        expect(p.run("run", p.write("one.jsonl", line_job(1)), "--mode", mode), 0)


# ---- 6 ---------------------------------------------------------------------------------------------------------------
@case
def micro_controller_lost(b):
    for mode in ("file", "interactive"):
        p = b.printer()
        expect(p.run("home"), 0)
        child = started(p, p.write("lines.jsonl", line_job(12, LENGTH)), "--mode", mode)
        t = time.monotonic()
        p.happens("lose-mcu")
        e = lost(child, p)
        b.saw(f"MCU killed in a stroke, {mode}", e["what"] + "; " + e["cause"],
              noticed_s=round(time.monotonic() - t, 1))
        r = expect(p.run("status", "--json"), 0).result()
        check(r["klipper"] == "shutdown" and "pen_doubt" in r, r)
        expect(p.run("run", p.write("one.jsonl", line_job(1))), 3)
        # Recovery begins while the board is still dead.
        recovering = p.start("recover", "--pen-is-up")
        time.sleep(4)
        check(recovering.poll() is None, "recover gave up: ", recovering.returncode)
        p.happens("return-mcu")
        t = time.monotonic()
        r = p.finish(recovering)
        check(r.code == 0, r)
        b.saw("kplot recover --pen-is-up, board back after 4 s", r.out.strip(), seconds=round(time.monotonic() - t, 1))
        check(p.job_state() == "standby", p.job_state())
        expect(p.run("run", p.write("one.jsonl", line_job(1)), "--mode", mode), 0)
    # And while nothing runs.
    p.happens("lose-mcu")
    t = time.monotonic()
    wait_for("klippy notices", lambda: p.state() == "shutdown", 30)
    b.saw("MCU killed at rest", "shutdown", noticed_s=round(time.monotonic() - t, 1))
    r = expect(p.run("run", p.write("one.jsonl", line_job(1))), 3)
    b.saw("kplot run", "exit 3, " + first_error(r))
    p.happens("return-mcu")
    expect(p.run("recover", "--pen-is-up"), 0)


@case
def klippy_killed(b):
    for mode in ("file", "interactive"):
        p = b.printer()
        expect(p.run("home"), 0)
        child = started(p, p.write("lines.jsonl", line_job(12, LENGTH)), "--mode", mode)
        t = time.monotonic()
        p.happens("kill-klippy")
        r = expect(p.run("status"), 4)
        b.saw("kplot status, klippy dead", "exit 4, " + first_error(r))
        e = lost(child, p)
        b.saw(f"klippy kill -9 in a stroke, {mode}", e["what"] + "; " + e["cause"],
              told_after_s=round(time.monotonic() - t, 1))
        t = time.monotonic()
        p.happens("start-klippy")
        r = p.run("recover")
        while r.code == 4 and time.monotonic() < t + 10:  # not even its socket is there yet
            r = p.run("recover")
        expect(r, 3, "may be down")
        b.saw("kplot recover", "exit 3, " + first_error(r))
        watch = Moves(p)
        check(p.job_state() == "standby", p.job_state())
        check(not watch.segments(watch.moves()), "something moved after the restart")
        expect(p.run("recover", "--pen-is-up"), 0)
        check(not watch.ink(), "a stroke was replayed")
        watch.close()
        b.saw("after the restart", "nothing moved by itself, no stroke was sent again")
    p.happens("kill-klippy")
    r = expect(p.run("run", p.write("one.jsonl", line_job(1))), 4)
    b.saw("kplot run, klippy killed at rest", "exit 4, " + first_error(r))
    p.happens("start-klippy")
    wait_for("ready", lambda: p.run("status", "--json").out.find('"ready"') > 0, 60)
    r = expect(p.run("run", p.write("one.jsonl", line_job(1))), 0)
    b.saw("kplot run, klippy is back", "homes again and draws")


@case
def connection_breaks(b):
    """The socket breaks, Klipper lives on: a file goes on by itself, and whoever looks finds it."""
    for mode in ("file", "interactive"):
        p = b.printer()
        expect(p.run("home"), 0)
        cut = Cut(p.socket)
        job = p.write("lines.jsonl", line_job(6, LENGTH))
        watch = Moves(p)
        command = p.command("run", job, "--json", "--mode", mode)
        command[command.index(str(p.socket))] = str(cut.path)
        child = p.start_command(command)
        wait_for("the pen to be down", lambda: child.poll() is not None or p.pen_is_down())
        check(child.poll() is None, "the run ended")
        cut.cut()
        if mode == "file":
            r = expect(p.finish(child), 0, "goes on")
            check(worst_distance(watch.ink(), lines(6)) < 0.02)
            b.saw("socket cut in a stroke, file", "kplot comes back to the file and follows it to its end; all is drawn")
        else:
            e = lost(child, p)
            drawn = covers(watch.ink(), lines(6))
            check(sum(drawn) == 1 and drawn[0], drawn)
            b.saw("socket cut in a stroke, interactive", e["cause"] + "; the stroke came to its end, no other began")
        cut.end()
        watch.close()
        status = expect(p.run("status", "--json"), 0).result()
        expect(p.run("home"), 0)
        check(abs(stands(p) - TRAVEL) < 0.03)


@case
def kplot_killed(b):
    p = b.printer()
    expect(p.run("home"), 0)
    job = p.write("lines.jsonl", line_job(8, LENGTH))
    watch = Moves(p)
    child = started(p, job)
    child.kill()
    p.finish(child)
    r = expect(p.run("status", "--json"), 0).result()
    check(r["job_state"] == "printing" and r["eta_s"] > 0, r)
    b.saw("kplot run killed with kill -9, file", f"status of another shell: {r['job_state']}, {r['eta_s']:.1f} s left")
    expect(p.run("run", job), 3)
    b.saw("kplot run while the file goes on", "exit 3: busy")
    expect(p.run("pause"), 0)
    check(abs(stands(p) - TRAVEL) < 0.03)
    expect(p.run("resume"), 0)
    wait_for("the end", lambda: p.job_state() == "complete", 120)
    wait_for("the pen up", lambda: abs(p.pen_z() - TRAVEL) < 0.03, 10)
    check(all(covers(watch.ink(), lines(8))), "not all is drawn")
    b.saw("kplot pause, resume from another shell", "the rest is drawn")
    watch.close()
    watch = Moves(p)
    child = started(p, job, "--mode", "interactive")
    child.kill()
    p.finish(child)
    time.sleep(3)
    check(abs(stands(p) - TRAVEL) < 0.03, "the pen is down")
    drawn = covers(watch.ink(), lines(8))
    b.saw("kplot run killed with kill -9, interactive", f"its stroke came to its end, tool up; {sum(drawn)} of 8 drawn")
    expect(p.run("home"), 0)
    expect(p.run("run", job, "--mode", "interactive"), 0)


# ---- 7 ---------------------------------------------------------------------------------------------------------------
@case
def wrong_files(b):
    p = b.printer(kplot_macros=True)
    expect(p.run("home"), 0)
    for name, text, code, word in (
            ("out.jsonl", line_job(1, 400), 3, "operation 3"),
            ("travel.jsonl", line_job(1) + '{"op":"rapid_xy","x":-100,"y":0}\n', 3, "operation 5"),
            ("bad.jsonl", line_job(1) + '{"op":"fly"}\n', 1, "line 6"),
            ("nan.jsonl", line_job(1).replace('"x":5', '"x":NaN'), 1, "line 2"),
            ("bad.svg", "<svg><path d='M 0 0 L'", 1, ""),
            ("none.svg", None, 4, "")):
        job = p.write(name, text) if text is not None else p.root / name
        r = expect(p.run("run", job), code, word)
        b.saw(f"kplot run {name}", f"exit {code}, " + first_error(r))
    # Files that Klipper runs without us.
    (p.gcodes / "range.gcode").write_text("G90\nG0 X50 Y50 F6000\nG1 Z20 F3000\nG1 X100 Y50 F3000\nG1 X999\nM400\n")
    p.ask("gcode/script", script="SDCARD_PRINT_FILE FILENAME=range.gcode")
    wait_for("its failure", lambda: p.job_state() == "error", 30)
    r = expect(p.run("status", "--json"), 0).result()
    check(r["job_state"] == "failed" and "out of range" in r["message"], r)
    time.sleep(2)
    b.saw("a file with X999, on_error_gcode of kplot machine macros", f"status: failed: {r['message']}",
          z=round(stands(p), 2))
    check(abs(p.pen_z() - TRAVEL) < 0.03, "the pen is down", p.pen_z())
    one = p.write("one.jsonl", line_job(1))
    expect(p.run("run", one), 0)
    (p.gcodes / "latin.gcode").write_bytes(b"G90\nG0 X50 Y50 F6000\nG1 Z20 F3000\n" + b"G1 X50.5 Y50 F9000\nG1 X50 Y50\n" * 600 +
                                           b"; caf\xe9\nM400\n")
    p.ask("gcode/script", script="SDCARD_PRINT_FILE FILENAME=latin.gcode")
    wait_for("its stall", lambda: p.job_state() == "paused", 120)
    r = expect(p.run("status", "--json"), 0).result()
    check(r["job_state"] == "stalled", r)
    refused = expect(p.run("resume"), 3)
    b.saw("a file with a byte that is not UTF-8", "status: stalled; resume: exit 3, " + first_error(refused))
    expect(p.run("cancel"), 0)
    check(abs(stands(p) - TRAVEL) < 0.03)
    check(p.job_state() == "standby", p.job_state())
    expect(p.run("run", one), 0)
    b.saw("kplot cancel", "the pen is lifted; the next run draws")
    # Our own file, spoilt while Klipper reads it.
    child = p.start("run", p.write("lines.jsonl", line_job(200, 5)), "--json")
    wait_for("the pen to draw", lambda: child.poll() is not None or p.pen_is_down())
    check(child.poll() is None, "the run ended")
    file = p.gcodes / "kplot-lines.gcode"
    text = bytearray(file.read_bytes())
    at = text.index(b"\n", 8400) + 1  # Klipper reads ahead in pieces of 8192
    end = text.index(b"\n", at)
    bad = b"G1 X999"
    text[at:end] = bad + b" " * (end - at - len(bad))
    with open(file, "r+b") as f:
        f.write(text)
    r = p.finish(child)
    check(r.code == 1, r)
    e = r.events("error")[-1]
    check("out of range" in e["what"] and "tool is up" in e["cause"], e)
    check(abs(stands(p) - TRAVEL) < 0.03)
    b.saw("kplot's file spoilt while it runs", "exit 1, " + e["what"] + "; " + e["cause"])


@case
def skew_without_a_profile(b):
    """SET_SKEW XY= has no name that an object would tell: only the places show it, and at the origin they do not."""
    p = b.printer(kplot_macros=True, config="[skew_correction]\n")
    job = p.write("lines.jsonl", line_job(2, LENGTH))
    expect(p.run("home"), 0)
    watch = Moves(p)
    skew = "SET_SKEW XY=140.4,142.8,99.8"
    p.ask("gcode/script", script="G90\nG1 X100 Y150 F6000\nM400\n" + skew + "\nG1 X110 Y150\nM400")
    for mode in ("file", "interactive"):
        r = expect(p.run("run", job, "--mode", mode), 3, "[skew_correction]")
    b.saw(skew + ", a move, run", "exit 3 before anything moves, " + first_error(r))
    p.ask("gcode/script", script="SET_SKEW CLEAR=1")
    for mode in ("file", "interactive"):
        p.ask("gcode/script", script="SET_SKEW CLEAR=1")
        expect(p.run("home"), 0)
        p.ask("gcode/script", script="G90\nG1 X0 Y0 F6000\nM400\n" + skew)
        r = expect(p.run("run", job, "--mode", mode), 3, "SET_SKEW CLEAR=1", "[skew_correction]")
        check(watch.ink() == [], "it drew", watch.ink())
        check(abs(stands(p) - TRAVEL) < 0.03, "the tool is not up")
    b.saw(skew + " and no move, run", "exit 3 before the first stroke, nothing drawn, tool up; " + first_error(r))
    p.ask("gcode/script", script="SET_SKEW CLEAR=1")
    expect(p.run("run", job), 0)
    check(worst_distance(watch.ink(), lines(2)) < 0.02)
    b.saw("SET_SKEW CLEAR=1, run", "draws")
    watch.close()


@case
def wrong_printer(b):
    p = b.printer(x_rotation=40)
    if b.arguments.sim:
        return
    job = p.write("one.jsonl", line_job(1))
    for command in (("run", job), ("home",), ("machine", "check"), ("recover", "--pen-is-up")):
        r = expect(p.run(*command), 3, "rotation_distance")
    b.saw("printer.cfg with rotation_distance 40", "run, home, check, recover: exit 3, " + first_error(r))
    p = b.printer()
    job = p.write("one.jsonl", line_job(1))
    p.ask("gcode/script", script="SET_GCODE_OFFSET X=1")
    r = expect(p.run("run", job), 3, "offset")
    b.saw("SET_GCODE_OFFSET X=1", "exit 3, " + first_error(r))
    p.ask("gcode/script", script="SET_GCODE_OFFSET X=0\nM220 S50")
    r = expect(p.run("run", job), 0, "speed factor")
    b.saw("M220 S50", "warning: " + first_error(r))
    p.ask("gcode/script", script="M220 S100\nPAUSE")
    r = expect(p.run("run", job), 3, "pause")
    expect(p.run("cancel"), 0)
    expect(p.run("run", job), 0)
    b.saw("PAUSE with nothing running", "run: exit 3; cancel clears it; run draws")
    text = (p.root / "printer.cfg").read_text()
    (p.root / "printer.cfg").write_text(text.replace("max_velocity: 200", "max_velocity: fast"))
    p.ask("gcode/restart")
    wait_for("error", lambda: '"klipper":"error"' in p.run("status", "--json").out, 60)
    r = expect(p.run("run", job), 3)
    b.saw("printer.cfg that Klipper cannot read", "exit 3, " + first_error(r))
    r = p.run("machine", "check")
    check(r.code == 3, r)
    b.saw("kplot machine check --socket", "exit 3, " + first_error(r))


# ---- arcs ------------------------------------------------------------------------------------------------------------
def curves(random, count):
    """Circles, and arcs of either way, of 0.5 to 40 mm: as SVG, and where each must be in machine mm."""
    body, want = [], []
    for i in range(count):
        r = round(0.5 * 80 ** random.random(), 3)
        x, y = 45 + 120 * random.random(), 45 + 200 * random.random()
        begin, way = 2 * math.pi * random.random(), random.choice((1, -1))
        sweep = way * (0.2 + (2 * math.pi - 0.4) * random.random())
        if i % 4 == 0:
            body.append(f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{r}"/>')
            begin, sweep = 0, 2 * math.pi
        else:
            (x1, y1), (x2, y2) = ((x + r * math.cos(t), y + r * math.sin(t)) for t in (begin, begin + sweep))
            body.append(f'<path d="M{x1:.6f} {y1:.6f}A{r} {r} 0 {int(abs(sweep) > math.pi)} {int(sweep > 0)} {x2:.6f} {y2:.6f}"/>')
        pieces = 2000
        want.append([(LEFT + x + r * math.cos(begin + sweep * n / pieces), TOP - y - r * math.sin(begin + sweep * n / pieces))
                     for n in range(pieces + 1)])
    return svg('<g fill="none" stroke="black">' + "\n".join(body) + "</g>"), want


def off_the_curves(got, want):
    check(len(got) == len(want), f"{len(got)} lines, {len(want)} expected")
    worst = 0
    for line, curve in zip(got, want):
        ends = min(math.dist(line[0], curve[0]) + math.dist(line[-1], curve[-1]),
                   math.dist(line[0], curve[-1]) + math.dist(line[-1], curve[0]))
        check(ends < 0.03 or math.dist(curve[0], curve[-1]) < 1e-6, "a curve has other ends", ends)
        near = list(zip(curve, curve[1:]))
        worst = max(worst, max(min(distance_to_segment(q, s, e) for s, e in near) for q in along(line, 1)))
        drawn = list(zip(line, line[1:]))
        worst = max(worst, max(min(distance_to_segment(q, s, e) for s, e in drawn) for q in curve[::20]))
    return worst


@case
def arcs(b):
    """--arcs: where the ink is, whatever the plane of G17 to G19 was before."""
    for resolution, mode, plane in ((1, "file", "G17"), (0.1, "file", "G18"), (0.1, "interactive", "G19"), (1, "interactive", "G18")):
        ui = {"client": b.arguments.client} if b.arguments.client and mode == "file" else {"kplot_macros": True}
        p = b.printer(config=f"[gcode_arcs]\nresolution: {resolution}\n", **ui)
        text, want = curves(b.random, 24)
        job = p.write("curves.svg", text)
        as_job = p.root / "curves.job"
        expect(p.run("import", job, "--arcs", "-o", as_job), 0)
        lines = expect(p.run("gcode", as_job, "--arcs", "--arc-resolution", resolution), 0).out.splitlines()
        native = [line for line in lines if line[:3] in ("G2 ", "G3 ")]
        check(native and all("I" in line and "J" in line and "R" not in line and "K" not in line for line in native), native[:3])
        expect(p.run("home", "--pen-is-up"), 0)
        p.gcode(plane)
        watch, seen = Moves(p), Carriage(p) if isinstance(p, RealPlotter) else None
        more = ["--foreign-macros"] if "client" in ui else []
        r = p.run("run", job, "--arcs", "--file-order", "--mode", mode, *more)
        heights = [s[3] for s in seen.end()] if seen else [TRAVEL]
        text = f"--arcs --mode {mode}, resolution {resolution}, before it {plane}"
        check(r.code == 0, r, "Z went from", min(heights), "to", max(heights))
        worst = off_the_curves(watch.ink(), want)
        b.saw(text, f"{len(native)} arcs, {len(want)} curves, {worst:.4f} mm off at most", z=[min(heights), max(heights)])
        check(worst < 0.0105, f"{worst:.4f} mm off")
        check(TRAVEL - 0.03 <= min(heights) and max(heights) <= WORK + 0.03, "Z went", min(heights), max(heights))
        watch.close()
    out = p.write("out.svg", svg('<path fill="none" stroke="black" d="M20 5A60 60 0 1 1 20 60"/>'))
    before = p.carriage() if isinstance(p, RealPlotter) else None
    r = p.run("run", out, "--arcs")
    check(r.code == 3 and (before is None or p.carriage() == before), r)
    b.saw("--arcs, an arc that bulges over the edge", "exit 3, nothing moved: " + first_error(r))
    if isinstance(p, RealPlotter):
        said = p.ask("gcode/script", script="G2 X100 Y100 R20")
        b.saw("G2 with R, from another client", said["error"]["message"] if "error" in said else "taken")


def main():
    a = argparse.ArgumentParser()
    a.add_argument("kplot")
    a.add_argument("ksim")
    a.add_argument("rig")
    a.add_argument("--only")
    a.add_argument("--out")
    a.add_argument("--strokes", type=int, default=1000)
    a.add_argument("--seed", type=int, default=20261121)
    a.add_argument("--rounds", type=int, default=24)
    a.add_argument("--root", default="/dev/shm/kf-accept", help="work folder; its carriage must not wait for a disk")
    a.add_argument("--modes", default="", help="of random_moments: 0 file, 1 with boundary, 2 interactive, 3 --ahead")
    a.add_argument("--client", help="of arcs: a UI's file of macros, for the runs as a file")
    a.add_argument("--sim", action="store_true")
    arguments = a.parse_args()
    plotter.DEADLINE = 3000
    plotter.KPLOT, plotter.KSIM = os.path.abspath(arguments.kplot), os.path.abspath(arguments.ksim)
    wanted = arguments.only.split(",") if arguments.only else [c.__name__ for c in CASES]
    b = Bench(arguments)
    failed = 0
    for one in CASES:
        if one.__name__ not in wanted:
            continue
        print(one.__name__, flush=True)
        b.case = one.__name__
        b.random.seed(f"{arguments.seed} {b.case}")
        try:
            one(b)
        except Exception as e:
            failed += 1
            b.saw("FAILED", str(e)[:2000])
            traceback.print_exc()
        b.end()
    if arguments.out:
        with open(arguments.out, "a") as f:
            for row in b.rows:
                f.write(json.dumps(row) + "\n")
    print(f"{failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
