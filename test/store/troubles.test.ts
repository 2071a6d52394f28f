import { expect, onTestFinished, test } from 'vitest';

import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/database.ts';
import {
  SAME_TROUBLE_MS,
  beginTroubles,
  endTrouble,
  endTroublesOf,
  forgetTroubles,
  lastingTroubles,
  noteTrouble,
  troublesOf,
} from '../../src/store/troubles.ts';
import { troubles } from '../../src/store/schema.ts';

const ATTEMPT = { kind: 'attempt', host: 'gpu1', token: 'mqi-lab-c7-1-aa' } as const;
const OTHER = { kind: 'attempt', host: 'gpu1', token: 'mqi-lab-c8-1-aa' } as const;
const HOST = { kind: 'host', host: 'gpu1' } as const;
const DAY = 24 * 3_600_000;

function store(): Store {
  const opened = openStore(':memory:');
  onTestFinished(() => opened.close());
  return opened;
}
const note = (to: Store, at: number, reason = 'disk full', subject: typeof ATTEMPT | typeof OTHER = ATTEMPT): boolean =>
  to.write((tx) => noteTrouble(tx, subject, 'unremoved', reason, at));
const end = (to: Store, at: number): void => to.write((tx) => endTrouble(tx, ATTEMPT, 'unremoved', at));

test('a trouble begins once, keeps its beginning, and has its latest reason', () => {
  const one = store();
  expect(note(one, 1_000)).toBe(true);
  expect(note(one, 5_000, 'not writable')).toBe(false);
  expect(lastingTroubles(one.db)).toEqual([
    {
      subject: 'attempt/mqi-lab-c7-1-aa',
      what: 'unremoved',
      host: 'gpu1',
      token: 'mqi-lab-c7-1-aa',
      reason: 'not writable',
      since: 1_000,
      last: 5_000,
      times: 1,
      overAt: null,
    },
  ]);
});

test('one that comes again soon after it was over goes on, and counts how often; later it is a new one', () => {
  const one = store();
  note(one, 1_000);
  end(one, 2_000);
  expect(lastingTroubles(one.db)).toEqual([]);
  expect(note(one, 2_000 + SAME_TROUBLE_MS - 1)).toBe(false);
  expect(lastingTroubles(one.db)).toMatchObject([{ since: 1_000, times: 2 }]);
  end(one, 3_000_000);
  expect(note(one, 3_000_000 + SAME_TROUBLE_MS)).toBe(true);
  expect(lastingTroubles(one.db)).toMatchObject([{ since: 3_000_000 + SAME_TROUBLE_MS, times: 1 }]);
});

test('what was over keeps the moment at which it was', () => {
  const one = store();
  note(one, 1_000);
  end(one, 2_000);
  end(one, 9_000);
  expect(one.db.select().from(troubles).all()).toMatchObject([{ overAt: 2_000 }]);
});

test('a trouble is of one thing and one kind: another of either is another trouble', () => {
  const one = store();
  note(one, 1_000);
  note(one, 2_000, 'disk full', OTHER);
  one.write((tx) => noteTrouble(tx, ATTEMPT, 'unswept', 'busy', 3_000));
  one.write((tx) => noteTrouble(tx, HOST, 'gpus', 'disk full', 4_000));
  expect(lastingTroubles(one.db).map(({ subject, what }) => `${subject} ${what}`)).toEqual([
    'attempt/mqi-lab-c7-1-aa unremoved',
    'attempt/mqi-lab-c8-1-aa unremoved',
    'attempt/mqi-lab-c7-1-aa unswept',
    'host/gpu1 gpus',
  ]);
  expect(troublesOf(one.db, ATTEMPT).map(({ what }) => what)).toEqual(['unremoved', 'unswept']);
  one.write((tx) => endTroublesOf(tx, ATTEMPT, 5_000));
  expect(lastingTroubles(one.db).map(({ subject }) => subject)).toEqual(['attempt/mqi-lab-c8-1-aa', 'host/gpu1']);
});

test('a start-up is in no trouble yet, but for cases that are blocked; what is met again goes on', () => {
  const one = store();
  note(one, 1_000);
  one.write((tx) => noteTrouble(tx, ATTEMPT, 'blocked', 'tar is missing', 1_000));
  one.write((tx) => beginTroubles(tx, 2_000));
  expect(lastingTroubles(one.db).map(({ what }) => what)).toEqual(['blocked']);
  expect(note(one, 3_000)).toBe(false);
  expect(troublesOf(one.db, ATTEMPT).map(({ since }) => since)).toEqual([1_000, 1_000]);
});

test('what was over for a day is forgotten, and nothing that lasts is', () => {
  const one = store();
  note(one, 1_000);
  note(one, 1_000, 'disk full', OTHER);
  end(one, 2_000);
  one.write((tx) => forgetTroubles(tx, 2_000 + DAY));
  expect(one.db.select().from(troubles).all()).toHaveLength(2);
  one.write((tx) => forgetTroubles(tx, 2_001 + DAY));
  expect(one.db.select().from(troubles).all()).toMatchObject([{ token: OTHER.token }]);
});
