import { execFileSync } from 'node:child_process';
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { startIntake, writeTree } from './harness.ts';

const folders = (count: number) => (root: string) => {
  for (let n = 1; n <= count; n++) writeTree(join(root, `old-${n}`), { a: String(n) });
};
const states = (rows: readonly { name: string; state: string }[]) => rows.map(({ name, state }) => `${name} ${state}`);

describe('a first start', () => {
  test('that finds eleven folders admits none of them, and says how to go on', async () => {
    const h = await startIntake({ before: folders(11) });
    await h.intake.rescan();
    expect(h.rows().map((row) => row.state)).toEqual(Array.from({ length: 11 }, () => 'history'));
    const [history] = h.all('intake.history');
    expect(history).toMatchObject({ folders: 11, level: 'warn' });
    for (const command of ['mqi intake admit --all', 'mqi intake admit --as-done --all', 'mqi intake admit NAME']) {
      expect(history?.message).toContain(command);
    }
    await h.restart();
    writeTree(join(h.root, 'new'), { a: '' });
    await h.intake.rescan();
    await h.until('intake.admitted', 'new');
    expect(h.cases().map((row) => row.name)).toEqual(['new']);
    expect(h.all('intake.history')).toEqual([]);
  });

  test('that finds ten goes on', async () => {
    const h = await startIntake({ before: folders(10) });
    for (let n = 1; n <= 10; n++) await h.until('intake.admitted', `old-${n}`);
  });

  test('is over once it found few: a hundred later ones are work', async () => {
    const h = await startIntake();
    folders(100)(h.root);
    await h.intake.rescan();
    await h.until('intake.admitted', 'old-100');
    expect(h.all('intake.history')).toEqual([]);
  });

  test('whose outcome cannot be written admits nothing, and is tried again', async () => {
    const h = await startIntake({ watch: { path: '/nonexistent/until/restart' } });
    folders(11)(h.root);
    h.fault = new Error('database or disk is full');
    await h.restart({ path: h.root });
    await h.intake.rescan();
    expect(h.begun()).toMatchObject([{ reason: 'database or disk is full' }]);
    expect(h.rows()).toEqual([]);
    h.fault = null;
    await h.intake.rescan();
    expect(h.all('intake.history')).toHaveLength(1);
    expect(h.over()).toHaveLength(1);
  });

  test('on an empty mount point is made again when the disk is mounted', async () => {
    const h = await startIntake({ before: (root) => writeFileSync(join(root, 'NOT MOUNTED'), '') });
    expect(h.rows()).toMatchObject([{ name: 'NOT MOUNTED', state: 'rejected' }]);
    folders(11)(`${h.root}.disk`);
    rmSync(h.root, { recursive: true });
    renameSync(`${h.root}.disk`, h.root);
    await h.intake.rescan();
    expect(h.all('intake.history')).toHaveLength(1);
  });

  test('is made for another watched directory too, in which eleven unknown folders lie', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'work'), { a: '' });
    await h.intake.rescan();
    await h.until('intake.admitted', 'work');
    folders(11)(`${h.root}.other`);
    await h.restart({ path: `${h.root}.other` });
    expect(h.all('intake.history')).toMatchObject([{ folders: 11 }]);
    rmSync(`${h.root}.other`, { recursive: true });
  });
});

