#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The guided routines of kcal, from outside, with several people: each draws on `ksim printer --wrong`, `ksim measure` reads
its ink with the noise of a seed, and the truth has to lie within U95 nearly always. In process a hundred seeds of each are
in tests/cal/routine_coverage.cpp; here the whole way counts (make soak).

python3 kcal_seeds.py KPLOT KSIM [--seeds N]     KCAL is beside KPLOT"""
import math
import subprocess
import sys
import unittest

import plotter
from kcal_routines import Gantry, machine
from plotter import PlotterTest

SEEDS, ALL = 2, "--seeds" in sys.argv
if ALL:
    at = sys.argv.index("--seeds")
    SEEDS = int(sys.argv[at + 1])
    del sys.argv[at:at + 2]

WRONG = """turn_x_mm: 32.32
turn_y_mm: 32.32
racked_deg: 0.4
backlash_x_mm: 0.15
backlash_y_mm: 0.15
"""
TWO_TOOLS = "touch_mm: 15\nsecond_touch_mm: 2\nsecond_x_mm: 3.2\nsecond_y_mm: -1.7\n"

# command, look, what else is answered, value and U95 of the result with the truth
ROUTINES = [
    (("steps", "x"), "steps-x", (), {("scale", "scale_u95"): 1.01}, WRONG),
    (("square",), "square", ("as=nothing",), {("tangent", "tangent_u95"): math.tan(math.radians(0.4))}, WRONG),
    (("backlash", "y"), "backlash-y", (), {("backlash_mm", "backlash_u95_mm"): 0.15}, WRONG),
    (("offset",), "offset", ("pen_in=done",),
     {("x_aside_mm", "x_aside_u95_mm"): 3.2, ("y_aside_mm", "y_aside_u95_mm"): -1.7}, TWO_TOOLS),
]


class Seeds(PlotterTest):
    def test_the_truth_is_within_u95_of_what_people_read(self):
        # All of them with --seeds: hundreds of strokes of combs are drawn by tests of kcal_routines, too.
        for words, look, besides, truths, wrong in ROUTINES if ALL else ROUTINES[:2]:
            with self.subTest(words):
                g = Gantry(wrong, text=machine(airbrush_work_mm="3.0") if wrong is TWO_TOOLS else None)
                self.addCleanup(g.close)
                answers = [w for a in besides for w in ("--answer", a)]
                self.assertEqual(g.kcal(*words, *answers).code, 5)  # it has drawn, and asks
                g.now()
                within = 0
                for seed in range(1, SEEDS + 1):
                    seen = subprocess.run([plotter.KSIM, "measure", look, "--ink", g.ink_file, "--seed", str(seed)], text=True,
                                          stdout=subprocess.PIPE, check=True).stdout
                    file = g.root / f"answers-{seed}"
                    file.write_text(seen)
                    # Each of them comes to the same sheet: journal and machine.yaml are as they were.
                    kept = {p: p.read_bytes() for p in (*g.root.rglob("journal-*.jsonl"), g.machine_file)}
                    r = g.kcal(*words, "--answers", file, "--yes", *answers[:2 if words[0] == "square" else 0])
                    self.assertIn(r.code, (0, 5), r)  # 5: whether it is written
                    found = r.events("result")[0]
                    within += all(abs(found[value] - truth) <= found[u95] for (value, u95), truth in truths.items())
                    for path, text in kept.items():
                        path.write_bytes(text)
                print(f"kcal {' '.join(words)}: {within} of {SEEDS} within U95")
                self.assertGreaterEqual(within, math.floor(0.8 * SEEDS))


if __name__ == "__main__":
    plotter.main()
