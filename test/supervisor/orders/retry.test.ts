import { expect, test } from 'vitest';

import { readCase, updateCase } from '../../../src/store/cases.ts';
import { readJournal } from '../../../src/store/journal.ts';
import { openStore } from '../../../src/store/open.ts';
import { attempts } from '../../../src/store/schema.ts';
import { closeOrder } from '../../../src/store/orders.ts';
import { Folders, SECOND, give, orderRow, ordered, overCase, worldWith } from './given.ts';
import type { World } from '../world.ts';

const retry = (caseId: string) => ({ kind: 'retry', caseId, limitMs: null }) as const;

/** A world in which the folder of a case that is over is being read for a retry. */
async function reading(options: Parameters<typeof worldWith>[1] = {}) {
  const folders = new Folders();
  const world = worldWith(folders, options);
  world.supervisor.start();
  const caseId = await overCase(world, 'case');
  const id = give(world, retry(caseId));
  await world.clock.pass(SECOND);
  expect(folders.readings.map((one) => one.path)).toEqual(['/cases/case']);
  return { world, folders, caseId, id };
}

const attemptOf = (world: World, caseId: string): number => readCase(world.store.db, caseId)!.attempt;

test('a folder that is being read for a retry holds nobody up: the pulse beats, and other orders are carried out', async () => {
  let beats = 0;
  const { world, folders, id } = await reading({ tick: () => Promise.resolve(void (beats += 1)) });
  const before = beats;
  const other = world.admit('other');
  expect(await ordered(world, { kind: 'limit', caseId: other, limitMs: 60 * SECOND })).toMatchObject({
    outcome: 'done',
  });
  expect(await ordered(world, { kind: 'cancel', caseId: other })).toMatchObject({ outcome: 'done' });
  await world.clock.pass(60 * SECOND);
  expect(beats - before).toBeGreaterThan(250);
  expect(orderRow(world, id).outcome).toBeNull();
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done', message: 'attempt 2 waits for its turn' });
});

test('how far the reading is stands in the order, and is written at most once a second', async () => {
  const { world, folders, id } = await reading();
  expect(orderRow(world, id)).toMatchObject({
    startedAt: expect.any(Number),
    progress: { doing: 'its folder is being read for a retry', moved: 0, total: 1 },
  });
  const written = new Set<number>();
  for (let moved = 1; moved <= 100; moved++) {
    folders.last.onRead(moved, 100);
    await world.clock.pass(SECOND / 10);
    written.add(orderRow(world, id).progress!.moved);
  }
  expect(written.size).toBeGreaterThanOrEqual(9);
  expect(written.size).toBeLessThanOrEqual(11);
  expect(orderRow(world, id).progress?.total).toBe(100);
});

test('a folder that has not moved for half a minute says so; the order stays open, and is carried out once it was read', async () => {
  const { world, folders, id } = await reading();
  folders.last.onRead(7, 40);
  await world.clock.pass(29 * SECOND);
  expect(orderRow(world, id).progress?.doing).toBe('its folder is being read for a retry');
  await world.clock.pass(2 * SECOND);
  expect(orderRow(world, id).progress).toMatchObject({
    doing: 'its folder is being read for a retry (nothing has moved for 30s)',
    moved: 7,
  });
  await world.clock.pass(3_600 * SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: null });
  expect(orderRow(world, id).progress?.doing).toContain('nothing has moved for 58m');
  folders.last.onRead(8, 40);
  expect(orderRow(world, id).progress?.doing).toBe('its folder is being read for a retry');
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
});

test.each(['cancel', 'abandon'] as const)(
  'a %s of a case whose folder is being read calls the retry off, by name, and is done; the case stays as it was',
  async (kind) => {
    const { world, folders, caseId, id } = await reading();
    const before = readCase(world.store.db, caseId);
    const cancel = await ordered(world, { kind, caseId });
    expect(cancel).toMatchObject({
      outcome: 'done',
      message: `its retry (order #${id}) is cancelled; the case stays failed`,
    });
    expect(orderRow(world, id)).toMatchObject({
      outcome: 'cancelled',
      message: `cancelled by alice (order #${cancel.id}: a test), before its attempt began`,
    });
    expect(folders.last.signal.aborted).toBe(true);
    folders.last.end();
    await world.clock.pass(60 * SECOND);
    expect(readCase(world.store.db, caseId)).toEqual(before);
    expect(folders.readings).toHaveLength(1);
  },
);

test('a second cancel has nothing to call off any more, and is refused as ever', async () => {
  const { world, caseId, id } = await reading();
  const [first, second] = [give(world, { kind: 'cancel', caseId }), give(world, { kind: 'cancel', caseId })];
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'cancelled' });
  expect(orderRow(world, first)).toMatchObject({ outcome: 'done' });
  expect(orderRow(world, second)).toMatchObject({ outcome: 'refused', message: 'it is failed already' });
});

test('a case that waits, held back by an orphan, is cancelled together with its retry', async () => {
  const folders = new Folders();
  const world = worldWith(folders);
  world.supervisor.start();
  const caseId = world.admit('case');
  world.host.blind = { kind: 'blind', cause: 'link', reason: 'the line is cut' };
  await world.clock.pass(20 * SECOND);
  const orphan = { token: 'mqi-found', caseId, number: 1, host: 'fake', limitMs: 1, createdAt: 0, orphan: 'it ended' };
  world.store.write(
    (tx) =>
      void tx
        .insert(attempts)
        .values({ ...orphan, proof: 'gone' })
        .run(),
  );
  const id = give(world, retry(caseId));
  await world.clock.pass(SECOND);
  expect(folders.readings).toHaveLength(1);
  expect(await ordered(world, { kind: 'cancel', caseId })).toMatchObject({
    outcome: 'done',
    message: 'it is being cancelled',
  });
  expect(orderRow(world, id)).toMatchObject({ outcome: 'cancelled' });
  expect(readCase(world.store.db, caseId)).toMatchObject({ state: 'failed', failure: { kind: 'cancelled' } });
});

