import { and, asc, count, eq, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';

import { subjectText } from '../domain/trouble.ts';
import type { TroubleKind, TroubleSubject } from '../domain/trouble.ts';
import type { ReadDb, Tx } from './database.ts';
import { given, prepared } from './prepared.ts';
import { troubles } from './schema.ts';

export type TroubleRow = typeof troubles.$inferSelect;

/** One that comes again within this time after it was over is the same: what flickers is one trouble. */
export const SAME_TROUBLE_MS = 10 * 60_000;

/** How long one that is over is kept, so that it can go on. */
const KEEP_MS = 24 * 3_600_000;

const one = prepared((db) =>
  db
    .select()
    .from(troubles)
    .where(and(eq(troubles.subject, sql.placeholder('subject')), eq(troubles.what, sql.placeholder('what'))))
    .prepare(),
);

const put = prepared((db) => {
  const { subject, what, host, token, reason, since, last, times, overAt } = troubles;
  const row = given({ subject, what, host, token, reason, since, last, times, overAt });
  return (db as Tx)
    .insert(troubles)
    .values(row)
    .onConflictDoUpdate({ target: [troubles.subject, troubles.what], set: row })
    .prepare();
});

const end = prepared((db) =>
  (db as Tx)
    .update(troubles)
    .set(given({ overAt: troubles.overAt }))
    .where(
      and(
        eq(troubles.subject, sql.placeholder('subject')),
        eq(troubles.what, sql.placeholder('what')),
        isNull(troubles.overAt),
      ),
    )
    .prepare(),
);

/** True: it begins now. False: it lasts already, or has come again. */
export function noteTrouble(tx: Tx, subject: TroubleSubject, what: TroubleKind, reason: string, at: number): boolean {
  const key = { subject: subjectText(subject), what };
  const before = one(tx).get(key);
  // a clock that was set back makes no trouble new
  const goesOn = before !== undefined && (before.overAt === null || at - before.overAt < SAME_TROUBLE_MS);
  put(tx).run({
    ...key,
    host: 'host' in subject ? subject.host : null,
    token: 'token' in subject ? subject.token : null,
    reason,
    since: goesOn ? before.since : at,
    last: at,
    times: goesOn ? before.times + (before.overAt === null ? 0 : 1) : 1,
    overAt: null,
  });
  return !goesOn;
}

export function endTrouble(tx: Tx, subject: TroubleSubject, what: TroubleKind, at: number): void {
  end(tx).run({ subject: subjectText(subject), what, overAt: at });
}

/** All that is known to be wrong with an attempt is over: it has gone from its host. */
export function endTroublesOf(tx: Tx, subject: TroubleSubject, at: number): void {
  tx.update(troubles)
    .set({ overAt: at })
    .where(and(eq(troubles.subject, subjectText(subject)), isNull(troubles.overAt)))
    .run();
}

/**
 * A start-up has met no trouble yet, but of those of cases, which their snapshots tell: what lasts is met again at once,
 * and goes on.
 */
export function beginTroubles(tx: Tx, at: number): void {
  tx.update(troubles)
    .set({ overAt: at })
    .where(and(isNull(troubles.overAt), sql`${troubles.what} <> 'blocked'`))
    .run();
}

/** Takes away what was over long ago. */
export function forgetTroubles(tx: Tx, at: number): void {
  tx.delete(troubles)
    .where(and(isNotNull(troubles.overAt), lt(troubles.overAt, at - KEEP_MS)))
    .run();
}

const lasting = prepared((db) =>
  db
    .select()
    .from(troubles)
    .where(isNull(troubles.overAt))
    .orderBy(asc(troubles.since))
    .limit(sql.placeholder('most'))
    .prepare(),
);

/** What is wrong now, the longest first. */
export function lastingTroubles(db: ReadDb, most = 1_000): TroubleRow[] {
  return lasting(db).all({ most });
}

/** What is wrong now with some attempts. */
export function troublesOfTokens(db: ReadDb, tokens: readonly string[]): TroubleRow[] {
  if (tokens.length === 0) return [];
  return db
    .select()
    .from(troubles)
    .where(
      and(
        inArray(
          troubles.subject,
          tokens.map((token) => `attempt/${token}`),
        ),
        isNull(troubles.overAt),
      ),
    )
    .orderBy(asc(troubles.since))
    .all();
}

/** How much is wrong now, by kind. */
export function countTroubles(db: ReadDb): ReadonlyMap<TroubleKind, number> {
  const rows = db
    .select({ what: troubles.what, many: count() })
    .from(troubles)
    .where(isNull(troubles.overAt))
    .groupBy(troubles.what)
    .all();
  return new Map(rows.map(({ what, many }) => [what, many]));
}

/** What is wrong now with one thing. */
export function troublesOf(db: ReadDb, subject: TroubleSubject): TroubleRow[] {
  return db
    .select()
    .from(troubles)
    .where(and(eq(troubles.subject, subjectText(subject)), isNull(troubles.overAt)))
    .orderBy(asc(troubles.since))
    .all();
}
