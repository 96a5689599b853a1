#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what building needs (setup.sh), what the checks need too (setup.sh check), what static binaries and packages
# need (setup.sh static), or what trying the packages in other releases needs (setup.sh chroots). Debian 12 and newer,
# Raspberry Pi OS, Ubuntu 24.04. Without the right to install it says what to install, and goes on when everything is there
# already.
set -eu
what=${1:-build}
[ "${KF_SETUP:-}" = none ] && exit 0 # somebody else cares for it: nix develop

boost=""
if apt-cache show libboost1.81-dev >/dev/null 2>&1 && ! apt-cache policy libboost-dev 2>/dev/null | grep -q 'Candidate: 1\.\(8[1-9]\|9\)'; then
    boost="1.81" # Debian 12: the default Boost is 1.74, without Boost.JSON
fi
packages="g++ make meson ninja-build pkg-config ccache git ca-certificates python3 scdoc
 libboost$boost-dev libboost-json$boost-dev libboost-program-options$boost-dev libboost-system$boost-dev
 libfmt-dev libfast-float-dev libutfcpp-dev libmd-dev libpugixml-dev libyaml-cpp-dev zlib1g-dev libncurses-dev libpng-dev"
if [ "$what" = check ]; then
    packages="$packages libboost-test$boost-dev clang-19 libclang-rt-19-dev libc++-19-dev libc++abi-19-dev clang-format-19 mandoc python3-serial tmux zsh fish"
fi
if [ "$what" = static ]; then
    packages="$packages clang-19 lld-19 llvm-19 cmake dpkg-dev debhelper fakeroot lintian apt-utils gpg xz-utils ncurses-bin
 linux-libc-dev linux-libc-dev-arm64-cross linux-libc-dev-armhf-cross qemu-user-static debian-archive-keyring mandoc nix-bin unzip"
fi
if [ "$what" = chroots ]; then
    packages="debootstrap debian-archive-keyring apt-utils gpg python3 qemu-user-static binfmt-support"
fi

missing=""
for p in $packages; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0

run=""
if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null || [ -t 0 ]; then run="sudo"; else
        echo "These packages are missing, and there is no right to install them. As root, run:" >&2
        echo "    apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
fi
echo "installing:$missing"
wait="-o DPkg::Lock::Timeout=300" # another apt may be at work, as after the start of a machine
# shellcheck disable=SC2086
$run apt-get $wait update -qq
# shellcheck disable=SC2086
$run env DEBIAN_FRONTEND=noninteractive apt-get $wait install -y -qq --no-install-recommends $missing >/dev/null
