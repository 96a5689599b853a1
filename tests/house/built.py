#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each source of the tools and of the tests is named by a meson.build, or by what else builds it: a test that is never
built says nothing, and so does a script that is never run. So is each folder of tests; each fuzzer has what it begins
with, and each filter that kplot has is held by the test of all of them."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
RUN = re.compile(r'^if __name__ == "__main__"', re.M)  # what others import has none


def builder(path):
    """The text that has to name this source. The fuzzers have none: their script takes all of its folder."""
    folder = path.parent
    if folder == ROOT / "tests/bench":
        return (ROOT / "Makefile").read_text()
    return "\n".join(p.read_text() for p in (folder / "meson.build", folder.parent / "meson.build") if p.is_file())


def lost():
    seen = 0
    for path in sorted([*ROOT.glob("tools/**/*.cpp"), *ROOT.glob("tests/**/*.cpp"), *ROOT.glob("tests/cli/*.py")]):
        if path.parent == ROOT / "tests/fuzz" or path.suffix == ".py" and not RUN.search(path.read_text()):
            continue
        seen += 1
        if not re.search(rf"(?<![\w-]){re.escape(path.stem)}(?![\w-])", builder(path)):
            yield path.relative_to(ROOT)
    assert seen > 150, f"only {seen} sources: this looks in the wrong place"


def lost_areas():
    """Folders of unit tests that the list of tests/meson.build has not."""
    listed = re.findall(r"'(\w+)'", re.search(r"foreach area : \[(.*?)\]", (ROOT / "tests/meson.build").read_text(), re.S)[1])
    for folder in sorted({path.parent for path in ROOT.glob("tests/*/*.cpp")}):
        if folder.name not in ("bench", "fuzz", *listed):
            yield folder.relative_to(ROOT)


def without_seeds():
    seeds = (ROOT / "tests/fuzz/seeds.py").read_text()
    for path in sorted(ROOT.glob("tests/fuzz/*.cpp")):
        if not re.search(rf"^def {path.stem}\(\)", seeds, re.M):
            yield path.relative_to(ROOT)


def filters_not_held():
    """Functions drawing -> drawing that the tables of kplot call and the test of every filter does not."""
    takes_one = re.compile(r"inline ([\w:<>]+) (\w+)\(\s*(?:const )?drawing&{0,2} \w+")
    filters = {name for path in ROOT.glob("include/kf/drawing/*.hpp") for given, name in takes_one.findall(path.read_text())
               if not re.match("std::|bool|double|mm|seconds|rectangle", given)}
    assert len(filters) > 20, f"only {len(filters)} filters: this looks for them in the wrong way"

    def called(path):
        return filters & set(re.findall(r"(?<![\w.>])(\w+)\(", path.read_text()))

    tables = sorted(ROOT.glob("tools/kplot/*_filters.cpp"))
    return sorted(set().union(*map(called, tables)) - called(ROOT / "tests/drawing/every_filter.cpp"))


wrong = [f"{path}: no meson.build names it, so nothing builds or runs it" for path in lost()]
wrong += [f"{path}: the areas of tests/meson.build lack it, so nothing builds it" for path in lost_areas()]
wrong += [f"{path}: tests/fuzz/seeds.py has no function of its name, so it begins with nothing" for path in without_seeds()]
wrong += [f"drawing::{name}: a filter of kplot that tests/drawing/every_filter.cpp lacks" for name in filters_not_held()]
print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
