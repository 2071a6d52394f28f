import { parseToken, tokenPrefix } from '../domain/attempt.ts';
import type { RunOutcome, Transport } from '../transport/transport.ts';
import { blind, readAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Target } from './attempt-commands.ts';
import type { Dialect, QueueView } from './dialect.ts';
import type { FileFacts } from './facts-answer.ts';
import type { Installation } from './host-script.ts';
import type { AttemptRef, Blind, Facts } from './scheduler.ts';

export interface SchedulerOptions extends Installation {
  readonly transport: Pick<Transport, 'run'>;
  /** The host's name in the configuration, for the commands that answers tell a person to type. */
  readonly host: string;
  /** How long a job may take to end after TERM before it is killed. */
  readonly graceMs?: number;
}

/** What the operations of one host's scheduler share. */
export interface HostSession {
  readonly dialect: Dialect;
  readonly options: SchedulerOptions;
}

/** A host that needs longer for a command of well under a second is not seen. */
const ANSWER_TIMEOUT_MS = 30_000;

export interface Ask {
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

export function run(session: Pick<HostSession, 'options'>, command: string, ask: Ask): Promise<RunOutcome> {
  return session.options.transport.run(command, {
    // a command without input must not wait for any
    stdin: ask.stdin ?? '',
    timeoutMs: ask.timeoutMs ?? ANSWER_TIMEOUT_MS,
    signal: ask.signal,
  });
}

export async function answerOf(
  session: Pick<HostSession, 'options'>,
  command: string,
  ask: Ask,
): Promise<Answer | Blind> {
  return readAnswer(await run(session, command, ask), session.options.host);
}

/** Nothing is ever done to a name that is not a token of this installation. */
export function refuseStrange(session: HostSession, tokens: readonly string[]): Blind | null {
  const strange = tokens.find((token) => parseToken(token)?.instance !== session.options.instance);
  if (strange === undefined) return null;
  return blind(
    'garbled',
    `${JSON.stringify(strange)} is not a token that begins with ${tokenPrefix(session.options.instance)}`,
  );
}

export function targetOf(attempt: AttemptRef, queue: string | null = null): Target {
  return { token: attempt.token, queue, jobId: attempt.job?.id ?? null, jobCreated: attempt.job?.createdAt ?? null };
}

export function factsOf(files: FileFacts, view: QueueView): Facts {
  const { script, ...facts } = files;
  const { state, job } = view.entry(files.token, script);
  return { ...facts, queue: state, job };
}
