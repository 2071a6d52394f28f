import { rmSync } from 'node:fs';

import Sqlite from 'better-sqlite3';

/**
 * Copies a database into one file, and marks the copy as what it is. A daemon that is started on it has forgotten what
 * was done since: it gives work to no host before it has seen them all (supervisor/barrier).
 * @throws SqliteError; no copy is left then
 */
export function copyAsBackup(sqlite: Sqlite.Database, target: string): void {
  try {
    sqlite.prepare('vacuum into ?').run(target);
    const copy = new Sqlite(target);
    try {
      copy.prepare(`insert or replace into meta (key, value) values ('is_backup', 'yes')`).run();
    } finally {
      copy.close();
    }
  } catch (error) {
    // an unmarked copy would pass for a database that knows everything
    rmSync(target, { force: true });
    throw error;
  }
}
