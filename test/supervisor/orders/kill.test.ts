import { expect, test } from 'vitest';

import { readAttemptsOfCase } from '../../../src/store/attempts.ts';
import { readOrder, recordOrder } from '../../../src/store/orders.ts';
import { readSlots } from '../../../src/store/slots.ts';
import type { Order } from '../../../src/domain/order.ts';
import type { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { killOrphan } from '../../../src/supervisor/orders/deeds/kill.ts';
import { createWorld } from '../world.ts';
import type { World } from '../world.ts';
import { createBench, never, stop } from './bench.ts';

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
  expect((await order(world, { kind: 'kill_orphan', token })).message).toContain('is unreachable');
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'quarantined', token }]);

  world.host.blind = null;
  world.host.isUnkillable = false;
  await world.clock.pass(60 * SECOND);
  expect(await order(world, { kind: 'kill_orphan', token })).toMatchObject({ outcome: 'done' });
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'free', token: null }]);
  expect(readAttemptsOfCase(world.store.db, caseId)).toMatchObject([{ proof: 'gone', orphan: null }]);
});

const GONE = { kind: 'gone', end: { kind: 'signalled', signal: 'KILL' }, queue: null } as const;
const BROKEN_OFF = { kind: 'blind', cause: 'link', reason: 'it was broken off' } as const;

/** An orphan whose slot is quarantined, and whose host answers a stop as `stopIt` says; nobody else takes up orders. */
async function orphaned(stopIt: Scheduler['stop']) {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  await order(world, { kind: 'abandon', caseId });
  await stop(world);
  const bench = createBench(world, { stop: stopIt });
  const attempt = () => readAttemptsOfCase(world.store.db, caseId)[0]!;
  const { token } = attempt();
  const kill = () => {
    const what = { kind: 'kill_orphan', token } as const;
    return bench.run(what, ({ book, hosts, row, deed }) => killOrphan(book, hosts, row, what, deed));
  };
  return { world, bench, attempt, kill, slot: () => readSlots(world.store.db)[0]! };
}

test('a stop that does not come back is bound by a minute; until then the order says what is done, and nothing is free', async () => {
  const { world, attempt, kill, slot } = await orphaned((_, __, signal) => never(BROKEN_OFF)(signal));
  const killing = kill();
  expect(killing.row()).toMatchObject({
    startedAt: expect.any(Number),
    progress: { doing: 'its processes are being ended' },
  });
  await world.clock.pass(59 * SECOND);
  expect(killing.row()).toMatchObject({ outcome: null });
  await world.clock.pass(2 * SECOND);
  await killing.outcome;
  expect(killing.row()).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining('it is not proven gone'),
  });
  expect(slot()).toMatchObject({ state: 'quarantined' });
  expect(attempt()).toMatchObject({ proof: null, orphan: expect.any(String) });
});

test('a daemon that stops while an orphan is being ended leaves the order open, and says nothing of a proof', async () => {
  const { attempt, kill, slot } = await orphaned((_, __, signal) => never(BROKEN_OFF)(signal));
  const killing = kill();
  killing.deed.abort();
  expect(await killing.outcome).not.toBe('closed');
  expect(killing.row()).toMatchObject({ outcome: null });
  expect(slot()).toMatchObject({ state: 'quarantined' });
  expect(attempt()).toMatchObject({ proof: null });
});

test('a proof that came in the moment of the stop is recorded all the same, in one transaction with the order', async () => {
  const { attempt, kill, slot } = await orphaned(() => Promise.resolve(GONE));
  const killing = kill();
  killing.deed.abort();
  expect(await killing.outcome).toBe('closed');
  expect(killing.row()).toMatchObject({ outcome: 'done' });
  expect(slot()).toMatchObject({ state: 'free' });
  expect(attempt()).toMatchObject({ proof: 'gone', orphan: null });
});

test('an orphan of a host that is awaited is waited for; of one that left the configuration it is refused by name', async () => {
  const { bench, kill } = await orphaned(() => Promise.resolve(GONE));
  bench.hosts.isAwaitedNow = true;
  const awaited = kill();
  expect(await awaited.outcome).not.toBe('closed');
  expect(awaited.row()).toMatchObject({ outcome: null, startedAt: null });
  bench.hosts.isAwaitedNow = false;
  bench.hosts.host = () => null;
  const left = kill();
  await left.outcome;
  expect(left.row()).toMatchObject({ outcome: 'refused', message: 'its host fake is not in the configuration' });
});

test('while an orphan is being ended other orders are carried out, and one about its slot waits for it', async () => {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  await order(world, { kind: 'abandon', caseId });
  const { token } = readAttemptsOfCase(world.store.db, caseId)[0]!;
  let end = (): void => {};
  world.host.stopping = new Promise((resolve) => (end = resolve));
  const killing = await order(world, { kind: 'kill_orphan', token });
  const clearing = await order(world, { kind: 'clear_slot', host: 'fake', slot: 'gpu' });
  const other = world.admit('other');
  expect(await order(world, { kind: 'cancel', caseId: other })).toMatchObject({ outcome: 'done' });
  const now = (id: number) => readOrder(world.store.db, id)!;
  expect([now(killing.id).outcome, now(clearing.id).outcome]).toEqual([null, null]);
  end();
  await world.clock.pass(5 * SECOND);
  expect(now(killing.id)).toMatchObject({ outcome: 'done' });
  expect(now(clearing.id)).toMatchObject({ outcome: 'refused', message: expect.stringContaining('not quarantined') });
});
