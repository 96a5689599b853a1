#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ARCHITECTURE.md is one screen or two, and what it names is there: at most 110 lines and 8000 bytes, every path exists."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
wrong = []


def is_there(path):
    """As a path of the repository or of one of the folders that a reader is in when he reads it."""
    return any(list((root / base).glob(path)) for base in (".", "include/kf", "tests", "tools"))


text = (root / "ARCHITECTURE.md").read_text()
if text.count("\n") > 110 or len(text.encode()) > 8000:
    wrong.append(f"ARCHITECTURE.md has {text.count(chr(10))} lines and {len(text.encode())} bytes: 110 and 8000 are the most")
named = 0
for paper in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
    for word in re.findall(r"`([\w.*-]+(?:/[\w.*-]+)+/?)`", (root / paper).read_text()):
        named += 1
        if not is_there(word.rstrip("/")):
            wrong.append(f"{paper} names {word}, which is not there")
for flow in re.findall(r"^```\n(.*?)^```", text, re.S | re.M):  # names headers without their ending
    for word in re.findall(r"\b(?:[a-z_]+/)+[a-z_]+\b(?![./])", flow):
        named += 1
        if not is_there(word + ".hpp"):
            wrong.append(f"ARCHITECTURE.md names {word}.hpp, which is not there")
print("\n".join(wrong) or f"ARCHITECTURE.md has {text.count(chr(10))} lines; {named} paths, all there")
sys.exit(1 if wrong or named < 10 else 0)
