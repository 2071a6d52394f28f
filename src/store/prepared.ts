import type { ReadDb } from './database.ts';

/**
 * A query that is built once for each connection and then only run: for the few that are asked all the time, because
 * drizzle takes several times longer to build a query than SQLite to answer it.
 */
export function prepared<Query>(build: (db: ReadDb) => Query): (db: ReadDb) => Query {
  const built = new WeakMap<object, Query>();
  return (db) => {
    // a transaction has the session of its connection; drizzle's types do not show it
    const { session } = db as ReadDb & { readonly session: object };
    const known = built.get(session) ?? build(db);
    built.set(session, known);
    return known;
  };
}
