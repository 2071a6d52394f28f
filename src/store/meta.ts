import { eq, sql } from 'drizzle-orm';

import type { ReadDb, Tx } from './database.ts';
import { given, prepared } from './prepared.ts';
import { meta } from './schema.ts';

/**
 * `is_backup`: written into every copy, so that a daemon that finds it knows that its database was set back. `web`: where
 * the daemon serves its page, or `! REASON` when it cannot, or nothing when it shall not. `told_journal`: up to which row of the journal
 * the ends of cases have become incidents. `ran_ms`: how long daemons have run on
 * this database, by their monotonic clocks. `pruned_finals`: how many ends of cases the journal
 * has forgotten, by what became of them. `root:HOST`: the root that the jobs of a host were sent to last.
 */
type Key =
  | 'instance'
  | 'case_key'
  | 'stopped_cleanly'
  | 'intake_opened'
  | 'intake_opened_at'
  | 'is_backup'
  | 'web'
  | 'told_journal'
  | 'pruned_finals'
  | 'ran_ms'
  | `root:${string}`;

const byKey = prepared((db) =>
  db
    .select()
    .from(meta)
    .where(eq(meta.key, sql.placeholder('key')))
    .prepare(),
);

export function readMeta(db: ReadDb, key: Key): string | null {
  return byKey(db).get({ key })?.value ?? null;
}

const put = prepared((db) =>
  (db as Tx)
    .insert(meta)
    .values(given({ key: meta.key, value: meta.value }))
    .onConflictDoUpdate({ target: meta.key, set: given({ value: meta.value }) })
    .prepare(),
);

export function writeMeta(tx: Tx, key: Key, value: string): void {
  put(tx).run({ key, value });
}

/** Where the daemon serves its page; both null: it shall not, or has not come to it yet. */
export interface WebPlace {
  readonly url: string | null;
  readonly trouble: string | null;
}

export function webOf(db: ReadDb): WebPlace {
  const text = readMeta(db, 'web') ?? '';
  return text.startsWith('!')
    ? { url: null, trouble: text.slice(1).trim() }
    : { url: text === '' ? null : text, trouble: null };
}

/** As if it had never been written. */
export function removeMeta(tx: Tx, key: Key): void {
  tx.delete(meta).where(eq(meta.key, key)).run();
}

/** The name of this installation; drawn once, when the database is new, and part of every token. */
export function instanceOf(db: ReadDb): string | null {
  return readMeta(db, 'instance');
}
