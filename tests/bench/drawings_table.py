#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of kplot's figures on large drawings, each beside its bar, as Markdown. CPU seconds of one core, the middle
of some seeds with the least and the most of them; peak memory of the whole process. Ends with 1 when a bar is missed.

drawings_table.py KPLOT ORDER FOLDER [--seeds N] [--only TEXT] [--vpype COMMAND] [--saxi NODE_MODULES]

KPLOT is an optimised one, ORDER is tests/bench/order.cpp, FOLDER has the drawings of drawings.py. vpype
(`pip install vpype` in a venv) and saxi (`npm install --ignore-scripts saxi`) are measured in the same run, once a
drawing, when they are there; a drawing of a million lines is not given to them."""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile

ORDERS = [  # drawing, CPU seconds, mm of pen-up way
    ("rand10k", 0.06, 18150), ("rand10k", 0.6, 16700), ("rand10k", 5, 16550), ("rand10k", 30, 16499),
    ("hatch", 2, 3021), ("rand100k", 0.75, 52900), ("rand100k", 8, 49700), ("text", 1, 58800), ("text", 8, 57200)]
CHAINS = [("rand10k", 0.3, None), ("rand100k", 2, 150), ("rand1m", 20, 1000)]  # CPU seconds, MB
PREVIEWS = [("rand100k", "svg", 1), ("rand100k", "png", 1)]
FILTERS = ["--merge", "0.01", "--order", "--simplify", "0.01"]
INCH, PX = 25.4, 96.0


class Run:
    def __init__(self, command, env=None):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = subprocess.Popen([str(w) for w in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            self.out, self.err = out.read().decode(), err.read().decode(errors="replace")
        self.code, self.cpu, self.mb = child.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6

    def good(self):
        if self.code != 0:
            raise SystemExit(f"drawings_table: a command failed with {self.code}:\n{self.out}{self.err}")
        return self


def thousands(value):
    return f"{value:,.0f}".replace(",", " ")


def middle(values, form):
    if len(values) == 1:
        return form(values[0])
    return f"{form(statistics.median(values))} ({form(min(values))}–{form(max(values))})"


class Vpype:
    """What it does is measured less what reading alone costs."""
    def __init__(self, command):
        self.command = shlex.split(command) if command and shutil.which(shlex.split(command)[0]) else None
        self.name = "vpype"
        if self.command:
            self.name = "vpype " + re.search(r"\d[\w.]*", Run([*self.command, "--version"]).good().out)[0]
        self.known = {}

    def lines(self, file, *what):
        key = (file, what)
        if key not in self.known:
            alone = Run([*self.command, "read", file, "stat"]).good()
            done = Run([*self.command, "read", file, *what, "stat"]).good()
            mm = sum(float(m) for m in re.findall(r"Pen-up length: ([\d.]+)", done.out)[-1:]) * INCH / PX
            paths = re.findall(r"Path count: (\d+)", done.out)[-1]
            self.known[key] = f"{thousands(mm)} mm in {done.cpu - alone.cpu:.2f} s", int(paths)
        return self.known[key]

    def order(self, file):
        return self.lines(file, "linesort")[0] if self.command else "absent"

    def merge(self, file):
        if not self.command:
            return "absent"
        text, paths = self.lines(file, "linemerge", "-t", "0.01mm", "linesort")
        return f"{paths} strokes, {text}"

    def chain(self, file, out):
        if not self.command:
            return "absent"
        r = Run([*self.command, "read", file, "linemerge", "-t", "0.01mm", "linesort", "linesimplify", "-t", "0.01mm",
                 "write", out]).good()
        return f"{r.cpu:.1f} s, {r.mb:.0f} MB"


class Saxi:
    def __init__(self, modules):
        there = modules and (pathlib.Path(modules) / "saxi/package.json").exists() and shutil.which("node")
        self.env = dict(os.environ, NODE_PATH=modules) if there else None
        self.name = "saxi"
        if there:
            package = (pathlib.Path(modules) / "saxi/package.json").read_text()
            self.name = "saxi " + re.search(r'"version": "([^"]*)"', package)[1]
        self.known = {}

    def run(self, what, file):
        if (what, file) not in self.known:
            script = pathlib.Path(__file__).with_name("saxi.js")
            self.known[what, file] = Run(["node", "--max-old-space-size=3000", script, what, file], self.env).good()
        return self.known[what, file]

    def order(self, file):
        if not self.env:
            return "absent"
        mm, seconds = map(float, self.run("order", file).out.split())
        return f"{thousands(mm)} mm in {seconds:.2f} s"

    def chain(self, file):
        if not self.env:
            return "absent"
        r = self.run("chain", file)
        return f"{r.cpu:.1f} s, {r.mb:.0f} MB"


class Table:
    def __init__(self, vpype, saxi, only):
        self.only, self.missed = only, False
        print(f"| work | bar | kplot | | {vpype.name} | {saxi.name} |\n|---|---|---|---|---|---|", flush=True)

    def wants(self, work):
        return self.only in work

    def row(self, work, bar, ours, good, vpype, saxi):
        """`good` is None when there is nothing to judge."""
        verdict = {True: "ok", False: "missed", None: ""}[good]
        self.missed = self.missed or good is False
        print(f"| {work} | {bar} | {ours} | {verdict} | {vpype} | {saxi} |", flush=True)


def a3_machine(kplot, folder):
    """machine.yaml of kplot's own template, with room for A3 landscape."""
    file = folder / "a3.yaml"
    file.unlink(missing_ok=True)
    Run([kplot, "machine", "init", "--machine", file]).good()
    text = file.read_text()
    for old, new in (("    x: 250.0", "    x: 470.0"), ("width_mm: 210.0", "width_mm: 420.0")):
        if text.count(old) != 1:
            raise SystemExit(f"drawings_table: the template of machine.yaml has no longer: {old}")
        text = text.replace(old, new)
    file.write_text(text)
    return file


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kplot")
    p.add_argument("order")
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--only", default="", metavar="TEXT", help="only rows with this in their first column")
    p.add_argument("--vpype", default="vpype")
    p.add_argument("--saxi", default="")
    a = p.parse_args()
    os.environ["XDG_STATE_HOME"] = str((a.folder / "state").resolve())
    vpype, saxi = Vpype(a.vpype), Saxi(a.saxi)
    machine, seeds = a3_machine(a.kplot, a.folder), range(1, a.seeds + 1)
    table = Table(vpype, saxi, a.only)

    for name, limit, most in ORDERS:
        work, file = f"order {name}", a.folder / f"{name}.svg"
        if not table.wants(work):
            continue
        # A little sooner: the drawing is put together after the search.
        found = [Run([a.order, "order", file, seed, limit * 0.96]).good().out.split() for seed in seeds]
        mm, took = [float(f[0]) for f in found], statistics.median(float(f[1]) for f in found)
        table.row(work, f"{thousands(most)} mm in {limit:g} s", f"{middle(mm, thousands)} mm in {took:.3f} s",
                  statistics.median(mm) <= most and took <= limit, vpype.order(file), saxi.order(file))

    if table.wants("merge gridcut"):
        file = a.folder / "gridcut.svg"
        found = [Run([a.order, "merge", file]).good().out.split() for _ in seeds]
        strokes, corners, mm = int(found[0][0]), int(found[0][1]), float(found[0][2])
        took = statistics.median(float(f[3]) for f in found)
        table.row("merge gridcut", "338 strokes, 10 corners, 676 mm in 0.2 s",
                  f"{strokes} strokes, {corners} corners, {mm:.1f} mm in {took:.3f} s",
                  strokes <= 338 and corners <= 10 and mm <= 676 and took <= 0.2, vpype.merge(file), "–")

    for name, limit, most_mb in CHAINS:
        work, file, out = f"SVG to G-code, {name}", a.folder / f"{name}.svg", a.folder / "out"
        if not table.wants(work):
            continue
        runs = [Run([a.kplot, "gcode", "--machine", machine, file, *FILTERS, "--seed", seed, "-o",
                     out.with_suffix(".gcode")]).good() for seed in seeds]
        cpu, mb = statistics.median(r.cpu for r in runs), max(r.mb for r in runs)
        travel = [float(re.search(r"--order: ([\d.]+) mm", r.err)[1]) for r in runs]
        others = ("–", "–") if name == "rand1m" else (vpype.chain(file, out.with_suffix(".svg")), saxi.chain(file))
        table.row(work, f"{limit:g} s" + (f", {most_mb} MB" if most_mb else ""),
                  f"{cpu:.2f} s, {mb:.0f} MB; {thousands(statistics.median(travel))} mm of travel",
                  cpu <= limit and (most_mb is None or mb <= most_mb), *others)

    there = Run([a.kplot, "preview", "--help"]).code == 0
    for name, kind, limit in PREVIEWS:
        work = f"preview {name} as {kind.upper()}"
        if not table.wants(work):
            continue
        if not there:
            table.row(work, f"{limit:g} s", "absent", None, "–", "–")
            continue
        runs = [Run([a.kplot, "preview", "--machine", machine, a.folder / f"{name}.svg", "-o",
                     a.folder / f"out.{kind}"]).good() for _ in seeds]
        cpu, mb = statistics.median(r.cpu for r in runs), max(r.mb for r in runs)
        table.row(work, f"{limit:g} s", f"{cpu:.2f} s, {mb:.0f} MB", cpu <= limit, "–", "–")
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
