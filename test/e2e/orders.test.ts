import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { createGate } from '../lab/gate.ts';
import { jobProcesses } from '../lab/jobs.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';
const DATA = { data: 'dose' };

const waits = (site: Site): string => `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; ${COPIES}`;
const go = (site: Site): void => writeFileSync(join(site.folder, 'go'), '');

/** A case at work on the only slot. */
async function busy(site: Site): Promise<void> {
  site.drop('busy', site.counting('busy', waits(site)), DATA);
  site.start();
  await site.in('busy', 'executing');
}

/** A host whose root says that it is another's: nothing is sent there. */
function closeHost(site: Site): () => void {
  mkdirSync(site.root, { recursive: true });
  const owner = join(site.root, 'owner');
  writeFileSync(owner, 'stranger\n');
  return () => rmSync(owner);
}

async function expectCancelled(site: Site, name: string, runs: number): Promise<void> {
  const failed = await site.final(name);
  expect(failed.failure).toMatchObject({ kind: 'cancelled', by: 'tester', message: expect.stringContaining('a test') });
  expect(failed.failure?.hint).toContain('mqi cases retry');
  expect(site.runs(name)).toBe(runs);
  expect(site.slots().filter((slot) => slot.caseId === failed.id)).toEqual([]);
  expect(site.attempts(name).every((attempt) => attempt.proof !== null)).toBe(true);
}

describe('`cases cancel` ends a case, with proof, where it', () => {
  test('is waiting, with its host unreachable: at once, without an attempt', async () => {
    const site = createSite();
    closeHost(site);
    site.drop('case', site.counting('case', COPIES), DATA);
    site.start();
    const { id } = await site.in('case', 'waiting');
    expect(await site.order({ kind: 'cancel', caseId: id })).toMatchObject({ outcome: 'done' });
    await expectCancelled(site, 'case', 0);
    expect(site.attempts('case')).toEqual([]);
    // and not twice
    expect(await site.order({ kind: 'cancel', caseId: id })).toMatchObject({
      outcome: 'refused',
      message: 'it is failed already',
    });
  });

  test('is being uploaded: the upload is broken off, and the next case is sent', async () => {
    const site = createSite();
    const gate = createGate(site.folder, 'tar', '[ "$1" = -x ]');
    site.drop('case', site.counting('case', COPIES), DATA);
    site.start({ env: gate.env });
    await site.until('it travels', () => gate.wasReached());
    const { id } = site.caseOf('case');
    expect(await site.order({ kind: 'cancel', caseId: id })).toMatchObject({ outcome: 'done' });
    await expectCancelled(site, 'case', 0);
    gate.open();
    site.drop('next', site.counting('next', COPIES), DATA);
    expect((await site.final('next')).state).toBe('completed');
    expect(site.runs('case')).toBe(0);
  });

  test('is staged: it never runs', async () => {
    const site = createSite();
    await busy(site);
    site.drop('case', site.counting('case', COPIES), DATA);
    const { id } = await site.in('case', 'staged');
    expect(await site.order({ kind: 'cancel', caseId: id })).toMatchObject({ outcome: 'done' });
    await expectCancelled(site, 'case', 0);
    go(site);
    expect((await site.final('busy')).state).toBe('completed');
    expect(site.runs('case')).toBe(0);
  });

  test('is being created: what was created never runs', async () => {
    const site = createSite();
    const gate = createGate(site.folder, 'tail', '[ $# = 3 ]');
    site.drop('case', site.counting('case', COPIES), DATA);
    site.start({ env: gate.env });
    await site.until('it is under way', () => gate.wasReached());
    const { id } = site.caseOf('case');
    expect(await site.order({ kind: 'cancel', caseId: id })).toMatchObject({ outcome: 'done' });
    expect(site.caseOf('case').phase).toBe('creating');
    gate.open();
    await expectCancelled(site, 'case', 0);
    expect(site.phases('case')).not.toContain('releasing');
  });

  test('is running, deaf to TERM, with a child in another session: all of it is ended', async () => {
    const site = createSite();
    site.drop('case', site.counting('case', `trap '' TERM; setsid sleep 600 & while :; do sleep 600; done`));
    site.start();
    const { id } = await site.in('case', 'executing');
    expect(await site.order({ kind: 'cancel', caseId: id })).toMatchObject({ outcome: 'done' });
    await expectCancelled(site, 'case', 1);
    expect(jobProcesses(site.root)).toEqual([]);
    expect(site.attempts('case')[0]!.proof).toBe('gone');
    expect(existsSync(join(site.results, 'case', 'attempt-1', 'stdout'))).toBe(true);
  });

  test('is collecting: refused, for its job is over; giving up its results is another order, and frees nothing twice', async () => {
    const site = createSite();
    writeFileSync(site.results, 'a file in the place of the results');
    site.drop('case', site.counting('case', COPIES), DATA);
    site.start();
    const { id } = await site.until('it is blocked', () => {
      const row = site.find('case');
      return row?.phase === 'collecting' && row.blocked !== null ? row : null;
    });
    expect(await site.order({ kind: 'cancel', caseId: id })).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining('collecting'),
    });
    expect(site.slots()).toMatchObject([{ state: 'free' }]);
    expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
    expect((await site.final('case')).failure).toMatchObject({ kind: 'abandoned' });
    expect(site.slots()).toMatchObject([{ state: 'free' }]);
  });
});

