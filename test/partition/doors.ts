import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Places of the host at which its work can be held: it says that it was reached, and waits for as long as the door is shut. */
export const DOORS = ['upload', 'create', 'release', 'collect'] as const;
export type Door = (typeof DOORS)[number];

export interface Doors {
  shut(door: Door): void;
  openAll(): void;
  isReached(door: Door): boolean;
  /** The host has done what was held there. */
  isPassed(door: Door): boolean;
  /** sh that stands before the host's `tar`: both ends of a transfer call it. */
  readonly tar: string;
  /** sh that stands before the host's `mv`, for hosts without pueue: a job's script is put in its place so. */
  readonly mv: string;
  /** sh that stands before the host's `pueue`, as `Hpc.trap` takes it. */
  readonly pueue: string;
}

export function createDoors(folder: string): Doors {
  const file = (door: string, what: 'shut' | 'reached' | 'passed'): string => join(folder, `${what}.${door}`);
  // a door holds whoever came to it while it was shut, and nobody else
  const wait = (door: Door): string =>
    `if [ -e '${file(door, 'shut')}' ]; then held=yes; : > '${file(door, 'reached')}'; while [ -e '${file(door, 'shut')}' ]; do sleep 0.05; done; fi`;
  const command = (door: Door): string =>
    `${wait(door)}; said=$(real "$@"); code=$?; [ -z "$held" ] || : > '${file(door, 'passed')}'; printf '%s\\n' "$said"; exit $code`;
  return {
    shut: (door) => writeFileSync(file(door, 'shut'), ''),
    openAll: () => DOORS.forEach((door) => rmSync(file(door, 'shut'), { force: true })),
    isReached: (door) => existsSync(file(door, 'reached')),
    isPassed: (door) => existsSync(file(door, 'passed')),
    tar: `case " $* " in *' -x '*) ${wait('upload')} ;; *' -c '*) ${wait('collect')} ;; esac`,
    mv: `case "$* " in *'/job.sh ') ${wait('create')} ;; esac`,
    pueue: `held=; case " $* " in *' add '*) ${command('create')} ;; *' enqueue '*) ${command('release')} ;; esac`,
  };
}
