// The real parts that tests need beside Node, where they are looked for, and what installs each.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where `test/lab/install.sh` keeps what it builds; outside the work tree, so that a clean clone finds it again. */
export const lab = process.env.MQI_LAB ?? '/var/cache/mqi-lab';

const PARTS = [
  { name: 'sshd', paths: ['/usr/sbin/sshd'], install: 'apt-get install openssh-server' },
  { name: 'pueue 4.0.4', paths: [join(lab, 'pueue-4.0.4/bin/pueued')], install: 'test/lab/install.sh' },
  { name: 'pueue 3.4.1', paths: [join(lab, 'pueue-3.4.1/bin/pueued')], install: 'test/lab/install.sh' },
  { name: 'strace', paths: onPath('strace'), install: 'apt-get install strace' },
  { name: 'systemd', paths: onPath('systemd-analyze'), install: 'apt-get install systemd' },
  { name: 'python3', paths: onPath('python3'), install: 'apt-get install python3' },
  { name: 'faketime', paths: onPath('faketime'), install: 'apt-get install faketime' },
  { name: 'busybox', paths: onPath('busybox'), install: 'apt-get install busybox' },
  { name: 'mksh', paths: onPath('mksh'), install: 'apt-get install mksh' },
  { name: 'zsh', paths: onPath('zsh'), install: 'apt-get install zsh' },
  { name: 'bindfs', paths: onPath('bindfs'), install: 'apt-get install bindfs' },
  { name: 'chromium', paths: onPath('chromium'), install: 'apt-get install chromium' },
];

export function missingParts() {
  return PARTS.filter((part) => !part.paths.some(isExecutable));
}

function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, command));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
