import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createSite } from '../lab/site.ts';

const OBSERVE_SECONDS = 120;

test('two slots and ten one-second jobs: hints alone carry them through, long before the second look is due, and no slot has two', async () => {
  const site = createSite({ slots: 2, observeEvery: `${OBSERVE_SECONDS}s` });
  const names = Array.from({ length: 10 }, (_, index) => `case-${index}`);
  const times = join(site.folder, 'times');
  const script = (name: string): string =>
    `begun=$(date +%s%N); sleep 1; echo "${name} $begun $(date +%s%N)" >> '${times}'`;
  const daemon = site.start();
  await site.until('online', () => daemon.log().includes('is online'));
  const begunMs = performance.now();
  for (const name of names) site.drop(name, site.counting(name, script(name)));
  for (const name of names) expect((await site.final(name)).state).toBe('completed');
  // each of the five rounds would wait for an interval if nothing told of an end
  expect(performance.now() - begunMs).toBeLessThan(OBSERVE_SECONDS * 1_000);
  for (const name of names) expect(site.runs(name)).toBe(1);

  const jobs = readFileSync(times, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([name, begun, ended]) => ({
      slot: site.attempts(name!)[0]!.slot!,
      begun: BigInt(begun!),
      ended: BigInt(ended!),
    }));
  expect(jobs).toHaveLength(10);
  for (const slot of new Set(jobs.map((job) => job.slot))) {
    const row = jobs.filter((job) => job.slot === slot).sort((a, b) => (a.begun < b.begun ? -1 : 1));
    for (const [index, job] of row.entries()) {
      if (index > 0) expect(job.begun).toBeGreaterThanOrEqual(row[index - 1]!.ended);
    }
  }
});
