#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-dev.sh: a program of somebody else, examples/use-the-core, is built against dist/kf-dev_VERSION_all.deb as dpkg
# unpacks it, and runs. kflash of dist/ makes the image that it reads.
set -euo pipefail
. "$(dirname "$0")/env.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -x "$out/kf-dev_${version}_all.deb" "$work"
python3 -B "$top/tests/house/use_the_core.py" "$out/bin-$(dpkg --print-architecture)/kflash" --root "$work"
