#!/bin/sh
# SPDX-License-Identifier: MIT
# Every header of include/kf compiles alone, under g++ and under clang-19 with libc++ 19.
set -eu
cd "$(dirname "$0")/../.."
list=$(find include/kf -name '*.hpp' | sort)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
common="-std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -DFMT_HEADER_ONLY -Iinclude"
for h in $list; do
    printf '#include <%s>\n' "${h#include/}" > "$scratch/$(echo "$h" | tr / _).cpp"
done
jobs=$(nproc)
failed=0
find "$scratch" -name '*.cpp' -print0 | sort -z | xargs -0 -P "$jobs" -I{} g++ $common -Wno-missing-field-initializers {} || failed=1
find "$scratch" -name '*.cpp' -print0 | sort -z | xargs -0 -P "$jobs" -I{} clang++-19 -stdlib=libc++ $common -Wno-missing-designated-field-initializers -Wno-missing-field-initializers {} || failed=1
count=$(echo "$list" | wc -l)
[ "$failed" -eq 0 ] && echo "$count headers compile alone, with g++ and with clang-19/libc++"
exit "$failed"
