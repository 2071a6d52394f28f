import { expect, test } from 'vitest';

import { openStore } from '../../../src/store/open.ts';
import type { OrderedIntake } from '../../../src/supervisor/orders/orders.ts';
import { Folders, SECOND, give, orderRow, ordered, worldWith } from './given.ts';

const ALL = { kind: 'admit', path: null, asDone: false } as const;

/** An intake that admits when a test says so. */
function slowIntake() {
  const asked: (string | null)[] = [];
  const answers: ((outcome: Awaited<ReturnType<OrderedIntake['admit']>>) => void)[] = [];
  const admit: OrderedIntake['admit'] = ({ path }) => {
    asked.push(path);
    return new Promise((resolve) => void answers.push(resolve));
  };
  return { admit, asked, answers };
}

test('a big history that is let in holds nobody up: the pulse beats, other orders are carried out, and it says what it does', async () => {
  const intake = slowIntake();
  let beats = 0;
  const world = worldWith(new Folders(), { intake, tick: () => Promise.resolve(void (beats += 1)) });
  world.supervisor.start();
  const caseId = world.admit('case');
  const id = give(world, ALL);
  await world.clock.pass(SECOND);
  const before = beats;
  expect(await ordered(world, { kind: 'cancel', caseId })).toMatchObject({ outcome: 'done' });
  await world.clock.pass(60 * SECOND);
  expect(beats - before).toBeGreaterThan(250);
  expect(orderRow(world, id)).toMatchObject({ outcome: null, startedAt: expect.any(Number) });
  expect(orderRow(world, id).progress?.doing).toContain('folders are let in');
  intake.answers[0]!({ admitted: 400, message: '400 folders become cases' });
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: 'done', message: '400 folders become cases' });
});

test('orders to admit are carried out one after the other, as they were given', async () => {
  const intake = slowIntake();
  const world = worldWith(new Folders(), { intake });
  world.supervisor.start();
  give(world, { ...ALL, path: 'one' });
  give(world, { ...ALL, path: 'two' });
  await world.clock.pass(SECOND);
  expect(intake.asked).toEqual(['one']);
  intake.answers[0]!({ admitted: 1, message: 'one becomes a case' });
  await world.clock.pass(SECOND);
  expect(intake.asked).toEqual(['one', 'two']);
});

test('an order that admits nothing is refused, with the reason', async () => {
  const world = worldWith(new Folders());
  world.supervisor.start();
  expect(await ordered(world, ALL)).toMatchObject({ outcome: 'refused', message: 'nothing is held back' });
});

test('a daemon that stops leaves it open; the next one goes on, and does not call refused what had been done by then', async () => {
  const store = openStore(':memory:');
  const intake = slowIntake();
  const world = worldWith(new Folders(), { store, intake });
  world.supervisor.start();
  const id = give(world, ALL);
  await world.clock.pass(SECOND);
  const stopped = world.supervisor.stop();
  await world.clock.pass(0);
  await stopped;
  // what it comes to after the stop is nobody's
  intake.answers[0]!({ admitted: 400, message: '400 folders become cases' });
  await world.clock.pass(SECOND);
  expect(orderRow(world, id)).toMatchObject({ outcome: null });
  const next = slowIntake();
  const later = worldWith(new Folders(), { store, intake: next });
  later.supervisor.start();
  await later.clock.pass(SECOND);
  next.answers[0]!({ admitted: 0, message: 'no folder is held back' });
  await later.clock.pass(SECOND);
  expect(orderRow(later, id)).toMatchObject({
    outcome: 'done',
    message: 'it was begun before the daemon was restarted; no folder is held back',
  });
});
