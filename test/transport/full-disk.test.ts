import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { spawnLocal } from '../../src/transport/local.ts';
import { frailSpawn, transportOf } from './frail-spawn.ts';
import { cleanScratch, fetchRequest, readTree, scratch, sendRequest, writeAttempt, writeTree } from './scratch.ts';
import { canMount, resize, smallDisk, unmountAfterwards } from './small-disk.ts';

cleanScratch();
unmountAfterwards();

describe.skipIf(!canMount)('a full disk (needs root, to mount a small one)', () => {
  test('of the host blocks the upload, early and by name; with space it goes on', async () => {
    const folder = scratch();
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`f${index}`, Buffer.alloc(500_000, index)]),
    );
    writeTree(folder, files);
    const root = smallDisk(3_000);
    const frail = frailSpawn(null);
    const outcome = await transportOf(frail.spawn).send(sendRequest(folder, root));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringMatching(/full below .*free/) as string });
    expect(existsSync(join(root, 'attempts'))).toBe(false);
    // 20 MB in all; what was on its way when tar complained still counts
    expect(frail.inputBytes()).toBeLessThan(15_000_000);
    resize(root, 100_000);
    const retry = frailSpawn(null);
    expect(await transportOf(retry.spawn).send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
    expect(retry.inputBytes()).toBeLessThan(19_000_000);
    expect(readTree(join(root, 'attempts', 'mqi-test-case-1-abc', 'inputs'))).toEqual(readTree(folder));
  });

  test('of the host that is full from the start blocks the upload too', async () => {
    const folder = scratch();
    writeTree(folder, { a: 'a' });
    const root = smallDisk(64);
    writeFileSync(join(root, 'fill'), Buffer.alloc(64 * 1024));
    const outcome = await transportOf(spawnLocal).send(sendRequest(folder, root));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(root) as string });
    rmSync(join(root, 'fill'));
    expect(await transportOf(spawnLocal).send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
  });

  test('of this machine blocks the collecting, and leaves nothing half', async () => {
    const root = scratch();
    writeAttempt(root, { 'a.bin': Buffer.alloc(1_500_000, 1), 'b.bin': Buffer.alloc(2_500_000, 2) });
    const results = smallDisk(3_000);
    const outcome = await transportOf(spawnLocal).fetch(fetchRequest(root, results));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringMatching(/is full.*free/) as string });
    expect(readdirSync(results)).toEqual(['.staging']);
    expect(readTree(results)).toEqual({ '.staging/': '/' });
    resize(results, 10_000);
    expect(await transportOf(spawnLocal).fetch(fetchRequest(root, results))).toMatchObject({
      kind: 'fetched',
      files: 4,
    });
  });

  test('staging and attempts on two disks are refused: a copy between them can be cut', async () => {
    const folder = scratch();
    writeTree(folder, { a: 'a' });
    const root = scratch();
    symlinkSync(smallDisk(1_000), join(root, 'attempts'));
    const outcome = await transportOf(spawnLocal).send(sendRequest(folder, root));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('two file systems') as string });
    expect(readdirSync(join(root, 'attempts'))).toEqual([]);
  });
});

describe('results that cannot be written', () => {
  test('where a file is in the way are blocked before anything is fetched', async () => {
    const root = scratch();
    writeAttempt(root, { a: 'a' });
    const results = scratch();
    writeFileSync(join(results, "CASE it's"), 'a file');
    const outcome = await transportOf(spawnLocal).fetch(fetchRequest(root, results));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(results) as string });
  });

  test.skipIf(!existsSync('/proc/sys'))('on a disk that nobody may write to are blocked', async () => {
    const root = scratch();
    writeAttempt(root, { a: 'a' });
    // nobody, not even root, can make a directory there
    const outcome = await transportOf(spawnLocal).fetch(fetchRequest(root, '/proc/sys/mqi'));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('/proc/sys') as string });
  });

  test('an empty folder in the place of the results is no obstacle', async () => {
    const root = scratch();
    writeAttempt(root, { a: 'a' });
    const results = scratch();
    mkdirSync(join(results, "CASE it's", 'attempt-1'), { recursive: true });
    expect(await transportOf(spawnLocal).fetch(fetchRequest(root, results))).toMatchObject({
      kind: 'fetched',
      files: 3,
    });
  });
});
