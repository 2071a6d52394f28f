import { expect, onTestFinished, test } from 'vitest';

import { DAEMON } from '../../src/domain/trouble.ts';
import type { Store } from '../../src/store/database.ts';
import { openStore } from '../../src/store/open.ts';
import { lastingTroubles, noteTrouble } from '../../src/store/troubles.ts';
import { createTroubles } from '../../src/supervisor/troubles.ts';
import { VirtualClock } from './virtual-clock.ts';

function bench() {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = new VirtualClock();
  const said: string[] = [];
  const say = (_: unknown, message: string): void => void said.push(message);
  let isFull = false;
  const failing: Store = {
    ...store,
    write: (work) => {
      if (isFull) throw new Error('database or disk is full');
      return store.write(work);
    },
  };
  const open = () => createTroubles({ store: failing, clock, log: { debug: say, info: say, warn: say, error: say } });
  return { store, clock, said, open, fill: (full: boolean) => void (isFull = full) };
}
const HOST = { kind: 'host', host: 'gpu1' } as const;

test('a trouble is logged when it begins, when its reason changes, and when it is over: not each time it is met', async () => {
  const { said, open, clock } = bench();
  const troubles = open();
  for (let met = 0; met < 5; met += 1) {
    troubles.note(HOST, 'reconciling', new Error('disk full'));
    await clock.pass(1_000);
  }
  troubles.note(HOST, 'reconciling', 'no such table');
  troubles.over(HOST, 'reconciling');
  troubles.over(HOST, 'reconciling');
  expect(said).toEqual([
    'the host cannot be compared with the database (gpu1): disk full',
    'the host cannot be compared with the database (gpu1): no such table',
    'over: the host cannot be compared with the database (gpu1)',
  ]);
});

test('it is recorded from its begin to its end, and when it was last met at most a minute late', async () => {
  const { store, clock, open } = bench();
  const troubles = open();
  const begun = clock.now();
  troubles.note(HOST, 'gpus', 'disk full');
  await clock.pass(59_000);
  troubles.note(HOST, 'gpus', 'disk full');
  expect(lastingTroubles(store.db)).toMatchObject([{ since: begun, last: begun }]);
  await clock.pass(1_000);
  troubles.note(HOST, 'gpus', 'disk full');
  expect(lastingTroubles(store.db)).toMatchObject([{ since: begun, last: begun + 60_000, times: 1 }]);
  troubles.over(HOST, 'gpus');
  expect(lastingTroubles(store.db)).toEqual([]);
});

test('what a full disk kept from being written is written with the next trouble, or the next end of one', () => {
  const { store, open, fill, said } = bench();
  const troubles = open();
  fill(true);
  troubles.note(DAEMON, 'database', 'database or disk is full');
  expect(lastingTroubles(store.db)).toEqual([]);
  expect(said).toHaveLength(1);
  fill(false);
  troubles.over(HOST, 'gpus');
  expect(lastingTroubles(store.db)).toMatchObject([{ subject: 'daemon', what: 'database' }]);
  fill(true);
  troubles.over(DAEMON, 'database');
  expect(lastingTroubles(store.db)).toHaveLength(1);
  fill(false);
  troubles.over(DAEMON, 'database');
  expect(lastingTroubles(store.db)).toEqual([]);
});

test('what the daemon before was in trouble with is not told as lasting, until it is met again', () => {
  const { store, clock, open } = bench();
  const since = clock.now() - 1_000;
  store.write((tx) => noteTrouble(tx, HOST, 'gpus', 'disk full', since));
  const troubles = open();
  expect(lastingTroubles(store.db)).toEqual([]);
  troubles.note(HOST, 'gpus', 'disk full');
  expect(lastingTroubles(store.db)).toMatchObject([{ since }]);
});
