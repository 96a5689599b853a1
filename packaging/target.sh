# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# One processor that is built for, by `. target.sh` with $arch set to any of its names: $arch as Debian says it, $triple,
# $family and $cpu as Meson says them, compiler $flags, and how a binary of it is $run here.
case ${arch:-} in
amd64 | x86_64 | x86_64-linux-musl) triple=x86_64-linux-musl arch=amd64 family=x86_64 cpu=x86_64 flags="" run=(qemu-x86_64-static) ;;
arm64 | aarch64 | aarch64-linux-musl) triple=aarch64-linux-musl arch=arm64 family=aarch64 cpu=aarch64 flags="" run=(qemu-aarch64-static) ;;
armhf | armv6 | armv6-linux-musleabihf) # Pi 1 and Zero: ARM1176, VFPv2
    triple=armv6-linux-musleabihf arch=armhf family=arm cpu=arm1176jzf-s run=(qemu-arm-static -cpu arm1176)
    flags="-march=armv6 -mfpu=vfpv2 -mfloat-abi=hard -marm"
    ;;
*)
    echo "usage: $(basename "$0") amd64 | arm64 | armhf" >&2
    exit 2
    ;;
esac
# The folder with its libraries, built when there is none. Two builds at once wait for each other.
sysroot() {
    local cache=${KF_SYSROOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kf-sysroot}
    mkdir -p "$cache"
    flock --close "$cache/building" "$here/sysroot.sh" "$triple"
}
if [ "$family" = "$(uname -m)" ]; then run=(); fi
