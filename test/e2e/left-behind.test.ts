import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createLookCounter } from '../lab/gate.ts';
import type { LookCounter } from '../lab/gate.ts';
import { jobProcesses } from '../lab/jobs.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

/** Waits until the test says go. */
const waits = (site: Site): string => `until [ -e '${site.folder}/go' ]; do sleep 0.05; done`;

/** A program that notes its process id, for the witness, and waits. */
const payload = (site: Site): string =>
  `sh -c 'echo $$ >> "$0/pids"; until [ -e "$0/go" ]; do sleep 0.05; done' '${site.folder}'`;

/**
 * The next case for the same slot. Its job notes which processes of the first one were still there when it began: a slot
 * that is given away too early shows, whatever the daemon thought of it.
 */
function dropWitness(site: Site): void {
  // a zombie holds nothing; PID 1 may take a second to bury it
  const looks = `for pid in $(cat '${site.folder}/pids'); do
    state=$(sed -n 's/^State:[^A-Z]*//p' /proc/$pid/status 2> /dev/null)
    case $state in '' | Z*) ;; *) echo "$pid $state" >> '${site.folder}/met' ;; esac
  done`;
  site.drop('witness', site.counting('witness', looks));
}

/** A case at work, and the next one that waits for its slot. */
async function atWork(site: Site, looks: LookCounter, script: string): Promise<{ readonly directory: string }> {
  site.drop('case', site.counting('case', script));
  site.start({ env: looks.env });
  await site.in('case', 'executing');
  await site.until('its payload has begun', () => existsSync(join(site.folder, 'pids')));
  dropWitness(site);
  await site.in('witness', 'staged');
  return { directory: join(site.root, 'attempts', site.caseOf('case').token!) };
}

/** The daemon has had its looks at what there is now, and the slot is still the first case's. */
async function expectKept(site: Site, looks: LookCounter): Promise<void> {
  const before = looks.count();
  // one may have begun before
  await site.until('the daemon has looked', () => looks.count() >= before + 3);
  expect(site.caseOf('case')).toMatchObject({ phase: 'executing', failure: null });
  expect(site.caseOf('witness').phase).toBe('staged');
  expect(site.slots()).toMatchObject([{ state: 'leased', caseId: site.caseOf('case').id }]);
}

/** Once the payload is told to end the witness has its turn, and met nobody. */
async function expectWitnessAlone(site: Site): Promise<void> {
  expect((await site.final('witness')).state).toBe('completed');
  expect(existsSync(join(site.folder, 'met')) ? readFileSync(join(site.folder, 'met'), 'utf8') : '').toBe('');
  expect(jobProcesses(site.root)).toEqual([]);
  expect([site.runs('case'), site.runs('witness')]).toEqual([1, 1]);
}

const go = (site: Site): void => writeFileSync(join(site.folder, 'go'), '');

/** `job NODE BOOT PIDNS UID PID …`: the shell that claimed. */
function claimant(directory: string): number {
  return Number(readFileSync(join(directory, 'claim'), 'utf8').split(' ')[5]);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}

test('a wrapper that is killed while its payload lives keeps the slot until the payload is gone, and is lost: nobody knows its exit code', async () => {
  const site = createSite();
  const looks = createLookCounter(site.folder);
  const { directory } = await atWork(site, looks, payload(site));
  const inner = claimant(directory);
  const outer = parentOf(inner);
  for (const pid of [outer, inner]) process.kill(pid, 'SIGKILL');
  await expectKept(site, looks);
  go(site);
  expect((await site.final('case')).failure).toMatchObject({ kind: 'job_lost' });
  expect(site.attempts('case')[0]).toMatchObject({ proof: 'gone', end: { kind: 'lost' } });
  await expectWitnessAlone(site);
});

test.each([
  ['in a session of its own', 'setsid'],
  ['with a clean environment', 'env -i'],
])(
  'a child %s that outlives its job keeps the slot until it is gone; the verdict is the one of the job',
  async (_, how) => {
    const site = createSite();
    const looks = createLookCounter(site.folder);
    const began = `until [ -e '${site.folder}/pids' ]; do sleep 0.05; done`;
    await atWork(site, looks, `${how} ${payload(site)} & ${began}`);
    await expectKept(site, looks);
    expect(existsSync(join(site.root, 'attempts', site.caseOf('case').token!, 'end'))).toBe(true);
    go(site);
    expect((await site.final('case')).state).toBe('completed');
    await expectWitnessAlone(site);
  },
);

test('an attempt directory that is removed under a running job keeps the slot until the job is gone; then it is lost, and not called never started', async () => {
  const site = createSite();
  const looks = createLookCounter(site.folder);
  const { directory } = await atWork(site, looks, payload(site));
  rmSync(directory, { recursive: true });
  await expectKept(site, looks);
  go(site);
  expect((await site.final('case')).failure).toMatchObject({ kind: 'job_lost' });
  await expectWitnessAlone(site);
});

test('a claim that became empty under a running job says nothing: the slot is kept, and the end of the job decides', async () => {
  const site = createSite();
  const looks = createLookCounter(site.folder);
  const { directory } = await atWork(site, looks, `${payload(site)}; exit 3`);
  truncateSync(join(directory, 'claim'));
  await expectKept(site, looks);
  go(site);
  expect((await site.final('case')).failure).toMatchObject({ kind: 'job_failed', exitCode: 3 });
  await expectWitnessAlone(site);
});

test('an empty claim that was there before the job blocks its case alone, by name; given up, its slot is quarantined until an operator clears it', async () => {
  const site = createSite({ slots: 2 });
  site.drop('case', site.counting('case', waits(site)));
  const first = site.start({ failPoints: 'commit.after.job.created=kill' });
  await first.exited;
  const claim = join(site.root, 'attempts', site.caseOf('case').token!, 'claim');
  writeFileSync(claim, '');

  const second = site.start();
  const { blocked, id, slot } = await site.until('it is blocked', () => {
    const row = site.caseOf('case');
    return row.blocked === null ? null : row;
  });
  expect(blocked).toContain('claim');
  // the host is as good as before for everybody else
  for (const name of ['other', 'another']) {
    site.drop(name, site.counting(name, 'true'));
    expect((await site.final(name)).state).toBe('completed');
    expect(site.attempts(name)[0]!.slot).not.toBe(slot);
  }
  expect(second.log()).not.toContain('unreachable');
  expect(site.caseOf('case')).toMatchObject({ phase: 'releasing', failure: null });

  expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
  expect(site.slots().find((one) => one.name === slot)).toMatchObject({ state: 'quarantined' });
  expect(await site.order({ kind: 'clear_slot', host: 'here', slot: slot! })).toMatchObject({ outcome: 'done' });
  expect(site.slots().map((one) => one.state)).toEqual(['free', 'free']);
  expect(site.runs('case')).toBe(0);
});
