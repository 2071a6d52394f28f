import { expect, test } from 'vitest';

import type { Gpu } from '../../../../src/domain/gpu.ts';
import { readCase } from '../../../../src/store/cases.ts';
import { readHost } from '../../../../src/store/hosts.ts';
import { recordOrder } from '../../../../src/store/orders.ts';
import { quarantineSlot, readSlots } from '../../../../src/store/slots.ts';
import { createWorld } from '../../world.ts';
import type { World } from '../../world.ts';

const SECOND = 1_000;
const OPTIONS = { observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND };

const phaseOf = (world: World, id: string): string => readCase(world.store.db, id)!.phase;
const busy = (world: World): readonly (string | null)[] => readSlots(world.store.db).map((slot) => slot.busy);

/** GPUs in order, each with the pids of somebody else on it. */
function gpus(...pids: readonly (readonly number[])[]): { readonly kind: 'gpus'; readonly gpus: readonly Gpu[] } {
  return {
    kind: 'gpus',
    gpus: pids.map((on, index) => ({
      index: String(index),
      uuid: `GPU-${index}000`,
      processes: on.map((pid) => ({ pid, name: 'python', user: 'alice', ours: false })),
    })),
  };
}

test('a slot on whose GPU somebody else computes is not leased, and is given away within half a minute of its being free', async () => {
  const world = createWorld(OPTIONS);
  world.host.gpus = gpus([4242]);
  world.supervisor.start();
  const id = world.admit('case');
  await world.clock.pass(5 * 60 * SECOND);
  expect(phaseOf(world, id)).toBe('staged');
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'free', busy: 'pid 4242 python of alice (not ours)' }]);
  world.host.gpus = gpus([]);
  await world.clock.pass(31 * SECOND);
  expect(phaseOf(world, id)).toBe('executing');
  expect(busy(world)).toEqual([null]);
});

test('only the slot on that GPU is; a job that was there first keeps its own', async () => {
  const world = createWorld({ ...OPTIONS, slots: ['a', 'b'] });
  world.host.gpus = gpus([], []);
  world.supervisor.start();
  const first = world.admit('first');
  await world.clock.pass(20 * SECOND);
  world.host.gpus = gpus([1], [2]);
  await world.clock.pass(30 * SECOND);
  expect(phaseOf(world, first)).toBe('executing');
  expect(busy(world)).toEqual(['pid 1 python of alice (not ours)', 'pid 2 python of alice (not ours)']);
  const second = world.admit('second');
  world.host.gpus = gpus([1], []);
  await world.clock.pass(60 * SECOND);
  expect(phaseOf(world, second)).toBe('executing');
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'leased' }, { state: 'leased', busy: null }]);
});

test('a driver that cannot tell changes nothing: what was seen holds, nobody is blind, and the host says so', async () => {
  const world = createWorld(OPTIONS);
  world.host.gpus = gpus([7]);
  world.supervisor.start();
  const id = world.admit('case');
  await world.clock.pass(20 * SECOND);
  world.host.gpus = { kind: 'unknown', reason: 'nvidia-smi hangs' };
  await world.clock.pass(10 * 60 * SECOND);
  expect(phaseOf(world, id)).toBe('staged');
  expect(readHost(world.store.db, 'fake')).toMatchObject({ state: 'online', notices: ['nvidia-smi hangs'] });
  world.host.gpus = gpus([]);
  await world.clock.pass(60 * SECOND);
  expect(phaseOf(world, id)).toBe('executing');
  expect(readHost(world.store.db, 'fake')).toMatchObject({ notices: [] });
});

test('where there is no nvidia-smi it is asked for once a reconcile, and nothing is held back', async () => {
  const world = createWorld(OPTIONS);
  world.supervisor.start();
  const id = world.admit('case');
  await world.clock.pass(20 * SECOND);
  expect(phaseOf(world, id)).toBe('executing');
  await world.clock.pass(590 * SECOND);
  expect(world.host.gpuProbes).toBe(3);
  world.host.gpus = gpus([]);
  await world.clock.pass(600 * SECOND);
  expect(world.host.gpuProbes).toBeGreaterThan(12);
});

test('a GPU that is not there holds nothing back, and the host says so', async () => {
  const world = createWorld({ ...OPTIONS, slots: ['a', 'b'] });
  world.host.gpus = gpus([]);
  world.supervisor.start();
  await world.clock.pass(20 * SECOND);
  expect(busy(world)).toEqual([null, null]);
  expect(readHost(world.store.db, 'fake')!.notices).toEqual(['slot b is on GPU 1, and nvidia-smi lists no such GPU']);
});

test('an answer that a blind spell overtook is dropped', async () => {
  const world = createWorld(OPTIONS);
  world.host.gpus = gpus([]);
  world.supervisor.start();
  await world.clock.pass(20 * SECOND);
  const answer = world.host.holdGpus();
  await world.clock.pass(30 * SECOND);
  expect(world.host.gpuProbes).toBe(2);
  world.host.blind = { kind: 'blind', cause: 'queue', reason: 'the queue daemon is down' };
  await world.clock.pass(20 * SECOND);
  answer(gpus([9]));
  await world.clock.pass(1);
  expect(busy(world)).toEqual([null]);
  world.host.blind = null;
  await world.clock.pass(60 * SECOND);
  expect(busy(world)).toEqual([null]);
});

test('mqi slots clear gives a busy slot away once; of a quarantined one it takes the quarantine alone', async () => {
  const world = createWorld(OPTIONS);
  const { clock, store, supervisor, host } = world;
  host.gpus = gpus([5]);
  supervisor.start();
  const id = world.admit('case');
  await clock.pass(20 * SECOND);
  store.write((tx) => quarantineSlot(tx, 'fake', 'gpu', null, 'an orphan', clock.now()));
  const clear = async (what: { readonly busy?: true } = {}): Promise<void> => {
    const order = { kind: 'clear_slot', host: 'fake', slot: 'gpu', ...what } as const;
    recordOrder(store, order, 'alice', 'it idles', clock.now());
    await clock.pass(20 * SECOND);
  };
  await clear();
  expect(phaseOf(world, id)).toBe('staged');
  expect(readSlots(store.db)).toMatchObject([{ state: 'free', busy: 'pid 5 python of alice (not ours)' }]);
  // the order was for a quarantine, which has ended meanwhile
  await clear();
  expect(phaseOf(world, id)).toBe('staged');
  await clear({ busy: true });
  expect(phaseOf(world, id)).toBe('executing');
  await clock.pass(60 * SECOND);
  expect(readSlots(store.db)).toMatchObject([{ state: 'leased', busy: 'pid 5 python of alice (not ours)' }]);
});

test('a slot that is not compared any more is not busy any more', async () => {
  const world = createWorld(OPTIONS);
  world.host.gpus = gpus([5]);
  world.supervisor.start();
  await world.clock.pass(20 * SECOND);
  expect(busy(world)).toEqual(['pid 5 python of alice (not ours)']);
  const stopped = world.supervisor.stop();
  await world.clock.pass(20 * SECOND);
  await stopped;
  const next = createWorld({ ...OPTIONS, store: world.store, compared: false });
  next.host.gpus = gpus([5]);
  next.supervisor.start();
  expect(busy(world)).toEqual([null]);
  const id = next.admit('case');
  await next.clock.pass(60 * SECOND);
  expect(phaseOf(next, id)).toBe('executing');
  expect(next.host.gpuProbes).toBe(0);
});
