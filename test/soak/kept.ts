import { expect } from 'vitest';

import { soak } from './soak.ts';
import type { HostKind } from './soak.ts';

/** `npm run soak` takes longer ones. */
const MINUTES = 1;
/** More than the soak and the quiet after it may last. */
export const TIMEOUT_MS = 600_000;

export const LAW = 'killed every few seconds for a minute: no job twice, no case lost, no slot leaked';

export async function expectKept(kind: HostKind): Promise<void> {
  const report = await soak({ kind, minutes: MINUTES, seed: 'ci', say: () => {} });
  console.info(`soak of ${kind}: ${report.summary}`);
  expect(report.broken).toEqual([]);
  expect(report.kills).toBeGreaterThan(3);
  expect(report.completed).toBe(report.cases);
  expect(report.jobs).toBeGreaterThan(5);
  expect(report.twice).toBe(0);
}
