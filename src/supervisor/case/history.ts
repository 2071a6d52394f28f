import type { Clock } from '../../domain/clock.ts';
import type { Store } from '../../store/database.ts';
import { forgetJournal } from '../../store/history.ts';
import { forgetSpells } from '../../store/spells.ts';
import { forgetTroubles } from '../../store/troubles.ts';

/** Rows that one transaction looks through at most: it holds up every other write. */
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
  let after: number | null = 0;
  while (after !== null && !signal.aborted) {
    const from: number = after;
    after = store.write((tx) => forgetJournal(tx, before, from, MOST_A_WRITE));
    // whatever else waits comes first
    await clock.sleep(0, signal);
  }
}
