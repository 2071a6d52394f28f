import { expect, test } from 'vitest';

import { readCase } from '../../src/store/cases.ts';
import { journal } from '../../src/store/schema.ts';
import { spellsSince } from '../../src/store/spells.ts';
import { createWorld } from './world.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

test('a week of one case, looked at every ten seconds and unreachable for an hour a day, adds nothing to its journal, and a row for each unreachable hour to that of the host', async () => {
  // as coarse as the interval itself: the shorter pauses of the supervisor only cost this test time
  const { clock, host, store, supervisor, admit } = createWorld({
    observeEveryMs: 10 * SECOND,
    coarseMs: 10 * SECOND,
    limitMs: 365 * DAY,
  });
  const rows = (): number => store.db.select({ id: journal.id }).from(journal).all().length;
  supervisor.start();
  const id = admit('case');
  await clock.pass(HOUR);
  expect(readCase(store.db, id)?.phase).toBe('executing');
  const begun = rows();
  const looks = host.looks;

  await clock.pass(DAY);
  expect(rows(), 'a day of looks that see nothing new').toBe(begun);
  for (let day = 2; day <= 7; day += 1) {
    await clock.pass(DAY - HOUR);
    host.blind = { kind: 'blind', cause: 'link', reason: 'the network is down' };
    await clock.pass(HOUR);
    expect(readCase(store.db, id)?.blindCause).toBe('link');
    host.blind = null;
  }
  await clock.pass(HOUR);

  expect(host.looks - looks).toBeGreaterThan(((7 * DAY - 6 * HOUR) / (10 * SECOND)) * 0.99);
  expect(rows()).toBe(begun);
  expect(spellsSince(store.db, 0).map(({ cause, endedAt }) => [cause, endedAt !== null])).toEqual(
    Array.from({ length: 6 }, () => ['link', true]),
  );
  // every hour in sight was counted, and none out of it: what the spells themselves took is less than a minute each
  const seen = HOUR + 7 * DAY - 6 * HOUR + HOUR;
  const { observedMs } = readCase(store.db, id)!;
  expect(observedMs).toBeLessThanOrEqual(seen);
  expect(observedMs).toBeGreaterThan(seen - 10 * 120 * SECOND);
});
