#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the kf tools from the unpacked tarball that this script lies in.
#     ./install.sh                    as root into /usr/local, otherwise into ~/.local
#     ./install.sh --prefix DIR       anywhere else
#     ./install.sh --uninstall        takes away what was installed there, and nothing else
#     ./install.sh --add-to-path      also adds one line to ~/.bashrc when the folder is not in PATH
# Run again it installs again: newer files replace older ones. Registry, ledger, configurations and logs are never touched.
#
# PREFIX/share/kf/installed-files says what is ours, one line each:
#     file bin/kflash                 relative to the prefix, so that a moved or copied prefix speaks of itself only
#     folder share/kf                 made by this script: removed when it is empty, as no other folder is
#     rule SHA256 /etc/...            as root: one of three files outside of the prefix, and what was in it when we wrote it
set -eu
umask 022 # what root installs is for everybody to read
unset CDPATH

stop() { # stop LINE...
    printf '%s\n' "$@" >&2
    exit 1
}
exists() { [ -e "$1" ] || [ -L "$1" ]; }
sum() { sha256sum <"$1" | cut -d' ' -f1; }

here=$(cd -- "$(dirname -- "$0")" && pwd)
prefix=""
uninstall=no
add_path=no
while [ $# -gt 0 ]; do
    case $1 in
    --prefix | --prefix=*)
        if [ "$1" != --prefix ]; then
            prefix=${1#--prefix=}
        elif [ $# -ge 2 ]; then
            prefix=$2
            shift
        fi
        [ -n "$prefix" ] || { echo "--prefix needs a folder" >&2; exit 2; }
        ;;
    --uninstall) uninstall=yes ;;
    --add-to-path) add_path=yes ;;
    -h | --help)
        sed -n 's/^# \{0,1\}//; 3,8p' "$0"
        exit 0
        ;;
    *)
        echo "install.sh does not know $1. Try: ./install.sh --help" >&2
        exit 2
        ;;
    esac
    shift
done

# The person whose groups, home and .bashrc count: with sudo not root, but who called it.
root=no
person=$(id -un)
home=${HOME:-}
if [ "$(id -u)" -eq 0 ]; then
    root=yes
    person=${SUDO_USER:-root}
    [ "$person" = root ] || home=$(getent passwd "$person" | cut -d: -f6) || home=""
fi

work=$(mktemp -d)
temp=""     # the new file beside the one that it will replace
stage=start # then: folders (made, but no list yet), files (half of them), finished
clean() {
    status=$?
    rm -rf -- "$work"
    [ -z "$temp" ] || rm -f -- "$temp"
    case $stage in
    folders) remove_folders "$new_folders" ;;
    files) echo "It stopped half way. Run it again, or with --uninstall and the same prefix." >&2 ;;
    esac
    exit $status
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

put() { # put FROM TO MODE: beside the old one and then in its place, so that a running tool is not cut off
    mkdir -p -- "$(dirname -- "$2")"
    temp=$(mktemp -- "$(dirname -- "$2")/.kf-XXXXXX")
    cp -- "$1" "$temp"
    chmod "$3" "$temp"
    mv -fT -- "$temp" "$2"
    temp=""
}

# --- the list of what is ours

entries() { # entries KIND LIST
    sed -n "s/^$1 //p" "$2"
}
stays_inside() { # a link in somebody's prefix must not lead root out of it
    [ $root = yes ] || return 0
    near=$prefix/$(dirname -- "$1")
    while [ ! -d "$near" ]; do near=$(dirname -- "$near"); done
    case $(cd -- "$near" && pwd -P)/ in
    "${prefix%/}/"*) ;;
    *) return 1 ;;
    esac
}
read_list() { # into $work/old; refused when it has a line that this script does not write, as we are to remove by it
    : >"$work/old"
    [ -e "$manifest" ] || return 0
    LC_ALL=C sort -u -- "$manifest" >"$work/old"
    while IFS= read -r line; do
        wrong=""
        case $line in
        "rule "*" /etc/udev/rules.d/60-kflash.rules" | "rule "*" /etc/polkit-1/rules.d/60-kflash.rules" | \
            "rule "*" /etc/systemd/system/kflash-guard@.service") continue ;;
        "file bin/"* | "file share/"* | "folder bin" | "folder bin/"* | "folder share" | "folder share/"*) ;;
        *) wrong="is no line of install.sh's" ;;
        esac
        case /${line#* }/ in */../* | */./* | *//*) wrong="leads out of the prefix" ;; esac
        [ -n "$wrong" ] || stays_inside "${line#* }" || wrong="leads out of the prefix by a link"
        [ -z "$wrong" ] || stop "This line of $manifest $wrong: $line" \
            "Nothing was changed. Try: look at the file, and take the line out if it is not yours."
    done <"$work/old"
}
remove_files() { # remove_files FILE: the paths in it
    while IFS= read -r file; do rm -f -- "$prefix/$file"; done <"$1"
}
remove_folders() { # remove_folders PATHS: the deepest first; one that is not empty or not a folder stays
    printf '%s\n' "$1" | LC_ALL=C sort -r | while IFS= read -r folder; do
        [ -z "$folder" ] || rmdir -- "$prefix/$folder" 2>/dev/null || true
    done
}

