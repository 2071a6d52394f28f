import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';

import type { Store } from '../../../src/store/database.ts';
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

interface Connection {
  readonly sqlite: Sqlite3;
  readonly orm: ReturnType<typeof drizzle<typeof schema>>;
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

  /** For one life of the daemon: what it writes after its death has no effect. */
  openFor(incarnation: Incarnation, observer: WriteObserver): Store {
    const db = this.#connection.orm;
    return {
      db,
      write: (change) => {
        if (!incarnation.alive) throw new Crashed();
        observer.beforeWrite();
        if (this.full) throw new Error('database or disk is full');
        const result = db.transaction(change, { behavior: 'immediate' });
        observer.afterWrite();
        return result;
      },
      close: () => {},
    };
  }

  /** For the CLI's orders, which need no daemon. */
  openForOrders(): Store {
    const db = this.#connection.orm;
    return { db, write: (change) => db.transaction(change, { behavior: 'immediate' }), close: () => {} };
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
  // drizzle prepares every statement anew; here the same few hundred come again and again
  const prepared = new Map<string, ReturnType<Sqlite3['prepare']>>();
  const prepare = sqlite.prepare.bind(sqlite);
  sqlite.prepare = ((text: string) => {
    const known = prepared.get(text) ?? prepare(text);
    prepared.set(text, known);
    return known;
  }) as Sqlite3['prepare'];
  return sqlite;
}

function connect(bytes: Buffer): Connection {
  const sqlite = open(bytes);
  return { sqlite, orm: drizzle(sqlite, { schema }) };
}
