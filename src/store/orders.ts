import { and, asc, eq, isNull, sql } from 'drizzle-orm';

import type { Order, OrderKind } from '../domain/order.ts';
import type { ReadDb, Store, Tx } from './database.ts';
import { given, prepared } from './prepared.ts';
import { orders } from './schema.ts';
import type { OrderProgress } from './schema.ts';

export type OrderRow = typeof orders.$inferSelect;
export type { OrderProgress } from './schema.ts';

/** The only write of the CLI and the web page: what an operator wants, who and why. Returns the order's id. */
export function recordOrder(store: Store, order: Order, by: string, why: string, at: number): number {
  const { kind, caseId, ...rest } = { caseId: null, ...order };
  return store.write((tx) =>
    Number(tx.insert(orders).values({ kind, caseId, arguments: rest, by, why, createdAt: at }).run().lastInsertRowid),
  );
}

export function readOrder(db: ReadDb, id: number): OrderRow | null {
  return db.select().from(orders).where(eq(orders.id, id)).get() ?? null;
}

const open = prepared((db) =>
  db.select().from(orders).where(isNull(orders.handledAt)).orderBy(asc(orders.id)).prepare(),
);

/** The oldest first. */
export function openOrders(db: ReadDb): OrderRow[] {
  return open(db).all();
}

/** The order as it was recorded. */
export function orderOf(row: OrderRow): Order {
  const caseId = row.caseId === null ? {} : { caseId: row.caseId };
  return { kind: row.kind as OrderKind, ...caseId, ...row.arguments } as Order;
}

const close = prepared((db) => {
  const { handledAt, outcome, message } = orders;
  return (db as Tx)
    .update(orders)
    .set(given({ handledAt, outcome, message }))
    .where(and(eq(orders.id, sql.placeholder('id')), isNull(orders.handledAt)))
    .prepare();
});

/** False: it was closed before, and stays as it is. */
export function closeOrder(
  tx: Tx,
  id: number,
  outcome: NonNullable<OrderRow['outcome']>,
  message: string,
  at: number,
): boolean {
  return close(tx).run({ id, handledAt: at, outcome, message }).changes > 0;
}

/** The work of an open order begins, or begins again after a restart. */
export function beginOrder(tx: Tx, id: number, progress: OrderProgress, at: number): void {
  tx.update(orders)
    .set({ startedAt: at, progress })
    .where(and(eq(orders.id, id), isNull(orders.handledAt)))
    .run();
}

export function noteOrderProgress(tx: Tx, id: number, progress: OrderProgress): void {
  tx.update(orders)
    .set({ progress })
    .where(and(eq(orders.id, id), isNull(orders.handledAt)))
    .run();
}
