import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lte, sql } from 'drizzle-orm';

import type { ReadDb } from '../database.ts';
import { SINK_LEFT } from '../incidents.ts';
import type { DeliveryRow, IncidentRow } from '../incidents.ts';
import type { JournalRow } from '../journal.ts';
import { prepared } from '../prepared.ts';
import { cases, deliveries, incidents, journal } from '../schema.ts';

const live = inArray(cases.state, ['submitted', 'submitting', 'running']);

/** Cases under way on each host; under null those that no host was chosen for yet. */
export function liveByHost(db: ReadDb): ReadonlyMap<string | null, number> {
  const rows = db
    .select({ host: cases.host, count: sql<number>`count(*)` })
    .from(cases)
    .where(live)
    .groupBy(cases.host)
    .all();
  return new Map(rows.map((row) => [row.host, row.count]));
}

/** A job that has used most of its time. */
export interface NearLimit {
  readonly caseId: string;
  readonly attempt: number;
  readonly host: string | null;
  readonly slot: string | null;
  readonly observedMs: number;
  readonly limitMs: number;
}

export function jobsNearLimit(db: ReadDb, percent: number): NearLimit[] {
  const { id, attempt, host, slot, observedMs, limitMs } = cases;
  return db
    .select({ caseId: id, attempt, host, slot, observedMs, limitMs })
    .from(cases)
    .where(
      and(
        eq(cases.state, 'running'),
        eq(cases.phase, 'executing'),
        sql`${observedMs} * 100 >= ${limitMs} * ${percent}`,
      ),
    )
    .all();
}

/** That a case was over. */
export type FinalEntry = Pick<JournalRow, 'id' | 'caseId' | 'attempt' | 'at' | 'toPhase' | 'failureKind'>;

const finals = prepared((db) =>
  db
    .select({
      id: journal.id,
      caseId: journal.caseId,
      attempt: journal.attempt,
      at: journal.at,
      toPhase: journal.toPhase,
      failureKind: journal.failureKind,
    })
    .from(journal)
    .where(
      and(
        gt(journal.id, sql.placeholder('after')),
        lte(journal.id, sql.placeholder('upTo')),
        inArray(journal.toPhase, ['completed', 'failed']),
      ),
    )
    .orderBy(asc(journal.id))
    .prepare(),
);

/** Cases that were over in these rows of the journal, oldest first. */
export function finalEntries(db: ReadDb, after: number, upTo: number): FinalEntry[] {
  return finals(db).all({ after, upTo });
}

/** An incident, and whom it was told. */
export interface ToldIncident extends IncidentRow {
  readonly deliveries: readonly DeliveryRow[];
}

/** What lasts now, and the last that are over: newest first. */
export function listIncidents(db: ReadDb, most: number): ToldIncident[] {
  const lasting = db.select().from(incidents).where(isNull(incidents.endedAt)).orderBy(desc(incidents.openedAt)).all();
  const over = db
    .select()
    .from(incidents)
    .where(isNotNull(incidents.endedAt))
    .orderBy(desc(incidents.openedAt))
    .limit(most)
    .all();
  const rows = [...lasting, ...over];
  if (rows.length === 0) return [];
  const told = db
    .select()
    .from(deliveries)
    .where(
      inArray(
        deliveries.incidentId,
        rows.map(({ id }) => id),
      ),
    )
    .orderBy(asc(deliveries.sink), asc(deliveries.createdAt))
    .all();
  return rows.map((row) => ({ ...row, deliveries: told.filter(({ incidentId }) => incidentId === row.id) }));
}

/** A sink that did not take what it was told. */
export interface FailingSink {
  readonly sink: string;
  /** Messages that are tried again. */
  readonly waiting: number;
  /** Messages that were given up. */
  readonly givenUp: number;
  readonly error: string;
}

/** Often enough that it is no hiccup. */
const TRIES = 3;

/** A message that was given up needs a person, but not for ever. */
const GIVEN_UP_SHOWN_MS = 7 * 86_400_000;

/** Sinks of the configuration that refuse now, or for which messages were given up not long ago. */
export function failingSinks(db: ReadDb, nowMs: number): FailingSink[] {
  const rows = db
    .select()
    .from(deliveries)
    .where(
      and(
        isNull(deliveries.deliveredAt),
        sql`${deliveries.error} is not ${SINK_LEFT}`,
        sql`((${deliveries.nextAt} is not null and ${deliveries.tries} >= ${TRIES})
          or (${deliveries.nextAt} is null and ${deliveries.createdAt} >= ${nowMs - GIVEN_UP_SHOWN_MS}))`,
      ),
    )
    .orderBy(asc(deliveries.sink), asc(deliveries.createdAt))
    .all();
  return [...new Set(rows.map((row) => row.sink))].map((sink) => {
    const own = rows.filter((row) => row.sink === sink);
    const waiting = own.filter((row) => row.nextAt !== null).length;
    return { sink, waiting, givenUp: own.length - waiting, error: own.at(-1)?.error ?? '' };
  });
}
