import type { access, lstat, open, readdir, realpath } from 'node:fs/promises';

import type { Clock } from '../../domain/clock.ts';

/** What the page asks of a file system. */
export interface FileSystem {
  readonly access: typeof access;
  readonly lstat: typeof lstat;
  readonly open: typeof open;
  readonly readdir: typeof readdir;
  readonly realpath: typeof realpath;
}

/** One file system that may stand still, as a network's does when its server is gone. */
export interface Disk {
  /**
   * Rejects when it has not answered for `ANSWER_MS`, or is known to stand still. `late` takes what comes after that: a
   * file that was opened, and nobody waits for any more.
   */
  read<T>(work: (fs: FileSystem) => Promise<T>, late?: (value: T) => void): Promise<T>;
}

/** The two that a page reads: their servers may differ, and one that stands still must not hold up the other. */
export interface Disks {
  readonly results: Disk;
  readonly inputs: Disk;
}

/** Who looks at a page waits no longer. */
export const ANSWER_MS = 2_000;
/** Reads that wait for their turn. */
const MOST_WAITING = 200;

export function createDisks(fs: FileSystem, clock: Clock): Disks {
  return { results: createDisk(fs, clock), inputs: createDisk(fs, clock) };
}

/**
 * One read at a time. A read that hangs cannot be called off, and holds one of the four threads that the whole process has
 * for files, the daemon's own uploads and collections included: so no second one begins before it has ended.
 */
export function createDisk(fs: FileSystem, clock: Clock): Disk {
  const waiting: (() => void)[] = [];
  /** When the read that is under way began; null: none is. */
  let sinceMs: number | null = null;

  const next = (): void => {
    sinceMs = null;
    waiting.shift()?.();
  };

  return {
    read<T>(work: (fs: FileSystem) => Promise<T>, late: (value: T) => void = () => {}) {
      const stands = sinceMs !== null && clock.monotonic() - sinceMs >= ANSWER_MS;
      if (stands || waiting.length >= MOST_WAITING) return Promise.reject(new UnansweredError());
      return new Promise<T>((resolve, reject) => {
        let isLate = false;
        const begin = (): void => {
          sinceMs = clock.monotonic();
          void work(fs)
            .then(
              (value) => (isLate ? late(value) : resolve(value)),
              (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
            )
            .finally(() => {
              cancel();
              next();
            });
        };
        const cancel = clock.after(ANSWER_MS, () => {
          isLate = true;
          const turn = waiting.indexOf(begin);
          if (turn !== -1) waiting.splice(turn, 1);
          reject(new UnansweredError());
        });
        if (sinceMs === null) begin();
        else waiting.push(begin);
      });
    },
  };
}

/** The disk stands still: that says nothing of what lies on it. */
export class UnansweredError extends Error {
  constructor() {
    super(`it has not answered for ${ANSWER_MS / 1_000} s: is its file server there?`);
    this.name = 'UnansweredError';
  }
}
