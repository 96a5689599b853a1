#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipes of docs/FLEET.md on simulated hosts: `fleet.py KFLASH KSIM [HOSTS [AT_ONCE]]`. Each host is a `ksim host` with
two boards; what parallel-ssh would start on it is started here."""
import concurrent.futures
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import world  # noqa: E402

COMMAND = ("flash", "--all", "--if-needed", "--json")


def check(what, got, want):
    if got != want:
        raise SystemExit(f"{what}: {got}, not {want}")


def main():
    world.KFLASH, world.KSIM = map(os.path.abspath, sys.argv[1:3])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    at_once = int(sys.argv[4]) if len(sys.argv) > 4 else 4
    hosts = []
    try:
        for _ in range(count):
            hosts.append(world.World(speed=100))
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            def everywhere(title, *words):
                began = time.monotonic()
                results = list(pool.map(lambda w: w.run(*words), hosts))
                print(f"{title:<44} {time.monotonic() - began:6.1f} s, exit {sorted({r.code for r in results})}",
                      flush=True)
                return results

            def jobs():
                return [len(w.jobs()) for w in hosts]

            def needs(r):
                return [(e["key"], e["needed"]) for e in r.events("result") if e["kind"] == "need"]

            def flashed(r):
                return sorted(e["key"] for e in r.events("result") if e["kind"] == "flashed")

            for r in everywhere("nothing is known", *COMMAND):
                check("exit, unknown", (r.code, needs(r)), (3, [("octopus", "unknown"), ("pico", "unknown")]))
            check("services that were touched", jobs(), [0] * count)
            for r in everywhere("each by its name, once", "flash", "octopus", "pico", "-s", "--yes", "--json"):
                check("exit, flashed", (r.code, flashed(r)), (0, ["octopus", "pico"]))
            before = jobs()
            for r in everywhere("nothing is needed", *COMMAND):
                check("exit, not needed", (r.code, needs(r)), (0, [("octopus", "no"), ("pico", "no")]))
            check("services that were touched", jobs(), before)
            source = hosts[-1].tree / "src/stepper.c"
            source.write_text(source.read_text() + "/* another */\n")
            results = everywhere("the sources of one host changed", *COMMAND)
            check("exit", {r.code for r in results}, {0})
            check("flashed", [flashed(r) for r in results], [[]] * (count - 1) + [["octopus", "pico"]])
            check("hosts that were stopped", [b != a for a, b in zip(before, jobs())], [False] * (count - 1) + [True])
            check("services", [w.service_is_up() for w in hosts], [True] * count)
    finally:
        for w in hosts:
            w.close()
    print(f"{count} hosts: as they must be")


if __name__ == "__main__":
    main()
