import type { Clock } from '../../domain/clock.ts';
import type { Store } from '../../store/database.ts';
import { forgetJournal } from '../../store/history.ts';
import { forgetSpells } from '../../store/spells.ts';
import { forgetTroubles } from '../../store/troubles.ts';

/** Rows that one transaction takes away at most: it holds up every other write. */
const MOST_A_WRITE = 2_000;

/** Takes what is older than `keepMs` out of the database's history, bit by bit. */
export async function forgetHistory(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly keepMs: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { store, clock, keepMs, signal } = deps;
  const before = clock.now() - keepMs;
  store.write((tx) => {
    forgetSpells(tx, before);
    forgetTroubles(tx, clock.now());
  });
  while (!signal.aborted) {
    if (store.write((tx) => forgetJournal(tx, before, MOST_A_WRITE)) < MOST_A_WRITE) return;
    // whatever else waits comes first
    await clock.sleep(0, signal);
  }
}
