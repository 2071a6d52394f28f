import { expect, test } from 'vitest';

import { openStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/database.ts';
import { openOrders } from '../../../src/store/orders.ts';
import { StoreError } from '../../../src/store/store-error.ts';
import { lastingTroubles } from '../../../src/store/troubles.ts';
import { readCase } from '../../../src/store/cases.ts';
import { Folders, SECOND, give, orderRow, ordered, overCase, worldWith } from './given.ts';

/** A database that takes nothing while its disk is full. */
function fillable(): Store & { isFull: boolean; refuses: number } {
  const store = openStore(':memory:');
  const fillable = {
    ...store,
    isFull: false,
    refuses: 0,
    write: ((change) => {
      if (fillable.isFull) throw new StoreError('the disk of mqi.db is full', 'df -h');
      if (fillable.refuses > 0) {
        fillable.refuses -= 1;
        throw new StoreError('mqi.db is locked by another program', 'fuser mqi.db');
      }
      return store.write(change);
    }) as Store['write'],
  };
  return fillable;
}

const troubles = (store: Store): string[] => lastingTroubles(store.db).map((one) => `${one.what}: ${one.reason}`);

test('an order that a full disk kept from being carried out stays open, is a trouble, and is carried out when there is room', async () => {
  const store = fillable();
  const world = worldWith(new Folders(), { store });
  world.supervisor.start();
  const caseId = world.admit('case');
  const id = give(world, { kind: 'cancel', caseId });
  store.isFull = true;
  await world.clock.pass(5 * SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: null });
  store.isFull = false;
  await world.clock.pass(5 * SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
  expect(troubles(store).filter((text) => text.startsWith('orders'))).toEqual([]);
});

test('an order of which the database refused one write only stays open, and is carried out a moment later', async () => {
  const store = fillable();
  const world = worldWith(new Folders(), { store });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(SECOND / 2);
  const id = give(world, { kind: 'cancel', caseId });
  store.refuses = 1;
  await world.clock.pass(SECOND / 4);
  expect(store.refuses).toBe(0);
  expect(orderRow(world, id)).toMatchObject({ outcome: null });
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
});

test('an order that the database refused keeps its place before the next one about the same case', async () => {
  const store = fillable();
  const world = worldWith(new Folders(), { store });
  world.host.blind = { kind: 'blind', cause: 'link', reason: 'the line is cut' };
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(SECOND / 2);
  const pause = give(world, { kind: 'pause', caseId });
  const resume = give(world, { kind: 'resume', caseId });
  store.refuses = 1;
  await world.clock.pass(SECOND);
  expect([orderRow(world, pause).outcome, orderRow(world, resume).outcome]).toEqual(['done', 'done']);
  expect(readCase(store.db, caseId)).toMatchObject({ paused: false });
});

test('a retry whose folder was read while the disk filled up stays open, is a trouble until then, and is read again', async () => {
  const store = fillable();
  const folders = new Folders();
  const world = worldWith(folders, { store });
  world.supervisor.start();
  const caseId = await overCase(world, 'case');
  const id = give(world, { kind: 'retry', caseId, limitMs: null });
  await world.clock.pass(SECOND);
  store.isFull = true;
  folders.last.end();
  await world.clock.pass(SECOND / 2);
  store.isFull = false;
  expect(orderRow(world, id)).toMatchObject({ outcome: null });
  await world.clock.pass(2 * SECOND);
  expect(troubles(store)).toEqual(['orders: the disk of mqi.db is full']);
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
  expect(readCase(store.db, caseId)?.attempt).toBe(2);
  expect(troubles(store)).toEqual([]);
});

test('an order that meets an error of our own is refused, by name, and the next one is carried out', async () => {
  const folders = new Folders();
  const world = worldWith(folders);
  world.supervisor.start();
  const caseId = await overCase(world, 'case');
  const id = give(world, { kind: 'retry', caseId, limitMs: null });
  await world.clock.pass(SECOND);
  const next = give(world, { kind: 'retry', caseId, limitMs: null });
  folders.last.fail(new Error('a bug'));
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'refused', message: 'it failed: a bug' });
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, next)).toMatchObject({ outcome: 'done' });
});

test('of many orders at once the pulse beats between some and the next', async () => {
  const open: number[] = [];
  const world = worldWith(new Folders(), {
    tick: () => Promise.resolve(void open.push(openOrders(world.store.db).length)),
  });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(0);
  for (let n = 0; n < 170; n++) give(world, { kind: 'resume', caseId });
  open.length = 0;
  await world.clock.pass(SECOND);
  expect(open.slice(0, 4)).toEqual([120, 70, 20, 0]);
});

test('an order that no daemon has taken up is carried out by the next one, and its outcome is never written twice', async () => {
  const world = worldWith(new Folders());
  const caseId = world.admit('case');
  const id = give(world, { kind: 'cancel', caseId });
  world.supervisor.start();
  await world.clock.pass(SECOND);
  const row = orderRow(world, id);
  expect(row).toMatchObject({ outcome: 'done' });
  await ordered(world, { kind: 'cancel', caseId });
  expect(orderRow(world, id)).toEqual(row);
});
