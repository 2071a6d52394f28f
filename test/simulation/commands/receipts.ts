import type { Claim } from '../../../src/domain/job.ts';
import type { AttemptDirectory } from '../host/attempt-directory.ts';
import type { Command, SimHost } from '../host/sim-host.ts';

type Revocation = Extract<Claim, { by: 'revocation' }>;

/** `take` of src/scheduler/host-receipts.ts: tries to make the revocation the claim; whoever's it is, it is flushed. */
export function* take(host: SimHost, directory: AttemptDirectory, why: Omit<Revocation, 'by'>): Command<void> {
  if (host.hides(directory.token) !== null) return;
  if (directory.claim === null && host.isClaimable(directory.token)) {
    yield;
    directory.claim ??= { value: { by: 'revocation', ...why }, synced: false };
  }
  yield;
  if (directory.claim !== null) directory.claim.synced = true;
}

/**
 * What a command reads in `claim`; `odd` for what nobody can read, `hidden` for what nobody can look at
 * (src/scheduler/host-receipts.ts).
 */
export function claimOf(host: SimHost, directory: AttemptDirectory): 'absent' | 'revoked' | 'job' | 'odd' | 'hidden' {
  if (host.hides(directory.token) !== null) return 'hidden';
  if (directory.claim === null) return 'absent';
  if (host.isGarbled('claim', directory.token)) return 'odd';
  return directory.claim.value.by === 'job' ? 'job' : 'revoked';
}
