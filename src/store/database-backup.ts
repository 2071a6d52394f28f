import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import Sqlite from 'better-sqlite3';

import { copyAsBackup } from './backup-copy.ts';
import { openExisting } from './open.ts';
import { StoreError } from './store-error.ts';

/**
 * A consistent copy of the database while the daemon goes on working: one file, without a write-ahead log beside it.
 * Never overwrites.
 * @throws StoreError
 */
export function backUpDatabase(path: string, target: string): void {
  if (existsSync(target)) throw new StoreError(`${target} is there already and is left as it is`, 'give another name');
  // refuses what is no database of ours, in words
  openExisting(path, 'read').close();
  const sqlite = new Sqlite(path, { readonly: true });
  try {
    copyAsBackup(sqlite, target);
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) throw StoreError.from(error, target);
    // the system's own words name the file and the reason
    throw new StoreError(
      `no copy can be made: ${error instanceof Error ? error.message : String(error)}`,
      `ls -ld ${dirname(target)} ${target}`,
    );
  } finally {
    sqlite.close();
  }
}
