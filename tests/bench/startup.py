#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""startup.py STATIC DYNAMIC [ROUNDS]: how long each tool of two folders takes from spawn to exit of --version, in turns,
in one go. Prints the median and the tenth and ninetieth percentile in milliseconds."""
import os
import pathlib
import statistics
import sys
import time

folders = [pathlib.Path(a).resolve() for a in sys.argv[1:3]]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 200
tools = (pathlib.Path(__file__).resolve().parents[2] / "packaging" / "tools").read_text().split()
null = os.open(os.devnull, os.O_WRONLY)


def once(binary):
    start = time.perf_counter()
    pid = os.posix_spawn(binary, [binary, "--version"], {}, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter() - start
    if status:
        sys.exit(f"{binary} --version failed")
    return took * 1000


print(f"load {os.getloadavg()[0]:.1f}, {rounds} rounds; ms from spawn to exit of --version")
print(f"{'':8}{'':10}  median     10 %     90 %")
for tool in tools:
    times = {folder: [] for folder in folders}
    for _ in range(rounds):
        for folder in folders:
            times[folder].append(once(str(folder / tool)))
    for folder, name in zip(folders, ("static", "dynamic")):
        tenths = statistics.quantiles(times[folder], n=10)
        print(f"{tool:8}{name:10}{statistics.median(times[folder]):8.2f} {tenths[0]:8.2f} {tenths[-1]:8.2f}")
