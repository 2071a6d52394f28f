import type { Node } from '../domain/job.ts';
import type { BlindCause } from '../domain/observation.ts';
import type { RunOutcome } from '../transport/transport.ts';
import type { Blind, NotYet } from './scheduler.ts';

/** The lines of a command that ran to its end, without the frame; `node` is where it ran. */
export interface Answer {
  readonly kind: 'answered';
  readonly node: Node;
  readonly lines: readonly string[];
}

export function blind(cause: BlindCause, reason: string): Blind {
  return { kind: 'blind', cause, reason };
}

/** An answer is whole or it is nothing: a missing frame, another exit code or an odd line make us blind. */
export function readAnswer(outcome: RunOutcome, host: string): Answer | Blind {
  if (outcome.kind === 'unknown') return blind('link', outcome.reason);
  if (!isWhole(outcome)) return blind('garbled', cutShort(outcome));
  const body = outcome.stdout.split('\n').slice(1, -2);
  const problem = body.map((line) => /^problem ([a-z]+) (.*)$/s.exec(line)).find((match) => match !== null);
  if (problem !== undefined) return problemOf(problem[1]!, problem[2]!, host);
  const node = readNode(body[0] ?? '');
  if (node === null) return blind('garbled', 'the host did not say its name, boot and pid namespace');
  return { kind: 'answered', node, lines: body.slice(1) };
}

/** What a command about one attempt says when that one could not be done. */
export function laterOf(lines: readonly string[]): NotYet | null {
  const reasons = lines.map((line) => /^not_yet (.*)$/s.exec(line)?.[1]);
  const reason = reasons.find((text) => text !== undefined);
  return reason === undefined ? null : { kind: 'not_yet', reason };
}

/** Did the command run to its end, so that what it says is all that it did? */
export function isWhole(outcome: Extract<RunOutcome, { kind: 'done' }>): boolean {
  return outcome.exitCode === 0 && outcome.stdout.startsWith('mqi\n') && outcome.stdout.endsWith('\ndone\n');
}

function cutShort(outcome: Extract<RunOutcome, { kind: 'done' }>): string {
  // one line, and not much of it: error texts of tools carry back-traces and colours
  const said = outcome.stderr.split('\n').find((line) => line.trim() !== '') ?? '';
  const detail = said === '' ? '' : `: ${said.slice(0, 200)}`;
  return `the command on the host ended with code ${outcome.exitCode} and gave no whole answer${detail}`;
}

function problemOf(word: string, text: string, host: string): Blind {
  switch (word) {
    case 'owner':
      return blind(
        'garbled',
        `the root belongs to another installation, ${JSON.stringify(text)}; if that one is no more: mqi hosts takeover ${host}`,
      );
    case 'unprepared':
      return blind(
        'garbled',
        `${text} is not there (not mounted?); if it is gone for good: mqi hosts takeover ${host}`,
      );
    case 'queue':
      return blind('queue', text);
    default:
      return blind('garbled', text);
  }
}

const NODE = /^node ([!-~]+) ([0-9a-f-]{8,64}) ([0-9]{1,20}) ([0-9]{1,10})$/;

function readNode(line: string): Node | null {
  const match = NODE.exec(line);
  if (match === null) return null;
  const [, name, bootId, pidNamespace, uid] = match as unknown as [string, string, string, string, string];
  return { name, bootId, pidNamespace, uid: Number(uid) };
}
