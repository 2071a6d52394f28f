import { expect, test } from 'vitest';

import { readOrder, recordOrder } from '../../../src/store/orders.ts';
import { readAttemptsOfCase } from '../../../src/store/attempts.ts';
import { writeMeta } from '../../../src/store/meta.ts';
import type { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { takeOverRoot } from '../../../src/supervisor/orders/deeds/takeover.ts';
import { createWorld } from '../world.ts';
import { createBench, never, stop } from './bench.ts';

const SECOND = 1_000;

test('a takeover that was ordered while no daemon ran waits for the first connection, and is not refused for want of it', async () => {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  const id = recordOrder(world.store, { kind: 'takeover', host: world.host.host.name }, 'alice', 'it is ours', 0);
  let arrive!: () => void;
  world.host.way = new Promise((resolve) => (arrive = resolve));
  world.supervisor.start();
  await world.clock.pass(15 * SECOND);
  expect(readOrder(world.store.db, id)).toMatchObject({ outcome: null });
  arrive();
  await world.clock.pass(5 * SECOND);
  expect(readOrder(world.store.db, id)).toMatchObject({ outcome: 'done' });
});

test('a takeover of a host that cannot be reached is refused, with the reason', async () => {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  world.host.blind = { kind: 'blind', cause: 'link', reason: 'the line is cut' };
  world.supervisor.start();
  const id = recordOrder(world.store, { kind: 'takeover', host: world.host.host.name }, 'alice', 'it is ours', 0);
  await world.clock.pass(5 * SECOND);
  expect(readOrder(world.store.db, id)).toMatchObject({ outcome: 'refused', message: 'the line is cut' });
});

const ORDER = { kind: 'takeover', host: 'fake' } as const;
const BROKEN_OFF = { kind: 'blind', cause: 'link', reason: 'it was broken off' } as const;

/** By itself, with a host that answers as `scheduler` says. */
function bench(scheduler: Partial<Scheduler> = {}) {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  const own = createBench(world, scheduler);
  const take = () => own.run(ORDER, ({ book, hosts, row, deed }) => takeOverRoot(book, hosts, row, ORDER, deed));
  return { world, take, ...own };
}

test('a root that is taken over is worked in at once, and never before the order is closed', async () => {
  const { take, asked } = bench();
  const order = take();
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'done', message: 'the root of fake is ours; work begins there now' });
  expect(asked).toEqual(['retry fake']);
});

test('a takeover that does not come back is bound by half a minute, and says meanwhile what is done', async () => {
  const { world, take, asked } = bench({ takeOver: (signal) => never(BROKEN_OFF)(signal) });
  const order = take();
  expect(order.row().progress?.doing).toBe('the root of fake is being taken over');
  await world.clock.pass(29 * SECOND);
  expect(order.row()).toMatchObject({ outcome: null });
  await world.clock.pass(2 * SECOND);
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'refused', message: 'it was broken off' });
  expect(asked).toEqual([]);
});

test('a daemon that stops during a takeover leaves the order open', async () => {
  const { take, asked } = bench({ takeOver: (signal) => never(BROKEN_OFF)(signal) });
  const order = take();
  order.deed.abort();
  expect(await order.outcome).not.toBe('closed');
  expect(order.row()).toMatchObject({ outcome: null });
  expect(asked).toEqual([]);
});

test('a root that lacks what lies in the old one is not taken over: nothing is asked of the host', async () => {
  let taken = 0;
  const { world, take } = bench({
    takeOver: () => {
      taken += 1;
      return Promise.resolve(BROKEN_OFF);
    },
  });
  world.supervisor.start();
  world.admit('case');
  await world.clock.pass(20 * SECOND);
  await stop(world);
  world.store.write((tx) => writeMeta(tx, 'root:fake', '/before'));
  const order = take();
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'refused', message: expect.stringContaining('lies in /before') });
  expect(taken).toBe(0);
});

test('a machine on which jobs of a host that left the configuration lie is not worked in', async () => {
  const { world } = bench();
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  await stop(world);
  const { token } = readAttemptsOfCase(world.store.db, caseId)[0]!;
  const listed = { kind: 'listed', attempts: [], staging: [token] } as const;
  // the host that it was sent to is not in the configuration any more
  const renamed = createBench(world, { list: () => Promise.resolve(listed) });
  const order = renamed.run(ORDER, ({ book, hosts, row, deed }) =>
    takeOverRoot(book, { ...hosts, names: [] }, row, ORDER, deed),
  );
  await order.outcome;
  expect(order.row()).toMatchObject({ outcome: 'refused', message: expect.stringContaining('left the configuration') });
  expect(renamed.asked).toEqual([]);
});
