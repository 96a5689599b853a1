#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""compare_rsvg.py KPLOT FILE|FOLDER... : the strokes of kplot beside the picture of rsvg-convert.

Each SVG is imported with kplot and rendered with rsvg-convert, and both are compared in pixels:
  ours      the share of our ink that lies on or beside something that rsvg-convert shows
  theirs    the share of the edges that rsvg-convert shows which our ink covers; ink in the middle of a stroke covers
            its width, ink on the border of a fill that border
A drawing agrees when both are at least 99 %. Where it does not, what kplot told is the reason; without one it is a
difference to look at. A row per drawing on standard output, separated by tabs, and the sums on standard error.

Needs librsvg2-bin, python3-numpy, python3-pil. Nothing of the drawings is kept, except with
--keep FOLDER: pictures of ours (red) over theirs (grey), of those that differ.
"""
import argparse
import io
import json
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image

SIDE = 1000  # pixels of the longer side
NEAR = 3  # pixels that ours and theirs may be apart
EDGE = 24  # of 255: what counts as a step of colour, and as not white
AGREES = 0.99

# What kplot tells, as reasons; the first that fits is the one in the table.
REASONS = (
    ("text is not drawn", "text"),
    ("pictures are not drawn", "pictures"),
    ("foreign content", "foreign content"),
    ("clip-path is not", "clip-path"),
    ("is not clipped to", "clipping of an inner svg"),
    ("mask is not", "mask"),
    ("filter is not", "filter"),
    ("markers", "markers"),
    ("dashes", "dashes"),
)
# What is painted in a way that has no border of its own: an outline of it may lie in plain white.
PAINT = ((b"Gradient", "gradient"), (b"<pattern", "pattern"))


def picture(svg):
    """The rendered RGB picture on white, and the pixels of a millimetre; None when rsvg-convert refuses it."""
    def render(*options):
        return subprocess.run(["rsvg-convert", "--unlimited", "-b", "white", *options, str(svg)], capture_output=True,
                              timeout=60, check=False).stdout
    first = render()
    if not first:
        return None
    width, height = Image.open(io.BytesIO(first)).size
    zoom = min(40.0, SIDE / max(width, height, 1))
    again = render("--zoom", f"{zoom:.6f}")
    if not again:
        return None
    return np.asarray(Image.open(io.BytesIO(again)).convert("RGB")).astype(np.int16), zoom * 96 / 25.4


def strokes(kplot, svg):
    """Polylines in millimetres and what was told; None when kplot refuses the drawing."""
    done = subprocess.run([kplot, "import", "--no-home", str(svg)], capture_output=True, timeout=60, check=False)
    told = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0:
        return None, told
    lines = []
    at = None
    for row in done.stdout.decode().splitlines():
        op = json.loads(row)
        if op.get("op") == "rapid_xy":
            at = [op["x"], op["y"]]
        elif op.get("op") == "draw_polyline":
            lines.append(np.array([at] + op["points"], dtype=float))
            at = op["points"][-1]
    return lines, told


def ink_of(lines, scale, shape):
    """The pixels that the pen's centre passes, and how many samples lie outside of the picture."""
    mask = np.zeros(shape, dtype=bool)
    outside = 0
    for line in lines:
        p = line * scale
        steps = np.maximum(1, np.ceil(np.hypot(*np.diff(p, axis=0).T) * 2).astype(int))
        t = np.concatenate([np.linspace(0, 1, n, endpoint=False) + i for i, n in enumerate(steps)] + [[len(p) - 1]])
        xs, ys = (np.interp(t, np.arange(len(p)), p[:, k]) for k in (0, 1))
        x, y = np.floor(xs).astype(int), np.floor(ys).astype(int)
        inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
        outside += int(np.count_nonzero(~inside))
        mask[y[inside], x[inside]] = True
    return mask, outside


