import { explainLive } from './why/live.ts';
import { explainFinal } from './why/final.ts';
import type { Because, Explanation, WhyFacts } from './why/facts.ts';
import { noDaemon, orderClause } from './why/words.ts';

export type { Explanation, WhyConfig, WhyDaemon, WhyFacts } from './why/facts.ts';
export { explainCandidate } from './why/candidate.ts';
export { gatherWhy } from './why/gather.ts';

/**
 * Why a case is where it is and what it waits for, in one sentence, with the next command where a person can act. Pure.
 * Every combination of facts gives a sentence: a case that nobody can explain is a bug of ours, not an answer.
 */
export function explain(facts: WhyFacts): Explanation {
  const { row } = facts;
  const final = explainFinal(facts);
  const orders = orderClause(facts);
  if (final !== null) return spoken(row.name, final, orders);
  const because = explainLive(facts);
  if (facts.daemon.running) return spoken(row.name, because, orders);
  return {
    waitsFor: 'daemon',
    sentence: `${noDaemon(facts.daemon.lastSignMs, facts.nowMs)}, so nothing moves ${row.name}: it ${because.says}${orders}`,
    next: 'mqi run',
    more: null,
  };
}

function spoken(name: string, because: Because, orders: string): Explanation {
  const { waitsFor, says, next, more = null } = because;
  return { waitsFor, sentence: `${name} ${says}${orders}`, next, more };
}
