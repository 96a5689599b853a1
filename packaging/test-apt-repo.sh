#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-apt-repo.sh: signs a repository of dist/*.deb with a key made for this run and lets apt, in a root of its own, take
# kflash from it. Then one byte is changed, and apt has to refuse.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
arch=${1:-$(dpkg --print-architecture)}
work=$(mktemp -d)
export GNUPGHOME=$work/gpg
trap 'gpgconf --kill gpg-agent; rm -rf "$work"' EXIT
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'kf test key <test@invalid>' ed25519 sign 1d 2>/dev/null
"$here/apt-repo.sh" test@invalid "$work/repo" >/dev/null
mkdir "$work/here"
apt=$work/apt
. "$here/private-apt.sh"
echo "APT::Architecture \"$arch\"; APT::Architectures { \"$arch\"; };" >>"$apt/apt.conf"
source_line() { echo "deb [signed-by=$1] file:$work/repo stable main" >"$apt/sources.list"; }

source_line "$work/repo/kf-archive-keyring.gpg"
apt-get update -qq
(cd "$work/here" && apt-get download -qq kflash)
cmp "$work"/here/kflash_*.deb "$work"/repo/pool/main/kflash_*_"$arch".deb
echo "apt takes kflash from it"
apt-get install --simulate -qq kflash | grep -q '^Inst kflash'
echo "apt would install kflash with nothing else"

refuses() { ! apt-get update -qq -o APT::Update::Error-Mode=any >"$work/out" 2>&1; }
rm -rf "$apt"/lists/*
mkdir -p "$apt/lists/partial"
sed -i 's/^Label: kf/Label: kg/' "$work/repo/dists/stable/InRelease" "$work/repo/dists/stable/Release"
refuses || { echo "FAILED: a changed Release was taken" >&2; exit 1; }
echo "apt refuses it when a byte is changed: $(grep -o 'is not signed\|BADSIG\|invalid' "$work/out" | head -1)"
"$here/apt-repo.sh" test@invalid "$work/repo" >/dev/null
gpg --batch --quiet --passphrase '' --quick-generate-key 'somebody else <other@invalid>' ed25519 sign 1d 2>/dev/null
gpg --export other@invalid >"$work/other.gpg"
source_line "$work/other.gpg"
rm -rf "$apt"/lists/*
mkdir -p "$apt/lists/partial"
refuses || { echo "FAILED: somebody else's key was enough" >&2; exit 1; }
echo "apt refuses it with another key: $(grep -o 'NO_PUBKEY\|is not signed\|BADSIG' "$work/out" | head -1)"
