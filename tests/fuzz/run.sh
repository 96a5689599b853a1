#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds each fuzzer of this folder and runs it for SECONDS (120 by default).
set -eu
cd "$(dirname "$0")/../.."
dpkg-query -W libclang-rt-19-dev >/dev/null 2>&1 || { echo "sudo apt-get install libclang-rt-19-dev clang-19" >&2; exit 1; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for source in tests/fuzz/*.cpp; do
    name=$(basename "$source" .cpp)
    clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -DFMT_HEADER_ONLY -Iinclude \
        -o "$out/$name" "$source" -lboost_json -lpugixml -lz -lmd
    mkdir -p "$out/$name-corpus"
    echo "fuzzing $name for ${SECONDS_EACH:-120} s"
    "$out/$name" -max_total_time="${SECONDS_EACH:-120}" -rss_limit_mb=4096 "$out/$name-corpus"
done
