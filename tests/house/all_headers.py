#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""all_headers.py INCLUDE OUT: a unit that includes every header of kf."""
import pathlib
import sys

include, out = map(pathlib.Path, sys.argv[1:])
names = sorted(h.relative_to(include).as_posix() for h in (include / "kf").rglob("*.hpp"))
text = "".join(f"#include <{n}>\n" for n in names)
if not out.exists() or out.read_text() != text:  # a header may come or go at any build
    out.write_text(text)
