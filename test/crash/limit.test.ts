import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createWallClock, faketimeLibrary } from '../lab/faketime.ts';
import { jobProcesses } from '../lab/jobs.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';

/** A job that says when it has run for `seconds`, goes on until it is told to end, and then succeeds. */
function outliving(site: Site, seconds: number): string {
  return site.counting(
    'case',
    `sleep ${seconds}; : > '${site.folder}/outlived'; until [ -e '${site.folder}/go' ]; do sleep 0.05; done; ${COPIES}`,
  );
}

const outlived = (site: Site): Promise<boolean> =>
  site.until('the job has run for longer than its limit', () => existsSync(join(site.folder, 'outlived')));

async function expectSuccess(site: Site): Promise<void> {
  writeFileSync(join(site.folder, 'go'), '');
  const over = await site.final('case');
  expect(over.failure).toBe(null);
  expect(over.observedMs).toBeLessThan(over.limitMs);
  expect(site.runs('case')).toBe(1);
}

test('a job past its limit is stopped, proven gone and failed (timed_out); then its slot goes to the next case', async () => {
  const site = createSite({ limit: '1s' });
  // deaf to TERM, with a child in a session of its own
  site.drop('case', site.counting('case', `trap '' TERM; echo begun; setsid sleep 600 & while :; do sleep 600; done`));
  site.start();
  await site.in('case', 'executing');
  site.drop('next', site.counting('next', COPIES), { data: 'dose' });
  const failed = await site.final('case');
  expect(failed.failure).toMatchObject({ kind: 'timed_out', hint: expect.stringContaining('--limit') });
  expect(failed.observedMs).toBeGreaterThanOrEqual(1_000);
  expect(site.attempts('case')[0]).toMatchObject({ proof: 'gone', end: { kind: 'exited' } });
  expect(readFileSync(join(site.results, 'case', 'attempt-1', 'stdout'), 'utf8')).toBe('begun\n');
  expect((await site.final('next')).state).toBe('completed');
  expect(jobProcesses(site.root)).toEqual([]);
  expect(site.runs('case')).toBe(1);
});

test('time while the daemon was down does not count: the job still has its time when it is followed again', async () => {
  const site = createSite({ limit: '3s' });
  site.drop('case', outliving(site, 3.2), { data: 'dose' });
  const first = site.start();
  await site.in('case', 'executing');
  first.kill('SIGKILL');
  await first.exited;
  await outlived(site);
  const left = site.caseOf('case');
  site.start();
  await site.until('the next daemon has seen it', () => site.caseOf('case').updatedAt > left.updatedAt);
  expect(site.caseOf('case').phase).toBe('executing');
  await expectSuccess(site);
});

test('time while its host was unreachable does not count: the job still has its time when it is seen again', async () => {
  const site = createSite({ limit: '3s' });
  site.drop('case', outliving(site, 3.2), { data: 'dose' });
  site.start();
  await site.in('case', 'executing');
  const owner = readFileSync(join(site.root, 'owner'), 'utf8');
  writeFileSync(join(site.root, 'owner'), 'stranger\n');
  await site.until('the host of the case is unreachable', () => site.caseOf('case').blindCause !== null);
  await outlived(site);
  expect(site.caseOf('case').phase).toBe('executing');
  writeFileSync(join(site.root, 'owner'), owner);
  await site.until('the case is seen again', () => site.caseOf('case').blindCause === null);
  await expectSuccess(site);
});

const library = faketimeLibrary();

test.skipIf(library === null)(
  'a wall clock that jumps by two days, forth and back, ends nothing (needs faketime)',
  async () => {
    const site = createSite({ slots: 2 });
    const clock = createWallClock(library!, join(site.folder, 'clock'));
    site.drop('case', outliving(site, 0), { data: 'dose' });
    site.start({ env: clock.env });
    await site.in('case', 'executing');
    const begun = site.caseOf('case').updatedAt;

    // a look sees all cases of a host: one that saw the other job end has judged this one too
    clock.jump('+2d');
    site.drop('after the jump', site.counting('after', COPIES), { data: 'dose' });
    expect((await site.final('after the jump')).createdAt).toBeGreaterThan(begun + 40 * 3_600_000);
    expect(site.caseOf('case').phase).toBe('executing');

    clock.jump('-2d');
    site.drop('after the jump back', site.counting('back', COPIES), { data: 'dose' });
    expect((await site.final('after the jump back')).createdAt).toBeLessThan(begun - 40 * 3_600_000);
    expect(site.caseOf('case').phase).toBe('executing');
    await expectSuccess(site);
  },
);

test('the order `cases limit` gives a running job more time', async () => {
  const site = createSite({ limit: '5s' });
  site.drop('case', outliving(site, 5.2), { data: 'dose' });
  site.start();
  const { id } = await site.in('case', 'executing');
  expect(await site.order({ kind: 'limit', caseId: id, limitMs: 3_600_000 })).toMatchObject({ outcome: 'done' });
  await outlived(site);
  await expectSuccess(site);
  expect(site.attempts('case')[0]!.limitMs).toBe(3_600_000);
});

test('the order `cases limit` takes time away: a job past the new limit is stopped', async () => {
  const site = createSite({ limit: '1h' });
  site.drop('case', outliving(site, 0), { data: 'dose' });
  site.start();
  const { id } = await site.in('case', 'executing');
  expect(await site.order({ kind: 'limit', caseId: id, limitMs: 500 })).toMatchObject({ outcome: 'done' });
  expect((await site.final('case')).failure).toMatchObject({ kind: 'timed_out' });
  expect(jobProcesses(site.root)).toEqual([]);
});
