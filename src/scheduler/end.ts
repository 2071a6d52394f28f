import type { End, QueueResult, Receipt } from '../domain/job.ts';
import { blind } from './answer.ts';
import { loseCommand, revokeCommand, stopCommand } from './attempt-commands.ts';
import { answerOf, refuseStrange, targetOf } from './host-session.ts';
import type { HostSession } from './host-session.ts';
import { excerpt, isActive, resultOf } from './judge.ts';
import { prove } from './proof.ts';
import { parseEnd, revocationLine } from './receipts.ts';
import type { FileState } from './receipts.ts';
import { reportOf } from './report.ts';
import type { AttemptRef, Facts, RevokeOutcome, StopOutcome } from './scheduler.ts';

export interface Why {
  readonly who: string;
  readonly why: string;
}

/** A dose engine needs no longer to close its files; Slurm's own KillWait (30 s) is made for MPI jobs. */
const GRACE_MS = 5_000;
/** What the rest of a stop takes: the scans, the second before the last KILL, the rounds after it, a slow disk. */
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
    revocation: revocationLine(why),
    graceMs,
  });
  // each step of the grace also looks through the processes: it lasts up to twice its name
  const timeoutMs = 2 * graceMs + STOP_MARGIN_MS;
  const report = reportOf(session, attempt.token, await answerOf(session, command, { timeoutMs, signal }));
  if (report.kind === 'blind') return report;
  const { facts, node } = report;
  const queue = resultOf(facts, node);
  const proof = prove(facts, node, session.dialect.terminalIsProof);
  switch (proof.kind) {
    case 'not_yet':
      return proof;
    case 'gone':
      return gone(isPurged(facts) ? LOST : facts.end, queue);
    case 'gone_silent': {
      const lost = await answerOf(session, loseCommand(session.options, target), { signal });
      return lost.kind === 'blind' ? lost : readLost(lost.lines, queue);
    }
  }
}

const LOST: Receipt<End> = { kind: 'present', value: { kind: 'lost' } };

/** Its receipts went with its directory: that nobody claimed it is then not the same as that it never ran. */
function isPurged({ end, manifest }: Facts): boolean {
  return end.kind === 'absent' && manifest === 'absent';
}

/** The end that lies there now: ours, or the job's own, which was faster. */
function readLost(lines: readonly string[], queue: QueueResult | null): StopOutcome {
  const match = lines.length === 1 ? /^end (absent|odd|whole) (.*)$/.exec(lines[0]!) : null;
  if (match === null) return blind('garbled', 'the answer about the end of the job cannot be read');
  const end = parseEnd(match[1] as FileState, match[2]!);
  return end.kind === 'absent'
    ? { kind: 'not_yet', reason: 'its end cannot be written on the host (disk full?)' }
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
  return report.kind === 'blind' ? report : revoked(report.facts);
}

function revoked(facts: Facts): RevokeOutcome {
  const { claim, processes, queue } = facts;
  if (claim.kind === 'present' && claim.value.by === 'job') return { kind: 'claimed' };
  if (claim.kind === 'garbled') return blind('garbled', `its claim cannot be read: ${excerpt(claim.text)}`);
  if (facts.directory === 'absent' || facts.manifest === 'absent') {
    // a claim was purged with the rest: only what still runs can tell that there was one
    return processes.length > 0 || isActive(queue) ? { kind: 'claimed' } : { kind: 'revoked' };
  }
  return claim.kind === 'present'
    ? { kind: 'revoked' }
    : blind('garbled', 'its claim cannot be written on the host (disk full?)');
}
