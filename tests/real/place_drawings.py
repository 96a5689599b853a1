#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""place_drawings.py KPLOT FILE|FOLDER... : SVGs laid on A4 by --fit --rotate auto, their G-code read by gcode_reader.

A row per drawing on standard output, separated by tabs: what became of it, the file, what was told or is wrong.
  ok       the paper shows what the drawing shows (--strict agrees)
  told     drawn, and what is not drawn was told
  refused  no G-code, and said why
  FAULT    the G-code breaks a rule, or kplot died
The sums are on standard error; the exit status is 1 when there is a fault.

--take N takes N of the files, evenly from the sorted list. --keep FOLDER keeps a picture of each (needs python3-pil).
"""
import argparse
import collections
import concurrent.futures
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import gcode_reader  # noqa: E402
from gcode_reader import Fault, Rules  # noqa: E402

# The template of `kplot machine init`: A4, pen down at Z 20.
RULES = Rules(up=10, down=20, area=(0, 0, 250, 350), canvas=(25, 25, 235, 322), fastest=80)
PLACED = ["--fit", "--rotate", "auto"]
DIGIT = 1e-4  # of what is written
ON_PAPER = 0.01  # mm, between a curve and its lines, when nothing else is said
KPLOT, HOME, MACHINE = ["kplot"], "", ""  # set by main(), and by the tests


def kplot(*words):
    return subprocess.run([*KPLOT, *map(str, words), "--machine", MACHINE], capture_output=True, timeout=120,
                          check=False, env=dict(os.environ, HOME=str(HOME), XDG_STATE_HOME=str(HOME)))


def extent_of_job(text):
    """Width and height of the ink of a job, in mm."""
    low, high, at = [math.inf] * 2, [-math.inf] * 2, None
    for row in text.splitlines():
        op = json.loads(row)
        if op.get("op") == "rapid_xy":
            at = [op["x"], op["y"]]
        ink = [at] if op.get("op") == "tool_down" else op.get("points", [])
        for p in ink:
            low, high = [list(map(f, s, p)) for f, s in ((min, low), (max, high))]
    return [h - l for h, l in zip(high, low)]


def check_placed(ink, before, pen_down_mm, tolerance):
    """Against closed forms: as large as A4 lets it be in the better of two turns, in the middle, and all of its ink."""
    room = RULES.canvas[2] - RULES.canvas[0], RULES.canvas[3] - RULES.canvas[1]
    box = ink.box()
    size = box[2] - box[0], box[3] - box[1]

    def largest(w, h):
        return min(room[0] / w if w > 0 else math.inf, room[1] / h if h > 0 else math.inf)
    as_it_lies, turned = largest(*before), largest(*before[::-1])
    scale = max(as_it_lies, turned)
    if math.isfinite(scale):
        # The outermost place of a curve is met within the tolerance, here and there, on both sides.
        near = 4 * DIGIT + 3 * (ON_PAPER * min(1, scale) + tolerance * scale)
        if min(abs(size[0] - room[0]), abs(size[1] - room[1])) > 2 * DIGIT:
            raise Fault(f"ink of {size} touches no edge of {room}")
        expected = [[scale * s for s in way] for way in (before, before[::-1])]
        if min(max(abs(a - b) for a, b in zip(size, e)) for e in expected) > near:
            raise Fault(f"ink of {size} and not {expected[0]} or turned: its sides are not as they were")
    for k in (0, 1):
        if abs(box[k] - RULES.canvas[k] - (RULES.canvas[k + 2] - box[k + 2])) > 4 * DIGIT:
            raise Fault(f"ink {box} is not in the middle")
    points = sum(map(len, ink.strokes))
    if abs(ink.length() - pen_down_mm) > 1e-4 * points + 1e-6 * pen_down_mm:
        raise Fault(f"{ink.length()} mm of ink, and stats say {pen_down_mm}")


def place(svg, keep=None, rules=RULES):
    """(what became of it, what was told)"""
    made = kplot("gcode", svg, *PLACED)
    told = " ".join(made.stderr.decode("utf-8", "replace").split())
    if made.returncode not in (0, 1, 3):
        return "FAULT", f"status {made.returncode}: {told[-300:]}"
    if made.returncode:
        return "refused", told
    try:
        ink = gcode_reader.read(made.stdout.decode("ascii"), rules)
        tolerance = 0.0001
        job = kplot("import", svg, "--tolerance", tolerance)
        stats = kplot("stats", svg, "--json", *PLACED)
        if job.returncode or stats.returncode:
            return "FAULT", "gcode takes it, import or stats do not"
        result = next(e for e in map(json.loads, stats.stdout.decode().splitlines()) if e.get("kind") == "stats")
        check_placed(ink, extent_of_job(job.stdout.decode()), result["pen_down_mm"], tolerance)
        if len(ink.strokes) != result["strokes"]:
            return "FAULT", f"{len(ink.strokes)} strokes, and stats say {result['strokes']}"
    except (Fault, UnicodeDecodeError) as fault:
        return "FAULT", str(fault)
    if keep:
        picture(ink, rules, keep / f"{svg.parent.name}-{svg.stem}.png")
    faithful = kplot("gcode", svg, *PLACED, "--strict")
    return ("ok" if faithful.returncode == 0 else "told"), told


def picture(ink, rules, file):
    from PIL import Image, ImageDraw
    zoom = 4
    left, bottom, right, top = rules.canvas
    image = Image.new("L", (int((right - left) * zoom) + 20, int((top - bottom) * zoom) + 20), 255)
    pen = ImageDraw.Draw(image)
    for stroke in ink.strokes:
        at = [((x - left) * zoom + 10, (top - y) * zoom + 10) for x, y in stroke]
        pen.line(at if len(at) > 1 else at * 2, fill=0)
    image.save(file)


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("kplot")
    ask.add_argument("source", nargs="+")
    ask.add_argument("--take", type=int, help="so many of the files")
    ask.add_argument("--keep", type=pathlib.Path, help="a folder for pictures")
    a = ask.parse_args()
    global KPLOT, HOME, MACHINE
    files = []
    for s in map(pathlib.Path, a.source):
        files += sorted(s.rglob("*.svg")) if s.is_dir() else [s]
    if a.take and a.take < len(files):
        files = [files[i * len(files) // a.take] for i in range(a.take)]
    sums = collections.Counter()
    with tempfile.TemporaryDirectory() as home, concurrent.futures.ThreadPoolExecutor(2) as pool:
        KPLOT, HOME, MACHINE = [a.kplot], home, f"{home}/machine.yaml"
        kplot("machine", "init").check_returncode()

        def one(svg):
            try:
                return place(svg, a.keep)
            except subprocess.TimeoutExpired:
                return "FAULT", "takes longer than 120 s"
        for svg, (how, told) in zip(files, pool.map(one, files)):
            sums[how] += 1
            print(how, svg, re.sub(r"\s+", " ", told.replace(str(svg), ""))[:400], sep="\t", flush=True)
    for how, n in sums.most_common():
        print(f"{n:5} {how}", file=sys.stderr)
    return 1 if sums["FAULT"] else 0


if __name__ == "__main__":
    sys.exit(main())
