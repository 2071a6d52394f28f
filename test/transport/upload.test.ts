import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { surveyFolder } from '../../src/intake/survey.ts';
import { listFolder } from '../../src/transport/folder.ts';
import { spawnLocal } from '../../src/transport/local.ts';
import type { SendOutcome, Spawn } from '../../src/transport/transport.ts';
import { before, frailSpawn, isUnpacking, transportOf } from './frail-spawn.ts';
import {
  HOSTILE,
  cleanScratch,
  makeExecutable,
  manifestOf,
  readTree,
  scratch,
  sendRequest,
  sha256,
  writeTree,
} from './scratch.ts';

cleanScratch();

const TOKEN = 'mqi-test-case-1-abc';
const attemptOf = (root: string): string => join(root, 'attempts', TOKEN);

function send(spawn: Spawn, folder: string, root: string): Promise<SendOutcome> {
  return transportOf(spawn).send(sendRequest(folder, root));
}

/** The host holds exactly the case, and nothing else of this token. */
function expectArrived(folder: string, root: string): void {
  expect(readTree(join(attemptOf(root), 'inputs'))).toEqual(readTree(folder));
  expect(readTree(attemptOf(root))['manifest']).toBe(sha256(manifestOf(folder)));
  expect(readdirSync(attemptOf(root)).sort()).toEqual(['inputs', 'manifest']);
  expect(readdirSync(join(root, 'attempts'))).toEqual([TOKEN]);
}

const TREE = {
  'a first': Buffer.alloc(1_000, 'a'),
  'b/$(second)': Buffer.alloc(70_000, 'b'),
  'b/new\nline': Buffer.alloc(3, 'c'),
  'c/back\\slash': Buffer.alloc(512, 'd'),
  [`d/${'long'.repeat(50)}`]: Buffer.alloc(20_000, 'e'),
  'e empty/': '',
  'f zero': '',
  'g last': Buffer.alloc(9_000, 'g'),
};

async function fullLength(folder: string): Promise<number> {
  const whole = frailSpawn(null);
  expect(await send(whole.spawn, folder, scratch())).toEqual({ kind: 'sent' });
  return whole.inputBytes();
}

describe('an upload that is cut', () => {
  test('at any byte never becomes an attempt, and the next one sends only what is missing', { timeout: 120_000 }, async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    const length = await fullLength(folder);
    const steps = Array.from({ length: 16 }, (_, index) => Math.floor((length * index) / 16));
    const places = [1, 511, 512, 513, ...steps.slice(1), length - 1025, length - 1024, length - 512, length - 1, length];
    for (const afterBytes of [...places, Infinity]) {
      const root = scratch();
      const cut = await send(frailSpawn({ afterBytes, how: 'reset' }).spawn, folder, root);
      expect(cut, `cut after ${afterBytes}`).toMatchObject({ kind: 'blind' });
      expect(existsSync(join(root, 'attempts'))).toBe(false);
      const retry = frailSpawn(null);
      expect(await send(retry.spawn, folder, root), `retry after ${afterBytes}`).toEqual({ kind: 'sent' });
      expectArrived(folder, root);
      if (afterBytes >= 75_000) expect(retry.inputBytes(), `resent after ${afterBytes}`).toBeLessThan(length - 70_000);
      expect(readTree(join(root, 'staging'))).toEqual({});
    }
  });

  test('silently leaves a tar behind that can still write: it never reaches the attempt', async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    const length = await fullLength(folder);
    for (const afterBytes of [40_000, 90_000, length - 6_000]) {
      const root = scratch();
      const frail = frailSpawn({ afterBytes, how: 'silence' });
      expect(await send(frail.spawn, folder, root)).toMatchObject({ kind: 'blind' });
      const retry = frailSpawn(null);
      expect(await send(retry.spawn, folder, root)).toEqual({ kind: 'sent' });
      // a tar that waits for more has not yet written the last 10 KiB that it got
      if (afterBytes >= 90_000) expect(retry.inputBytes()).toBeLessThan(length - 70_000);
      expectArrived(folder, root);
      await frail.arriveLate(Buffer.alloc(200_000, 'X'));
      expectArrived(folder, root);
    }
  });

  test('again and again keeps what each try brought', async () => {
    const folder = scratch();
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`file ${index}`, Buffer.alloc(10_000, `${index}`)]),
    );
    writeTree(folder, files);
    const root = scratch();
    for (let tries = 0; tries < 4; tries++) {
      const cut = frailSpawn({ afterBytes: 25_000, how: tries % 2 === 0 ? 'reset' : 'silence' });
      expect(await send(cut.spawn, folder, root)).toMatchObject({ kind: 'blind' });
    }
    const last = frailSpawn(null);
    expect(await send(last.spawn, folder, root)).toEqual({ kind: 'sent' });
    // ten files, of which each try brought at least one
    expect(last.inputBytes()).toBeLessThan(70_000);
    expectArrived(folder, root);
  });

  test('does not bring back a file that was taken away, or an older content, from an earlier try', async () => {
    const folder = scratch();
    writeTree(folder, { a: 'old', 'b gone': 'gone', c: 'same', 'd/x': 'x', z: Buffer.alloc(600_000) });
    const root = scratch();
    const cut = frailSpawn({ afterBytes: 500_000, how: 'reset' });
    expect(await send(cut.spawn, folder, root)).toMatchObject({ kind: 'blind' });
    writeTree(folder, { a: 'new' });
    rmSync(join(folder, 'b gone'));
    makeExecutable(join(folder, 'c'));
    expect(await send(spawnLocal, folder, root)).toEqual({ kind: 'sent' });
    expectArrived(folder, root);
  });
});

