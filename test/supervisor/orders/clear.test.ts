import { expect, test } from 'vitest';

import { readAttemptsOfCase } from '../../../src/store/attempts.ts';
import { noteBusy, readSlot, readSlots } from '../../../src/store/slots.ts';
import { slots } from '../../../src/store/schema.ts';
import type { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { clearSlotByOrder } from '../../../src/supervisor/orders/deeds/clear.ts';
import { createWorld } from '../world.ts';
import type { World } from '../world.ts';
import { createBench, never, stop } from './bench.ts';
import { SECOND, ordered } from './given.ts';

const ORDER = { kind: 'clear_slot', host: 'fake', slot: 'gpu' } as const;
const NODE = { name: 'fake', bootId: '0', pidNamespace: '1', uid: 0 };
const BLIND = { kind: 'blind', cause: 'queue', reason: 'the queue does not answer' } as const;

const free = (world: World): void =>
  world.store.write((tx) => void tx.update(slots).set({ state: 'free', token: null, reason: null }).run());

/** A slot that is quarantined because its case was abandoned while its job ran. */
async function quarantined(scheduler: Partial<Scheduler> = {}) {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  await ordered(world, { kind: 'abandon', caseId }, 5 * SECOND);
  const [attempt] = readAttemptsOfCase(world.store.db, caseId);
  await stop(world);
  const bench = createBench(world, scheduler);
  const slot = () => readSlots(world.store.db)[0]!;
  expect(slot()).toMatchObject({ state: 'quarantined', token: attempt!.token });
  const proof = (): string | null => readAttemptsOfCase(world.store.db, caseId)[0]!.proof;
  const clear = (order: { busy?: true } = {}) =>
    bench.run({ ...ORDER, ...order }, ({ book, hosts, row, deed }) =>
      clearSlotByOrder(book, hosts, row, { ...ORDER, ...order }, deed),
    );
  return { world, bench, slot, proof, clear, token: attempt!.token };
}

test('while the look of an online host fails, `slots clear` of a slot with a token is refused, and the slot stays quarantined', async () => {
  const { slot, proof, clear, token } = await quarantined({ look: () => Promise.resolve(BLIND) });
  const order = clear();
  expect(await order.outcome).toBe('closed');
  expect(order.row()).toMatchObject({
    outcome: 'refused',
    message: `whether anything of ${token} runs cannot be seen now: the queue does not answer`,
  });
  expect(slot()).toMatchObject({ state: 'quarantined', token });
  expect(proof()).toBeNull();
});

test('a look that does not come back ends within half a minute, and the slot stays quarantined', async () => {
  const { world, slot, clear, token } = await quarantined({ look: (_, signal) => never(BLIND)(signal) });
  const order = clear();
  await world.clock.pass(29 * SECOND);
  expect(order.row()).toMatchObject({ outcome: null });
  await world.clock.pass(2 * SECOND);
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'refused' });
  expect(slot()).toMatchObject({ state: 'quarantined', token });
});

test('against what a look sees the word of an operator does not count', async () => {
  const { slot, clear, token } = await quarantined();
  const order = clear();
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'refused' });
  expect(order.row().message).toContain(`its job is executing, processes 7: mqi orphans kill ${token}`);
  expect(slot()).toMatchObject({ state: 'quarantined' });
});

test('where nothing can be seen it is all there is: the slot is free, with that word as the proof', async () => {
  const { bench, slot, proof, clear } = await quarantined();
  bench.hosts.isUp = false;
  const order = clear();
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'done', message: 'slot fake/gpu is free' });
  expect(slot()).toMatchObject({ state: 'free', token: null });
  expect(proof()).toBe('operator');
  expect(bench.asked).toEqual(['reconcile fake']);
});

test('a host that is awaited is waited for: the order stays open, and nobody looks', async () => {
  let looks = 0;
  const { bench, slot, clear } = await quarantined({
    look: () => {
      looks += 1;
      return Promise.resolve(BLIND);
    },
  });
  bench.hosts.isAwaitedNow = true;
  const order = clear();
  expect(await order.outcome).not.toBe('closed');
  expect(order.row()).toMatchObject({ outcome: null });
  expect(slot()).toMatchObject({ state: 'quarantined' });
  expect(looks).toBe(0);
});

test('a daemon that stops during the look leaves the order open, and the slot as it is', async () => {
  const { slot, clear } = await quarantined({ look: (_, signal) => never(BLIND)(signal) });
  const order = clear();
  order.deed.abort();
  expect(await order.outcome).not.toBe('closed');
  expect(order.row()).toMatchObject({ outcome: null });
  expect(slot()).toMatchObject({ state: 'quarantined' });
});

test('a slot that changed while its host was looked at is not touched', async () => {
  let answer = (): void => {};
  const { world, slot, proof, clear } = await quarantined({
    look: () =>
      new Promise((resolve) => {
        answer = () => resolve({ kind: 'looked', node: NODE, notices: [], facts: [] });
      }),
  });
  const order = clear();
  free(world);
  const before = slot();
  answer();
  await order.outcome;
  expect(order.row()).toMatchObject({
    outcome: 'refused',
    message: 'the slot changed meanwhile; look again: mqi slots list',
  });
  expect(slot()).toEqual(before);
  expect(proof()).toBeNull();
});

test('a busy slot is given out at an operator’s word; one that is not busy, not quarantined or unknown is refused by name', async () => {
  const { world, bench, clear } = await quarantined();
  const refused = clear({ busy: true });
  await refused.outcome;
  expect(refused.row()).toMatchObject({ outcome: 'refused', message: 'slot fake/gpu is not busy' });
  world.store.write((tx) => noteBusy(tx, 'fake', 'gpu', 'process 9'));
  const order = clear({ busy: true });
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'done' });
  expect(readSlot(world.store.db, 'fake', 'gpu')).toMatchObject({ busy: null, state: 'quarantined' });
  free(world);
  const late = clear();
  await late.outcome;
  expect(late.row()).toMatchObject({ outcome: 'refused', message: 'slot fake/gpu is free, not quarantined' });
  const unknown = { ...ORDER, slot: 'other' };
  const other = bench.run(unknown, ({ book, hosts, row, deed }) => clearSlotByOrder(book, hosts, row, unknown, deed));
  await other.outcome;
  expect(other.row().message).toContain('there is no slot fake/other');
});
