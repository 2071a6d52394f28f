import type { BigIntStats } from 'node:fs';
import { lstat, opendir, readdir } from 'node:fs/promises';

import { atDisk } from './bounded.ts';

/** About 100,000 names on ext4. Above it a directory is read in pieces, so that one with millions does not fill the memory. */
const LARGE_DIRECTORY_BYTES = 4n * 1024n * 1024n;
const NAMES_A_PIECE = 1_024;

/** The names in a directory, in the order of their bytes; of one that holds more than `limit`, any `limit + 1`. */
export function listNames(path: string, stats: BigIntStats, limit: number): Promise<Buffer[]> {
  return atDisk(() => readNames(path, stats, limit));
}

async function readNames(path: string, stats: BigIntStats, limit: number): Promise<Buffer[]> {
  if (stats.size < LARGE_DIRECTORY_BYTES) {
    const names = await readdir(path, { encoding: 'buffer' });
    return names.sort((a, b) => a.compare(b)).slice(0, limit + 1);
  }
  const names: Buffer[] = [];
  // the declared type leaves out that names are buffers when asked for
  const directory = await opendir(path, { encoding: 'buffer' as BufferEncoding, bufferSize: NAMES_A_PIECE });
  for await (const entry of directory) {
    names.push(entry.name as unknown as Buffer);
    if (names.length > limit) break;
  }
  return names.sort((a, b) => a.compare(b));
}

/** The code of a failed system call; what else may come is told as it is. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** `gone`: there is nothing of this name. `blind`: nobody can say now. */
export type Lstat =
  | { readonly kind: 'found'; readonly stats: BigIntStats }
  | { readonly kind: 'gone' }
  | { readonly kind: 'blind'; readonly code: string };

export async function lstatOf(path: string): Promise<Lstat> {
  try {
    return { kind: 'found', stats: await atDisk(() => lstat(path, { bigint: true })) };
  } catch (error) {
    const code = codeOf(error);
    return isAbsence(code) ? { kind: 'gone' } : { kind: 'blind', code };
  }
}

export function isAbsence(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Something about the entry itself that only its owner can mend; any other error may be gone at the next try. */
export function isRefusal(code: string): boolean {
  return code === 'EACCES' || code === 'EPERM' || code === 'ENAMETOOLONG';
}

/** What an entry is, in words for a person; null for a file, a directory and a symbolic link. */
export function specialKind(stats: BigIntStats): string | null {
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  if (stats.isBlockDevice() || stats.isCharacterDevice()) return 'a device';
  return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink() ? null : 'of an unknown kind';
}
