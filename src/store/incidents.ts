import { and, asc, eq, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';

import type { Edge } from '../domain/alarm.ts';
import type { ReadDb, Tx } from './database.ts';
import { prepared } from './prepared.ts';
import { deliveries, incidents } from './schema.ts';

export type IncidentRow = typeof incidents.$inferSelect;
export type DeliveryRow = typeof deliveries.$inferSelect;

/** A message that is to be delivered, with what it tells of. */
export interface DueDelivery extends DeliveryRow {
  readonly incident: IncidentRow;
}

const open = prepared((db) => db.select().from(incidents).where(isNull(incidents.endedAt)).prepare());

export function openIncidents(db: ReadDb): IncidentRow[] {
  return open(db).all();
}

/** One that was ended quietly, because nobody was told of its kind for a while, goes on: it is the same. */
export function insertIncident(tx: Tx, row: typeof incidents.$inferInsert): void {
  const { id: _id, ...again } = row;
  tx.insert(incidents)
    .values(row)
    .onConflictDoUpdate({ target: incidents.id, set: { ...again, endedAt: null } })
    .run();
}

export function updateIncident(tx: Tx, id: string, change: Partial<IncidentRow>): void {
  tx.update(incidents).set(change).where(eq(incidents.id, id)).run();
}

/** One message a sink, incident and edge: a second one is none. */
export function insertDelivery(
  tx: Tx,
  delivery: { readonly incidentId: string; readonly sink: string; readonly edge: Edge },
  nextAt: number,
  at: number,
): void {
  tx.insert(deliveries)
    .values({ ...delivery, createdAt: at, nextAt })
    .onConflictDoNothing()
    .run();
}

/** Whoever was told that it opened, or is about to be, is told that it ended. */
export function tellEnd(tx: Tx, incidentId: string, at: number): void {
  const told = tx
    .select({ sink: deliveries.sink })
    .from(deliveries)
    .where(and(eq(deliveries.incidentId, incidentId), eq(deliveries.edge, 'opened')))
    .all();
  for (const { sink } of told) insertDelivery(tx, { incidentId, sink, edge: 'ended' }, at, at);
}

/** Further ahead than any back-off reaches: the clock was set back since. */
const LONGEST_WAIT_MS = 2 * 3_600_000;

const due = prepared((db) =>
  db
    .select({ delivery: deliveries, incident: incidents })
    .from(deliveries)
    .innerJoin(incidents, eq(incidents.id, deliveries.incidentId))
    .where(
      and(
        eq(deliveries.sink, sql.placeholder('sink')),
        isNotNull(deliveries.nextAt),
        sql`${deliveries.nextAt} not between ${sql.placeholder('at')} + 1 and ${sql.placeholder('at')} + ${LONGEST_WAIT_MS}`,
      ),
    )
    // that it ended is never told before that it opened
    .orderBy(asc(incidents.openedAt), sql`${deliveries.edge} = 'ended'`)
    .limit(sql.placeholder('most'))
    .prepare(),
);

/** What a sink is to be told now, oldest first. */
export function dueDeliveries(db: ReadDb, sink: string, at: number, most: number): DueDelivery[] {
  return due(db)
    .all({ sink, at, most })
    .map(({ delivery, incident }) => ({ ...delivery, incident }));
}

/** Whether the sink is still to hear that the incident opened. */
export function isOpeningPending(db: ReadDb, { incidentId, sink }: DeliveryRow): boolean {
  const row = db
    .select({ nextAt: deliveries.nextAt })
    .from(deliveries)
    .where(and(eq(deliveries.incidentId, incidentId), eq(deliveries.sink, sink), eq(deliveries.edge, 'opened')))
    .get();
  return row !== undefined && row.nextAt !== null;
}

export function updateDelivery(
  tx: Tx,
  { incidentId, sink, edge }: Pick<DeliveryRow, 'incidentId' | 'sink' | 'edge'>,
  change: Partial<DeliveryRow>,
): void {
  tx.update(deliveries)
    .set(change)
    .where(and(eq(deliveries.incidentId, incidentId), eq(deliveries.sink, sink), eq(deliveries.edge, edge)))
    .run();
}

/** The error of a message to a sink that nobody wants to be told any more: it needs no person. */
export const SINK_LEFT = 'the sink is not in the configuration any more';

/** Messages to sinks that left the configuration are given up; those that were given up before need no person either. */
export function giveUpOtherSinks(tx: Tx, sinks: readonly string[]): void {
  const others = sinks.length === 0 ? undefined : sql`${deliveries.sink} not in ${[...sinks]}`;
  tx.update(deliveries)
    .set({ nextAt: null, error: SINK_LEFT })
    .where(and(isNull(deliveries.deliveredAt), others))
    .run();
}

/** Ends what nobody is told of any more, without a word. */
export function endIncidentsQuietly(tx: Tx, ids: readonly string[], at: number): void {
  if (ids.length === 0) return;
  tx.update(incidents)
    .set({ endedAt: at })
    .where(inArray(incidents.id, [...ids]))
    .run();
}

/** Incidents that ended before `before`, with their deliveries; at most `most`. */
export function forgetIncidents(tx: Tx, before: number, most: number): void {
  const old = tx
    .select({ id: incidents.id })
    .from(incidents)
    .where(and(lt(incidents.openedAt, before), lt(incidents.endedAt, before)))
    .limit(most)
    .all()
    .map(({ id }) => id);
  if (old.length === 0) return;
  tx.delete(deliveries).where(inArray(deliveries.incidentId, old)).run();
  tx.delete(incidents).where(inArray(incidents.id, old)).run();
}
