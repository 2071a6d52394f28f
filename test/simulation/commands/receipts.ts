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

/** What a command reads in `claim`; `odd` for what nobody can read (src/scheduler/host-receipts.ts). */
export function claimOf(host: SimHost, directory: AttemptDirectory): 'absent' | 'revoked' | 'job' | 'odd' {
  if (directory.claim === null) return 'absent';
  if (host.receiptsAreOdd) return 'odd';
  return directory.claim.value.by === 'job' ? 'job' : 'revoked';
}
