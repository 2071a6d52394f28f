import { and, asc, eq, gte, inArray, lt, sql } from 'drizzle-orm';

import { FAILURE_KINDS } from '../domain/failure.ts';
import type { FailureKind } from '../domain/failure.ts';
import type { ReadDb, Tx } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import { cases, journal } from './schema.ts';

/** How often cases were over, by what became of them: only grows, whatever is retried or forgotten. */
export interface FinalCounts {
  readonly completed: number;
  /** Under null those of before the kind was recorded. */
  readonly failed: ReadonlyMap<FailureKind | null, number>;
}

const NONE: FinalCounts = { completed: 0, failed: new Map() };

/** The ends of cases whose rows the journal has forgotten. */
export function forgottenFinals(db: ReadDb): FinalCounts {
  const text = readMeta(db, 'pruned_finals');
  if (text === null) return NONE;
  const counts = JSON.parse(text) as Readonly<Record<string, number>>;
  const kinds: readonly (FailureKind | null)[] = [...FAILURE_KINDS, null];
  return {
    completed: counts['completed'] ?? 0,
    failed: new Map(
      kinds.flatMap((kind) => {
        const count = counts[`failed ${kind ?? ''}`];
        return count === undefined ? [] : [[kind, count] as const];
      }),
    ),
  };
}

function writeForgotten(tx: Tx, { completed, failed }: FinalCounts): void {
  const counts = {
    completed,
    ...Object.fromEntries([...failed].map(([kind, count]) => [`failed ${kind ?? ''}`, count])),
  };
  writeMeta(tx, 'pruned_finals', JSON.stringify(counts));
}

export function addedFinals(a: FinalCounts, b: FinalCounts): FinalCounts {
  const kinds = new Set([...a.failed.keys(), ...b.failed.keys()]);
  return {
    completed: a.completed + b.completed,
    failed: new Map([...kinds].map((kind) => [kind, (a.failed.get(kind) ?? 0) + (b.failed.get(kind) ?? 0)])),
  };
}

/**
 * Takes the journal of cases away that ended before `before`, at most `most` rows of it; returns how many. A live case
 * keeps its whole journal, however old. The ends of cases go into a tally, so that no counter goes back.
 */
export function forgetJournal(tx: Tx, before: number, most: number): number {
  // ids grow with time: what is younger is not even looked at
  const first = tx
    .select({ id: journal.id })
    .from(journal)
    .where(gte(journal.at, before))
    .orderBy(asc(journal.id))
    .limit(1)
    .get();
  const rows = tx
    .select({ id: journal.id, toPhase: journal.toPhase, kind: journal.failureKind, from: journal.fromPhase })
    .from(journal)
    .innerJoin(cases, eq(cases.id, journal.caseId))
    .where(
      and(
        first === undefined ? undefined : lt(journal.id, first.id),
        inArray(cases.state, ['completed', 'failed']),
        lt(cases.updatedAt, before),
      ),
    )
    .orderBy(asc(journal.id))
    .limit(most)
    .all();
  if (rows.length === 0) return 0;
  const failed = new Map<FailureKind | null, number>();
  for (const { toPhase, kind } of rows) if (toPhase === 'failed') failed.set(kind, (failed.get(kind) ?? 0) + 1);
  const completed = rows.filter(({ toPhase }) => toPhase === 'completed').length;
  if (completed > 0 || failed.size > 0) writeForgotten(tx, addedFinals(forgottenFinals(tx), { completed, failed }));
  const ids = JSON.stringify(rows.map(({ id }) => id));
  tx.delete(journal)
    .where(sql`${journal.id} in (select value from json_each(${ids}))`)
    .run();
  return rows.length;
}
