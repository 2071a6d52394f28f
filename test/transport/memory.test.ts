import { createHash } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { manifestText } from '../../src/domain/manifest.ts';
import { spawnLocal } from '../../src/transport/local.ts';
import { transportOf } from './frail-spawn.ts';
import { cleanScratch, fetchRequest, scratch, sendRequest, sha256, writeAttempt } from './scratch.ts';

cleanScratch();

const SIZE_BYTES = 200 * 1024 * 1024;
/** A few pieces of 256 KiB, and what the garbage collector leaves lying meanwhile. */
const MEMORY_BYTES = 100 * 1024 * 1024;

/** The fingerprint of a case with one such file, made without ever holding it. */
function fingerprintOfBig(): string {
  const hash = createHash('sha256')
    .update('x')
    .update(Buffer.alloc(1024 * 1024 - 1));
  for (let written = 1024 * 1024; written < SIZE_BYTES; written += 1024 * 1024) hash.update(Buffer.alloc(1024 * 1024));
  const entry = { path: 'big', sizeBytes: SIZE_BYTES, sha256: hash.digest('hex'), executable: false };
  return sha256(manifestText({ entries: [entry], emptyDirectories: [] }));
}

test('a file of 200 MiB travels both ways in a small part of its size in memory', async () => {
  const folder = scratch();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'big'), 'x');
  truncateSync(join(folder, 'big'), SIZE_BYTES);
  const root = scratch();
  const request = sendRequest(folder, root, { fingerprint: fingerprintOfBig() });
  const before = process.memoryUsage().rss;
  let most = before;
  let sentBytes = 0;
  const onProgress = (progress: { readonly sentBytes: number }): void => {
    sentBytes = progress.sentBytes;
    most = Math.max(most, process.memoryUsage().rss);
  };
  expect(await transportOf(spawnLocal).send({ ...request, onProgress })).toEqual({ kind: 'sent' });
  expect(sentBytes).toBe(SIZE_BYTES);
  const home = scratch();
  const directory = writeAttempt(home, { big: 'x' }, { outputs: `${SIZE_BYTES} ./big\0` });
  truncateSync(join(directory, 'big'), SIZE_BYTES);
  expect(await transportOf(spawnLocal).fetch(fetchRequest(home, scratch(), { onProgress }))).toMatchObject({
    kind: 'fetched',
  });
  expect(most - before).toBeLessThan(MEMORY_BYTES);
});
