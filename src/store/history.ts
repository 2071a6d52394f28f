import { asc, eq, gt, sql } from 'drizzle-orm';

import { FAILURE_KINDS } from '../domain/failure.ts';
import type { FailureKind } from '../domain/failure.ts';
import type { ReadDb, Tx } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import { prepared } from './prepared.ts';
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
 * Looks through `most` rows of the journal, from the one after `after` on, and takes those of cases away that ended
 * before `before`; a live case keeps its whole journal, however old. The ends of cases go into a tally, so that no
 * counter goes back. Returns the row to go on after; null when all that is old enough was looked through.
 */
export function forgetJournal(tx: Tx, before: number, after: number, most: number): number | null {
  const rows = tx
    .select({
      id: journal.id,
      at: journal.at,
      toPhase: journal.toPhase,
      kind: journal.failureKind,
      isOver: sql<number>`${cases.state} in ('completed', 'failed') and ${cases.updatedAt} < ${before}`,
    })
    .from(journal)
    .innerJoin(cases, eq(cases.id, journal.caseId))
    .where(gt(journal.id, after))
    .orderBy(asc(journal.id))
    .limit(most)
    .all();
  const old = rows.filter(({ at, isOver }) => at < before && isOver === 1);
  const failed = new Map<FailureKind | null, number>();
  for (const { toPhase, kind } of old) if (toPhase === 'failed') failed.set(kind, (failed.get(kind) ?? 0) + 1);
  const completed = old.filter(({ toPhase }) => toPhase === 'completed').length;
  if (completed > 0 || failed.size > 0) writeForgotten(tx, addedFinals(forgottenFinals(tx), { completed, failed }));
  for (const { id } of old) remove(tx).run({ id });
  // ids grow with time: behind a row that is young enough all are
  const isAtEnd = rows.length < most || rows.at(-1)!.at >= before;
  return isAtEnd ? null : rows.at(-1)!.id;
}

const remove = prepared((db) =>
  (db as Tx)
    .delete(journal)
    .where(eq(journal.id, sql.placeholder('id')))
    .prepare(),
);
