import type { ReadDb, Store } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';

/**
 * How long daemons have run on a database, milliseconds: a clock that no step of the machine's own clock reaches. What
 * is kept for a time is kept by it, so it may stay longer than it would by the calendar, and never goes earlier.
 */
export interface RunningTime {
  now(): number;
  /** What a crash then loses is time that does not count. */
  save(): void;
}

/** `monotonic`: milliseconds, from any beginning. */
export function createRunningTime(store: Store, monotonic: () => number): RunningTime {
  const before = savedRunningTime(store.db);
  const begunMs = monotonic();
  const now = (): number => before + Math.max(0, Math.floor(monotonic() - begunMs));
  return {
    now,
    save: () => store.write((tx) => writeMeta(tx, 'ran_ms', String(now()))),
  };
}

function savedRunningTime(db: ReadDb): number {
  const saved = Number(readMeta(db, 'ran_ms') ?? 0);
  return Number.isSafeInteger(saved) && saved > 0 ? saved : 0;
}
