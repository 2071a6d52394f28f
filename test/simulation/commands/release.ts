import type { AttemptRef } from '../../../src/scheduler/scheduler.ts';
import { JobRun } from '../host/job-run.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import { claimOf } from './receipts.ts';

/** `releaseCommand` of src/scheduler/attempt-commands.ts. */
export function* release(host: SimHost, { token, job }: AttemptRef): Command<'released' | 'missing' | 'blocked'> {
  const directory = host.directoryOf(token);
  yield;
  const claim = directory === null ? 'absent' : claimOf(host, directory);
  if (claim === 'odd' || claim === 'hidden') return 'blocked';
  if (claim === 'job') return 'released';
  if (directory?.manifest !== true || directory.script === null || claim === 'revoked') return 'missing';
  yield;
  if (host.kind === 'direct') {
    // twice is harmless: the script claims before it does anything
    void new JobRun(host, token, () => {});
    return 'released';
  }
  host.queue.demand();
  const entry = host.queue.locate(token, job);
  if (entry === null) return 'missing';
  if (entry.token !== token && entry.state === 'held') {
    host.ground.accuse(1, `the release of ${token} let go the job of ${entry.token}`);
  }
  host.queue.release(entry);
  return 'released';
}
