#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# apt-repo.sh KEY [FOLDER]: a signed apt repository of every package in dist/, as files that any web server can serve. KEY
# is a key of the releaser's gpg; the public half is put beside as kf-archive-keyring.gpg.
set -euo pipefail
. "$(dirname "$0")/env.sh"
key=${1:?usage: apt-repo.sh KEY [FOLDER]}
repo=${2:-$out/apt}
if [ -e "$repo" ] && [ ! -e "$repo/kf-archive-keyring.gpg" ] && [ -n "$(ls -A "$repo")" ]; then
    echo "$repo is not empty and no repository of kf. Name a folder that may be replaced." >&2
    exit 1
fi
key=$(gpg --batch --with-colons --list-secret-keys "$key" | awk -F: '$1 == "fpr" { print $10; exit }') # this one, and no namesake
[ -n "$key" ] || exit 1
rm -rf "$repo/dists" "$repo/pool"
mkdir -p "$repo/pool/main"
cp "$out"/*_"$version"_*.deb "$repo/pool/main/"
cd "$repo"
architectures=""
for arch in amd64 arm64 armhf; do
    ls pool/main/*_$arch.deb >/dev/null 2>&1 || continue
    architectures+="${architectures:+ }$arch"
    folder=dists/stable/main/binary-$arch
    mkdir -p "$folder"
    apt-ftparchive --arch "$arch" packages pool/main >"$folder/Packages"
    gzip -9nk "$folder/Packages"
    xz -k "$folder/Packages"
done
[ -n "$architectures" ] || {
    echo "There is no package in $out. Run: make deb" >&2
    exit 1
}
apt-ftparchive -o APT::FTPArchive::Release::Origin=kf -o APT::FTPArchive::Release::Label=kf \
    -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
    -o "APT::FTPArchive::Release::Architectures=$architectures" -o APT::FTPArchive::Release::Components=main \
    release dists/stable >Release.new
mv Release.new dists/stable/Release
gpg --batch --yes --local-user "$key" --armor --detach-sign --output dists/stable/Release.gpg dists/stable/Release
gpg --batch --yes --local-user "$key" --clearsign --output dists/stable/InRelease dists/stable/Release
gpg --batch --yes --export "$key" >kf-archive-keyring.gpg
echo "$repo: $architectures, signed by $key"
