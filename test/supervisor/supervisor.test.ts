import { expect, test } from 'vitest';

import { readAttemptsOfCase } from '../../src/store/attempts.ts';
import { readCase } from '../../src/store/cases.ts';
import type { CaseRow } from '../../src/store/cases.ts';
import { readSlots } from '../../src/store/slots.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

const row = (world: World, id: string): CaseRow => readCase(world.store.db, id)!;

/** A world whose first case is at work. */
async function atWork(limitMs = HOUR): Promise<World & { readonly id: string; readonly token: string }> {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs });
  world.supervisor.start();
  const id = world.admit('case');
  await world.clock.pass(20 * SECOND);
  const { phase, token } = row(world, id);
  expect(phase).toBe('executing');
  return { ...world, id, token: token! };
}

test('a stop waits for the answer to a creation, but not for ever: what was not answered is interrupted at the next start', async () => {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: HOUR });
  world.host.creates = 'never';
  world.supervisor.start();
  const id = world.admit('case');
  await world.clock.pass(5 * SECOND);
  expect(row(world, id).phase).toBe('creating');
  let stopped = false;
  void world.supervisor.stop().then(() => (stopped = true));
  await world.clock.pass(10 * SECOND);
  expect(stopped).toBe(false);
  await world.clock.pass(20 * SECOND);
  expect(stopped).toBe(true);
  expect(row(world, id).state).toBe('submitting');

  const next = createWorld({ observeEveryMs: 10 * SECOND, limitMs: HOUR, store: world.store });
  next.supervisor.start();
  expect(row(world, id)).toMatchObject({ state: 'failed', failure: { kind: 'interrupted' } });
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'free' }]);
});

test('processes that outlive their job keep its slot for half a minute; then they are ended, and the verdict is the one of the job', async () => {
  const world = await atWork();
  const { clock, host, store, id, token } = world;
  const next = world.admit('next');
  host.lingering.add(token);
  host.jobs.set(token, { kind: 'exited', exitCode: 0 });
  await clock.pass(25 * SECOND);
  expect(row(world, id)).toMatchObject({ phase: 'executing', failure: null });
  expect(row(world, next).phase).toBe('staged');
  await clock.pass(30 * SECOND);
  expect(row(world, id).state).toBe('completed');
  expect(readAttemptsOfCase(store.db, id)).toMatchObject([{ proof: 'gone', end: { kind: 'exited', exitCode: 0 } }]);
  expect(row(world, next).phase).toBe('executing');
});

test('a receipt of exit 0 wins over a limit that has just passed', async () => {
  const world = await atWork(60 * SECOND);
  const { clock, host, id, token } = world;
  await clock.pass(35 * SECOND);
  host.jobs.set(token, { kind: 'exited', exitCode: 0 });
  await clock.pass(60 * SECOND);
  expect(row(world, id).state).toBe('completed');
});

test('the limit counts what was seen: an unreachable hour counts nothing', async () => {
  const world = await atWork(3 * 60 * SECOND);
  const { clock, host, id } = world;
  await clock.pass(60 * SECOND);
  host.blind = { kind: 'blind', cause: 'queue', reason: 'the queue daemon is down' };
  await clock.pass(HOUR);
  expect(row(world, id)).toMatchObject({ phase: 'executing', blindCause: 'queue', failure: null });
  host.blind = null;
  await clock.pass(90 * SECOND);
  expect(row(world, id)).toMatchObject({ phase: 'executing', blindCause: null, failure: null });
  await clock.pass(120 * SECOND);
  expect(row(world, id).failure).toMatchObject({ kind: 'timed_out' });
});
