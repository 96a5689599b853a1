#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-chroots.sh [SUITE-ARCH...]: `apt install kflash` from dist's packages, signed by a key made for this run and served
# over HTTP on 127.0.0.1, in clean chroots; each tool runs there, then an upgrade, a removal and a purge leave a person's
# files alone. Needs root (chroot), debootstrap, and qemu-user-static with binfmt-support for a foreign processor. The
# chroots' bases are kept in KF_CHROOT_CACHE (/var/cache/kf-chroots); each test works on a copy.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cache=${KF_CHROOT_CACHE:-/var/cache/kf-chroots}
mirror=${KF_DEBIAN_MIRROR:-http://deb.debian.org}
[ $# -gt 0 ] || set -- bookworm-amd64 trixie-amd64 bookworm-arm64 bookworm-armhf
if [ "$(id -u)" -ne 0 ]; then
    echo "A chroot needs root. Run: sudo packaging/test-chroots.sh" >&2
    exit 1
fi
# What is mounted into the chroots is seen by nobody else, and gone with this script.
[ -n "${KF_OWN_MOUNTS:-}" ] || exec env KF_OWN_MOUNTS=1 unshare --mount --propagation private "$0" "$@"
for tool in debootstrap apt-ftparchive gpg python3; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing. Run: packaging/setup.sh chroots" >&2
        exit 1
    }
done

work=$(mktemp -d)
server=""
export GNUPGHOME=$work/gpg
clean() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    gpgconf --kill gpg-agent 2>/dev/null || true
    umount -q "$work"/*/proc "$work"/*/dev/pts 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap clean EXIT
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'kf test key <test@invalid>' ed25519 sign 1d 2>/dev/null

# The version that is there, and one after it to upgrade to: the same files under a higher number.
later=$version+later
mkdir "$work/later"
cp "$out"/kf-dev_"$version"_all.deb "$work/later/"
for package in "$out"/kflash_"$version"_*.deb; do
    dpkg-deb -R "$package" "$work/unpacked"
    sed -i "s/^Version: .*/Version: $later/" "$work/unpacked/DEBIAN/control"
    name=$(basename "$package")
    dpkg-deb -b --root-owner-group "$work/unpacked" "$work/later/$name" >/dev/null
    rm -rf "$work/unpacked"
done
"$here/apt-repo.sh" test@invalid "$work/web/now" >/dev/null
OUT=$work/later "$here/apt-repo.sh" test@invalid "$work/web/later" >/dev/null

python3 - "$work/web" "$work/port" >/dev/null 2>&1 <<'PY' &
import functools, http.server, os, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
    with open(sys.argv[2] + ".new", "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    server.serve_forever()
PY
server=$!
until=$((SECONDS + 20))
until [ -s "$work/port" ]; do
    [ $SECONDS -lt $until ] || { echo "the web server does not start" >&2; exit 1; }
done
port=$(cat "$work/port")

base() { # base SUITE ARCH: prints the folder of a clean system, made once
    local suite=$1 arch=$2 foreign
    local folder=$cache/$suite-$arch
    case $arch in arm64) foreign=qemu-aarch64 ;; armhf) foreign=qemu-arm ;; *) foreign="" ;; esac
    if [ -n "$foreign" ] && [ "$arch" != "$(dpkg --print-architecture)" ] && [ ! -e "/proc/sys/fs/binfmt_misc/$foreign" ]; then
        echo "The kernel does not know how to run $arch programs. Run, as root:" >&2
        echo "    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; update-binfmts --enable $foreign" >&2
        return 1
    fi
    if [ ! -e "$folder.complete" ]; then
        rm -rf --one-file-system "$folder" && mkdir -p "$cache"
        debootstrap --variant=minbase --arch="$arch" "$suite" "$folder" "$mirror/debian" >"$folder.log" 2>&1 || {
            tail -20 "$folder.log" >&2
            return 1
        }
        touch "$folder.complete"
    fi
    echo "$folder"
}

