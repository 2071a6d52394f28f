import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';

import { onTestFinished } from 'vitest';

/** A folder of a file server that does not answer: whoever asks for anything in it waits, in the kernel. */
export interface DeadFolder {
  /** The server is back, with an empty folder; those who waited are told an error. */
  revive(): void;
}

/** Why there can be none on this machine; null when there can. */
export const whyDeadFolderIsMissing: string | null = probe();

function probe(): string | null {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  try {
    closeSync(openSync('/dev/fuse', 'r+'));
    return null;
  } catch (error) {
    return `no /dev/fuse here: ${String(error)}`;
  }
}

/** FUSE, of which nobody answers the first request. Gone with the test. */
export function createDeadFolder(folder: string): DeadFolder {
  mkdirSync(folder, { recursive: true });
  const server = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
  const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'dead', folder], {
    stdio: ['ignore', 'ignore', 'pipe', server],
  });
  if (mounted.status !== 0) throw new Error(`cannot mount ${folder}: ${String(mounted.stderr)}`);
  let isDead = true;
  const revive = (): void => {
    if (!isDead) return;
    isDead = false;
    spawnSync('umount', ['-l', folder], { stdio: 'ignore' });
    closeSync(server);
  };
  onTestFinished(revive);
  return { revive };
}
