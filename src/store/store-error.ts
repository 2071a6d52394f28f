import { dirname } from 'node:path';

import { presenceOf, writingDenied } from './access.ts';

/** The database cannot be used; `next` is the command to type, or what to do. */
export class StoreError extends Error {
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.name = 'StoreError';
    this.next = next;
  }

  static unwritable(error: Error, path: string): StoreError {
    const denied = writingDenied(path);
    return denied === null
      ? new StoreError(`${path} cannot be written (${error.message})`, `ls -ld ${dirname(path)} ${path}`)
      : new StoreError(`${denied.message}; while no daemon runs SQLite needs that even to read`, denied.next);
  }

  /** Sources: https://sqlite.org/rescode.html */
  static from(error: Error & { readonly code: string }, path: string): StoreError {
    const folder = dirname(path);
    switch (error.code.split('_').slice(0, 2).join('_')) {
      case 'SQLITE_CORRUPT':
      case 'SQLITE_NOTADB':
        return new StoreError(
          `${path} is corrupt (${error.message}): it was left as it is`,
          `mqi db check, then restore a backup to ${path}`,
        );
      case 'SQLITE_FULL':
        return new StoreError(`the disk of ${path} is full`, `df -h ${folder}, make room, then start again`);
      case 'SQLITE_READONLY':
      case 'SQLITE_CANTOPEN':
        // a database that may be read and not written: SQLite wants to write beside it even so
        return StoreError.unwritable(error, path);
      case 'SQLITE_BUSY':
        return new StoreError(`${path} is locked by another program`, `fuser ${path}`);
      default:
        return new StoreError(`${path}: ${error.message} (${error.code})`, 'mqi db check');
    }
  }
}

/** @throws StoreError where this user may not look whether there is one: that is no *no* */
export function isThere(path: string): boolean {
  const presence = presenceOf(path);
  if (typeof presence === 'object') throw new StoreError(presence.message, presence.next);
  return presence === 'present';
}

/** @throws StoreError where this user may not write to the database, or beside it */
export function refuseDenied(path: string): void {
  const denied = writingDenied(path);
  if (denied !== null) throw new StoreError(denied.message, denied.next);
}

/** The database did not take it, or did not answer: whatever it was about can be tried again. */
export function isOfStore(error: unknown): boolean {
  if (error instanceof StoreError) return true;
  // a read is not translated
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_');
}
