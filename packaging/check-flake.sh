#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Evaluates flake.nix whole, with no network, against packaging/nix-stub. What this proves: the syntax, every output for
# every system, and that each name is one that the stub lists. What it does not: see docs/PACKAGING.md.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v nix >/dev/null; then
    echo "nix is missing. Run: packaging/setup.sh static" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$work/kf/packaging" && cp flake.nix meson.build "$work/kf/" && cp packaging/tools "$work/kf/packaging/"
cp -r packaging/nix-stub "$work/stub"
nix() { HOME=$work command nix --extra-experimental-features 'nix-command flakes' --store "$work/store" --offline "$@"; }
HOME=$work nix-instantiate --store "$work/store" --parse flake.nix >/dev/null
for output in packages devShells checks formatter apps; do
    case $output in
    formatter) each='builtins.mapAttrs (_: p: p.drvPath)' ;;
    apps) each='builtins.mapAttrs (_: builtins.mapAttrs (_: a: a.program))' ;;
    *) each='builtins.mapAttrs (_: builtins.mapAttrs (_: p: p.drvPath))' ;;
    esac
    echo "$output:"
    nix eval --json --no-write-lock-file --override-input nixpkgs "path:$work/stub" "path:$work/kf#$output" --apply "$each" 2>"$work/err" |
        python3 -m json.tool | sed 's,/nix/store/[a-z0-9]*-,,' || {
        cat "$work/err" >&2
        exit 1
    }
done
