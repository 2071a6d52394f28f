import { expect } from 'vitest';

import type { Phase } from '../../src/domain/case.ts';
import type { ListedCase } from '../../src/store/queries.ts';
import { explain } from '../../src/views/why.ts';
import type { WhyFacts } from '../../src/views/why.ts';
import { facts } from './facts.ts';

/** What a case is like → what the sentence has to name, and the next command. */
export type Sentence = readonly [
  string,
  Phase,
  Partial<ListedCase>,
  Partial<WhyFacts>,
  readonly string[],
  string | null,
];

export function checkSentence([, phase, row, change, words, next]: Sentence): void {
  const because = explain(facts(phase, row, change));
  for (const word of words) expect(because.sentence).toContain(word);
  expect(because.next).toBe(next);
}
