#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# changelog.sh: the section of CHANGELOG.md for the version of meson.build on stdout. Where there is none yet, what stands
# under "Unreleased" becomes it, with today's date (SOURCE_DATE_EPOCH's, if set), in CHANGELOG.md too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
log=${1:-$here/../CHANGELOG.md}
version=$("$here/version.sh")
section() { awk -v head="## $version" '/^## / { on = index($0, head " ") == 1 || $0 == head; next } on' "$log"; }

if ! grep -q "^## ${version//./\\.}\( \|\$\)" "$log"; then
    if ! awk '/^## / { on = $0 == "## Unreleased"; next } on && NF { found = 1 } END { exit !found }' "$log"; then
        echo "CHANGELOG.md says nothing under Unreleased: a release of $version would have no changes." >&2
        exit 1
    fi
    date=$(date -u ${SOURCE_DATE_EPOCH:+-d "@$SOURCE_DATE_EPOCH"} +%Y-%m-%d)
    new=$(mktemp "$log.XXXXXX")
    trap 'rm -f "$new"' EXIT
    sed "s/^## Unreleased\$/## $version ($date)/" "$log" >"$new"
    chmod 644 "$new"
    mv "$new" "$log"
    echo "CHANGELOG.md: what was under Unreleased is $version now. Commit it." >&2
fi
section | sed -e '/./,$!d'
