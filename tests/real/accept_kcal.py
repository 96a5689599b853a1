#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kcal on real klippy: the printer.cfg that it writes is loaded, for bring-up and for drawing; Y is brought up, and levels
1, 2 and 5 run. See README.md beside this for what the rig's folder has to hold.

accept_kcal.py KCAL KPLOT KSIM RIG [--root FOLDER] [--out FILE] [--levels 1,2,3,4,5 | --levels NAME]

The answers of levels 3 and 4 are in a file, and what they say of the ink is held against the moves. NAME is one of
  routines    kcal endstop and kcal steps
  bringup_x   two motors, [manual_stepper] each; the steps of the second one are those of the carriage's Z
  spin        bringup y --pulses with hardware_pwm: files stand for the /sys/class/pwm of a kernel (needs root)
  skew        kcal square on a leaning machine, and with the profile that it gave loaded
  files       printer-cfg --check and --live on files with one thing changed each

FILE gets the report of each level as kcal printed it (--json), one object a line."""
import argparse
import ctypes
import json
import math
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from klippy_rig import Carriage, Moves, RealPlotter  # noqa: E402
import plotter  # noqa: E402


def machine():
    """The template on the pins of the rig; its switches read 1 at the end, as closed ones to ground do when pressed."""
    text = plotter.template()
    for old, new in (('octopus_slot: "Motor 0"', 'octopus_slot: "Motor 0 (gpio8, gpio9, gpio10)"'),
                     ('octopus_slot: "Motor 2_1 + Motor 2_2"',
                      'octopus_slot: "Motor 2_1 (gpio0, gpio1, gpio2) + Motor 2_2 (gpio20, gpio21, gpio22)"'),
                     ('octopus_slot: "TBD"', 'octopus_slot: "Motor 4 (gpio12, gpio13, gpio14)"'),
                     ('endstop_pin: "DIAG0 (PG6)"', 'endstop_pin: "DIAG0 (gpio11)"'),
                     ('endstop_pin: "DIAG1 (PG9)"', 'endstop_pin: "DIAG1 (gpio3)"'),
                     ("endstop_pin: null", 'endstop_pin: "DIAG2 (gpio15)"'),
                     ("NO_to_GND", "NC_to_GND"),
                     ("endstop_type: null", 'endstop_type: "NC_to_GND"'),
                     ("homing_side: null", 'homing_side: "min"'),
                     ("z_rotation_distance: null", "z_rotation_distance: 32.0"),
                     ("plunge_feed_mm_s: 5.0  ", "plunge_feed_mm_s: 20.0 ")):
        assert old in text, old
        text = text.replace(old, new)
    return text


def kcal(p, *words, given=None):
    command = [KCAL, words[0], "--machine", str(p.machine_file), *map(str, words[1:])]
    home = dict(os.environ, HOME=str(p.root / "home"), XDG_STATE_HOME=str(p.root))
    return subprocess.run(command, capture_output=True, text=True, env=home, input=given, timeout=600)


def whole_cfg(p):
    p.machine_file.write_text(p.machine_file.read_text().replace("/home/klipper/gcode_files", str(p.gcodes)))
    r = kcal(p, "printer-cfg", "--serial", p.root / "mcu_tty")
    assert r.returncode == 0, r
    assert "CHANGE_ME" not in r.stdout, r.stdout
    return r.stdout.replace("[mcu]\n", "[mcu]\nrestart_method: command\n")


def bring_up_cfg(p):
    p.machine_file.write_text(p.machine_file.read_text().replace("/home/klipper/gcode_files", str(p.gcodes)))
    r = kcal(p, "printer-cfg", "--serial", p.root / "mcu_tty", "--kinematics", "none")
    assert r.returncode == 0, r
    return r.stdout.replace("[mcu]\n", "[mcu]\nrestart_method: command\n")


def answers(axis, motors):
    said = ["free=yes", "uncoupled=yes"]
    for m in motors:
        said += [f"locked_{m}=yes", f"buzzed_{m}=moved", f"turned_{m}=once", f"direction_{m}=down", f"returned_{m}=yes"]
        said += [f"ran_{i}_{m}=smooth" for i in range(1, 7)]
    return [w for one in said + ["released=yes"] for w in ("--answer", one)]


def bring_up(arguments):
    """Y by manual_stepper: where the simulated carriage was, and where its switch is; nobody presses it but the rig."""
    p = RealPlotter(arguments.rig, arguments.root, machine=machine(), printer_cfg=bring_up_cfg)
    try:
        p.place(1, 150)
        seen = Carriage(p)
        words = ["bringup", "y", "--socket", p.socket, "--json", *answers("y", ["stepper_y"])]
        first = kcal(p, *words)
        samples = [s[2] for s in seen.end()]
        print(first.stdout[-400:], first.stderr, first.returncode, "from", min(samples), "to", max(samples), "at", samples[-1])
        p.place(1, 0)
        last = kcal(p, *words, "--answer", "pressed=yes")
        print(last.stdout[-1500:], last.stderr, flush=True)
        return first.returncode == 5 and last.returncode == 0 and '"ok":true' in last.stdout and samples[-1] == 150
    finally:
        p.close()


def routines(arguments, rows):
    """endstop and steps: where the endstop triggers, and ticks as the simulated carriage made them."""
    p = RealPlotter(arguments.rig, arguments.root, machine=machine(), printer_cfg=whole_cfg)
    try:
        r = kcal(p, "endstop", "x", "--cycles", "5", "--socket", p.socket, "--json", "--yes")
        print(r.stdout, r.stderr, flush=True)
        words = ["steps", "x", "--marks", "5", "--length", "80", "--with", "caliper", "--socket", p.socket, "--json", "--yes"]
        seen = Carriage(p)
        drawn = kcal(p, *words)
        ticks = []
        for _, x, _, z, *_ in seen.end():
            if z > 19.9 and (not ticks or abs(ticks[-1] - x) > 1):
                ticks.append(x)
        print(drawn.stdout, drawn.stderr, "ticks at", ticks, flush=True)
        told = [w for k, x in enumerate(ticks) for w in ("--answer", f"mark_{k + 1}={round(x - ticks[0], 2)}")]
        s = kcal(p, *words, *told)
        print(s.stdout, s.stderr, flush=True)
        for done in (r, s):
            for line in done.stdout.splitlines():
                row = json.loads(line)
                if row.get("kind") == "calibration":
                    rows.append({k: v for k, v in row.items() if k != "event"})
        return r.returncode == 0 and drawn.returncode == 5 and s.returncode == 0 and len(ticks) == 5
    finally:
        p.close()


LOOKED = """pen_touches: yes
pen_clear: yes
second_right: yes
both_right: yes
square_width: 50
square_height: 50
circle_round: yes
circle_closed: yes
lines_distinct: yes
"""


def ink_is_as_said(lines):
    """Of level 4, what the answers say: a square and a circle of 50 mm, 20 lines 0.5 mm apart, 1000 lines."""
    def box(line):
        return [max(c) - min(c) for c in zip(*line)]

    big = [line for line in lines if len(line) > 4 and min(box(line)) > 40]
    sizes = [[round(v, 3) for v in box(line)] for line in big]
    closed = [math.dist(line[0], line[-1]) < 0.01 for line in big]
    short = [line for line in lines if len(line) == 2]
    apart = sorted({round(line[0][axis], 3) for line in short for axis in (0, 1)})
    pieces = sum(len(line) - 1 for line in lines if line not in big and line not in short)
    gaps = sorted({round(b - a, 3) for a, b in zip(apart, apart[1:])})
    print("ink:", sizes, "closed", closed, "straight", len(short), "apart", gaps, "and pieces", pieces)
    return len(big) == 2 and all(closed) and all(abs(v - 50) < 0.05 for s in sizes for v in s) and \
        len(short) == 20 and 0.5 in gaps and pieces >= 1000


def bring_up_x(arguments):
    """Motor by motor: the first one's steps are the carriage's X, the second one's its Z."""
    two = machine().replace("+ Motor 2_2 (gpio20, gpio21, gpio22)", "+ Motor 2_2 (gpio12, gpio13, gpio14)")
    two = two.replace('octopus_slot: "Motor 4 (gpio12, gpio13, gpio14)"', 'octopus_slot: "TBD"')
    p = RealPlotter(arguments.rig, arguments.root, machine=two, printer_cfg=bring_up_cfg)
    try:
        begin = (125, 150, 20)
        for axis, mm in enumerate(begin):
            p.place(axis, mm)
        seen = Carriage(p)
        motors = ["stepper_x", "stepper_x1"]
        words = ["bringup", "x", "--socket", p.socket, "--json", *answers("x", motors)]
        first = kcal(p, *words)
        samples = seen.end()
        spans = [(min(s[a] for s in samples), max(s[a] for s in samples)) for a in (1, 2, 3)]
        both = [s for s, t in zip(samples, samples[1:]) if s[1] != t[1] and s[3] != t[3]]
        print(first.stdout[-300:], first.stderr, first.returncode, "X, Y, Z went", spans, "at", p.carriage(),
              "both motors at once", len(both))
        p.place(0, 0)
        last = kcal(p, *words, "--answer", "pressed=yes")
        print(last.stdout[-1500:], last.stderr, flush=True)
        return (first.returncode == 5 and last.returncode == 0 and '"ok":true' in last.stdout and
                spans == [(125, 157), (150, 150), (20, 52)] and not both and p.carriage() == (0, 150, 20))
    finally:
        p.close()


