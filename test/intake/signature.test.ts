import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { shapeText, signFolder, signatureText } from '../../src/intake/signature.ts';
import type { SignOptions } from '../../src/intake/signature.ts';
import { makeFifo, tempDirectory, writeTree } from './harness.ts';

const options: SignOptions = {
  isTemporaryName: (name) => name.endsWith('.part'),
  readyMarker: 'READY',
  signal: new AbortController().signal,
};

async function sign(folder: string) {
  const sight = await signFolder(folder, options);
  if (sight.kind !== 'seen') throw new Error(sight.kind);
  return { ...sight, text: signatureText(sight.signature) };
}

const OLD = new Date(1_000_000_000_000);

function someCase(): string {
  const folder = join(tempDirectory(), 'case');
  writeTree(folder, { 'a.txt': 'aaa', 'deep/er/b.txt': 'bb', 'empty/': '' });
  // whole seconds: node can set them again exactly
  for (const name of ['a.txt', 'deep/er/b.txt', 'deep/er', 'deep', 'empty', ''])
    utimesSync(join(folder, name), OLD, OLD);
  return folder;
}

/** Change times tick every few milliseconds: waits until the next write gets another one than what is there. */
function nextTick(folder: string): void {
  const probe = `${folder}.tick`;
  writeFileSync(probe, '');
  const { ctimeNs } = lstatSync(probe, { bigint: true });
  do writeFileSync(probe, '');
  while (lstatSync(probe, { bigint: true }).ctimeNs === ctimeNs);
}

test('two samples of a folder that nobody writes to have the same signature', async () => {
  const folder = someCase();
  const { text, signature, stamp } = await sign(folder);
  expect(await sign(folder)).toMatchObject({ text, stamp });
  expect(signature).toMatchObject({ files: 2, sizeBytes: 5 });
});

const changes: Readonly<Record<string, (folder: string) => void>> = {
  'a file that grows': (folder) => writeFileSync(join(folder, 'a.txt'), 'aaaa'),
  'a file written again with the same size and its old times': (folder) => {
    const path = join(folder, 'deep/er/b.txt');
    writeFileSync(path, 'cc');
    utimesSync(path, OLD, OLD);
  },
  'a new file': (folder) => writeFileSync(join(folder, 'deep/new'), ''),
  'a new empty directory': (folder) => mkdirSync(join(folder, 'deep/er/new')),
  'a file that is renamed': (folder) => renameSync(join(folder, 'a.txt'), join(folder, 'b.txt')),
  'a file that is removed': (folder) => rmSync(join(folder, 'a.txt')),
  'a file that becomes executable': (folder) => chmodSync(join(folder, 'a.txt'), 0o755),
  'a file that becomes a link to itself under another name': (folder) => {
    renameSync(join(folder, 'a.txt'), join(folder, 'z.txt'));
    symlinkSync('z.txt', join(folder, 'a.txt'));
  },
  'a FIFO that appears': (folder) => makeFifo(join(folder, 'fifo')),
};

for (const [what, change] of Object.entries(changes)) {
  test(`${what} changes the signature`, async () => {
    const folder = someCase();
    const before = await sign(folder);
    nextTick(folder);
    change(folder);
    expect((await sign(folder)).text).not.toBe(before.text);
  });
}

test('a change to any one of 600 files changes the signature, also when its size and times are the old ones', async () => {
  const folder = join(tempDirectory(), 'case');
  const names = Array.from({ length: 600 }, (_, n) => `d/${String(n).padStart(3, '0')}`);
  writeTree(folder, Object.fromEntries(names.map((name) => [name, 'aaa'])));
  for (const name of names) utimesSync(join(folder, name), OLD, OLD);
  let before = await sign(folder);
  // those at the edges of a batch of 256, and some of each
  for (const name of names.filter((_, n) => (n + 2) % 256 < 4 || n > 597 || n % 29 === 0)) {
    nextTick(folder);
    writeFileSync(join(folder, name), 'bbb');
    utimesSync(join(folder, name), OLD, OLD);
    const after = await sign(folder);
    expect(after.text, name).not.toBe(before.text);
    before = after;
  }
});

test('a copy that keeps all times has the same shape, and another signature', async () => {
  const folder = someCase();
  const before = await sign(folder);
  nextTick(folder);
  await cp(folder, `${folder}.copy`, { recursive: true, preserveTimestamps: true });
  for (const name of ['deep/er', 'deep', 'empty', '']) utimesSync(join(`${folder}.copy`, name), OLD, OLD);
  const copy = await sign(`${folder}.copy`);
  expect(shapeText(copy.text)).toBe(shapeText(before.text));
  expect(copy.text).not.toBe(before.text);
});

test('files with temporary names are told, at any depth, and the marker is neither that nor content', async () => {
  const folder = join(tempDirectory(), 'case');
  writeTree(folder, { READY: '', 'd/': '' });
  expect(await sign(folder)).toMatchObject({ hasContent: false, temporary: null });
  writeTree(folder, { 'd/x.part': '' });
  expect(await sign(folder)).toMatchObject({ hasContent: true, temporary: 'd/x.part' });
});

test('a folder that is not there, or is none, is gone', async () => {
  const folder = join(tempDirectory(), 'case');
  expect((await signFolder(folder, options)).kind).toBe('gone');
  writeFileSync(folder, '');
  expect((await signFolder(folder, options)).kind).toBe('gone');
  expect((await signFolder(join(folder, 'below'), options)).kind).toBe('gone');
});

test('a walk ends when the intake stops', async () => {
  expect((await signFolder(someCase(), { ...options, signal: AbortSignal.abort() })).kind).toBe('stopped');
});
