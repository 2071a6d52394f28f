import { expect, test } from 'vitest';

import { readOrder, recordOrder } from '../../../src/store/orders.ts';
import { createWorld } from '../world.ts';

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
