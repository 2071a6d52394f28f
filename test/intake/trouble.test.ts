import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { createWatch } from '../../src/intake/watch.ts';
import { startIntake, tempDirectory, writeTree } from './harness.ts';
import { ManualClock } from './manual-clock.ts';

describe('a watched directory', () => {
  test('that is not there at the start is made where its parent is there, and that is said', async () => {
    const h = await startIntake();
    const path = join(tempDirectory(), 'new');
    await h.restart({ path });
    expect(h.all('intake.root_created')).toMatchObject([{ path, level: 'warn' }]);
    writeTree(join(path, 'case'), { a: '' });
    await h.intake.rescan();
    await h.until('intake.admitted', 'case');
  });

  test('whose parent is not there either is waited for, said once', async () => {
    const h = await startIntake();
    const path = join(tempDirectory(), 'not/mounted');
    await h.restart({ path });
    await h.intake.rescan();
    await h.intake.rescan();
    expect(h.begun()).toMatchObject([{ level: 'error', reason: `there is no ${path}` }]);
    writeTree(join(path, 'case'), { a: '' });
    await h.intake.rescan();
    expect(h.over()).toHaveLength(1);
    await h.until('intake.admitted', 'case');
  });

  test('that vanishes loses nothing: what was known or settling is there when it comes back', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '' });
    await h.intake.rescan();
    await h.until('intake.admitted', 'case');
    writeTree(join(h.root, 'copying'), { 'a.part': '' });
    await h.intake.rescan();
    await h.passes(2);
    renameSync(h.root, `${h.root}.away`);
    await h.intake.rescan();
    await h.passes(3);
    await h.intake.rescan();
    expect(h.begun()).toHaveLength(1);
    expect(h.rows().map(({ name, state }) => [name, state])).toEqual([
      ['case', 'admitted'],
      ['copying', 'settling'],
    ]);
    renameSync(`${h.root}.away`, h.root);
    renameSync(join(h.root, 'copying/a.part'), join(h.root, 'copying/a'));
    await h.intake.rescan();
    await h.until('intake.admitted', 'copying');
    expect(h.cases()).toHaveLength(2);
    expect(h.over()).toHaveLength(1);
    expect(h.all('intake.gone')).toEqual([]);
  });

  test('that is a file is told, and nothing else happens', async () => {
    const h = await startIntake();
    const path = join(tempDirectory(), 'file');
    writeFileSync(path, '');
    await h.restart({ path });
    expect(h.begun()).toMatchObject([{ reason: 'it is not a directory' }]);
  });

  test('that is a link to itself is told by the name of the error', async () => {
    const h = await startIntake();
    const path = join(tempDirectory(), 'loop');
    symlinkSync('loop', path);
    await h.restart({ path });
    expect(h.begun()).toMatchObject([{ reason: 'ELOOP' }]);
  });

  test('in which a folder above the cases cannot be read hides what is in it, and forgets nothing', async () => {
    const h = await startIntake({ watch: { depth: 2 } });
    writeTree(h.root, { 'p1/copying/a.part': '', 'p2/s1/a': '' });
    await h.intake.rescan();
    await h.until('intake.admitted', 'p2/s1');
    await h.passes(2);
    chmodSync(join(h.root, 'p1'), 0);
    await asNobody(h.root, async () => {
      await h.intake.rescan();
      await h.intake.rescan();
    });
    chmodSync(join(h.root, 'p1'), 0o755);
    expect(h.begun()).toMatchObject([{ reason: 'p1 (EACCES) and 0 more' }]);
    expect(h.row('p1/copying')).toMatchObject({ state: 'settling' });
    await h.intake.rescan();
    expect(h.over()).toHaveLength(1);
  });
});

async function asNobody(reachable: string, work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work();
  for (let path = reachable; path.includes('mqi-intake-'); path = dirname(path)) chmodSync(path, 0o755);
  process.seteuid!(65_534);
  try {
    await work();
  } finally {
    process.seteuid!(0);
  }
}

describe('a database that cannot be written to', () => {
  test('loses no candidate: it is told once, and each rescan tries again', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '' });
    writeTree(join(h.root, 'bad'), { a: '' });
    execFileSync('mkfifo', [join(h.root, 'bad/pipe')]);
    writeFileSync(join(h.root, 'file'), '');
    h.fault = new Error('database or disk is full');
    await h.intake.rescan();
    await h.passes(20);
    await h.intake.rescan();
    await h.passes(20);
    expect(h.begun()).toMatchObject([{ reason: 'database or disk is full' }]);
    expect([h.rows(), h.cases()]).toEqual([[], []]);
    h.fault = null;
    await h.intake.rescan();
    await h.until('intake.admitted', 'case');
    await h.until('intake.rejected', 'bad');
    await h.until('intake.rejected', 'file');
    expect(h.over()).toHaveLength(1);
    expect(h.all('intake.admitted')).toHaveLength(1);
  });

  test('refuses an order with its reason', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '' });
    h.fault = new Error('database or disk is full');
    expect(await h.intake.admit({ path: 'case', asDone: true })).toEqual({
      admitted: 0,
      message: 'the database cannot be written to; try again later',
    });
  });
});

