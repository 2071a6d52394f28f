#!/usr/bin/env bash
# WHAT: a list of SHA-256 sums of names with a backslash or a newline is written in three ways: GNU sha256sum escapes both
#       and marks the line with a leading backslash, busybox's escapes nothing and its -c does not know the mark (so it
#       calls a whole file FAILED), and `openssl dgst -r` escapes and marks newlines but leaves backslashes as they are.
# VERSION: coreutils 9.1, busybox 1.35.0, OpenSSL 3.0 (Debian 12)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: sums made on one machine and checked on another "fail" for whole files, and a reader that keys by the
#       printed name loses files. Compare by position in the list that was asked for, never by the name in the answer.
set -u
for tool in sha256sum busybox openssl; do
  command -v "$tool" > /dev/null || { echo "missing Debian packages: coreutils busybox openssl"; exit 2; }
done
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
mkdir files && cd files || exit 2
printf x > 'a\b'
printf y > 'c
d'
sha256sum --version | head -n 1; busybox 2>&1 | head -n 1; openssl version
gnu=$(sha256sum -- *); box=$(busybox sha256sum -- *); ssl=$(openssl dgst -sha256 -r -- *)
printf 'GNU:\n%s\nbusybox:\n%s\nopenssl:\n%s\n' "$gnu" "$box" "$ssl"
printf '%s\n' "$gnu" > ../gnu
checked=$(busybox sha256sum -c ../gnu 2> /dev/null); code=$?
printf 'busybox sha256sum -c of the GNU list: exit %s\n%s\n' "$code" "$checked"
marked() { printf '%s\n' "$1" | grep -c '^\\'; }
[ "$(marked "$gnu") $(marked "$box") $(marked "$ssl") $code" = '2 0 1 1' ] || { echo CHANGED; exit 1; }
echo 'as found'
