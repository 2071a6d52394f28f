import { expect, onTestFinished, test } from 'vitest';

import { insertAttempt } from '../../src/store/attempts.ts';
import type { Tx } from '../../src/store/database.ts';
import { openStore } from '../../src/store/open.ts';
import {
  adoptSlot,
  clearSlot,
  clearSlotsOfToken,
  freeSlots,
  freeSlotsOfCase,
  leaseSlot,
  quarantineSlot,
  quarantineSlotsOfCase,
  readSlots,
  syncSlots,
} from '../../src/store/slots.ts';
import { admitCase } from '../../src/supervisor/case/admit.ts';

const TOKEN = 'mqi-lab-one-1-aa';

function world() {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const found = { path: '/new/one', name: 'one', fingerprint: 'f', files: 1, sizeBytes: 1 };
  store.write((tx) => {
    syncSlots(tx, 'gpu1', ['a', 'b'], 1);
    admitCase(tx, 'one', found, 1_000, 1);
  });
  const row = { token: TOKEN, caseId: 'one', number: 1, host: 'gpu1', limitMs: 1, createdAt: 1 } as const;
  return {
    db: store.db,
    write: <T>(work: (tx: Tx) => T): T => store.write(work),
    orphan: (change: { readonly slot: string | null }) =>
      store.write((tx) => insertAttempt(tx, { ...row, orphan: 'it runs', ...change })),
    slots: () =>
      readSlots(store.db).map(({ name, state, configured }) => `${name} ${state}${configured ? '' : ', left'}`),
  };
}

test('a slot that left the configuration goes at once when it is free', () => {
  const { write, slots } = world();
  write((tx) => syncSlots(tx, 'gpu1', ['b'], 2));
  expect(slots()).toEqual(['b free']);
});

test('while somebody holds it, it stays and is named, and nobody else is leased it', () => {
  const { write, slots, db } = world();
  write((tx) => {
    leaseSlot(tx, 'gpu1', 'a', 'one', TOKEN, 2);
    syncSlots(tx, 'gpu1', ['b'], 3);
  });
  expect(slots()).toEqual(['a leased, left', 'b free']);
  expect(freeSlots(db, 'gpu1').map(({ name }) => name)).toEqual(['b']);
});

test.each([
  ['its case gives it back', (world: ReturnType<typeof create>) => world.write((tx) => freeSlotsOfCase(tx, 'one', 4))],
  [
    'an operator clears it, after its case was given up',
    (world: ReturnType<typeof create>) =>
      world.write((tx) => {
        quarantineSlotsOfCase(tx, 'one', 'abandoned', 4);
        clearSlot(tx, 'gpu1', 'a', 5);
      }),
  ],
  [
    'the attempt that it was quarantined for is proven',
    (world: ReturnType<typeof create>) =>
      world.write((tx) => {
        quarantineSlotsOfCase(tx, 'one', 'abandoned', 4);
        clearSlotsOfToken(tx, TOKEN, 5);
      }),
  ],
] as const)('it goes as soon as %s, without a restart; so do those of a host that left', (_, end) => {
  const left = create();
  end(left);
  expect(left.slots()).toEqual([]);
});

/** The host left the configuration, and a case holds a slot of it. */
function create() {
  const made = world();
  made.write((tx) => {
    leaseSlot(tx, 'gpu1', 'a', 'one', TOKEN, 2);
    syncSlots(tx, 'gpu1', [], 3);
  });
  expect(made.slots()).toEqual(['a leased, left']);
  return made;
}

test('one that comes back into the configuration is a slot as any other, still held', () => {
  const left = create();
  left.write((tx) => syncSlots(tx, 'gpu1', ['a'], 4));
  expect(left.slots()).toEqual(['a leased']);
  left.write((tx) => freeSlotsOfCase(tx, 'one', 5));
  expect(left.slots()).toEqual(['a free']);
});

test('nobody takes a slot from anybody: a second lease, and an adoption of a leased one, are refused', () => {
  const { write } = world();
  write((tx) => leaseSlot(tx, 'gpu1', 'a', 'one', TOKEN, 2));
  expect(() => write((tx) => leaseSlot(tx, 'gpu1', 'a', 'two', 't2', 3))).toThrow('slot gpu1/a is not free');
  expect(() => write((tx) => adoptSlot(tx, 'gpu1', 'a', 'two', 't2', 3))).toThrow('leased to another case');
  expect(write((tx) => quarantineSlot(tx, 'gpu1', 'a', 't2', 'why', 3))).toBe(false);
});

test.each([
  ['on this slot', 'a', ['a quarantined', 'b free']],
  ['on a slot that nobody knows', null, ['a quarantined', 'b free']],
  ['on another slot', 'b', ['a free', 'b free']],
] as const)('a slot that is given back goes to an orphan that sits %s, and to nobody else', (_, slot, after) => {
  const { write, slots, orphan } = world();
  orphan({ slot });
  write((tx) => {
    leaseSlot(tx, 'gpu1', 'a', 'one', 'other', 2);
    freeSlotsOfCase(tx, 'one', 3);
  });
  expect(slots()).toEqual(after);
});
