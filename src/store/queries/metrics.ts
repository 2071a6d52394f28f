import { and, count, inArray, isNotNull, isNull, min, sql } from 'drizzle-orm';

import type { AlarmKind } from '../../domain/alarm.ts';
import type { ReadDb } from '../database.ts';
import { addedFinals, forgottenFinals } from '../history.ts';
import type { FinalCounts } from '../history.ts';
import { cases, deliveries, incidents, journal, orders } from '../schema.ts';

const live = inArray(cases.state, ['submitted', 'submitting', 'running']);

/** Out of an index alone. */
export function countFinals(db: ReadDb): FinalCounts {
  const rows = db
    .select({ toPhase: journal.toPhase, kind: journal.failureKind, many: count() })
    .from(journal)
    .where(sql`"to_phase" in ('completed', 'failed')`)
    .groupBy(journal.toPhase, journal.failureKind)
    .all();
  const known = {
    completed: rows.filter((row) => row.toPhase === 'completed').reduce((sum, row) => sum + row.many, 0),
    failed: new Map(rows.filter((row) => row.toPhase === 'failed').map((row) => [row.kind, row.many])),
  };
  return addedFinals(forgottenFinals(db), known);
}

/** Live cases whose host is unreachable, by host. */
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

/** Rows that were ever written: SQLite remembers the highest number, also of those that are gone. */
export function journalLength(db: ReadDb): number {
  const [row] = db
    .select({ last: sql<number>`seq` })
    .from(sql`sqlite_sequence`)
    .where(sql`name = 'journal'`)
    .all();
  return row?.last ?? 0;
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
