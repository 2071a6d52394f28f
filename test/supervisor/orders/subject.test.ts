import { expect, test } from 'vitest';

import type { Order } from '../../../src/domain/order.ts';
import { readAttemptsOfCase } from '../../../src/store/attempts.ts';
import { Line, subjectOf } from '../../../src/supervisor/orders/subject.ts';
import type { Subject } from '../../../src/supervisor/orders/subject.ts';
import { createWorld } from '../world.ts';
import { SECOND, ordered } from './given.ts';

function meet(one: Subject, other: Subject): boolean {
  const line = new Line<string>();
  line.add(one, 'one');
  return line.inTheWayOf(other).length > 0;
}

test('orders wait for each other only when they are about the same case, slot, attempt or host', async () => {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  await ordered(world, { kind: 'abandon', caseId }, 5 * SECOND);
  const { token } = readAttemptsOfCase(world.store.db, caseId)[0]!;
  const orders: Readonly<Record<string, Order>> = {
    retry: { kind: 'retry', caseId, limitMs: null },
    cancel: { kind: 'cancel', caseId },
    'cancel of another': { kind: 'cancel', caseId: 'another' },
    kill: { kind: 'kill_orphan', token },
    'kill of another': { kind: 'kill_orphan', token: 'another' },
    clear: { kind: 'clear_slot', host: 'fake', slot: 'gpu' },
    'clear of another': { kind: 'clear_slot', host: 'fake', slot: 'another' },
    takeover: { kind: 'takeover', host: 'fake' },
    'takeover of another': { kind: 'takeover', host: 'another' },
    admit: { kind: 'admit', path: 'folder', asDone: false },
    'admit all': { kind: 'admit', path: null, asDone: true },
  };
  const names = Object.keys(orders);
  const subjects = new Map(names.map((name) => [name, subjectOf(world.store.db, orders[name]!)]));
  const pairs = names.flatMap((one, index) =>
    names.slice(index + 1).flatMap((other) => {
      const [a, b] = [subjects.get(one)!, subjects.get(other)!];
      expect([one, other, meet(a, b)]).toEqual([one, other, meet(b, a)]);
      return meet(a, b) ? [`${one} + ${other}`] : [];
    }),
  );
  expect(pairs).toEqual([
    'retry + cancel',
    'retry + kill',
    'cancel + kill',
    'kill + clear',
    'kill + takeover',
    'clear + takeover',
    'clear of another + takeover',
    'admit + admit all',
  ]);
});

test('a line of very many orders is gone through in no time, and an order about another case waits for none of them', () => {
  const line = new Line<number>();
  for (let n = 0; n < 50_000; n++) {
    const subject = { owns: [`case/${n}`], shares: [] };
    expect(line.inTheWayOf(subject)).toEqual([]);
    line.add(subject, n);
  }
  expect(line.inTheWayOf({ owns: ['case/7'], shares: [] })).toEqual([7]);
  expect(line.inTheWayOf({ owns: ['case/another'], shares: [] })).toEqual([]);
});