describe('an order to admit', () => {
  test('--all lets the whole history become cases', async () => {
    const h = await startIntake({ before: folders(11) });
    expect(await h.intake.admit({ path: null, asDone: false })).toEqual({
      admitted: 11,
      message: '11 folders become cases as soon as they have settled',
    });
    for (let n = 1; n <= 11; n++) await h.until('intake.admitted', `old-${n}`);
    expect(await h.intake.admit({ path: null, asDone: false })).toMatchObject({ admitted: 0 });
  });

  test('--all --as-done makes them known without a case', async () => {
    const h = await startIntake({ before: folders(11) });
    expect(await h.intake.admit({ path: null, asDone: true })).toMatchObject({ admitted: 11 });
    await h.restart();
    await h.intake.rescan();
    expect(h.rows().every((row) => row.state === 'done')).toBe(true);
    expect(h.cases()).toEqual([]);
  });

  test('NAME or its path lets one in', async () => {
    const h = await startIntake({ before: folders(11) });
    expect(await h.intake.admit({ path: 'old-3/', asDone: false })).toMatchObject({ admitted: 1 });
    expect(await h.intake.admit({ path: join(h.root, 'old-4'), asDone: true })).toMatchObject({ admitted: 1 });
    await h.until('intake.admitted', 'old-3');
    expect(h.cases().map((row) => row.name)).toEqual(['old-3']);
    expect(h.row('old-4')?.state).toBe('done');
  });

  test('is refused with a reason where there is nothing to let in', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '' });
    writeTree(join(h.root, 'copying'), { 'a.part': '' });
    writeFileSync(join(h.root, 'file'), '');
    await h.intake.rescan();
    const { caseId } = await h.until('intake.admitted', 'case');
    const refusal = async (path: string): Promise<string> => {
      const { admitted, message } = await h.intake.admit({ path, asDone: false });
      expect(admitted).toBe(0);
      return message;
    };
    expect(await refusal('case')).toBe(`"case" is case ${caseId} already: mqi cases retry ${caseId}`);
    expect(await refusal('copying')).toMatch(/^"copying" has not settled yet: it holds an unfinished file/);
    writeTree(join(h.root, '.copying'), { a: '' });
    expect(await refusal('.copying')).toMatch(/^"\.copying" is hidden or has a temporary name/);
    expect(await refusal('nowhere')).toMatch(/^there is no folder "nowhere"/);
    expect(await refusal('../watched')).toMatch(/^there is no folder/);
    expect(await refusal('case/a')).toMatch(/^there is no folder/);
  });

  test('for a folder that no rescan has met yet admits it', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '' });
    expect(await h.intake.admit({ path: 'case', asDone: false })).toMatchObject({ admitted: 1 });
    await h.until('intake.admitted', 'case');
  });

  test.each(['old-1', null])(
    'outlives a daemon that is killed before its first sample: a folder that was admitted (%s) becomes a case after the restart',
    async (path) => {
      const h = await startIntake({ before: folders(11) });
      expect(await h.intake.admit({ path, asDone: false })).toMatchObject({ admitted: path === null ? 11 : 1 });
      // nothing that was in memory is there any more
      await h.restart();
      await h.until('intake.admitted', 'old-1');
      if (path === null) await h.untilCount('intake.admitted', 11);
      else expect(h.cases().map((row) => row.name)).toEqual(['old-1']);
    },
  );

  test('for a folder of the history that is gone leaves nothing', async () => {
    const h = await startIntake({ before: folders(11) });
    rmSync(join(h.root, 'old-1'), { recursive: true });
    await h.intake.admit({ path: 'old-1', asDone: false });
    await h.until('intake.gone', 'old-1');
    expect(h.row('old-1')).toBeUndefined();
  });
});

describe('a folder that was taken as done, or is held back', () => {
  test('and changes is told, and runs only by an order', async () => {
    const h = await startIntake({ before: folders(12) });
    await h.intake.admit({ path: 'old-1', asDone: true });
    for (const name of ['old-1', 'old-2']) writeTree(join(h.root, name), { more: '' });
    await h.intake.rescan();
    for (const name of ['old-1', 'old-2']) await h.until('intake.changed', name);
    expect(states(h.rows()).filter((text) => /old-[12] /.test(text))).toEqual(['old-1 changed', 'old-2 history']);
    expect(h.row('old-1')?.reason).toBe('it changed since it was set aside as done: mqi intake admit old-1 runs it');
    await h.intake.rescan();
    expect(h.cases()).toEqual([]);
    await h.intake.admit({ path: 'old-1', asDone: false });
    await h.until('intake.admitted', 'old-1');
  });

  test('and changes in a file deeper down is told too, in its turn', async () => {
    const h = await startIntake({ before: folders(11) });
    await h.intake.admit({ path: null, asDone: true });
    await h.intake.rescan();
    appendFileSync(join(h.root, 'old-7/a'), 'more');
    await h.intake.rescan();
    await h.until('intake.changed', 'old-7');
  });

  test('and moves to a new disk by a copy that keeps times is still known', async () => {
    const h = await startIntake({ before: folders(11) });
    execFileSync('cp', ['-a', h.root, `${h.root}.disk`]);
    rmSync(h.root, { recursive: true });
    renameSync(`${h.root}.disk`, h.root);
    await h.intake.rescan();
    await h.untilCount('intake.recognised', 11);
    expect(h.all('intake.changed')).toEqual([]);
    expect(h.rows().every((row) => row.state === 'history')).toBe(true);
  });

  test('and is not seen is kept: it does not come back as new', async () => {
    const h = await startIntake({ before: folders(11) });
    renameSync(h.root, `${h.root}.away`);
    writeTree(h.root, {});
    await h.intake.rescan();
    expect(h.rows()).toHaveLength(11);
    rmSync(h.root, { recursive: true });
    renameSync(`${h.root}.away`, h.root);
    await h.intake.rescan();
    await h.intake.rescan();
    expect(h.all('intake.found')).toEqual([]);
    expect(h.rows().every((row) => row.state === 'history')).toBe(true);
  });
});
