import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/** A disk of its own whose power can be cut: an ext4 in a file. What was not flushed by then never was. Needs root. */
export interface LoopDisk {
  /**
   * Nothing is written any more. Whoever works there must stand still first, as everything does that has no power:
   * a flush on its way while ext4 is shut down can be answered with success (Linux 6.18: by 21 of 200 cuts), and lost.
   */
  cutPower(): void;
  /** Mounted again, as after a reboot, as soon as whoever had files open there has ended. */
  restorePower(): Promise<void>;
}

/** Why there can be none on this machine; null when there can. */
export function whyLoopDiskIsMissing(): string | null {
  if (process.getuid?.() !== 0) return 'loop devices need root';
  const missing = ['/usr/sbin/xfs_io', '/usr/sbin/mkfs.ext4', '/dev/loop-control'].filter((file) => !existsSync(file));
  return missing.length === 0 ? null : `no ${missing.join(', no ')}: apt-get install xfsprogs e2fsprogs`;
}

/** `image`: where the disk's file is to lie. Gone when `ends` says so, whoever still has a file open there. */
export function createLoopDisk(folder: string, image: string, ends: (takeDown: () => void) => void): LoopDisk {
  const run = (command: string, ...args: readonly string[]): void => {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const isUnmounted = (): boolean => spawnSync('umount', [folder], { stdio: 'ignore' }).status === 0;
  mkdirSync(folder, { recursive: true });
  run('truncate', '-s', '64M', image);
  run('mkfs.ext4', '-q', image);
  run('mount', '-o', 'loop', image, folder);
  ends(() => {
    run('umount', '-l', folder);
    rmSync(image);
  });
  return {
    cutPower: () => run('xfs_io', '-x', '-c', 'shutdown', folder),
    async restorePower() {
      const begun = performance.now();
      // the kernel may still be burying who was there
      while (!isUnmounted()) {
        if (performance.now() - begun > PATIENCE_MS) throw new Error(`${folder} is still busy`);
        await wait(20);
      }
      run('mount', '-o', 'loop', image, folder);
    },
  };
}
