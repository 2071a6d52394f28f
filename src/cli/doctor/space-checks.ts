import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Config } from '../../config/config.ts';
import { formatSize } from '../../domain/duration.ts';
import { fail, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';
import { shellWord } from '../shell-word.ts';

/** Below this not even the database and a log can go on. */
const LEAST_BYTES = 100 * 2 ** 20;
/** A case of moqui and its dose are some GiB. */
const FEW_BYTES = 5 * 2 ** 30;
const FEW_INODES = 10_000;

/** Free space and inodes: one line a file system, however many of our folders lie on it. */
export function spaceChecks(config: Config): readonly Check[] {
  const roots = config.hosts.filter((host) => host.transport.type === 'local').map((host) => host.root);
  const byDevice = new Map<number, string>();
  for (const folder of [config.results, dirname(config.database), ...roots].map(existing)) {
    const { dev } = statSync(folder);
    if (!byDevice.has(dev)) byDevice.set(dev, folder);
  }
  return [...byDevice.values()].map((folder) => ({ name: 'free space', run: () => space(folder) }));
}

function existing(path: string): string {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

function space(folder: string): Finding {
  const { bavail, bsize, files, ffree } = statfsSync(folder);
  const freeBytes = bavail * bsize;
  // btrfs and others count no inodes
  const inodes = files === 0 ? null : ffree;
  const found = `${formatSize(freeBytes)}${inodes === null ? '' : ` and ${inodes} inodes`} free at ${folder}`;
  if (freeBytes < LEAST_BYTES || inodes === 0) {
    return fail(found, `${inodes === 0 ? 'df -i' : 'df -h'} ${shellWord(folder)}, and make room`);
  }
  const isLow = freeBytes < FEW_BYTES || (inodes !== null && inodes < FEW_INODES);
  return isLow ? warn(`only ${found}`, `df -h ${shellWord(folder)}`) : ok(found);
}