test('a disk that did not answer for eight hours is read again at the usual pace once it does', async () => {
  const clock = new ManualClock();
  const h = await startIntake({ clock, watch: { rescanEveryMs: 30_000 } });
  h.onEvent = ({ event }) => {
    if (event !== 'intake.rescanned') return;
    h.onEvent = () => {};
    clock.advance(8 * 3_600_000);
  };
  await h.intake.rescan();
  await new Promise(setImmediate);
  expect(clock.isDueWithin(30_000)).toBe(true);
});

test('a stopped intake does nothing more', async () => {
  const h = await startIntake();
  writeTree(join(h.root, 'case'), { a: '' });
  await h.intake.rescan();
  await h.passes(2);
  await h.intake.stop();
  const before = h.events.length;
  await h.intake.rescan();
  await h.intake.stop();
  expect(h.events.length).toBe(before);
});

// notifications come from the kernel, when it likes: these run on real time, and wait for events alone
describe('notifications', () => {
  const fast = { clock: systemClock, watch: { quietPeriodMs: 100, rescanEveryMs: 3_600_000 } };

  test('tell of a new folder long before the next rescan', async () => {
    const h = await startIntake(fast);
    writeTree(join(h.root, 'case'), { a: '' });
    await h.until('intake.admitted', 'case');
    expect(h.all('intake.rescanned')).toHaveLength(1);
  });

  test('tell of a new folder at depth 2, in a new folder and in an old one', async () => {
    const h = await startIntake({
      ...fast,
      watch: { ...fast.watch, depth: 2 },
      before: (root) => mkdirSync(join(root, 'p1')),
    });
    writeTree(h.root, { 'p1/s1/a': '', 'p2/s1/a': '' });
    await h.until('intake.admitted', 'p1/s1');
    await h.until('intake.admitted', 'p2/s1');
  });

  test('do not tell of temporary names', async () => {
    const h = await startIntake(fast);
    writeTree(join(h.root, '.copying'), { a: '' });
    writeTree(join(h.root, 'case'), { a: '' });
    await h.until('intake.admitted', 'case');
    expect(h.all('intake.found').map(({ name }) => name)).toEqual(['case']);
  });

  test('come again after the watched directory was made anew, from the next rescan on', async () => {
    const h = await startIntake(fast);
    for (let n = 0; n < 3; n++) {
      rmSync(h.root, { recursive: true });
      mkdirSync(h.root);
      await h.intake.rescan();
      writeTree(join(h.root, `case-${n}`), { a: '' });
      await h.until('intake.admitted', `case-${n}`);
    }
    expect(h.all('intake.rescanned')).toHaveLength(4);
    expect(h.all('intake.armed')).toHaveLength(4);
  });

  test('know by themselves that their directory was removed with what was in it', async () => {
    const root = join(tempDirectory(), 'watched');
    writeTree(root, { 'case/': '' });
    const watch = createWatch({
      root,
      depth: 1,
      clock: systemClock,
      onHint: () => {},
      onArmed: () => {},
      onTrouble: () => {},
    });
    onTestFinished(() => watch.close());
    await watch.arm('some identity');
    expect(watch.identity).toBe('some identity');
    rmSync(root, { recursive: true });
    await vi.waitUntil(() => watch.identity === null, { timeout: 60_000 });
  });

  test('find the folders of a watched directory that is a link', async () => {
    const h = await startIntake(fast);
    const link = `${h.root}.link`;
    execFileSync('ln', ['-s', h.root, link]);
    await h.restart({ path: link });
    writeTree(join(h.root, 'case'), { a: '' });
    await h.until('intake.admitted', 'case');
    expect(h.cases()).toMatchObject([{ path: join(link, 'case') }]);
  });

  test('come for each of five hundred folders at once', async () => {
    const h = await startIntake(fast);
    for (let n = 0; n < 500; n++) writeTree(join(h.root, `case-${n}`), { a: String(n) });
    await h.untilCount('intake.admitted', 500);
    expect(h.cases()).toHaveLength(500);
  });
});
