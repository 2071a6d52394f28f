import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { spawnLocal } from '../../src/transport/local.ts';
import { FILES, cutAfter, expectFetched, fetch, placeOf } from './collection.ts';
import { cleanScratch, readTree, scratch, writeAttempt, writeTree } from './scratch.ts';

cleanScratch();

describe('a collection that is cut', () => {
  test('at any byte leaves no results, and the next one fetches only what is missing', async () => {
    const root = scratch();
    writeAttempt(root, FILES);
    const whole = cutAfter(Infinity);
    expect(await fetch(whole.spawn, root, scratch())).toMatchObject({ kind: 'fetched', files: 9 });
    const length = whole.givenBytes();
    const steps = Array.from({ length: 10 }, (_, index) => Math.floor((length * index) / 10));
    for (const limitBytes of [0, 1, 511, 512, 513, 1_600, ...steps, 100_000]) {
      const results = scratch();
      const outcome = await fetch(cutAfter(limitBytes).spawn, root, results);
      expect(outcome, `cut after ${limitBytes}`).toMatchObject({ kind: 'blind' });
      expect(existsSync(placeOf(results))).toBe(false);
      const retry = cutAfter(Infinity);
      expect(await fetch(retry.spawn, root, results)).toMatchObject({ kind: 'fetched', files: 9 });
      if (limitBytes > 80_000) expect(retry.givenBytes()).toBeLessThan(length - 70_000);
      expectFetched(results, FILES);
      expect(readTree(join(results, '.staging'))).toEqual({});
    }
  });

  test('by an abort is blind', async () => {
    const root = scratch();
    writeAttempt(root, { big: Buffer.alloc(8_000_000, 1) });
    const abort = new AbortController();
    const results = scratch();
    const change = { signal: abort.signal, onProgress: () => abort.abort() };
    expect(await fetch(spawnLocal, root, results, change)).toMatchObject({ kind: 'blind' });
    expect(await fetch(spawnLocal, root, results)).toMatchObject({ kind: 'fetched' });
  });

  test('keeps nothing of an earlier try that is not wanted, or not the same, any more', async () => {
    const root = scratch();
    writeAttempt(root, FILES);
    const results = scratch();
    expect(await fetch(cutAfter(100_000).spawn, root, results)).toMatchObject({ kind: 'blind' });
    const staging = join(results, '.staging', 'mqi-test-case-1-abc');
    const kept = join(
      staging,
      readdirSync(staging).find((name) => name.startsWith('files-'))!,
    );
    expect(Object.keys(readTree(kept)).length).toBeGreaterThan(2);
    writeTree(kept, { 'a first': Buffer.alloc(1_000, 'x'), 'not wanted': 'y' });
    const globs = [{ glob: 'a*', optional: false }];
    const wrong = await fetch(spawnLocal, root, results, { globs });
    expect(wrong).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('a first') as string });
    expect(await fetch(spawnLocal, root, results, { globs })).toMatchObject({ kind: 'fetched', files: 3 });
    expectFetched(results, { 'a first': FILES['a first'] });
  });
});
