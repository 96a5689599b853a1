#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A recording of tests/transcripts/klippy against real klippy: the recorded client sends again what it sent, as long after
the answer before it as it did then. Compared are the order of the answers, what they say without times and live places, and
how long each took. ksim is held against the same recordings by tests/sim/klippy_replay.cpp.

    replay_recording.py KPLOT RIG [--before GCODE] jog_hold.jsonl ...     (RIG and its needs: README.md beside this file)"""
import argparse
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import klippy_rig  # noqa: E402
from klippy_rig import Connection, RealPlotter  # noqa: E402

FREE = {"eventtime", "total_duration", "live_position", "live_velocity"}


def said(value):
    """Without what depends on the moment."""
    if isinstance(value, dict):
        return {k: said(v) for k, v in value.items() if k not in FREE}
    if isinstance(value, list):
        return [said(v) for v in value]
    return round(value, 3) + 0.0 if isinstance(value, float) else value


def replay(plot, file, slack):
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    connection, numbers, differs = Connection(plot.socket), {}, 0
    base, base_at, longest = 0.0, time.monotonic(), 0.0
    sent = {}
    for row in rows:
        t, message = row["t"], row["msg"]
        if row["dir"] == ">":
            time.sleep(max(0, base_at + t - base - time.monotonic()))
            numbers[message["id"]] = connection.send(message["method"], **message.get("params", {}))
            sent[message["id"]] = (t, time.monotonic())
            base, base_at = t, time.monotonic()
        elif "id" in message:
            answer = connection.wait(numbers[message["id"]])
            base, base_at = t, time.monotonic()
            theirs, ours = t - sent[message["id"]][0], base_at - sent[message["id"]][1]
            longest = max(longest, abs(ours - theirs))
            want, got = said({k: v for k, v in message.items() if k != "id"}), said({k: v for k, v in answer.items() if k != "id"})
            if want != got or abs(ours - theirs) > 0.26 + slack:
                differs += 1
                print(f"  answer {message['id']} at {t} s took {theirs:.3f}, now {ours:.3f} s: {want} and {got}", flush=True)
    outputs = [r["msg"]["params"]["response"] for r in rows if r["dir"] == "<" and "response" in r["msg"].get("params", {})]
    heard = [m["params"]["response"] for _, m in connection.pushes if "response" in m.get("params", {})]
    differs += outputs != heard
    print(f"{file.name}: {len(numbers)} requests, {differs} differ, no answer came more than {longest:.3f} s sooner or later",
          flush=True)
    connection.close()
    return differs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kplot")
    parser.add_argument("rig")
    parser.add_argument("recordings", nargs="+", type=pathlib.Path)
    parser.add_argument("--root", default="/dev/shm/kf-replay")
    parser.add_argument("--before", default="G28\nG1 X100 Y100 Z10 F6000\nM400\nG90")
    parser.add_argument("--slack", type=float, default=0.0, help="seconds more or less that an answer may take")
    a = parser.parse_args()
    klippy_rig.plotter.KPLOT = str(pathlib.Path(a.kplot).resolve())
    differs = 0
    for file in a.recordings:
        plot = RealPlotter(a.rig, a.root)
        try:
            plot.gcode(a.before)
            time.sleep(3)
            differs += replay(plot, file, a.slack)
        finally:
            plot.close()
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
