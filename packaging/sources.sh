#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches the packages of sources.lock, or proves that they are there. Prints the folder.
# apt runs with a configuration of its own: the sources of this machine are neither used nor touched, and root is not
# needed. What apt takes is proven by Debian's signature, what lies in the folder by the sums of sources.lock.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${KF_SYSROOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kf-sysroot}
mirror=${KF_DEBIAN_MIRROR:-http://deb.debian.org}
keys=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$cache/src"
cd "$cache/src"

sums=$(mktemp)
apt=$(mktemp -d)
trap 'rm -rf "$sums" "$apt"' EXIT
grep -E '^[0-9a-f]{64}  ' "$here/sources.lock" >"$sums"
if sha256sum --quiet --check "$sums" >/dev/null 2>&1; then
    pwd
    exit 0
fi

. "$here/private-apt.sh"
for suite in bookworm trixie; do
    echo "deb-src [signed-by=$keys] $mirror/debian $suite main"
    echo "deb-src [signed-by=$keys] $mirror/debian-security $suite-security main"
    echo "deb [arch=amd64 signed-by=$keys] $mirror/debian $suite main"
done >"$apt/sources.list"
apt-get update -qq >&2

grep -E '^(source|headers) ' "$here/sources.lock" | while read -r kind name version _; do
    files=$(awk -v name="$name" '$1 == "source" || $1 == "headers" { on = $2 == name; next } on && NF == 2' "$here/sources.lock")
    echo "$files" | sha256sum --quiet --check >/dev/null 2>&1 && continue
    echo "fetching $name $version" >&2
    if [ "$kind" = source ]; then
        fetch=(apt-get source -qq --download-only "$name=$version")
    else # the headers are the same on each processor
        fetch=(apt-get download -qq "$name:amd64=$version")
    fi
    if ! "${fetch[@]}" >&2; then
        echo "$name $version is no longer in Debian's archive. Put the newer version and its sums into packaging/sources.lock." >&2
        exit 1
    fi
done
if ! sha256sum --quiet --check "$sums" >&2; then
    echo "A package is not the one that packaging/sources.lock names. Nothing is built from it." >&2
    exit 1
fi
pwd
