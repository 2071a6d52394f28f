import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync, writeSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/** A file system of a few pages in memory, for what happens on a full disk. */
export interface SmallDisk {
  /** Writes a file until nothing more goes in; returns how to make the room again. */
  fill(): () => void;
  resize(size: string): void;
  setReadOnly(readOnly: boolean): void;
}

function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

/** Only root may mount, and not in every container. */
export const canMount = probe();

function probe(): boolean {
  if (process.getuid?.() !== 0) return false;
  const folder = join('/tmp', `mqi-mount-probe-${process.pid}`);
  mkdirSync(folder);
  const mounted = mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder);
  if (mounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return mounted;
}

/** `size` as mount(8) takes it: `2m`. Gone with the test, whoever still has a file open there. */
export function createSmallDisk(folder: string, size: string): SmallDisk {
  mkdirSync(folder, { recursive: true });
  if (!mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)) throw new Error(`cannot mount ${folder}`);
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  const remount = (options: string): void => {
    if (!mount('-o', `remount,${options}`, folder)) throw new Error(`cannot remount ${folder} with ${options}`);
  };
  return {
    fill() {
      const filler = join(folder, 'filler');
      const fd = openSync(filler, 'w');
      const page = Buffer.alloc(4_096, 'f');
      try {
        while (statfsSync(folder).bavail > 0) writeSync(fd, page);
      } catch {
        // it is full
      }
      closeSync(fd);
      return () => {
        writeFileSync(filler, '');
        rmSync(filler);
      };
    },
    resize: (to) => remount(`size=${to}`),
    setReadOnly: (readOnly) => remount(readOnly ? 'ro' : 'rw'),
  };
}
