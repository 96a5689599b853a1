#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds each fuzzer of this folder, or those that are named, and runs it for SECONDS_EACH (120 by default) from the
# seeds of seeds.py. What it finds lies in FOUND (fuzz-found); a found input becomes a literal in a unit test.
set -eu
found=$(realpath -m "${FOUND:-fuzz-found}")
cd "$(dirname "$0")/../.."
dpkg-query -W libclang-rt-19-dev >/dev/null 2>&1 || { echo "sudo apt-get install libclang-rt-19-dev clang-19" >&2; exit 1; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
[ $# -gt 0 ] || set -- $(basename -s .cpp tests/fuzz/*.cpp)
bad=
for name; do
    clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
        -DFMT_HEADER_ONLY -Iinclude -o "$out/$name" "tests/fuzz/$name.cpp" -lboost_json -lpugixml -lyaml-cpp -lz -lmd
    mkdir -p "$out/$name-corpus" "$found"
    python3 -B tests/fuzz/seeds.py "$name" "$out/$name-corpus"
    echo "fuzzing $name for ${SECONDS_EACH:-120} s"
    "$out/$name" -max_total_time="${SECONDS_EACH:-120}" -rss_limit_mb=4096 -timeout=10 -verbosity=${VERBOSITY:-1} \
        -artifact_prefix="$found/$name-" "$out/$name-corpus" || bad="$bad $name"
done
rmdir --ignore-fail-on-non-empty "$found"
[ -z "$bad" ] || { echo "found something:$bad (see $found)" >&2; exit 1; }
