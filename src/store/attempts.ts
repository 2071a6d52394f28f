import { and, asc, eq, inArray, isNotNull, isNull, like, lte, ne, or, sql } from 'drizzle-orm';

import { MERE_WORDS } from '../domain/attempt.ts';
import type { Proof } from '../domain/attempt.ts';
import type { ReadDb, Tx } from './database.ts';
import { given, newRow, prepared, rowChange } from './prepared.ts';
import { attempts, cases } from './schema.ts';

export type AttemptRow = typeof attempts.$inferSelect;

const byToken = prepared((db) =>
  db
    .select()
    .from(attempts)
    .where(eq(attempts.token, sql.placeholder('token')))
    .prepare(),
);

export function readAttempt(db: ReadDb, token: string): AttemptRow | null {
  return byToken(db).get({ token }) ?? null;
}

const ofCase = prepared((db) =>
  db
    .select()
    .from(attempts)
    .where(eq(attempts.caseId, sql.placeholder('caseId')))
    .orderBy(asc(attempts.createdAt))
    .prepare(),
);

export function readAttemptsOfCase(db: ReadDb, caseId: string): AttemptRow[] {
  return ofCase(db).all({ caseId });
}

const oneOnHost = prepared((db) =>
  db
    .select({ token: attempts.token })
    .from(attempts)
    .where(eq(attempts.host, sql.placeholder('host')))
    .limit(1)
    .prepare(),
);

/** Whether anything was ever sent to this host. */
export function hasAttempts(db: ReadDb, host: string): boolean {
  return oneOnHost(db).get({ host }) !== undefined;
}

export const insertAttempt = newRow(attempts);

export const updateAttempt = rowChange<AttemptRow>(attempts, attempts.token);

/** Attempts that were found on a host before their case was known here (again): its own, by the name in their token. */
export function claimStrayAttempts(tx: Tx, caseId: string): void {
  tx.update(attempts)
    .set({ caseId })
    .where(and(isNull(attempts.caseId), like(attempts.token, `mqi-%-${caseId}-%`)))
    .run();
}

/** An operator chose to run the case anew: what has ended no longer holds it back. */
export function dismissEndedOrphans(tx: Tx, caseId: string): void {
  tx.update(attempts)
    .set({ orphan: null })
    .where(and(eq(attempts.caseId, caseId), isNotNull(attempts.proof)))
    .run();
}

const prove = prepared((db) =>
  (db as Tx)
    .update(attempts)
    .set(given({ proof: attempts.proof, proofAt: attempts.proofAt }))
    .where(
      and(
        eq(attempts.token, sql.placeholder('token')),
        or(isNull(attempts.proof), inArray(attempts.proof, MERE_WORDS)),
      ),
    )
    .prepare(),
);

/** The first proof stands; but a mere word is no sight, and a look at the host is better. */
export function recordProof(tx: Tx, token: string, proof: Proof, at: number): void {
  prove(tx).run({ token, proof, proofAt: at });
}

const proven = prepared((db) =>
  db
    .select({ token: attempts.token })
    .from(attempts)
    .where(
      and(eq(attempts.caseId, sql.placeholder('caseId')), ne(attempts.proof, 'never_created'), isNull(attempts.orphan)),
    )
    .prepare(),
);

/**
 * Earlier attempts of a case that are proven unable to run: all that may lie on a host beside a new one. Those that were
 * never created are searched for there again: a restored backup may have forgotten that they were.
 */
export function provenTokens(db: ReadDb, caseId: string): string[] {
  return proven(db)
    .all({ caseId })
    .map((row) => row.token);
}

const unproven = prepared((db) =>
  db
    .select()
    .from(attempts)
    .where(and(eq(attempts.host, sql.placeholder('host')), isNull(attempts.proof)))
    .prepare(),
);

/** Attempts on a host that are over, or nobody's, and still lack the proof that nothing of them runs. */
export function unprovenAttempts(db: ReadDb, host: string): AttemptRow[] {
  return unproven(db).all({ host });
}

const onSlot = prepared((db) =>
  db
    .select()
    .from(attempts)
    .where(
      and(
        eq(attempts.host, sql.placeholder('host')),
        isNull(attempts.proof),
        isNotNull(attempts.orphan),
        or(eq(attempts.slot, sql.placeholder('slot')), isNull(attempts.slot)),
      ),
    )
    .limit(1)
    .prepare(),
);

