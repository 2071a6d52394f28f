import { expect, test } from 'vitest';

import { describeOnHpc } from '../hpc/lab.ts';
import { soak } from './soak.ts';
import type { SoakReport } from './soak.ts';

/** `npm run soak` takes longer ones. */
const MINUTES = 1;
const TIMEOUT_MS = 600_000;

function expectKept(report: SoakReport): void {
  console.info(`soak of ${report.kind}: ${report.summary}`);
  expect(report.broken).toEqual([]);
  expect(report.kills).toBeGreaterThan(3);
  expect(report.completed).toBe(report.cases);
  expect(report.jobs).toBeGreaterThan(10);
  expect(report.twice).toBe(0);
}

const LAW = 'killed every few seconds for a minute: no job twice, no case lost, no slot leaked';

test.concurrent(`the daemon of the embedded host, ${LAW}`, { timeout: TIMEOUT_MS }, async () => {
  expectKept(await soak({ kind: 'direct', minutes: MINUTES, seed: 'ci', say: () => {} }));
});

describeOnHpc('with ssh and pueue', {}, () => {
  test.concurrent(`the daemon, its host cut off and its pueued killed, ${LAW}`, { timeout: TIMEOUT_MS }, async () => {
    expectKept(await soak({ kind: 'pueue', minutes: MINUTES, seed: 'ci', say: () => {} }));
  });
});
