#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""all_headers.py INCLUDE OUT: a header that includes every header of kf."""
import pathlib
import sys

include, out = map(pathlib.Path, sys.argv[1:])
names = sorted(h.relative_to(include).as_posix() for h in (include / "kf").rglob("*.hpp"))
out.write_text("".join(f"#include <{n}>\n" for n in names))
