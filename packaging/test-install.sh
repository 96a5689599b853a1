#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-install.sh TARBALL: installs, installs again, upgrades and uninstalls it in a home that is thrown away, as nobody in
# particular. As root it also tries what install.sh does for root, in a mount namespace with an /etc and a /usr/local of its
# own; it calls itself for that: test-install.sh TARBALL --in-namespace FOLDER.
set -euo pipefail
tarball=$(readlink -f "${1:?usage: test-install.sh TARBALL}")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir "$work/home" "$work/tmp"
tar -C "$work" -xf "$tarball"
root=$(echo "$work"/kf-*)
home=$work/home
passed=0
is() { # is OUTCOME COMMAND...
    local what=$1
    shift
    if ! "$@"; then
        echo "FAILED: $what" >&2
        sed 's/^/  | /' "$work/out" >&2
        exit 1
    fi
    passed=$((passed + 1))
}
says() { grep -q -- "$1" "$work/out"; }
not() { ! "$@"; }
files() { find "$1" -type f | wc -l; }
listing() { (cd "$1" && find . -printf '%P %y %m\n' | LC_ALL=C sort); }
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k2); }
user() { # as a person without rights, when this runs as root
    if [ "$(id -u)" -eq 0 ]; then
        chown -R 65534:65534 "$work" && chmod 755 "$work"
        setpriv --reuid 65534 --regid 65534 --clear-groups env -i HOME="$home" TMPDIR="$work/tmp" PATH=/usr/bin:/bin "$@" >"$work/out" 2>&1
    else
        env -i HOME="$home" TMPDIR="$work/tmp" PATH=/usr/bin:/bin "$@" >"$work/out" 2>&1
    fi
}
install() { user "$root/install.sh" "$@"; }
no_temporary() { [ -z "$(find "$home" -name '.*kf-??????'; ls -A "$work/tmp")" ]; }

installing() {
    is "installs without root" install
    is "into ~/.local" test -x "$home/.local/bin/kflash"
    is "which then runs" user "$home/.local/bin/kflash" --version
    is "" install
    is "warns of PATH" says "is not in PATH"
    is "warns of a missing tree" says "neither ~/klipper nor ~/kalico"
    cp "$work/out" "$work/said"
    user id -nG
    if says '\bdialout\b'; then
        is "says nothing of dialout to one who is in it" not grep -q dialout "$work/said"
    else
        is "warns of dialout" grep -q "not in the group dialout" "$work/said"
    fi
    listing "$home" >"$work/first"
    is "again" install
    listing "$home" >"$work/second"
    is "changes nothing the second time" cmp -s "$work/first" "$work/second"
    is "leaves .bashrc alone unless asked" test ! -e "$home/.bashrc"

    mkdir -p "$home/.config/kflash" && echo '{}' >"$home/.config/kflash/devices.json"
    echo mine >"$home/.local/bin/mine"
    printf '%s\n' "file share/old/page.1" "folder share/old" >>"$home/.local/share/kf/installed-files"
    mkdir "$home/.local/share/old" && echo old >"$home/.local/share/old/page.1"
    is "upgrades" install
    is "and takes away what the new version has not" test ! -e "$home/.local/share/old"
    is "and from the list" not grep -q share/old "$home/.local/share/kf/installed-files"
    is "uninstalls" install --uninstall
    is "leaves nothing of its own" test "$(find "$home/.local" ! -type d | wc -l)" -eq 1
    is "and no folder of its own" test "$(cd "$home/.local" && find . -type d | sort | xargs)" = ". ./bin"
    is "leaves other files" test -e "$home/.local/bin/mine"
    is "leaves the registry" test -e "$home/.config/kflash/devices.json"
    is "uninstalls twice" install --uninstall
    is "and says so" says "Nothing of kf"
    is "refuses --prefix without a folder" not install --prefix
    is "and an empty one" not install --prefix=
}

