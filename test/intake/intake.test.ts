import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { manifestText } from '../../src/domain/manifest.ts';
import { SAMPLE_MS, QUIET_MS, makeFifo, startIntake, writeTree } from './harness.ts';

const SETTLE = QUIET_MS / SAMPLE_MS + 1;

function fingerprintOf(tree: Readonly<Record<string, string>>): string {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const entries = Object.entries(tree).map(([path, content]) => ({
    path,
    sizeBytes: content.length,
    sha256: sha256(content),
    executable: false,
  }));
  return sha256(manifestText({ entries, emptyDirectories: [] }));
}

describe('a folder becomes a case', () => {
  test('once nothing in it has changed for the quiet period, and not before', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { 'a.txt': 'A', 'd/b.txt': 'BB' });
    await h.intake.rescan();
    await h.passes(SETTLE - 1);
    expect(h.all('intake.admitted')).toEqual([]);
    const admitted = await h.until('intake.admitted', 'case');
    const fingerprint = fingerprintOf({ 'a.txt': 'A', 'd/b.txt': 'BB' });
    const path = join(h.root, 'case');
    expect(h.cases()).toMatchObject([{ id: admitted.caseId, name: 'case', path, fingerprint, files: 2, sizeBytes: 3 }]);
    expect(h.rows()).toMatchObject([{ path, name: 'case', state: 'admitted', caseId: admitted.caseId, reason: null }]);
  });

  test('when it was there before the first start', async () => {
    const h = await startIntake({ before: (root) => writeTree(join(root, 'early'), { a: '' }) });
    await h.until('intake.admitted', 'early');
  });

  test('as soon as its marker is there, which is part of it and stays where it is', async () => {
    const h = await startIntake({ watch: { readyMarker: '.READY' } });
    writeTree(join(h.root, 'case'), { a: 'A' });
    await h.intake.rescan();
    await h.passes(3 * SETTLE);
    expect(h.row('case')).toMatchObject({ state: 'settling', reason: 'waits for its marker ".READY"' });
    writeFileSync(join(h.root, 'case/.READY'), '');
    await h.until('intake.admitted', 'case');
    expect(h.cases()).toMatchObject([{ files: 2, fingerprint: fingerprintOf({ '.READY': '', a: 'A' }) }]);
    expect(existsSync(join(h.root, 'case/.READY'))).toBe(true);
  });

  test('whatever its name is', async () => {
    const h = await startIntake();
    const names = ['a b', `'"`, '$(touch x)', 'new\nline', '-rf', 'Müller', '患者', '\\', '*', '//'.slice(1) + 'x'];
    for (const name of names) writeTree(join(h.root, name), { [name]: '' });
    await h.intake.rescan();
    const known = readdirSync(h.root);
    for (const name of known) await h.until('intake.admitted', name);
    expect(
      h
        .cases()
        .map((row) => row.name)
        .sort(),
    ).toEqual(known.sort());
  });

  test('and is not touched by that', async () => {
    const h = await startIntake();
    const folder = join(h.root, 'case');
    writeTree(folder, { a: 'A', 'd/b': 'B', 'e/': '' });
    const listing = () => readdirSync(folder, { recursive: true, withFileTypes: true }).map(String);
    const before = listing();
    chmodSync(folder, 0o555);
    await h.intake.rescan();
    await h.until('intake.admitted', 'case');
    chmodSync(folder, 0o755);
    expect(listing()).toEqual(before);
  });

  test('also when it is one of five hundred that come at once', async () => {
    const h = await startIntake();
    for (let n = 0; n < 500; n++) writeTree(join(h.root, `case-${n}`), { a: String(n), b: '', c: '' });
    await h.intake.rescan();
    await h.untilCount('intake.admitted', 500);
    expect(h.cases()).toHaveLength(500);
    expect(new Set(h.cases().map((row) => row.fingerprint)).size).toBe(500);
    expect(h.rows().every((row) => row.state === 'admitted')).toBe(true);
  });
});

