import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Site, SiteOptions } from '../lab/site.ts';
import { STORIES } from './stories.ts';

const CREATES_OUTPUT = 'mkdir -p output && cp inputs/data output/data';

/** What holds after a SIGKILL at any named point, wherever the jobs run. Those marked are tried where each costs seconds. */
export interface RestartUnderTest {
  readonly site: (options?: SiteOptions) => Promise<Site> | Site;
  readonly points: 'all' | 'main';
  readonly timeoutMs: number;
  /** Jobs of the case that the queue of the host has, by token; where there is a queue. */
  readonly queued?: (site: Site) => Promise<readonly string[]>;
}

interface Point {
  readonly at: string;
  readonly main: boolean;
}

const main = (at: string): Point => ({ at, main: true });
const more = (at: string): Point => ({ at, main: false });

const IN_SUBMITTED = [
  more('upload.before=kill'),
  main('upload.after=kill'),
  main('commit.before.upload.verified=kill'),
  more('commit.after.host.assigned=kill'),
  main('commit.before.slot.leased=kill'),
];
const IN_SUBMITTING = [
  main('commit.after.slot.leased=kill'),
  more('create.before=kill'),
  main('create.after=kill'),
  main('commit.before.job.created=kill'),
  more('create.answer=lost;commit.before.job.unconfirmed=kill'),
  main('create.answer=lost;commit.after.job.unconfirmed=kill'),
  more('create.answer=lost;find.before=kill'),
  main('create.answer=lost;find.after=kill'),
];
const IN_RUNNING = [
  main('commit.after.job.created=kill'),
  more('release.before=kill'),
  main('release.after=kill'),
  main('release.answer=lost;commit.before.job.observed=kill'),
  more('commit.before.job.released=kill'),
  main('commit.after.job.released=kill'),
  main('commit.before.job.observed=kill'),
  more('commit.after.job.observed=kill'),
  more('collect.before=kill'),
  main('collect.after=kill'),
  main('commit.before.results.collected=kill'),
];
const IN_STOPPING = [
  main('stop.before=kill'),
  main('stop.after=kill'),
  more('commit.before.job.gone=kill'),
  more('commit.after.job.gone=kill'),
];

/** Every name at which a daemon is killed here, or loses an answer. */
export function pointsTried(): ReadonlySet<string> {
  const alone = [IN_SUBMITTED, IN_SUBMITTING, IN_RUNNING, IN_STOPPING].flat().map((point) => point.at);
  const told = STORIES.flatMap((story) => story.steps).filter((step) => typeof step === 'string');
  return new Set([...alone, ...told].flatMap((at) => at.split(';')).map((point) => point.split('=')[0]!));
}

