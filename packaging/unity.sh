#!/bin/sh
# SPDX-License-Identifier: MIT
# The option of meson setup for a machine whose memory is short: g++ takes 1.6 GB for a whole tool as one unit, 1 GB for
# five of its sources.
awk -v cores="$(nproc)" '/^MemAvailable:/ && $2 / cores < 1800000 { print "-Dunity_size=5" }' /proc/meminfo
