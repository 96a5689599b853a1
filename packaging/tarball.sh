#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tarball.sh ARCH: dist/kf-VERSION-linux-ARCH.tar.xz from what build-static.sh left in dist/bin-ARCH. The same input gives
# the same bytes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
arch=${1:?usage: tarball.sh amd64 | arm64 | armhf}
out=${OUT:-$top/dist}
version=$("$here/version.sh")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH OUT=$out
stage=$("$here/stage.sh" "$arch")
name=kf-$version-linux-$arch
root=$out/$name
rm -rf "$root"
cp -r "$stage" "$root"
mkdir -p "$root/share/kf/licences"
echo "$arch" >"$root/share/kf/architecture"
cp "$top/LICENSE" "$root/share/kf/licences/kf"
case $arch in
amd64) triple=x86_64-linux-musl ;;
arm64) triple=aarch64-linux-musl ;;
armhf) triple=armv6-linux-musleabihf ;;
esac
cp "$("$here/sysroot.sh" $triple)"/licences/* "$root/share/kf/licences/"
rm -f "$root/share/kf/licences/ncurses" # in the sysroot, not in a tool
python3 "$here/sbom.py" "$version" "$arch" "$root/bin" >"$root/share/kf/sbom.spdx.json"
install -m755 "$here/install.sh" "$root/install.sh"
install -m644 "$top/LICENSE" "$top/README.md" "$top/CHANGELOG.md" "$root/"
(cd "$root" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go-w,a+rX -C "$out" -cf - "$name" |
    xz -9 --threads=1 >"$out/$name.tar.xz"
rm -rf "$root"
(cd "$out" && sha256sum "$name.tar.xz")