# --- the rules of udev and polkit and the guardian's unit, which are read from the system's folders only: these three
# files and no others

rule_kinds="udev polkit guard"
rule_path() {
    case $1 in
    udev) echo /etc/udev/rules.d/60-kflash.rules ;;
    polkit) echo /etc/polkit-1/rules.d/60-kflash.rules ;;
    guard) echo /etc/systemd/system/kflash-guard@.service ;;
    esac
}
rule_file() { # in the tarball
    case $1 in
    udev) echo "$here/lib/udev/rules.d/60-kflash.rules" ;;
    polkit) echo "$here/share/polkit-1/rules.d/60-kflash.rules" ;;
    guard) echo "$here/lib/systemd/system/kflash-guard@.service" ;;
    esac
}
rule_text() { # what is to be in rule_path, in a file; the unit has our kflash in it
    sed "s,^ExecStart=/usr/bin/,ExecStart=$prefix/bin/," "$(rule_file "$1")" >"$work/$1" && echo "$work/$1"
}
rule_has_a_reader() { [ "$1" != guard ] || [ -d /run/systemd/system ]; } # as sd_booted(3) looks
rule_is_ours() { grep -Fqx -- "rule $(sum "$1") $1" "$work/old"; }
reload_rules() {
    udevadm control --reload >/dev/null 2>&1 || true
    [ ! -d /run/systemd/system ] || systemctl daemon-reload >/dev/null 2>&1 || true
}

# --- PATH

in_path() {
    set -f
    IFS=:
    folder=""
    for folder in $PATH; do
        [ "$(cd -- "$folder" 2>/dev/null && pwd -P)" != "$prefix/bin" ] || break
        folder=""
    done
    unset IFS
    set +f
    [ -n "$folder" ]
}
change_bashrc() { # change_bashrc add|remove: 1 when it cannot be written. A link stays a link, and mode and owner stay
    # Without a home there is nothing to take away.
    bashrc=$(readlink -f -- "${home:-/nonexistent}/.bashrc") || { [ "$1" = remove ]; return; }
    if grep -aFqx -- "$path_line" "$bashrc" 2>/dev/null; then has=yes; else has=no; fi
    case $1:$has in add:yes | remove:no) return 0 ;; esac
    temp=$(mktemp -- "$(dirname -- "$bashrc")/.bashrc-kf-XXXXXX" 2>/dev/null) || return 1
    if [ -e "$bashrc" ]; then
        if ! [ -w "$bashrc" ] || ! cp -p -- "$bashrc" "$temp"; then return 1; fi
    else
        chmod 644 "$temp" && { [ $root = no ] || chown "$person:" "$temp"; } || return 1
    fi
    if [ "$1" = add ]; then
        # Without a newline at its end our line would become a part of theirs.
        if [ -n "$(tail -c1 -- "$temp")" ]; then echo >>"$temp" || return 1; fi
        printf '%s\n' "$path_line" >>"$temp" || return 1
    else
        LC_ALL=C grep -avFx -- "$path_line" "$bashrc" >"$temp" || [ $? -eq 1 ] || return 1
    fi
    mv -fT -- "$temp" "$bashrc" || return 1
    temp=""
}

# --- the two things that it does