export function restartContract(name: string, { site: create, points, timeoutMs, queued }: RestartUnderTest): void {
  const chosen = (all: readonly Point[]): string[] =>
    all.filter((point) => points === 'all' || point.main).map((point) => point.at);

  /** Starts a daemon that dies by SIGKILL at a named point, drops the case, and waits until it has died there. */
  async function dieAt(site: Site, failPoints: string, script = CREATES_OUTPUT): Promise<void> {
    site.drop('case', site.counting('case', script), { data: 'dose' });
    const { signal } = await site.start({ failPoints }).exited;
    expect(signal, `the daemon was to die at ${failPoints}`).toBe('SIGKILL');
  }

  /** One job, of the case's last attempt, that ran once: on the host as well as in its queue. */
  async function expectOneJob(site: Site): Promise<void> {
    const token = site.attempts('case').at(-1)!.token;
    expect(site.runs('case')).toBe(1);
    expect(site.claimedByJob()).toEqual([token]);
    if (queued !== undefined) expect(await queued(site)).toEqual([token]);
  }

  function expectResults(site: Site, attempt: number): void {
    expect(readFileSync(join(site.results, 'case', `attempt-${attempt}`, 'output', 'data'), 'utf8')).toBe('dose');
  }

  describe(name, { timeout: timeoutMs }, () => {
    test('SIGKILL while the job runs: the next daemon follows it to its end, and it ran once', async () => {
      const site = await create();
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
      await expectOneJob(site);
      expectResults(site, 1);
    });

    test.each(chosen(IN_SUBMITTED))(
      'SIGKILL in submitted (%s): the upload goes on at the next start, and the job runs once',
      async (failPoints) => {
        const site = await create();
        await dieAt(site, failPoints);
        site.start();
        expect((await site.final('case')).state).toBe('completed');
        expect(site.attempts('case')).toHaveLength(1);
        await expectOneJob(site);
        expectResults(site, 1);
      },
    );

    test.each(chosen(IN_SUBMITTING))(
      'SIGKILL in submitting (%s): the case is failed (interrupted), nothing ever ran, and a retry completes it',
      async (failPoints) => {
        const site = await create();
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

        expect(await site.order({ kind: 'retry', caseId: failed.id, limitMs: null })).toMatchObject({
          outcome: 'done',
        });
        await site.until('the retry is completed', () => site.caseOf('case').state === 'completed');
        expect(site.attempts('case')).toHaveLength(2);
        await expectOneJob(site);
        expectResults(site, 2);
      },
    );

    test('a lost answer without a crash: the job is looked up by its token, never created again, and runs once', async () => {
      const site = await create();
      site.drop('case', site.counting('case', CREATES_OUTPUT), { data: 'dose' });
      site.start({ failPoints: 'create.answer=lost' });
      expect((await site.final('case')).state).toBe('completed');
      expect(site.phases('case')).toContain('confirming');
      await expectOneJob(site);
    });

    test.each(chosen(IN_RUNNING))(
      'SIGKILL in running (%s): the work is taken up again, and the job ran once',
      async (failPoints) => {
        const site = await create();
        await dieAt(site, failPoints);
        site.start();
        expect((await site.final('case')).state).toBe('completed');
        expect(site.slots().map((slot) => slot.state)).toEqual(['free']);
        await expectOneJob(site);
        expectResults(site, 1);
      },
    );

    test.each(chosen(IN_STOPPING))(
      'SIGKILL in stopping (%s): the stop is taken up again, and the job ran once',
      async (failPoints) => {
        const site = await create({ limit: '1s', observeEvery: '1s' });
        await dieAt(site, failPoints, 'sleep 600');
        site.start();
        const failed = await site.final('case');
        expect(failed.failure?.kind).toBe('timed_out');
        expect(site.attempts('case')[0]!.proof).toBe('gone');
        await expectOneJob(site);
        expect(existsSync(join(site.results, 'case', 'attempt-1', 'stdout'))).toBe(true);
      },
    );

    test.each(points === 'all' ? STORIES : [])(
      'SIGKILL at each point in turn, $name: no job twice, and no slot lost',
      { timeout: 4 * timeoutMs },
      async ({ steps, runs }) => {
        const site = await create();
        for (const step of steps) {
          if (typeof step !== 'string') await step(site);
          else {
            const { signal } = await site.start({ failPoints: `${step}=kill` }).exited;
            expect(signal, `the daemon was to die at ${step}`).toBe('SIGKILL');
          }
        }
        await site.until('its slot is free', () => site.slots().every((slot) => slot.state === 'free'));
        await site.until('every attempt is proven', () =>
          site.attempts('case').every((attempt) => attempt.proof !== null),
        );
        expect(site.runs('case')).toBe(runs);
        expect(site.claimedByJob()).toHaveLength(runs);
        if (queued !== undefined) expect(await queued(site)).toHaveLength(new Set(await queued(site)).size);
        const row = site.caseOf('case');
        if (row.state === 'completed') {
          const results = join(site.results, 'case', `attempt-${row.attempt}`, 'output', 'data');
          expect(readFileSync(results)).toEqual(readFileSync(join(site.watch, 'case', 'data')));
        }
      },
    );
  });
}
