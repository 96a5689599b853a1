#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the kf tools from the unpacked tarball that this script lies in.
#     ./install.sh                    as root into /usr/local, otherwise into ~/.local
#     ./install.sh --prefix DIR       anywhere else
#     ./install.sh --uninstall        takes away what was installed there, and nothing else
#     ./install.sh --add-to-path      also adds one line to ~/.bashrc when the folder is not in PATH
# Run again it installs again: newer files replace older ones. Registry, ledger, configurations and logs are never touched.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=""
uninstall=no
add_path=no
while [ $# -gt 0 ]; do
    case $1 in
    --prefix)
        [ $# -ge 2 ] || { echo "--prefix needs a folder" >&2; exit 2; }
        prefix=$2
        shift
        ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --uninstall) uninstall=yes ;;
    --add-to-path) add_path=yes ;;
    -h | --help)
        sed -n 's/^# \{0,1\}//; 3,8p' "$0"
        exit 0
        ;;
    *)
        echo "install.sh does not know $1. Try: ./install.sh --help" >&2
        exit 2
        ;;
    esac
    shift
done
root=no
[ "$(id -u)" -eq 0 ] && root=yes
[ -n "$prefix" ] || if [ $root = yes ]; then prefix=/usr/local; else prefix=$HOME/.local; fi
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
manifest=$prefix/share/kf/installed-files

# The rules of udev and polkit are read from the system's folders only.
rules=no
[ $root = yes ] && case $prefix in /usr | /usr/local) rules=yes ;; esac

remove_listed() { # remove_listed LIST: the files, then the folders that are empty now, never a folder of the system's own
    while IFS= read -r file; do
        rm -f -- "$file"
        folder=$(dirname "$file")
        while :; do
            case $folder in
            "$prefix/bin" | "$prefix/share") break ;;
            "$prefix"/*) rmdir -- "$folder" 2>/dev/null || break ;;
            *) break ;;
            esac
            folder=$(dirname "$folder")
        done
    done <"$1"
}

if [ $uninstall = yes ]; then
    if [ ! -e "$manifest" ]; then
        echo "Nothing of kf is installed in $prefix."
        exit 0
    fi
    list=$(mktemp)
    cp "$manifest" "$list"
    echo "$manifest" >>"$list"
    remove_listed "$list"
    rm -f "$list"
    echo "kf is gone from $prefix. Your boards, configurations and logs stay: ~/.config/kflash, ~/.local/state/kflash."
    exit 0
fi

[ -d "$here/bin" ] || { echo "There is no bin beside install.sh. Run it from the unpacked tarball." >&2; exit 1; }
machine=$(uname -m)
built=$(cat "$here/share/kf/architecture")
case $built:$machine in
amd64:x86_64 | arm64:aarch64 | armhf:arm* | armhf:aarch64) ;;
*)
    echo "This tarball is for $built, and this machine is $machine. Take the other one." >&2
    exit 1
    ;;
esac
if ! "$here/bin/kflash" --version >/dev/null 2>&1; then
    echo "bin/kflash does not start here. Is the tarball whole? Try: sha256sum -c SHA256SUMS" >&2
    exit 1
fi
mkdir -p "$prefix/bin" 2>/dev/null && [ -w "$prefix/bin" ] || {
    echo "No right to write $prefix. Use sudo, or ./install.sh --prefix ~/.local" >&2
    exit 1
}

new=$(mktemp)
trap 'rm -f "$new"' EXIT
put() { # put FROM TO MODE: beside the old one and then in its place, so that a running tool is not cut off
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.kf-new"
    chmod "$3" "$2.kf-new"
    mv -f "$2.kf-new" "$2"
    echo "$2" >>"$new"
}
(cd "$here" && find bin share -type f ! -path 'share/polkit-1/*' | LC_ALL=C sort) >"$new.list"
while IFS= read -r file; do
    case $file in bin/*) mode=755 ;; *) mode=644 ;; esac
    put "$here/$file" "$prefix/$file" $mode
done <"$new.list"
rm -f "$new.list"
if [ $rules = yes ]; then
    put "$here/lib/udev/rules.d/60-kflash.rules" /etc/udev/rules.d/60-kflash.rules 644
    put "$here/share/polkit-1/rules.d/60-kflash.rules" /etc/polkit-1/rules.d/60-kflash.rules 644
    udevadm control --reload >/dev/null 2>&1 || true
fi
# What an older version had and this one has not goes away.
if [ -e "$manifest" ]; then
    grep -Fvx -f "$new" "$manifest" >"$new.gone" || true
    remove_listed "$new.gone"
    rm -f "$new.gone"
fi
mkdir -p "$(dirname "$manifest")"
cp "$new" "$manifest"
echo "$("$prefix/bin/kflash" --version) is installed in $prefix."

case :$PATH: in
*:"$prefix/bin":*) ;;
*)
    line="export PATH=\"$prefix/bin:\$PATH\""
    if [ $add_path = yes ]; then
        if ! grep -Fqx "$line" "$HOME/.bashrc" 2>/dev/null; then echo "$line" >>"$HOME/.bashrc"; fi
        echo "$prefix/bin was added to PATH in ~/.bashrc. Open a new shell."
    else
        echo "warning: $prefix/bin is not in PATH. Run ./install.sh --add-to-path, or: $line" >&2
    fi
    ;;
esac
if [ $rules = no ]; then
    echo "note: the rules for udev and polkit are installed by root only; they are in lib/udev and share/polkit-1 here." >&2
fi
if [ $root = no ] && ! id -nG | tr ' ' '\n' | grep -qx dialout; then
    echo "warning: you are not in the group dialout: sudo usermod -aG dialout $(id -un), then log out and in" >&2
fi
if [ $root = no ] && [ ! -d "$HOME/klipper" ] && [ ! -d "$HOME/kalico" ]; then
    echo "warning: there is neither ~/klipper nor ~/kalico. Tell kflash where: kflash settings --klipper-dir DIR" >&2
fi
