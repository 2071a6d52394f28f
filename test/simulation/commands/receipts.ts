import type { Claim } from '../../../src/domain/job.ts';
import type { AttemptDirectory } from '../host/attempt-directory.ts';
import type { Command, SimHost } from '../host/sim-host.ts';

type Revocation = Extract<Claim, { by: 'revocation' }>;

/** `take` of src/scheduler/host-receipts.ts: tries to make the revocation the claim; whoever's it is, it is flushed. */
export function* take(host: SimHost, directory: AttemptDirectory, why: Omit<Revocation, 'by'>): Command<void> {
  if (directory.claim === null && !host.diskFull) {
    yield;
    directory.claim ??= { value: { by: 'revocation', ...why }, synced: false };
  }
  yield;
  if (directory.claim !== null) directory.claim.synced = true;
}

export function isRevoked(directory: AttemptDirectory): boolean {
  return directory.claim?.value.by === 'revocation';
}

export function isClaimedByJob(directory: AttemptDirectory): boolean {
  return directory.claim?.value.by === 'job';
}