describe('`cases pause` holds a case back without a slot, and `cases resume` lets it go on, where it', () => {
  test('is waiting', async () => {
    const site = createSite();
    const open = closeHost(site);
    site.drop('case', site.counting('case', COPIES), DATA);
    site.start();
    const { id } = await site.in('case', 'waiting');
    expect(await site.order({ kind: 'pause', caseId: id })).toMatchObject({ outcome: 'done' });
    expect(await site.order({ kind: 'pause', caseId: id })).toMatchObject({ message: 'it is paused already' });
    open();
    site.drop('other', site.counting('other', COPIES), DATA);
    expect((await site.final('other')).state).toBe('completed');
    expect(site.caseOf('case')).toMatchObject({ phase: 'waiting', paused: true });
    expect((await site.mqi('why', id)).out).toContain('paused');
    expect(await site.order({ kind: 'resume', caseId: id })).toMatchObject({ outcome: 'done' });
    expect((await site.final('case')).state).toBe('completed');
  });

  test('is being uploaded: the upload ends, and it is staged without a slot', async () => {
    const site = createSite();
    const gate = createGate(site.folder, 'tar', '[ "$1" = -x ]');
    site.drop('case', site.counting('case', COPIES), DATA);
    site.start({ env: gate.env });
    await site.until('it travels', () => gate.wasReached());
    const { id } = site.caseOf('case');
    expect(await site.order({ kind: 'pause', caseId: id })).toMatchObject({ outcome: 'done' });
    gate.open();
    await site.in('case', 'staged');
    site.drop('other', site.counting('other', COPIES), DATA);
    expect((await site.final('other')).state).toBe('completed');
    expect(site.caseOf('case')).toMatchObject({ phase: 'staged', paused: true });
    expect(await site.order({ kind: 'resume', caseId: id })).toMatchObject({ outcome: 'done' });
    expect((await site.final('case')).state).toBe('completed');
    expect(site.runs('case')).toBe(1);
  });

  test('is staged: another overtakes it; a restart forgets nothing', async () => {
    const site = createSite();
    site.drop('busy', site.counting('busy', waits(site)), DATA);
    const first = site.start();
    await site.in('busy', 'executing');
    site.drop('case', site.counting('case', COPIES), DATA);
    const { id } = await site.in('case', 'staged');
    expect(await site.order({ kind: 'pause', caseId: id })).toMatchObject({ outcome: 'done' });
    first.kill('SIGKILL');
    await first.exited;
    site.start();
    site.drop('other', site.counting('other', COPIES), DATA);
    await site.in('other', 'staged');
    go(site);
    expect((await site.final('other')).state).toBe('completed');
    expect(site.caseOf('case')).toMatchObject({ phase: 'staged', paused: true });
    expect(await site.order({ kind: 'resume', caseId: id })).toMatchObject({ outcome: 'done' });
    expect((await site.final('case')).state).toBe('completed');
  });

  test('has a slot: refused', async () => {
    const site = createSite();
    await busy(site);
    const { id } = site.caseOf('busy');
    expect(await site.order({ kind: 'pause', caseId: id })).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining('executing'),
    });
    expect(await site.order({ kind: 'resume', caseId: id })).toMatchObject({ outcome: 'refused' });
    go(site);
    expect((await site.final('busy')).state).toBe('completed');
  });
});

test('`cases priority` lets a case overtake those that wait', async () => {
  const site = createSite();
  await busy(site);
  site.drop('first', site.counting('first', COPIES), DATA);
  await site.in('first', 'staged');
  for (const name of ['second', 'urgent']) {
    site.drop(name, site.counting(name, COPIES), DATA);
    await site.in(name, 'waiting');
  }
  const { id } = site.caseOf('urgent');
  expect(await site.order({ kind: 'priority', caseId: id, priority: 5 })).toMatchObject({ outcome: 'done' });
  go(site);
  const began: number[] = [];
  for (const name of ['urgent', 'second']) {
    await site.final(name);
    began.push(site.attempts(name)[0]!.createdAt);
  }
  expect(began).toEqual([...began].sort((a, b) => a - b));
});

