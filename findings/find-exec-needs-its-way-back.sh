#!/bin/sh
# WHAT: GNU find runs nothing for -exec when it may not return to the directory that it was started in, even for an
#       absolute path. It says "Failed to restore initial working directory" and exits 1. busybox find and bsdtar's kin
#       do not mind.
# VERSION: GNU findutils 4.9.0 (Debian 12), busybox 1.35.0
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: sudo -u, setpriv and sshd start commands in somebody else's home. A clean-up `find PATH -exec chmod …`
#       then does nothing, and what should have been removed stays. `cd /` first.
set -u
for tool in find setpriv busybox; do
  command -v "$tool" > /dev/null || { echo "missing: apt-get install findutils util-linux busybox"; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "needs root, to be an ordinary user in root's directory"; exit 2; }
temp=$(mktemp -d) || exit 2
trap 'rm -rf "$temp"' EXIT
chmod 711 "$temp"
mkdir "$temp/closed" "$temp/open"
chmod 700 "$temp/closed"
chown 65534:65534 "$temp/open"
somebody='setpriv --reuid=65534 --regid=65534 --clear-groups --'
find --version | head -n 1
busybox | head -n 1
cd "$temp/closed" || exit 2
changed=no
said=$($somebody find "$temp/open" -type d -exec touch "$temp/open/gnu" \; 2>&1)
code=$?
echo "GNU find from a closed directory: exit $code, $said"
if [ -e "$temp/open/gnu" ] || [ "$code" = 0 ]; then changed=yes; fi
$somebody busybox find "$temp/open" -type d -exec touch "$temp/open/busybox" \;
echo "busybox find from a closed directory: exit $?"
[ -e "$temp/open/busybox" ] || changed=yes
cd / || exit 2
$somebody find "$temp/open" -type d -exec touch "$temp/open/from-root" \; || changed=yes
[ -e "$temp/open/from-root" ] || changed=yes
[ "$changed" = no ] || { echo 'CHANGED'; exit 1; }
echo 'as described'
