import { expect, test } from 'vitest';

import { readAttemptsOfCase } from '../../../src/store/attempts.ts';
import { readOrder, recordOrder } from '../../../src/store/orders.ts';
import { readSlots } from '../../../src/store/slots.ts';
import type { Order } from '../../../src/domain/order.ts';
import { createWorld } from '../world.ts';
import type { World } from '../world.ts';

const SECOND = 1_000;

async function order(world: World, what: Order) {
  const id = recordOrder(world.store, what, 'alice', 'a wrong plan', world.clock.now());
  await world.clock.pass(5 * SECOND);
  return readOrder(world.store.db, id)!;
}

test('an orphan that is killed, and not proven gone, keeps its slot: the order says so, and the next one goes on', async () => {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  expect(await order(world, { kind: 'abandon', caseId })).toMatchObject({ outcome: 'done' });
  const [attempt] = readAttemptsOfCase(world.store.db, caseId);
  expect(attempt?.orphan).toContain('its job is executing');
  const { token } = attempt!;

  world.host.isUnkillable = true;
  const refused = await order(world, { kind: 'kill_orphan', token });
  expect(refused.outcome).toBe('refused');
  expect(refused.message).toContain('it is not proven gone: 1 process is left');
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'quarantined', token }]);
  expect(readAttemptsOfCase(world.store.db, caseId)).toMatchObject([{ proof: null }]);

  world.host.blind = { kind: 'blind', cause: 'link', reason: 'the line is cut' };
  await world.clock.pass(20 * SECOND);
  expect((await order(world, { kind: 'kill_orphan', token })).message).toContain('out of sight');
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'quarantined', token }]);

  world.host.blind = null;
  world.host.isUnkillable = false;
  await world.clock.pass(60 * SECOND);
  expect(await order(world, { kind: 'kill_orphan', token })).toMatchObject({ outcome: 'done' });
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'free', token: null }]);
  expect(readAttemptsOfCase(world.store.db, caseId)).toMatchObject([{ proof: 'gone', orphan: null }]);
});
