import type { Node } from '../domain/job.ts';
import { blind, laterOf } from './answer.ts';
import type { Answer } from './answer.ts';
import { readFacts } from './facts-answer.ts';
import { factsOf } from './host-session.ts';
import type { HostSession } from './host-session.ts';
import type { Blind, Facts, NotYet } from './scheduler.ts';

/** What a command about one attempt found after it had acted. */
export interface Report {
  readonly kind: 'reported';
  readonly node: Node;
  readonly facts: Facts;
}

export function reportOf(session: HostSession, token: string, answer: Answer | Blind): Report | NotYet | Blind {
  if (answer.kind === 'blind') return answer;
  const later = laterOf(answer.lines);
  if (later !== null) return later;
  const read = readFacts(answer.lines);
  const files = read?.attempts.find((attempt) => attempt.token === token);
  if (read === null || files === undefined || read.rest.length > 0) {
    return blind('garbled', 'the report on the attempt cannot be read');
  }
  const view = session.dialect.read(read.queueText);
  return view.kind === 'blind' ? view : { kind: 'reported', node: answer.node, facts: factsOf(files, view) };
}
