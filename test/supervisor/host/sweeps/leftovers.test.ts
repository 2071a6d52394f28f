import { expect, test } from 'vitest';

import type { SweepOutcome } from '../../../../src/scheduler/scheduler.ts';
import { readCase } from '../../../../src/store/cases.ts';
import { createLiveCases } from '../../../../src/supervisor/case/live-cases.ts';
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
  const live = createLiveCases();
  const leftovers = createLeftovers({
    host: { name: 'fake', scheduler },
    live,
    troubles: bench.troubles,
    signal: new AbortController().signal,
  });
  return { ...bench, live, leftovers, asked, answers: (next: SweepOutcome) => void (answer = next) };
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

test('what a live case is staging is left alone', async () => {
  const { leftovers, live, asked, attempt, store } = world();
  const token = attempt('one', {}, true);
  live.note({ ...readCase(store.db, 'one')!, token, phase: 'staging' });
  await leftovers.runOnce([token, TWO]);
  expect(asked).toEqual([[TWO]]);
  await leftovers.runOnce([token]);
  expect(asked).toHaveLength(1);
});

test('a host that cannot be seen is in no trouble for its leftovers', async () => {
  const { leftovers, answers, wrong } = world();
  const blind = { kind: 'blind', cause: 'link', reason: 'no route' } as const;
  answers(blind);
  expect(await leftovers.runOnce([ONE])).toEqual(blind);
  expect(wrong()).toEqual([]);
});
