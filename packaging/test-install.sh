#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-install.sh TARBALL: installs, installs again, upgrades and uninstalls it in a home that is thrown away, as nobody in
# particular.
set -euo pipefail
tarball=$(readlink -f "${1:?usage: test-install.sh TARBALL}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home"
tar -C "$work" -xf "$tarball"
root=$(echo "$work"/kf-*)
passed=0
is() { # is OUTCOME COMMAND...
    local what=$1
    shift
    if ! "$@"; then
        echo "FAILED: $what" >&2
        exit 1
    fi
    passed=$((passed + 1))
}
says() { grep -q -- "$1" "$work/out"; }
not() { ! "$@"; }
user() { # as a person without rights, when this runs as root
    if [ "$(id -u)" -eq 0 ]; then
        chown -R 65534:65534 "$work" && chmod 755 "$work"
        setpriv --reuid 65534 --regid 65534 --clear-groups env -i HOME="$work/home" PATH=/usr/bin:/bin "$@" >"$work/out" 2>&1
    else
        env -i HOME="$work/home" PATH=/usr/bin:/bin "$@" >"$work/out" 2>&1
    fi
}
touch "$work/out"
(cd "$root" && sha256sum --quiet -c SHA256SUMS)
passed=$((passed + 1))

is "installs without root" user "$root/install.sh"
is "into ~/.local" test -x "$work/home/.local/bin/kflash"
is "which then runs" user "$work/home/.local/bin/kflash" --version
is "" user "$root/install.sh"
is "warns of PATH" says "is not in PATH"
is "warns of dialout" says "not in the group dialout"
is "warns of a missing tree" says "neither ~/klipper nor ~/kalico"
(cd "$work/home" && find . | LC_ALL=C sort) >"$work/first"
is "again" user "$root/install.sh"
(cd "$work/home" && find . | LC_ALL=C sort) >"$work/second"
is "changes nothing the second time" cmp -s "$work/first" "$work/second"
is "leaves .bashrc alone unless asked" test ! -e "$work/home/.bashrc"
is "adds to PATH when asked" user "$root/install.sh" --add-to-path
is "" user "$root/install.sh" --add-to-path
is "one line only" test "$(wc -l <"$work/home/.bashrc")" -eq 1

mkdir -p "$work/home/.config/kflash" && echo '{}' >"$work/home/.config/kflash/devices.json"
echo mine >"$work/home/.local/bin/mine"
echo "$work/home/.local/share/man/man1/old.1" >>"$work/home/.local/share/kf/installed-files"
echo old >"$work/home/.local/share/man/man1/old.1"
is "upgrades" user "$root/install.sh"
is "and takes away what the new version has not" test ! -e "$work/home/.local/share/man/man1/old.1"
is "uninstalls" user "$root/install.sh" --uninstall
is "leaves nothing of its own" test "$(find "$work/home/.local" -type f | wc -l)" -eq 1
is "leaves other files" test -e "$work/home/.local/bin/mine"
is "leaves the registry" test -e "$work/home/.config/kflash/devices.json"
is "uninstalls twice" user "$root/install.sh" --uninstall
is "takes a prefix with a space" user "$root/install.sh" --prefix "$work/home/my tools"
is "and is there" test -x "$work/home/my tools/bin/kplot"
is "refuses another processor's tarball" not user env sh -c "echo other >'$root/share/kf/architecture'; '$root/install.sh'"
is "with a reason" says "This tarball is for other"
echo "install.sh: $passed outcomes as they should be"
