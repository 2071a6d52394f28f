import { eq } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { meta } from './schema.ts';

/**
 * `is_backup`: written into every copy, so that a daemon that finds it knows that its database was set back. `web`: where
 * the daemon serves its page, or `! REASON` when it cannot, or nothing when it shall not.
 */
type Key = 'instance' | 'case_key' | 'stopped_cleanly' | 'intake_opened' | 'is_backup' | 'web';

export function readMeta(db: ReadDb, key: Key): string | null {
  return db.select().from(meta).where(eq(meta.key, key)).get()?.value ?? null;
}

export function writeMeta(tx: Tx, key: Key, value: string): void {
  tx.insert(meta).values({ key, value }).onConflictDoUpdate({ target: meta.key, set: { value } }).run();
}

/** The name of this installation; drawn once, when the database is new, and part of every token. */
export function instanceOf(db: ReadDb): string | null {
  return readMeta(db, 'instance');
}