def files_for_pwm():
    """In a mount namespace of this process: what a kernel has in /sys/class/pwm, as plain files, which keep each write."""
    def mount(*words):
        subprocess.run(["mount", *words], check=True)

    if ctypes.CDLL(None, use_errno=True).unshare(0x00020000) != 0:  # CLONE_NEWNS
        raise SystemExit("no namespace: run it as root")
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "tmpfs", "/sys/class")
    chip = pathlib.Path("/sys/class/pwm/pwmchip0/pwm0")
    chip.mkdir(parents=True)
    for name in ("period", "duty_cycle", "enable"):
        (chip / name).write_text("")
    return chip


def spin(arguments):
    """With hardware_pwm the firmware of a Linux process writes files: how long they say that pulses come, also when klippy
    is killed in the middle."""
    chip = files_for_pwm()
    sections = []

    def cfg(p):
        text = bring_up_cfg(p)
        step = ["--pin", "stepper_y.step_pin=pwmchip0/pwm0"]
        r = kcal(p, "bringup", "y", "--sections", "--pulses", *step)
        assert r.returncode == 0, r
        sections.append(r.stdout)
        begin = text.index("[manual_stepper stepper_y]")
        end = text.find("\n[", begin + 1)
        hard = r.stdout.replace("hardware_pwm: False", "hardware_pwm: True")
        return text[:begin] + hard + (text[end + 1:] if end > 0 else "")

    def watched(act, seconds):
        """(time, pulses come) whenever that changed; enable has "0\0" or "1\0" behind each other."""
        begin, known, out = time.monotonic(), None, []
        act()
        while time.monotonic() < begin + seconds:
            wrote = (chip / "enable").read_bytes().replace(b"\0", b"")
            if wrote[-1:] != known:
                known = wrote[-1:]
                out.append((round(time.monotonic() - begin, 2), known.decode()))
            time.sleep(0.005)
        return out

    p = RealPlotter(arguments.rig, arguments.root, machine=machine(), printer_cfg=cfg)
    try:
        print(sections[0])
        words = ["bringup", "y", "--pulses", "--socket", p.socket, "--json", "--answer", "free=yes", "--answer",
                 "spun_stepper_y=turned"]
        done = kcal(p, *words)
        told = {name: (chip / name).read_bytes().replace(b"\0", b" ").decode() for name in ("period", "duty_cycle", "enable")}
        print(done.stdout[-400:], done.stderr, "written", told)
        for name in ("duty_cycle", "enable"):
            os.truncate(chip / name, 0)
        child = []

        def begin():
            command = [KCAL, "bringup", "--anew", "--machine", str(p.machine_file), *map(str, words[1:])]
            home = dict(os.environ, HOME=str(p.root / "home"), XDG_STATE_HOME=str(p.root))
            child.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL, env=home))
            plotter.wait_for("pulses", lambda: (chip / "enable").read_bytes().replace(b"\0", b"")[-1:] == b"1", 20)
            p.klippy.kill()

        killed = watched(begin, 4)
        child[0].kill()
        child[0].wait()
        print("klippy killed while it spun:", killed, flush=True)
        return done.returncode == 0 and '"ok":true' in done.stdout and told["enable"].strip().endswith("0") and \
            killed[-1][1] == "0"
    finally:
        p.close()


