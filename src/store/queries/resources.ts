import { and, asc, desc, eq, getTableColumns, inArray, isNotNull, sql } from 'drizzle-orm';

import type { Phase } from '../../domain/case.ts';
import type { AttemptRow } from '../attempts.ts';
import type { CandidateRow } from '../candidates.ts';
import type { ReadDb } from '../database.ts';
import { readMeta } from '../meta.ts';
import type { OrderRow } from '../orders.ts';
import { prepared } from '../prepared.ts';
import { attempts, candidates, cases, orders, slots } from '../schema.ts';
import type { CandidateState } from '../schema.ts';
import type { SlotRow } from '../slots.ts';

/** A slot with the case that holds it, by a person's name for it. */
export interface SlotWithCase extends SlotRow {
  readonly caseName: string | null;
  readonly phase: Phase | null;
}

const slotsWithCases = prepared((db) =>
  db
    .select({ ...getTableColumns(slots), caseName: cases.name, phase: cases.phase })
    .from(slots)
    .leftJoin(cases, eq(cases.id, slots.caseId))
    .orderBy(asc(slots.host), asc(slots.name))
    .prepare(),
);

export function listSlots(db: ReadDb): SlotWithCase[] {
  return slotsWithCases(db).all();
}

/** A database that was set back: until every host was seen, nobody knows what runs there. */
export function isRestoredBackup(db: ReadDb): boolean {
  return readMeta(db, 'is_backup') === 'yes';
}

export interface Orphan extends AttemptRow {
  /** Null when this database does not know the case either. */
  readonly caseName: string | null;
}

/** Remote jobs that no live case owns, oldest first. */
export function listOrphans(db: ReadDb): Orphan[] {
  return db
    .select({ ...getTableColumns(attempts), caseName: cases.name })
    .from(attempts)
    .leftJoin(cases, eq(cases.id, attempts.caseId))
    .where(isNotNull(attempts.orphan))
    .orderBy(asc(attempts.createdAt))
    .all();
}

export function listCandidates(db: ReadDb, states: readonly CandidateState[]): CandidateRow[] {
  return db
    .select()
    .from(candidates)
    .where(inArray(candidates.state, [...states]))
    .orderBy(asc(candidates.path))
    .all();
}

export function countCandidates(db: ReadDb): ReadonlyMap<CandidateState, number> {
  const rows = db
    .select({ state: candidates.state, count: sql<number>`count(*)` })
    .from(candidates)
    .groupBy(candidates.state)
    .all();
  return new Map(rows.map((row) => [row.state, row.count]));
}

/** Folders that are no case (yet), by exact name or path. */
export function findCandidates(db: ReadDb, text: string): CandidateRow[] {
  const byPath = db.select().from(candidates).where(eq(candidates.path, text)).all();
  return byPath.length > 0 ? byPath : db.select().from(candidates).where(eq(candidates.name, text)).all();
}

const waiting = prepared((db) =>
  db
    .select()
    .from(candidates)
    .where(
      and(eq(candidates.path, sql.placeholder('path')), inArray(candidates.state, ['settling', 'rejected', 'changed'])),
    )
    .prepare(),
);

/** The folder that lies at this path now and is no case as it is; null where there is none. */
export function waitingFolder(db: ReadDb, path: string): CandidateRow | null {
  return waiting(db).get({ path }) ?? null;
}

/** Names of the folders that are no case (yet): few beside the admitted ones. */
export function candidateNames(db: ReadDb): string[] {
  return db
    .select({ name: candidates.name })
    .from(candidates)
    .where(inArray(candidates.state, ['settling', 'history', 'rejected', 'changed', 'done']))
    .all()
    .map((row) => row.name);
}

/** An order with the name of its case. */
export interface NamedOrder extends OrderRow {
  readonly caseName: string | null;
}

/** The last orders, newest first. */
export function listRecentOrders(db: ReadDb, most: number): NamedOrder[] {
  return db
    .select({ ...getTableColumns(orders), caseName: cases.name })
    .from(orders)
    .leftJoin(cases, eq(cases.id, orders.caseId))
    .orderBy(desc(orders.id))
    .limit(most)
    .all();
}
