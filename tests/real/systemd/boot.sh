#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# boot.sh ROOT: real systemd as process 1 over ROOT, in namespaces of its own. Says which process it is; ends with it:
# kill that process to switch off. Enter: nsenter -t PID -m -p -u -i -n -C -r -w COMMAND...
set -euo pipefail
root=$(cd "${1:?usage: boot.sh ROOT}" && pwd)
if [ "${2:-}" != inside ]; then
    setsid unshare --mount --pid --fork --uts --ipc --net --cgroup "$0" "$root" inside >"$root.console" 2>&1 </dev/null &
    for _ in $(seq 100); do
        pid=$(pgrep -P $! 2>/dev/null || true)
        if [ -n "$pid" ] && nsenter -t "$pid" -m -p -u -i -n -C -r -w systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; then
            echo "$pid"
            exit 0
        fi
        sleep 0.2
    done
    tail -20 "$root.console" >&2
    exit 1
fi
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount -t devpts -o newinstance,mode=666,ptmxmode=666 devpts "$root/dev/pts" # the board's port, for each of the users
mkdir -p "$root/dev/serial" && mount -t tmpfs tmpfs "$root/dev/serial"
mkdir -p "$root/dev/serial/by-id"
hostname printer
exec env -i container=kf TERM=linux PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" /lib/systemd/systemd \
    --log-target=console --log-level=info systemd.unified_cgroup_hierarchy=1
