#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-moonraker.sh MOONRAKER_TREE: the archive of moonraker-zip.sh and the stanza of examples/ given to the real Moonraker
# of that tree, with a GitHub on this machine. It needs dist/bin-ARCH of this machine, apt and nothing installed: what
# Moonraker imports is unpacked into a folder that is thrown away, and everything runs there, on 127.0.0.1.
set -euo pipefail
. "$(dirname "$0")/env.sh"
tree=$(readlink -f "${1:?usage: test-moonraker.sh MOONRAKER_TREE}")
[ -e "$tree/moonraker/server.py" ] || { echo "$tree is not Moonraker's source tree" >&2; exit 2; }
arch=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{debs,python,home,tmp,out}

# Debian's packages, whichever this machine has not.
missing=$(/usr/bin/python3 - <<'EOF'
import importlib.util
needs = {"tornado": "tornado", "PIL": "pil", "serial": "serial", "distro": "distro", "jinja2": "jinja2",
         "markupsafe": "markupsafe", "libnacl": "libnacl", "dbus_fast": "dbus-fast",
         "importlib_metadata": "importlib-metadata", "zipp": "zipp", "more_itertools": "more-itertools",
         "typing_extensions": "typing-extensions"}
print(*("python3-" + package for module, package in needs.items() if not importlib.util.find_spec(module)))
EOF
)
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    (cd "$work/debs" && apt-get download -qq -o APT::Sandbox::User=root $missing)
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/python"; done
fi

# Two modules that Debian has not. Moonraker imports them at its start: one reads uploads, the other watches folders; the
# test does neither.
mkdir -p "$work/stand-in/streaming_form_data"
cat >"$work/stand-in/streaming_form_data/__init__.py" <<'EOF'
class StreamingFormDataParser:
    pass


class ParseFailedException(Exception):
    pass
EOF
cat >"$work/stand-in/streaming_form_data/targets.py" <<'EOF'
class FileTarget:
    pass


class ValueTarget:
    pass


class SHA256Target:
    pass
EOF
cat >"$work/stand-in/inotify_simple.py" <<'EOF'
import enum


class INotify:
    pass


# linux/inotify.h
flags = enum.IntFlag("flags", {
    "ACCESS": 0x1, "MODIFY": 0x2, "ATTRIB": 0x4, "CLOSE_WRITE": 0x8, "CLOSE_NOWRITE": 0x10, "OPEN": 0x20,
    "MOVED_FROM": 0x40, "MOVED_TO": 0x80, "CREATE": 0x100, "DELETE": 0x200, "DELETE_SELF": 0x400, "MOVE_SELF": 0x800,
    "UNMOUNT": 0x2000, "Q_OVERFLOW": 0x4000, "IGNORED": 0x8000, "ONLYDIR": 0x1000000, "ISDIR": 0x40000000})
EOF

for part in bin licences linked; do ln -s "$(readlink -f "$out/$part-$arch")" "$work/out/$part-$arch"; done
OUT=$work/out "$here/moonraker-zip.sh" "$arch" someone/kf-binaries >/dev/null
env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="$work/home" TMPDIR="$work/tmp" PYTHONDONTWRITEBYTECODE=1 \
    DBUS_SYSTEM_BUS_ADDRESS=unix:path="$work/none" \
    PYTHONPATH="$work/stand-in:$work/python/usr/lib/python3/dist-packages" \
    /usr/bin/python3 "$here/test_moonraker.py" "$tree" "$work" "$work/out/kf-moonraker-linux-$arch.zip" \
    "$top/examples/moonraker-update-manager.conf"
