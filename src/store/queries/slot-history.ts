import { and, asc, desc, gt, inArray, isNotNull, lt, ne, or, sql } from 'drizzle-orm';

import type { Phase } from '../../domain/case.ts';
import type { ReadDb } from '../database.ts';
import { attempts, journal } from '../schema.ts';

/** One step of a case: all that tells where it was at a moment. */
export interface Step {
  readonly caseId: string;
  readonly attempt: number;
  readonly at: number;
  readonly event: string;
  readonly from: Phase | null;
  readonly to: Phase;
}

/** Some 4,000 cases in a day; on more, the day that is shown is shorter. */
const MOST_STEPS = 50_000;

/** The steps of all cases since then, oldest first. Ids only grow, and times nearly so. */
export function stepsSince(db: ReadDb, sinceMs: number): Step[] {
  const before = db
    .select({ id: journal.id })
    .from(journal)
    .where(lt(journal.at, sinceMs))
    .orderBy(desc(journal.id))
    .limit(1)
    .get();
  const rows = db
    .select({
      caseId: journal.caseId,
      attempt: journal.attempt,
      at: journal.at,
      event: journal.event,
      from: journal.fromPhase,
      to: journal.toPhase,
    })
    .from(journal)
    .where(
      and(
        gt(journal.id, before?.id ?? 0),
        or(sql`${journal.fromPhase} is null`, ne(journal.fromPhase, journal.toPhase)),
      ),
    )
    .orderBy(desc(journal.id))
    .limit(MOST_STEPS)
    .all();
  return rows.reverse();
}

/** When the journal begins; null while it is empty. */
export function journalBegan(db: ReadDb): number | null {
  return db.select({ at: journal.at }).from(journal).orderBy(asc(journal.id)).limit(1).get()?.at ?? null;
}

/** Where an attempt was sent, by case and number; the slot is null for one that never had any. */
export interface SentTo {
  readonly caseId: string;
  readonly number: number;
  readonly host: string;
  readonly slot: string | null;
}

/** SQLite takes no more values in one question than some thousands. */
const CHUNK = 500;

export function whereSent(db: ReadDb, caseIds: readonly string[]): SentTo[] {
  const found: SentTo[] = [];
  for (let from = 0; from < caseIds.length; from += CHUNK) {
    const some = caseIds.slice(from, from + CHUNK);
    const columns = { caseId: attempts.caseId, number: attempts.number, host: attempts.host, slot: attempts.slot };
    const rows = db
      .select(columns)
      .from(attempts)
      .where(and(isNotNull(attempts.caseId), inArray(attempts.caseId, [...some])))
      .orderBy(asc(attempts.createdAt))
      .all();
    found.push(...rows.map((row) => ({ ...row, caseId: row.caseId! })));
  }
  return found;
}
