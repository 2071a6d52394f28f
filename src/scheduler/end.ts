import type { End, QueueResult, Receipt } from '../domain/job.ts';
import { blind, isWhole, laterOf, readAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { loseCommand, revokeCommand, stopCommand } from './attempt-commands.ts';
import { answerOf, refuseStrange, run, targetOf } from './host-session.ts';
import type { Ask, HostSession } from './host-session.ts';
import { isActive, resultOf, withSeenClaim } from './judge.ts';
import { prove, UNCLAIMABLE, unreadableClaim } from './proof.ts';
import { claimLine, parseEnd, revocationLine } from './receipts.ts';
import type { FileState } from './receipts.ts';
import { reportOf } from './report.ts';
import type { AttemptRef, Blind, Facts, NotYet, RevokeOutcome, StopOutcome } from './scheduler.ts';

export interface Why {
  readonly who: string;
  readonly why: string;
}

/** A dose engine needs no longer to close its files; Slurm's own KillWait (30 s) is made for MPI jobs. */
const GRACE_MS = 5_000;
/** What the rest of a stop takes: the scans, the seconds of the last KILLs, a slow disk. */
const STOP_MARGIN_MS = 60_000;

export async function stop(
  session: HostSession,
  attempt: AttemptRef,
  why: Why,
  signal: AbortSignal,
): Promise<StopOutcome> {
  const strange = refuseStrange(session, [attempt.token]);
  if (strange !== null) return strange;
  const target = targetOf(attempt);
  const graceMs = session.options.graceMs ?? GRACE_MS;
  const command = stopCommand(session.options, session.dialect.functions, {
    target,
    seenClaim: attempt.claim == null ? '' : claimLine(attempt.claim),
    revocation: revocationLine(why),
    graceMs,
  });
  const asked = await askForStop(session, command, { timeoutMs: graceMs + STOP_MARGIN_MS, signal });
  if (asked.kind === 'not_yet') return asked;
  const report = reportOf(session, attempt.token, asked);
  if (report.kind !== 'reported') return report;
  const { node } = report;
  const facts = withSeenClaim(report.facts, attempt.claim ?? null);
  const queue = resultOf(facts, node);
  const proof = prove(facts, node, session.dialect.terminalIsProof);
  switch (proof.kind) {
    case 'not_yet':
      return proof;
    case 'gone':
      return gone(isPurged(facts) ? LOST : facts.end, queue);
    case 'gone_silent': {
      const lost = await askForStop(session, loseCommand(session.options, target), { signal });
      return lost.kind === 'answered' ? readLost(lost.lines, queue) : lost;
    }
  }
}

/**
 * A stop lasts, and is cut off: by us, by a limit, by whoever ends its shell on the host. Of the host that says nothing;
 * what a look sees does.
 */
async function askForStop(session: HostSession, command: string, ask: Ask): Promise<Answer | NotYet | Blind> {
  const outcome = await run(session, command, ask);
  if (outcome.kind === 'unknown') {
    return outcome.sent
      ? { kind: 'not_yet', reason: `the answer to its stop did not come: ${outcome.reason}` }
      : blind('link', outcome.reason);
  }
  const answer = readAnswer(outcome, session.options.host);
  return answer.kind === 'blind' && !isWhole(outcome) ? { kind: 'not_yet', reason: answer.reason } : answer;
}

const LOST: Receipt<End> = { kind: 'present', value: { kind: 'lost' } };

/** Its receipts went with its directory: that nobody claimed it is then not the same as that it never ran. */
function isPurged({ end, manifest }: Facts): boolean {
  return end.kind === 'absent' && manifest === 'absent';
}

/** The end that lies there now: ours, or the job's own, which was faster. */
function readLost(lines: readonly string[], queue: QueueResult | null): StopOutcome {
  const later = laterOf(lines);
  if (later !== null) return later;
  const match = lines.length === 1 ? /^end (absent|odd|whole|hidden) (.*)$/s.exec(lines[0]!) : null;
  if (match === null) return blind('garbled', 'the answer about the end of the job cannot be read');
  if (match[1] === 'hidden') return { kind: 'not_yet', reason: match[2]! };
  const end = parseEnd(match[1] as FileState, match[2]!);
  return end.kind === 'absent'
    ? { kind: 'not_yet', reason: 'its end cannot be written on the host (disk full, or its directory not writable?)' }
    : gone(end, queue);
}

/** That it is gone was proven without its end; one that nobody can read is as good as lost, and no sign that it never ran. */
function gone(end: Receipt<End>, queue: QueueResult | null): StopOutcome {
  switch (end.kind) {
    case 'present':
      return { kind: 'gone', end: end.value, queue };
    case 'garbled':
      return { kind: 'gone', end: { kind: 'lost' }, queue };
    case 'absent':
      return { kind: 'gone', end: null, queue };
  }
}

export async function revoke(
  session: HostSession,
  attempt: AttemptRef,
  why: Why,
  signal: AbortSignal,
): Promise<RevokeOutcome> {
  const strange = refuseStrange(session, [attempt.token]);
  if (strange !== null) return strange;
  const command = revokeCommand(session.options, session.dialect.functions, {
    target: targetOf(attempt),
    revocation: revocationLine(why),
  });
  const report = reportOf(session, attempt.token, await answerOf(session, command, { signal }));
  return report.kind === 'reported' ? revokedBy(report.facts) : report;
}

/** What a report says after a revocation. */
export function revokedBy(facts: Facts): RevokeOutcome {
  const { claim, processes, queue } = facts;
  if (facts.unreadable !== null) return { kind: 'not_yet', reason: facts.unreadable };
  if (claim.kind === 'present' && claim.value.by === 'job') return { kind: 'claimed' };
  if (claim.kind === 'garbled') return { kind: 'not_yet', reason: unreadableClaim(claim.text) };
  if (facts.directory === 'absent' || facts.manifest === 'absent') {
    // a claim was purged with the rest: only what still runs can tell that there was one
    return processes.length > 0 || isActive(queue) ? { kind: 'claimed' } : { kind: 'revoked' };
  }
  return claim.kind === 'present' ? { kind: 'revoked' } : { kind: 'not_yet', reason: UNCLAIMABLE };
}
