import { and, asc, count, desc, eq, getTableColumns, gt, inArray, sql } from 'drizzle-orm';

import type { ReadDb } from '../database.ts';
import { prepared } from '../prepared.ts';
import { cases, journal } from '../schema.ts';
import type { NamedJournalRow } from './case-detail.ts';
import { filterCases } from './case-list.ts';
import type { CaseFilter, ListedCase } from './case-list.ts';

const { snapshot: _snapshot, ...listed } = getTableColumns(cases);

/** What moves first, and of that what has been there longest. */
const RANK = sql`case ${cases.phase} when 'executing' then 0 when 'collecting' then 1 when 'stopping' then 1
  when 'creating' then 1 when 'confirming' then 1 when 'releasing' then 1 when 'queued' then 2 when 'staging' then 3 else 4 end`;

const underWay = prepared((db) =>
  db
    .select(listed)
    .from(cases)
    .where(inArray(cases.state, ['running', 'submitting', 'submitted']))
    .orderBy(RANK, asc(cases.phaseSince), asc(cases.id))
    .limit(sql.placeholder('most'))
    .prepare(),
);

/** Cases that are not over, the ones at work before the ones that wait. */
export function listUnderWay(db: ReadDb, most: number): ListedCase[] {
  return underWay(db).all({ most });
}

const latest = prepared((db) =>
  db
    .select({ entry: journal, name: cases.name })
    .from(journal)
    .innerJoin(cases, eq(cases.id, journal.caseId))
    .orderBy(desc(journal.id))
    .limit(sql.placeholder('most'))
    .prepare(),
);

/** The end of the journal, newest first. */
export function latestEntries(db: ReadDb, most: number): NamedJournalRow[] {
  return latest(db)
    .all({ most })
    .map((row) => ({ ...row.entry, name: row.name }));
}

/** As far back as failures are looked for: rows of the journal have no index by time, and this is days of work. */
const FAILURE_ROWS = 20_000;

/** Cases that failed last and still are failed, the latest first. */
export function latestFailures(db: ReadDb, lastEntry: number, sinceMs: number, most: number): ListedCase[] {
  const ids = db
    .select({ id: journal.caseId })
    .from(journal)
    .where(and(gt(journal.id, lastEntry - FAILURE_ROWS), eq(journal.toPhase, 'failed'), gt(journal.at, sinceMs)))
    .orderBy(desc(journal.id))
    .limit(most * 4)
    .all();
  const unique = [...new Set(ids.map((row) => row.id))];
  const rows = db
    .select(listed)
    .from(cases)
    .where(and(inArray(cases.id, unique), eq(cases.state, 'failed')))
    .all();
  return rows.toSorted((a, b) => b.updatedAt - a.updatedAt).slice(0, most);
}

/** How many cases a filter finds. */
export function countMatching(db: ReadDb, filter: CaseFilter): number {
  return db.select({ n: count() }).from(cases).where(filterCases(filter)).get()?.n ?? 0;
}

/** The ids that a filter finds, newest first. */
export function idsMatching(db: ReadDb, filter: CaseFilter, most: number): string[] {
  return db
    .select({ id: cases.id })
    .from(cases)
    .where(filterCases(filter))
    .orderBy(desc(cases.createdAt), desc(cases.id))
    .limit(most)
    .all()
    .map((row) => row.id);
}
