import { blind } from './answer.ts';
import { answerOf, refuseStrange, targetOf } from './host-session.ts';
import type { HostSession, SchedulerOptions } from './host-session.ts';
import { prepareCommand, takeOverCommand } from './host-script.ts';
import { removeCommand, sweepStagingCommand } from './housekeeping-commands.ts';
import { revocationLine } from './receipts.ts';
import type { AttemptRef, PrepareOutcome, RemoveOutcome, SweepOutcome } from './scheduler.ts';

/** A big tree of results on a slow file system; what is left then is removed the next time. */
const REMOVE_TIMEOUT_MS = 600_000;

export async function prepare(session: HostSession, mayMake: boolean, signal: AbortSignal): Promise<PrepareOutcome> {
  return prepared(session, prepareCommand(session.options, mayMake), signal);
}

/** Claims what the other installation has left to start: from now on nothing of it can. */
const TAKEN_OVER = revocationLine({ who: 'mqi', why: 'its root was taken over by another installation' });

/** Makes this installation the owner of the root, whoever was before: an operator's order, never the daemon's own. */
export async function takeOverRoot(options: SchedulerOptions, signal: AbortSignal): Promise<PrepareOutcome> {
  return prepared({ options }, takeOverCommand(options, TAKEN_OVER), signal);
}

async function prepared(
  session: Pick<HostSession, 'options'>,
  command: string,
  signal: AbortSignal,
): Promise<PrepareOutcome> {
  const answer = await answerOf(session, command, { signal });
  if (answer.kind === 'blind') return answer;
  return answer.lines.length === 0
    ? { kind: 'prepared', node: answer.node }
    : blind('garbled', 'the answer to the preparation of the root cannot be read');
}

export async function remove(session: HostSession, attempt: AttemptRef, signal: AbortSignal): Promise<RemoveOutcome> {
  const strange = refuseStrange(session, [attempt.token]);
  if (strange !== null) return strange;
  const command = removeCommand(session.options, session.dialect.functions, {
    target: targetOf(attempt),
    revocation: revocationLine({ who: 'mqi', why: 'it is removed' }),
  });
  const answer = await answerOf(session, command, { timeoutMs: REMOVE_TIMEOUT_MS, signal });
  return answer.kind === 'blind' ? answer : { kind: 'removed' };
}

export async function sweepStaging(
  session: HostSession,
  tokens: readonly string[],
  signal: AbortSignal,
): Promise<SweepOutcome> {
  const strange = refuseStrange(session, tokens);
  if (strange !== null) return strange;
  const stdin = tokens.map((token) => `${token}\n`).join('');
  const command = sweepStagingCommand(session.options);
  const answer = await answerOf(session, command, { stdin, timeoutMs: REMOVE_TIMEOUT_MS, signal });
  return answer.kind === 'blind' ? answer : { kind: 'swept', left: [] };
}
