import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { expect, test } from 'vitest';

import { refuseNetworkFileSystem } from '../../src/store/file-system.ts';
import { readMeta, writeMeta } from '../../src/store/meta.ts';
import { migrationsFolder, openExisting, openReader, openStore } from '../../src/store/open.ts';
import { dueDeliveries, openIncidents } from '../../src/store/incidents.ts';
import { freeSlots } from '../../src/store/slots.ts';
import { tempFolder } from './temp.ts';

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

test('a new database is durable (WAL, synchronous FULL), checks foreign keys and carries our mark', () => {
  const path = join(tempFolder(), 'mqi.db');
  const store = openStore(path);
  store.write((tx) => writeMeta(tx, 'instance', 'abc'));
  store.close();
  const sqlite = new Sqlite(path);
  expect(sqlite.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(sqlite.pragma('application_id', { simple: true })).toBe(0x6d716931);
  sqlite.close();
  const again = openStore(path);
  expect(readMeta(again.db, 'instance')).toBe('abc');
  again.close();
});

test('a write that throws leaves nothing behind, and an asynchronous one is refused', () => {
  const store = openStore(join(tempFolder(), 'mqi.db'));
  expect(() =>
    store.write((tx) => {
      writeMeta(tx, 'instance', 'half');
      throw new Error('died');
    }),
  ).toThrow('died');
  // oxlint-disable-next-line require-await -- the very mistake that must be refused
  expect(() => store.write(async (tx) => writeMeta(tx, 'instance', 'later'))).toThrow('promise');
  expect(readMeta(store.db, 'instance')).toBe(null);
  store.close();
});

test.each([
  ['text', Buffer.from('dear diary, this is no database at all')],
  ['a damaged header', Buffer.concat([Buffer.from('SQLite format 2\0'), Buffer.alloc(4096)])],
])('%s where the database should be is refused and left as it is', (_, content) => {
  const path = join(tempFolder(), 'mqi.db');
  writeFileSync(path, content);
  const before = hashOf(path);
  expect(() => openStore(path)).toThrow(/corrupt, or no database/);
  expect(hashOf(path)).toBe(before);
  expect(readdirSync(join(path, '..'))).toEqual(['mqi.db']);
});

test('a database that is damaged inside is found after an unclean stop, and left as it is', () => {
  const path = join(tempFolder(), 'mqi.db');
  openStore(path).close();
  const bytes = readFileSync(path);
  // every page but the first two: the schema is readable, what it points to is not
  bytes.fill(0xab, 4096 * 2);
  writeFileSync(path, bytes);
  const before = hashOf(path);
  expect(() => openStore(path)).toThrow(/damaged|corrupt/);
  expect(hashOf(path)).toBe(before);
});

test('somebody else’s SQLite database is refused and left as it is', () => {
  const path = join(tempFolder(), 'other.db');
  const other = new Sqlite(path);
  other.exec('create table theirs (x)');
  other.close();
  const before = hashOf(path);
  expect(() => openStore(path)).toThrow(/not one of mqi/);
  expect(() => openReader(path)).toThrow(/not one of mqi/);
  expect(hashOf(path)).toBe(before);
});

test('a database of a newer version is refused, by the daemon and by a reader', () => {
  const path = join(tempFolder(), 'mqi.db');
  openStore(path).close();
  const sqlite = new Sqlite(path);
  sqlite.prepare('insert into __drizzle_migrations (hash, created_at) values (?, ?)').run('future', 4_102_444_800_000);
  sqlite.close();
  const before = hashOf(path);
  expect(() => openStore(path)).toThrow(/newer version/);
  expect(() => openReader(path)).toThrow(/newer version/);
  expect(hashOf(path)).toBe(before);
});

test('a folder in the place of the database is refused', () => {
  const path = join(tempFolder(), 'mqi.db');
  mkdirSync(path);
  expect(() => openStore(path)).toThrow(/not a file/);
});

test('a reader cannot write, and says how to make a database that is not there', () => {
  const path = join(tempFolder(), 'mqi.db');
  expect(() => openReader(path)).toThrow(expect.objectContaining({ next: 'mqi run' }));
  expect(existsSync(path)).toBe(false);
  openStore(path).close();
  const reader = openExisting(path, 'read');
  expect(() => reader.write((tx) => writeMeta(tx, 'instance', 'x'))).toThrow(/readonly/);
  reader.close();
});

test.each([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  // statfs gives it as a signed number on some systems
  [-11317950, 'CIFS'],
])('a folder on a network file system (%s) is refused by name', (type, name) => {
  expect(() => refuseNetworkFileSystem('/srv', () => type)).toThrow(name);
});

test('a folder on a local file system is taken', () => {
  expect(() => refuseNetworkFileSystem(tempFolder())).not.toThrow();
});

const versions = readMigrationFiles({ migrationsFolder: migrationsFolder() });

/** A database as the program of the first `count` migrations left it. */
function oldDatabase(path: string, count: number): Sqlite.Database {
  const sqlite = new Sqlite(path);
  sqlite.pragma('application_id = 1836149041');
  sqlite.exec('create table __drizzle_migrations (id SERIAL primary key, hash text not null, created_at numeric)');
  for (const { sql, hash, folderMillis } of versions.slice(0, count)) {
    for (const statement of sql) sqlite.exec(statement);
    sqlite.prepare('insert into __drizzle_migrations (hash, created_at) values (?, ?)').run(hash, folderMillis);
  }
  return sqlite;
}

const schemaOf = (path: string): unknown => {
  const sqlite = new Sqlite(path, { readonly: true });
  const tables = sqlite.prepare(`select name from sqlite_master where type = 'table' order by name`).pluck().all();
  const columns = tables.map((table) => [
    table,
    sqlite.prepare('select name, type, "notnull", pk from pragma_table_info(?) order by name').all(table),
  ]);
  const indexes = sqlite
    .prepare(`select name, tbl_name, sql from sqlite_master where type = 'index' order by name`)
    .all();
  sqlite.close();
  return { columns, indexes };
};

test.each(versions.slice(1).map((_, index) => index + 1))(
  'a database of %i migrations is backed up, and becomes what a new one is',
  (count) => {
    const folder = tempFolder();
    const path = join(folder, 'mqi.db');
    const sqlite = oldDatabase(path, count);
    sqlite.exec(`insert into slots (host, name, state, since, configured) values ('h', 'gpu0', 'free', 1, 1)`);
    sqlite.close();
    expect(() => openReader(path)).toThrow(expect.objectContaining({ next: 'mqi run' }));
    const store = openStore(path);
    expect(freeSlots(store.db, 'h')).toMatchObject([{ name: 'gpu0', busy: null }]);
    store.close();
    expect(readdirSync(folder).some((name) => name !== 'mqi.db')).toBe(true);
    const fresh = join(tempFolder(), 'mqi.db');
    openStore(fresh).close();
    expect(schemaOf(path)).toEqual(schemaOf(fresh));
  },
);

test('what was told before incidents were called so is told still, to whom and how far', () => {
  const path = join(tempFolder(), 'mqi.db');
  const sqlite = oldDatabase(path, 3);
  sqlite.exec(`insert into episodes (id, kind, subject, opened_at, updated_at, count, facts)
    values ('ep-1', 'host_unreachable', 'gpu1', 1, 2, 3, '{}')`);
  sqlite.exec(`insert into deliveries (episode_id, sink, edge, created_at, tries, next_at)
    values ('ep-1', 'ops', 'opened', 1, 4, 5), ('ep-1', 'mail', 'opened', 1, 0, null)`);
  sqlite.close();
  const store = openStore(path);
  expect(openIncidents(store.db)).toMatchObject([{ id: 'ep-1', subject: 'gpu1', count: 3 }]);
  expect(dueDeliveries(store.db, 'ops', 9, 9)).toMatchObject([
    { incidentId: 'ep-1', tries: 4, incident: { id: 'ep-1' } },
  ]);
  store.close();
});

test('migrations only grow in time: one that was merged with an older time would be skipped without a word', () => {
  const times = readMigrationFiles({ migrationsFolder: migrationsFolder() }).map((migration) => migration.folderMillis);
  expect(times.length).toBeGreaterThan(0);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(times).size).toBe(times.length);
});
