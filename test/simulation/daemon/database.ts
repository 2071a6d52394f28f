import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';

import type { Store, Tx } from '../../../src/store/database.ts';
import { openStore } from '../../../src/store/open.ts';
import * as schema from '../../../src/store/schema.ts';
import { Crashed } from '../incarnation.ts';
import type { Incarnation } from '../incarnation.ts';

type Sqlite3 = InstanceType<typeof Sqlite>;

/** A migrated, empty database, as bytes: migrating one for every seed would take longer than the rest. */
let template: Buffer | null = null;

function emptyDatabase(): Buffer {
  if (template === null) {
    const store = openStore(':memory:');
    // drizzle's own handle on what openStore made
    template = (store.db as unknown as { readonly $client: Sqlite3 }).$client.serialize();
    store.close();
  }
  return template;
}

type Statement = ReturnType<Sqlite3['prepare']>;

type Orm = ReturnType<typeof drizzle<typeof schema>>;

interface Connection {
  readonly sqlite: Sqlite3;
  readonly orm: Orm;
  /** One transaction; Drizzle's own makes its parts anew each time. */
  readonly write: <T>(change: (tx: Tx) => T) => T;
  /** How often something was written to each table. */
  readonly writes: ReadonlyMap<string, number>;
}

/** Emptied ones: their queries are built already, which takes longer than to run them. */
const spare: Connection[] = [];

/** The places of a write at which the daemon may die. */
export interface WriteObserver {
  beforeWrite(): void;
  /** It is durable, and nobody was told yet. */
  afterWrite(): void;
}

/** The database file: it outlives every daemon, and can be set back to a backup. */
export class Database {
  #connection: Connection = spare.pop() ?? connect(emptyDatabase());
  /** The disk that it lies on is full. */
  full = false;

  get sqlite(): Sqlite3 {
    return this.#connection.sqlite;
  }

  /** Another one after every change of a table; undefined before the first. A restored database is another connection. */
  writesTo(table: string): number | undefined {
    return this.#connection.writes.get(table);
  }

  /** For one life of the daemon: what it writes after its death has no effect. */
  openFor(incarnation: Incarnation, observer: WriteObserver): Store {
    const { orm: db, write } = this.#connection;
    return {
      db,
      write: (change) => {
        if (!incarnation.alive) throw new Crashed();
        observer.beforeWrite();
        if (this.full) throw new Error('database or disk is full');
        const result = write(change);
        observer.afterWrite();
        return result;
      },
      close: () => {},
    };
  }

  /** For the CLI's orders, which need no daemon. */
  openForOrders(): Store {
    const { orm: db, write } = this.#connection;
    return { db, write, close: () => {} };
  }

  /** As `mqi db backup` makes it: marked. */
  backUp(): Buffer {
    const copy = open(this.sqlite.serialize());
    copy.prepare(`insert or replace into meta (key, value) values ('is_backup', 'yes')`).run();
    const bytes = copy.serialize();
    copy.close();
    return bytes;
  }

  restore(backup: Buffer): void {
    this.close();
    this.#connection = connect(backup);
  }

  close(): void {
    if (spare.length > 0) return void this.sqlite.close();
    empty(this.sqlite);
    spare.push(this.#connection);
  }
}

function empty(sqlite: Sqlite3): void {
  sqlite.pragma('foreign_keys = OFF');
  const tables = sqlite.prepare(`select name from sqlite_master where type = 'table'`).pluck().all() as string[];
  for (const name of tables) if (name !== '__drizzle_migrations') sqlite.prepare(`delete from "${name}"`).run();
  sqlite.pragma('foreign_keys = ON');
}

function open(bytes: Buffer): Sqlite3 {
  const sqlite = new Sqlite(bytes);
  sqlite.pragma('foreign_keys = ON');
  return sqlite;
}

function connect(bytes: Buffer): Connection {
  const sqlite = open(bytes);
  const writes = new Map<string, number>();
  // drizzle prepares every statement anew; here the same few hundred come again and again
  const prepared = new Map<string, Statement>();
  const prepare = sqlite.prepare.bind(sqlite);
  sqlite.prepare = ((text: string) => {
    let known = prepared.get(text);
    if (known === undefined) {
      known = prepare(text);
      if (!known.readonly) count(known, tableOf(text), writes);
      prepared.set(text, known);
    }
    return known;
  }) as Sqlite3['prepare'];
  const orm = drizzle(sqlite, { schema });
  const transaction = sqlite.transaction((change: (tx: Tx) => unknown) => change(orm as unknown as Tx));
  const write = <T>(change: (tx: Tx) => T): T => transaction.immediate(change) as T;
  return { sqlite, orm, write, writes };
}

/** What a statement writes to. No table of ours changes by what is done to another one. */
function tableOf(text: string): string {
  const match = /^(?:insert (?:or replace )?into|update|delete from) "?(\w+)"?/.exec(text);
  if (match === null) throw new Error(`which table is written here? ${text}`);
  return match[1]!;
}

function count(statement: Statement, table: string, writes: Map<string, number>): void {
  for (const how of ['run', 'get', 'all'] as const) {
    const act = statement[how].bind(statement) as (...values: unknown[]) => never;
    statement[how] = (...values: unknown[]): never => {
      writes.set(table, (writes.get(table) ?? 0) + 1);
      return act(...values);
    };
  }
}