describe('a copy that goes on is never admitted half', () => {
  test('when it is slow', async () => {
    const h = await startIntake();
    const folder = join(h.root, 'slow');
    mkdirSync(folder);
    await h.intake.rescan();
    const tree: Record<string, string> = {};
    for (let n = 0; n < 12; n++) {
      await h.passes(SETTLE - 2);
      // by turns a new file, and more of the last one
      if (n % 2 === 0) writeFileSync(join(folder, `f${n}`), (tree[`f${n}`] = 'x'));
      else appendFileSync(join(folder, `f${n - 1}`), (tree[`f${n - 1}`] = 'xy').slice(1));
    }
    expect(h.all('intake.admitted')).toEqual([]);
    await h.until('intake.admitted', 'slow');
    expect(h.cases()).toMatchObject([{ fingerprint: fingerprintOf(tree) }]);
  });

  test('when it stalls for longer than any quiet period, where a marker is configured', async () => {
    const h = await startIntake({ watch: { readyMarker: 'READY' } });
    const folder = join(h.root, 'stalled');
    writeTree(folder, { first: '1' });
    await h.intake.rescan();
    await h.passes(50 * SETTLE);
    writeTree(folder, { second: '2' });
    await h.passes(50 * SETTLE);
    expect(h.all('intake.admitted')).toEqual([]);
    writeTree(folder, { READY: '' });
    await h.until('intake.admitted', 'stalled');
    expect(h.cases()).toMatchObject([{ files: 3 }]);
  });

  test('when a file in it carries a temporary name, and the reason names the file', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '', 'd/b.part': '' });
    await h.intake.rescan();
    await h.passes(5 * SETTLE);
    expect(h.row('case')).toMatchObject({ state: 'settling', reason: expect.stringContaining('"d/b.part"') });
    renameSync(join(h.root, 'case/d/b.part'), join(h.root, 'case/d/b'));
    await h.until('intake.admitted', 'case');
  });

  test('when it goes on the moment after it has settled, while it is read', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: 'A' });
    h.onEvent = (event) => {
      if (event.event !== 'intake.waiting' || !event.reason.includes('it is complete')) return;
      h.onEvent = () => {};
      writeTree(join(h.root, 'case'), { late: 'L' });
    };
    await h.intake.rescan();
    await h.until('intake.admitted', 'case');
    expect(h.all('intake.waiting').map(({ reason }) => reason)).toContain(
      'it changed while it was read, so it is watched again',
    );
    expect(h.cases()).toMatchObject([{ fingerprint: fingerprintOf({ a: 'A', late: 'L' }) }]);
  });

  test('when its folder carries a temporary name, which makes it no candidate at all', async () => {
    const h = await startIntake();
    writeTree(join(h.root, '.case'), { a: '' });
    await h.intake.rescan();
    await h.intake.rescan();
    expect(h.rows()).toEqual([]);
    renameSync(join(h.root, '.case'), join(h.root, 'case'));
    await h.intake.rescan();
    await h.until('intake.admitted', 'case');
  });
});

