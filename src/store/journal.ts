import { asc, eq, getTableColumns } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { given, prepared } from './prepared.ts';
import { journal } from './schema.ts';

export type JournalRow = typeof journal.$inferSelect;
export type NewJournalRow = typeof journal.$inferInsert;

const { id: _id, ...columns } = getTableColumns(journal);

const insert = prepared((db) => (db as Tx).insert(journal).values(given(columns)).prepare());

/** Returns the row's id: journal ids only grow, so a reader can catch up from the last one it saw. */
export function appendJournal(tx: Tx, row: NewJournalRow): number {
  return Number(insert(tx).run({ failureKind: null, ...row }).lastInsertRowid);
}

export function readJournal(db: ReadDb, caseId: string): JournalRow[] {
  return db.select().from(journal).where(eq(journal.caseId, caseId)).orderBy(asc(journal.id)).all();
}
