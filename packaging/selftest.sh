#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# selftest.sh ARCH: each tool of dist/bin-ARCH proves itself, natively where it can, under qemu otherwise (armhf as the ARM1176
# of a Pi 1 and Zero). An empty environment and an unknown terminal have to do.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:-}
. "$here/target.sh"
while read -r tool; do
    env -i TERM=xterm-ghostty "${run[@]}" "$out/bin-$arch/$tool" --selftest | tail -1
done <"$here/tools"
