import { parseToken } from '../domain/attempt.ts';
import { blind, readAnswer } from './answer.ts';
import { readFacts } from './facts-answer.ts';
import { gpusCommand } from './gpu-commands.ts';
import { readGpus } from './gpus-answer.ts';
import { answerOf, factsOf, refuseStrange, run } from './host-session.ts';
import type { HostSession } from './host-session.ts';
import { copiedCommand, listCommand } from './housekeeping-commands.ts';
import { lookCommand } from './look-command.ts';
import type { Blind, CopiedOutcome, GpusOutcome, Listed, ListOutcome, Look } from './scheduler.ts';

/** One command for all tokens. */
export async function look(
  session: HostSession,
  tokens: readonly string[],
  signal: AbortSignal,
): Promise<Look | Blind> {
  const strange = refuseStrange(session, tokens);
  if (strange !== null) return strange;
  const command = lookCommand(session.options, session.dialect.functions);
  const stdin = tokens.map((token) => `${token}\n`).join('');
  const answer = await answerOf(session, command, { stdin, signal });
  if (answer.kind === 'blind') return answer;
  const read = readFacts(answer.lines);
  if (read === null || read.rest.length > 0) return blind('garbled', 'the answer of the look cannot be read');
  const view = session.dialect.read(read.queueText);
  if (view.kind === 'blind') return view;
  const files = new Map(read.attempts.map((attempt) => [attempt.token, attempt]));
  if (tokens.some((token) => !files.has(token))) return blind('garbled', 'the look does not speak of every attempt');
  return {
    kind: 'looked',
    node: answer.node,
    facts: read.attempts.map((attempt) => factsOf(attempt, view)),
    notices: view.notices,
  };
}

/** A command that does not answer in time says nothing of the host: its driver may hang. Looks tell of a lost link. */
export async function gpus({ options }: HostSession, signal: AbortSignal): Promise<GpusOutcome> {
  const outcome = await run({ options }, gpusCommand(options), { signal });
  if (outcome.kind === 'unknown') return { kind: 'unknown', reason: `nvidia-smi was not asked: ${outcome.reason}` };
  return readGpus(readAnswer(outcome, options.host));
}

export async function list(session: HostSession, signal: AbortSignal): Promise<ListOutcome> {
  const answer = await answerOf(session, listCommand(session.options, session.dialect.functions), { signal });
  if (answer.kind === 'blind') return answer;
  const named = { attempt: new Set<string>(), staging: new Set<string>() };
  const queue: string[] = [];
  for (const line of answer.lines) {
    const [, word, rest] = /^(attempt|staging|queue) (.*)$/.exec(line) ?? [];
    if (word === 'queue') queue.push(rest!);
    else if (word === 'attempt' || word === 'staging') named[word].add(rest!);
    else return blind('garbled', 'the list of attempts cannot be read');
  }
  const view = session.dialect.read(queue.join('\n'));
  if (view.kind === 'blind') return view;
  const ours = (token: string): Listed[] => {
    const parts = parseToken(token);
    return parts?.instance === session.options.instance ? [{ token, parts }] : [];
  };
  const attempts = [...new Set([...named.attempt, ...view.tokens])].sort();
  return {
    kind: 'listed',
    attempts: attempts.flatMap(ours),
    staging: [...named.staging]
      .sort()
      .flatMap(ours)
      .map(({ token }) => token),
  };
}

export async function copied(
  session: HostSession,
  from: string,
  tokens: readonly string[],
  signal: AbortSignal,
): Promise<CopiedOutcome> {
  const strange = refuseStrange(session, tokens);
  if (strange !== null) return strange;
  const stdin = tokens.map((token) => `${token}\n`).join('');
  const answer = await answerOf(session, copiedCommand(session.options, from), { stdin, signal });
  if (answer.kind === 'blind') return answer;
  const found = answer.lines.map((line) => /^copy (.*)$/.exec(line)?.[1]);
  if (!found.every((token) => token !== undefined && tokens.includes(token))) {
    return blind('garbled', 'the list of copied attempts cannot be read');
  }
  return { kind: 'copied', tokens: found.filter((token) => token !== undefined) };
}
