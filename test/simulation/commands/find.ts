import type { Command, SimHost } from '../host/sim-host.ts';
import { findJob } from './create.ts';
import { report } from './facts.ts';
import type { Report } from './facts.ts';
import { take } from './receipts.ts';

/** `findCommand` of src/scheduler/attempt-commands.ts: what is not in the queue is revoked in the same command. */
export function* find(host: SimHost, token: string): Command<Report> {
  const job = findJob(host, token);
  yield;
  const directory = host.directoryOf(token);
  if (job === null && directory !== null) {
    yield* take(host, directory, { who: 'mqi', why: 'it was not in the queue after its answer was lost' });
  }
  if (directory?.claim != null && host.hides(token) === null) directory.claim.synced = true;
  return yield* report(host, token);
}
