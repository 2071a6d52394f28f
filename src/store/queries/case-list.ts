import { and, desc, eq, getTableColumns, inArray, isNotNull, notExists, sql } from 'drizzle-orm';

import type { CaseState, Phase } from '../../domain/case.ts';
import type { FailureKind } from '../../domain/failure.ts';
import type { CaseRow } from '../cases.ts';
import type { ReadDb } from '../database.ts';
import { cases, hosts } from '../schema.ts';

/** A case as lists need it: the snapshot, most of the bytes of a row, stays where it is. */
export type ListedCase = Omit<CaseRow, 'snapshot'>;

const { snapshot: _snapshot, ...listedColumns } = getTableColumns(cases);

export interface CaseFilter {
  readonly state?: CaseState;
  readonly phase?: Phase;
  /** The host that it was sent to last. */
  readonly host?: string;
  /** Part of the name, upper or lower case alike. */
  readonly search?: string;
  readonly failure?: FailureKind;
}

/** Where a page ended. A case admitted meanwhile is newer, so it shifts no later page. */
export interface Cursor {
  readonly createdAt: number;
  readonly id: string;
}

export interface CasePage {
  readonly cases: readonly ListedCase[];
  /** Null on the last page. */
  readonly next: Cursor | null;
}

export function formatCursor(cursor: Cursor): string {
  return `${cursor.createdAt}.${cursor.id}`;
}

/** Null for a text that no page ever gave. */
export function parseCursor(text: string): Cursor | null {
  const match = /^([0-9]{1,15})\.([A-Za-z0-9]+)$/.exec(text);
  return match === null ? null : { createdAt: Number(match[1]), id: match[2]! };
}

/** Newest first; keyset paging, so that page 500 costs what page 1 costs. */
export function listCases(db: ReadDb, filter: CaseFilter, after: Cursor | null, limit: number): CasePage {
  const rows = db
    .select(listedColumns)
    .from(cases)
    .where(
      and(
        filterCases(filter),
        after === null ? undefined : sql`(${cases.createdAt}, ${cases.id}) < (${after.createdAt}, ${after.id})`,
      ),
    )
    .orderBy(desc(cases.createdAt), desc(cases.id))
    // one more than asked for tells whether there is a next page
    .limit(limit + 1)
    .all();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { cases: page, next: rows.length > limit && last !== undefined ? last : null };
}

/** The condition that a filter is. */
export function filterCases({ state, phase, host, failure, search }: CaseFilter) {
  return and(
    state === undefined ? undefined : eq(cases.state, state),
    phase === undefined ? undefined : eq(cases.phase, phase),
    host === undefined ? undefined : eq(cases.host, host),
    failure === undefined ? undefined : eq(cases.failureKind, failure),
    search === undefined ? undefined : nameContains(search),
  );
}

function nameContains(text: string) {
  const pattern = `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
  return sql`${cases.name} like ${pattern} escape '\\'`;
}

/** Every case that is not final, oldest first. */
export function listLiveCases(db: ReadDb): ListedCase[] {
  return db
    .select(listedColumns)
    .from(cases)
    .where(inArray(cases.state, ['submitted', 'submitting', 'running']))
    .orderBy(cases.createdAt, cases.id)
    .all();
}

export function listCasesById(db: ReadDb, ids: readonly string[]): ListedCase[] {
  return db
    .select(listedColumns)
    .from(cases)
    .where(inArray(cases.id, [...ids]))
    .all();
}

/** Cases whose saved state this version cannot read. */
export function listSetAside(db: ReadDb): ListedCase[] {
  return db
    .select(listedColumns)
    .from(cases)
    .where(and(inArray(cases.state, ['submitted', 'submitting', 'running']), sql`${cases.setAside} is not null`))
    .all();
}

/** Cases whose work waits for something that an operator mends. */
export function listBlocked(db: ReadDb): ListedCase[] {
  return db
    .select(listedColumns)
    .from(cases)
    .where(and(inArray(cases.state, ['submitted', 'submitting', 'running']), sql`${cases.blocked} is not null`))
    .all();
}

/** Live cases on hosts that are not in the configuration any more: nobody looks at them. */
export function listStranded(db: ReadDb): ListedCase[] {
  return db
    .select(listedColumns)
    .from(cases)
    .where(
      and(
        inArray(cases.state, ['submitted', 'submitting', 'running']),
        isNotNull(cases.host),
        notExists(db.select({ name: hosts.name }).from(hosts).where(eq(hosts.name, cases.host))),
      ),
    )
    .all();
}

/**
 * Cases that a person may mean by `text`: the exact id, else the exact name, else every id and name that begins with
 * it. More than one: ambiguous. At most `most`.
 */
export function findCases(db: ReadDb, text: string, most: number): ListedCase[] {
  const select = () => db.select(listedColumns).from(cases);
  const exact = select().where(eq(cases.id, text)).all();
  if (exact.length > 0) return exact;
  const named = select().where(eq(cases.name, text)).limit(most).all();
  if (named.length > 0 || text === '') return named;
  const end = `${text}\u{10ffff}`;
  const byId = select()
    .where(sql`${cases.id} >= ${text} and ${cases.id} < ${end}`)
    .limit(most)
    .all();
  const byName = select()
    .where(sql`${cases.name} >= ${text} and ${cases.name} < ${end}`)
    .limit(most)
    .all();
  const known = new Set(byId.map((row) => row.id));
  return [...byId, ...byName.filter((row) => !known.has(row.id))].slice(0, most);
}

/** Every name, out of an index alone: what "did you mean" chooses from. */
export function caseNames(db: ReadDb): string[] {
  return db
    .select({ name: cases.name })
    .from(cases)
    .orderBy(cases.name)
    .all()
    .map((row) => row.name);
}

export interface PhaseCount {
  readonly state: CaseState;
  readonly phase: Phase;
  readonly count: number;
}

/** How many cases there are in each phase. Final ones, most of all, are counted in an index. */
export function countCases(db: ReadDb): PhaseCount[] {
  const count = sql<number>`count(*)`;
  const final = db
    .select({ state: cases.state, count })
    .from(cases)
    .where(inArray(cases.state, ['completed', 'failed']))
    .groupBy(cases.state)
    .all();
  const live = db
    .select({ state: cases.state, phase: cases.phase, count })
    .from(cases)
    .where(inArray(cases.state, ['submitted', 'submitting', 'running']))
    .groupBy(cases.state, cases.phase)
    .all();
  // a final state has itself as its only phase
  return [...live, ...final.map((row) => ({ ...row, phase: row.state as Phase }))];
}
