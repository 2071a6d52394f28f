import type { Clock } from '../domain/clock.ts';
import { readCandidates, removeCandidate, writeCandidate } from '../store/candidates.ts';
import type { CandidateRow } from '../store/candidates.ts';
import type { Store, Tx } from '../store/database.ts';

export type LedgerChange = Omit<CandidateRow, 'firstSeenAt' | 'updatedAt'>;

/**
 * The rows of all candidates, mirrored in memory: a rescan compares each known folder with its row, and reading 10,000
 * rows each time would be its largest cost. The intake alone writes them. A write throws when the store does; then the
 * mirror is as before.
 */
export interface Ledger {
  get(path: string): CandidateRow | undefined;
  rows(): IterableIterator<CandidateRow>;
  /** One transaction; `also` runs in it. */
  put(changes: readonly LedgerChange[], also?: (tx: Tx) => void): void;
  /** One transaction. */
  remove(paths: readonly string[]): void;
  /** Writes a row inside somebody else's transaction; the mirror has it once `committed` is called. */
  putWithin(tx: Tx, change: LedgerChange): { committed(): void };
}

export function openLedger(store: Store, clock: Clock): Ledger {
  const rows = new Map(readCandidates(store.db).map((row) => [row.path, row]));

  const rowOf = (change: LedgerChange): CandidateRow => {
    const now = clock.now();
    return { ...change, firstSeenAt: rows.get(change.path)?.firstSeenAt ?? now, updatedAt: now };
  };

  return {
    get: (path) => rows.get(path),
    rows: () => rows.values(),
    put(changes, also) {
      const changed = changes.map(rowOf);
      if (changed.length === 0 && also === undefined) return;
      store.write((tx) => {
        for (const row of changed) writeCandidate(tx, row);
        also?.(tx);
      });
      for (const row of changed) rows.set(row.path, row);
    },
    remove(paths) {
      if (paths.length === 0) return;
      store.write((tx) => {
        for (const path of paths) removeCandidate(tx, path);
      });
      for (const path of paths) rows.delete(path);
    },
    putWithin(tx, change) {
      const row = rowOf(change);
      writeCandidate(tx, row);
      return { committed: () => void rows.set(row.path, row) };
    },
  };
}
