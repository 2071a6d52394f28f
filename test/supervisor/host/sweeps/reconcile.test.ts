import { expect, test } from 'vitest';

import type { Facts, Look, Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { holdingBack, recordProof } from '../../../../src/store/attempts.ts';
import { cases } from '../../../../src/store/schema.ts';
import { freeSlotsOfCase, leaseSlot } from '../../../../src/store/slots.ts';
import { createReconciling } from '../../../../src/supervisor/host/sweeps/reconcile.ts';
import { FakeHost } from '../../fake-host.ts';
import { NODE, createBench, factsOf } from './bench.ts';

const parts = { instance: 'lab', caseId: 'x', attempt: 1, random: 'aa' };

function world(facts: readonly Facts[], change: Partial<Scheduler> = {}) {
  const bench = createBench();
  const fake = new FakeHost({ observeEveryMs: 1_000, slots: ['a', 'b'], compared: false }).host;
  const found = new Map(facts.map((one) => [one.token, one]));
  const scheduler = bench.scheduler({
    list: () =>
      Promise.resolve({
        kind: 'listed',
        attempts: facts.map(({ token }) => ({ token, parts })),
        staging: ['mqi-lab-s-1-aa'],
      }),
    look: (tokens): Promise<Look> =>
      Promise.resolve({
        kind: 'looked',
        node: NODE,
        notices: [],
        facts: tokens.map((token) => found.get(token) ?? factsOf(token, { directory: 'absent' })),
      }),
    ...change,
  });
  const say = (): void => {};
  const warned: string[] = [];
  const reconciling = createReconciling({
    host: { ...fake, scheduler },
    store: bench.store,
    announce: () => {},
    clock: bench.clock,
    log: { debug: say, info: say, warn: (_, message) => void warned.push(message), error: say },
    troubles: bench.troubles,
    signal: new AbortController().signal,
  });
  return { ...bench, found, warned, runOnce: () => reconciling.runOnce() };
}
const dead = { proof: null, slot: 'a' } as const;
const [ONE, TWO] = ['mqi-lab-one-1-aa', 'mqi-lab-two-1-aa'];
const CLAIM = {
  kind: 'present',
  value: {
    by: 'job',
    node: 'fake',
    bootId: NODE.bootId,
    pidNamespace: '1',
    uid: 0,
    pid: 7,
    session: 7,
    startTicks: '7',
  },
} as const;

test.each([
  ['is unreadable', { unreadable: 'attempts/x cannot be searched by ada' }],
  ['has a claim that nobody can read', { claim: { kind: 'garbled', text: '???' } }],
  ['has an end that nobody can read', { claim: CLAIM, end: { kind: 'garbled', text: '' } }],
  [
    'was started on a node that cannot be seen',
    { claim: { ...CLAIM, value: { ...CLAIM.value, node: 'n2', bootId: 'c'.repeat(8) } } },
  ],
] as const)('a dead attempt that %s is named and keeps its slot; the next one is reconciled', async (_, change) => {
  const { attempt, runOnce, row, wrong, slots } = world([factsOf(ONE, change), factsOf(TWO)]);
  attempt('one', dead);
  attempt('two', { ...dead, slot: 'b' });
  expect(await runOnce()).toMatchObject({ kind: 'reconciled', orphans: 1 });
  expect(row(ONE)).toMatchObject({ proof: null, orphan: expect.any(String) });
  expect(row(TWO)).toMatchObject({ proof: 'revoked' });
  expect(wrong()).toEqual([expect.stringContaining(`unproven ${ONE}: `)]);
  expect(slots()).toEqual({ a: 'quarantined', b: 'free' });
});

test('one that cannot be revoked on a full disk is named and keeps its slot; the barrier is lifted for the others', async () => {
  let isFull = true;
  const { attempt, runOnce, row, wrong, slots } = world([factsOf(ONE), factsOf(TWO)], {
    revoke: ({ token }) =>
      Promise.resolve(isFull && token === ONE ? { kind: 'not_yet', reason: 'disk full' } : { kind: 'revoked' }),
  });
  attempt('one', dead);
  attempt('two', { ...dead, slot: 'b' });
  expect(await runOnce()).toMatchObject({ kind: 'reconciled' });
  expect(row(TWO)?.proof).toBe('revoked');
  expect(wrong()).toEqual([`unproven ${ONE}: disk full`]);
  expect(slots()).toEqual({ a: 'quarantined', b: 'free' });
  isFull = false;
  await runOnce();
  expect(row(ONE)?.proof).toBe('revoked');
  expect(wrong()).toEqual([]);
  expect(slots()).toEqual({ a: 'free', b: 'free' });
});

test('one that never had a slot, and of which nothing exists but its directory, takes none with it', async () => {
  const { attempt, runOnce, slots, store, wrong } = world([factsOf(ONE)], {
    revoke: () => Promise.resolve({ kind: 'not_yet', reason: 'disk full' }),
  });
  attempt('one', { proof: null, slot: null });
  await runOnce();
  expect(slots()).toEqual({ a: 'free', b: 'free' });
  // nor one that is given back later
  const other = attempt('other');
  store.write((tx) => {
    leaseSlot(tx, 'fake', 'a', 'other', other, 1);
    freeSlotsOfCase(tx, 'other', 2);
  });
  expect(slots()).toEqual({ a: 'free', b: 'free' });
  expect(wrong()).toEqual([`unproven ${ONE}: disk full`]);
  expect(holdingBack(store.db, 'one', null)).toMatchObject([{ token: ONE }]);
});

test('of one that the database never gave a slot, and that ran all the same, somebody has to decide', async () => {
  const end = { kind: 'present', value: { kind: 'exited', exitCode: 0 } } as const;
  const { attempt, runOnce, row } = world([factsOf(ONE, { claim: CLAIM, end })]);
  attempt('one', { proof: null, slot: null });
  await runOnce();
  expect(row(ONE)).toMatchObject({ proof: 'gone', orphan: expect.stringContaining('exit code 0') });
});

test('one that is proven by somebody else, or has gone, is named no more', async () => {
  const { attempt, runOnce, wrong, store } = world([factsOf(ONE, { unreadable: 'chmod 000' })]);
  attempt('one', dead);
  await runOnce();
  expect(wrong()).toEqual([`unproven ${ONE}: chmod 000`]);
  store.write((tx) => recordProof(tx, ONE, 'gone', 5));
  await runOnce();
  expect(wrong()).toEqual([]);
});

test('an orphan is logged when it is found, and when something of it changes: not at each sweep', async () => {
  const { attempt, runOnce, warned, found } = world([factsOf(ONE, { claim: CLAIM, processes: [7] })]);
  attempt('one', dead);
  for (let sweep = 0; sweep < 3; sweep += 1) await runOnce();
  expect(warned).toEqual([`attempt ${ONE} is an orphan: its job is executing, processes 7`]);
  found.set(ONE, factsOf(ONE, { claim: CLAIM, processes: [7, 8] }));
  await runOnce();
  expect(warned).toHaveLength(2);
});

test('one that an operator answered for, and that is seen at work, is kept from when it is over', async () => {
  const { attempt, runOnce, row } = world([factsOf(ONE, { claim: CLAIM, processes: [7] })]);
  attempt('one', { proof: 'operator', slot: 'a', keptFromMs: 5 });
  await runOnce();
  expect(row(ONE)).toMatchObject({ proof: null, keptFromMs: null, orphan: expect.any(String) });
});

test('an operator is believed against what is unclear: his word stays, and nothing is quarantined', async () => {
  const { attempt, runOnce, row, slots, wrong } = world([factsOf(ONE, { unreadable: 'chmod 000' })]);
  attempt('one', { proof: 'operator', slot: 'a' });
  await runOnce();
  expect(row(ONE)?.proof).toBe('operator');
  expect(slots()).toEqual({ a: 'free', b: 'free' });
  expect(wrong()).toEqual([]);
});

test('one of which the database does not take what was found keeps the barrier, and the others are reconciled', async () => {
  const { attempt, runOnce, row } = world([factsOf(ONE), factsOf(TWO)], {
    revoke: ({ token }) => {
      if (token === ONE) throw new Error('defect');
      return Promise.resolve({ kind: 'revoked' });
    },
  });
  attempt('one', dead);
  attempt('two', dead);
  await expect(runOnce()).rejects.toThrow('defect');
  expect(row(TWO)?.proof).toBe('revoked');
});

test('one whose slot nobody knows, and whose job exists, may sit on any slot', async () => {
  const { attempt, runOnce, slots } = world([factsOf(ONE, { claim: CLAIM, processes: [7] })]);
  attempt('one', { proof: null, slot: null });
  await runOnce();
  expect(slots()).toEqual({ a: 'quarantined', b: 'quarantined' });
});

test('an attempt that ran and ended, unknown to the database, holds its case back until somebody decides', async () => {
  const end = { kind: 'present', value: { kind: 'exited', exitCode: 0 } } as const;
  const { runOnce, row, store } = world([factsOf(ONE, { claim: CLAIM, end, slot: 'fake/a' })]);
  await runOnce();
  expect(row(ONE)).toMatchObject({ proof: 'gone', slot: 'a', caseId: null });
  expect(row(ONE)?.orphan).toContain('exit code 0');
  expect(store.db.select().from(cases).all()).toEqual([]);
});

test('only a host that cannot be seen ends the sweep, and then nothing is decided by it', async () => {
  const blind = { kind: 'blind', cause: 'link', reason: 'no route' } as const;
  const { attempt, runOnce, row, wrong } = world([factsOf(ONE), factsOf(TWO)], {
    revoke: () => Promise.resolve(blind),
  });
  attempt('one', dead);
  attempt('two', dead);
  expect(await runOnce()).toEqual(blind);
  expect([row(ONE)?.proof, row(TWO)?.proof]).toEqual([null, null]);
  expect(wrong()).toEqual([]);
});

test('what lies staged is handed on to whoever removes it', async () => {
  const { runOnce } = world([]);
  expect(await runOnce()).toEqual({ kind: 'reconciled', orphans: 0, staging: ['mqi-lab-s-1-aa'] });
});
