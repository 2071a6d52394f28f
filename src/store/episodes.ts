import { and, asc, eq, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';

import type { Edge } from '../domain/alarm.ts';
import type { ReadDb, Tx } from './database.ts';
import { prepared } from './prepared.ts';
import { deliveries, episodes } from './schema.ts';

export type EpisodeRow = typeof episodes.$inferSelect;
export type DeliveryRow = typeof deliveries.$inferSelect;

/** A message that is to be delivered, with what it tells of. */
export interface DueDelivery extends DeliveryRow {
  readonly episode: EpisodeRow;
}

const open = prepared((db) => db.select().from(episodes).where(isNull(episodes.endedAt)).prepare());

export function openEpisodes(db: ReadDb): EpisodeRow[] {
  return open(db).all();
}

/** One that was ended quietly, because nobody was told of its kind for a while, goes on: it is the same. */
export function insertEpisode(tx: Tx, row: typeof episodes.$inferInsert): void {
  const { id: _id, ...again } = row;
  tx.insert(episodes)
    .values(row)
    .onConflictDoUpdate({ target: episodes.id, set: { ...again, endedAt: null } })
    .run();
}

export function updateEpisode(tx: Tx, id: string, change: Partial<EpisodeRow>): void {
  tx.update(episodes).set(change).where(eq(episodes.id, id)).run();
}

/** One message a sink, episode and edge: a second one is none. */
export function insertDelivery(
  tx: Tx,
  delivery: { readonly episodeId: string; readonly sink: string; readonly edge: Edge },
  nextAt: number,
  at: number,
): void {
  tx.insert(deliveries)
    .values({ ...delivery, createdAt: at, nextAt })
    .onConflictDoNothing()
    .run();
}

/** Whoever was told that it opened, or is about to be, is told that it ended. */
export function tellEnd(tx: Tx, episodeId: string, at: number): void {
  const told = tx
    .select({ sink: deliveries.sink })
    .from(deliveries)
    .where(and(eq(deliveries.episodeId, episodeId), eq(deliveries.edge, 'opened')))
    .all();
  for (const { sink } of told) insertDelivery(tx, { episodeId, sink, edge: 'ended' }, at, at);
}

/** Further ahead than any back-off reaches: the clock was set back since. */
const LONGEST_WAIT_MS = 2 * 3_600_000;

const due = prepared((db) =>
  db
    .select({ delivery: deliveries, episode: episodes })
    .from(deliveries)
    .innerJoin(episodes, eq(episodes.id, deliveries.episodeId))
    .where(
      and(
        eq(deliveries.sink, sql.placeholder('sink')),
        isNotNull(deliveries.nextAt),
        sql`${deliveries.nextAt} not between ${sql.placeholder('at')} + 1 and ${sql.placeholder('at')} + ${LONGEST_WAIT_MS}`,
      ),
    )
    // that it ended is never told before that it opened
    .orderBy(asc(episodes.openedAt), sql`${deliveries.edge} = 'ended'`)
    .limit(sql.placeholder('most'))
    .prepare(),
);

/** What a sink is to be told now, oldest first. */
export function dueDeliveries(db: ReadDb, sink: string, at: number, most: number): DueDelivery[] {
  return due(db)
    .all({ sink, at, most })
    .map(({ delivery, episode }) => ({ ...delivery, episode }));
}

/** Whether the sink is still to hear that the episode opened. */
export function isOpeningPending(db: ReadDb, { episodeId, sink }: DeliveryRow): boolean {
  const row = db
    .select({ nextAt: deliveries.nextAt })
    .from(deliveries)
    .where(and(eq(deliveries.episodeId, episodeId), eq(deliveries.sink, sink), eq(deliveries.edge, 'opened')))
    .get();
  return row !== undefined && row.nextAt !== null;
}

export function updateDelivery(
  tx: Tx,
  { episodeId, sink, edge }: Pick<DeliveryRow, 'episodeId' | 'sink' | 'edge'>,
  change: Partial<DeliveryRow>,
): void {
  tx.update(deliveries)
    .set(change)
    .where(and(eq(deliveries.episodeId, episodeId), eq(deliveries.sink, sink), eq(deliveries.edge, edge)))
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
export function endEpisodesQuietly(tx: Tx, ids: readonly string[], at: number): void {
  if (ids.length === 0) return;
  tx.update(episodes)
    .set({ endedAt: at })
    .where(inArray(episodes.id, [...ids]))
    .run();
}

/** Episodes that ended before `before`, with their deliveries; at most `most`. */
export function forgetEpisodes(tx: Tx, before: number, most: number): void {
  const old = tx
    .select({ id: episodes.id })
    .from(episodes)
    .where(and(lt(episodes.openedAt, before), lt(episodes.endedAt, before)))
    .limit(most)
    .all()
    .map(({ id }) => id);
  if (old.length === 0) return;
  tx.delete(deliveries).where(inArray(deliveries.episodeId, old)).run();
  tx.delete(episodes).where(inArray(episodes.id, old)).run();
}