/** An orphan that sits on a slot, or may: one whose slot nobody knows may sit on any. */
export function orphanOn(db: ReadDb, host: string, slot: string): AttemptRow | null {
  return onSlot(db).get({ host, slot }) ?? null;
}

const openOnes = prepared((db) =>
  db
    .select()
    .from(attempts)
    .where(
      and(
        eq(attempts.caseId, sql.placeholder('caseId')),
        ne(attempts.token, sql.placeholder('currentToken')),
        or(isNull(attempts.proof), isNotNull(attempts.orphan)),
      ),
    )
    .prepare(),
);

/** What keeps a case from being leased a slot. */
export function holdingBack(db: ReadDb, caseId: string, currentToken: string | null): AttemptRow[] {
  return openOnes(db).all({ caseId, currentToken: currentToken ?? '' });
}

/** No live case runs under it. One whose case this database does not know is over as soon as it is proven to be. */
const isOver = or(
  isNull(attempts.caseId),
  ne(attempts.token, sql`coalesce(${cases.token}, '')`),
  inArray(cases.state, ['completed', 'failed']),
);

/** May go, once its time is over: proven, not its case's live one, and nobody has to decide about it. */
const mayGo = and(
  isNotNull(attempts.proof),
  // an orphan waits for a person; but not for ever when its case has failed, and is known to have
  or(isNull(attempts.orphan), isNotNull(attempts.failure)),
  isOver,
);

const newlyOver = prepared((db) =>
  db
    .select({ token: attempts.token })
    .from(attempts)
    .leftJoin(cases, eq(cases.id, attempts.caseId))
    .where(
      and(
        eq(attempts.host, sql.placeholder('host')),
        isNull(attempts.removedAt),
        isNull(attempts.keptFromMs),
        isNotNull(attempts.proof),
        isOver,
      ),
    )
    .prepare(),
);

/** From now on the attempts that are over since the last time are kept for as long as their host says. */
export function keepFromNow(tx: Tx, host: string, ranMs: number): void {
  for (const { token } of newlyOver(tx).all({ host })) updateAttempt(tx, token, { keptFromMs: ranMs });
}

const expired = prepared((db) =>
  db
    .select({ attempt: attempts })
    .from(attempts)
    .leftJoin(cases, eq(cases.id, attempts.caseId))
    .where(
      and(
        eq(attempts.host, sql.placeholder('host')),
        isNull(attempts.removedAt),
        // for the index: what is kept for longer is not even looked at
        lte(attempts.keptFromMs, sql.placeholder('until')),
        or(
          and(
            isNull(attempts.failure),
            isNotNull(attempts.endedAt),
            isNotNull(attempts.caseId),
            lte(attempts.keptFromMs, sql.placeholder('completedUntil')),
          ),
          and(
            // of which nobody knows how it ended, too
            or(isNotNull(attempts.failure), isNull(attempts.endedAt), isNull(attempts.caseId)),
            lte(attempts.keptFromMs, sql.placeholder('failedUntil')),
          ),
        ),
        mayGo,
      ),
    )
    .orderBy(asc(attempts.keptFromMs), asc(attempts.token))
    .limit(sql.placeholder('most'))
    .prepare(),
);

/** Attempts whose data may go from the host, those that are over for the longest first. Times are running time. */
export function expiredAttempts(
  db: ReadDb,
  host: string,
  completedUntil: number,
  failedUntil: number,
  most: number,
): AttemptRow[] {
  const until = Math.max(completedUntil, failedUntil);
  return expired(db)
    .all({ host, until, completedUntil, failedUntil, most })
    .map((row) => row.attempt);
}

/**
 * Before anything of an expired attempt goes nobody can adopt it any more. False when it may not go now: somebody just
 * adopted it.
 */
export function beginRemoval(tx: Tx, token: string): boolean {
  const found = tx
    .select({ orphan: attempts.orphan })
    .from(attempts)
    .leftJoin(cases, eq(cases.id, attempts.caseId))
    .where(and(eq(attempts.token, token), isNotNull(attempts.keptFromMs), mayGo))
    .get();
  if (found === undefined) return false;
  if (found.orphan !== null) updateAttempt(tx, token, { orphan: null });
  return true;
}
