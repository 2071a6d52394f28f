#!/bin/sh
# WHAT: what a shell says of `< file` tells ENOENT from other errors, but not in dash and busybox sh: for ENOTDIR (a
#       parent is a file) they say "No such file" as well. bash, mksh and zsh say "Not a directory".
# VERSION: dash 0.5.12, bash 5.2.15, busybox 1.35.0, mksh 59c, zsh 5.9 (Debian 12)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: `[ -e x ]` is false for EACCES, EIO and ESTALE too, so a script that must not take "cannot be seen" for
#       "is not there" reads the shell's own words. In those two the parent must be looked at first.
set -u
temp=$(mktemp -d) || exit 2
trap 'rm -rf "$temp"' EXIT
: > "$temp/file"
changed=no
try() { # EXPECTED SHELL…
  expected=$1; shift
  command -v "$1" > /dev/null || { echo "missing: apt-get install $1"; exit 2; }
  absent=$(LC_ALL=C "$@" -c '{ :; } < "$1"' sh "$temp/absent" 2>&1)
  below=$(LC_ALL=C "$@" -c '{ :; } < "$1"' sh "$temp/file/x" 2>&1)
  printf '%-10s ENOENT:  %s\n%-10s ENOTDIR: %s\n' "$1" "$absent" '' "$below"
  case $absent in *'o such file'*) ;; *) changed=yes ;; esac
  case $below in *"$expected"*) ;; *) changed=yes ;; esac
}
try 'No such file' dash
try 'ot a directory' bash
try 'o such file' busybox sh
try 'ot a directory' mksh
try 'ot a directory' zsh
[ "$changed" = no ] || { echo 'CHANGED'; exit 1; }
echo 'as described'