test_in() { # test_in SUITE ARCH
    local suite=$1 arch=$2 from root tool
    from=$(base "$suite" "$arch")
    root=$work/$suite-$arch
    cp -a --reflink=auto "$from" "$root"
    mount -t proc proc "$root/proc"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -sf pts/ptmx "$root/dev/ptmx"
    # The person's own: it must be there in the end, byte by byte.
    mkdir -p "$root/home/pi/.config/kflash/configs/octopus" "$root/home/pi/.local/state/kflash" "$root/home/pi/.config/kplot"
    echo '{"boards": {}}' >"$root/home/pi/.config/kflash/devices.json"
    echo 'CONFIG_MCU="stm32h723xx"' >"$root/home/pi/.config/kflash/configs/octopus/.config"
    echo '{"at": 1}' >"$root/home/pi/.local/state/kflash/ledger.jsonl"
    echo 'version: 1' >"$root/home/pi/.config/kplot/machine.yaml"
    (cd "$root" && find home -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$work/before"
    inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C COLUMNS=100 TERM=xterm-ghostty DEBIAN_FRONTEND=noninteractive chroot "$root" "$@" </dev/null; }
    kept() {
        (cd "$root" && find home -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | cmp -s - "$work/before" || {
            echo "FAILED: $1 touched the home" >&2
            exit 1
        }
    }

    install -Dm644 "$work/web/now/kf-archive-keyring.gpg" "$root/usr/share/keyrings/kf-archive-keyring.gpg"
    line="deb [signed-by=/usr/share/keyrings/kf-archive-keyring.gpg] http://127.0.0.1:$port"
    echo "$line/now stable main" >"$root/etc/apt/sources.list.d/kf.list"
    # A shell of its own, waited for: errexit has no effect in one whose status is tested.
    (
        echo "\$ sudo apt update && sudo apt install kflash"
        inside apt-get update -qq
        inside apt-get install -y kflash
        while read -r tool; do
            echo "\$ $tool --version; $tool --selftest"
            inside "$tool" --version
            inside "$tool" --selftest
            test -s "$root/usr/share/man/man1/$tool.1.gz"
        done <"$here/tools"
        echo "\$ kflash flash octopus --sim -s"
        if [ "$arch" = "$(dpkg --print-architecture)" ]; then
            inside kflash flash octopus --sim -s
        else # qemu-user 7.2 has no TCGETS2, which sets the speed of a serial device
            inside kflash flash octopus --sim -s --dry-run
        fi
        echo "\$ kplot run sample.svg --sim --sim-speed 50 --ink ink.png"
        inside kplot run /usr/share/doc/kflash/examples/sample.svg --sim --sim-speed 50 --ink /tmp/ink.png
        test -s "$root/tmp/ink.png"
        kept "the installation"
        inside dpkg -L kflash >"$work/installed"
        echo "$line/later stable main" >"$root/etc/apt/sources.list.d/kf.list"
        echo "\$ sudo apt update && sudo apt install --only-upgrade kflash"
        inside apt-get update -qq
        inside apt-get install -y --only-upgrade kflash
        [ "$(inside dpkg-query -W -f '${Version}' kflash)" = "$later" ]
        kept "the upgrade"
        echo "\$ sudo apt remove kflash"
        inside apt-get remove -y kflash
        test ! -e "$root/usr/bin/kflash"
        kept "the removal"
        echo "\$ sudo apt purge kflash"
        inside apt-get install -y -qq kflash
        inside apt-get purge -y kflash
        kept "the purge"
    ) >"$out/chroot-$suite-$arch.log" 2>&1 &
    wait $! || {
        tail -30 "$out/chroot-$suite-$arch.log" >&2
        echo "FAILED: $suite $arch" >&2
        exit 1
    }
    while read -r file; do
        [ -d "$root$file" ] || [ ! -e "$root$file" ] || echo "$file"
    done <"$work/installed" >"$work/left"
    find "$root/var/lib/dpkg/info" "$root/usr/share/kf" -name 'kflash*' >>"$work/left" 2>/dev/null || true
    if [ ! -s "$work/installed" ] || [ -s "$work/left" ]; then
        echo "FAILED: left after the purge: $(cat "$work/left")" >&2
        exit 1
    fi
    echo "$suite $arch: installed, $(grep -c ', 0 failed$' "$out/chroot-$suite-$arch.log") tools self-tested, upgraded, removed, purged"
    umount "$root/proc" "$root/dev/pts"
    rm -rf --one-file-system "$root"
}
for system in "$@"; do test_in "${system%-*}" "${system#*-}"; done
