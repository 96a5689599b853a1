#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""one_definition.py NM OBJECT: nothing that the headers define is defined in each unit that includes them.

OBJECT has read every header of kf and nothing else. What it defines for the linker to be the only one (neither inline,
nor a template, nor of this unit alone) would be defined twice in any program of two units."""
import subprocess
import sys

nm, seen = sys.argv[1:]
lines = subprocess.run([nm, "--demangle", "--defined-only", "--extern-only", seen], capture_output=True, text=True,
                       check=True).stdout.splitlines()
symbols = [line.split(" ", 2)[1:] for line in lines if line.count(" ") >= 2]
if not any(kind in "WVu" and "kf::" in name for kind, name in symbols):
    sys.exit(f"one_definition.py: {seen} has nothing of kf's: it was not made from all headers")
alone = [name for kind, name in symbols if kind not in "WVu"]
for name in alone:
    print(f"defined in every unit that includes its header, so that two do not link: {name}. Say inline.")
sys.exit(1 if alone else 0)
