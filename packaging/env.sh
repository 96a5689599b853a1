# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts beside it have in common, by `. env.sh`: $here, $top, $out (OUT, dist/ unless told), $version, and the
# time that stands in what they make (SOURCE_DATE_EPOCH: the last commit's unless told).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
out=${OUT:-$top/dist}
version=$("$here/version.sh")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)}
export OUT=$out SOURCE_DATE_EPOCH
