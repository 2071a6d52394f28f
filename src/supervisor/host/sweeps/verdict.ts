import type { End } from '../../../domain/job.ts';
import { judge, withSeenClaim } from '../../../scheduler/judge.ts';
import type { AttemptRef, Blind, Facts, Look } from '../../../scheduler/scheduler.ts';
import type { AttemptRow } from '../../../store/attempts.ts';
import type { Host } from '../host.ts';

const WHO = { who: 'daemon', why: 'its attempt is over' } as const;

/** What a sweep came to about an attempt that no live case owns. */
export type Verdict =
  /** `end` is null when its job never ran. */
  | { readonly kind: 'proven'; readonly proof: 'revoked' | 'gone'; readonly end: End | null }
  /** Something of it runs, or may. */
  | { readonly kind: 'alive'; readonly evidence: string }
  /** Nobody can tell: it holds what it holds until somebody can. */
  | { readonly kind: 'unclear'; readonly evidence: string }
  | Blind;

/** What a look says of an attempt that no live case owns, and what can be done about it. */
export async function verdictOn(
  host: Pick<Host, 'scheduler'>,
  seen: Facts,
  look: Look,
  row: AttemptRow | null,
  signal: AbortSignal,
): Promise<Verdict> {
  const claim = row?.claim ?? null;
  const facts = withSeenClaim(seen, claim);
  const attempt: AttemptRef = { token: facts.token, job: facts.job ?? jobOf(row), claim };
  if (facts.unreadable !== null) return { kind: 'unclear', evidence: facts.unreadable };
  if (facts.claim.kind === 'garbled')
    return { kind: 'unclear', evidence: `its claim cannot be read: ${facts.claim.text.slice(0, 80)}` };
  if (facts.claim.kind === 'absent' && facts.directory === 'present') {
    const outcome = await host.scheduler.revoke(attempt, WHO, signal);
    if (outcome.kind === 'revoked') return { kind: 'proven', proof: 'revoked', end: null };
    if (outcome.kind === 'not_yet') return { kind: 'unclear', evidence: outcome.reason };
    return outcome.kind === 'blind' ? outcome : { kind: 'alive', evidence: 'its job claimed it just now' };
  }
  if (facts.claim.kind === 'present' && facts.claim.value.by === 'revocation') {
    // takes what is left of it out of the queue too
    const outcome = await host.scheduler.revoke(attempt, WHO, signal);
    if (outcome.kind === 'not_yet') return { kind: 'unclear', evidence: outcome.reason };
    return outcome.kind === 'blind' ? outcome : { kind: 'proven', proof: 'revoked', end: null };
  }
  const observation = judge(facts, look.node);
  switch (observation.kind) {
    case 'ended':
      return { kind: 'proven', proof: 'gone', end: observation.end };
    case 'missing': {
      const outcome = await host.scheduler.stop(attempt, WHO, signal);
      if (outcome.kind === 'gone') return { kind: 'proven', proof: 'gone', end: outcome.end };
      return outcome.kind === 'blind' ? outcome : { kind: 'unclear', evidence: outcome.reason };
    }
    case 'unknown':
      return { kind: 'unclear', evidence: observation.reason };
    default:
      return {
        kind: 'alive',
        evidence: `its job is ${observation.kind}, processes ${facts.processes.join(' ') || 'none seen'}`,
      };
  }
}

function jobOf(row: AttemptRow | null): AttemptRef['job'] {
  return row === null || row.jobCreatedAt === null ? null : { id: row.jobId, createdAt: row.jobCreatedAt };
}
