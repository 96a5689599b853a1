#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# stage.sh ARCH: lays the built tools, manuals, completions, rules and examples out below dist/stage-ARCH as they are
# installed below a prefix. The tarball, the package and the archive for Moonraker all take them from there.
set -euo pipefail
. "$(dirname "$0")/env.sh"
arch=${1:?usage: stage.sh amd64 | arm64 | armhf}
stage=$out/stage-$arch
rm -rf "$stage"

# The completions are the same for each processor: they come from the tool that runs here.
runs=$out/bin-$(dpkg --print-architecture)
[ -d "$runs" ] || runs=$out/bin-$arch
[ "$("$runs/kflash" --version)" = "kflash $version" ] || {
    echo "$runs is not of version $version. Run: make static" >&2
    exit 1
}
while read -r tool; do
    install -Dm755 "$out/bin-$arch/$tool" "$stage/bin/$tool"
    for shell in bash zsh fish; do
        case $shell in
        bash) to=share/bash-completion/completions/$tool ;;
        zsh) to=share/zsh/site-functions/_$tool ;;
        fish) to=share/fish/vendor_completions.d/$tool.fish ;;
        esac
        mkdir -p "$stage/$(dirname "$to")"
        "$runs/$tool" completion "$shell" >"$stage/$to"
    done
done <"$here/tools"
while read -r page; do
    section=$stage/share/man/man${page##*.}
    mkdir -p "$section"
    scdoc <"$top/man/$page.scd" >"$section/$page"
done <"$here/manuals"
install -Dm644 "$here/share/60-kflash.rules" "$stage/lib/udev/rules.d/60-kflash.rules"
install -Dm644 "$here/share/60-kflash-polkit.rules" "$stage/share/polkit-1/rules.d/60-kflash.rules"
install -Dm644 "$here/share/kflash-guard@.service" "$stage/lib/systemd/system/kflash-guard@.service"
install -Dm644 "$here/share/sudoers-kflash" "$stage/share/doc/kflash/examples/sudoers-kflash"
for file in "$top"/examples/*; do
    [ -f "$file" ] || continue # the folder is kf-dev's
    install -Dm644 "$file" "$stage/share/doc/kflash/examples/$(basename "$file")"
done
(
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    HOME=$scratch "$runs/kplot" machine init --machine "$scratch/machine.yaml" --log "$scratch/log" --quiet >/dev/null
    install -Dm644 "$scratch/machine.yaml" "$stage/share/doc/kflash/examples/machine.yaml"
)
# What is linked in: its licences and a list of it.
install -Dm644 "$top/LICENSE" "$stage/share/kf/licences/kf"
for file in "$out/licences-$arch"/*; do
    install -Dm644 "$file" "$stage/share/kf/licences/$(basename "$file")"
done
echo "$arch" >"$stage/share/kf/architecture"
python3 "$here/sbom.py" "$version" "$arch" "$stage/bin" "$out/linked-$arch" >"$stage/share/kf/sbom.spdx.json"
echo "$stage"
