#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kcal on real klippy: the printer.cfg that it writes is loaded, for bring-up and for drawing; Y is brought up, and levels
1, 2 and 5 run. See README.md beside this for what the rig's folder has to hold.

accept_kcal.py KCAL KPLOT KSIM RIG [--root FOLDER] [--out FILE] [--levels 1,2,5 | --levels routines]

"routines" are kcal endstop and kcal steps.

FILE gets the report of each level as kcal printed it (--json), one object a line."""
import argparse
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from klippy_rig import Carriage, RealPlotter  # noqa: E402
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
    if arguments.levels == "routines":
        return keep(arguments, rows, not routines(arguments, rows))
    if not bring_up(arguments):
        failed += 1
    p = RealPlotter(arguments.rig, arguments.root, machine=machine(), printer_cfg=whole_cfg)
    try:
        live = kcal(p, "printer-cfg", "--live", "--socket", p.socket)
        # The rig's own extra, and nothing else.
        print(live.stdout, live.stderr)
        failed += live.stdout.splitlines() != ["[kf_moves]: not known to do nothing by itself"]
        for level in arguments.levels.split(","):
            r = kcal(p, "check", "--level", level, "--socket", p.socket, "--json")
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
