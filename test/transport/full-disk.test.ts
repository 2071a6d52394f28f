import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { spawnLocal } from '../../src/transport/local.ts';
import type { SendOutcome } from '../../src/transport/transport.ts';
import { before, frailSpawn, isUnpacking, poorSpawn, transportOf } from './frail-spawn.ts';
import { cleanScratch, fetchRequest, readTree, scratch, sendRequest, writeAttempt, writeTree } from './scratch.ts';
import { canMount, resize, smallDisk, unmountAfterwards } from './small-disk.ts';

cleanScratch();
unmountAfterwards();

describe.skipIf(!canMount)('a full disk (needs root, to mount a small one)', () => {
  const MANY = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`f${index}`, Buffer.alloc(500_000, index)]),
  );

  test('of the host that it would fill blocks the upload before a byte is sent, by name; with space it goes on', async () => {
    const folder = scratch();
    writeTree(folder, MANY);
    const root = smallDisk(12_000);
    const frail = frailSpawn(null);
    const outcome = await transportOf(frail.spawn).send(sendRequest(folder, root));
    expect(outcome).toMatchObject({
      kind: 'blocked',
      reason: expect.stringMatching(
        /^it needs 19\.2 MiB in .*\/staging on the host, and 11\.\d MiB of 11\.7 MiB are free/,
      ) as string,
    });
    expect(outcome).toMatchObject({ reason: expect.stringContaining(`${root}/staging`) as string });
    expect(frail.inputBytes()).toBe(0);
    expect(readTree(root)).toEqual({ 'staging/': '/' });
    resize(root, 100_000);
    expect(await transportOf(frail.spawn).send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
    expect(readTree(join(root, 'attempts', 'mqi-test-case-1-abc', 'inputs'))).toEqual(readTree(folder));
  });

  test('of the host that somebody else fills meanwhile blocks the upload, early, and what it has sent is gone', async () => {
    const folder = scratch();
    writeTree(folder, MANY);
    const root = smallDisk(30_000);
    const frail = frailSpawn(null);
    const fill = before(isUnpacking, () => writeFileSync(join(root, 'fill'), Buffer.alloc(27_000_000)), frail.spawn);
    const outcome = await transportOf(fill).send(sendRequest(folder, root));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringMatching(/full below .*free/) as string });
    // 20 MB in all; what was on its way when tar complained still counts
    expect(frail.inputBytes()).toBeLessThan(15_000_000);
    expect(readdirSync(join(root, 'staging'))).toEqual([]);
    expect(existsSync(join(root, 'attempts'))).toBe(false);
    rmSync(join(root, 'fill'));
    expect(await transportOf(frail.spawn).send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
  });

  test.each([
    ['whole files', MANY, 10_000_000],
    ['half of a file', { large: Buffer.alloc(20_000_000, 1) }, 18_000_000],
  ])('of the host holds %s of an upload that was cut off: they do not count twice', async (_, files, afterBytes) => {
    const folder = scratch();
    writeTree(folder, files);
    const root = smallDisk(26_000);
    const cut = frailSpawn({ afterBytes, how: 'reset' });
    expect(await transportOf(cut.spawn).send(sendRequest(folder, root))).toMatchObject({ kind: 'blind' });
    expect(statfsSync(root).bavail * statfsSync(root).bsize).toBeLessThan(18_000_000);
    expect(await transportOf(spawnLocal).send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
    expect(readdirSync(join(root, 'staging'))).toEqual([]);
  });

  test('of the host that has room for one of two uploads takes one, and blocks the other until it is done', async () => {
    const root = smallDisk(32_000);
    const [first, second] = [scratch(), scratch()];
    writeTree(first, MANY);
    writeTree(second, { other: Buffer.alloc(15_000_000, 1) });
    const sendSecond = () => transport.send(sendRequest(second, root, { token: 'mqi-test-other-1-abc' }));
    const meanwhile: SendOutcome[] = [];
    // the first has its room, and nothing of it is there yet
    const transport = transportOf(async (command, channel) => {
      if (isUnpacking(command) && meanwhile.length === 0) meanwhile.push(await sendSecond());
      return spawnLocal(command, channel);
    });
    expect(await transport.send(sendRequest(first, root))).toEqual({ kind: 'sent' });
    expect(meanwhile).toMatchObject([{ kind: 'blocked', reason: expect.stringContaining('other uploads') as string }]);
    rmSync(join(root, 'attempts'), { recursive: true });
    expect(await sendSecond()).toEqual({ kind: 'sent' });
  });

  test('that a host says nothing of changes nothing', async () => {
    const folder = scratch();
    writeTree(folder, { a: 'a' });
    const programs = scratch();
    writeFileSync(join(programs, 'df'), '#!/bin/sh\necho "df: cannot say"\nexit 1\n');
    chmodSync(join(programs, 'df'), 0o755);
    const host = poorSpawn('/bin/sh', `${programs}:${process.env['PATH']}`);
    expect(await transportOf(host).send(sendRequest(folder, scratch()))).toEqual({ kind: 'sent' });
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
