import { and, asc, desc, eq, gt, inArray, isNull, max, sql } from 'drizzle-orm';

import type { Phase } from '../../domain/case.ts';
import type { AttemptRow } from '../attempts.ts';
import type { CaseRow } from '../cases.ts';
import type { ReadDb } from '../database.ts';
import type { JournalRow } from '../journal.ts';
import type { OrderRow } from '../orders.ts';
import { spellsSince } from '../spells.ts';
import type { SpellRow } from '../spells.ts';
import { troublesOfTokens } from '../troubles.ts';
import type { TroubleRow } from '../troubles.ts';
import { prepared } from '../prepared.ts';
import { attempts, cases, hosts, journal, orders } from '../schema.ts';

export interface CaseDetail {
  readonly row: CaseRow;
  /** Oldest first. */
  readonly attempts: readonly AttemptRow[];
  /** Oldest first. */
  readonly journal: readonly JournalRow[];
  /** When hosts of its attempts were unreachable in its time, oldest first. */
  readonly spells: readonly SpellRow[];
  /** What is wrong with its attempts now. */
  readonly troubles: readonly TroubleRow[];
  /** Operators' orders for this case, oldest first. */
  readonly orders: readonly OrderRow[];
}

export function caseDetail(db: ReadDb, id: string): CaseDetail | null {
  const row = db.select().from(cases).where(eq(cases.id, id)).get();
  if (row === undefined) return null;
  const own = db.select().from(attempts).where(eq(attempts.caseId, id)).orderBy(asc(attempts.number)).all();
  return {
    row,
    attempts: own,
    spells: spellsOf(db, own),
    troubles: troublesOfTokens(
      db,
      own.map(({ token }) => token),
    ),
    journal: db.select().from(journal).where(eq(journal.caseId, id)).orderBy(asc(journal.id)).all(),
    orders: db.select().from(orders).where(eq(orders.caseId, id)).orderBy(asc(orders.id)).all(),
  };
}

/** A spell of a host is one of each attempt that was there, under way, while it lasted. */
function spellsOf(db: ReadDb, own: readonly AttemptRow[]): readonly SpellRow[] {
  const [first] = own;
  if (first === undefined) return [];
  return spellsSince(db, Math.min(...own.map(({ createdAt }) => createdAt))).filter((spell) =>
    own.some(
      ({ host, createdAt, endedAt }) =>
        host === spell.host &&
        (spell.endedAt === null || spell.endedAt >= createdAt) &&
        (endedAt === null || spell.since <= endedAt),
    ),
  );
}

/** The attempts under way of several cases, by token: bytes moved, for a live view. */
export function attemptsByToken(db: ReadDb, tokens: readonly string[]): ReadonlyMap<string, AttemptRow> {
  const rows = db
    .select()
    .from(attempts)
    .where(inArray(attempts.token, [...tokens]))
    .all();
  return new Map(rows.map((row) => [row.token, row]));
}

/** A journal row with the name of its case, for a person who follows several. */
export interface NamedJournalRow extends JournalRow {
  readonly name: string;
}

/** What came after row `id`, oldest first; ids only grow, so a reader goes on from the last one it saw. */
export function journalAfter(db: ReadDb, id: number, most: number): NamedJournalRow[] {
  return db
    .select({ entry: journal, name: cases.name })
    .from(journal)
    .innerJoin(cases, eq(cases.id, journal.caseId))
    .where(gt(journal.id, id))
    .orderBy(asc(journal.id))
    .limit(most)
    .all()
    .map((row) => ({ ...row.entry, name: row.name }));
}

/** Where a reader begins that wants only what comes from now on. */
export function lastJournalId(db: ReadDb): number {
  return (
    db
      .select({ id: max(journal.id) })
      .from(journal)
      .get()?.id ?? 0
  );
}

/** An hour of waiting weighs as much as one step of priority; as `nextToStage` and `nextToLease` order (store/cases). */
const TURN = sql`${cases.priority} * 3600000 - ${cases.createdAt}`;

export interface Turn {
  /** 1 is next. */
  readonly position: number;
  readonly of: number;
}

const line = prepared((db) => {
  const heldBack = sql`exists (select 1 from ${attempts} where ${attempts.caseId} = ${cases.id}
    and ${attempts.token} is not coalesce(${cases.token}, '')
    and (${attempts.proof} is null or ${attempts.orphan} is not null))`;
  return db
    .select({ id: cases.id })
    .from(cases)
    .where(
      and(
        eq(cases.state, 'submitted'),
        eq(cases.phase, sql.placeholder('phase')),
        eq(cases.paused, false),
        isNull(cases.setAside),
        sql`${sql.placeholder('host')} in ('', ${cases.host})`,
        sql`not ${heldBack}`,
      ),
    )
    .orderBy(desc(TURN), asc(cases.id))
    .prepare();
});

/**
 * The place of a waiting case among all that wait, or of a staged one among those staged on its host. Paused and
 * unreadable cases stand in no line, nor do those that an earlier attempt holds back; null for one of them.
 */
export function turnOf(
  db: ReadDb,
  { id, phase, host }: { readonly id: string; readonly phase: Phase; readonly host: string | null },
): Turn | null {
  const all = line(db).all({ phase, host: host ?? '' });
  const index = all.findIndex((other) => other.id === id);
  return index === -1 ? null : { position: index + 1, of: all.length };
}

/** When a daemon last left a trace here: a host seen, a case changed. Null in an unused database. */
export function lastSignOfLife(db: ReadDb): number | null {
  const host = db
    .select({ seen: max(hosts.lastSeenAt), since: max(hosts.since) })
    .from(hosts)
    .get();
  const entry = db.select({ at: journal.at }).from(journal).orderBy(desc(journal.id)).limit(1).get();
  const signs = [host?.seen, host?.since, entry?.at].filter((at) => at !== null && at !== undefined);
  return signs.length === 0 ? null : Math.max(...signs);
}
