#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-apt-repo.sh: signs a repository of dist/*.deb with a key made for this run and lets apt, in a root of its own, take
# kflash from it. Then one byte is changed, and apt has to refuse.
set -euo pipefail
. "$(dirname "$0")/env.sh"
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
cmp "$work"/here/kflash_*.deb "$work/repo/pool/main/kflash_${version}_$arch.deb"
echo "apt takes kflash from it"
apt-get install --simulate -qq kflash >"$work/out"
[ "$(grep '^Inst ' "$work/out" | cut -d' ' -f2)" = kflash ]
echo "apt would install kflash with nothing else"

fresh() { rm -rf "$apt"/lists/* "$apt"/cache/archives/* && mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"; }
refuses() { # refuses WORD COMMAND...: the command fails, and says the word
    local word=$1
    shift
    if "$@" >"$work/out" 2>&1 || ! grep -q "$word" "$work/out"; then
        cat "$work/out" >&2
        echo "FAILED: $* was not refused with $word" >&2
        exit 1
    fi
}
update() { apt-get update -qq -o APT::Update::Error-Mode=any; }

printf x >>"$work/repo/pool/main/kflash_${version}_$arch.deb"
rm "$work"/here/*
cd "$work/here"
refuses 'size mismatch\|Hash Sum mismatch' apt-get download -qq kflash
[ -z "$(ls "$work/here")" ]
echo "apt refuses a package with one byte more"
fresh
sed -i 's/^Label: kf/Label: kg/' "$work/repo/dists/stable/InRelease" "$work/repo/dists/stable/Release"
refuses BADSIG update
echo "apt refuses a repository with a byte changed: BADSIG"
"$here/apt-repo.sh" test@invalid "$work/repo" >/dev/null
gpg --batch --quiet --passphrase '' --quick-generate-key 'somebody else <other@invalid>' ed25519 sign 1d 2>/dev/null
gpg --export other@invalid >"$work/other.gpg"
source_line "$work/other.gpg"
fresh
refuses NO_PUBKEY update
echo "apt refuses it with another key: NO_PUBKEY"
mkdir "$work/full" && touch "$work/full/theirs"
refuses 'not empty' "$here/apt-repo.sh" test@invalid "$work/full"
[ -e "$work/full/theirs" ]
echo "apt-repo.sh leaves a folder alone that is not its own"
