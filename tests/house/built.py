#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each source of the tools and of the tests is named by a meson.build, or by what else builds it: a test that is never
built says nothing, and so does a script that is never run."""
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


wrong = list(lost())
for path in wrong:
    print(f"{path}: no meson.build names it, so nothing builds or runs it")
sys.exit(1 if wrong else 0)
