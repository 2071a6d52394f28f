import { closeSync, fchmodSync, openSync, rmSync } from 'node:fs';

import Sqlite from 'better-sqlite3';

/**
 * Copies a database into one file, and marks the copy as what it is. A daemon that is started on it has forgotten what
 * was done since: it gives work to no host before it has seen them all (supervisor/barrier). Names of cases may be
 * patients': nobody but its owner can read it, whatever the umask.
 * @throws SqliteError, or the system's error when there is something at `target` or it cannot be made; no copy is left then
 */
export function copyAsBackup(sqlite: Sqlite.Database, target: string): void {
  // SQLite takes an empty file for none, and keeps its mode; `wx`: neither another file nor a link is followed
  const file = openSync(target, 'wx', 0o600);
  try {
    fchmodSync(file, 0o600);
    closeSync(file);
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
