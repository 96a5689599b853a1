#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sysroot.sh TRIPLE: builds what a static binary is linked from, once, and prints the folder. Its name holds the hash of all
# that goes in: this script, sources.lock, the compiler and the kernel headers. A second run only prints it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
triple=${1:?usage: sysroot.sh x86_64-linux-musl | aarch64-linux-musl | armv6-linux-musleabihf}
cache=${KF_SYSROOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kf-sysroot}
jobs=${JOBS:-$(nproc)}
llvm=19

case $triple in
x86_64-linux-musl) arch=x86_64 kernel=/usr/include asm=/usr/include/x86_64-linux-gnu/asm headers=linux-libc-dev flags="" ;;
aarch64-linux-musl) arch=aarch64 kernel=/usr/aarch64-linux-gnu/include asm=$kernel/asm headers=linux-libc-dev-arm64-cross flags="" ;;
armv6-linux-musleabihf) # Pi 1 and Zero: ARM1176, VFPv2
    arch=armhf kernel=/usr/arm-linux-gnueabihf/include asm=$kernel/asm headers=linux-libc-dev-armhf-cross
    flags="-march=armv6 -mfpu=vfpv2 -mfloat-abi=hard -marm"
    ;;
*)
    echo "sysroot.sh does not know $triple" >&2
    exit 2
    ;;
esac

for tool in clang-$llvm ld.lld-$llvm llvm-ar-$llvm cmake ninja dpkg-source tic; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing. Run: packaging/setup.sh static" >&2
        exit 1
    }
done
[ -d "$asm" ] || {
    echo "$asm is missing. Run: packaging/setup.sh static" >&2
    exit 1
}

key=$({
    cat "$here/sysroot.sh" "$here/sources.lock"
    clang-$llvm --version
    dpkg-query -W -f '${Version}\n' "$headers"
} | sha256sum | cut -c1-16)
root=$cache/$triple-$key
if [ -e "$root/complete" ]; then
    echo "$root"
    exit 0
fi

src=$("$here/sources.sh")
trees=$cache/trees-$(sha256sum "$here/sources.lock" | cut -c1-16)
exec 9>"$cache/lock"
flock 9 # two builds share the unpacked sources