path_in_bashrc() {
    local rc=$home/.bashrc
    printf 'alias a=b' >"$rc"
    chmod 640 "$rc"
    mv "$rc" "$home/dotfile" && ln -s dotfile "$rc"
    is "adds to PATH when asked" install --add-to-path
    is "" install --add-to-path
    is "one line only, after a last line without its end" test "$(sed -n '1p;2s/=.*//p' "$rc" | xargs) $(wc -l <"$rc")" = "alias a=b export PATH 2"
    is "which does it" test "$(env -i HOME="$home" PATH=/usr/bin:/bin bash -c '. ~/.bashrc; command -v kflash')" = "$home/.local/bin/kflash"
    is "through a link" test -L "$rc"
    is "with the same mode" test "$(stat -c %a "$home/dotfile")" = 640
    printf 'caf\351 = 1\n' >>"$rc" # not UTF-8: nothing may take it for binary
    is "" install --uninstall
    is "uninstall takes our line away and no other" cmp -s "$rc" <(printf 'alias a=b\ncaf\351 = 1\n')
    is "through the link, too" test -L "$rc"
    is "and keeps the mode" test "$(stat -c %a "$home/dotfile")" = 640
    rm "$rc" "$home/dotfile"
    is "makes .bashrc when there is none" install --add-to-path
    is "readable as others are" test "$(stat -c %a "$rc")" = 644
    is "" install --uninstall
    # shellcheck disable=SC2016  # the dollar is a part of the name
    is "takes a prefix that the shell would read" install --add-to-path --prefix "$home/a \$HOME \"b\""
    is "and is there" test "$(env -i HOME="$home" PATH=/usr/bin:/bin bash -c '. ~/.bashrc; command -v kplot')" = "$home/a \$HOME \"b\"/bin/kplot"
    is "" install --prefix "$home/a \$HOME \"b\"" --uninstall
    is "and gone" test "$(files "$home/a \$HOME \"b\"") $(wc -c <"$rc")" = "0 0"
    is "and nothing temporary is left" no_temporary
}

names_of_one_folder() {
    local count
    is "" install --prefix "$home/p"
    count=$(files "$home/p")
    ln -s p "$home/link"
    for name in "$home/p/" "$home/./p" "$home//p" "$home/link" "$home/link/../p/."; do
        is "installs again by another name" install --prefix "$name"
        is "and all is there" test "$(files "$home/p")" -eq "$count"
    done
    is "a relative name" user sh -c "cd '$home' && '$root/install.sh' --prefix p"
    is "too" test "$(files "$home/p")" -eq "$count"
    is "uninstalls by another name" install --prefix "$home/link/" --uninstall
    is "wholly" test "$(files "$home/p")" -eq 0

    is "" install --prefix "$home/p"
    cp -a "$home/p" "$home/copy"
    sums "$home/p" >"$work/first"
    is "uninstalls a copied prefix" install --prefix "$home/copy" --uninstall
    is "wholly" test "$(files "$home/copy")" -eq 0
    is "and not the one it was copied from" cmp -s "$work/first" <(sums "$home/p")
    rm -r "$home/copy"
}

forged_lists() { # goes on with what names_of_one_folder left
    local list=$home/p/share/kf/installed-files line
    cp "$list" "$work/list"
    echo dear >"$home/dear"
    for line in "file ../dear" "file share/../../dear" "file $home/dear" "$home/dear" "folder .." "file share/./../../dear" \
        "rule 0 $home/dear" "file bin/" "file home/dear" ""; do
        { cat "$work/list"; printf '%s' "$line"; [ -n "$line" ] || echo; } >"$list" # without an end of line, too
        sums "$home" >"$work/first"
        is "refuses a list with '$line'" not install --prefix "$home/p" --uninstall
        is "and says which" says "installed-files"
        is "at an upgrade, too" not install --prefix "$home/p"
        is "and changes nothing" cmp -s "$work/first" <(sums "$home")
    done
    cp "$work/list" "$list"
    is "" install --prefix "$home/p" --uninstall
    rm "$home/dear"
}

