import { expect, test } from 'vitest';

import { KEPT_SEEDS } from './kept-seeds.ts';
import { runSeeds } from './run-seeds.ts';
import { simulate } from './simulate.ts';

/** As many as fit into half a minute; `npm run simulate -- --seeds 20000` is the whole. */
const SEEDS = 300;

/** A busy machine is several times slower. */
const PATIENCE_MS = 600_000;

test(
  `${SEEDS} worlds, each with a crash and a blind spell, keep every promise`,
  async () => {
    const broken: string[] = [];
    const { worlds, crashes, blindSpells, spared } = await runSeeds(1, SEEDS, (line) => void broken.push(line));
    expect(broken).toEqual([]);
    expect(worlds).toBe(SEEDS);
    expect(spared).toBe(0);
    expect(crashes).toBeGreaterThanOrEqual(SEEDS);
    expect(blindSpells).toBeGreaterThanOrEqual(SEEDS);
  },
  PATIENCE_MS,
);

test.each(KEPT_SEEDS)('seed $seed, which once failed, keeps every promise ($found)', async ({ seed }) => {
  const { violation } = await simulate(seed);
  expect(violation).toBeNull();
});

test('the same seed tells the same history', async () => {
  const first = await simulate('7');
  const second = await simulate('7');
  expect(second.history).toEqual(first.history);
  expect(first.history.length).toBeGreaterThan(10);
});
