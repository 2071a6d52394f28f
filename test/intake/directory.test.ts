import type { BigIntStats } from 'node:fs';
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { DISK_WIDTH, atDisk, eachBounded } from '../../src/intake/bounded.ts';
import { listNames } from '../../src/intake/directory.ts';
import { tempDirectory } from './harness.ts';

describe('the names in a directory', () => {
  const sizes = { small: 0n, large: 1n << 30n };
  for (const [kind, size] of Object.entries(sizes)) {
    test(`come as bytes, in their order, from a ${kind} one`, async () => {
      const folder = join(tempDirectory(), 'dir');
      mkdirSync(folder);
      for (const name of ['b', 'a', 'ä']) writeFileSync(join(folder, name), '');
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), '');
      const stats: BigIntStats = Object.assign(lstatSync(folder, { bigint: true }), { size });
      const names = await listNames(folder, stats, 100);
      expect(names.map((name) => name.toString('hex'))).toEqual(['61', '62', 'c3a4', 'ff']);
      expect(await listNames(folder, stats, 2)).toHaveLength(3);
      await expect(listNames(`${folder}-not`, stats, 2)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  }
});

test('of all that the intake asks of its disks no more is under way than half of the threads for files, and each has its turn', async () => {
  const answers: (() => void)[] = [];
  const hangs = (): Promise<void> => new Promise((resolve) => answers.push(resolve));
  const calls = Array.from({ length: 7 }, () => atDisk(hangs));
  const failing = atDisk(() => Promise.reject(new Error('EIO'))).catch(String);
  await new Promise(setImmediate);
  expect(answers).toHaveLength(DISK_WIDTH);
  for (let n = 0; n < 7; n++) {
    answers[n]!();
    await calls[n];
    await new Promise(setImmediate);
    expect(answers).toHaveLength(Math.min(7, n + 1 + DISK_WIDTH));
  }
  expect(await failing).toBe('Error: EIO');
  // what failed has given its place back
  expect(await Promise.all(Array.from({ length: 5 }, () => atDisk(() => Promise.resolve('there'))))).toHaveLength(5);
});

describe('work that is bounded', () => {
  test('never has more under way than its width, and does each once', async () => {
    const done: number[] = [];
    let underWay = 0;
    let most = 0;
    await eachBounded([...Array(50).keys()], 3, async (item) => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      done.push(item);
    });
    expect([most, done.sort((a, b) => a - b)]).toEqual([3, [...Array(50).keys()]]);
  });

  test('ends with the first error', async () => {
    const begun: number[] = [];
    const work = eachBounded([...Array(50).keys()], 2, async (item) => {
      begun.push(item);
      await new Promise(setImmediate);
      if (item === 3) throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    await new Promise(setImmediate);
    expect(begun.length).toBeLessThan(7);
  });
});
