import { existsSync } from 'node:fs';

/** What `sh` is on the hosts of this field. */
const SHELLS = [
  { name: 'dash', path: '/bin/dash', install: 'dash' },
  { name: 'bash', path: '/bin/bash', install: 'bash' },
  { name: 'busybox', path: '/bin/busybox', install: 'busybox' },
  { name: 'mksh', path: '/bin/mksh', install: 'mksh' },
  { name: 'zsh', path: '/bin/zsh', install: 'zsh' },
] as const;

const missing = SHELLS.filter((shell) => !existsSync(shell.path)).map((shell) => shell.install);
const sentence = `shells are missing: apt-get install -y --no-install-recommends ${missing.join(' ')}`;
// a part that is missing is said by name; in CI that fails the run
if (missing.length > 0 && process.env['CI'] !== undefined) throw new Error(sentence);
if (missing.length > 0) console.warn(`skipped: ${sentence}`);

export const shells = SHELLS.filter((shell) => existsSync(shell.path));
