#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tarball.sh ARCH: dist/kf-VERSION-linux-ARCH.tar.xz from what build-static.sh left in dist/bin-ARCH. The same input gives
# the same bytes.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:?usage: tarball.sh amd64 | arm64 | armhf}
stage=$("$here/stage.sh" "$arch")
name=kf-$version-linux-$arch
root=$out/$name
rm -rf "$root"
cp -r "$stage" "$root"
install -m755 "$here/install.sh" "$root/install.sh"
papers=$(python3 -B "$here/papers.py" "$top")
for paper in $papers; do install -Dm644 "$top/$paper" "$root/$paper"; done
(cd "$root" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go-w,a+rX -C "$out" -cf - "$name" |
    xz -9 --threads=1 >"$out/$name.tar.xz"
rm -rf "$root"
(cd "$out" && sha256sum "$name.tar.xz")
