#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# root.sh ROOT TOOLS: a Debian of its own in ROOT with systemd, logind, polkit and sudo; the tools of the build folder
# TOOLS and what the package installs beside them; the users of the trial. Again on the same ROOT it only renews ours.
set -euo pipefail
root=${1:?usage: root.sh ROOT TOOLS} tools=${2:?usage: root.sh ROOT TOOLS}
here=$(cd "$(dirname "$0")" && pwd) top=$(cd "$(dirname "$0")/../../.." && pwd)
packages=systemd,systemd-sysv,dbus,sudo,polkitd,libpam-systemd,python3-minimal,procps,make,git,util-linux,login,passwd
packages=$packages,libboost-json1.81.0,libboost-program-options1.81.0,libyaml-cpp0.7,libpugixml1v5,libmd0,libpng16-16
[ -x "$root/lib/systemd/systemd" ] || debootstrap --variant=minbase --include=$packages bookworm "$root"

install -m755 "$tools/kflash" "$tools/ksim" "$root/usr/bin/"
if [ -e "$top/packaging/share/kflash-guard@.service" ]; then
    install -Dm644 -t "$root/usr/lib/systemd/system" "$top/packaging/share/kflash-guard@.service"
fi
install -Dm644 "$top/packaging/share/60-kflash-polkit.rules" "$root/usr/share/polkit-1/rules.d/60-kflash.rules"
install -Dm755 -t "$root/opt/rig" "$here/accept.py" "$here/klippy.py"
chroot "$root" sh -eu <<'SH'
getent group kflash >/dev/null || groupadd --system kflash
add() { # NAME UID GROUPS
    getent passwd "$1" >/dev/null || useradd --create-home --uid "$2" --shell /bin/sh "$1"
    usermod --groups "$3" "$1"
}
add pi 1000 dialout,kflash # by polkit
add sudoer 1001 dialout    # by sudo, without a password
add nobodys 1002 dialout   # no right at all
echo 'sudoer ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/sudoer
chmod 440 /etc/sudoers.d/sudoer
mkdir -p /etc/systemd/logind.conf.d
printf '[Login]\nKillUserProcesses=yes\nUserStopDelaySec=0\n' >/etc/systemd/logind.conf.d/rig.conf
printf '[Manager]\nDefaultTimeoutStopSec=90s\n' >/etc/systemd/system.conf
echo printer >/etc/hostname
echo '127.0.0.1 localhost printer' >/etc/hosts
: >/etc/fstab
cat >/etc/systemd/system/klipper.service <<'UNIT'
[Unit]
Description=A stand-in for Klipper
[Service]
User=root
EnvironmentFile=-/run/rig/klipper.env
ExecStartPre=/opt/rig/klippy.py --may-start
ExecStart=/usr/bin/python3 /opt/rig/klippy.py /opt/rig/printer.cfg -a /run/klippy_uds
ExecStop=-/opt/rig/klippy.py --linger
[Install]
WantedBy=multi-user.target
UNIT
board() { # UNIT DESCRIPTION CHIP SERIAL FLASH APPLICATION
    cat >"/etc/systemd/system/$1.service" <<UNIT
[Unit]
Description=$2
[Service]
ExecStart=/usr/bin/ksim board --by-id /dev/serial/by-id --mcu $3 --serial $4 --flash /var/rig/$5 --app-start $6 --speed 5 --log /var/rig/$1.log
Restart=always
UNIT
}
board board 'A simulated board' stm32h723xx 29001A001151313433343333 flash 0x8020000
board board-pico 'Another simulated board, for batches' rp2040 E6614103E7452D2F flash-pico 0x10004000
board board-toolhead 'A third one' rp2040 E66141040000AA flash-toolhead 0x10004000
SH
