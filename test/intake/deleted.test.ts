import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { isDeleted } from '../../src/intake/deleted.ts';
import { rootIdentity } from '../../src/intake/scan.ts';
import { tempFolder } from '../store/temp.ts';

async function site() {
  const root = join(tempFolder(), 'watch');
  mkdirSync(join(root, 'patient', 'study'), { recursive: true });
  const found = await rootIdentity(root);
  if (found.kind !== 'found') throw new Error('the root is there');
  return { root, identity: found.identity, study: join(root, 'patient', 'study') };
}

test('a folder whose directory can be read and lacks it was deleted', async () => {
  const { root, identity, study } = await site();
  rmSync(study, { recursive: true });
  expect(await isDeleted(root, identity, study)).toBe(true);
});

test('so was one that went with its parent', async () => {
  const { root, identity, study } = await site();
  rmSync(join(root, 'patient'), { recursive: true });
  expect(await isDeleted(root, identity, study)).toBe(true);
});

test('one that is there was not', async () => {
  const { root, identity, study } = await site();
  expect(await isDeleted(root, identity, study)).toBe(false);
});

test('in another directory under the name of the watched one nothing was deleted: a disk is not mounted', async () => {
  const { root, identity, study } = await site();
  renameSync(root, `${root}.away`);
  expect(await isDeleted(root, identity, study)).toBe(false);
  mkdirSync(root);
  expect(await isDeleted(root, identity, study)).toBe(false);
});

test.each([null, 'another'])('nor where the watched directory was never opened as this one (%s)', async (openedAs) => {
  const { root, study } = await site();
  rmSync(study, { recursive: true });
  expect(await isDeleted(root, openedAs, study)).toBe(false);
});

test('what lies outside of the watched directory is none of its business', async () => {
  const { root, identity } = await site();
  expect(await isDeleted(root, identity, `${root}.gone`)).toBe(false);
  expect(await isDeleted(root, identity, root)).toBe(false);
});
