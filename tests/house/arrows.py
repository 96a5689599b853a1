#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The include arrows of ARCHITECTURE.md: what each area of include/kf may include. Also: third-party parsers only in the
header named after their format, ncurses and Boost.Program_options only under tools/, sim only for ksim and tests."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
direct = {
    "error": [], "units": [],
    "sink": ["error", "units"], "tui": ["error", "units"],
    "io": ["sink"],
    "mcu": ["io"], "klippy": ["io"], "machine": ["io"], "drawing": ["io"], "planner": ["io"],
    "board": ["mcu"], "firmware": ["board"],
    "svg": ["drawing"], "job": ["machine", "drawing", "planner"],
    "host": ["klippy", "board"], "flash": ["host", "firmware"],
    "run": ["klippy", "job"], "cal": ["run", "tui"], "jog": ["run", "tui", "cal"],
}
areas = set(direct) | {"sim"}


def allowed(area):
    """Everything reachable, itself included."""
    if area == "sim":
        return areas
    seen, todo = set(), [area]
    while todo:
        a = todo.pop()
        if a not in seen:
            seen.add(a)
            todo += direct[a]
    return seen


owners = {  # third-party header -> the only headers of ours that may include it
    "yaml-cpp/": {"machine/machine_file.hpp", "machine/machine_text.hpp"},
    "pugixml": {"svg/svg_document.hpp"},
    "curses": set(), "ncurses": set(), "boost/program_options": set(),
}
wrong, checked = [], 0
for header in sorted((root / "include/kf").rglob("*.hpp")):
    name = header.relative_to(root / "include/kf").as_posix()
    area = name.split("/")[0].removesuffix(".hpp")
    if area not in areas:
        wrong.append(f"{name}: the area {area} is not in the table")
        continue
    for line in header.read_text().splitlines():
        m = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not m:
            continue
        checked += 1
        included = m.group(1)
        if included.startswith("kf/"):
            other = included.split("/")[1].removesuffix(".hpp")
            if other not in allowed(area):
                wrong.append(f"{name} includes {included}: {area} may not include {other}")
        for third, mine in owners.items():
            if included.startswith(third) and name not in mine:
                wrong.append(f"{name} includes {included}")
for source in sorted((root / "tools").rglob("*.[ch]pp")):
    name = source.relative_to(root).as_posix()
    if not name.startswith("tools/ksim/") and "<kf/sim/" in source.read_text():
        wrong.append(f"{name} includes the simulator")
print("\n".join(wrong) or f"{checked} includes, all along the arrows")
sys.exit(1 if wrong or checked == 0 else 0)