# dpkg-source applies Debian's patches. Of LLVM only the runtimes stay: the rest is two gigabytes.
if [ ! -e "$trees/complete" ]; then
    rm -rf "$trees" && mkdir -p "$trees"
    grep '^source ' "$here/sources.lock" | while read -r _ name version _; do
        echo "unpacking $name $version" >&2
        (cd "$trees" && dpkg-source --no-check -x "$src/${name}_${version#*:}.dsc" "$name" >"$name.log" 2>&1)
    done
    grep '^headers ' "$here/sources.lock" | while read -r _ name version _; do
        dpkg-deb -x "$src/${name}_${version#*:}_amd64.deb" "$trees/$name"
        mkdir "$trees/$name/debian"
        cp "$trees/$name/usr/share/doc/$name/copyright" "$trees/$name/debian/"
    done
    mv "$trees/llvm-toolchain-$llvm" "$trees/whole"
    mkdir -p "$trees/llvm-toolchain-$llvm"/llvm/utils "$trees/llvm-toolchain-$llvm/debian"
    for part in cmake runtimes libunwind libcxxabi libcxx compiler-rt llvm/cmake llvm/utils/llvm-lit debian/copyright; do
        mv "$trees/whole/$part" "$trees/llvm-toolchain-$llvm/$part"
    done
    mv "$trees/boost1.81" "$trees/whole/boost"
    mkdir -p "$trees/boost1.81/libs" "$trees/boost1.81/debian"
    for headers in "$trees"/whole/boost/libs/*/include "$trees"/whole/boost/libs/numeric/*/include; do
        cp -r "$headers/." "$trees/boost1.81/"
    done
    mv "$trees/whole/boost/libs/program_options" "$trees/boost1.81/libs/"
    mv "$trees/whole/boost/debian/copyright" "$trees/boost1.81/debian/"
    rm -rf "$trees/whole" "$trees"/*.orig.tar.*
    touch "$trees/complete"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage() { echo "$triple: $1 ($SECONDS s)" >&2; }
quietly() { # a log is shown only when its step fails
    if ! "$@" >"$work/log" 2>&1; then
        tail -60 "$work/log" >&2
        echo "failed: $*" >&2
        exit 1
    fi
}

rm -rf "$root"
mkdir -p "$root/usr/include" "$root/deps/include" "$root/deps/lib/pkgconfig" "$root/clang" "$root/licences"
ln -s "/usr/lib/llvm-$llvm/lib/clang/$llvm/include" "$root/clang/include"
for name in linux asm-generic mtd; do
    [ -d "$kernel/$name" ] && cp -rL "$kernel/$name" "$root/usr/include/$name"
done
cp -rL "$asm" "$root/usr/include/asm"
while read -r _ name _; do
    [ -e "$trees/$name/debian/copyright" ] && cp "$trees/$name/debian/copyright" "$root/licences/$name"
done < <(grep -E '^(source|headers) ' "$here/sources.lock")

# No path of this machine ends up in a binary: two builds on two machines are the same bytes.
common="--target=$triple $flags --sysroot=$root -resource-dir=$root/clang -O2 -fPIC -ffunction-sections -fdata-sections
 -fstack-protector-strong -ffile-prefix-map=$trees=/src -ffile-prefix-map=$root=/sysroot -ffile-prefix-map=$work=/work -Wno-unused-command-line-argument"
common=$(echo $common)
export AR=llvm-ar-$llvm RANLIB=llvm-ranlib-$llvm NM=llvm-nm-$llvm ZERO_AR_DATE=1 SOURCE_DATE_EPOCH=1
unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS

stage musl
mkdir "$work/musl" && cd "$work/musl"
CC="clang-$llvm $common" LIBCC=" " quietly "$trees/musl/configure" --target="$triple" --prefix=/usr --syslibdir=/usr/lib --disable-shared
quietly make -j"$jobs" AR="$AR" RANLIB="$RANLIB" DESTDIR="$root" install
# musl runs the constructors itself, so the compiler's own start files are empty.
: >"$work/empty.c"
for object in crtbegin crtbeginS crtbeginT crtend crtendS; do
    clang-$llvm $common -c "$work/empty.c" -o "$root/usr/lib/$object.o"
done

cat >"$work/toolchain.cmake" <<EOF
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $arch)
set(CMAKE_C_COMPILER clang-$llvm)
set(CMAKE_CXX_COMPILER clang++-$llvm)
set(CMAKE_ASM_COMPILER clang-$llvm)
set(CMAKE_AR /usr/bin/llvm-ar-$llvm CACHE FILEPATH "")
set(CMAKE_RANLIB /usr/bin/llvm-ranlib-$llvm CACHE FILEPATH "")
set(CMAKE_NM /usr/bin/llvm-nm-$llvm CACHE FILEPATH "")
foreach(language C CXX ASM)
  set(CMAKE_\${language}_COMPILER_TARGET $triple)
  set(CMAKE_\${language}_FLAGS "$common" CACHE STRING "")
endforeach()
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH $root)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
EOF
with_cmake() { # with_cmake NAME SOURCE OPTIONS...
    local name=$1 source=$2
    shift 2
    quietly cmake -G Ninja -S "$source" -B "$work/$name" -DCMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake" \
        -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX="$root/usr" -DLLVM_INCLUDE_TESTS=OFF "$@"
    quietly ninja -C "$work/$name" -j"$jobs" install
}
runtimes=$trees/llvm-toolchain-$llvm

stage compiler-rt
with_cmake builtins "$runtimes/compiler-rt/lib/builtins" -DCOMPILER_RT_DEFAULT_TARGET_ONLY=ON \
    -DCMAKE_INSTALL_PREFIX="$root/clang" -DLLVM_ENABLE_PER_TARGET_RUNTIME_DIR=ON -DCOMPILER_RT_EXCLUDE_ATOMIC_BUILTIN=OFF \
    -DCOMPILER_RT_BAREMETAL_BUILD=OFF

stage "libunwind, libc++abi, libc++"
with_cmake runtimes "$runtimes/runtimes" -DLLVM_ENABLE_RUNTIMES="libunwind;libcxxabi;libcxx" \
    -DLIBUNWIND_ENABLE_SHARED=OFF -DLIBUNWIND_USE_COMPILER_RT=ON -DLIBUNWIND_INCLUDE_TESTS=OFF \
    -DLIBCXXABI_ENABLE_SHARED=OFF -DLIBCXXABI_USE_COMPILER_RT=ON -DLIBCXXABI_USE_LLVM_UNWINDER=ON \
    -DLIBCXXABI_ENABLE_STATIC_UNWINDER=ON -DLIBCXXABI_INCLUDE_TESTS=OFF \
    -DLIBCXX_ENABLE_SHARED=OFF -DLIBCXX_USE_COMPILER_RT=ON -DLIBCXX_HAS_MUSL_LIBC=ON -DLIBCXX_CXX_ABI=libcxxabi \
    -DLIBCXX_ENABLE_STATIC_ABI_LIBRARY=ON -DLIBCXX_INCLUDE_TESTS=OFF -DLIBCXX_INCLUDE_BENCHMARKS=OFF \
    -DLIBCXX_INCLUDE_DOCS=OFF

# Apart from libc's own headers: a -isystem for these must not move libc's before libc++'s.
# clang would take the libc++ that lies beside it.
cxx="$common -std=c++20 -nostdinc++ -isystem $root/usr/include/c++/v1 -w"
archive() { # archive NAME FLAGS SOURCES...: every source compiled, then one archive
    local name=$1 options=$2
    shift 2
    mkdir "$work/$name"
    local commands="" object
    for file in "$@"; do
        object=$work/$name/$(basename "${file%.*}").o
        case $file in
        *.c) commands+="clang-$llvm $common -w $options -c $file -o $object"$'\n' ;;
        *) commands+="clang++-$llvm $cxx $options -c $file -o $object"$'\n' ;;
        esac
    done
    printf '%s' "$commands" | quietly xargs -d '\n' -P "$jobs" -n 1 sh -c
    "$AR" rcD "$root/deps/lib/lib$name.a" "$work/$name"/*.o
}
package() { # package NAME VERSION LIBS
    printf 'Name: %s\nDescription: %s\nVersion: %s\nLibs: -L%s/deps/lib %s\nCflags: -I%s/deps/include\n' \
        "$1" "$1" "$2" "$root" "$3" "$root" >"$root/deps/lib/pkgconfig/$1.pc"
}
version_of() { awk -v name="$1" '$1 == "source" && $2 == name { sub(/^[0-9]+:/, "", $3); sub(/[+-].*/, "", $3); print $3 }' "$here/sources.lock"; }

