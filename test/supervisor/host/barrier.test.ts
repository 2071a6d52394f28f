import { expect, onTestFinished, test } from 'vitest';

import { readMeta, writeMeta } from '../../../src/store/meta.ts';
import { openStore } from '../../../src/store/open.ts';
import { createBarrier } from '../../../src/supervisor/host/barrier.ts';
import type { HostWatch } from '../../../src/supervisor/host/watch.ts';

function world(isBackup: boolean) {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  store.write((tx) => writeMeta(tx, 'is_backup', isBackup ? 'yes' : 'no'));
  const seen = { one: { now: false, ever: false }, two: { now: false, ever: false } };
  const watchOf = (state: { readonly now: boolean; readonly ever: boolean }) =>
    ({ isReconciled: () => state.now, wasReconciled: () => state.ever }) as HostWatch;
  const watches = new Map(Object.entries(seen).map(([name, state]) => [name, watchOf(state)]));
  const open = () => createBarrier(store, watches);
  return { store, seen, open, barrier: open() };
}

test('a host is worked with once all that lies on it was reconciled, and no more as soon as that is old', () => {
  const { seen, barrier } = world(false);
  expect(barrier.isLifted('one')).toBe(false);
  seen.one.now = seen.one.ever = true;
  expect([barrier.isLifted('one'), barrier.isLifted('two'), barrier.isLifted('three')]).toEqual([true, false, false]);
  seen.one.now = false;
  expect(barrier.isLifted('one')).toBe(false);
});

test('after a restored backup no host is given work before each of them was reconciled, whatever lies there', () => {
  const { seen, barrier, open, store } = world(true);
  seen.one.now = seen.one.ever = true;
  expect(barrier.isLifted('one')).toBe(false);
  // nor by the next daemon
  expect(open().isLifted('one')).toBe(false);
  seen.two.ever = true;
  expect([barrier.isLifted('one'), barrier.isLifted('two')]).toEqual([true, false]);
  expect(readMeta(store.db, 'is_backup')).toBe('no');
  seen.two.ever = false;
  expect(open().isLifted('one')).toBe(true);
});
