#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""use_the_core.py KFLASH (--build BUILD | --root DIR): somebody else's program, examples/use-the-core, is built against the
installed headers as its reader would build it, by `dependency('kf')`, and tells which firmware is in an image.
BUILD is installed for it; DIR is a folder in which an installation lies already, as dpkg -x leaves a package.
Header, pkg-config and tools must be of one version."""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

kflash, how, where = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()


def run(*words, **more):
    r = subprocess.run([str(w) for w in words], capture_output=True, text=True, **more)
    if r.returncode != 0:
        sys.exit(f"{words[0]} ended with {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout.strip()


def same(what, *said):
    if len(set(said)) != 1:
        sys.exit(f"{what}: {' | '.join(said)}")


with tempfile.TemporaryDirectory(prefix="kf-test.") as name:
    work, root = pathlib.Path(name), where
    if how == "--build":
        root = work / "root"
        run("meson", "install", "-C", where, "--no-rebuild", "--tags", "devel", "--destdir", root)
    [pc], [example] = root.glob("**/pkgconfig/kf.pc"), root.glob("**/examples/use-the-core")
    paths = [str(pc.parent), *filter(None, [os.environ.get("PKG_CONFIG_PATH")])]
    there = dict(os.environ, PKG_CONFIG_PATH=":".join(paths), PKG_CONFIG_SYSROOT_DIR=str(root))

    version = run("pkg-config", "--modversion", "kf", env=there)
    asked = "#include <kf/version.hpp>\nKF_VERSION_MAJOR KF_VERSION_MINOR KF_VERSION_PATCH KF_VERSION_STRING\n"
    flags = run("pkg-config", "--cflags", "kf", env=there).split()
    last = run("c++", *flags, "-xc++", "-E", "-P", "-", input=asked).splitlines()[-1]
    same("the version in kf.pc, in the header's numbers and text, and of kflash", version, ".".join(last.split()[:3]),
         last.split()[3].strip('"'), run(kflash, "--version").split()[1])
    left = [p.name for p in (root / pc.parents[2].relative_to(root) / "include/kf").rglob("*") if p.is_file()]
    same("what is installed beside headers", "", " ".join(n for n in left if not n.endswith(".hpp")))

    run("meson", "setup", work / "build", example, "-Ddebug=false", env=there)
    run("ninja", "-C", work / "build")
    program, image = work / "build/which-firmware", work / "octopus.bin"
    run(kflash, "build", "octopus", "--sim", "-s", "-q", "-o", image, env=dict(os.environ, XDG_STATE_HOME=name))
    first, second = run(program, image).splitlines()
    if not (first.startswith("Klipper v") and f" for stm32h723xx, {image.stat().st_size} bytes" in first):
        sys.exit(f"of the image it says: {first}")
    same("its SHA-256", second, "sha256 " + hashlib.sha256(image.read_bytes()).hexdigest())
    same("no such file", "4", str(subprocess.run([program, work / "none.bin"], capture_output=True).returncode))
    print(f"a program of somebody else is built against kf {version}, and says: {first}")