uninstall() {
    if [ ! -e "$manifest" ]; then
        echo "Nothing of kf is installed in $prefix."
        return
    fi
    read_list
    [ -w "$prefix/share/kf" ] || stop "No right to change $prefix. Try: sudo ./install.sh --prefix '$prefix' --uninstall"
    stage=files
    entries file "$work/old" >"$work/files"
    remove_files "$work/files"
    for kind in $rule_kinds; do
        path=$(rule_path "$kind")
        # The same list in a copy of the prefix has no say in /etc.
        if [ $rules = no ] || ! exists "$path" || ! entries rule "$work/old" | grep -Fq -- " $path"; then
            continue
        elif rule_is_ours "$path"; then
            rm -f -- "$path"
        else
            echo "$path is not as we wrote it and stays." >&2
        fi
    done
    [ $rules = no ] || reload_rules
    change_bashrc remove || echo "warning: take this line out of ~/.bashrc: $path_line" >&2
    rm -f -- "$manifest" # the last, so that a run that fails can be made again
    stage=finished
    remove_folders "$(entries folder "$work/old")"
    echo "kf is gone from $prefix. Your boards, configurations and logs stay: ~/.config/kflash, ~/.local/state/kflash."
}

check_tarball() {
    [ -d "$here/bin" ] || stop "There is no bin beside install.sh. Run it from the unpacked tarball."
    machine=$(uname -m)
    built=$(cat -- "$here/share/kf/architecture")
    case $built:$machine in
    amd64:x86_64 | arm64:aarch64 | armhf:arm* | armhf:aarch64) ;;
    *) stop "This tarball is for $built, and this machine is $machine. Take the other one." ;;
    esac
    "$here/bin/kflash" --version >/dev/null 2>&1 ||
        stop "bin/kflash does not start here. Is the tarball whole? Try: sha256sum -c SHA256SUMS"
}
check_targets() { # before anything is changed: each can be written, and none is somebody else's
    while IFS= read -r file; do
        stays_inside "$file" || stop "$prefix/$file would lie outside of $prefix, as a folder is a link." \
            "Nothing was changed. Try: the folder that it leads to, with --prefix."
        near=$(dirname -- "$prefix/$file")
        while ! exists "$near"; do near=$(dirname -- "$near"); done
        if ! [ -d "$near" ] || ! [ -w "$near" ]; then
            stop "No right to write $near. Nothing was changed. Use sudo, or ./install.sh --prefix ~/.local"
        fi
        if exists "$prefix/$file" && ! grep -Fqx -- "file $file" "$work/old"; then
            stop "$prefix/$file is there already, and it is not from this tarball. Nothing was changed. Try one of:" \
                "  pip uninstall kflash              when it is another kflash, from PyPI" \
                "  sudo apt remove kflash            when it is our Debian package" \
                "  ./install.sh --prefix ~/kf        to leave it where it is"
        fi
    done <"$work/files"
}
folders_to_make() {
    while IFS= read -r file; do
        folder=$(dirname -- "$file")
        while [ "$folder" != . ]; do
            [ -d "$prefix/$folder" ] || echo "$folder"
            folder=$(dirname -- "$folder")
        done
    done <"$work/files" | LC_ALL=C sort -u
}
choose_rules() { # the lines of the list into $work/rules, the kinds to be written into $rules_to_put
    : >"$work/rules"
    rules_to_put=""
    [ $rules = yes ] || return 0
    for kind in $rule_kinds; do
        path=$(rule_path "$kind")
        text=$(rule_text "$kind")
        if ! rule_has_a_reader "$kind"; then
            echo "note: systemd does not run here: the guardian's unit was not installed. Run this again where it does." >&2
            grep "^rule .* $path\$" "$work/old" >>"$work/rules" || true
        elif ! exists "$path" || rule_is_ours "$path"; then
            rules_to_put="$rules_to_put $kind"
            echo "rule $(sum "$text") $path" >>"$work/rules"
        else
            # Ours once and changed since: the old line stays, so that it stays known as changed.
            grep "^rule .* $path\$" "$work/old" >>"$work/rules" || true
            cmp -s -- "$text" "$path" ||
                echo "$path is not as we wrote it and stays. Ours is $(rule_file "$kind")" >&2
        fi
    done
}
install_all() {
    check_tarball
    mkdir -p -- "$prefix" 2>/dev/null || stop "No right to make $prefix. Use sudo, or ./install.sh --prefix ~/.local"
    settle_prefix
    read_list
    # The tools last: what they need is there when they are.
    (cd -- "$here" && find share bin -type f ! -path 'share/polkit-1/*' | LC_ALL=C sort -r) >"$work/files"
    check_targets
    choose_rules
    new_folders=$(folders_to_make)
    sed 's/^/file /' "$work/files" >"$work/new"
    cat "$work/rules" >>"$work/new"
    printf '%s\n' "$new_folders" | sed -n 's/^./folder &/p' >>"$work/new"

    # The list comes first and has the old and the new: whatever happens after this, --uninstall finds all of it.
    stage=folders
    LC_ALL=C sort -u "$work/old" "$work/new" >"$work/both"
    put "$work/both" "$manifest" 644
    stage=files
    while IFS= read -r file; do
        case $file in bin/*) mode=755 ;; *) mode=644 ;; esac
        put "$here/$file" "$prefix/$file" $mode
    done <"$work/files"
    for kind in $rules_to_put; do put "$(rule_text "$kind")" "$(rule_path "$kind")" 644; done
    [ -z "$rules_to_put" ] || reload_rules

    # What an older version had and this one has not goes away.
    entries file "$work/old" | grep -Fvx -f "$work/files" >"$work/gone" || true
    remove_files "$work/gone"
    remove_folders "$(entries folder "$work/both")"
    entries folder "$work/both" | while IFS= read -r folder; do
        [ ! -d "$prefix/$folder" ] || echo "folder $folder"
    done >"$work/folders"
    grep -v '^folder ' "$work/new" | LC_ALL=C sort -u - "$work/folders" >"$work/final"
    put "$work/final" "$manifest" 644
    stage=finished
    echo "$("$prefix/bin/kflash" --version) is installed in $prefix."
}
advise() { # what a person has to do yet
    if ! in_path; then
        if [ $add_path = no ]; then
            echo "warning: $prefix/bin is not in PATH. Run ./install.sh --add-to-path, or: ${path_line% # kf}" >&2
        elif change_bashrc add; then
            echo "$prefix/bin was added to PATH in $home/.bashrc. Open a new shell."
        else
            echo "warning: .bashrc cannot be written. Add this line to it: $path_line" >&2
        fi
    fi
    if [ $root = no ]; then
        echo "note: the rules for udev and polkit and the guardian's unit are installed by root only;" \
            "they are in lib and share/polkit-1 here." >&2
    elif [ $rules = no ]; then
        echo "note: the rules for udev and polkit and the guardian's unit are installed with /usr/local and /usr only," \
            "not with --prefix $prefix; they are in lib and share/polkit-1 here." >&2
    fi
    [ "$person" != root ] || return 0
    # One's own groups are those of this login; of somebody else only the file's are known. One without a name is no fault.
    if [ $root = yes ]; then groups=$(id -nG -- "$person" 2>/dev/null); else groups=$(id -nG 2>/dev/null); fi || true
    case " $groups " in
    *" dialout "*) ;;
    *) echo "warning: $person is not in the group dialout: sudo usermod -aG dialout $person, then log out and in" >&2 ;;
    esac
    if [ ! -d "$home/klipper" ] && [ ! -d "$home/kalico" ]; then
        echo "warning: there is neither ~/klipper nor ~/kalico. Tell kflash where: kflash settings --klipper-dir DIR" >&2
    fi
}

settle_prefix() { # the one name of the folder, whatever slashes, dots and links it was given with
    prefix=$(cd -- "$prefix" && pwd -P)
    manifest=$prefix/share/kf/installed-files
    path_line="export PATH=\"$(printf %s "$prefix" | sed 's/[\\"$`]/\\&/g')/bin:\$PATH\" # kf"
    rules=no
    if [ $root = yes ]; then
        for own in /usr /usr/local; do [ "$prefix" != "$(cd $own && pwd -P)" ] || rules=yes; done
    fi
}

if [ -z "$prefix" ]; then
    if [ $root = yes ]; then prefix=/usr/local; else prefix=${home:?is not set. Use --prefix DIR}/.local; fi
fi
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
if [ $uninstall = no ]; then
    install_all
    advise
elif [ -d "$prefix" ]; then
    settle_prefix
    uninstall
else
    echo "Nothing of kf is installed in $prefix."
fi
