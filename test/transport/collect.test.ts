import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { ARCHIVE_END, fileHeader, padding } from '../../src/transport/archive.ts';
import { spawnLocal } from '../../src/transport/local.ts';
import type { FetchOutcome, Spawn } from '../../src/transport/transport.ts';
import { FILES, expectFetched, fetch, nth, placeOf } from './collection.ts';
import { cleanScratch, readTree, scratch, sha256, writeAttempt } from './scratch.ts';

cleanScratch();

describe('a host that gives something else than was asked for', () => {
  const answer = (...files: readonly (readonly [string, string, string?])[]): Spawn => {
    const archive = files.flatMap(([path, content, type]) => {
      const header = Buffer.from(fileHeader({ path, sizeBytes: content.length, executable: false, modified: 0 }));
      if (type !== undefined) {
        header.write(type, 156);
        header.fill(' ', 148, 156);
        const sum = header.reduce((total, byte) => total + byte, 0);
        header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      }
      return [header, Buffer.from(content), padding(content.length)];
    });
    const octal = Array.from(
      Buffer.concat([...archive, ARCHIVE_END]),
      (byte) => `\\${byte.toString(8).padStart(3, '0')}`,
    ).join('');
    return nth(2, (_, channel) => spawnLocal(`cat >/dev/null; printf '${octal}'`, channel));
  };

  test('names that leave the folder, and links, are not unpacked', async () => {
    const root = scratch();
    writeAttempt(root, { good: 'good' });
    const results = scratch();
    const outcome = await fetch(
      answer(['../evil', 'e'], ['/tmp/mqi-evil', 'e'], ['./a/../../evil', 'e'], ['other', 'o'], ['./good', 'good']),
      root,
      results,
      { mustBeWhole: false },
    );
    expect(outcome).toMatchObject({ kind: 'fetched', files: 1 });
    expect(Object.keys(readTree(placeOf(results))).sort()).toEqual(['good', 'manifest.json']);
    expect(existsSync('/tmp/mqi-evil')).toBe(false);
    for (const type of ['1', '2', '3', '5', '6']) {
      expect(await fetch(answer(['./good', '', type]), root, scratch())).toMatchObject({ kind: 'blocked' });
    }
  });

  test('another content than its own sums say keeps the results back', async () => {
    const root = scratch();
    writeAttempt(root, { good: 'good' });
    const results = scratch();
    const outcome = await fetch(answer(['./good', 'evil'], ['stdout', 'said\n'], ['stderr', '']), root, results);
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('good changed') as string });
    expect(existsSync(placeOf(results))).toBe(false);
    expectRetried(await fetch(spawnLocal, root, results));
  });

  test('no archive at all is the trouble of that attempt, not of its host', async () => {
    const root = scratch();
    writeAttempt(root, { good: 'good' });
    const results = scratch();
    const noise = nth(2, (_, channel) => spawnLocal(`cat >/dev/null; head -c 100000 /dev/urandom`, channel));
    expect(await fetch(noise, root, results)).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('archive') as string,
    });
    expectRetried(await fetch(spawnLocal, root, results));
  });

  function expectRetried(outcome: FetchOutcome): void {
    expect(outcome).toMatchObject({ kind: 'fetched', files: 3 });
  }
});

describe('a job that is not quite over', () => {
  test('its log that grows while it is fetched keeps whole results back, and is noted in others', async () => {
    const root = scratch();
    const directory = writeAttempt(root, { out: 'out' });
    const growing = (): Spawn =>
      nth(3, (command, channel) => {
        appendFileSync(join(directory, 'stdout'), 'more\n');
        return spawnLocal(command, channel);
      });
    const results = scratch();
    const whole = await fetch(growing(), root, results);
    expect(whole).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('stdout changed') as string });
    expect(await fetch(growing(), root, results, { mustBeWhole: false })).toMatchObject({ kind: 'fetched', files: 3 });
    expect(readFileSync(join(placeOf(results), 'manifest.json'), 'utf8')).toContain('stdout changed');
  });

  test('a list that a job was killed while writing is not taken for the whole, but what is there comes back', async () => {
    const root = scratch();
    writeAttempt(root, { 'a.out': 'a', 'b.out': 'b' }, { outputs: '1 ./a.out\x001 ./b' });
    const results = scratch();
    expect(await fetch(spawnLocal, root, results)).toMatchObject({ kind: 'blocked' });
    const outcome = await fetch(spawnLocal, root, results, { mustBeWhole: false });
    expect(outcome).toEqual({ kind: 'fetched', missingGlobs: [], files: 4 });
  });
});

describe('the folder of results', () => {
  test('keeps a manifest.json of the job beside its own', async () => {
    const root = scratch();
    writeAttempt(root, { 'manifest.json': 'mine', 'manifest.json.job': 'mine too' });
    const results = scratch();
    expect(await fetch(spawnLocal, root, results)).toMatchObject({ kind: 'fetched', files: 4 });
    expect(readTree(placeOf(results))).toMatchObject({
      'manifest.json.job.job': sha256('mine'),
      'manifest.json.job': sha256('mine too'),
    });
    const again = await fetch(spawnLocal, root, results);
    expect(again).toMatchObject({ kind: 'fetched', files: 4 });
  });

  test('takes many attempts and cases side by side', async () => {
    const root = scratch();
    writeAttempt(root, { a: 'a' });
    const results = scratch();
    const targets = ['A/attempt-1', 'A/attempt-2', 'patient/study 1/attempt-1'];
    for (const target of targets) {
      expect(await fetch(spawnLocal, root, results, { target })).toMatchObject({ kind: 'fetched' });
    }
    expect(readdirSync(results).sort()).toEqual(['.staging', 'A', 'patient']);
    expect(readTree(join(results, 'patient/study 1/attempt-1'))['a']).toBe(sha256('a'));
  });

  test('never lies outside of the results', async () => {
    for (const target of ['../x', '/x', 'a/../../x', '', 'a//b']) {
      await expect(fetch(spawnLocal, scratch(), scratch(), { target })).rejects.toThrow('below');
    }
  });

  test('two collections of one attempt at once do not harm each other', async () => {
    const root = scratch();
    writeAttempt(root, FILES);
    for (let round = 0; round < 6; round++) {
      const results = scratch();
      const first = fetch(spawnLocal, root, results);
      for (let turn = 0; turn < round * 60; turn++) await new Promise(setImmediate);
      const outcomes = await Promise.all([first, fetch(spawnLocal, root, results)]);
      if (outcomes.some(({ kind }) => kind === 'fetched')) expectFetched(results, FILES);
      expect(await fetch(spawnLocal, root, results)).toMatchObject({ kind: 'fetched', files: 9 });
      expectFetched(results, FILES);
    }
  });

  test('a thousand small files come back', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`${index % 7}/file ${index}`, `${index}`]),
    );
    const root = scratch();
    writeAttempt(root, files);
    const results = scratch();
    expect(await fetch(spawnLocal, root, results)).toMatchObject({ kind: 'fetched', files: 1_002 });
    expectFetched(results, files);
  });

  test('is not begun where nothing may be written', async () => {
    const root = scratch();
    writeAttempt(root, { a: 'a' });
    const results = scratch();
    mkdirSync(join(results, '.staging'));
    writeFileSync(join(results, '.staging', 'mqi-test-case-1-abc'), 'in the way');
    const outcome = await fetch(spawnLocal, root, results);
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('.staging') as string });
    rmSync(join(results, '.staging'), { recursive: true });
    expect(await fetch(spawnLocal, root, results)).toMatchObject({ kind: 'fetched' });
  });
});
