import { spawn } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import { jobProcesses } from '../lab/jobs.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

/** Waits for a file of its own attempt, so that each attempt can be let go by itself. */
const WAITS = (site: Site): string =>
  `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; mkdir -p output; echo dose > output/data`;

/** What an operator can do with a held job of `direct`: start its script. */
function startByHand(site: Site, token: string): void {
  const script = join(site.root, 'attempts', token, 'job.sh');
  spawn('sh', [script], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, MQI_TOKEN: token },
  }).unref();
}

test('an interrupted case says whether a held job was found and removed', async () => {
  const site = createSite();
  site.drop('created', site.counting('created', WAITS(site)));
  await site.start({ failPoints: 'commit.before.job.created=kill' }).exited;
  site.drop('asked', site.counting('asked', WAITS(site)));
  await site.start({ failPoints: 'create.before=kill' }).exited;

  const unseen = await site.mqi('cases', 'show', 'created', '--json');
  const hintOf = (out: string): string =>
    (JSON.parse(out) as { case: { failure: { hint: string } } }).case.failure.hint;
  site.start();
  await site.until('both are dealt with', () =>
    ['created', 'asked'].every((name) => site.attempts(name)[0]!.proof === 'revoked'),
  );
  const { id, token } = site.caseOf('created');
  // the second start may have dealt with it before it was killed
  expect(hintOf(unseen.out)).toMatch(/^(here was not asked yet|its held job)/);
  const removed = `its held job ${token} was found on here, revoked and removed: mqi cases retry ${id}`;
  expect(hintOf((await site.mqi('cases', 'show', 'created', '--json')).out)).toBe(removed);
  const why = await site.mqi('why', 'created');
  expect(why.out).toContain(removed);
  expect(why.out).toContain('docs/failures.md#interrupted');
  const none = `no job of it was found on here: mqi cases retry ${site.caseOf('asked').id}`;
  expect((await site.mqi('why', 'asked')).out).toContain(none);
  const listed = JSON.parse((await site.mqi('cases', 'list', '--json')).out) as {
    cases: { failure: { hint: string } }[];
  };
  expect(listed.cases.map((row) => row.failure.hint).toSorted()).toEqual([removed, none].toSorted());
  expect([site.runs('created'), site.runs('asked')]).toEqual([0, 0]);
});

test('an orphan that is killed by an order is proven gone: its slot is free, and its case runs once more', async () => {
  const site = createSite();
  site.drop('case', site.counting('case', WAITS(site)));
  await site.start({ failPoints: 'commit.before.job.created=kill' }).exited;
  const token = site.attempts('case')[0]!.token;
  startByHand(site, token);
  await site.until('it runs', () => site.runs('case') === 1);

  site.start();
  await site.until('the orphan is found', () => site.attempts('case')[0]!.orphan !== null);
  expect(site.slots()).toMatchObject([{ state: 'quarantined' }]);
  expect((await site.mqi('orphans')).out).toContain(`mqi orphans kill ${token} --why REASON`);
  expect((await site.mqi('orphans', 'kill', 'mqi-nobody', '--why', 'x', '--yes')).err).toContain('mqi orphans');
  const dry = await site.mqi('orphans', 'kill', token, '--why', 'a wrong plan', '--dry-run');
  expect(dry.out).toMatch(/every process of mqi-.* is ended/);
  expect(jobProcesses(site.root)).not.toEqual([]);

  const killed = await site.mqi('orphans', 'kill', token, '--why', 'a wrong plan', '--yes');
  expect(killed.code, killed.err).toBe(0);
  expect(killed.out).toContain('nothing of it runs any more');
  expect(jobProcesses(site.root)).toEqual([]);
  expect(site.slots()).toMatchObject([{ state: 'free' }]);
  expect(site.attempts('case')[0]).toMatchObject({ orphan: null, proof: 'gone' });
  const again = await site.order({ kind: 'kill_orphan', token });
  expect(again).toMatchObject({ outcome: 'refused', message: expect.stringContaining('no orphan') });

  writeFileSync(join(site.folder, 'go'), '');
  const { id } = site.caseOf('case');
  expect(await site.order({ kind: 'retry', caseId: id, limitMs: null })).toMatchObject({ outcome: 'done' });
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(2);
});

test("an operator's word that a slot is free does not count while its job is seen there; how it ends is seen soon", async () => {
  const site = createSite();
  site.drop('case', site.counting('case', WAITS(site)));
  site.start();
  const { id, token } = await site.in('case', 'executing');
  expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
  await site.final('case');
  const [slot] = site.slots();
  expect(slot?.state).toBe('quarantined');
  const cleared = await site.order({ kind: 'clear_slot', host: slot!.host, slot: slot!.name });
  expect(cleared.outcome).toBe('refused');
  expect(cleared.message).toContain(`mqi orphans kill ${token}`);
  expect(site.slots()).toMatchObject([{ state: 'quarantined' }]);

  writeFileSync(join(site.folder, 'go'), '');
  await site.until('its slot is free', () => site.slots()[0]?.state === 'free');
  const why = await site.mqi('why', 'case');
  expect(why.out).toContain('its job has ended with exit code 0, and nothing of it runs');
  expect(why.out).toContain(`mqi cases adopt ${id} --token ${token}`);
  expect(site.runs('case')).toBe(1);
});

