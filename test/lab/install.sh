#!/usr/bin/env bash
# Installs every real part that the tests need (Debian, as root). What is built is kept in MQI_LAB, outside the work tree.
set -euo pipefail
lab=${MQI_LAB:-/var/cache/mqi-lab}
mkdir -p "$lab"
PATH=$PATH:/usr/sbin:/sbin

wanted=()
for pair in sshd:openssh-server ssh:openssh-client strace:strace systemd-analyze:systemd python3:python3 faketime:faketime xfs_io:xfsprogs nft:nftables ip:iproute2 \
  chromium:chromium \
  bindfs:bindfs bsdtar:libarchive-tools busybox:busybox mksh:mksh zsh:zsh setsid:util-linux; do
  command -v "${pair%%:*}" > /dev/null || wanted+=("${pair##*:}")
done
if [ "${#wanted[@]}" -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}"
fi

for version in 4.0.4 3.4.1; do
  [ -x "$lab/pueue-$version/bin/pueued" ] || cargo install pueue --version "$version" --locked --quiet --root "$lab/pueue-$version"
done
