import { asc, eq } from 'drizzle-orm';

import type { ReadDb } from './database.ts';
import { newRow } from './prepared.ts';
import { journal } from './schema.ts';

export type JournalRow = typeof journal.$inferSelect;

/** Returns the row's id: journal ids only grow, so a reader can catch up from the last one it saw. */
export const appendJournal = newRow(journal);

export function readJournal(db: ReadDb, caseId: string): JournalRow[] {
  return db.select().from(journal).where(eq(journal.caseId, caseId)).orderBy(asc(journal.id)).all();
}
