import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';

import type * as schema from './schema.ts';

type Database = BetterSQLite3Database<typeof schema>;

/** Inside a write transaction; there is no other way to get one than `Store.write`. What may write is visible in the type. */
export type Tx = Parameters<Parameters<Database['transaction']>[0]>[0];

/** Whatever can be read from: a reader's connection, or a transaction that is under way. */
export type ReadDb = Pick<Database, 'select' | 'selectDistinct'>;

/** Reads only. */
export interface Reader {
  readonly db: ReadDb;
  close(): void;
}

/** The daemon's (and, for `orders` rows alone, the CLI's) connection. */
export interface Store extends Reader {
  /**
   * One IMMEDIATE transaction, durable when it returns. `change` is synchronous: a promise throws.
   * @throws StoreError when the database does not take it: nothing was written
   */
  write<T>(change: (tx: Tx) => T): T;
}
