#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# boot.sh RIG: a real systemd as process 1 over RIG/root, in namespaces of its own. Root only; nothing of it is seen
# outside, and all of it is gone with that systemd. rig.py calls this.
set -euo pipefail
rig=$(realpath "${1:?usage: boot.sh RIG}")
root=$rig/root
[ -n "${KF_RIG_INSIDE:-}" ] ||
    exec env KF_RIG_INSIDE=1 setsid unshare --mount --pid --fork --uts --ipc --cgroup --propagation private "$0" "$rig"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mkdir -p /dev/serial "$root/opt/work"
mount -t tmpfs tmpfs "$root/dev/serial"
mount --bind "$rig/work" "$root/opt/work"
exec env -i container=kf TERM=linux PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$root" /lib/systemd/systemd --log-target=console --log-level=notice systemd.unified_cgroup_hierarchy=1
