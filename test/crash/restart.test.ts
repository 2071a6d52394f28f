import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const CREATES_OUTPUT = 'mkdir -p output && cp inputs/data output/data';

/** Starts a daemon that dies by SIGKILL at a named point, drops the case, and waits until it has died there. */
async function dieAt(site: Site, failPoints: string, script = CREATES_OUTPUT): Promise<void> {
  site.drop('case', site.counting('case', script), { data: 'dose' });
  const { signal } = await site.start({ failPoints }).exited;
  expect(signal, `the daemon was to die at ${failPoints}`).toBe('SIGKILL');
}

function expectResults(site: Site, attempt: number): void {
  expect(readFileSync(join(site.results, 'case', `attempt-${attempt}`, 'output', 'data'), 'utf8')).toBe('dose');
}

test('SIGKILL while the job runs: the next daemon follows it to its end, and it ran once', async () => {
  const site = createSite();
  const script = `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; ${CREATES_OUTPUT}`;
  site.drop('case', site.counting('case', script), { data: 'dose' });
  const first = site.start();
  await site.in('case', 'executing');
  first.kill('SIGKILL');
  await first.exited;
  const second = site.start();
  await site.until('the next daemon sees the host', () => second.log().includes('is online'));
  expect(site.caseOf('case').phase).toBe('executing');
  writeFileSync(join(site.folder, 'go'), '');
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
  expectResults(site, 1);
});

test.each([
  'upload.before=kill',
  'upload.after=kill',
  'commit.before.upload.verified=kill',
  'commit.after.host.assigned=kill',
  'commit.before.slot.leased=kill',
])('SIGKILL in submitted (%s): the upload goes on at the next start, and the job runs once', async (failPoints) => {
  const site = createSite();
  await dieAt(site, failPoints);
  site.start();
  expect((await site.final('case')).state).toBe('completed');
  expect(site.attempts('case')).toHaveLength(1);
  expect(site.runs('case')).toBe(1);
  expectResults(site, 1);
});

test.each([
  'commit.after.slot.leased=kill',
  'create.before=kill',
  'create.after=kill',
  'commit.before.job.created=kill',
  'create.answer=lost;commit.before.job.unconfirmed=kill',
  'create.answer=lost;commit.after.job.unconfirmed=kill',
  'create.answer=lost;find.before=kill',
  'create.answer=lost;find.after=kill',
])(
  'SIGKILL in submitting (%s): the case is failed (interrupted), nothing ever ran, and a retry completes it',
  async (failPoints) => {
    const site = createSite();
    await dieAt(site, failPoints);
    expect(site.caseOf('case').state).toBe('submitting');
    site.start();
    const failed = await site.final('case');
    expect(failed.failure?.kind).toBe('interrupted');
    expect(failed.failure?.hint).toContain('mqi cases retry');
    expect(site.slots().map((slot) => slot.state)).toEqual(['free']);
    await site.until('the attempt is revoked', () => site.attempts('case')[0]?.proof === 'revoked');
    const claim = join(site.root, 'attempts', site.attempts('case')[0]!.token, 'claim');
    expect(readFileSync(claim, 'utf8')).toMatch(/^revoked /);

    expect(await site.order({ kind: 'retry', caseId: failed.id, limitMs: null })).toMatchObject({ outcome: 'done' });
    expect(
      await site.until('the retry is over', () => (site.caseOf('case').state === 'completed' ? 'completed' : null)),
    ).toBe('completed');
    expect(site.runs('case')).toBe(1);
    expect(site.claimedByJob()).toEqual([site.attempts('case')[1]!.token]);
    expectResults(site, 2);
  },
);

test('a lost answer without a crash: the job is looked up by its token, never created again, and runs once', async () => {
  const site = createSite();
  site.drop('case', site.counting('case', CREATES_OUTPUT), { data: 'dose' });
  site.start({ failPoints: 'create.answer=lost' });
  expect((await site.final('case')).state).toBe('completed');
  expect(site.phases('case')).toContain('confirming');
  expect(site.runs('case')).toBe(1);
});

test.each([
  'commit.after.job.created=kill',
  'release.before=kill',
  'release.after=kill',
  'release.answer=lost;commit.before.job.observed=kill',
  'commit.before.job.released=kill',
  'commit.after.job.released=kill',
  'commit.before.job.observed=kill',
  'commit.after.job.observed=kill',
  'collect.before=kill',
  'collect.after=kill',
  'commit.before.results.collected=kill',
])('SIGKILL in running (%s): the work is taken up again, and the job ran once', async (failPoints) => {
  const site = createSite();
  await dieAt(site, failPoints);
  site.start();
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
  expect(site.slots().map((slot) => slot.state)).toEqual(['free']);
  expectResults(site, 1);
});

test.each(['stop.before=kill', 'stop.after=kill', 'commit.before.job.gone=kill', 'commit.after.job.gone=kill'])(
  'SIGKILL in stopping (%s): the stop is taken up again, and the job ran once',
  async (failPoints) => {
    const site = createSite({ limit: '1s', observeEvery: '1s' });
    await dieAt(site, failPoints, 'sleep 600');
    site.start();
    const failed = await site.final('case');
    expect(failed.failure?.kind).toBe('timed_out');
    expect(site.runs('case')).toBe(1);
    expect(site.attempts('case')[0]!.proof).toBe('gone');
    expect(existsSync(join(site.results, 'case', 'attempt-1', 'stdout'))).toBe(true);
  },
);
