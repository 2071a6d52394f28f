import { and, asc, desc, eq, getTableColumns, inArray, not, sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';

import type { Phase } from '../domain/case.ts';
import type { ReadDb, Tx } from './database.ts';
import { given, newRow, prepared } from './prepared.ts';
import { attempts, cases } from './schema.ts';

export type CaseRow = typeof cases.$inferSelect;

/** An hour of waiting weighs as much as one step of priority. */
const PRIORITY_STEP_MS = 3_600_000;

/** By priority rising with waiting time, then age. Both grow alike for all, so the order itself does not change. */
const byTurn = [desc(sql`${cases.priority} * ${PRIORITY_STEP_MS} - ${cases.createdAt}`), asc(cases.id)];

const byId = prepared((db) =>
  db
    .select()
    .from(cases)
    .where(eq(cases.id, sql.placeholder('id')))
    .prepare(),
);

export function readCase(db: ReadDb, id: string): CaseRow | null {
  return byId(db).get({ id }) ?? null;
}

export function readCaseByPath(db: ReadDb, path: string): CaseRow | null {
  return db.select().from(cases).where(eq(cases.path, path)).get() ?? null;
}

const live = prepared((db) =>
  db
    .select()
    .from(cases)
    .where(inArray(cases.state, ['submitted', 'submitting', 'running']))
    .orderBy(asc(cases.createdAt))
    .prepare(),
);

/** Everything that is not final: what a start-up has to take up again. */
export function readLiveCases(db: ReadDb): CaseRow[] {
  return live(db).all();
}

export const insertCase = newRow(cases);

const { id: _id, ...movable } = getTableColumns(cases);

const updateRow = prepared((db) =>
  (db as Tx)
    .update(cases)
    .set(given(movable))
    .where(and(eq(cases.id, sql.placeholder('id')), eq(cases.entry, sql.placeholder('readEntry'))))
    .prepare(),
);

/** `row`: as it was read just before. @throws when it has moved on since: two writers at once are a programmer's error. */
export function updateCase(tx: Tx, row: CaseRow, change: Partial<CaseRow>): void {
  const { changes } = updateRow(tx).run({ ...row, ...change, readEntry: row.entry });
  if (changes !== 1) throw new Error(`case ${row.id} is not in entry ${row.entry} any more`);
}

/**
 * A case is held back while an earlier attempt of it might still run, or an orphan of it waits for an operator. Asked of
 * each case by itself: a list of all that are held back would be made of every attempt there ever was.
 */
const isHeldBack = sql`exists (
  select 1 from ${attempts} where ${attempts.caseId} = ${cases.id} and ${attempts.token} is not coalesce(${cases.token}, '')
  and (${attempts.proof} is null or ${attempts.orphan} is not null))`;

function nextInTurn(db: ReadDb, phase: Phase, where?: SQL) {
  return db
    .select()
    .from(cases)
    .where(
      and(
        eq(cases.state, 'submitted'),
        eq(cases.phase, phase),
        eq(cases.paused, false),
        sql`${cases.setAside} is null`,
        where,
        not(isHeldBack),
      ),
    )
    .orderBy(...byTurn)
    .limit(sql.placeholder('most'))
    .prepare();
}

const toStage = prepared((db) => nextInTurn(db, 'waiting'));
const toLease = prepared((db) => nextInTurn(db, 'staged', eq(cases.host, sql.placeholder('host'))));

export function nextToStage(db: ReadDb, most: number): CaseRow[] {
  return toStage(db).all({ most });
}

export function nextToLease(db: ReadDb, host: string, most: number): CaseRow[] {
  return toLease(db).all({ host, most });
}

/**
 * A blocked case holds no place; but each may have left something on the host, so that there is an end to it: a thousand
 * of them are no accident of single folders any more.
 */
const BLOCKED_SPARED = 1_000;

const staged = prepared((db) =>
  db
    .select({
      n: sql<number>`count(*) - min(${BLOCKED_SPARED}, coalesce(sum(${cases.blocked} is not null), 0))`,
    })
    .from(cases)
    .where(
      and(
        eq(cases.host, sql.placeholder('host')),
        eq(cases.state, 'submitted'),
        inArray(cases.phase, ['staging', 'staged']),
        eq(cases.paused, false),
        not(isHeldBack),
      ),
    )
    .prepare(),
);

/** Cases that lie on a host, or travel there, without a slot yet: a blocked one does not keep the others waiting. */
export function countStaged(db: ReadDb, host: string): number {
  return staged(db).get({ host })!.n;
}
