#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Large jobs flow through kplot: its peak of memory does not grow with them. The sizes are those that are promised
(man/kplot.1): a stroke of 10 000 points, 1 000 000 strokes, 200 MB of G-code, each under 64 MB.

kplot_stream.py KPLOT KSIM          a fortieth of the sizes (what `meson test` runs), of which it may not grow by more than
                                    2 MiB: 80 bytes for each stroke of 25 000
kplot_stream.py KPLOT KSIM --all    all of it (make soak)"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

LIMIT_KIB = 64 * 1000 * 1000 // 1024  # 64 MB
GROWTH_KIB = 2048
SCALE = 40


def run(*words, feed=None, output=subprocess.DEVNULL):
    """Runs kplot with `feed()`'s lines on its stdin; (exit status, peak KiB, stdout's last line or bytes counted)."""
    with tempfile.TemporaryDirectory() as home:
        env = dict(os.environ, HOME=home, XDG_STATE_HOME=home, XDG_CONFIG_HOME=home, NO_COLOR="1")
        child = subprocess.Popen([KPLOT, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=env)
        out, err = [], []

        def read(stream, into, keep):
            size, last = 0, b""
            while block := stream.read(1 << 16):
                size += len(block)
                last = (last + block)[-keep:]
            into.extend((size, last))

        readers = [threading.Thread(target=read, args=a) for a in ((child.stdout, out, 4096), (child.stderr, err, 4096))]
        for r in readers:
            r.start()
        try:
            for block in feed() if feed else ():
                child.stdin.write(block.encode())
            child.stdin.close()
        except BrokenPipeError:
            pass
        for r in readers:
            r.join()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        child.stdout.close()
        child.stderr.close()
        return child.returncode, usage.ru_maxrss, out, err[1].decode()


HEADER = '{"format":"kf-job","version":1}\n'


def strokes(count):
    """Short strokes all over the sheet, 20 mm long, in blocks of lines."""
    yield HEADER
    block = []
    for i in range(count):
        x, y = 20 + i % 150, 20 + i // 150 % 200
        block.append(f'{{"op":"rapid_xy","x":{x},"y":{y}}}\n{{"op":"tool_down"}}\n'
                     f'{{"op":"draw_polyline","points":[[{x},{y}],[{x + 20},{y}]]}}\n{{"op":"tool_up"}}\n')
        if len(block) == 1000:
            yield "".join(block)
            block = []
    yield "".join(block)


def long_stroke(points):
    yield HEADER
    dots = ",".join(f"[{100 + 40 * math.cos(i * 0.01):.4f},{100 + 40 * math.sin(i * 0.013):.4f}]" for i in range(points))
    yield f'{{"op":"rapid_xy","x":140,"y":100}}\n{{"op":"tool_down"}}\n{{"op":"draw_polyline","points":[{dots}]}}\n{{"op":"tool_up"}}\n'


def gcode(size):
    """So many bytes of lines that go to and fro in steps of 0.5 mm."""
    yield "G90\nG28\n"
    block = "".join(f"G1 X{100 + i % 200 * 0.5:.3f} Y{100 + i % 7 * 0.25:.3f} F6000\n" for i in range(2000))
    for _ in range(size // len(block) + 1):
        yield block


class Stream(unittest.TestCase):
    def small(self, got):
        code, peak, out, err = got
        self.assertEqual(code, 0, err)
        self.assertLess(peak, LIMIT_KIB)
        print(f"    peak {peak / 1024:.1f} MiB", file=sys.stderr)
        return out

    def does_not_grow(self, *words, feed, size):
        """`feed(size)` as far as SCALE says; what came out of it."""
        got = run(*words, feed=lambda: feed(size // SCALE))
        out = self.small(got)
        if SCALE > 1:
            less = run(*words, feed=lambda: feed(size // SCALE // 25))
            self.assertEqual(less[0], 0, less[3])
            self.assertLess(got[1] - less[1], GROWTH_KIB)
        return out

    def test_a_stroke_of_10_000_points_becomes_gcode(self):
        size, _ = self.small(run("gcode", "-", "--sim", feed=lambda: long_stroke(10_000)))
        self.assertGreater(size, 10_000 * 15)

    def test_a_million_strokes_are_counted(self):
        _, last = self.does_not_grow("stats", "-", "--json", feed=strokes, size=1_000_000)
        stats = json.loads(last.decode().splitlines()[-1])
        self.assertEqual(stats["strokes"], 1_000_000 // SCALE)
        self.assertAlmostEqual(stats["pen_down_mm"], 20.0 * (1_000_000 // SCALE), delta=0.01)

    def test_a_million_strokes_become_gcode(self):
        size, last = self.does_not_grow("gcode", "-", "--sim", feed=strokes, size=1_000_000)
        self.assertGreater(size, 40 * 1_000_000 // SCALE)
        self.assertTrue(last.endswith(b"M400\n"), last[-80:])

    def test_200_mb_of_gcode_are_estimated(self):
        _, last = self.does_not_grow("estimate", "-", "--json", feed=gcode, size=200_000_000)
        self.assertGreater(json.loads(last.decode().splitlines()[-1])["moves"], 5_000_000 // SCALE)


if __name__ == "__main__":
    KPLOT = os.path.abspath(sys.argv[1])
    if "--all" in sys.argv:
        SCALE = 1
        sys.argv.remove("--all")
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
