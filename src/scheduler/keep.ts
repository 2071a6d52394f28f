import { blind, laterOf, readAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { answerOf, refuseStrange, run, targetOf } from './host-session.ts';
import type { HostSession, SchedulerOptions } from './host-session.ts';
import { prepareCommand } from './host-script.ts';
import { removeCommand, sweepStagingCommand } from './housekeeping-commands.ts';
import { revocationLine } from './receipts.ts';
import { takeOverCommand } from './takeover-command.ts';
import type { AttemptRef, Blind, NotYet, PrepareOutcome, RemoveOutcome, SweepOutcome } from './scheduler.ts';

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
  const answer = await askToRemove(session, command, '', signal);
  return answer.kind === 'answered' ? (laterOf(answer.lines) ?? { kind: 'removed' }) : answer;
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
  const answer = await askToRemove(session, command, stdin, signal);
  if (answer.kind === 'blind') return answer;
  // what became of each is seen in the next list
  if (answer.kind === 'not_yet')
    return { kind: 'swept', left: tokens.map((token) => ({ token, reason: answer.reason })) };
  const left = answer.lines.map((line) => /^left ([a-z0-9-]+) (.*)$/s.exec(line));
  return left.every((match) => match !== null && tokens.includes(match[1]!))
    ? { kind: 'swept', left: left.map((match) => ({ token: match![1]!, reason: match![2]! })) }
    : blind('garbled', 'the answer of the sweep cannot be read');
}

/** What is removed for so long that its answer is not waited for is no sign that the host is out of reach. */
async function askToRemove(
  session: HostSession,
  command: string,
  stdin: string,
  signal: AbortSignal,
): Promise<Answer | NotYet | Blind> {
  const outcome = await run(session, command, { stdin, timeoutMs: REMOVE_TIMEOUT_MS, signal });
  return outcome.kind === 'unknown' && outcome.sent
    ? { kind: 'not_yet', reason: `the answer to its removal did not come: ${outcome.reason}` }
    : readAnswer(outcome, session.options.host);
}
