import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createGate } from '../lab/gate.ts';
import { jobProcesses } from '../lab/jobs.ts';
import { createSite } from '../lab/site.ts';
import type { Daemon, Site } from '../lab/site.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';

/** `tail -n 1 FILE`: how the host makes sure that a job script arrived whole, in the middle of creating. */
const CREATES = '[ $# = 3 ]';
const UNPACKS = '[ "$1" = -x ]';
const PACKS = 'case " $* " in *" -c "*) ;; *) false ;; esac';

async function stopped(daemon: Daemon): Promise<void> {
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  await daemon.says('"msg":"stopped"');
}

async function expectOnce(site: Site): Promise<void> {
  const over = await site.final('case');
  expect(over.failure).toBe(null);
  expect(over.attempt).toBe(1);
  expect(site.attempts('case')).toHaveLength(1);
  expect(site.runs('case')).toBe(1);
  expect(readFileSync(join(site.results, 'case', 'attempt-1', 'output', 'data'), 'utf8')).toBe('dose');
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops an idle daemon with exit code 0', async (signal) => {
  const site = createSite();
  const daemon = site.start();
  await site.until('online', () => daemon.log().includes('is online'));
  daemon.kill(signal);
  await stopped(daemon);
});

test.each([
  ['an upload', 'staging', 'tar', UNPACKS],
  ['a collection', 'collecting', 'tar', PACKS],
] as const)(
  'SIGTERM during %s breaks it off, and the next start takes it up again',
  async (_, phase, program, when) => {
    const site = createSite();
    const gate = createGate(site.folder, program, when);
    site.drop('case', site.counting('case', COPIES), { data: 'dose' });
    const first = site.start({ env: gate.env });
    await site.until('it is under way', () => gate.wasReached());
    const { token } = site.caseOf('case');
    first.kill('SIGTERM');
    await stopped(first);
    expect(site.caseOf('case').phase).toBe(phase);
    gate.open();
    site.start();
    await expectOnce(site);
    expect(site.caseOf('case').token).toBe(token);
  },
);

test('SIGTERM while its job is being created waits for the answer: the case ends up in running, not interrupted', async () => {
  const site = createSite();
  const gate = createGate(site.folder, 'tail', CREATES);
  site.drop('case', site.counting('case', COPIES), { data: 'dose' });
  const first = site.start({ env: gate.env });
  await site.until('it is under way', () => gate.wasReached());
  first.kill('SIGTERM');
  await site.until('it is stopping', () => first.log().includes('stopping: '));
  expect(site.caseOf('case').phase).toBe('creating');
  gate.open();
  await stopped(first);
  expect(site.caseOf('case').state).toBe('running');
  site.start();
  await expectOnce(site);
});

test('SIGTERM while a job runs leaves it alone, and the next start follows it to its end', async () => {
  const site = createSite();
  site.drop('case', site.counting('case', `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; ${COPIES}`), {
    data: 'dose',
  });
  const first = site.start();
  await site.in('case', 'executing');
  const processes = jobProcesses(site.root);
  first.kill('SIGTERM');
  await stopped(first);
  expect(jobProcesses(site.root)).toEqual(expect.arrayContaining(processes.slice(0, 1)));
  site.start();
  writeFileSync(join(site.folder, 'go'), '');
  await expectOnce(site);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)(
  'a second %s ends the daemon at once, with exit code %i; what it was creating is interrupted, and never runs',
  async (signal, code) => {
    const site = createSite();
    const gate = createGate(site.folder, 'tail', CREATES);
    site.drop('case', site.counting('case', COPIES), { data: 'dose' });
    const first = site.start({ env: gate.env });
    await site.until('it is under way', () => gate.wasReached());
    first.kill('SIGTERM');
    await site.until('it is stopping', () => first.log().includes('stopping: '));
    first.kill(signal);
    expect(await first.exited).toEqual({ code, signal: null });
    gate.open();
    site.start();
    expect((await site.final('case')).failure).toMatchObject({ kind: 'interrupted' });
    await site.until('it is proven that it never can run', () => site.attempts('case')[0]?.proof === 'revoked');
    expect(site.slots()).toMatchObject([{ state: 'free' }]);
    expect(site.runs('case')).toBe(0);
  },
);
