#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drawings for tests/bench/drawings_table.py: the same bytes everywhere. A3 landscape, a unit is a millimetre.
usage: drawings.py FOLDER    needs python3-numpy
rand10k, rand100k, rand1m: short crooked strokes, strewn. hatch: parallel lines around holes, shuffled. text: 95 000 strokes of
letters in rows, in reading order. gridcut: each edge of a grid by itself, shuffled."""
import math
import os
import sys

import numpy

WIDTH, HEIGHT = 420.0, 297.0
HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
        'width="420mm" height="297mm" viewBox="0 0 420 297">\n'
        '<g fill="none" stroke="black" stroke-width="0.3">\n')
LETTERS = {
    "l": [[(0, 0), (0, 4)]],
    "i": [[(0, 1.5), (0, 4)], [(0, 0.4), (0, 0.5)]],
    "t": [[(.5, 0), (.5, 3.5), (1, 4), (1.5, 3.8)], [(0, 1.3), (1.2, 1.3)]],
    "o": [[(0, 2.7), (.3, 1.7), (1, 1.4), (1.7, 1.8), (2, 2.8), (1.6, 3.7), (1, 4), (.3, 3.7), (0, 2.7)]],
    "n": [[(0, 1.4), (0, 4)], [(0, 2.2), (.7, 1.5), (1.4, 1.7), (1.6, 2.4), (1.6, 4)]],
    "v": [[(0, 1.4), (.9, 4), (1.8, 1.4)]],
    "z": [[(0, 1.4), (1.6, 1.4), (0, 4), (1.6, 4)]],
    "x": [[(0, 1.4), (1.6, 4)], [(1.6, 1.4), (0, 4)]],
    "e": [[(0, 2.6), (1.7, 2.6), (1.5, 1.8), (.9, 1.4), (.3, 1.7), (0, 2.6), (.2, 3.5), (.9, 4), (1.6, 3.6)]],
    "k": [[(0, 0), (0, 4)], [(1.5, 1.4), (0, 3), (1.6, 4)]],
    "h": [[(0, 0), (0, 4)], [(0, 2.2), (.7, 1.5), (1.4, 1.7), (1.6, 2.4), (1.6, 4)]],
    "s": [[(1.5, 1.8), (.8, 1.4), (.1, 1.8), (.4, 2.5), (1.2, 2.8), (1.6, 3.4), (.9, 4), (0, 3.6)]],
}


def strewn(count, seed):
    random = numpy.random.default_rng(seed)
    points, x0, y0 = random.integers(2, 7, count), random.uniform(5, WIDTH - 5, count), \
        random.uniform(5, HEIGHT - 5, count)
    angle0 = random.uniform(0, 2 * math.pi, count)
    for i in range(count):
        angle = angle0[i] + numpy.cumsum(random.normal(0, 0.5, points[i] - 1))
        length = random.uniform(0.5, 2.0, points[i] - 1)
        x = numpy.concatenate([[x0[i]], x0[i] + numpy.cumsum(length * numpy.cos(angle))])
        y = numpy.concatenate([[y0[i]], y0[i] + numpy.cumsum(length * numpy.sin(angle))])
        yield list(zip(numpy.clip(x, 0, WIDTH), numpy.clip(y, 0, HEIGHT)))


def shuffled(random, lines):
    order, turned = random.permutation(len(lines)), random.random(len(lines)) < 0.5
    return [lines[i][::-1] if turned[at] else lines[i] for at, i in enumerate(order)]


def hatch(seed=3, pitch=0.3, degrees=37.0):
    random = numpy.random.default_rng(seed)
    holes = [(random.uniform(0, WIDTH), random.uniform(0, HEIGHT), random.uniform(3, 25)) for _ in range(60)]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    reach, lines = math.hypot(WIDTH, HEIGHT) / 2, []
    for i in range(int(2 * reach / pitch)):
        offset = -reach + i * pitch
        px, py = WIDTH / 2 - s * offset, HEIGHT / 2 + c * offset
        begin, end = -reach, reach
        for at, step, low, high in ((px, c, 5, WIDTH - 5), (py, s, 5, HEIGHT - 5)):
            a, b = sorted(((low - at) / step, (high - at) / step))
            begin, end = max(begin, a), min(end, b)
        if begin >= end:
            continue
        cuts = []
        for x, y, radius in holes:
            middle = (x - px) * c + (y - py) * s
            squared = (x - px - middle * c)**2 + (y - py - middle * s)**2
            if squared < radius * radius:
                half = math.sqrt(radius * radius - squared)
                cuts.append((middle - half, middle + half))
        at = begin
        for a, b in sorted(cuts) + [(end, end)]:
            if a > at and min(a, end) - at > 0.05:
                lines.append([(px + c * t, py + s * t) for t in (at, min(a, end))])
            at = max(at, b)
    return shuffled(random, lines)


def text(seed=5, scale=0.32):
    random, names, y = numpy.random.default_rng(seed), list(LETTERS), 8
    while y < HEIGHT - 8:
        x = 8
        while x < WIDTH - 8:
            for _ in range(random.integers(2, 10)):
                for stroke in LETTERS[names[random.integers(len(names))]]:
                    yield [(x + px * scale, y + py * scale) for px, py in stroke]
                x += 2.5 * scale
            x += 2.0 * scale
        y += 6.2 * scale


def grid(columns=200, rows=140, cell=2.0, seed=9):
    random = numpy.random.default_rng(seed)
    edges = [[(10 + i * cell, 8 + j * cell), (10 + (i + 1) * cell, 8 + j * cell)]
             for j in range(rows + 1) for i in range(columns)]
    edges += [[(10 + i * cell, 8 + j * cell), (10 + i * cell, 8 + (j + 1) * cell)]
              for i in range(columns + 1) for j in range(rows)]
    return shuffled(random, edges)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    drawings = {"rand10k": lambda: strewn(10000, 1), "rand100k": lambda: strewn(100000, 2),
                "rand1m": lambda: strewn(1000000, 4), "hatch": hatch,
                "text": text, "gridcut": grid}
    for name, lines in drawings.items():
        path = os.path.join(sys.argv[1], name + ".svg")
        if os.path.exists(path):
            continue
        with open(path + ".new", "w", encoding="ascii") as out:
            out.write(HEAD)
            for line in lines():
                out.write('<path d="M' + " L".join(f"{x:.3f},{y:.3f}" for x, y in line) + '"/>\n')
            out.write("</g>\n</svg>\n")
        os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
