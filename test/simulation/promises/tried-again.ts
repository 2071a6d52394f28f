import type { Accuse } from '../violation.ts';
import type { Page } from './book.ts';

/** First pause after a lost connection, and the longest, ms; the shortest of each step is half of it. */
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** Promise 8: a host that answers now and then is tried less and less often, until all that lies on it was reconciled. */
export class TriedAgain {
  /** Times that each host was lost since it was last reconciled, as far as that was committed. */
  readonly #times = new Map<string, number>();

  committed(before: Page, after: Page, accuse: Accuse): void {
    for (const host of after.reconciled) this.#times.delete(host);
    for (const [host, pauseMs] of after.pausesMs) {
      if (before.offline.has(host)) continue;
      const times = (this.#times.get(host) ?? 0) + 1;
      this.#times.set(host, times);
      const leastMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (times - 1)) / 2;
      if (pauseMs < leastMs - 1)
        accuse(8, `${host} is tried again in ${pauseMs} ms, though it was lost ${times} times since it was reconciled`);
    }
  }

  /** A new daemon begins anew, and what a full disk keeps from being written is not seen here. */
  forget(): void {
    this.#times.clear();
  }
}
