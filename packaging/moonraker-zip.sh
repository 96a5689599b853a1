#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# moonraker-zip.sh ARCH OWNER/REPO: dist/kf-moonraker-linux-ARCH.zip, which Moonraker's update manager installs from a
# release of github.com/OWNER/REPO, from what build-static.sh left in dist/bin-ARCH. The same input gives the same bytes.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:?usage: moonraker-zip.sh amd64 | arm64 | armhf  OWNER/REPO}
repo=${2:?usage: moonraker-zip.sh ARCH OWNER/REPO}
[[ $repo =~ ^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$ ]] || { echo "$repo is not OWNER/REPO as GitHub writes it" >&2; exit 2; }
name=kf-moonraker-linux-$arch.zip
stage=$("$here/stage.sh" "$arch")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$stage" "$work/kf"
# The version is the release's tag and its title. asset_name has none, as the folder of today looks for the archive of
# tomorrow by this name.
cat >"$work/kf/release_info.json" <<EOF
{
  "project_name": "${repo#*/}",
  "project_owner": "${repo%/*}",
  "version": "v$version",
  "asset_name": "$name"
}
EOF
rm -f "$out/$name"
python3 - "$work/kf" "$out/$name" <<'EOF'
import os, pathlib, sys, time, zipfile
root, archive = map(pathlib.Path, sys.argv[1:])
# The oldest time that the format knows.
when = max(time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6], (1980, 1, 1, 0, 0, 0))
with zipfile.ZipFile(archive, "w") as pack:
    for file in sorted(p for p in root.rglob("*") if p.is_file()):
        name = file.relative_to(root).as_posix()
        entry = zipfile.ZipInfo(name, when)
        entry.create_system = 3  # Unix: the mode below is one
        entry.external_attr = (0o100755 if name.startswith("bin/") else 0o100644) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        pack.writestr(entry, file.read_bytes(), compresslevel=9)
EOF
(cd "$out" && sha256sum "$name")
