#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""papers.py ROOT: prints each file that a reader of README.md and CHANGELOG.md comes to by links, from paper to paper; they
go into the tarball together. Exit status 1, with each of them, when a link leads nowhere or out of ROOT, to a folder without
files or to a heading that is not there. Papers that nothing leads to (tests/real, flash/methods) are looked at too."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
dead = []


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ *```.*?^ *```", "", text, flags=re.S | re.M))


def anchors(paper):
    """Of the headings, as GitHub makes them."""
    text = re.sub(r"^ *```.*?^ *```", "", paper.read_text(), flags=re.S | re.M)
    heads = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def links_of(paper):
    """The files that its links lead to."""
    found = []
    if paper.suffix != ".md":
        return found
    text = without_code(paper.read_text())
    for link in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        place = (paper.parent / target).resolve() if target else paper
        files = [f for f in sorted(place.iterdir()) if f.is_file()] if place.is_dir() else [place]
        if not (place.is_relative_to(root) and files and files[0].exists()):
            dead.append(f"{paper.relative_to(root)}: {link} leads nowhere")
        elif anchor and anchor not in anchors(place):
            dead.append(f"{paper.relative_to(root)}: there is no heading {link}")
        else:
            found += files
    return found


reached, todo = set(), [root / "README.md", root / "CHANGELOG.md"]
while todo:
    paper = todo.pop()
    if paper not in reached:
        reached.add(paper)
        todo += links_of(paper)
for folder in ("docs", "examples", "include", "man", "packaging", "tests", "tools"):
    for paper in sorted((root / folder).rglob("*.md")):
        if paper not in reached:
            links_of(paper)
if dead:
    sys.exit("\n".join(dead))
print("\n".join(sorted(p.relative_to(root).as_posix() for p in reached)))
