#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What comments of the sources show and name: a table is a table (its columns stand under one another, in each row), and
a path of ours exists, from the root or beside the file, or from include/ as <kf/...> is included."""
import pathlib
import re
import sys

CPP = re.compile(r"(?:^|\s)//[/!]?<? ?(.*)$")
SHELL = re.compile(r"(?:^|\s)#(?!!) ?(.*)$")
# A word with a slash and one of our endings, or below one of our folders. What stands behind a scheme is elsewhere.
OURS = r"(?:include|tests|docs|tools|packaging|examples|man|debian|kf)"
PATH = re.compile(rf"(?<![\w./:$@{{}}-])((?:{OURS}/[\w./*-]*[\w*])|(?:[\w-]+/)+[\w-]+\.(?:hpp|cpp|md|py|sh|scd|build))(?![\w/])")


def comments(path):
    """(line number, text of its comment without the mark, or None) of each line."""
    mark = CPP if path.suffix in {".hpp", ".cpp"} else SHELL
    for number, line in enumerate(path.read_text().splitlines(), 1):
        m = mark.search(line)
        yield number, m.group(1) if m else None


def table_faults(rows):
    """rows: (number, text), each with a bar in front."""
    def bars(text):
        return [i for i, c in enumerate(text.rstrip()) if c == "|"]
    number, head = rows[0]
    if len(rows) < 3 or not re.fullmatch(r"\|(?: -+ \|)+", rows[1][1].rstrip()):
        return [f"{number}: no head, rule and rows of a table"]
    return [f"{n}: its columns do not stand under those of line {number}" for n, text in rows if bars(text) != bars(head)]


def faults(path, root):
    wrong, rows = [], []
    for number, text in [*comments(path), (0, None)]:
        if text is not None and text.startswith("| "):
            rows.append((number, text))
            continue
        if rows:
            wrong += table_faults(rows)
            rows = []
        if text is None:
            continue
        # Half a row: clang-format has filled a table as if it were prose.
        if text.count("|") > 1 and re.search(r"\| -{3,}|-{3,} \||\|\s*$", text):
            wrong.append(f"{number}: a part of a table")
        for name in PATH.findall(text):
            # A file that the build makes is there as what it is made from.
            if not any(list(place.glob(found)) for place in (root, path.parent, root / "include", root / "include/kf")
                       for found in (name, name + ".in")):
                wrong.append(f"{number}: there is no {name}")
    return [f"{path.relative_to(root)}:{w}" for w in wrong]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = [p for top in ("include", "tools", "tests", "examples", "packaging") for p in sorted((root / top).rglob("*"))
             if p.suffix in {".hpp", ".cpp", ".py", ".sh", ".build"}]
    wrong = [w for p in files for w in faults(p, root)]
    print("\n".join(wrong) or f"{len(files)} files, their tables whole and their paths there")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
