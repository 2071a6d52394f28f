import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createSite } from '../lab/site.ts';

const NAMES = Array.from({ length: 26 }, (_, index) => `case-${String(index).padStart(2, '0')}`);

test('24 of 26 waiting cases whose folders are deleted end as inputs_changed, and the good ones run at once', async () => {
  const site = createSite({ slots: 1 });
  site.start();
  const go = join(site.folder, 'go');
  site.drop('busy', `while [ ! -e '${go}' ]; do sleep 0.1; done`);
  await site.in('busy', 'executing');
  for (const name of NAMES) site.drop(name, 'echo done');
  for (const name of NAMES) await site.until(`${name} is a case`, () => site.find(name) !== null);
  // what is staged already needs its folder no more
  const waiting = NAMES.filter((name) => site.caseOf(name).phase === 'waiting');
  expect(waiting.length).toBeGreaterThanOrEqual(24);
  const deleted = waiting.slice(0, 24);
  const good = NAMES.filter((name) => !deleted.includes(name));
  for (const name of deleted) rmSync(join(site.watch, name), { recursive: true });
  mkdirSync(go);
  for (const name of good) expect((await site.final(name)).state).toBe('completed');
  for (const name of deleted) {
    const row = await site.final(name);
    expect(row).toMatchObject({ state: 'failed', failureKind: 'inputs_changed' });
    expect(row.failure?.message).toContain('was deleted');
  }
});

test('while the watched folder is another one, or not there, no case fails for want of its folder', async () => {
  const site = createSite({ slots: 1 });
  site.start();
  const go = join(site.folder, 'go');
  site.drop('busy', `while [ ! -e '${go}' ]; do sleep 0.1; done`);
  await site.in('busy', 'executing');
  for (const name of ['one', 'two', 'three']) site.drop(name, 'echo done');
  for (const name of ['one', 'two', 'three']) await site.until(`${name} is a case`, () => site.find(name) !== null);
  const waiting = ['one', 'two', 'three'].filter((name) => site.caseOf(name).phase === 'waiting');
  expect(waiting).not.toEqual([]);
  // as an unmounted disk does: an empty directory under the same name
  const away = join(site.folder, 'away');
  renameSync(site.watch, away);
  mkdirSync(site.watch);
  mkdirSync(go);
  const isBlocked = (name: string): boolean => site.caseOf(name).blocked?.includes('is its disk mounted?') === true;
  await site.until('all of them are blocked', () => waiting.every(isBlocked));
  rmSync(site.watch, { recursive: true });
  renameSync(away, site.watch);
  for (const name of waiting) expect((await site.final(name)).state).toBe('completed');
});
