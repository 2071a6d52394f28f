import { and, count, inArray, isNotNull, isNull, max, min, sql } from 'drizzle-orm';

import type { AlarmKind } from '../../domain/alarm.ts';
import type { FailureKind } from '../../domain/failure.ts';
import type { ReadDb } from '../database.ts';
import { cases, deliveries, incidents, journal, orders } from '../schema.ts';

const live = inArray(cases.state, ['submitted', 'submitting', 'running']);

/** How often cases were over, by what became of them: only grows, whatever is retried. */
export interface FinalCounts {
  readonly completed: number;
  /** Under null those of before the kind was recorded. */
  readonly failed: ReadonlyMap<FailureKind | null, number>;
}

/** Out of an index alone. */
export function countFinals(db: ReadDb): FinalCounts {
  const rows = db
    .select({ toPhase: journal.toPhase, kind: journal.failureKind, many: count() })
    .from(journal)
    .where(sql`"to_phase" in ('completed', 'failed')`)
    .groupBy(journal.toPhase, journal.failureKind)
    .all();
  return {
    completed: rows.filter((row) => row.toPhase === 'completed').reduce((sum, row) => sum + row.many, 0),
    failed: new Map(rows.filter((row) => row.toPhase === 'failed').map((row) => [row.kind, row.many])),
  };
}

/** Live cases that are out of sight, by host. */
export function countUnseen(db: ReadDb): ReadonlyMap<string, number> {
  const rows = db
    .select({ host: cases.host, many: count() })
    .from(cases)
    .where(and(live, isNotNull(cases.blindCause)))
    .groupBy(cases.host)
    .all();
  return new Map(rows.flatMap(({ host, many }) => (host === null ? [] : [[host, many] as const])));
}

/** Since when the case waits that waits longest for its turn or a slot; null: none does. */
export function oldestWaitingSince(db: ReadDb): number | null {
  return (
    db
      .select({ since: min(cases.createdAt) })
      .from(cases)
      .where(and(sql`${cases.state} = 'submitted'`, sql`not ${cases.paused}`))
      .get()?.since ?? null
  );
}

/** Rows are never taken away, so the newest has the number of all. */
export function journalLength(db: ReadDb): number {
  return (
    db
      .select({ id: max(journal.id) })
      .from(journal)
      .get()?.id ?? 0
  );
}

export function countOpenOrders(db: ReadDb): number {
  return db.select({ many: count() }).from(orders).where(isNull(orders.handledAt)).get()!.many;
}

export function countOpenIncidents(db: ReadDb): ReadonlyMap<AlarmKind, number> {
  const rows = db
    .select({ kind: incidents.kind, many: count() })
    .from(incidents)
    .where(isNull(incidents.endedAt))
    .groupBy(incidents.kind)
    .all();
  return new Map(rows.map(({ kind, many }) => [kind, many]));
}

export interface DeliveryCount {
  readonly sink: string;
  readonly waiting: number;
  readonly givenUp: number;
}

/** Messages that did not arrive, of the time that is kept. */
export function countUndelivered(db: ReadDb): DeliveryCount[] {
  return db
    .select({
      sink: deliveries.sink,
      waiting: sql<number>`sum(${deliveries.nextAt} is not null)`,
      givenUp: sql<number>`sum(${deliveries.nextAt} is null and ${deliveries.deliveredAt} is null)`,
    })
    .from(deliveries)
    .groupBy(deliveries.sink)
    .all();
}