describe('two uploads of one attempt at once', () => {
  test('do not harm each other', { timeout: 120_000 }, async () => {
    const folder = scratch();
    writeTree(folder, TREE);
    let sent = 0;
    for (let round = 0; round < 8; round++) {
      const root = scratch();
      const first = send(spawnLocal, folder, root);
      // the others begin while the first is in each of its steps
      for (let turn = 0; turn < round * 40; turn++) await new Promise(setImmediate);
      const outcomes = await Promise.all([first, send(spawnLocal, folder, root), send(spawnLocal, folder, root)]);
      for (const outcome of outcomes) {
        expect(['sent', 'blind'], JSON.stringify(outcome)).toContain(outcome.kind);
        if (outcome.kind === 'sent') sent++;
      }
      // it is there for all of them as soon as one of them has said so
      if (outcomes.some(({ kind }) => kind === 'sent')) expectArrived(folder, root);
      expect(await send(spawnLocal, folder, root)).toEqual({ kind: 'sent' });
      expectArrived(folder, root);
    }
    expect(sent).toBeGreaterThan(0);
  });
});

describe('a folder that changes while it is packed', () => {
  const big = Buffer.alloc(1_000_000, 1);
  const changes: Record<string, readonly [(folder: string) => void, RegExp]> = {
    'a file that grows': [(folder) => appendFileSync(join(folder, 'z'), 'x'), /z grew from 1000000 to 1000001 bytes/],
    'a file that shrinks': [(folder) => truncateSync(join(folder, 'z'), 10), /z shrank from 1000000 to 10 bytes/],
    'a file that vanishes': [(folder) => rmSync(join(folder, 'z')), /z vanished/],
    'a file that appears': [(folder) => writeFileSync(join(folder, 'new'), ''), /new appeared/],
    'a file written anew': [(folder) => writeFileSync(join(folder, 'z'), Buffer.alloc(1_000_000, 2)), /changed last is z/],
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

  test('a folder that is gone as a whole is not judged: its disk may not be mounted', async () => {
    const folder = join(scratch(), 'case');
    writeTree(folder, { a: 'a' });
    const request = sendRequest(folder, scratch());
    rmSync(folder, { recursive: true });
    const outcome = await transportOf(spawnLocal).send(request);
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(folder) as string });
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
    const listing = await listFolder(folder);
    const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : 1);
    expect(listing.files.map(({ path, sizeBytes, executable }) => ({ path, sizeBytes, executable }))).toEqual(
      survey.files.map(({ path, sizeBytes, executable }) => ({ path, sizeBytes, executable })).sort(byPath),
    );
    expect([...listing.emptyDirectories].sort()).toEqual([...survey.emptyDirectories].sort());
  });
});
