import { expect, onTestFinished, test } from 'vitest';

import type { Store } from '../../../src/store/database.ts';
import { readHost, resetHost } from '../../../src/store/hosts.ts';
import { openStore } from '../../../src/store/open.ts';
import { spellsSince } from '../../../src/store/spells.ts';
import { lastingTroubles } from '../../../src/store/troubles.ts';
import { createHostRecord } from '../../../src/supervisor/host/record.ts';
import { createTroubles } from '../../../src/supervisor/troubles.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { NODE } from './sweeps/bench.ts';

const SECOND = 1_000;

function world() {
  const opened = openStore(':memory:');
  onTestFinished(() => opened.close());
  const clock = new VirtualClock();
  let isFull = false;
  const store: Store = {
    ...opened,
    write: (work) => {
      if (isFull) throw new Error('database or disk is full');
      return opened.write(work);
    },
  };
  const warned: string[] = [];
  const say = (): void => {};
  const log = { debug: say, info: say, warn: (_: unknown, message: string) => void warned.push(message), error: say };
  opened.write((tx) => resetHost(tx, 'fake', clock.now()));
  const troubles = createTroubles({ store: opened, clock, log: { ...log, warn: say } });
  const record = createHostRecord({ host: 'fake', root: '/r', store, clock, log, troubles });
  return {
    clock,
    record,
    warned,
    fill: (full: boolean) => void (isFull = full),
    row: () => readHost(opened.db, 'fake')!,
    spells: () => spellsSince(opened.db, 0),
    troubles: () => lastingTroubles(opened.db).map(({ what }) => what),
    lose: (reason = 'no route') => record.lost({ cause: 'link', reason, retryAt: clock.now() + SECOND }, clock.now()),
    answer: () => record.answered(NODE, [], clock.now()),
  };
}

test('a host is unreachable since it was first lost, whatever it answers, until all there was reconciled', async () => {
  const { clock, lose, answer, row, record, spells } = world();
  answer();
  record.proven(clock.now());
  await clock.pass(60 * SECOND);
  const lostAt = clock.now();
  lose();
  for (let round = 0; round < 3; round += 1) {
    await clock.pass(10 * SECOND);
    record.write({ state: 'connecting' });
    lose();
    await clock.pass(10 * SECOND);
    answer();
    lose();
  }
  answer();
  expect(row()).toMatchObject({ state: 'online', since: lostAt, cause: 'link', reconciledAt: null });
  const backAt = clock.now();
  record.proven(backAt);
  expect(row()).toMatchObject({ state: 'online', since: backAt, cause: null, reason: null, reconciledAt: backAt });
  expect(spells()).toMatchObject([{ since: lostAt, endedAt: backAt, times: 7 }]);
});

test('that it is lost is logged once for each reason, and again when it had come back', () => {
  const { lose, record, clock, warned } = world();
  lose();
  lose();
  lose('connection refused');
  record.proven(clock.now());
  lose('connection refused');
  expect(warned).toEqual([
    'host fake is unreachable: no route',
    'host fake is unreachable: connection refused',
    'host fake is unreachable: connection refused',
  ]);
});

test('what a full disk kept from being written is owed, named, and goes with the next write', () => {
  const { lose, answer, row, record, fill, troubles } = world();
  fill(true);
  expect(lose()).toBe(null);
  expect([record.isWritten(), row().state, troubles()]).toEqual([false, 'connecting', ['recording']]);
  answer();
  fill(false);
  record.write({ notices: ['a queue is paused'] });
  expect(row()).toMatchObject({ state: 'online', cause: 'link', notices: ['a queue is paused'] });
  expect([record.isWritten(), troubles()]).toEqual([true, []]);
});

test('that it is seen is written now and then; what is new of it at once', async () => {
  const { clock, record, row, answer, warned } = world();
  answer();
  const seenAt = (): number => row().lastSeenAt! - clock.now();
  record.seen(NODE, []);
  await clock.pass(9 * SECOND);
  record.seen(NODE, []);
  expect(seenAt()).toBe(-9 * SECOND);
  record.seen(NODE, ['a queue is paused']);
  expect([seenAt(), row().notices]).toEqual([0, ['a queue is paused']]);
  await clock.pass(10 * SECOND);
  record.seen(NODE, ['a queue is paused']);
  expect(seenAt()).toBe(0);
  expect(warned).toEqual(['fake: a queue is paused']);
});

test('a host that was lost, and proven, while nothing could be written is not left with a reason', () => {
  const { clock, lose, answer, row, record, fill } = world();
  answer();
  record.proven(clock.now());
  fill(true);
  lose();
  answer();
  fill(false);
  record.proven(clock.now());
  expect(row()).toMatchObject({ state: 'online', since: clock.now(), cause: null, reason: null });
  expect(row().reconciledAt).toBe(clock.now());
});
