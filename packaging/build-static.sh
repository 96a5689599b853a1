#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build-static.sh ARCH [OUT]: every tool as one static file that runs on any Linux of its processor, into
# OUT/bin-ARCH (dist/ unless told). ARCH is amd64, arm64 or armhf, or a triple of theirs: x86_64-linux-musl,
# aarch64-linux-musl, armv6-linux-musleabihf.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:-}
. "$here/target.sh"
out=${2:-$out}
tools=$(cat "$here/tools")

root=$(sysroot)
build=$top/build-static-$arch
rm -rf "$out/licences-$arch" "$out/linked-$arch"
mkdir -p "$build" "$out/bin-$arch" "$out/licences-$arch" "$out/linked-$arch"
quoted() { printf "'%s', " "$@"; }
# The paths of this machine are mapped away and there is no build id: the same sources give the same bytes anywhere.
# shellcheck disable=SC2086
compile=$(quoted --target=$triple $flags --sysroot="$root" -resource-dir="$root/clang" -fPIE -ffunction-sections -fdata-sections \
    -fstack-protector-strong -ffile-prefix-map="$root"=/sysroot -ffile-prefix-map="$(readlink -f "$root/deps/include/boost/..")"=/src \
    -ffile-prefix-map="$top"=/kf -Wno-unused-command-line-argument -I"$root/deps/include")
# shellcheck disable=SC2086
link=$(quoted --target=$triple $flags --sysroot="$root" -resource-dir="$root/clang" -L"$root/deps/lib" -static-pie -fuse-ld=lld-19 \
    -rtlib=compiler-rt -unwindlib=libunwind -Wl,--gc-sections -Wl,--icf=safe -Wl,--build-id=none -Wl,-z,relro,-z,now)
cat >"$build.cross.new" <<EOF
[binaries]
c = 'clang-19'
cpp = ['clang++-19', '-nostdinc++', '-isystem', '$root/usr/include/c++/v1']
ar = 'llvm-ar-19'
strip = 'llvm-strip-19'
pkgconfig = 'pkg-config'
[built-in options]
c_args = [$compile]
cpp_args = [$compile]
c_link_args = [$link]
cpp_link_args = ['-stdlib=libc++', $link]
[properties]
needs_exe_wrapper = true
pkg_config_libdir = '$root/deps/lib/pkgconfig'
boost_includedir = '$root/deps/include'
boost_librarydir = '$root/deps/lib'
[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$cpu'
endian = 'little'
EOF
if cmp -s "$build.cross.new" "$build/cross.ini" && [ -e "$build/build.ninja" ]; then
    rm "$build.cross.new"
else
    rm -rf "$build" && mkdir -p "$build"
    mv "$build.cross.new" "$build/cross.ini"
    meson setup "$build" "$top" --cross-file "$build/cross.ini" -Dtests=false -Doptimization=2 -Ddebug=false \
        -Db_pie=true -Db_lundef=false -Ddefault_library=static >"$build/setup.log" || {
        tail -40 "$build/setup.log" >&2
        exit 1
    }
fi
# shellcheck disable=SC2086
ninja -C "$build" ${JOBS:+-j$JOBS} $(printf 'tools/%s ' $tools) >"$build/ninja.log" || {
    tail -60 "$build/ninja.log" >&2
    exit 1
}
for tool in $tools; do
    # Which libraries are in it, by their symbols: for the SBOM and the licences.
    llvm-nm-19 --demangle --format=just-symbols "$build/tools/$tool" >"$build/$tool.symbols"
    while read -r package symbols; do
        if grep -Eq "$symbols" "$build/$tool.symbols"; then
            echo "$package"
            cp "$root/licences/$package" "$out/licences-$arch/"
        fi
    done <"$here/symbols" >"$out/linked-$arch/$tool"
    llvm-strip-19 --strip-all -o "$out/bin-$arch/$tool" "$build/tools/$tool"
    chmod 755 "$out/bin-$arch/$tool"
    headers=$(readelf -ldW "$out/bin-$arch/$tool")
    case $headers in
    *INTERP* | *NEEDED*)
        echo "$tool is not static" >&2
        exit 1
        ;;
    *'Program Headers'*) ;;
    *)
        echo "readelf says nothing of $tool" >&2
        exit 1
        ;;
    esac
    size=$(stat -c %s "$out/bin-$arch/$tool")
    [ "$size" -le 6000000 ] || {
        echo "$tool has $size bytes: more than 6 MB" >&2
        exit 1
    }
    printf '%s  %9d bytes  %s\n' "$(sha256sum <"$out/bin-$arch/$tool" | cut -c1-16)" "$size" "$out/bin-$arch/$tool"
done