LEAN = 0.0070  # of Y: X is larger by so much of Y


def drawn_at(place):
    return place[0] + place[1] * LEAN, place[1]


def lengths(a, b, c, d):
    """AC, BD, AD from places of the machine, as they are on the paper of a machine that leans."""
    a, b, c, d = map(drawn_at, (a, b, c, d))
    return math.dist(a, c), math.dist(b, d), math.dist(a, d)


def corners(middles):
    """Lower left, upper left, upper right, lower right."""
    left, right = sorted(middles)[:2], sorted(middles)[2:]
    (a, b), (d, c) = (sorted(side, key=lambda q: q[1]) for side in (left, right))
    return a, b, c, d


def square_up_to_its_question(p, words):
    """The middles of the crosses that it drew."""
    moves = Moves(p)
    r = kcal(p, *words)
    ends = [point for line in moves.ink() for point in line]
    crosses = [ends[i:i + 4] for i in range(0, len(ends), 4)]
    return r, [tuple(round(sum(axis) / 4, 3) for axis in zip(*cross)) for cross in crosses]


def errors(r):
    return [e for e in map(json.loads, r.stdout.splitlines()) if e["event"] == "error"]


def skew(arguments, rows):
    """kcal square on a machine that leans; then with its profile in printer.cfg: loaded, and ended."""
    extra = ["[skew_correction]\n"]

    def started():
        return RealPlotter(arguments.rig, arguments.root, machine=machine(), printer_cfg=lambda p: whole_cfg(p) + "".join(extra))

    good = []

    def check(what, true, got):
        print("ok  " if true else "FAIL", what, got, flush=True)
        good.append(true)

    p = started()
    try:
        words = ["square", "--by", "diagonals", "--socket", p.socket, "--json", "--yes"]
        r, middles = square_up_to_its_question(p, words)
        at = corners(middles)
        read = lengths(*at)
        told = [w for name, v in zip(("ac", "bd", "ad"), read) for w in ("--answer", f"{name}={v:.2f}")]
        s = kcal(p, *words, *told, "--answer", "as=profile")
        print(s.stdout, s.stderr)
        found = [e for e in map(json.loads, s.stdout.splitlines()) if e.get("kind") == "calibration"]
        rows += [{k: v for k, v in e.items() if k != "event"} for e in found]
        xy = next(line for line in s.stdout.split("\\n") if "xy_skew" in line).split()[-1]
        check("the skew of the readings is the lean", abs(float(xy) - LEAN) < 2e-4, (xy, read))
    finally:
        p.close()
    extra.append(f"[skew_correction kcal]\nxy_skew: {xy}\nxz_skew: 0\nyz_skew: 0\n")
    p = started()
    try:
        p.gcode("G28\nG90\nG1 Z10 F1200\nSKEW_PROFILE LOAD=kcal")
        reached = []
        for x, y in at:
            p.gcode(f"G90\nG1 X{x} Y{y} F6000\nM400")
            reached.append(p.carriage()[:2])
        ac, bd, _ = lengths(*reached)
        check("with its profile loaded the diagonals are equal", abs(ac - bd) < 0.1, (round(ac, 3), round(bd, 3)))
        before = p.carriage()
        r, middles = square_up_to_its_question(p, words)
        check("kcal square refuses a loaded profile, and nothing moves",
              r.returncode == 3 and p.carriage() == before and "SET_SKEW CLEAR=1" in r.stdout, errors(r))
        p.gcode("SET_SKEW CLEAR=1")
        named = p.status(skew_correction=["current_profile_name"])
        r, middles = square_up_to_its_question(p, [*words, "--anew"])
        check("ended by SET_SKEW CLEAR=1 it draws, though Klipper names it still", r.returncode == 5 and len(middles) == 4 and
              corners(middles) == at, (named, errors(r), middles))
        s = kcal(p, *words, *told, "--answer", "as=profile")
        print(s.stdout, s.stderr, flush=True)
        check("its profile is replaced, not a second one made", s.returncode == 0 and s.stdout.count("xy_skew") <= 3, s.returncode)
        p.gcode("SKEW_PROFILE LOAD=kcal\nG28 Y")
        r, _ = square_up_to_its_question(p, [*words, "--anew"])
        check("loaded, at Y0 where it shows nothing: refused", r.returncode == 3, errors(r))
        p.gcode("SET_SKEW CLEAR=1")
        r, _ = square_up_to_its_question(p, [*words, "--anew"])
        check("ended, at Y0: refused with what to do", r.returncode == 3 and "RESTART" in r.stdout, errors(r))
        return all(good)
    finally:
        p.close()