test('a retry whose order was closed while its folder was read begins no attempt', async () => {
  const { world, folders, caseId, id } = await reading();
  world.store.write((tx) => closeOrder(tx, id, 'cancelled', 'by hand', world.clock.now()));
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'cancelled', message: 'by hand' });
  expect(attemptOf(world, caseId)).toBe(1);
});

test('a retry that waits for the folder of another is called off too, and is never read', async () => {
  const { world, folders, id } = await reading();
  const second = await overCase(world, 'second');
  const waits = await ordered(world, retry(second));
  expect(waits.outcome).toBeNull();
  expect(folders.readings).toHaveLength(1);
  expect(await ordered(world, { kind: 'cancel', caseId: second })).toMatchObject({ outcome: 'done' });
  expect(orderRow(world, waits.id)).toMatchObject({ outcome: 'cancelled' });
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
  expect(folders.readings).toHaveLength(1);
});

test('of two cases one folder is read at a time, and the next at once when the first was read', async () => {
  const { world, folders, id } = await reading();
  const second = await overCase(world, 'second');
  const waits = await ordered(world, retry(second));
  folders.readings[0]!.end();
  await world.clock.pass(0);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
  expect(folders.readings.map((one) => one.path)).toEqual(['/cases/case', '/cases/second']);
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, waits.id)).toMatchObject({ outcome: 'done' });
});

test('orders about the same case keep their order: a pause that was given after a retry is carried out after it', async () => {
  const { world, folders, caseId, id } = await reading();
  // nothing has room for it, so that it stays where it can be paused
  world.host.blind = { kind: 'blind', cause: 'link', reason: 'the line is cut' };
  const pause = await ordered(world, { kind: 'pause', caseId }, 30 * SECOND);
  expect(pause.outcome).toBeNull();
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
  expect(orderRow(world, pause.id)).toMatchObject({ outcome: 'done' });
  expect(readCase(world.store.db, caseId)).toMatchObject({ phase: 'waiting', attempt: 2, paused: true });
});

test('a case that moved on while its folder was read is refused by name', async () => {
  const { world, folders, caseId, id } = await reading();
  world.store.write((tx) => {
    const row = readCase(tx, caseId)!;
    updateCase(tx, row, { entry: row.entry + 1, updatedAt: world.clock.now() });
  });
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({
    outcome: 'refused',
    message: 'the case moved on meanwhile; look again: mqi cases show',
  });
  expect(attemptOf(world, caseId)).toBe(1);
});

test('a case that is under way, or unknown, is refused by name, and nothing is read', async () => {
  const folders = new Folders();
  const world = worldWith(folders);
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  expect(await ordered(world, retry(caseId))).toMatchObject({
    outcome: 'refused',
    message: `it is executing: only a case that is over can be retried (mqi cases cancel ${caseId})`,
  });
  expect(folders.readings).toEqual([]);
});

test('a disk that says no leaves the order open, says so, and is asked again', async () => {
  const { world, folders, caseId, id } = await reading();
  folders.last.answer({ kind: 'blind', reason: 'it cannot be read now (EIO)' });
  await world.clock.pass(5 * SECOND);
  expect(orderRow(world, id)).toMatchObject({
    outcome: null,
    progress: { doing: 'its folder cannot be read for a retry: it cannot be read now (EIO)' },
  });
  expect(folders.readings).toHaveLength(1);
  await world.clock.pass(30 * SECOND);
  expect(folders.readings).toHaveLength(2);
  folders.last.end();
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done' });
  expect(attemptOf(world, caseId)).toBe(2);
});

test('a folder that waits because the read of another has not come back says so, and then how far it is', async () => {
  const { world, folders, id } = await reading();
  folders.last.onWait();
  expect(orderRow(world, id).progress?.doing).toMatch(/^it waits to be read for a retry: .* does not answer$/);
  folders.last.onRead(1, 40);
  expect(orderRow(world, id).progress).toMatchObject({ doing: 'its folder is being read for a retry', moved: 1 });
});

test('a folder that cannot be a case refuses the retry, with the reason', async () => {
  const { world, folders, id } = await reading();
  folders.last.answer({ kind: 'rejected', reason: 'there is no folder /cases/case' });
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({
    outcome: 'refused',
    message: 'its folder cannot be taken: there is no folder /cases/case',
  });
});

test('a daemon that stops closes no retry, and the next one carries it out, once', async () => {
  const store = openStore(':memory:');
  const { world, folders, caseId, id } = await reading({ store });
  const stopped = world.supervisor.stop();
  await world.clock.pass(0);
  await stopped;
  expect(folders.last.signal.aborted).toBe(true);
  expect(orderRow(world, id)).toMatchObject({ outcome: null });

  const next = new Folders();
  const later = worldWith(next, { store });
  later.supervisor.start();
  await later.clock.pass(SECOND);
  next.last.end();
  await later.clock.pass(SECOND);
  expect(orderRow(later, id)).toMatchObject({ outcome: 'done', message: 'attempt 2 waits for its turn' });
  await later.clock.pass(60 * SECOND);
  expect(readJournal(store.db, caseId).filter((entry) => entry.event === 'operator.retried')).toHaveLength(1);
  expect(next.readings).toHaveLength(1);
});
