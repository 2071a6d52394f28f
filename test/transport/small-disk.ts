import { spawnSync } from 'node:child_process';
import { afterEach } from 'vitest';

import { scratch } from './scratch.ts';

const mounted: string[] = [];

function mount(directory: string, options: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]).status === 0;
}

/** Whether this user may mount; tests of full disks need it. */
export const canMount = ((): boolean => {
  if (process.getuid?.() !== 0) return false;
  return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
})();

/** A disk of so many KiB, mounted on a directory of its own. */
export function smallDisk(sizeKiB: number): string {
  const directory = scratch();
  if (!mount(directory, `size=${sizeKiB}k`)) throw new Error('cannot mount a tmpfs');
  mounted.push(directory);
  return directory;
}

export function resize(directory: string, sizeKiB: number): void {
  spawnSync('mount', ['-o', `remount,size=${sizeKiB}k`, directory]);
}

/** Call it after `cleanScratch`: hooks run in reverse order, and a mounted directory cannot be removed. */
export function unmountAfterwards(): void {
  afterEach(() => {
    for (const directory of mounted.splice(0)) spawnSync('umount', ['-l', directory]);
  });
}
