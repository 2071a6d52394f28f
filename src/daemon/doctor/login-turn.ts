import type { Clock } from '../../domain/clock.ts';
import { isTooManyLogins } from '../../transport/ssh-dial.ts';

/** A server that takes one login at a time is done with another in less than that, whoever it is of. */
const PAUSES_MS = [250, 500, 1_000, 2_000] as const;

/** Logs in again while the server says that too many do so at once. `reasonOf`: why it failed; null when it did not. */
export async function inTurn<T>(
  logIn: () => Promise<T>,
  reasonOf: (outcome: T) => string | null,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    const outcome = await logIn();
    const reason = reasonOf(outcome);
    if (reason === null || !isTooManyLogins(reason)) return outcome;
    await clock.sleep(pauseMs, signal);
    if (signal.aborted) return outcome;
  }
  return logIn();
}
