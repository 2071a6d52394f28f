import type { Clock } from '../../../domain/clock.ts';
import type { Troubles } from '../../../domain/trouble.ts';
import { beginRemoval, expiredAttempts, keepFromNow, updateAttempt } from '../../../store/attempts.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import type { Store } from '../../../store/database.ts';
import type { RunningTime } from '../../../store/running-time.ts';
import { endTroublesOf } from '../../../store/troubles.ts';
import type { Blind } from '../../../scheduler/scheduler.ts';
import type { Host } from '../host.ts';
import type { Log } from '../../log.ts';

/** Attempts that one sweep removes at most: the host has other work too. */
const MOST_A_SWEEP = 50;

/** Of those that could not be removed the last time, so many are tried again in one sweep. */
const MOST_AGAIN = 5;

/** Takes old attempts off a host: those with a recorded proof, in the order queue, data, claim. */
export interface Retention {
  /** What cannot be removed now is named, and holds up nothing else. Blind: the host became unreachable meanwhile. */
  runOnce(): Promise<Blind | null>;
}

export function createRetention(deps: {
  readonly host: Pick<Host, 'name' | 'keep' | 'scheduler'>;
  readonly store: Store;
  readonly running: RunningTime;
  readonly clock: Clock;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly signal: AbortSignal;
}): Retention {
  const { host, store, running, clock, log, troubles, signal } = deps;
  /** Those that could not be removed, the one that was tried last at the end. */
  const stuck = new Set<string>();

  const due = (): readonly AttemptRow[] => {
    const ranMs = running.now();
    const { completedMs, failedMs } = host.keep;
    const most = MOST_A_SWEEP + stuck.size;
    const rows = expiredAttempts(store.db, host.name, ranMs - completedMs, ranMs - failedMs, most);
    const fresh = rows.filter(({ token }) => !stuck.has(token)).slice(0, MOST_A_SWEEP);
    const byToken = new Map(rows.map((row) => [row.token, row]));
    const again = [...stuck].flatMap((token) => byToken.get(token) ?? []).slice(0, MOST_AGAIN);
    return [...fresh, ...again];
  };

  const remove = async (attempt: AttemptRow): Promise<Blind | null> => {
    const { token, jobId, jobCreatedAt } = attempt;
    const subject = { kind: 'attempt', host: host.name, token } as const;
    stuck.delete(token);
    if (!store.write((tx) => beginRemoval(tx, token))) return null;
    const job = jobCreatedAt === null ? null : { id: jobId, createdAt: jobCreatedAt };
    const outcome = await host.scheduler.remove({ token, job }, signal);
    switch (outcome.kind) {
      case 'blind':
        return outcome;
      case 'not_yet':
        stuck.add(token);
        troubles.note(subject, 'unremoved', outcome.reason);
        return null;
      case 'removed':
        troubles.over(subject, 'unremoved');
        store.write((tx) => {
          updateAttempt(tx, token, { removedAt: clock.now() });
          endTroublesOf(tx, subject, clock.now());
        });
        log.info({ host: host.name, token }, `attempt ${token} was removed from ${host.name}`);
        return null;
    }
  };

  return {
    async runOnce() {
      running.save();
      store.write((tx) => keepFromNow(tx, host.name, running.now()));
      for (const attempt of due()) {
        if (signal.aborted) return null;
        const blind = await remove(attempt);
        if (blind !== null) return blind;
      }
      return null;
    },
  };
}
