import { and, desc, eq, gte, isNull, or, sql } from 'drizzle-orm';

import type { BlindCause } from '../domain/observation.ts';
import type { ReadDb, Tx } from './database.ts';
import { newRow, prepared } from './prepared.ts';
import { spells } from './schema.ts';

export type SpellRow = typeof spells.$inferSelect;

/** A host that is lost again within this time after it had come back is in the same spell: it flickers. */
export const SAME_SPELL_MS = 10 * 60_000;

const newest = prepared((db) =>
  db
    .select()
    .from(spells)
    .where(eq(spells.host, sql.placeholder('host')))
    .orderBy(desc(spells.id))
    .limit(1)
    .prepare(),
);

const insert = newRow(spells);

/** The host was lost. Returns the spell that its cases refer to: a new one, or the one that goes on. */
export function beginSpell(tx: Tx, host: string, cause: BlindCause, reason: string, at: number): number {
  const before = newest(tx).get({ host });
  if (before === undefined || (before.endedAt !== null && at - before.endedAt >= SAME_SPELL_MS)) {
    return insert(tx, { host, cause, reason, since: at, last: at, times: 1, endedAt: null });
  }
  tx.update(spells)
    .set({ cause, reason, last: at, times: before.times + 1, endedAt: null })
    .where(eq(spells.id, before.id))
    .run();
  return before.id;
}

/** The host answers, and all that lies on it was reconciled. */
export function endSpell(tx: Tx, host: string, at: number): void {
  tx.update(spells)
    .set({ endedAt: at })
    .where(and(eq(spells.host, host), isNull(spells.endedAt)))
    .run();
}

/** Spells that last, or ended since then; oldest first. */
export function spellsSince(db: ReadDb, sinceMs: number, host?: string): SpellRow[] {
  return db
    .select()
    .from(spells)
    .where(
      and(
        host === undefined ? undefined : eq(spells.host, host),
        or(isNull(spells.endedAt), gte(spells.endedAt, sinceMs)),
      ),
    )
    .orderBy(spells.id)
    .all();
}

/** Takes away what ended before `before`. */
export function forgetSpells(tx: Tx, before: number): void {
  tx.delete(spells)
    .where(sql`${spells.endedAt} < ${before}`)
    .run();
}
