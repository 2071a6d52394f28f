import { dirname } from 'node:path';

/** The database cannot be used; `next` is the command to type, or what to do. */
export class StoreError extends Error {
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.name = 'StoreError';
    this.next = next;
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
        return new StoreError(`${path} cannot be written (${error.message})`, `ls -ld ${folder} ${path}`);
      case 'SQLITE_BUSY':
        return new StoreError(`${path} is locked by another program`, `fuser ${path}`);
      default:
        return new StoreError(`${path}: ${error.message} (${error.code})`, 'mqi db check');
    }
  }
}
