# SPDX-License-Identifier: MIT
"""G-code of a pen plotter, read as a printer would, by nothing of kplot's own: `read(text, rules)` is the ink, or a Fault
that names the line. It knows few words and takes no other: what it does not know could move.

Written from https://www.klipper3d.org/G-Codes.html and the promises of man/kplot.1.scd."""
import dataclasses
import math
import re

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")  # no exponent: Klipper takes one, other readers do not
WORD = re.compile(r"([A-Z])([^A-Z\s]*)\s*")
SHORTEST_FEED = 60  # mm/min; below it somebody has written mm/s


class Fault(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Rules:
    """Of the machine, in mm and mm/s: what its machine.yaml says."""
    up: float  # the only Z of a travel
    down: float  # the only Z of ink
    area: tuple  # left, bottom, right, top: nothing goes beyond
    canvas: tuple  # the same for ink
    fastest: float


@dataclasses.dataclass
class Ink:
    strokes: list = dataclasses.field(default_factory=list)  # of (x, y), machine mm; a dot has one
    travel_mm: float = 0.0

    def length(self):
        return sum(math.dist(a, b) for s in self.strokes for a, b in zip(s, s[1:]))

    def box(self):
        """left, bottom, right, top"""
        xs, ys = ([p[k] for s in self.strokes for p in s] for k in (0, 1))
        return min(xs), min(ys), max(xs), max(ys)


class Reader:
    def __init__(self, rules):
        self.rules, self.ink = rules, Ink()
        self.absolute = self.homed = False
        self.at = self.z = self.feed = None
        self.down = False

    def words(self, line):
        text = re.sub(r"\([^)]*\)", "", line.partition(";")[0]).strip()
        found, end = {}, 0
        for m in WORD.finditer(text):
            if m.start() != end:
                break
            end = m.end()
            letter, value = m.groups()
            if letter in found:
                raise Fault(f"{letter} stands twice")
            if value and not NUMBER.fullmatch(value):
                raise Fault(f"{letter}{value} is no number")
            found[letter] = value
        if end != len(text):
            raise Fault(f"not read: {text[end:]!r}")
        return found

    def line(self, line):
        words = self.words(line)
        if not words:
            return
        letter = next(iter(words))
        command = letter + words.pop(letter)
        taken = {"G0": "XYZF", "G1": "XYZF", "G4": "P", "G28": "XYZ", "G90": "", "M400": ""}.get(command)
        if taken is None:
            raise Fault(f"{command} is not taken")
        if not set(words) <= set(taken):
            raise Fault(f"{command} with {', '.join(words)}")
        if command == "G90":
            self.absolute = True
        elif command == "G28":
            self.home(words)
        elif command == "G4":
            if float(words.get("P", "-1")) < 0:
                raise Fault("a dwell of no time")
        elif command in ("G0", "G1"):
            self.move(words)

    def home(self, words):
        if any(words.values()):
            raise Fault("G28 with numbers")
        if self.down or self.z != self.rules.up:
            raise Fault("homes with the pen not up")
        if words and "Z" not in words:
            self.homed = True
            self.at = None  # where the switches are is not said here
        else:
            raise Fault("homes Z with a pen")

    def move(self, words):
        if not self.absolute:
            raise Fault("moves before G90")
        if "F" in words:
            self.feed = float(words["F"] or "nan")
            if not SHORTEST_FEED <= self.feed <= self.rules.fastest * 60 + 1e-6:
                raise Fault(f"F{words['F']} is no speed of this machine in mm/min")
        if self.feed is None:
            raise Fault("moves before any F")
        if "Z" in words:
            if {"X", "Y"} & set(words):
                raise Fault("X or Y with Z")
            return self.lift(float(words["Z"] or "nan"))
        if not {"X", "Y"} & set(words):
            raise Fault("moves nowhere")
        if not self.homed:
            raise Fault("X and Y before homing")
        if self.at is None and not {"X", "Y"} <= set(words):
            raise Fault("the first way after homing needs X and Y")
        to = tuple(float(words[k]) if k in words else self.at[i] for i, k in enumerate("XY"))
        inside(to, self.rules.area, "work area")
        if self.down:
            inside(to, self.rules.canvas, "canvas")
            self.ink.strokes[-1].append(to)
        elif self.z != self.rules.up:
            raise Fault(f"travels at Z {self.z}")
        elif self.at is not None:
            self.ink.travel_mm += math.dist(self.at, to)
        self.at = to

    def lift(self, z):
        if z == self.rules.down:
            if self.at is None:
                raise Fault("the pen comes down nowhere")
            inside(self.at, self.rules.canvas, "canvas")
            if not self.down:
                self.ink.strokes.append([self.at])
            self.down = True
        elif z == self.rules.up:
            self.down = False
        else:
            raise Fault(f"Z {z} is neither up nor down")
        self.z = z

    def end(self):
        if self.down or self.z != self.rules.up:
            raise Fault("ends with the pen not up")
        return self.ink


def inside(p, box, name):
    if not (box[0] <= p[0] <= box[2] and box[1] <= p[1] <= box[3]):
        raise Fault(f"X {p[0]} Y {p[1]} is outside of the {name}")


def read(text, rules):
    reader = Reader(rules)
    for number, line in enumerate(text.splitlines(), 1):
        try:
            reader.line(line)
        except Fault as fault:
            raise Fault(f"line {number}: {fault}: {line}") from None
    return reader.end()
