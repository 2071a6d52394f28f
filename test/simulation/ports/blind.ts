import type { Blind } from '../../../src/scheduler/scheduler.ts';
import type { Reply } from '../network/connection.ts';

/** What an operation says when its command did not answer. */
export function blindBy(reply: Exclude<Reply<unknown>, { kind: 'done' }>): Blind {
  switch (reply.kind) {
    case 'problem':
      return { kind: 'blind', cause: reply.cause, reason: reply.reason };
    case 'garbled':
      return { kind: 'blind', cause: 'garbled', reason: 'the answer cannot be read' };
    case 'unknown':
      return { kind: 'blind', cause: 'link', reason: reply.reason };
  }
}
