import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { Column, InferInsertModel, SQL } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';

import type { ReadDb, Tx } from './database.ts';

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

/** A column's value, to be given by the column's name in the table when the query is run; null stays null. */
export function given<Name extends string>(columns: Readonly<Record<Name, Column>>): Record<Name, SQL> {
  const parameters = Object.entries<Column>(columns).map(([name, column]) => {
    // drizzle's own encoders write a null that comes in by a placeholder as the text 'null'
    const mapToDriverValue = (value: unknown): unknown => (value === null ? null : column.mapToDriverValue(value));
    return [name, sql`${sql.param(sql.placeholder(name), { mapToDriverValue })}`];
  });
  return Object.fromEntries(parameters) as Record<Name, SQL>;
}

/** A query is built for each set of columns that are given together. */
function byColumns<Query>(
  table: SQLiteTable,
  build: (tx: Tx, values: Record<string, SQL>) => Query,
): (tx: Tx, row: object) => Query {
  const columns: Readonly<Record<string, Column>> = getTableColumns(table);
  const built = new Map<string, (db: ReadDb) => Query>();
  return (tx, row) => {
    const names = Object.keys(row);
    const known =
      built.get(names.join()) ??
      prepared((db) => build(db as Tx, given(Object.fromEntries(names.map((name) => [name, columns[name]!])))));
    built.set(names.join(), known);
    return known(tx);
  };
}

/** Writes a new row; returns its number, where its table counts them. */
export function newRow<Table extends SQLiteTable>(table: Table): (tx: Tx, row: InferInsertModel<Table>) => number {
  const into: SQLiteTable = table;
  const insert = byColumns(into, (tx, values) => tx.insert(into).values(values).prepare());
  return (tx, row) => Number(insert(tx, row).run({ ...row }).lastInsertRowid);
}

/** Changes some columns of one row. */
export function rowChange<Row extends object>(
  table: SQLiteTable,
  key: Column,
): (tx: Tx, keyValue: string, change: Partial<Row>) => void {
  const update = byColumns(table, (tx, values) =>
    tx
      .update(table)
      .set(values)
      .where(eq(key, sql.placeholder('the key')))
      .prepare(),
  );
  return (tx, keyValue, change) => void update(tx, change).run({ ...change, 'the key': keyValue });
}