test('nor does it when it was given while no daemon ran, or while the host was unreachable', async () => {
  const site = createSite();
  site.drop('case', site.counting('case', WAITS(site)));
  const first = site.start();
  const { id, token } = await site.in('case', 'executing');
  expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
  const [slot] = site.slots();
  first.kill('SIGTERM');
  await first.exited;
  const clear = ['slots', 'clear', `${slot!.host}/${slot!.name}`, '--why', 'sure'];
  expect((await site.mqi(...clear)).out).toContain('kept');
  expect((await site.mqi('cases', 'retry', id, '--why', 'again')).out).toContain('kept');

  const second = site.start();
  await site.until('both were handled', () => site.caseOf('case').state === 'submitted');
  expect((await site.mqi('orders')).out).toMatch(/clear_slot.*refused: its job is executing/);
  renameSync(site.root, `${site.root}.away`);
  await site.until('the host is unreachable', (reader) => readHost(reader.db, slot!.host)?.state === 'offline');
  expect((await site.mqi(...clear)).out).toContain('is free');
  renameSync(`${site.root}.away`, site.root);
  await site.until('it is seen again', () => site.slots()[0]?.state === 'quarantined');
  expect((await site.mqi('orphans')).out).toContain(token!);
  expect(site.runs('case')).toBe(1);

  // an order to kill that waits for the daemon waits for its host too
  second.kill('SIGTERM');
  await second.exited;
  expect((await site.mqi('orphans', 'kill', token!, '--why', 'a wrong plan', '--yes')).out).toContain('kept');
  site.start();
  await site.until('it is gone', () => site.attempts('case')[0]!.proof === 'gone');
  writeFileSync(join(site.folder, 'go'), '');
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(2);
});

const COMPUTES = (site: Site): string => `${WAITS(site)}; exit 0`;

/** A case that is given up while its job is at work. */
async function givenUp(site: Site): Promise<{ readonly id: string; readonly token: string }> {
  site.drop('case', site.counting('case', COMPUTES(site)));
  const { id, token } = await site.in('case', 'executing');
  expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
  await site.until('its job is listed', () => site.attempts('case')[0]!.orphan !== null);
  expect(site.slots()).toMatchObject([{ state: 'quarantined', token }]);
  return { id, token: token! };
}

const go = (site: Site): void => writeFileSync(join(site.folder, 'go'), '');

test('the running job of an abandoned case is adopted: it holds the slot that was quarantined, and its results are collected', async () => {
  const site = createSite();
  site.start();
  const { id, token } = await givenUp(site);
  expect((await site.mqi('why', 'case')).out).toContain(`mqi cases adopt ${id} --token ${token}`);
  const adopted = await site.mqi('cases', 'adopt', 'case', '--why', 'it was well after all');
  expect(adopted.code, adopted.err).toBe(0);
  expect(site.slots()).toMatchObject([{ state: 'leased', caseId: id, token }]);
  go(site);
  expect(await site.final('case')).toMatchObject({ state: 'completed', attempt: 1, token });
  expect(existsSync(join(site.results, 'case', 'attempt-1', 'output', 'data'))).toBe(true);
  expect(site.slots()).toMatchObject([{ state: 'free' }]);
  expect(site.attempts('case')).toMatchObject([{ orphan: null, failure: null, proof: 'gone' }]);
  expect(site.runs('case')).toBe(1);
});

test('the job of an abandoned case that ended by itself frees its slot, and is listed until it is adopted: its results are collected', async () => {
  const site = createSite();
  site.start();
  const { id, token } = await givenUp(site);
  go(site);
  await site.until('its slot is free', () => site.slots()[0]?.state === 'free');
  const orphans = await site.mqi('orphans');
  expect(orphans.out).toContain('its job has ended with exit code 0, and nothing of it runs');
  expect(orphans.out).toContain(`mqi cases adopt ${id} --token ${token}`);
  const dry = await site.mqi('cases', 'adopt', 'case', '--dry-run');
  expect(dry.out).toContain('its results are collected');

  const adopted = await site.mqi('cases', 'adopt', 'case', '--why', 'it was well after all');
  expect(adopted.code, adopted.err).toBe(0);
  expect(await site.final('case')).toMatchObject({ state: 'completed', attempt: 1, token });
  expect(existsSync(join(site.results, 'case', 'attempt-1', 'output', 'data'))).toBe(true);
  expect((await site.mqi('orphans')).out).toContain('no orphans');
  expect(site.runs('case')).toBe(1);
});

test('once an abandoned case was retried its old job is not adopted any more: the refusal says why, and where the results lie', async () => {
  const site = createSite();
  site.start();
  const { id, token } = await givenUp(site);
  go(site);
  await site.until('it has ended', () => site.attempts('case')[0]!.proof === 'gone');
  expect(await site.order({ kind: 'retry', caseId: id, limitMs: null })).toMatchObject({ outcome: 'done' });
  const refused = await site.order({ kind: 'adopt', caseId: id, token });
  expect(refused.outcome).toBe('refused');
  expect(refused.message).toContain('the case was retried meanwhile, as attempt 2');
  expect(refused.message).toContain(`attempts/${token}`);
  expect(await site.final('case')).toMatchObject({ state: 'completed', attempt: 2 });
  expect(existsSync(join(site.root, 'attempts', token, 'output', 'data'))).toBe(true);
});
