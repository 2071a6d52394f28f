import { readdir } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';

import { atDisk } from './bounded.ts';
import { rootIdentity } from './scan.ts';

/**
 * Whether a folder that is not there was deleted. Only what can be read says so: the watched directory is the one that
 * was opened, each directory on the way down can be listed, and the last one lacks the name. An empty mount point, or a
 * directory that may not be read, says nothing.
 *
 * `openedAs`: the identity of the watched directory when it was opened; null when it never was.
 */
export async function isDeleted(root: string, openedAs: string | null, path: string): Promise<boolean> {
  const way = relative(root, path);
  if (openedAs === null || way === '' || way.startsWith('..')) return false;
  const now = await rootIdentity(root);
  if (now.kind !== 'found' || now.identity !== openedAs) return false;
  try {
    // its parents, from the folder upwards: the nearest one that is there has to lack the next name
    for (let folder = path; folder !== root; folder = dirname(folder)) {
      const names = await namesIn(dirname(folder));
      if (names !== null) return !names.includes(basename(folder));
    }
  } catch {
    return false;
  }
  return false;
}

/** Null: there is no such directory. @throws when it cannot be read. */
async function namesIn(directory: string): Promise<readonly string[] | null> {
  try {
    return await atDisk(() => readdir(directory));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