def files(arguments):
    """printer-cfg --check of a file and --live of the Klipper that loaded it: the same is named, with one thing changed."""
    changes = {"as written": (("", ""), ()),
               "microsteps of Y": (("microsteps: 4", "microsteps: 16"), ("microsteps is 16",)),
               "half a turn": (("full_steps_per_rotation: 400", "full_steps_per_rotation: 200"), ("full_steps_per_rotation",)),
               "a lower limit": (("max_accel: ", "max_accel: 1 # "), ("max_accel",)),
               "what moves at the start": (("[kf_moves]", "[delayed_gcode go]\ninitial_duration: 600\ngcode:\n  G28\n[kf_moves]"),
                                           ("delayed_gcode go",)),
               "an endstop the other way round": (("endstop_pin: ^gpio11", "endstop_pin: ^!gpio11"), ("endstop_pin",))}
    good = True
    for what, ((old, new), names) in changes.items():
        p = RealPlotter(arguments.rig, arguments.root, machine=machine(), printer_cfg=whole_cfg)
        try:
            file = p.root / "printer.cfg"
            text = file.read_text()
            assert old in text, (old, text)
            file.write_text(text.replace(old, new, 1))
            p.ask("gcode/restart")
            time.sleep(2)
            p.wait_ready()
            r = kcal(p, "printer-cfg", "--check", file)
            live = kcal(p, "printer-cfg", "--live", "--socket", p.socket)
            ours = "[kf_moves]: not known to do nothing by itself"

            def others(run):
                return [line for line in run.stdout.splitlines() if line != ours]

            true = others(r) == others(live) and len(others(r)) == len(names) and \
                all(name in line for name, line in zip(names, others(r))) and r.returncode == live.returncode == 3
            print("ok  " if true else "FAIL", what, others(r), others(live), r.returncode, live.returncode, flush=True)
            good = good and true
        finally:
            p.close()
    return good