def edges_of(rgb):
    step = np.zeros(rgb.shape[:2], dtype=bool)
    for axis in (0, 1):
        d = np.abs(np.diff(rgb, axis=axis)).max(axis=2) > EDGE
        if axis == 0:
            step[1:] |= d
            step[:-1] |= d
        else:
            step[:, 1:] |= d
            step[:, :-1] |= d
    return step


def grown(mask, step):
    """One pixel further: to four neighbours and eight in turn, so that a dot becomes an octagon."""
    out = mask.copy()
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    if step % 2:
        mask = out.copy()
    out[:, 1:] |= mask[:, :-1]
    out[:, :-1] |= mask[:, 1:]
    return out


def covered_by(ink, shown):
    """Discs around our ink, as large as what is shown is thick there."""
    rings, left = [], shown
    while left.any() and len(rings) < SIDE:
        rings.append(ink & left)
        left = ~grown(~left, len(rings))
    reach = np.zeros(ink.shape, dtype=bool)
    wide = [r + r // 8 for r in range(len(rings))]  # an octagon is that much narrower than its circle
    for r in range(wide[-1] if wide else 0, -1, -1):
        while rings and wide[-1] == r:
            reach |= rings.pop()
            wide.pop()
        reach = grown(reach, r)
    return around(reach | ink)


def around(mask):
    for step in range(NEAR):
        mask = grown(mask, step)
    return mask


def compare(kplot, svg, keep):
    try:
        theirs = picture(svg)
        lines, told = strokes(kplot, svg)
    except subprocess.TimeoutExpired:
        return "slow", 0, 0, ""
    if lines is None and theirs is None:
        return "both refuse", 1, 1, told.splitlines()[0] if told else ""
    if theirs is None:
        return "rsvg-convert refuses", 1, 1, ""
    rgb, scale = theirs
    shown = np.abs(rgb - 255).max(axis=2) > EDGE
    if lines is None:
        nothing = "nothing that a pen can draw" in told and not shown.any()
        return ("agrees" if nothing else "refused"), float(nothing), float(nothing), " ".join(told.split())[-160:]
    ink, _ = ink_of(lines, scale, shown.shape)
    ours = float(np.mean(around(shown | edges_of(rgb))[ink])) if ink.any() else 1.0
    edges = edges_of(rgb)
    edges[[0, -1], :] = edges[:, [0, -1]] = False  # what ends with the picture has no outline there
    share = float(np.mean(covered_by(ink, shown)[edges])) if edges.any() else 1.0
    source = svg.read_bytes()
    reason = next((name for text, name in REASONS if text in told), None)
    reason = reason or next((name for text, name in PAINT if text in source), None)
    if ours >= AGREES and share >= AGREES:
        return "agrees", ours, share, reason or ""
    if keep:
        out = (255 - (255 - rgb) // 3).astype(np.uint8)
        out[ink] = (255, 0, 0)
        Image.fromarray(out).save(pathlib.Path(keep) / (svg.stem + ".png"))
    return (f"differs: {reason}" if reason else "differs"), ours, share, ""


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("kplot")
    ask.add_argument("source", nargs="+")
    ask.add_argument("--every", type=int, default=1, help="take only every Nth file")
    ask.add_argument("--keep", help="a folder for pictures of what differs")
    a = ask.parse_args()
    files = []
    for s in map(pathlib.Path, a.source):
        files += sorted(s.rglob("*.svg")) if s.is_dir() else [s]
    sums = {}
    for svg in files[::a.every]:
        try:
            how, ours, theirs, more = compare(a.kplot, svg, a.keep)
        except (ValueError, OSError, MemoryError) as e:
            how, ours, theirs, more = "not compared", 0, 0, str(e)
        sums[how] = sums.get(how, 0) + 1
        print(f"{how}\t{ours:.4f}\t{theirs:.4f}\t{svg}\t{more}", flush=True)
    for how, n in sorted(sums.items(), key=lambda row: -row[1]):
        print(f"{n:5} {how}", file=sys.stderr)


if __name__ == "__main__":
    main()
