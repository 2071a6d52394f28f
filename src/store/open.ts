import { existsSync, openSync, readSync, closeSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { readMigrationFiles } from 'drizzle-orm/migrator';

import { copyAsBackup } from './backup-copy.ts';
import { readingDenied } from './access.ts';
import type { Reader, Store } from './database.ts';
import { refuseNetworkFileSystem } from './file-system.ts';
import { StoreError, isThere } from './store-error.ts';
import * as schema from './schema.ts';

/** `mqi1`, in the file's header: tells our database from any other SQLite file. */
const APPLICATION_ID = 0x6d716931;

/** How long a writer waits for another one (CLI orders beside the daemon), milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

const SQLITE_MAGIC = 'SQLite format 3\0';

/** The package's root holds `migrations/`, from the sources as well as from the compiled `dist/`. */
export function migrationsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'migrations', 'meta', '_journal.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new StoreError('this installation has no migrations folder', 'npm install -g mqi-communicator');
    folder = parent;
  }
  return join(folder, 'migrations');
}

/**
 * Opens the daemon's database: makes it, or checks, backs up and migrates it. A file that is no database of ours, is
 * corrupt, or was written by a newer version is refused and left as it is.
 * @throws StoreError
 */
export function openStore(path: string): Store {
  if (path === ':memory:') return storeOf(migrated(new Sqlite(path), path), path);
  refuseNetworkFileSystem(dirname(path));
  refuseForeignFile(path);
  const sqlite = translating(path, () => new Sqlite(path, { timeout: BUSY_TIMEOUT_MS }));
  try {
    return storeOf(
      translating(path, () => migrated(sqlite, path)),
      path,
    );
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/**
 * Opens an existing database without changing its schema: to read, or to record orders.
 * @throws StoreError when there is none, or when only the daemon can bring it up to date.
 */
export function openExisting(path: string, access: 'read' | 'orders'): Store {
  return storeOf(openSqlite(path, access), path);
}

function openSqlite(path: string, access: 'read' | 'orders'): Sqlite.Database {
  if (!isThere(path)) throw new StoreError(`there is no database at ${path} yet`, 'mqi run');
  refuseForeignFile(path);
  const sqlite = translating(path, () => new Sqlite(path, { timeout: BUSY_TIMEOUT_MS }));
  try {
    translating(path, () => {
      refuseUnknown(sqlite, path);
      if (pendingMigrations(sqlite) > 0) throw new StoreError(`${path} is of an older version of mqi`, 'mqi run');
      sqlite.pragma('foreign_keys = ON');
      sqlite.pragma('synchronous = FULL');
      if (access === 'read') sqlite.pragma('query_only = ON');
    });
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** For a reader: everything of `openExisting`, less the right to write. */
export function openReader(path: string): Reader {
  return openExisting(path, 'read');
}

/** For a reader that stays: it also notices what others commit. `version()` is another number after any commit of theirs. */
export function openWatched(path: string): Reader & { version(): number } {
  const sqlite = openSqlite(path, 'read');
  const versions = sqlite.prepare('pragma data_version').pluck();
  return { ...storeOf(sqlite, path), version: () => versions.get() as number };
}

function storeOf(sqlite: Sqlite.Database, path: string): Store {
  const db = drizzle(sqlite, { schema });
  return {
    db,
    write: (change) => translating(path, () => db.transaction(change, { behavior: 'immediate' })),
    close: () => sqlite.close(),
  };
}

function migrated(sqlite: Sqlite.Database, path: string): Sqlite.Database {
  const isNew = sqlite.prepare('select count(*) as n from sqlite_master').pluck().get() === 0;
  if (!isNew) {
    refuseUnknown(sqlite, path);
    refuseDamaged(sqlite, path);
  }
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = FULL');
  if (!isNew && pendingMigrations(sqlite) > 0) backUpBeforeMigration(sqlite, path);
  // A table that drizzle-kit rebuilds would delete its children: the pragma does nothing inside the migrator's transaction.
  sqlite.pragma('foreign_keys = OFF');
  migrate(drizzle(sqlite), { migrationsFolder: migrationsFolder() });
  const broken = sqlite.pragma('foreign_key_check') as unknown[];
  if (broken.length > 0) {
    throw new StoreError(`${path}: ${broken.length} rows point to rows that are not there`, `mqi db check`);
  }
  sqlite.pragma('foreign_keys = ON');
  if (isNew) sqlite.pragma(`application_id = ${APPLICATION_ID}`);
  return sqlite;
}

/** The times of the migrations in the database: drizzle decides by them alone what is applied. */
function appliedMigrations(sqlite: Sqlite.Database): number[] {
  const table = sqlite.prepare(`select 1 from sqlite_master where name = '__drizzle_migrations'`).get();
  if (table === undefined) return [];
  return sqlite.prepare('select created_at from __drizzle_migrations').pluck().all() as number[];
}

let ours: readonly number[] | null = null;

/** The times of the migrations that this program knows. */
function ourMigrations(): readonly number[] {
  ours ??= readMigrationFiles({ migrationsFolder: migrationsFolder() }).map((migration) => migration.folderMillis);
  return ours;
}

function pendingMigrations(sqlite: Sqlite.Database): number {
  const newest = Math.max(0, ...appliedMigrations(sqlite));
  return ourMigrations().filter((time) => time > newest).length;
}

function refuseUnknown(sqlite: Sqlite.Database, path: string): void {
  const id = sqlite.pragma('application_id', { simple: true });
  if (id !== APPLICATION_ID) {
    throw new StoreError(
      `${path} is a SQLite database, but not one of mqi`,
      'give `database` another path: mqi config check',
    );
  }
  if (Math.max(0, ...appliedMigrations(sqlite)) > Math.max(...ourMigrations())) {
    throw new StoreError(`${path} was written by a newer version of mqi`, 'npm install -g mqi-communicator@latest');
  }
}

/** After an unclean stop only: it reads the whole file. */
function refuseDamaged(sqlite: Sqlite.Database, path: string): void {
  const stopped = sqlite.prepare(`select value from meta where key = 'stopped_cleanly'`).pluck().get();
  if (stopped === 'yes') return;
  const found = sqlite.pragma('quick_check(5)', { simple: true });
  if (found !== 'ok')
    throw new StoreError(`${path} is damaged (${String(found)}): it was left as it is`, `restore a backup to ${path}`);
}

function backUpBeforeMigration(sqlite: Sqlite.Database, path: string): void {
  const newest = Math.max(0, ...appliedMigrations(sqlite));
  const backup = `${path}.before-migration-${newest}`;
  // a backup of the same state that an earlier, failed start made is as good
  if (!existsSync(backup)) copyAsBackup(sqlite, backup);
}

/** Looks at the first bytes itself: SQLite would already write beside a file that it opens. */
function refuseForeignFile(path: string): void {
  if (!isThere(path)) return;
  if (!statSync(path).isFile()) throw new StoreError(`${path} is not a file`, 'mqi config check');
  const denied = readingDenied(path);
  if (denied !== null) throw new StoreError(denied.message, denied.next);
  const head = Buffer.alloc(SQLITE_MAGIC.length);
  const fd = openSync(path, 'r');
  const length = readSync(fd, head, 0, head.length, 0);
  closeSync(fd);
  if (length > 0 && head.toString('latin1') !== SQLITE_MAGIC) {
    throw new StoreError(`${path} is corrupt, or no database: it was left as it is`, `restore a backup to ${path}`);
  }
}

/** SQLite's own errors, in words for the person who reads them. */
function translating<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) throw StoreError.from(error, path);
    throw error;
  }
}
