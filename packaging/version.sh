#!/bin/sh
# SPDX-License-Identifier: MIT
# The version, which stands in meson.build and nowhere else.
sed -n "s/^ *version: '\([^']*\)'.*/\1/p" "$(dirname "$0")/../meson.build" | head -1
