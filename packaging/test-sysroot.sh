#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-sysroot.sh ARCH: what no tool proves yet: ncurses of the sysroot finds each of its eight terminals with no terminfo on
# the machine, and says that it does not know any other.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:-}
. "$here/target.sh"
root=$(sysroot)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/probe.c" <<'C'
#include <ncursesw/curses.h>
#include <ncursesw/term.h>
#include <stdio.h>
int main(int argc, char** argv) {
    int found = 0, status = 0;
    for (int i = 1; i < argc; ++i) {
        const int known = setupterm(argv[i], 1, &status) == OK;
        printf("%s%s%s", i > 1 ? ", " : "", argv[i], known ? "" : " unknown");
        found += known;
    }
    puts("");
    return found;
}
C
# shellcheck disable=SC2086
clang-19 --target="$triple" $flags --sysroot="$root" -resource-dir="$root/clang" -I"$root/deps/include" -L"$root/deps/lib" -static-pie -fPIE \
    -fuse-ld=lld-19 -rtlib=compiler-rt -unwindlib=none "$work/probe.c" -lncursesw -o "$work/probe"
count() { env -i TERMINFO=/nowhere TERMINFO_DIRS=/nowhere "${run[@]}" "$work/probe" "$@" || echo $?; }
known=(xterm-256color xterm linux tmux-256color screen screen-256color vt100 vt220)
count "${known[@]}" | tee "$work/out"
[ "$(tail -1 "$work/out")" = "${#known[@]}" ]
[ "$(count alacritty xterm-ghostty)" = "alacritty unknown, xterm-ghostty unknown" ]
echo "$arch: ncurses has its own entries"
