#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# selftest.sh ARCH: each tool of dist/bin-ARCH proves itself, natively where it can, under qemu otherwise (armhf as the ARM1176
# of a Pi 1 and Zero). An empty environment and an unknown terminal have to do.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:?usage: selftest.sh amd64 | arm64 | armhf}
case $arch:$(uname -m) in
amd64:x86_64 | arm64:aarch64) run=() ;;
arm64:*) run=(qemu-aarch64-static) ;;
armhf:*) run=(qemu-arm-static -cpu arm1176) ;;
*)
    echo "$arch does not run here" >&2
    exit 1
    ;;
esac
while read -r tool; do
    env -i TERM=xterm-ghostty "${run[@]}" "$out/bin-$arch/$tool" --selftest | tail -1
done <"$here/tools"
