#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up Meson's own results of the given build folders: "N passed, N failed" as the last line."""
import json
import pathlib
import sys

passed = failed = skipped = 0
for folder in sys.argv[1:]:
    log = pathlib.Path(folder) / "meson-logs" / "testlog.json"
    for line in log.read_text().splitlines():
        test = json.loads(line)
        result = test["result"]
        if result in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif result == "SKIP":
            skipped += 1
            print(f"skipped in {folder}: {test['name']}")
        else:
            failed += 1
            print(f"{result} in {folder}: {test['name']}")
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed or not passed else 0)
