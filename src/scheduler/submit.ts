import { parseToken, tokenPrefix } from '../domain/attempt.ts';
import type { Job } from '../domain/job.ts';
import { blind, isWhole, laterOf, readAnswer } from './answer.ts';
import { findCommand, releaseCommand } from './attempt-commands.ts';
import { createCommand } from './create-command.ts';
import { answerOf, refuseStrange, run, targetOf } from './host-session.ts';
import type { HostSession } from './host-session.ts';
import { jobScript, lastLine, specProblem } from './job-script.ts';
import { UNCLAIMABLE, unreadableClaim } from './proof.ts';
import { revocationLine } from './receipts.ts';
import { reportOf } from './report.ts';
import type { AttemptRef, CreateOutcome, CreateRequest, Facts, FindOutcome, ReleaseOutcome } from './scheduler.ts';

const DAEMON = 'mqi';

export async function create(
  session: HostSession,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  const { spec, provenTokens } = request;
  const strange = refuseStrange(session, [spec.token, ...provenTokens]);
  if (strange !== null) return strange;
  const problem = specProblem(spec);
  if (problem !== null) return { kind: 'blocked', reason: `${problem}: mend the configuration, then mqi doctor` };
  const parts = parseToken(spec.token)!;
  const script = jobScript(spec, session.options.root);
  const command = createCommand(session.options, session.dialect.functions, {
    target: { token: spec.token, queue: spec.queue, jobId: null, jobCreated: null },
    casePrefix: `${tokenPrefix(parts.instance)}${parts.caseId}-`,
    provenTokens,
    earlierRevocation: revocationLine({ who: DAEMON, why: `${spec.token} takes its place` }),
    ownRevocation: revocationLine({ who: DAEMON, why: 'its creation was refused' }),
    scriptBytes: Buffer.byteLength(script),
    scriptLastLine: lastLine(spec.token),
  });
  const outcome = await run(session, command, { stdin: script, signal });
  if (outcome.kind === 'unknown') {
    return outcome.sent ? { kind: 'unknown', reason: outcome.reason } : blind('link', outcome.reason);
  }
  const answer = readAnswer(outcome, session.options.host);
  // a command that says what its problem is has created nothing; one that was cut may have
  if (answer.kind === 'blind') return isWhole(outcome) ? answer : { kind: 'unknown', reason: answer.reason };
  const later = laterOf(answer.lines);
  if (later !== null) return { kind: 'blocked', reason: later.reason };
  return readCreated(answer.lines, parts.caseId) ?? { kind: 'unknown', reason: 'the answer cannot be read' };
}

function readCreated(lines: readonly string[], caseId: string): CreateOutcome | null {
  const [, word, text] = lines.length === 1 ? (/^outcome ([a-z]+) (.*)$/s.exec(lines[0]!) ?? []) : [];
  switch (word) {
    case 'created': {
      const job = readJob(text!);
      return job === null ? null : { kind: 'created', job };
    }
    case 'earlier':
      return {
        kind: 'refused',
        message: `an earlier attempt, ${text!}, was started by its job on the host (or may have been)`,
        hint: `mqi cases adopt ${caseId}`,
      };
    case 'refused':
      return { kind: 'refused', message: text!, hint: null };
    case 'unknown':
      return { kind: 'unknown', reason: text! };
    case 'blocked':
      return { kind: 'blocked', reason: text! };
    default:
      return null;
  }
}

/** `ID CREATED`, each `-` when there is none. */
function readJob(text: string): Job | null {
  const match = /^([!-~]+) ([!-~]+)$/.exec(text);
  if (match === null) return null;
  const [id, createdAt] = [match[1]!, match[2]!].map((word) => (word === '-' ? null : word));
  return { id: id ?? null, createdAt: createdAt ?? null };
}

export async function find(session: HostSession, token: string, signal: AbortSignal): Promise<FindOutcome> {
  const strange = refuseStrange(session, [token]);
  if (strange !== null) return strange;
  const command = findCommand(session.options, session.dialect.functions, {
    target: targetOf({ token, job: null }),
    revocation: revocationLine({ who: DAEMON, why: 'it was not in the queue after its answer was lost' }),
  });
  const report = reportOf(session, token, await answerOf(session, command, { signal }));
  if (report.kind !== 'reported') return report;
  return foundBy(report.facts);
}

/** What a report says after what was not in the queue has been revoked. */
export function foundBy(facts: Facts): FindOutcome {
  const { claim, job, processes, directory, manifest, queue, unreadable } = facts;
  if (unreadable !== null) return { kind: 'not_yet', reason: unreadable };
  const found = { kind: 'found', job: job ?? { id: null, createdAt: null } } as const;
  if (claim.kind === 'garbled') return { kind: 'not_yet', reason: unreadableClaim(claim.text) };
  if (claim.kind === 'present' && claim.value.by === 'job') return found;
  if (directory === 'absent' || manifest === 'absent') {
    // nothing can be claimed there, so that nothing of it can start; what the queue has ends by itself
    return processes.length > 0 || queue.kind === 'running' ? found : { kind: 'absent' };
  }
  if (claim.kind === 'present') return { kind: 'absent' };
  return job === null ? { kind: 'not_yet', reason: UNCLAIMABLE } : found;
}

export async function release(session: HostSession, attempt: AttemptRef, signal: AbortSignal): Promise<ReleaseOutcome> {
  const strange = refuseStrange(session, [attempt.token]);
  if (strange !== null) return strange;
  const command = releaseCommand(session.options, session.dialect.functions, targetOf(attempt));
  const answer = await answerOf(session, command, { signal });
  if (answer.kind === 'blind') return answer;
  const [, word, text] = answer.lines.length === 1 ? (/^outcome ([a-z]+) ?(.*)$/s.exec(answer.lines[0]!) ?? []) : [];
  switch (word) {
    case 'released':
    case 'missing':
      return { kind: word };
    case 'blocked':
      return { kind: 'blocked', reason: text! };
    default:
      return blind('garbled', 'the answer to the release cannot be read');
  }
}
