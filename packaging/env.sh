# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts beside it have in common, by `. env.sh`: $here, $top, $out (OUT, dist/ unless told), $version, and the
# time that stands in what they make (SOURCE_DATE_EPOCH: the last commit's unless told). What they make does not depend on
# the person's locale and umask.
export LC_ALL=C
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
out=$(realpath -m "${OUT:-$top/dist}")
version=$("$here/version.sh")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)} || {
    echo "There is no commit to take the time from. Set SOURCE_DATE_EPOCH to seconds since 1970." >&2
    exit 1
}
export OUT=$out SOURCE_DATE_EPOCH
