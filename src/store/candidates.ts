import { asc, eq, inArray } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { candidates } from './schema.ts';
import type { CandidateState } from './schema.ts';

export type CandidateRow = typeof candidates.$inferSelect;
export type NewCandidateRow = typeof candidates.$inferInsert;

export function readCandidates(db: ReadDb, states?: readonly CandidateState[]): CandidateRow[] {
  const wanted = states === undefined ? undefined : inArray(candidates.state, [...states]);
  return db.select().from(candidates).where(wanted).orderBy(asc(candidates.path)).all();
}

export function writeCandidate(tx: Tx, row: NewCandidateRow): void {
  const { path: _path, firstSeenAt: _first, ...change } = row;
  tx.insert(candidates).values(row).onConflictDoUpdate({ target: candidates.path, set: change }).run();
}

/** A folder that went away before it became a case leaves nothing. */
export function removeCandidate(tx: Tx, path: string): void {
  tx.delete(candidates).where(eq(candidates.path, path)).run();
}
