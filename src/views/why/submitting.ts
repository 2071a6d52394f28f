import type { Because, WhyFacts } from './facts.ts';
import { heldFor, slotOf } from './words.ts';

/** The moment in which a job may come to exist. */
export function explainSubmitting(facts: WhyFacts): Because {
  const { row, stop, nowMs } = facts;
  const where = slotOf(facts);
  const lasts = heldFor(row.phaseSince, nowMs);
  const cancel = stop?.kind === 'cancelled' ? `, and will then be cancelled as ${stop.by} asked` : '';
  if (row.phase === 'confirming') {
    return {
      waitsFor: 'submission',
      says: `is being confirmed on ${where}${lasts}: the host's answer was lost, so its job is looked up by ${row.token ?? 'its token'} and never created again${cancel}`,
      next: null,
    };
  }
  return {
    waitsFor: 'submission',
    says: `is being submitted to ${where}${lasts}: its job is created held, which takes one command there${cancel}`,
    next: null,
  };
}
