#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every effect of a flash (spawn, file effect, port write), numbered, fails, is cut off by kill -9, or meets a signal.
Afterwards the service must be as before, registry and ledger whole, no board must hold what is not its own, and the next
run must work.

fault_soak.py KFLASH KSIM          every second one of the phase edges and of each 16th port write (what `meson test` runs)
fault_soak.py KFLASH KSIM --edges  all of those
fault_soak.py KFLASH KSIM --all    all of them: with an error, with kill -9, and with each other signal in turn, three an
                                   effect, so that each phase meets every signal (make soak)
--batch: of a batch of three boards, with an error, kill -9, SIGHUP, SIGTERM and SIGINT; without --all and --edges only
every 16th of its phase edges.
--part 1/3 takes every third of any."""
import json
import os
import signal
import sys
import time

import world
from world import World, wait_for

# Every signal that there is; SIGSTOP freezes, which is another test (the guardian goes on without kflash, and the other
# way round), and what is ignored or remembered must not matter.
SIGNALS = [str(int(n)) for n in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})]
KINDS = ("error", "kill", *SIGNALS)


THREE = ("--board", "toolhead:mcu=rp2040,serial=E66141040000AA")
BATCH = "--batch" in sys.argv
WORDS = ("flash", "--all", "--yes", "--force") if BATCH else ("flash", "octopus", "-s")
KEYS = ("octopus", "pico", "toolhead") if BATCH else ("octopus",)
ENDS = [str(int(n)) for n in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)]


def kinds_for(i, number, everything):
    """The short run takes one kind for an effect: error and kill in turn, and signals from all over the list."""
    if BATCH:
        return ("error", "kill", *ENDS) if everything else (("error", "kill", *ENDS)[i % 5],)
    if not everything:
        return (KINDS[i // 3 % 2] if i % 3 == 0 else SIGNALS[7 * number % len(SIGNALS)],)
    turn = [SIGNALS[(3 * i + k) % len(SIGNALS)] for k in range(3)]
    return ("error", "kill", *turn)


def effects(w):
    """The numbered effects of one good flash: [(number, kind, what)]."""
    log = w.root / "effects"
    log.unlink(missing_ok=True)
    r = w.run(*WORDS, env={"KF_FAULT_LOG": str(log)})
    if r.code != 0:
        raise AssertionError(f"the run without a fault failed: {r}")
    rows = []
    for line in log.read_text().splitlines():
        number, kind, what = line.split(" ", 2)
        rows.append((int(number), kind, what))
    return rows


def edges(rows):
    """The first and last effect of each stretch of one kind, and every 16th port write."""
    chosen, last = set(), None
    for i, (number, kind, what) in enumerate(rows):
        word = (kind, what.split(" ")[0])
        if word != last:
            chosen.add(number)
            if i:
                chosen.add(rows[i - 1][0])
        if kind == "port" and number % (64 if BATCH else 16) == 0:
            chosen.add(number)
        last = word
    return sorted(chosen | {rows[-1][0]})


def try_one(w, number, kind):
    """One faulty run and one good one; what is wrong afterwards, or None."""
    registry = (w.home / ".config/kflash/devices.json").read_text()
    r = w.run(*WORDS, env={"KF_FAULT": f"{number}:{kind}"})
    if kind == "kill" and r.code not in (-9, 0):
        return f"ended with {r.code}"
    if kind == "error" and r.code == 0 and "fault" not in r.err:
        pass  # an effect whose failure does not matter (a log line, a lock's text) is allowed to be survived
    try:
        wait_for("the service is up", w.service_is_up, 60)
    except AssertionError as e:
        return f"{e}; {r}"
    try:
        before, after = json.loads(registry), w.registry()
    except ValueError as e:
        return f"the registry is broken: {e}"
    if sorted(before["devices"]) != sorted(after["devices"]):
        return "the registry lost a board"
    problem = ledger_problem(w)
    if problem:
        return problem
    wait_for("klippy answers again", w.processes, 60)
    for _ in range(3):
        r = w.run(*WORDS)
        if r.code == 0:
            break
        if r.code not in (3, 4):  # the guardian of the killed run may still be at work, the board on its way
            break
        time.sleep(0.2)
    if r.code != 0:
        return f"the next run failed: {r}"
    if not w.service_is_up():
        return "after the next run the service is down"
    if len(ledger(w).read_bytes()) > 100_000:  # each run reads it all: hundreds of runs would wait for it, not for the fault
        ledger(w).unlink()
    for key in KEYS:
        if not w.flash(key).startswith(images(w)[key]):
            return f"{key} does not hold its own image"
    return None


def ledger(w):
    return w.home / ".local/state/kflash/ledger.jsonl"


def ledger_problem(w):
    """Every line but a last one that was cut is whole, and of a board that was asked for."""
    file = ledger(w)
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    for i, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            if i + 1 < len(lines) or line.endswith("\n"):
                return f"line {i + 1} of the ledger is broken: {line!r}"
            continue
        if entry.get("board", KEYS[0]) not in KEYS:
            return f"the ledger has a board that nobody asked for: {line!r}"
    return None


def images(w):
    """What each board has to hold: two of them have one configuration, and so one build."""
    pinned = {k: w.home / f".cache/kflash/build/{k}/pinned/klipper.bin" for k in KEYS}
    return {k: (pinned[k] if pinned[k].exists() else pinned["pico"]).read_bytes() for k in KEYS}


def main():
    world.KFLASH, world.KSIM = map(os.path.abspath, sys.argv[1:3])
    everything = "--all" in sys.argv
    w = World(speed=200, options=THREE if BATCH else ())
    registry = w.registry()
    registry["global"]["stagger_delay"] = 0
    w.write(w.home / ".config/kflash/devices.json", json.dumps(registry))
    failed = done = 0
    try:
        effects(w)  # the first run builds; the numbers that count are those of a run that has its build
        rows = effects(w)
        # The guardian counts its own effects and obeys the same fault: one number is one place in each of them.
        numbers = sorted({n for n, _, _ in rows}) if everything else sorted(set(edges(rows)))
        if not everything and "--edges" not in sys.argv:
            numbers = numbers[::16 if BATCH else 2]
        part, parts = map(int, sys.argv[sys.argv.index("--part") + 1].split("/")) if "--part" in sys.argv else (1, 1)
        numbers = numbers[part - 1::parts]
        print(f"{len(rows)} effects in a flash and its guardian, {len(numbers)} of {max(n for n, _, _ in rows)} numbers tried, "
              f"{5 if BATCH else len(KINDS)} kinds of fault", flush=True)
        for i, number in enumerate(numbers):
            for kind in kinds_for(i, number, everything):
                problem = try_one(w, number, kind)
                done += 1
                if problem:
                    failed += 1
                    print(f"FAILED {number}:{kind} ({rows[number - 1][1]} {rows[number - 1][2]}): {problem}", flush=True)
            if everything and i % 20 == 0:
                print(f"... {number} of {len(rows)}", flush=True)
    finally:
        w.close()
    print(f"{done - failed} passed, {failed} failed")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
