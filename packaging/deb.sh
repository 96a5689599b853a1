#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# deb.sh ARCH: dist/kflash_VERSION_ARCH.deb, and for amd64 also kf-dev_VERSION_all.deb, from what build-static.sh left in
# dist/bin-ARCH. The same input gives the same bytes. The Debian changelog is written here: the version stands in
# meson.build only.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:?usage: deb.sh amd64 | arm64 | armhf}
export DIST=$out
"$here/stage.sh" "$arch" >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/kf/include" "$work/kf/packaging"
cp -r "$top/debian" "$work/kf/"
cp -r "$top/include/kf" "$work/kf/include/"
cp "$top/meson.build" "$work/kf/"
papers=$(python3 -B "$here/papers.py" "$top")
for paper in $papers; do
    case $paper in
    LICENSE | man/*) continue ;; # debian/copyright and the manuals have them
    CHANGELOG.md) to=NEWS.md ;; # a changelog is Debian's own
    *) to=$paper ;;
    esac
    install -Dm644 "$top/$paper" "$work/kf/papers/$to"
done
cp "$here/version.sh" "$here/kf.pc.in" "$work/kf/packaging/"
cp -r "$top/examples" "$work/kf/"
cat >"$work/kf/debian/changelog" <<EOF
kf ($version) unstable; urgency=medium

  * See NEWS.md.

 -- kf maintainers <maintainers@users.noreply.b-seed-178e20fb.example>  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
EOF
which_packages=-B
[ "$arch" = amd64 ] && which_packages=-b
(cd "$work/kf" && dpkg-buildpackage -a"$arch" -Pcross,nocheck $which_packages -us -uc -d >"$work/log" 2>&1) || {
    tail -40 "$work/log" >&2
    exit 1
}
for package in "$work"/kf-dev_*.deb; do
    [ ! -e "$package" ] || ! dpkg-deb -c "$package" | grep -q include/kf/sim || {
        echo "kf-dev has headers of the simulator" >&2
        exit 1
    }
done
mv "$work"/*.deb "$out/"
(cd "$out" && sha256sum kflash_"${version}"_"$arch".deb)
if [ "$arch" = amd64 ]; then (cd "$out" && sha256sum kf-dev_"$version"_all.deb); fi