stage "zlib, libmd, libpng, pugixml, yaml-cpp"
cd "$trees/zlib"
archive z "-DHAVE_UNISTD_H -DHAVE_STDARG_H" "$trees"/zlib/{adler32,crc32,deflate,infback,inffast,inflate,inftrees,trees,zutil,compress,uncompr}.c
cp zlib.h zconf.h "$root/deps/include/"
package zlib "$(version_of zlib | sed 's/\.dfsg.*//')" -lz

mkdir "$work/md-config" && : >"$work/md-config/config.h"
archive md "-D_GNU_SOURCE -DHAVE_UNISTD_H -I$work/md-config -I$trees/libmd/include" "$trees"/libmd/src/{sha1,sha1hl,sha2,sha256hl}.c
cp "$trees"/libmd/include/{sha1,sha2,sha256}.h "$root/deps/include/"
package libmd "$(version_of libmd)" -lmd

png=$trees/libpng1.6
cp "$png/scripts/pnglibconf.h.prebuilt" "$root/deps/include/pnglibconf.h"
cp "$png/png.h" "$png/pngconf.h" "$root/deps/include/"
archive png "-I$root/deps/include -DPNG_ARM_NEON_OPT=0 -DPNG_INTEL_SSE_OPT=0" "$png"/png{,error,get,mem,pread,read,rio,rtran,rutil,set,trans,wio,write,wtran,wutil}.c
package libpng "$(version_of libpng1.6)" "-lpng -lz"

archive pugixml "" "$trees/pugixml/src/pugixml.cpp"
cp "$trees"/pugixml/src/*.hpp "$root/deps/include/"
package pugixml "$(version_of pugixml)" -lpugixml

archive yaml-cpp "-I$trees/yaml-cpp/include -DYAML_CPP_STATIC_DEFINE" "$trees"/yaml-cpp/src/*.cpp
cp -r "$trees/yaml-cpp/include/yaml-cpp" "$root/deps/include/"
package yaml-cpp "$(version_of yaml-cpp)" -lyaml-cpp

stage "fmt, fast_float, UTF8-CPP, Boost"
cp -r "$trees/fmtlib/include/fmt" "$trees/fast-float/include/fast_float" "$trees/libutfcpp-dev/usr/include/utf8cpp" "$root/deps/include/"
ln -s "$trees/boost1.81/boost" "$root/deps/include/boost"
archive boost_program_options "-I$trees/boost1.81" "$trees"/boost1.81/libs/program_options/src/*.cpp
echo '#include <boost/json/src.hpp>' >"$work/json.cpp"
archive boost_json "-I$trees/boost1.81" "$work/json.cpp"

stage ncurses
# A terminal without an entry on the machine still has one in the binary.
mkdir "$work/ncurses" && cd "$work/ncurses"
CC="clang-$llvm $common" CXX="clang++-$llvm $common" BUILD_CC=cc LDFLAGS="-fuse-ld=lld-$llvm -static -rtlib=compiler-rt -unwindlib=none" \
    quietly "$trees/ncurses/configure" --host="$triple" --build=x86_64-linux-gnu --prefix=/usr --enable-widec --disable-overwrite --without-shared --without-debug \
    --without-ada --without-cxx --without-cxx-binding --without-manpages --without-progs --without-tests --without-tack \
    --disable-stripping --enable-pc-files=no --with-default-terminfo-dir=/etc/terminfo \
    --with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/share/terminfo:/usr/lib/terminfo \
    --with-fallbacks=xterm-256color,xterm,linux,tmux-256color,screen,screen-256color,vt100,vt220
quietly make -j"$jobs" libs
quietly make DESTDIR="$work/ncurses-installed" install.libs install.includes
cp -r "$work/ncurses-installed/usr/include/ncursesw" "$root/deps/include/"
cp "$work"/ncurses-installed/usr/lib/*.a "$root/deps/lib/"
package ncursesw "$(version_of ncurses)" -lncursesw

stage done
touch "$root/complete"
echo "$root"
