#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The include arrows of ARCHITECTURE.md: what each area of include/kf may include, and that nobody outside of an area uses
its `detail`. Also: third-party parsers only in the header named after their format, ncurses and Boost.Program_options only
under tools/, sim only for ksim and tests, one name for one header."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
table = re.search(r"\| area \|.*\n\|.*\n((?:\|.*\n)+)", (root / "ARCHITECTURE.md").read_text()).group(1)
direct = {}
for names, may in re.findall(r"^\| ([^|]+) \|.*\| ([^|]+) \|$", table, re.M):
    for area in re.findall(r"`(\w+)`", names):
        direct[area] = [] if may in ("nothing of ours", "anything") else may.split(", ")
areas = set(direct)
strangers = {a for row in direct.values() for a in row} - areas
assert len(areas) > 15 and "sim" in areas and not strangers, f"the table of ARCHITECTURE.md: {strangers or areas}"


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
    "yaml-cpp/": {"machine/yaml_index.hpp", "machine/machine_file.hpp", "machine/machine_edit.hpp",
                  "machine/machine_text.hpp", "job/pens_file.hpp"},
    "pugixml": {"svg/svg_document.hpp"},
    "utf8": {"sink/utf8.hpp"},
    "png.h": {"preview/png.hpp"},
    "curses": set(), "ncurses": set(), "boost/program_options": set(),
}
speeds = {"units.hpp", "job/motion_script.hpp"}  # where mm/s become mm/min
wrong, checked = [], 0
for header in sorted((root / "include/kf").rglob("*.hpp")):
    name = header.relative_to(root / "include/kf").as_posix()
    area = name.split("/")[0].removesuffix(".hpp")
    if area not in areas:
        wrong.append(f"{name}: the area {area} is not in the table")
        continue
    if "f_word(" in header.read_text().replace("from_f_word(", "") and name not in speeds:
        wrong.append(f"{name} writes F by itself: job/motion_script.hpp does")
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

headers = {}
for header in sorted([*(root / "include/kf").rglob("*.hpp"), *(root / "tools").rglob("*.hpp")]):
    headers.setdefault(header.name, []).append(header.relative_to(root).as_posix())
wrong += [f"one name for {' and '.join(paths)}" for paths in headers.values() if len(paths) > 1]

# `detail` belongs to the namespace that it is in. Tools and tests have none of their own but what their file opens.
for source in sorted(p for top in ("include", "tools", "tests", "examples") for p in (root / top).rglob("*.[ch]pp")):
    name = source.relative_to(root).as_posix()
    text = re.sub(r"//[^\n]*", "", source.read_text())
    home = name.split("/")[2].removesuffix(".hpp") if name.startswith("include/kf/") else None
    for area, inner in re.findall(r"(?:\bkf::)?(\w+::)?((?:\w+::)*)detail\s*(?:::|;)", text):
        owner = area.removesuffix("::")
        if (owner and owner != home) or (home is None and "namespace detail {" not in text):
            wrong.append(f"{name} uses {area}{inner}detail from outside")
    if home not in ("sink", None) and re.search(r"(?<!:)\bkf::detail\b", text):
        wrong.append(f"{name} uses kf::detail from outside")

# A member of a JSON object has one reader; what ksim answers to wrong requests is klippy's own way with them.
for source in sorted(p for top in ("include", "tools") for p in (root / top).rglob("*.[ch]pp")):
    name = source.relative_to(root).as_posix()
    by_hand = re.search(r"(\w+) = [^;]*if_contains\([^;]*;[^;]*\b\1 != nullptr &&\s+!?\1->is_(string|number|bool|object|array)\(",
                        source.read_text())
    if by_hand and name != "include/kf/sim/api_endpoints.hpp":
        wrong.append(f"{name} reads a member of a JSON object by hand: io/json_fields.hpp does that")

# So has a value by itself. devices.json, whose text stays as it is, has a document of its own.
owned = {"include/kf/io/json_fields.hpp", "include/kf/board/json_document.hpp"}
for source in sorted(p for top in ("include", "tools") for p in (root / top).rglob("*.[ch]pp")):
    name = source.relative_to(root).as_posix()
    if name in owned or name.startswith(("include/kf/sim/", "tools/ksim/")):
        continue
    for asked in re.findall(r"\w+(?:\.|->)is_(?:string|bool|int64|uint64|double|number)\(\)", source.read_text()):
        wrong.append(f"{name} reads a value of JSON by hand ({asked}): io::value_as does that")

for source in sorted((root / "tools").rglob("*.[ch]pp")):
    name = source.relative_to(root).as_posix()
    if not name.startswith("tools/ksim/") and "<kf/sim/" in source.read_text():
        wrong.append(f"{name} includes the simulator")
print("\n".join(wrong) or f"{checked} includes, all along the arrows")
sys.exit(1 if wrong or checked == 0 else 0)
