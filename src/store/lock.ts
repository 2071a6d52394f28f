import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

import Sqlite from 'better-sqlite3';

import { StoreError } from './store-error.ts';

/** Who holds the daemon's lock; informational: the lock itself is SQLite's. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** RFC 3339. */
  readonly since: string;
}

export interface DaemonLock {
  release(): void;
}

/** Somebody who only asks whether a daemon runs (`mqi status`) holds the lock for an instant. */
const PATIENCE_MS = 500;

const lockPath = (database: string): string => `${database}.lock`;
const holderPath = (database: string): string => `${database}.holder`;

/**
 * One live daemon a database: holds `BEGIN EXCLUSIVE` on a lock database beside it. The kernel frees it with the
 * process, by SIGKILL too, unlike a pid file.
 * @throws StoreError that names the holder
 */
export function lockDaemon(database: string, nowMs: number): DaemonLock {
  makeFolder(database);
  const lock = tryLock(database, PATIENCE_MS);
  if (lock === null) {
    const holder = readHolder(database);
    const who =
      holder === null
        ? 'another daemon'
        : `the daemon with pid ${holder.pid} on ${holder.host}, since ${holder.since},`;
    throw new StoreError(
      `${who} already works on ${database}`,
      holder === null ? `fuser ${lockPath(database)}` : `mqi status, or kill ${holder.pid}`,
    );
  }
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() };
  try {
    writeFileSync(holderPath(database), `${JSON.stringify(holder)}\n`);
  } catch {
    // it only names the holder; a full disk shows itself at the database, in better words
  }
  return lock;
}

/** Whether a daemon works on this database now, and which. */
export function daemonOf(
  database: string,
): { readonly running: false } | { readonly running: true; readonly holder: Holder | null } {
  const lock = tryLock(database, 0);
  if (lock === null) return { running: true, holder: readHolder(database) };
  lock.release();
  return { running: false };
}

function tryLock(database: string, patienceMs: number): DaemonLock | null {
  let sqlite: Sqlite.Database | null = null;
  try {
    sqlite = new Sqlite(lockPath(database), { timeout: patienceMs });
    sqlite.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    sqlite?.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    if (error instanceof Sqlite.SqliteError) throw StoreError.from(error, lockPath(database));
    throw error;
  }
  const held = sqlite;
  return { release: () => held.close() };
}

function readHolder(database: string): Holder | null {
  try {
    return JSON.parse(readFileSync(holderPath(database), 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function makeFolder(database: string): void {
  try {
    mkdirSync(dirname(database), { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(`the folder of ${database} cannot be made: ${reason}`, `ls -ld ${dirname(dirname(database))}`);
  }
}
