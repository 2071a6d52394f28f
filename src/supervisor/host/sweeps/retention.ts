import type { Clock } from '../../../domain/clock.ts';
import { expiredAttempts, readAttempt, updateAttempt } from '../../../store/attempts.ts';
import type { Store } from '../../../store/database.ts';
import type { Host } from '../host.ts';
import type { Log } from '../../log.ts';

/** Attempts that one sweep removes at most: the host has other work too. */
const MOST_A_SWEEP = 50;

/** Takes old attempts off a host: only those with a recorded proof, in the order queue, data, claim. */
export async function removeExpired(deps: {
  readonly host: Host;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { host, store, clock, log, signal } = deps;
  const now = clock.now();
  const { completedMs, failedMs } = host.keep;
  for (const attempt of expiredAttempts(store.db, host.name, now - completedMs, now - failedMs, MOST_A_SWEEP)) {
    if (!mayGo(store, attempt.token)) continue;
    const job = attempt.jobCreatedAt === null ? null : { id: attempt.jobId, createdAt: attempt.jobCreatedAt };
    const outcome = await host.scheduler.remove({ token: attempt.token, job }, signal);
    if (outcome.kind === 'blind') return;
    store.write((tx) => updateAttempt(tx, attempt.token, { removedAt: clock.now() }));
    log.info({ host: host.name, token: attempt.token }, `attempt ${attempt.token} was removed from ${host.name}`);
  }
}

/** Before anything of it goes nobody can adopt it any more; false when somebody just did. */
function mayGo(store: Store, token: string): boolean {
  return store.write((tx) => {
    const now = readAttempt(tx, token);
    if (now === null || now.endedAt === null) return false;
    if (now.orphan !== null) updateAttempt(tx, token, { orphan: null });
    return true;
  });
}