def keep(arguments, rows, failed):
    if arguments.out:
        with open(arguments.out, "a") as f:
            for row in rows:
                f.write(json.dumps(row) + "\n")
    print(f"{int(failed)} failed", flush=True)
    return 1 if failed else 0


def main():
    a = argparse.ArgumentParser()
    for name in ("kcal", "kplot", "ksim", "rig"):
        a.add_argument(name)
    a.add_argument("--out")
    a.add_argument("--levels", default="1,2,5")
    a.add_argument("--root", default="/dev/shm/kf-kcal", help="work folder; its carriage must not wait for a disk")
    arguments = a.parse_args()
    global KCAL
    KCAL, plotter.KPLOT, plotter.KSIM = (os.path.abspath(x) for x in (arguments.kcal, arguments.kplot, arguments.ksim))
    plotter.DEADLINE = 3000
    rows, failed = [], 0
    whole = {"routines": lambda: routines(arguments, rows), "bringup_x": lambda: bring_up_x(arguments),
             "spin": lambda: spin(arguments), "skew": lambda: skew(arguments, rows),
             "files": lambda: files(arguments)}
    if arguments.levels in whole:
        return keep(arguments, rows, not whole[arguments.levels]())
    if not bring_up(arguments):
        failed += 1
    p = RealPlotter(arguments.rig, arguments.root, machine=machine(), printer_cfg=whole_cfg)
    try:
        live = kcal(p, "printer-cfg", "--live", "--socket", p.socket)
        # The rig's own extra, and nothing else.
        print(live.stdout, live.stderr)
        failed += live.stdout.splitlines() != ["[kf_moves]: not known to do nothing by itself"]
        looked = p.root / "looked.txt"
        looked.write_text(LOOKED)
        for level in arguments.levels.split(","):
            said = ["--answers", looked] if level in ("3", "4") else []
            moves = Moves(p)
            r = kcal(p, "check", "--level", level, "--socket", p.socket, "--json", *said)
            failed += level == "4" and not ink_is_as_said(moves.ink())
            for line in r.stdout.splitlines():
                row = json.loads(line)
                if row.get("kind") in ("level_check", "level_report"):
                    rows.append({k: v for k, v in row.items() if k not in ("event", "procedure")})
                if row["event"] in ("result", "error", "warning"):
                    print(row.get("text") or row, flush=True)
            if r.returncode != 0:
                print(r.stderr)
            failed += r.returncode != 0
    finally:
        p.close()
    return keep(arguments, rows, failed)


if __name__ == "__main__":
    sys.exit(main())
