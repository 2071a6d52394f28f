import { explainLive } from './why/live.ts';
import { explainFinal } from './why/final.ts';
import type { Because, Explanation, WhyFacts } from './why/facts.ts';
import { troubleText } from './troubles.ts';
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
  if (final !== null) return spoken(facts, final, orders);
  const because = explainLive(facts);
  if (facts.daemon.running) return spoken(facts, because, orders);
  return {
    waitsFor: 'daemon',
    sentence: `${noDaemon(facts.daemon.lastSignMs, facts.nowMs)}, so nothing moves ${row.name}: it ${because.says}${orders}`,
    next: 'mqi run',
    more: null,
  };
}

function spoken(facts: WhyFacts, because: Because, orders: string): Explanation {
  const { waitsFor, says, next, more = null } = because;
  return { waitsFor, sentence: `${facts.row.name} ${says}${orders}`, next, more: more ?? leftOver(facts) };
}

/** What is wrong with its attempts beside what it waits for: what cannot be removed from a host, mostly. */
function leftOver({ troubles }: WhyFacts): string | null {
  const rows = troubles.filter(({ what }) => what !== 'blocked' && what !== 'unproven');
  return rows.length === 0 ? null : rows.map(troubleText).join('; ');
}
