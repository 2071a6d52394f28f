import { expect, test } from 'vitest';

import type { SweepOutcome } from '../../../../src/scheduler/scheduler.ts';
import { readCase, updateCase } from '../../../../src/store/cases.ts';
import { createLeftovers } from '../../../../src/supervisor/host/sweeps/leftovers.ts';
import { createBench } from './bench.ts';

function world() {
  const bench = createBench();
  const asked: (readonly string[])[] = [];
  let answer: SweepOutcome = { kind: 'swept', left: [] };
  const scheduler = bench.scheduler({
    sweepStaging: (tokens) => {
      asked.push(tokens);
      return Promise.resolve(answer);
    },
  });
  const leftovers = createLeftovers({
    host: { name: 'fake', scheduler },
    db: bench.store.db,
    troubles: bench.troubles,
    signal: new AbortController().signal,
  });
  return { ...bench, leftovers, asked, answers: (next: SweepOutcome) => void (answer = next) };
}
const [ONE, TWO] = ['mqi-lab-one-1-aa', 'mqi-lab-two-1-aa'];

test('what cannot be removed is named until it can, and the rest is gone', async () => {
  const { leftovers, answers, wrong } = world();
  answers({ kind: 'swept', left: [{ token: ONE, reason: 'inputs/a is busy' }] });
  expect(await leftovers.runOnce([ONE, TWO])).toBe(null);
  expect(wrong()).toEqual([`unswept ${ONE}: inputs/a is busy`]);
  answers({ kind: 'swept', left: [] });
  await leftovers.runOnce([ONE]);
  expect(wrong()).toEqual([]);
});

test.each([
  ['stages', { phase: 'staging' }],
  ['is about to move into its attempt, since it was listed', { state: 'submitting', phase: 'creating' }],
  ['keeps while it is set aside', { phase: 'staged', setAside: 'its snapshot cannot be read' }],
] as const)('what a live case %s is left alone', async (_, change) => {
  const { leftovers, asked, attempt, store } = world();
  const token = attempt('one', {}, true);
  store.write((tx) => updateCase(tx, readCase(tx, 'one')!, { token, ...change }));
  await leftovers.runOnce([token, TWO]);
  expect(asked).toEqual([[TWO]]);
  await leftovers.runOnce([token]);
  expect(asked).toHaveLength(1);
});

test('what somebody else has removed meanwhile is named no more', async () => {
  const { leftovers, answers, wrong } = world();
  answers({ kind: 'swept', left: [{ token: ONE, reason: 'inputs/a is busy' }] });
  await leftovers.runOnce([ONE]);
  expect(wrong()).toHaveLength(1);
  await leftovers.runOnce([]);
  expect(wrong()).toEqual([]);
});

test('a host that cannot be seen is in no trouble for its leftovers', async () => {
  const { leftovers, answers, wrong } = world();
  const blind = { kind: 'blind', cause: 'link', reason: 'no route' } as const;
  answers(blind);
  expect(await leftovers.runOnce([ONE])).toEqual(blind);
  expect(wrong()).toEqual([]);
});