files_of_others() {
    mkdir -p "$home/f/bin" "$home/f/share/man"
    echo "another kflash" >"$home/f/bin/kflash"
    listing "$home/f" >"$work/first"
    is "refuses to overwrite another kflash" not install --prefix "$home/f"
    is "and names it" says "$home/f/bin/kflash is there already"
    is "and what to try" says "pip uninstall"
    is "and has changed nothing" cmp -s "$work/first" <(listing "$home/f")
    is "nor the file" grep -qx "another kflash" "$home/f/bin/kflash"
    is "nor takes it away" install --prefix "$home/f" --uninstall
    is "ever" grep -qx "another kflash" "$home/f/bin/kflash"
    rm "$home/f/bin/kflash" && ln -s nowhere "$home/f/bin/kflash"
    is "refuses a dangling link" not install --prefix "$home/f"
    rm "$home/f/bin/kflash"
    is "installs when it is gone" install --prefix "$home/f"
    is "" install --prefix "$home/f" --uninstall
    is "an empty folder that was there stays" test "$(cd "$home/f" && find . | sort | xargs)" = ". ./bin ./share ./share/man"
}

full() { # full BLOCKS ARGUMENTS...: no file can be longer; the signal ignored, so that a write fails as on a full disk
    # shellcheck disable=SC2016  # for the inner shell
    user sh -c 'trap "" XFSZ; ulimit -f "$0"; exec "$@"' "$1" "$root/install.sh" "${@:2}"
}
what_fails() {
    local size
    mkdir -p "$home/u/share" "$home/u/bin"
    user chmod 555 "$home/u/share"
    is "refuses a share that cannot be written" not install --prefix "$home/u"
    is "and says which" says "No right to write $home/u/share"
    is "before anything is in" test "$(cd "$home/u" && find . | sort | xargs)" = ". ./bin ./share"
    chmod 755 "$home/u/share"
    mkdir "$home/u/share/man"
    # Half of the smallest tool is more than the largest page: it stops at the first tool. sh counts in 512 bytes.
    size=$(stat -c %s "$root"/bin/* | sort -n | head -1)
    is "fails when the disk is full" not full $((size / 1024)) --prefix "$home/u"
    is "and says what to do" says "with --uninstall"
    is "with some files in" test "$(files "$home/u")" -gt 10
    is "and no tool" test "$(files "$home/u/bin")" -eq 0
    is "and nothing temporary" no_temporary
    is "uninstall undoes it" install --prefix "$home/u" --uninstall
    is "wholly" test "$(cd "$home/u" && find . | sort | xargs)" = ". ./bin ./share ./share/man"
    is "" not full $((size / 1024)) --prefix "$home/u"
    is "or a second run ends it" install --prefix "$home/u"
    is "" install --prefix "$home/u" --uninstall
    is "fails when nothing can be written" not full 0 --prefix "$home/v"
    is "and leaves no folder" test "$(find "$home/v" -mindepth 1 | wc -l)" -eq 0
    is "and nothing temporary" no_temporary
    is "with umask 077" user sh -c "umask 077; exec '$root/install.sh' --prefix '$home/m'"
    is "others can read" test "$(find "$home/m" -type d ! -perm 755 -o -type f ! -perm -444 | wc -l)" -eq 0
    is "" install --prefix "$home/m" --uninstall
    is "refuses another processor's tarball" not user sh -c "echo other >'$root/share/kf/architecture'; exec '$root/install.sh' --prefix '$home/w'"
    is "with a reason" says "This tarball is for other"
    is "and makes nothing" test ! -e "$home/w"
}

own_system() { # an /etc and a /usr/local that nobody else sees, with a person who calls sudo
    mkdir "$work/etc"
    cp -a /etc/. "$work/etc/"
    touch "$work/etc/kf-own"
    mount --bind "$work/etc" /etc
    mount -t tmpfs -o mode=755 tmpfs /usr/local
    [ -e /etc/kf-own ] && [ ! -e /usr/local/bin ]
    rm -rf /etc/udev/rules.d /etc/polkit-1/rules.d
    mkdir -p /etc/udev/rules.d /etc/polkit-1/rules.d /usr/local/bin /usr/local/share/man
    ln -s share/man /usr/local/man
    echo "kfperson:x:65533:65533::$home:/bin/sh" >>/etc/passwd
    chmod 755 "$work"
    chown 65533 "$home"
    mount -t tmpfs -o mode=755 tmpfs /run # without systemd, at first
    rm -rf /etc/systemd/system/kflash-guard@.service
    mkdir "$work/commands"
    printf '#!/bin/sh\necho "$*" >>%s\n' "$work/systemctl-was-told" >"$work/commands/systemctl"
    chmod 755 "$work/commands/systemctl"
}
sudo_install() { (umask 077; env -i HOME=/root PATH="$work/commands:/usr/sbin:/usr/bin:/bin" SUDO_USER=kfperson "$root/install.sh" "$@") >"$work/out" 2>&1; }
as_root() {
    local udev=/etc/udev/rules.d/60-kflash.rules polkit=/etc/polkit-1/rules.d/60-kflash.rules list
    local guard=/etc/systemd/system/kflash-guard@.service told=$work/systemctl-was-told
    is "root installs" sudo_install
    is "into /usr/local" test -x /usr/local/bin/kflash
    is "with both rules" test -s $udev -a -s $polkit
    is "for everybody" test "$(find /usr/local $udev $polkit -type d ! -perm 755 -o -type f ! -perm -444 | wc -l)" -eq 0
    is "warns the person who called sudo of dialout" says "kfperson is not in the group dialout"
    is "and of the missing tree in that home" says "neither ~/klipper nor ~/kalico"
    is "not of rules" not says "rules for udev"
    mkdir "$home/klipper"
    sed -i 's/^\(dialout:.*\)$/\1kfperson/; s/:\([a-z]*\)kfperson$/:kfperson/' /etc/group
    is "" sudo_install --prefix /usr/local/
    is "says nothing to one who has both" not says "warning: .*\(dialout\|klipper\)"
    is "/usr/local/ is root's own prefix" test -s $udev -a -s $polkit
    echo "# mine" >>$udev
    is "" sudo_install
    is "keeps a rule that a person changed" grep -qx "# mine" $udev
    is "and says so" says "$udev is not as we wrote it"
    cp -a /usr/local "$work/copy"
    is "uninstalls a copy of the prefix" sudo_install --prefix "$work/copy" --uninstall
    is "without a say in /etc" test -e $polkit
    is "uninstalls" sudo_install --uninstall
    is "keeps the changed rule" grep -qx "# mine" $udev
    is "and takes the other" test ! -e $polkit
    is "and the files" test "$(files /usr/local)" -eq 0
    is "the system's empty folders stay" test "$(cd /usr/local && find . | sort | xargs)" = ". ./bin ./man ./share ./share/man"
    is "a foreign rule" sudo_install
    is "stays, too" grep -qx "# mine" $udev
    is "" sudo_install --uninstall
    is "for ever" grep -qx "# mine" $udev
    rm $udev
    is "" sudo_install
    is "" sudo_install --uninstall
    is "both rules go when nobody changed them" test ! -e $udev -a ! -e $polkit

    is "" sudo_install
    is "no guardian's unit where systemd does not run" test ! -e $guard -a ! -e "$told"
    is "and says so" says "unit was not installed"
    mkdir -p /run/systemd/system
    is "installs again, under systemd" sudo_install
    is "now with the unit, for everybody to read" test "$(stat -c %a $guard)" = 644
    is "which starts the kflash that was installed" grep -qx "ExecStart=/usr/local/bin/kflash guard %i" $guard
    is "and is the unit otherwise" test "$(diff "$root/lib/systemd/system/kflash-guard@.service" $guard | grep -c '^[<>]')" = 2
    is "and systemd reads it" test "$(cat "$told")" = daemon-reload
    is "and says nothing of it" not says unit
    is "" sudo_install
    is "once more, and the unit is ours still" test "$(grep -c "kflash-guard@" /usr/local/share/kf/installed-files)" = 1
    rm -r /run/systemd/system && is "" sudo_install && mkdir -p /run/systemd/system
    is "uninstalls what a run under systemd installed" sudo_install --uninstall
    is "with the unit" test ! -e $guard
    is "and systemd knows" test "$(tail -1 "$told")" = daemon-reload
    is "" sudo_install
    echo "# mine" >>$guard
    is "" sudo_install
    is "keeps a unit that a person changed" grep -qx "# mine" $guard
    is "and says so" says "$guard is not as we wrote it"
    is "" sudo_install --uninstall
    is "at the end, too" grep -qx "# mine" $guard
    is "and says so" says "$guard is not as we wrote it and stays"
    echo "[Service]" >$guard
    is "" sudo_install
    is "somebody's own unit stays" test "$(cat $guard)" = "[Service]"
    is "" sudo_install --uninstall
    is "for ever" test "$(cat $guard)" = "[Service]"
    rm $guard

    is "root takes another prefix" sudo_install --prefix "$work/opt" --add-to-path
    is "which has no rules" test ! -e $udev -a ! -e $guard
    is "and says why" says "with /usr/local and /usr only"
    is "the line goes to the person's .bashrc" grep -q "$work/opt/bin" "$home/.bashrc"
    is "which stays the person's" test "$(stat -c %u "$home/.bashrc")" -eq 65533
    list=$work/opt/share/kf/installed-files
    mkdir "$work/dear" && echo dear >"$work/dear/dear"
    ln -s "$work/dear" "$work/opt/share/link"
    cp "$list" "$work/list"
    echo "file share/link/dear" >>"$list"
    is "refuses a list that leads root out by a link" not sudo_install --prefix "$work/opt" --uninstall
    is "and says so" says "by a link"
    is "and takes nothing" test -e "$work/dear/dear" -a -e "$work/opt/bin/kflash"
    { cat "$work/list"; echo "rule $(sha256sum <"$work/dear/dear" | cut -d' ' -f1) $work/dear/dear"; } >"$list"
    is "refuses a rule of no known name" not sudo_install --prefix "$work/opt" --uninstall
    cp "$work/list" "$list"
    is "" sudo_install --prefix "$work/opt" --uninstall
    is "and out of .bashrc again" not grep -q "$work/opt" "$home/.bashrc"
    mkdir "$work/tiny" && mount -t tmpfs -o nr_inodes=3,mode=755 tmpfs "$work/tiny"
    is "fails when the list cannot be written" not sudo_install --prefix "$work/tiny"
    is "and leaves no folder" test "$(find "$work/tiny" | wc -l)" -eq 1
    umount "$work/tiny"
    mkdir "$work/x" && ln -s "$work/dear" "$work/x/share"
    is "installs through no such link" not sudo_install --prefix "$work/x"
    is "at all" test "$(files "$work/dear")" -eq 1
}

touch "$work/out"
if [ "${2-}" = --in-namespace ]; then
    own_system
    as_root
    echo "$passed" >"$3/passed"
    exit 0
fi
(cd "$root" && sha256sum --quiet -c SHA256SUMS)
passed=$((passed + 1))
installing
path_in_bashrc
names_of_one_folder
forged_lists
files_of_others
what_fails
if [ "$(id -u)" -eq 0 ] && unshare --mount sh -c 'mount -t tmpfs tmpfs /usr/local' 2>/dev/null; then
    unshare --mount "$BASH" "$0" "$tarball" --in-namespace "$work"
    passed=$((passed + $(cat "$work/passed")))
else
    echo "not run: what it does for root (needs root and unshare --mount)"
fi
echo "install.sh: $passed outcomes as they should be"