test('`cases abandon` quarantines the slot of a job that may still run; `slots clear` does not open it against what is seen there, `orphans kill` does', async () => {
  const site = createSite();
  const script = `trap '' TERM; ${waits(site)}`;
  site.drop('case', site.counting('case', script), DATA);
  site.start();
  const { id, slot, token } = await site.in('case', 'executing');
  site.drop('next', site.counting('next', COPIES), DATA);
  await site.in('next', 'staged');
  expect(await site.order({ kind: 'clear_slot', host: 'here', slot: slot! })).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining('leased'),
  });

  expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
  expect((await site.final('case')).failure).toMatchObject({
    kind: 'abandoned',
    hint: expect.stringContaining(`mqi slots clear here/${slot}`),
  });
  expect(site.slots()).toMatchObject([{ state: 'quarantined', token, reason: expect.stringContaining('tester') }]);
  expect((await site.mqi('why', 'next')).out).toContain('quarantined');
  expect(site.caseOf('next').phase).toBe('staged');
  expect(jobProcesses(site.root)).not.toEqual([]);

  expect(await site.order({ kind: 'clear_slot', host: 'here', slot: slot! })).toMatchObject({ outcome: 'refused' });
  await site.until('it is listed', () => site.attempts('case')[0]!.orphan !== null);
  expect(await site.order({ kind: 'kill_orphan', token: token! })).toMatchObject({ outcome: 'done' });
  // its slot is free: the next job may run by now
  expect(jobProcesses(site.root, token!)).toEqual([]);
  expect((await site.final('next')).state).toBe('completed');
  expect(site.slots()).toMatchObject([{ state: 'free' }]);
});

test('a host that left the configuration while its case is live: the case waits, is named, the others go on, it is taken up when the host is back, and its old slot goes once it is free', async () => {
  const site = createSite();
  const hostOf = (name: string) => ({
    root: join(site.folder, name),
    observe_every: '1s',
    slots: [{ name: 'gpu' }],
  });
  site.configure({ hosts: { old: hostOf('old') } });
  site.drop('case', site.counting('case', waits(site)), DATA);
  const first = site.start();
  await site.in('case', 'executing');
  site.drop('staged', site.counting('staged', COPIES), DATA);
  await site.in('staged', 'staged');
  first.kill('SIGTERM');
  await first.exited;

  site.configure({ hosts: { new: hostOf('new') } });
  const second = site.start();
  site.drop('other', site.counting('other', COPIES), DATA);
  expect((await site.final('other')).host).toBe('new');
  expect(site.caseOf('case')).toMatchObject({ phase: 'executing', failure: null });
  for (const name of ['case', 'staged']) {
    const why = await site.mqi('why', name);
    expect(why.out).toContain('no longer in the configuration');
    expect(why.out).toContain('put old back under hosts:');
  }
  const { id } = site.caseOf('case');
  const status = await site.mqi('status');
  for (const [name, phase] of [
    ['case', 'executing'],
    ['staged', 'staged'],
  ] as const) {
    expect(status.out).toContain(`case ${name} is ${phase} on old, which left the configuration`);
    expect(status.out).toContain(`mqi why ${site.caseOf(name).id}`);
  }
  const doctor = await site.mqi('doctor');
  expect(doctor.out).toMatch(
    /^warn +hosts +2 cases on a host that left the configuration, such as (case|staged) on old/m,
  );
  expect(doctor.out).toMatch(new RegExp(`mqi why (${id}|${site.caseOf('staged').id})`));
  expect(places(site)).toEqual(['new/gpu free', 'old/gpu leased']);
  go(site);
  second.kill('SIGTERM');
  await second.exited;

  // it comes back with another slot: the job on the one that left is followed all the same
  site.configure({ hosts: { new: hostOf('new'), old: { ...hostOf('old'), slots: [{ name: 'other' }] } } });
  const third = site.start();
  for (const name of ['case', 'staged']) {
    expect(await site.final(name)).toMatchObject({ state: 'completed', host: 'old' });
    expect(site.runs(name)).toBe(1);
    expect(readFileSync(join(site.results, name, 'attempt-1', 'output', 'data'), 'utf8')).toBe('dose');
  }
  expect(places(site)).toEqual(['new/gpu free', 'old/other free']);
  expect((await site.mqi('status')).out).not.toContain('left the configuration');
  third.kill('SIGTERM');
  await third.exited;

  site.configure({ hosts: { new: hostOf('new') } });
  await site.start().says('is online');
  expect(places(site)).toEqual(['new/gpu free']);
  expect((await site.mqi('doctor')).out).not.toContain('left the configuration');
});

const places = (site: Site): string[] =>
  site
    .slots()
    .map(({ host, name, state }) => `${host}/${name} ${state}`)
    .sort();
