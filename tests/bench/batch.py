#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Four simulated boards in one batch beside four single runs: total time and the time that the printer is down. And a
second run that changes nothing, and one for which one board's configuration was changed.

batch.py KFLASH KSIM [--speed N] [--stagger S]

N as of ksim host; 1 is as slow as real boards are. S: seconds between two boards of a batch, the setting (2)."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import world  # noqa: E402
from world import World  # noqa: E402

MORE = ("--board", "toolhead:mcu=rp2040,serial=E66141040000AA", "--board", "probe:mcu=stm32f446,serial=1D0039000F")
KEYS = ("octopus", "pico", "toolhead", "probe")


def fresh(speed, stagger):
    w = World(options=MORE, speed=speed)
    registry = w.registry()
    registry["global"]["stagger_delay"] = stagger
    w.write(w.home / ".config/kflash/devices.json", json.dumps(registry))
    git = ["git", "-C", str(w.tree), "-c", "user.name=x", "-c", "user.email=x@x"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    return w


def timed(w, *words):
    began = time.monotonic()
    r = w.run("flash", *words, "--json")
    took = time.monotonic() - began
    if r.code != 0:
        raise SystemExit(f"kflash flash {' '.join(words)} failed: {r}")
    results = r.events("result")
    batch = [e["downtime_s"] for e in results if e["kind"] == "batch"]
    down = batch[0] if batch else sum(e["downtime_s"] for e in results if e["kind"] == "flashed")
    return took, down, sum(e["kind"] == "flashed" for e in results)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kflash")
    p.add_argument("ksim")
    p.add_argument("--speed", type=float, default=20)
    p.add_argument("--stagger", type=float, default=2)
    a = p.parse_args()
    world.KFLASH, world.KSIM = os.path.abspath(a.kflash), os.path.abspath(a.ksim)

    def row(name, took, down, boards):
        print(f"{name:<44} {took:7.2f} s   down {down:6.2f} s   {boards} boards written", flush=True)

    print(f"four simulated boards at speed {a.speed:g}, {a.stagger:g} s between two of a batch; load {os.getloadavg()[0]:.1f}")
    w = fresh(a.speed, a.stagger)
    try:
        single = [timed(w, key, "-s") for key in KEYS]
        row("four single runs", *map(sum, zip(*single)))
    finally:
        w.close()
    w = fresh(a.speed, a.stagger)
    try:
        row("one batch", *timed(w, "--all", "--yes"))
        row("again, and nothing was changed", *timed(w, "--all", "--yes"))
        config = w.home / ".config/kflash/configs/pico/.config"
        config.write_text(config.read_text() + "CONFIG_KF_IMAGE_SIZE=12288\n")
        row("one board has another configuration", *timed(w, "--all", "--yes"))
        row("all once more, nothing is built (--force)", *timed(w, "--all", "--yes", "--force"))
    finally:
        w.close()


if __name__ == "__main__":
    sys.exit(main())
