import type { Clock } from '../../domain/clock.ts';
import { updateAttempt } from '../../store/attempts.ts';
import type { Store } from '../../store/database.ts';
import type { Progress } from '../../transport/transport.ts';

/** How often a transfer's progress is written: people look at it, nothing depends on it. */
const WRITE_EVERY_MS = 1_000;

/** Notes how far transfers are, in their attempts' rows. */
export function createProgress(store: Store, clock: Clock): (token: string, progress: Progress) => void {
  const written = new Map<string, number>();
  return (token, { sentBytes, totalBytes }) => {
    const last = written.get(token);
    const isLast = sentBytes === totalBytes;
    if (!isLast && last !== undefined && clock.monotonic() - last < WRITE_EVERY_MS) return;
    if (isLast) written.delete(token);
    else written.set(token, clock.monotonic());
    try {
      store.write((tx) => updateAttempt(tx, token, { movedBytes: sentBytes, totalBytes }));
    } catch {
      // a full disk must not end a transfer for the sake of its progress; whoever commits the outcome will say it
    }
  };
}
