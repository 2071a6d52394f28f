import { expect, onTestFinished, test } from 'vitest';

import { forgetJournal } from '../../src/store/history.ts';
import { appendJournal, readJournal } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open.ts';
import { countFinals, journalLength } from '../../src/store/queries.ts';
import { admitCase } from '../../src/supervisor/case/admit.ts';
import { commitEvent } from '../../src/supervisor/case/commit.ts';

const DAY = 24 * 3_600_000;

/** A case that was cancelled at `at`, or lives. */
function site() {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const add = (id: string, at: number, isOver: boolean): void =>
    store.write((tx) => {
      admitCase(tx, id, { path: `/new/${id}`, name: id, fingerprint: 'f', files: 1, sizeBytes: 1 }, DAY, at);
      if (isOver) commitEvent(tx, id, { type: 'operator.cancelled', by: 'ada', why: 'a typo' }, null, at);
    });
  const rows = (id: string): number => readJournal(store.db, id).length;
  return { store, add, rows };
}

test('the journal of a case goes once the case has been over for long enough; a live one keeps all of it', () => {
  const { store, add, rows } = site();
  add('old', 1 * DAY, true);
  add('live', 1 * DAY, false);
  add('new', 5 * DAY, true);
  store.write((tx) => forgetJournal(tx, 1 * DAY, 0, 100));
  expect([rows('old'), rows('live'), rows('new')]).toEqual([2, 1, 2]);
  store.write((tx) => forgetJournal(tx, 5 * DAY, 0, 100));
  expect([rows('old'), rows('live'), rows('new')]).toEqual([0, 1, 2]);
});

test('no more than so many rows are looked through at once, the oldest first, and it goes on from there', () => {
  const { store, add, rows } = site();
  add('a', 1 * DAY, true);
  add('b', 2 * DAY, true);
  add('live', 3 * DAY, false);
  expect(store.write((tx) => forgetJournal(tx, 9 * DAY, 0, 3))).toBe(3);
  expect([rows('a'), rows('b')]).toEqual([0, 1]);
  expect(store.write((tx) => forgetJournal(tx, 9 * DAY, 3, 3))).toBe(null);
  expect([rows('b'), rows('live')]).toEqual([0, 1]);
});

test('no counter goes back when rows are forgotten, and none is counted twice', () => {
  const { store, add } = site();
  add('a', 1 * DAY, true);
  add('b', 2 * DAY, true);
  store.write((tx) =>
    appendJournal(tx, {
      caseId: 'a',
      attempt: 1,
      at: 1 * DAY,
      event: 'results.collected',
      fromPhase: 'collecting',
      toPhase: 'completed',
      detail: {},
    }),
  );
  const counted = { finals: countFinals(store.db), length: journalLength(store.db) };
  expect(counted).toEqual({ finals: { completed: 1, failed: new Map([['cancelled', 2]]) }, length: 5 });
  for (let after: number | null = 0; after !== null;) {
    const from: number = after;
    after = store.write((tx) => forgetJournal(tx, 9 * DAY, from, 2));
    expect({ finals: countFinals(store.db), length: journalLength(store.db) }).toEqual(counted);
  }
  expect(readJournal(store.db, 'a')).toEqual([]);
});
