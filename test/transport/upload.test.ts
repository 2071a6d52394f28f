import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { surveyFolder } from '../../src/intake/survey.ts';
import { listFolder } from '../../src/transport/folder.ts';
import { spawnLocal } from '../../src/transport/local.ts';
import type { Spawn } from '../../src/transport/transport.ts';
import { TOKEN, TREE, attemptOf, expectArrived, send } from './arrival.ts';
import { before, isUnpacking, transportOf } from './frail-spawn.ts';
import {
  HOSTILE,
  cleanScratch,
  diskOf,
  makeExecutable,
  readTree,
  scratch,
  sendRequest,
  sha256,
  writeTree,
} from './scratch.ts';

cleanScratch();

describe('a folder that changes while it is packed', () => {
  const big = Buffer.alloc(1_000_000, 1);
  const changes: Record<string, readonly [(folder: string) => void, RegExp]> = {
    'a file that grows': [(folder) => appendFileSync(join(folder, 'z'), 'x'), /z grew from 1000000 to 1000001 bytes/],
    'a file that shrinks': [(folder) => truncateSync(join(folder, 'z'), 10), /z shrank from 1000000 to 10 bytes/],
    'a file that vanishes': [(folder) => rmSync(join(folder, 'z')), /z vanished/],
    'a file that appears': [(folder) => writeFileSync(join(folder, 'new'), ''), /new appeared/],
    'a file written anew': [
      (folder) => writeFileSync(join(folder, 'z'), Buffer.alloc(1_000_000, 2)),
      /changed last is z/,
    ],
    'a file sent before': [(folder) => truncateSync(join(folder, 'a'), 5), /a shrank from 1000000 to 5 bytes/],
  };
  for (const [name, [change, message]] of Object.entries(changes)) {
    test(`is changed, and says what: ${name}`, async () => {
      const folder = scratch();
      writeTree(folder, { a: big, b: big, z: big });
      const root = scratch();
      let isChanged = false;
      const onProgress = ({ sentBytes }: { readonly sentBytes: number }): void => {
        if (isChanged || sentBytes < 1_100_000) return;
        isChanged = true;
        change(folder);
      };
      const outcome = await transportOf(spawnLocal).send(sendRequest(folder, root, { onProgress }));
      expect(outcome).toEqual({ kind: 'changed', message: expect.stringMatching(message) as string });
      expect(existsSync(join(root, 'attempts'))).toBe(false);
    });
  }

  test('a folder that is gone as a whole is missing, which is no change: its disk may not be mounted', async () => {
    const folder = join(scratch(), 'case');
    writeTree(folder, { a: 'a' });
    const request = sendRequest(folder, scratch());
    rmSync(folder, { recursive: true });
    const outcome = await transportOf(spawnLocal).send(request);
    expect(outcome).toMatchObject({ kind: 'missing', reason: expect.stringContaining(folder) as string });
  });
});

describe('a host that has something wrong', () => {
  const staged = (root: string): string => {
    const staging = join(root, 'staging', TOKEN);
    return join(staging, readdirSync(staging)[0]!, TOKEN);
  };
  /** Acts between the unpacking and the verifying: `verifying` is the second script of a first upload. */
  const beforeVerifying = (act: () => void): Spawn => {
    let scripts = 0;
    return before((command) => !isUnpacking(command) && ++scripts === 2, act);
  };

  test('a file that arrives wrong fails the try, and is named', async () => {
    const folder = scratch();
    writeTree(folder, HOSTILE);
    for (const name of ['new\nline', 'plain', 'back\\slash', 'zero']) {
      const root = scratch();
      const spawn = beforeVerifying(() => writeFileSync(join(staged(root), 'inputs', name), 'wrong'));
      const outcome = await send(spawn, folder, root);
      expect(outcome).toMatchObject({ kind: 'failed', message: expect.stringContaining(`inputs/${name} `) as string });
      expect(existsSync(join(root, 'attempts'))).toBe(false);
      expect(await send(spawnLocal, folder, root)).toEqual({ kind: 'sent' });
      expectArrived(folder, root);
    }
  });

  test('a file that is missing, or one too many, fails the try', async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    const root = scratch();
    const missing = await send(
      beforeVerifying(() => rmSync(join(staged(root), 'inputs', 'a first'))),
      folder,
      root,
    );
    expect(missing).toMatchObject({ kind: 'failed', message: expect.stringContaining('a first') as string });
    const other = scratch();
    const extra = await send(
      beforeVerifying(() => writeFileSync(join(staged(other), 'inputs', 'extra'), '')),
      folder,
      other,
    );
    expect(extra).toMatchObject({ kind: 'failed' });
    expect(existsSync(join(root, 'attempts')) || existsSync(join(other, 'attempts'))).toBe(false);
  });

  test('an attempt that was revoked before its files came keeps its claim and gets no files', async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    const root = scratch();
    writeTree(attemptOf(root), { claim: 'revoked' });
    expect(await send(spawnLocal, folder, root)).toMatchObject({ kind: 'failed' });
    expect(readTree(join(root, 'attempts'))).toEqual({ [`${TOKEN}/`]: '/', [`${TOKEN}/claim`]: sha256('revoked') });
  });

  test('a host that cannot be reached is no try', async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    const refused: Spawn = () => Promise.reject(new Error('no route to host'));
    expect(await send(refused, folder, scratch())).toMatchObject({
      kind: 'blind',
      reason: expect.stringContaining('no route to host') as string,
    });
  });

  test('a host that takes no byte for too long is left', async () => {
    const folder = scratch();
    writeTree(folder, { big: Buffer.alloc(3_000_000) });
    const stuck: Spawn = (command, channel) => spawnLocal(isUnpacking(command) ? 'exec sleep 5' : command, channel);
    const outcome = await transportOf(stuck).send(sendRequest(folder, scratch(), { stallMs: 1_500 }));
    expect(outcome).toMatchObject({ kind: 'blind', reason: expect.stringContaining('nothing moved') as string });
  });
});

describe('the listing of a folder', () => {
  test('is the one that admission made', async () => {
    const folder = scratch();
    writeTree(folder, HOSTILE);
    makeExecutable(join(folder, 'plain'));
    mkdirSync(join(folder, 'more'));
    const survey = await surveyFolder(folder, new AbortController().signal);
    if (survey.kind !== 'surveyed') throw new Error(survey.kind);
    const listing = await listFolder(folder, diskOf(folder));
    const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : 1);
    expect(listing.files.map(({ path, sizeBytes, executable }) => ({ path, sizeBytes, executable }))).toEqual(
      survey.files.map(({ path, sizeBytes, executable }) => ({ path, sizeBytes, executable })).sort(byPath),
    );
    expect([...listing.emptyDirectories].sort()).toEqual([...survey.emptyDirectories].sort());
  });
});