describe('no case comes of', () => {
  test('a folder that is removed half-way, and nothing of it stays', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '' });
    await h.intake.rescan();
    await h.passes(2);
    expect(h.row('case')?.state).toBe('settling');
    rmSync(join(h.root, 'case'), { recursive: true });
    await h.passes(1);
    expect(h.all('intake.gone')).toMatchObject([{ name: 'case' }]);
    expect([h.rows(), h.cases()]).toEqual([[], []]);
  });

  test('an empty folder, until something is in it', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { 'skeleton/of/directories/': '' });
    await h.intake.rescan();
    await h.passes(5 * SETTLE);
    expect(h.row('case')).toMatchObject({ state: 'settling', reason: 'it is empty' });
    writeTree(join(h.root, 'case'), { 'skeleton/a': '' });
    await h.until('intake.admitted', 'case');
  });

  test('a folder that holds nothing but its marker', async () => {
    const h = await startIntake({ watch: { readyMarker: 'READY' } });
    writeTree(join(h.root, 'case'), { READY: '' });
    await h.intake.rescan();
    await h.passes(5);
    expect(h.row('case')).toMatchObject({ state: 'settling', reason: 'it is empty' });
  });

  test('a folder that cannot travel, until it is mended, wherever in it that is', async () => {
    const h = await startIntake();
    writeTree(join(h.root, 'case'), { a: '', 'd/e/': '' });
    makeFifo(join(h.root, 'case/d/e/pipe'));
    await h.intake.rescan();
    const { reason } = await h.until('intake.rejected', 'case');
    expect(reason).toMatch(/^"d\/e\/pipe": a FIFO/);
    expect(h.row('case')).toMatchObject({ state: 'rejected', reason, caseId: null });
    await h.intake.rescan();
    await h.restart();
    await h.intake.rescan();
    expect(h.all('intake.rejected')).toEqual([]);
    rmSync(join(h.root, 'case/d/e/pipe'));
    await h.intake.rescan();
    await h.until('intake.admitted', 'case');
  });

  test('files, links and names that are no text at the level of the cases: each is told once', async () => {
    const h = await startIntake();
    writeFileSync(join(h.root, 'file'), '');
    writeFileSync(join(h.root, 'file.part'), '');
    symlinkSync('/etc', join(h.root, 'link'));
    makeFifo(join(h.root, 'pipe'));
    mkdirSync(Buffer.concat([Buffer.from(`${h.root}/bad`), Buffer.from([0xff])]));
    await h.intake.rescan();
    appendFileSync(join(h.root, 'file'), 'more');
    await h.intake.rescan();
    await h.restart();
    await h.intake.rescan();
    expect(h.all('intake.rejected')).toEqual([]);
    expect(h.rows().map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['bad\\xff', 'rejected', 'its name is not valid UTF-8: rename it'],
      ['file', 'rejected', 'a file, not a folder: only folders become cases'],
      ['link', 'rejected', 'a symbolic link, not a folder: only folders become cases'],
      ['pipe', 'rejected', 'a FIFO, not a folder: only folders become cases'],
    ]);
    for (const name of readdirSync(h.root, { encoding: 'buffer' })) {
      rmSync(Buffer.concat([Buffer.from(`${h.root}/`), name]), { recursive: true });
    }
    mkdirSync(join(h.root, 'file'));
    writeTree(join(h.root, 'file'), { a: '' });
    await h.intake.rescan();
    await h.until('intake.admitted', 'file');
    expect(h.rows().map(({ name }) => name)).toEqual(['file']);
  });
});

describe('with depth 2', () => {
  test('the folders two levels down are the cases, and the ones above only lead there', async () => {
    const h = await startIntake({ watch: { depth: 2 } });
    writeTree(h.root, {
      'p1/s1/a': '1',
      'p1/s2/a': '2',
      'p2/s1/deep/a': '3',
      'p3/': '',
      'p1/file': '',
      '.p4/s1/a': '',
    });
    await h.intake.rescan();
    for (const name of ['p1/s1', 'p1/s2', 'p2/s1']) await h.until('intake.admitted', name);
    expect(h.rows().map(({ name, state }) => [name, state])).toEqual([
      ['p1/file', 'rejected'],
      ['p1/s1', 'admitted'],
      ['p1/s2', 'admitted'],
      ['p2/s1', 'admitted'],
    ]);
  });
});

test('after a restart what had not settled settles anew, and what is a case stays one', async () => {
  const h = await startIntake();
  writeTree(join(h.root, 'old'), { a: '' });
  await h.intake.rescan();
  await h.until('intake.admitted', 'old');
  writeTree(join(h.root, 'new'), { a: '' });
  await h.intake.rescan();
  await h.passes(SETTLE - 1);
  await h.restart();
  await h.passes(SETTLE - 1);
  expect(h.all('intake.admitted')).toEqual([]);
  await h.until('intake.admitted', 'new');
  expect(h.all('intake.found')).toEqual([]);
  expect(h.cases()).toHaveLength(2);
});
